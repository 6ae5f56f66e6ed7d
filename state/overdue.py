"""Tasks that nobody does: which they are, who was reminded, and that one process at a time goes round."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from state.records import Instant, Task
from state.tables import cursors, deals, staff_notes, tasks

KIND: Final = "overdue"
"""Of the tasks that tell of others; they are not told of themselves."""


def claim(conn: Connection, key: str, value: int, below: int) -> bool:
    """Whether this is ours to do: nobody has done it since `below`. The same commit keeps that it was done at `value`."""
    insert = sqlite_insert if conn.dialect.name == "sqlite" else pg_insert
    row = insert(cursors).values(key=key, value=value)
    row = row.on_conflict_do_update(index_elements=["key"], set_={"value": value}, where=cursors.c.value <= below)
    return conn.execute(row.returning(cursors.c.key)).scalar() is not None


def late(conn: Connection, now: Instant, n: int) -> list[Task]:
    """Open tasks that were due before now, longest overdue first. A task outlives its deal."""
    found = (
        select(*(tasks.c[f.name] for f in fields(Task)))
        .where(tasks.c.state == "open", tasks.c.kind != KIND, tasks.c.due_at < now)
        .order_by(tasks.c.due_at, tasks.c.id)
        .limit(n)
    )
    return [Task(*row) for row in conn.execute(found)]


def funnels(conn: Connection, of: Iterable[Task]) -> dict[int, str]:
    """By deal: the funnel in which it is."""
    found = select(deals.c.id, deals.c.funnel).where(deals.c.id.in_({task.deal_id for task in of} - {0}))
    return dict(conn.execute(found).all())


def reminded(conn: Connection, of: Iterable[int]) -> set[tuple[int, Instant | None]]:
    """(task, when it was due): of which somebody was reminded already."""
    found = select(staff_notes.c.task_id, staff_notes.c.due_at).where(
        staff_notes.c.asks == "overdue", staff_notes.c.task_id.in_(list(of))
    )
    return {(task, due) for task, due in conn.execute(found)}


def open_notices(conn: Connection) -> dict[int, Task]:
    """Notices that are not done yet, by the person whose tasks they are about; 0 is the pool."""
    found = select(*(tasks.c[f.name] for f in fields(Task))).where(tasks.c.kind == KIND, tasks.c.state == "open")
    return {int(task.details.get("person", 0)): task for task in (Task(*row) for row in conn.execute(found))}


def renew(conn: Connection, task_id: int, text: str, details: Mapping[str, Any], now: Instant) -> None:
    """A notice of an earlier day that is still open says what is true today."""
    conn.execute(update(tasks).where(tasks.c.id == task_id).values(text=text, details=dict(details), due_at=now))


def forget_notes(conn: Connection, before: Instant) -> None:
    """What messages to staff were about, so long ago that nobody answers them."""
    conn.execute(delete(staff_notes).where(staff_notes.c.at < before))
