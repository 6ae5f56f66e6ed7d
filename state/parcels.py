"""Parcels that a carrier is asked about: which, when next, and what it said last."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update

from state.dialects import inserting, skipping
from state.records import Instant
from state.tables import parcels


@dataclass(frozen=True, slots=True)
class Parcel:
    tracking: str
    carrier: str
    status: str
    since: Instant
    next_at: Instant | None
    """None: it has come to its end."""


_COLUMNS: Final = [parcels.c[f.name] for f in fields(Parcel)]
_ADD: Final = inserting(parcels, record=Parcel, conflict=skipping("tracking"))
_PUT_OFF: Final = (
    update(parcels)
    .where(parcels.c.tracking == bindparam("b_tracking"))
    .values(status=bindparam("b_status"), next_at=bindparam("b_next"))
)


def add(conn: Connection, found: Sequence[tuple[str, str]], now: Instant) -> None:
    """(number, carrier): to be asked about from now on. One that is known stays as it is."""
    _ADD.write(conn, [Parcel(number, carrier, "", now, now) for number, carrier in dict(found).items()])


def claim(conn: Connection, carrier: str, now: Instant, n: int, lease: int) -> list[Parcel]:
    """The longest overdue ones, ours until the lease is over."""
    due = select(parcels.c.tracking).where(parcels.c.carrier == carrier, parcels.c.next_at <= now)
    due = due.order_by(parcels.c.next_at, parcels.c.tracking).limit(n)
    if conn.dialect.name != "sqlite":
        due = due.with_for_update(skip_locked=True)
    numbers = list(conn.execute(due).scalars())
    if not numbers:
        return []
    conn.execute(update(parcels).where(parcels.c.tracking.in_(numbers)).values(next_at=now + lease))
    rows = conn.execute(select(*_COLUMNS).where(parcels.c.tracking.in_(numbers)).order_by(parcels.c.tracking))
    return [Parcel(*row) for row in rows]


def put_off(conn: Connection, later: Sequence[tuple[str, str, Instant | None]]) -> None:
    """(number, status, when to ask again; None: no more)."""
    rows: list[dict[str, Any]] = [{"b_tracking": t, "b_status": s, "b_next": at} for t, s, at in later]
    if rows:
        conn.execute(_PUT_OFF, rows)
