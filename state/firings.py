"""Turns of robots and triggers, as they are looked up."""

from dataclasses import fields
from typing import Final

from sqlalchemy import Connection, delete, select

from state.records import Firing, Instant, Timer
from state.tables import firings, timers

_FIRING = [firings.c[f.name] for f in fields(Firing)]
_TIMER = [timers.c[f.name] for f in fields(Timer)]
KEPT: Final = 400 * 86_400_000
_AT_ONCE: Final = 5_000


def of_deal(conn: Connection, deal_id: int, n: int = 500) -> list[Firing]:
    """A deal's newest turns, oldest first."""
    found = select(*_FIRING).where(firings.c.deal_id == deal_id).order_by(firings.c.id.desc()).limit(n)
    return [Firing(*row) for row in conn.execute(found)][::-1]


def timers_of(conn: Connection, contact_id: int, deal_id: int) -> list[Timer]:
    found = select(*_TIMER).where(timers.c.contact_id == contact_id, timers.c.deal_id == deal_id)
    return [Timer(*row) for row in conn.execute(found)]


def forget(conn: Connection, now: Instant) -> None:
    """Delete a bounded number of turns past their keep."""
    old = select(firings.c.id).where(firings.c.at < now - KEPT).order_by(firings.c.at).limit(_AT_ONCE)
    conn.execute(delete(firings).where(firings.c.id.in_(old)))
