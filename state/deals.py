"""Deals, as the API and the workers look them up."""

from dataclasses import fields
from typing import Final

from sqlalchemy import BindParameter, Connection, bindparam, literal_column, select

from state.records import Deal, Run, Task
from state.tables import deals, runs, tasks

_DEAL = [deals.c[f.name] for f in fields(Deal)]
_RUN = [runs.c[f.name] for f in fields(Run)]
_TASK = [tasks.c[f.name] for f in fields(Task)]


_NEWEST: Final = 1_000
_ID: BindParameter[int] = bindparam("id")
_FIND = select(*_DEAL).where(deals.c.id == _ID)
_LATEST = select(*_DEAL).where(deals.c.contact_id == _ID).order_by(deals.c.id.desc()).limit(bindparam("n"))
_FIND_TASK = select(*_TASK).where(tasks.c.id == _ID)
_OPEN_TASKS = (
    select(*_TASK).where(tasks.c.deal_id == _ID, tasks.c.state == literal_column("'open'")).order_by(tasks.c.id)
)
_LAST_RUN = (
    select(*_RUN)
    .where(runs.c.deal_id == _ID)
    .order_by(runs.c.started_at.desc(), runs.c.id.desc())
    .limit(bindparam("n"))
)
# Built once: building a statement costs more than running it on a row.


def find(conn: Connection, deal_id: int) -> Deal | None:
    """One deal, open or closed."""
    row = conn.execute(_FIND, {"id": deal_id}).first()
    return Deal(*row) if row else None


def latest(conn: Connection, contact_id: int, n: int = 20) -> list[Deal]:
    """A contact's newest deals, open and closed."""
    return [Deal(*row) for row in conn.execute(_LATEST, {"id": contact_id, "n": n})]


def find_task(conn: Connection, task_id: int) -> Task | None:
    row = conn.execute(_FIND_TASK, {"id": task_id}).first()
    return Task(*row) if row else None


def open_tasks(conn: Connection, deal_id: int) -> list[Task]:
    return [Task(*row) for row in conn.execute(_OPEN_TASKS, {"id": deal_id})]


def last_run(conn: Connection, deal_id: int) -> Run | None:
    """The newest run of a deal, whatever became of it."""
    row = conn.execute(_LAST_RUN, {"id": deal_id, "n": 1}).first()
    return Run(*row) if row else None


def occurs(conn: Connection, **equal: str) -> bool:
    """Whether any deal, open or closed, has this `funnel`, `stage`, `source`."""
    found = select(deals.c.id).where(*(deals.c[name] == value for name, value in equal.items()))
    return conn.execute(found.limit(1)).first() is not None


def sources(conn: Connection) -> list[str]:
    """Where the newest deals came from, each once."""
    newest = select(deals.c.source).order_by(deals.c.id.desc()).limit(_NEWEST).subquery()
    return list(conn.execute(select(newest.c.source).distinct()).scalars())


def tags(conn: Connection) -> set[str]:
    """That the newest deals carry."""
    newest = select(deals.c.tags).order_by(deals.c.id.desc()).limit(_NEWEST)
    return {tag for found in conn.execute(newest).scalars() for tag in found}
