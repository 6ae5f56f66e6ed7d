"""Events that were authentic and could not be used: kept with their raw bytes and the reason."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from state.records import Instant
from state.tables import inbox


@dataclass(frozen=True, slots=True)
class Kept:
    id: int
    channel: str
    account: str
    external_id: str
    reason: str
    attempts: int
    received_at: Instant
    contact_id: int | None
    raw: bytes


def find_kept(conn: Connection, limit: int, before: int | None = None) -> list[Kept]:
    """Newest first; `before` is the id of the last one already seen."""
    c = inbox.c
    columns = (c.id, c.channel, c.account, c.external_id, c.reason, c.attempts, c.received_at, c.contact_id, c.raw)
    found = select(*columns).where(c.state == "quarantined")
    if before is not None:
        found = found.where(c.id < before)
    return [Kept(*row) for row in conn.execute(found.order_by(c.id.desc()).limit(limit))]
