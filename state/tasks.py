"""Tasks as they are listed, and what the system itself is going to do next."""

from dataclasses import dataclass, fields
from functools import cache
from typing import Final, Literal

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, bindparam, func, or_, select, update

from state.dialects import Chosen
from state.people import find_people
from state.records import Instant, Person, Task
from state.tables import deals, entries, parts, runs, tasks, timers

_TASK = [tasks.c[f.name] for f in fields(Task)]
_EQUAL: Final = {"responsible": tasks.c.responsible_id, "state": tasks.c.state, "kind": tasks.c.kind}
_NEVER = 2**63 - 1
_due: ColumnElement[int] = func.coalesce(tasks.c.due_at, _NEVER)


@dataclass(frozen=True, slots=True)
class Duty:
    """A task and whose it is."""

    task: Task
    responsible: Person | None


@dataclass(frozen=True, slots=True)
class Ahead:
    """Something that will happen by itself, or is due."""

    at: Instant
    kind: Literal["timer", "message", "task"]
    deal: int
    """0: none."""
    text: str
    """The timer's name, the message's text, the task's words."""
    bot: str = ""
    """Whose run has set the timer."""
    task: int | None = None


def find_duties(
    conn: Connection,
    limit: int,
    *,
    responsible: int | None = None,
    nobodys: bool = False,
    state: str = "",
    due_before: Instant | None = None,
    kind: str = "",
    after: tuple[Instant, int] | None = None,
) -> list[Duty]:
    """Soonest due first, those without a date last; `after` is (due_at or the far future, id) of the last one seen."""
    at, last = after or (0, 0)
    given = {"responsible": responsible, "state": state, "due_before": due_before, "kind": kind}
    asked = {name: value for name, value in given.items() if value not in (None, "")}
    chosen = _listed(frozenset(asked), nobodys=nobodys, after=after is not None)
    rows = chosen.rows(conn, **asked, **({"at": at, "last": last} if after else {}), most=limit)
    return _duties(conn, [Task(*row) for row in rows])


@cache
def _listed(asked: frozenset[str], *, nobodys: bool, after: bool) -> Chosen:
    """One statement for each way in which tasks are asked for."""
    wanted: list[ColumnElement[bool]] = [one == bindparam(name) for name, one in _EQUAL.items() if name in asked]
    if nobodys:
        wanted.append(tasks.c.responsible_id.is_(None))
    if "due_before" in asked:
        wanted.append(tasks.c.due_at < bindparam("due_before"))
    if after:
        at: ColumnElement[int] = bindparam("at", type_=BigInteger)
        wanted.append(or_(at < _due, and_(_due == at, tasks.c.id > bindparam("last"))))
    return Chosen(
        _TASK,
        lambda found, _: found.where(*wanted).order_by(_due, tasks.c.id).limit(bindparam("most")),
        json=("details",),
    )


def find_waiting(conn: Connection, limit: int, deal: int | None = None) -> list[Duty]:
    """Open tasks of open deals, longest waiting first."""
    found = select(*_TASK).join(deals, deals.c.id == tasks.c.deal_id)
    found = found.where(tasks.c.state == "open", deals.c.closed_at.is_(None))
    if deal is not None:
        found = found.where(tasks.c.deal_id == deal)
    rows = conn.execute(found.order_by(tasks.c.created_at, tasks.c.id).limit(limit))
    return _duties(conn, [Task(*row) for row in rows])


def finish_the_shops(conn: Connection, task_id: int, result: str, person_id: int, now: Instant) -> bool:
    """Done, for a task of no deal: it has no lane to go through. False where somebody was quicker."""
    open_one = update(tasks).where(tasks.c.id == task_id, tasks.c.deal_id == 0, tasks.c.state == "open")
    done = conn.execute(open_one.values(state="done", result=result, done_by=person_id, done_at=now))
    return done.rowcount == 1


def position(task: Task) -> tuple[Instant, int]:
    """Where a task stands in the list, for `after`."""
    return (_NEVER if task.due_at is None else task.due_at), task.id


def find_duty(conn: Connection, task_id: int) -> Duty | None:
    rows = conn.execute(select(*_TASK).where(tasks.c.id == task_id))
    return next(iter(_duties(conn, [Task(*row) for row in rows])), None)


def _duties(conn: Connection, found: list[Task]) -> list[Duty]:
    people = find_people(conn, [t.responsible_id for t in found if t.responsible_id is not None])
    return [Duty(t, people.get(t.responsible_id) if t.responsible_id is not None else None) for t in found]


def upcoming(conn: Connection, now: Instant, limit: int, deal: int | None = None) -> list[Ahead]:
    """What is ahead, soonest first: timers of bots' runs and of deals, messages put off, open tasks with a date."""
    timed = select(timers.c.due_at, timers.c.deal_id, timers.c.name, func.coalesce(runs.c.bot, "")).outerjoin(
        runs, runs.c.id == timers.c.run_id
    )
    late = (
        select(parts.c.due_at, parts.c.deal_id, entries.c.text)
        .join(entries, entries.c.id == parts.c.entry_id)
        .where(parts.c.state == "queued", parts.c.due_at > now)
    )
    dated = select(tasks.c.due_at, tasks.c.deal_id, tasks.c.text, tasks.c.id).where(
        tasks.c.state == "open", tasks.c.due_at.is_not(None)
    )
    if deal is not None:
        timed, late = timed.where(timers.c.deal_id == deal), late.where(parts.c.deal_id == deal)
        dated = dated.where(tasks.c.deal_id == deal)
    ahead = [
        Ahead(at, "timer", where, name, bot)
        for at, where, name, bot in conn.execute(timed.order_by(timers.c.due_at).limit(limit))
    ]
    queued = conn.execute(late.order_by(parts.c.due_at).limit(limit))
    ahead += [Ahead(at, "message", where, text) for at, where, text in queued]
    due = conn.execute(dated.order_by(tasks.c.due_at).limit(limit))
    ahead += [Ahead(at, "task", where, text, task=task) for at, where, text, task in due]
    return sorted(ahead, key=lambda a: a.at)[:limit]
