"""The timeline of a deal, and the stream of changes that consoles follow."""

from dataclasses import dataclass, fields

from sqlalchemy import Connection, and_, func, or_, select, text

from state.people import find_people
from state.records import Entry, Instant, Person
from state.tables import changes, entries, identities, parts

_ENTRY = [entries.c[f.name] for f in fields(Entry)]
_PART = (parts.c.entry_id, parts.c.state, parts.c.error, parts.c.repeats)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one part of a message."""

    state: str
    error: str
    repeats: int


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the timeline with what became of its parts and who wrote it."""

    entry: Entry
    parts: list[Fate]
    person: Person | None


def by_client_id(conn: Connection, deal_id: int, client_id: str) -> Entry | None:
    """What the composer's message with this id already became."""
    found = select(*_ENTRY).where(entries.c.deal_id == deal_id, entries.c.client_id == client_id)
    row = conn.execute(found).first()
    return Entry(*row) if row else None


def page(conn: Connection, deal_id: int, limit: int, after: tuple[Instant, int] | None = None) -> list[Told]:
    """Oldest first; `after` is (at, id) of the last one already seen."""
    found = select(*_ENTRY).where(entries.c.deal_id == deal_id)
    if after is not None:
        at, last = after
        found = found.where(or_(entries.c.at > at, and_(entries.c.at == at, entries.c.id > last)))
    found = found.order_by(entries.c.at, entries.c.id).limit(limit)
    return _told(conn, [Entry(*row) for row in conn.execute(found)])


def newest(conn: Connection, deal_id: int, limit: int) -> list[Told]:
    """The last lines of a timeline, oldest of them first."""
    found = select(*_ENTRY).where(entries.c.deal_id == deal_id).order_by(entries.c.at.desc(), entries.c.id.desc())
    return _told(conn, [Entry(*row) for row in conn.execute(found.limit(limit))][::-1])


def find_entry(conn: Connection, entry_id: int) -> Told | None:
    rows = conn.execute(select(*_ENTRY).where(entries.c.id == entry_id))
    return next(iter(_told(conn, [Entry(*row) for row in rows])), None)


def route_of(conn: Connection, entry_id: int) -> str:
    """`channel:account` that a message came or went by; empty for what has none."""
    by = select(identities.c.channel, identities.c.account).join(entries, entries.c.identity_id == identities.c.id)
    found = conn.execute(by.where(entries.c.id == entry_id)).first()
    return f"{found.channel}:{found.account}" if found else ""


def _told(conn: Connection, found: list[Entry]) -> list[Told]:
    fates: dict[int, list[Fate]] = {}
    sent = [e.id for e in found if e.direction == "out"]
    if sent:
        for entry_id, state, error, repeats in conn.execute(select(*_PART).where(parts.c.entry_id.in_(sent))):
            fates.setdefault(entry_id, []).append(Fate(state, error, repeats))
    people = find_people(conn, [e.person_id for e in found if e.person_id is not None])
    return [Told(e, fates.get(e.id, []), people.get(e.person_id) if e.person_id else None) for e in found]


# -- the stream of changes -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    id: int
    at: Instant
    kind: str
    deal_id: int
    ref_id: int


_CHANGE = [changes.c[f.name] for f in fields(Change)]


def changes_after(conn: Connection, last: int, limit: int) -> list[Change]:
    rows = conn.execute(select(*_CHANGE).where(changes.c.id > last).order_by(changes.c.id).limit(limit))
    return [Change(*row) for row in rows]


_WRITING = text(
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted"
    " AND relation = 'changes'::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def writing_changes(conn: Connection) -> frozenset[str]:
    """Transactions that may have drawn an id for a change and are not over: an insert locks the table before it draws.

    What is missing below a change that was seen before this was asked belongs to one of them, or will never come. SQLite
    has one writer, whose ids appear in their order.
    """
    if conn.dialect.name == "sqlite":
        return frozenset()
    return frozenset(conn.execute(_WRITING).scalars())


def newest_change(conn: Connection) -> int:
    """Its id; 0 where nothing has happened yet."""
    return int(conn.execute(select(func.max(changes.c.id))).scalar() or 0)
