"""What rests on a merge: what was made one since of what it has made one.

To undo it, these are taken off first, the latest first, and put back afterwards (state/parting.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, select

from state import merges
from state.belongings import Side, side_of
from state.merges import Refused
from state.records import Instant, Merge
from state.tables import identities

MOST: Final = 30
"""Merges that one undoing takes off and puts back: each costs as much as itself, in one commit."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A merge of two deals; or of two contacts, with those of deals that it has brought about, in their order."""

    merge: Merge
    children: tuple[Merge, ...] = ()

    @property
    def people(self) -> frozenset[int]:
        m = self.merge
        return frozenset({m.contact_id, m.from_contact_id or 0}) if m.kind == "contacts" else frozenset()

    @property
    def deals(self) -> frozenset[int]:
        joined = self.children if self.merge.kind == "contacts" else (self.merge,)
        return frozenset(deal or 0 for m in joined for deal in (m.deal_id, m.from_deal_id))


@dataclass(slots=True)
class Pile:
    """A merge with all that rests on it."""

    bottom: Unit
    above: list[Unit] = field(default_factory=list)
    """In their order."""
    sides: list[Side] = field(default_factory=list)
    """What goes back with each merge of contacts among these."""
    addresses: frozenset[int] = frozenset()
    """All that the one has whom they have made."""

    @property
    def people(self) -> set[int]:
        return {one for unit in (self.bottom, *self.above) for one in unit.people}

    def routes(self, unit: Unit) -> frozenset[int]:
        """The addresses of the side that the joined deal goes back to, where this has joined deals of two."""
        joined = unit.merge.from_deal_id
        spanned = [side for side in self.sides if not unit.people and len(unit.deals & side.deals) == 1]
        theirs = [side.routes if joined in side.deals else self.addresses - side.routes for side in spanned]
        return frozenset.intersection(*theirs) if theirs else frozenset()


def pile(conn: Connection, merge: Merge, holder: int) -> Pile:
    """Raises `Refused` where too many rest on it."""
    bottom = Unit(merge, tuple(merges.children(conn, merge.id)) if merge.kind == "contacts" else ())
    people, deals = set(bottom.people), set(bottom.deals)
    mine = select(identities.c.id).where(identities.c.contact_id == holder)
    found = Pile(bottom, addresses=frozenset(conn.execute(mine).scalars()))
    later = _later(conn, merge, holder)
    spans = not all(unit.people for unit in later)  # only a merge of deals alone can span two sides
    if people and spans:
        found.sides.append(side_of(conn, merge, holder))
    for unit in later:
        if unit.people & people or unit.deals & deals or (not unit.people and _spans(unit, found.sides)):
            found.above.append(unit)
            deals |= unit.deals
            if unit.people:
                people |= unit.people
                found.sides += [side_of(conn, unit.merge, holder)] if spans else []
    if len(found.above) > MOST:
        raise Refused("later", f"{len(found.above)} merges were made of it since: undo the latest ones first")
    return found


def _spans(later: Unit, sides: Iterable[Side]) -> bool:
    """It has made one of what is two when these contacts are."""
    return any(len(later.deals & side.deals) == 1 for side in sides)


def _later(conn: Connection, merge: Merge, holder: int) -> list[Unit]:
    known = {merge.id: merge}
    own = _place(conn, merge, known)
    since = merges.standing_of(conn, holder, own[0])
    known |= {m.id: m for m in since}
    after = [m for m in since if _place(conn, m, known) > own and m.parent_id != merge.id]
    whole: dict[int | None, list[Merge]] = {m.id: [] for m in after if m.kind == "contacts"}
    units = []
    for m in after:
        if m.kind == "deals" and m.parent_id in whole:
            whole[m.parent_id].append(m)
        elif m.kind == "deals":
            units.append(Unit(m))
    units += [Unit(m, tuple(whole[m.id])) for m in after if m.kind == "contacts"]
    return sorted(units, key=lambda unit: _place(conn, unit.merge, known))


def _place(conn: Connection, merge: Merge, known: dict[int, Merge]) -> tuple[Instant, int, int]:
    """Where it lies among all: what a merge of contacts has brought about lies where that one does, whenever it was written."""
    above = merge.parent_id
    if above is None:
        return merge.at, merge.id, 0
    if above not in known and (found := merges.find(conn, above)) is not None:
        known[above] = found
    first = known.get(above, merge)
    return first.at, first.id, merge.id
