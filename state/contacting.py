"""Whether a person of the shop has been in contact with a customer. What was refused or never left is no contact."""

from sqlalchemy import Connection, exists, select

from state.records import Instant
from state.tables import deals, entries, parts

_UNSAID = ("failed", "blocked")


def contact_made(conn: Connection, contact_id: int, since: Instant) -> bool:
    """A person's message to them, a call of ours, or one of theirs that was answered; in whichever of their deals."""
    theirs = select(deals.c.id).where(deals.c.contact_id == contact_id)
    of_them = (entries.c.deal_id.in_(theirs), entries.c.at >= since)
    sent = exists().where(parts.c.entry_id == entries.c.id, parts.c.state.not_in(_UNSAID))
    any_part = exists().where(parts.c.entry_id == entries.c.id)
    written = select(entries.c.id).where(
        *of_them,
        entries.c.kind == "message",
        entries.c.direction == "out",
        entries.c.author == "manager",
        sent | ~any_part,
    )
    if conn.execute(written.limit(1)).first() is not None:
        return True
    calls = select(entries.c.direction, entries.c.data).where(*of_them, entries.c.kind == "call")
    return any(way == "out" or data.get("status") == "answered" for way, data in conn.execute(calls))
