"""The book of merges: what was joined to what, by whom and why, and with it all that parting them again takes.

A line is written in the commit that it tells of, so there is no merge without one. One that was undone stays, marked.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update

from state.people import find_people
from state.records import Instant, Merge, Person
from state.tables import contacts, deals, merges

_COLUMNS = [merges.c[f.name] for f in fields(Merge)]
JOINED: Final = "joined"
"""Why a deal is closed that has become part of another."""


class Refused(Exception):
    """It cannot be joined or parted as things are now; nothing was changed. `code` is a machine word."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something is joined, and by whom; nobody: the system by its rules."""

    why: str = ""
    by: int | None = None
    batch: str = ""
    parent: int | None = None
    author: str = "system"
    """Whom the timeline names as the author: `manager` where somebody did it by hand."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A merge as it is shown."""

    merge: Merge
    by: Person | None
    undone_by: Person | None


def stands(merge: Any = merges) -> tuple[ColumnElement[bool], ...]:
    """It has joined one deal to another, and was not undone."""
    return merge.c.kind == "deals", merge.c.undone_at.is_(None), merge.c.from_deal_id.is_not(None)


def write(conn: Connection, merge: Merge) -> None:
    conn.execute(insert(merges).values(asdict(merge)))


def rewrite(conn: Connection, merge: Merge) -> None:
    """It was taken off and is put back, as things are now."""
    conn.execute(update(merges).where(merges.c.id == merge.id).values(asdict(merge)))


def find(conn: Connection, merge_id: int) -> Merge | None:
    row = conn.execute(select(*_COLUMNS).where(merges.c.id == merge_id)).first()
    return Merge(*row) if row else None


def children(conn: Connection, parent: int) -> list[Merge]:
    """The merges of deals that stand and that this one of contacts has brought about, in their order."""
    m = merges.c
    found = select(*_COLUMNS).where(m.parent_id == parent, m.kind == "deals", m.undone_at.is_(None))
    return [Merge(*row) for row in conn.execute(found.order_by(m.at, m.id))]


def family(conn: Connection, holder: int) -> set[int]:
    """All contacts that are part of this one by now, and itself."""
    m, found, new = merges.c, {holder}, {holder}
    while new:
        gone = select(m.from_contact_id).where(m.kind == "contacts", m.undone_at.is_(None), m.contact_id.in_(new))
        new = {one for one in conn.execute(gone).scalars() if one is not None} - found
        found |= new
    return found


def standing_of(conn: Connection, holder: int, since: Instant) -> list[Merge]:
    """Those that stand and were made since then of this contact, of those who are part of it, or of deals that are its own
    by now; in their order.
    """
    m, whose = merges.c, sorted(family(conn, holder))
    people = and_(m.kind == "contacts", or_(m.contact_id.in_(whose), m.from_contact_id.in_(whose)))
    own = select(deals.c.id).where(deals.c.contact_id == holder)
    about = or_(people, and_(m.kind == "deals", m.deal_id.in_(own)))
    found = select(*_COLUMNS).where(about, m.at >= since, m.undone_at.is_(None))
    return [Merge(*row) for row in conn.execute(found.order_by(m.at, m.id))]


def holder(conn: Connection, merge: Merge) -> int:
    """Whose it is now what this merge has made one."""
    if merge.kind == "deals":
        own = conn.execute(select(deals.c.contact_id).where(deals.c.id == merge.deal_id)).scalar()
        return own if own is not None else merge.contact_id
    return became(conn, merge.contact_id)


def mark_undone(conn: Connection, merge_id: int, now: Instant, by: int | None) -> None:
    conn.execute(update(merges).where(merges.c.id == merge_id).values(undone_at=now, undone_by=by))


def change_data(conn: Connection, merge_id: int, data: dict[str, Any]) -> None:
    conn.execute(update(merges).where(merges.c.id == merge_id).values(data=data))


