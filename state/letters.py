"""The mails before one that is about to leave: what it answers, and the subject that the talk goes by.

Asked only of messages that are threads, when they are claimed; those written later do not change the answer.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam

from state.dialects import Chosen
from state.records import Part
from state.tables import entries, parts

_LOOKED_AT: Final = 12
_BEFORE: Final = Chosen(
    [entries.c.direction, entries.c.data, parts.c.provider_id],
    lambda found, _: (
        found.outerjoin_from(entries, parts, parts.c.entry_id == entries.c.id)
        .where(
            entries.c.identity_id == bindparam("identity"),
            entries.c.deal_id == bindparam("deal"),
            entries.c.id < bindparam("entry"),
        )
        .order_by(entries.c.id.desc())
        .limit(_LOOKED_AT)
    ),
    json=("data",),
)


@dataclass(frozen=True, slots=True)
class Thread:
    ids: tuple[str, ...]
    """Providers' ids, oldest first; the one to answer last."""
    subject: str
    """Of the last mail that had one; empty: of none."""


def thread_of(conn: Connection, part: Part) -> Thread:
    found = _BEFORE.rows(conn, identity=part.identity_id, deal=part.deal_id, entry=part.entry_id)
    ids: list[str] = []
    theirs = [data for direction, data, _ in found if direction == "in"]
    for direction, data, provider_id in reversed(found):
        ids += [*data.get("answers", ()), data.get("message_id")] if direction == "in" else [provider_id]
    if theirs and (last := theirs[0].get("message_id")):
        ids.append(last)
    kept = tuple(reversed(dict.fromkeys(one for one in reversed(ids) if one)))
    return Thread(kept, next((data["subject"] for _, data, _ in found if data.get("subject")), ""))
