"""People as those who get deals: groups, shift, room, presence, and how much each has. Also handing over what one had."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, insert, literal_column, select, text, update

from state.dialects import Bulk, Chosen, Ready, inserting, overwriting
from state.records import Instant, Person
from state.tables import assignments, deals, lanes, people, tasks, timers

_SEEN_STEP_MS: Final = 60_000
"""Presence is written at most this often."""


@dataclass(frozen=True, slots=True)
class Colleague:
    id: int
    name: str
    role: str
    active: bool
    groups: tuple[str, ...]
    calendar: str
    """Their shift's; empty: the shop's hours."""
    capacity: int
    """Open deals; 0: any number."""
    away_until: Instant | None
    seen_at: Instant | None
    """When their console was last heard from."""
    program: bool = False
    """What stands behind a token: nobody who could be there."""

    @property
    def person(self) -> Person:
        return Person(self.id, self.name, self.role, self.active, self.program)


WAIT: Final = "assign:"
"""How the timer of a deal begins that waits in the pool for somebody; then follows the rule. Its index knows it."""
_IN_POOL: Final = text("substr(timers.name, 1, 7) = 'assign:'")
_ANYBODY: Final = select(timers.c.deal_id).where(_IN_POOL).limit(1)
_WAITING: Final = (
    select(timers.c.contact_id, timers.c.key)
    .join(deals, deals.c.id == timers.c.deal_id)
    .where(_IN_POOL, timers.c.due_at > bindparam("now"), deals.c.responsible_id.is_(None))
    .order_by(deals.c.opened_at, deals.c.id)
)
_AT_ONCE: Final = 500
_OF_ROOM: Final = frozenset({"role", "groups", "calendar", "capacity", "active"})
"""What decides who is given deals, besides being there."""
_HANDING_OUT: Final = 5_062_020_002
"""PostgreSQL's advisory lock of whoever hands out the pool."""
_LOOK: Final = Bulk(
    lambda _, values: (
        update(timers)
        .where(timers.c.contact_id == values("b_id"), timers.c.key == values("b_key"))
        .values(due_at=values("b_due"))
    ),
    {"b_id": timers.c.contact_id, "b_key": timers.c.key, "b_due": timers.c.due_at},
    of_dicts=True,
)
_WAKE_AT: Final = Bulk(
    lambda _, values: (
        update(lanes)
        .where(lanes.c.contact_id == values("b_id"), lanes.c.due_at.is_(None) | (lanes.c.due_at > values("b_due")))
        .values(due_at=values("b_due"))
    ),
    {"b_id": lanes.c.contact_id, "b_due": lanes.c.due_at},
    of_dicts=True,
)
_COLUMNS: Final = [people.c[f.name] for f in fields(Colleague)]
_ALL: Final = Chosen(_COLUMNS, lambda found, _: found.order_by(people.c.id), json=("groups",))
_LOAD: Final = Ready(
    lambda _: (
        select(deals.c.responsible_id, func.count())
        .where(deals.c.closed_at.is_(None), deals.c.responsible_id.is_not(None))
        .group_by(deals.c.responsible_id)
    )
)
_LAST: Final = Ready(lambda _: select(assignments.c.rule, assignments.c.person_id))
_SET_TIMER: Final = inserting(
    timers,
    *("contact_id", "key", "deal_id", "run_id", "name", "due_at"),
    conflict=overwriting(("contact_id", "key"), "deal_id", "run_id", "name", "due_at"),
)


def colleagues(conn: Connection) -> list[Colleague]:
    return [_colleague(row) for row in _ALL.rows(conn)]


def colleague(conn: Connection, person_id: int) -> Colleague | None:
    row = conn.execute(select(*_COLUMNS).where(people.c.id == person_id)).first()
    return _colleague(row) if row else None


def _colleague(row: Any) -> Colleague:
    number, name, role, active, groups, calendar, capacity, away_until, seen_at, program = row
    return Colleague(
        number, name, role, bool(active), tuple(groups), calendar, capacity, away_until, seen_at, bool(program)
    )


def load(conn: Connection) -> "Counter[int]":
    """Open deals by responsible."""
    return Counter(dict(_LOAD.rows(conn)))


def last_given(conn: Connection) -> dict[str, int]:
    return dict(_LAST.rows(conn))


_GIVEN: Final = inserting(assignments, "rule", "person_id", "at", conflict=overwriting(("rule",), "person_id", "at"))


def note_given(conn: Connection, given: Iterable[tuple[str, int]], now: Instant) -> None:
    """Who had the last one of each rule, kept with the deals that they were given."""
    rows = [{"rule": rule, "person_id": person, "at": now} for rule, person in dict(given).items()]
    _GIVEN.write(conn, rows)