def readdress(conn: Connection, people: Iterable[int], gone: int, kept: int) -> None:
    """An address of theirs went into another: whatever is parted later goes back with that one."""
    for whose in sorted(set(people)):
        for merge in standing_of(conn, whose, 0):
            data = _with_address(merge.data, gone, kept)
            if data != merge.data:
                change_data(conn, merge.id, data)


def _with_address(data: dict[str, Any], gone: int, kept: int) -> dict[str, Any]:
    changed = dict(data)
    for name in ("identities", "kept_identities", "routes"):
        if name in data:
            changed[name] = sorted({kept if one == gone else one for one in data[name]})
    for side in ("kept", "gone", "after"):
        if side in data and data[side].get("route_id") == gone:
            changed[side] = data[side] | {"route_id": kept}
    return changed | {name: kept for name in ("identity", "address") if data.get(name) == gone}


def standing(conn: Connection, batch: str, limit: int) -> list[int]:
    """Merges of a batch that were not undone, the latest first; those of deals go with their contacts'."""
    found = select(merges.c.id).where(merges.c.batch == batch, merges.c.batch != "", merges.c.undone_at.is_(None))
    found = found.where(merges.c.parent_id.is_(None), merges.c.kind != "split")
    return list(conn.execute(found.order_by(merges.c.at.desc(), merges.c.id.desc()).limit(limit)).scalars())


def of_contact(conn: Connection, gone: int) -> Merge | None:
    """The merge that this contact went into another by, if it stands."""
    found = select(*_COLUMNS).where(
        merges.c.from_contact_id == gone, merges.c.kind == "contacts", merges.c.undone_at.is_(None)
    )
    row = conn.execute(found.order_by(merges.c.at.desc(), merges.c.id.desc()).limit(1)).first()
    return Merge(*row) if row else None


def into(conn: Connection, deal: int) -> int:
    """The deal that this one's timeline is in by now; itself, if it was never joined to another."""
    seen, going = deal, True
    while going:
        found = select(merges.c.deal_id).where(
            merges.c.from_deal_id == seen, merges.c.kind == "deals", merges.c.undone_at.is_(None)
        )
        next_ = conn.execute(found.order_by(merges.c.at.desc(), merges.c.id.desc()).limit(1)).scalar()
        going = next_ is not None
        seen = next_ if next_ is not None else seen
    return seen


def page(
    conn: Connection, limit: int, before: tuple[Instant, int] | None = None, *, deal: int | None = None,
    contact: int | None = None, batch: str = "",
) -> list[Noted]:  # fmt: skip
    """Newest first; `before` is (at, id) of the last one already seen. A deal's are also those of its contact."""
    m = merges.c
    found = select(*_COLUMNS)
    if deal is not None:
        own = select(deals.c.contact_id).where(deals.c.id == deal).scalar_subquery()
        whose = or_(m.contact_id == own, m.from_contact_id == own)
        found = found.where(or_(m.deal_id == deal, m.from_deal_id == deal, (m.kind == "contacts") & whose))
    if contact is not None:
        found = found.where(or_(m.contact_id == contact, m.from_contact_id == contact))
    if batch:
        found = found.where(m.batch == batch)
    if before is not None:
        at, last = before
        found = found.where(or_(m.at < at, (m.at == at) & (m.id < last)))
    rows = conn.execute(found.order_by(m.at.desc(), m.id.desc()).limit(limit))
    return noted(conn, [Merge(*row) for row in rows])


def noted(conn: Connection, found: list[Merge]) -> list[Noted]:
    people = find_people(conn, [p for m in found for p in (m.by_id, m.undone_by) if p is not None])
    return [Noted(m, people.get(m.by_id or 0), people.get(m.undone_by or 0)) for m in found]


def became(conn: Connection, contact: int) -> int:
    """Whom this contact is part of by now; itself, if it was never joined to another."""
    seen = contact
    while (into_ := conn.execute(select(contacts.c.merged_into).where(contacts.c.id == seen)).scalar()) is not None:
        seen = into_
    return seen
