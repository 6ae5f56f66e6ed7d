"""Whether a person of the shop has been in contact with a customer. What was refused or never left is no contact."""

from typing import Any, Final

import orjson
from sqlalchemy import Connection, bindparam, exists, select

from state.dialects import Ready
from state.records import Instant
from state.tables import deals, entries, parts

_THEIRS: Final = select(deals.c.id).where(deals.c.contact_id == bindparam("contact"))
_OF_THEM: Final[Any] = (entries.c.deal_id.in_(_THEIRS), entries.c.at >= bindparam("since"))
_ANY_PART: Final = exists().where(parts.c.entry_id == entries.c.id)
_SENT: Final = _ANY_PART.where(parts.c.state != "failed", parts.c.state != "blocked")
_WRITTEN: Final = Ready(
    lambda _: (
        select(entries.c.id)
        .where(
            *_OF_THEM,
            entries.c.kind == "message",
            entries.c.direction == "out",
            entries.c.author == "manager",
            _SENT | ~_ANY_PART,
        )
        .limit(1)
    )
)
_CALLS: Final = Ready(lambda _: select(entries.c.direction, entries.c.data).where(*_OF_THEM, entries.c.kind == "call"))


def contact_made(conn: Connection, contact_id: int, since: Instant) -> bool:
    """A person's message to them, a call of ours, or one of theirs that was answered; in whichever of their deals."""
    if _WRITTEN.value(conn, contact=contact_id, since=since) is not None:
        return True
    calls = _CALLS.rows(conn, contact=contact_id, since=since)
    return any(way == "out" or orjson.loads(data).get("status") == "answered" for way, data in calls)
