"""Deals, as the API and the workers look them up."""

from dataclasses import fields

from sqlalchemy import Connection, select

from state.records import Deal, Task
from state.tables import deals, tasks

_DEAL = [deals.c[f.name] for f in fields(Deal)]
_TASK = [tasks.c[f.name] for f in fields(Task)]


def find(conn: Connection, deal_id: int) -> Deal | None:
    """One deal, open or closed."""
    row = conn.execute(select(*_DEAL).where(deals.c.id == deal_id)).first()
    return Deal(*row) if row else None


def find_task(conn: Connection, task_id: int) -> Task | None:
    row = conn.execute(select(*_TASK).where(tasks.c.id == task_id)).first()
    return Task(*row) if row else None
