"""Deals, as the API and the workers look them up."""

from dataclasses import fields
from typing import Final

from sqlalchemy import BindParameter, Connection, bindparam, literal_column, select

from state.dialects import Chosen
from state.records import Deal, Run, Task
from state.tables import deals, runs, tasks

_DEAL = [deals.c[f.name] for f in fields(Deal)]
_RUN = [runs.c[f.name] for f in fields(Run)]
_TASK = [tasks.c[f.name] for f in fields(Task)]


_NEWEST: Final = 1_000
_ID: BindParameter[int] = bindparam("id")
_FIND = Chosen(_DEAL, lambda found, _: found.where(deals.c.id == _ID), json=("tags", "fields"))
_LATEST = Chosen(
    _DEAL,
    lambda found, _: found.where(deals.c.contact_id == _ID).order_by(deals.c.id.desc()).limit(bindparam("n")),
    json=("tags", "fields"),
)
_FIND_TASK = Chosen(_TASK, lambda found, _: found.where(tasks.c.id == _ID), json=("details",))
_OPEN_TASKS = Chosen(
    _TASK,
    lambda found, _: found.where(tasks.c.deal_id == _ID, tasks.c.state == literal_column("'open'")).order_by(
        tasks.c.id
    ),
    json=("details",),
)
_LAST_RUN = Chosen(
    _RUN,
    lambda found, _: (
        found.where(runs.c.deal_id == _ID)
        .order_by(runs.c.started_at.desc(), runs.c.id.desc())
        .limit(literal_column("1"))
    ),
    json=("state",),
)


def find(conn: Connection, deal_id: int) -> Deal | None:
    """One deal, open or closed."""
    row = _FIND.first(conn, id=deal_id)
    return Deal(*row) if row else None


def latest(conn: Connection, contact_id: int, n: int = 20) -> list[Deal]:
    """A contact's newest deals, open and closed."""
    return [Deal(*row) for row in _LATEST.rows(conn, id=contact_id, n=n)]


def find_task(conn: Connection, task_id: int) -> Task | None:
    row = _FIND_TASK.first(conn, id=task_id)
    return Task(*row) if row else None


def open_tasks(conn: Connection, deal_id: int) -> list[Task]:
    return [Task(*row) for row in _OPEN_TASKS.rows(conn, id=deal_id)]


def last_run(conn: Connection, deal_id: int) -> Run | None:
    """The newest run of a deal, whatever became of it."""
    row = _LAST_RUN.first(conn, id=deal_id)
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
