"""What an audit looks at, a page at a time: deals and tasks with whatever a check may ask of them, and pairs that may be one.

Pages go by id, so that a run costs one way through each table however many there are, and no page costs much.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Final

from sqlalchemy import Connection, Text, and_, case, func, literal_column, or_, select, type_coerce

from state.duplicates import of_customers
from state.records import Contact, Deal, Duplicate, Instant, Task
from state.strangers import NO_CUSTOMER
from state.tables import contacts, deals, duplicates, entries, identities, runs, tasks, timers

_CONTACT: Final = [contacts.c[f.name] for f in fields(Contact)]
_DEAL: Final = [deals.c[f.name] for f in fields(Deal)]
_TASK: Final = [tasks.c[f.name] for f in fields(Task)]
_PAIR: Final = [duplicates.c[f.name] for f in fields(Duplicate)]
_OPEN: Final[Any] = literal_column("'open'")


@dataclass(frozen=True, slots=True)
class Dossier:
    """A deal, and what holds on to it."""

    deal: Deal
    contact: Contact
    channel: str
    """Where the conversation is."""
    running: bool = False
    tasks: int = 0
    """Open ones."""
    done_at: Instant = 0
    """When the last one was done."""
    timers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Duty:
    """A task with its deal, if it has one; and when its customer was last spoken with after it was closed, where that matters."""

    task: Task
    deal: Deal | None
    contact: Contact | None
    spoken_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two contacts who may be one person, with their open deals."""

    pair: Duplicate
    contacts: dict[int, Contact]
    deals: dict[int, list[Deal]] = field(default_factory=dict)


def deals_page(conn: Connection, after: int, n: int, closed_since: Instant) -> list[Dossier]:
    """Open deals, and those that were closed since then, but for wrong numbers."""
    closed = and_(deals.c.closed_at >= closed_since, deals.c.reason != NO_CUSTOMER)
    looked_at = or_(deals.c.closed_at.is_(None), closed)
    found = conn.execute(select(*_DEAL).where(deals.c.id > after, looked_at).order_by(deals.c.id).limit(n))
    page = [Deal(*row) for row in found]
    people = _contacts(conn, {deal.contact_id for deal in page})
    ids = [deal.id for deal in page if deal.closed_at is None]
    routes = {deal.route_id for deal in page if deal.route_id is not None}
    channels: dict[int, str] = dict(
        conn.execute(select(identities.c.id, identities.c.channel).where(identities.c.id.in_(routes))).all()
    )
    running = set(
        conn.execute(select(runs.c.deal_id).where(runs.c.deal_id.in_(ids), runs.c.status == literal_column("'running'"))).scalars()
    )  # fmt: skip
    t = tasks.c
    counted = select(t.deal_id, func.sum(case((t.state == _OPEN, 1), else_=0)), func.max(t.done_at))
    held = {row[0]: row[1:] for row in conn.execute(counted.where(t.deal_id.in_(ids)).group_by(t.deal_id))}
    ahead: dict[int, list[str]] = defaultdict(list)
    theirs = timers.c.contact_id.in_([deal.contact_id for deal in page if deal.closed_at is None])
    for deal_id, name in conn.execute(select(timers.c.deal_id, timers.c.name).where(theirs)):
        ahead[deal_id].append(name)
    return [
        Dossier(
            deal,
            people[deal.contact_id],
            channels.get(deal.route_id or 0, ""),
            deal.id in running,
            int(held.get(deal.id, (0, 0))[0]),
            held.get(deal.id, (0, 0))[1] or 0,
            tuple(ahead[deal.id]),
        )
        for deal in page
        if deal.contact_id in people
    ]


def tasks_page(conn: Connection, after: int, n: int, done_since: Instant, mark: str) -> list[Duty]:
    """Open tasks, and those done since then whose details carry `mark`."""
    strangers = select(deals.c.id).where(deals.c.id == tasks.c.deal_id, deals.c.reason == NO_CUSTOMER)
    marked = and_(
        tasks.c.done_at >= done_since,
        type_coerce(tasks.c.details, Text).contains(f'"{mark}"', autoescape=True),
        ~strangers.exists(),
    )
    looked_at = or_(tasks.c.state == _OPEN, marked)
    found = conn.execute(select(*_TASK).where(tasks.c.id > after, looked_at).order_by(tasks.c.id).limit(n))
    page = [Task(*row) for row in found]
    of = {row[0]: Deal(*row) for row in conn.execute(select(*_DEAL).where(deals.c.id.in_({t.deal_id for t in page})))}
    people = _contacts(conn, {task.contact_id for task in page})
    spoken = _spoken(conn, [task for task in page if task.state != "open"])
    return [Duty(t, of.get(t.deal_id), people.get(t.contact_id), spoken.get(t.deal_id)) for t in page]


def _spoken(conn: Connection, done: list[Task]) -> dict[int, Instant]:
    """When a person last wrote into these deals, or a call was answered."""
    if not done:
        return {}
    e = entries.c
    talks = or_(
        and_(e.kind == literal_column("'message'"), e.direction == literal_column("'out'"), e.person_id.is_not(None)),
        and_(e.kind == literal_column("'call'"), type_coerce(e.data, Text).contains('"answered"')),
    )
    found = select(e.deal_id, e.at).where(e.deal_id.in_({t.deal_id for t in done}), talks)
    latest: dict[int, Instant] = {}
    for deal_id, at in conn.execute(found.where(e.at >= min(t.done_at or 0 for t in done))):
        latest[deal_id] = max(at, latest.get(deal_id, 0))
    return latest


def pairs_page(conn: Connection, after: int, n: int) -> list[Pair]:
    """Pairs that nobody has settled."""
    d = duplicates.c
    found = conn.execute(select(*_PAIR).where(d.state == _OPEN, d.id > after, *of_customers()).order_by(d.id).limit(n))
    page = [Duplicate(*row) for row in found]
    among = {one for pair in page for one in (pair.contact_id, pair.other_id)}
    people = _contacts(conn, among)
    theirs: dict[int, list[Deal]] = defaultdict(list)
    still = select(*_DEAL).where(deals.c.contact_id.in_(among), deals.c.closed_at.is_(None)).order_by(deals.c.id)
    for row in conn.execute(still):
        theirs[row[1]].append(Deal(*row))
    return [
        Pair(
            pair,
            {one: people[one] for one in (pair.contact_id, pair.other_id) if one in people},
            {one: theirs[one] for one in (pair.contact_id, pair.other_id)},
        )
        for pair in page
    ]


def _contacts(conn: Connection, wanted: Iterable[int]) -> dict[int, Contact]:
    return {row[0]: Contact(*row) for row in conn.execute(select(*_CONTACT).where(contacts.c.id.in_(list(wanted))))}
