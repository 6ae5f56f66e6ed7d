"""Statuses that are ahead of their message: kept in the inbox without a lane until the message is known, for a day.

A status says by its own address which part it is about; one that does not, or names a part that is not there, is known
by the provider's id alone. Nothing is asked for it when a part is sent: the timekeeper looks, and only while any waits.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, literal_column, select, update

from state import inbox as inbox_rows
from state.dialects import Ready
from state.records import Instant
from state.tables import inbox, parts

KEPT: Final = 86_400_000
_AT_ONCE: Final = 10_000
_LOOKED_THROUGH: Final = 100_000
"""So many of the newest parts are compared: provider ids have no index, which every send would pay for."""

_AHEAD = (inbox.c.state == literal_column("'waiting'"), inbox.c.contact_id.is_(None))
_WAITING = select(inbox.c.id, inbox.c.channel, inbox.c.account, inbox.c.event, inbox.c.received_at).where(*_AHEAD)
_NEWEST = (
    select(parts.c.provider_id, parts.c.channel, parts.c.account, parts.c.id, parts.c.contact_id)
    .order_by(parts.c.id.desc())
    .limit(bindparam("most"))
    .subquery()
)
_PARTS = Ready(lambda among: select(*_NEWEST.c).where(among(_NEWEST.c.provider_id, "sids")))
_JOIN = (
    update(inbox)
    .where(inbox.c.id == bindparam("b_id"), *_AHEAD)
    .values(contact_id=bindparam("b_contact"), event=bindparam("b_event"))
)


@dataclass(frozen=True, slots=True)
class Met:
    """A status whose message is known by now."""

    row: int
    contact: int
    event: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    met: list[Met]
    stale: bool
    """Some have waited for longer than they are kept."""


def look(conn: Connection, now: Instant) -> Found:
    """Which of those that wait have their message by now; one statement where none waits."""
    waiting = conn.execute(_WAITING.order_by(inbox.c.id).limit(_AT_ONCE)).all()
    if not waiting:
        return Found([], stale=False)
    sids = list({row.event["event"]["provider_id"] for row in waiting} - {""})
    rows = _PARTS.rows(conn, most=_LOOKED_THROUGH, sids=sids)
    known = {(sid, channel, account): (part, contact) for sid, channel, account, part, contact in rows}
    met = []
    for row in waiting:
        event = row.event["event"]
        if at := known.get((event["provider_id"], row.channel, row.account)):
            met.append(Met(row.id, at[1], row.event | {"event": event | {"part": at[0]}}))
    return Found(met, stale=any(row.received_at < now - KEPT for row in waiting))


def settle(conn: Connection, found: Found, now: Instant, shard: int = 0) -> None:
    """Those found go into their contacts' lanes; those that have waited for a day are counted as nobody's."""
    for met in found.met:
        conn.execute(_JOIN, {"b_id": met.row, "b_contact": met.contact, "b_event": met.event})
    inbox_rows.wake(conn, {met.contact for met in found.met}, now)
    stale = update(inbox).where(*_AHEAD, inbox.c.received_at < now - KEPT)
    gone = conn.execute(
        stale.values(state="ignored", reason="unknown_part", done_at=now).returning(inbox.c.channel)
    ).scalars()
    counted = Counter((channel, "ignored", "unknown_part") for channel in gone)
    inbox_rows.tally(conn, counted, shard)
