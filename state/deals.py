"""Deals, as the API and the workers look them up."""

from dataclasses import fields

from sqlalchemy import Connection, select

from state.records import Deal, Run, Task
from state.tables import deals, runs, tasks

_DEAL = [deals.c[f.name] for f in fields(Deal)]
_RUN = [runs.c[f.name] for f in fields(Run)]
_TASK = [tasks.c[f.name] for f in fields(Task)]


def find(conn: Connection, deal_id: int) -> Deal | None:
    """One deal, open or closed."""
    row = conn.execute(select(*_DEAL).where(deals.c.id == deal_id)).first()
    return Deal(*row) if row else None


def latest(conn: Connection, contact_id: int, n: int = 20) -> list[Deal]:
    """A contact's newest deals, open and closed."""
    found = select(*_DEAL).where(deals.c.contact_id == contact_id).order_by(deals.c.id.desc()).limit(n)
    return [Deal(*row) for row in conn.execute(found)]


def find_task(conn: Connection, task_id: int) -> Task | None:
    row = conn.execute(select(*_TASK).where(tasks.c.id == task_id)).first()
    return Task(*row) if row else None


def open_tasks(conn: Connection, deal_id: int) -> list[Task]:
    found = select(*_TASK).where(tasks.c.deal_id == deal_id, tasks.c.state == "open").order_by(tasks.c.id)
    return [Task(*row) for row in conn.execute(found)]


def last_run(conn: Connection, deal_id: int) -> Run | None:
    """The newest run of a deal, whatever became of it."""
    found = select(*_RUN).where(runs.c.deal_id == deal_id).order_by(runs.c.started_at.desc(), runs.c.id.desc())
    row = conn.execute(found.limit(1)).first()
    return Run(*row) if row else None
