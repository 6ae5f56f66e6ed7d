"""Open deals that nothing holds on to: no running bot, no timer, no open task, no customer who waits. There should be none."""

from typing import Any, Final

from sqlalchemy import Connection, exists, func, literal_column, select

from state.records import Deal
from state.tables import deals, runs, tasks, timers


def _unheld() -> tuple[Any, ...]:
    return (
        deals.c.closed_at.is_(None),
        deals.c.waiting_since.is_(None),
        ~exists().where(runs.c.deal_id == deals.c.id, runs.c.status == literal_column("'running'")),
        ~exists().where(timers.c.contact_id == deals.c.contact_id, timers.c.deal_id == deals.c.id),
        ~exists().where(tasks.c.deal_id == deals.c.id, tasks.c.state == literal_column("'open'")),
    )


_COLUMNS: Final = [deals.c[name] for name in Deal.__dataclass_fields__]


def find(conn: Connection, limit: int = 100) -> list[Deal]:
    """The oldest of them."""
    found = select(*_COLUMNS).where(*_unheld()).order_by(deals.c.opened_at, deals.c.id).limit(limit)
    return [Deal(*row) for row in conn.execute(found)]


def count(conn: Connection) -> int:
    return int(conn.execute(select(func.count()).select_from(deals).where(*_unheld())).scalar() or 0)