def edit(conn: Connection, person_id: int, now: Instant, **values: Any) -> int:
    """`groups`, `calendar`, `capacity`, `away_until`, `active`, `name`, `role`. Where somebody may have room by it, the pool looks
    again: the answer is how many of its deals do.
    """
    conn.execute(update(people).where(people.c.id == person_id).values(**values))
    is_back = "away_until" in values and values["away_until"] is None
    return wake_waiting(conn, now) if is_back or not _OF_ROOM.isdisjoint(values) else 0


def seen(conn: Connection, person_id: int, now: Instant) -> bool:
    """Their console was heard from. False where that was written a moment ago."""
    stale = people.c.seen_at.is_(None) | (people.c.seen_at < now - _SEEN_STEP_MS)
    return conn.execute(update(people).where(people.c.id == person_id, stale).values(seen_at=now)).rowcount > 0


def add_member(
    conn: Connection, person: Person, groups: Iterable[str], calendar: str, capacity: int, now: Instant
) -> None:
    conn.execute(
        insert(people).values(
            id=person.id, name=person.name, role=person.role, active=int(person.active), created_at=now, groups=list(groups),
            calendar=calendar, capacity=capacity,
        )
    )  # fmt: skip
    wake_waiting(conn, now)


def anybody_waits(conn: Connection) -> bool:
    """Whether a deal of the pool waits for somebody by a rule."""
    return conn.execute(_ANYBODY).first() is not None


def wake_waiting(conn: Connection, now: Instant, rules: Collection[str] | None = None, most: int | None = None) -> int:
    """Deals that wait for somebody look again now, the oldest first: those of these rules, else of all. The answer: how many.

    Their lanes are taken in one order, and whoever has one in hand is waited for: what it decided before is looked at again.
    """
    found = _WAITING if rules is None else _WAITING.where(timers.c.name.in_([f"{WAIT}{rule}" for rule in rules]))
    waiting = list(conn.execute(found.limit(most), {"now": now}))
    if not waiting:
        return 0
    first: dict[int, Instant] = {}
    for at, (contact, _) in enumerate(waiting, start=now - len(waiting) + 1):
        first.setdefault(contact, at)
    for start in range(0, len(first), _AT_ONCE):
        some = sorted(first)[start : start + _AT_ONCE]
        conn.execute(
            select(lanes.c.contact_id)
            .where(lanes.c.contact_id.in_(some))
            .order_by(lanes.c.contact_id)
            .with_for_update()
        )
    _LOOK.write(conn, [{"b_id": contact, "b_key": key, "b_due": first[contact]} for contact, key in waiting])
    _WAKE_AT.write(conn, [{"b_id": contact, "b_due": first[contact]} for contact in sorted(first)])
    return len(waiting)


def hand_out_alone(conn: Connection) -> None:
    """Until the commit nobody else hands out the pool: of several processes each sees what the one before has given."""
    if conn.dialect.name != "sqlite":  # which has one writer
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _HANDING_OUT})


def note_act(conn: Connection, contact_id: int, person_id: int, prefix: str) -> None:
    """Somebody has done something outside of the lane: what watches in their deals of this contact whether they act finds that
    they have. It stays where it is until then: it may be all that holds on to the deal.
    """
    theirs = select(deals.c.id).where(deals.c.contact_id == contact_id, deals.c.responsible_id == person_id)
    watches = timers.c.contact_id == contact_id, timers.c.name.startswith(prefix, autoescape=True)
    conn.execute(update(timers).where(*watches, timers.c.deal_id.in_(theirs)).values(name=prefix))


def hand_over(conn: Connection, person_id: int, timer_name: str, now: Instant) -> int:
    """Everything open of theirs is to find somebody else: each deal's lane sees to it. The answer: how many deals."""
    theirs = select(deals.c.contact_id, deals.c.id).where(
        deals.c.closed_at.is_(None),
        deals.c.responsible_id == person_id,
    )
    with_tasks = select(tasks.c.contact_id, tasks.c.deal_id).where(
        tasks.c.state == literal_column("'open'"), tasks.c.responsible_id == person_id, tasks.c.deal_id != 0
    )
    found = sorted({(row[0], row[1]) for statement in (theirs, with_tasks) for row in conn.execute(statement)})
    if found:
        _SET_TIMER.write(
            conn,
            [
                {
                    "contact_id": contact, "key": f"deal:{deal}:leave:{person_id}", "deal_id": deal, "run_id": 0,
                    "name": timer_name, "due_at": now,
                }
                for contact, deal in found
            ],
        )  # fmt: skip
        for start in range(0, len(found), 500):
            _wake(conn, [contact for contact, _ in found[start : start + 500]], now)
    return len(found)


_WAKE: Final = (
    update(lanes)
    .where(
        lanes.c.contact_id.in_(bindparam("ids", expanding=True)),
        lanes.c.due_at.is_(None) | (lanes.c.due_at > bindparam("now")),
    )
    .values(due_at=bindparam("now"))
)


def _wake(conn: Connection, contacts: list[int], now: Instant) -> None:
    conn.execute(_WAKE, {"ids": contacts, "now": now})
