"""What reports count: one row a fact, so that a number and the rows behind it come of the same statement.

A fact is about a deal. Deals that were joined to another count as that one; those of people who were no customers, not at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    cast,
    func,
    null,
    or_,
    select,
    true,
    union_all,
)

from state.merges import stands
from state.origins import came_by
from state.records import Instant
from state.strangers import NO_CUSTOMER
from state.tables import deals, identities, merges

Key = tuple[Any, ...]
"""Which line of a report: the values of its dimensions."""

_POSTGRESQL: Final = (("plan_cache_mode", "force_custom_plan"), ("work_mem", "32MB"), ("jit", "off"))


@dataclass(frozen=True, slots=True)
class Narrow:
    """Which deals, and when. Empty values do not narrow."""

    since: Instant
    until: Instant
    """Not included."""
    now: Instant
    funnel: str = ""
    source: str = ""
    channel: str = ""
    """Where the deal's customer is answered."""
    manager: int | None = None
    """Who is responsible."""


@dataclass(frozen=True, slots=True)
class Facts:
    """`found` has the columns ref (rising, of the fact's own), deal, at, the dimensions, flags of 0 and 1, and measures."""

    found: Select[Any]
    dims: tuple[str, ...]
    counts: Mapping[str, str]
    """A number's name → the flag that it counts; empty: every fact."""
    sums: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """A sum's name → the flag, and the measure that is added up."""
    arms: tuple[Select[Any], ...] = ()
    """What `found` is put together of, where it is."""

    @classmethod
    def of(
        cls, arms: Sequence[Select[Any]], dims: tuple[str, ...], counts: Mapping[str, str],
        sums: Mapping[str, tuple[str, str]] | None = None,
    ) -> "Facts":  # fmt: skip
        """Facts of several kinds, of the same columns each. They are counted apart: SQLite copies all that it hands on as one."""
        return cls(select(union_all(*arms).subquery()), dims, counts, sums or {}, tuple(arms))

    def total(self) -> "Facts":
        """All lines as one."""
        return replace(self, dims=())


@dataclass(frozen=True, slots=True)
class Row:
    """A fact behind a number."""

    ref: int
    deal: int
    at: Instant


def ready(conn: Connection) -> None:
    """To be said in the transaction before anything is asked: PostgreSQL plans for the very period, sorts in memory and compiles nothing."""
    if conn.dialect.name != "sqlite":
        conn.execute(select(*(func.set_config(name, value, true()) for name, value in _POSTGRESQL)))


def count(conn: Connection, facts: Facts) -> dict[Key, dict[str, int]]:
    """Every number by the line that it stands in."""
    names, width = [*facts.counts, *facts.sums], len(facts.dims)
    lines: dict[Key, dict[str, int]] = {}
    for row in conn.execute(union_all(*(_added_up(arm, facts) for arm in facts.arms or (facts.found,)))):
        line = lines.setdefault(tuple(row[:width]), dict.fromkeys(names, 0))
        for name, n in zip(names, row[width:], strict=True):
            line[name] += n
    return lines


def _added_up(arm: Select[Any], facts: Facts) -> Select[Any]:
    # Not dissolved where flags are told out of fields: else each number reads them anew.
    one = (arm.offset(0) if facts.sums else arm).subquery().c
    dims = [one[name] for name in facts.dims]
    numbers = [func.sum(one[flag]) if flag else func.count() for flag in facts.counts.values()]
    numbers += [
        func.sum(case((one[flag] == 1, one[measure]), else_=0) if flag else one[measure])
        for flag, measure in facts.sums.values()
    ]
    return select(*dims, *(cast(func.coalesce(n, 0), BigInteger) for n in numbers)).group_by(*dims)


def behind(conn: Connection, facts: Facts, key: Key, what: str, limit: int, below: int | None = None) -> list[Row]:
    """The facts that a number counts, the latest first."""
    one = facts.found.subquery().c
    where = same(one, facts.dims, key)
    flag = facts.counts[what] if what in facts.counts else facts.sums[what][0]
    if flag:
        where.append(one[flag] == 1)
    if below is not None:
        where.append(one.ref < below)
    found = select(one.ref, one.deal, one.at).where(*where).order_by(one.ref.desc()).limit(limit)
    return [Row(*row) for row in conn.execute(found)]


def same(one: Any, dims: Sequence[str], key: Key) -> list[ColumnElement[bool]]:
    return [one[name].is_(None) if value is None else one[name] == value for name, value in zip(dims, key, strict=True)]


# -- which deals -------------------------------------------------------------------------------------------------------


def counted(narrow: Narrow, *, manager: bool = True) -> list[ColumnElement[bool]]:
    """The deals that reports speak of."""
    d = deals.c
    where = [or_(d.closed_at.is_(None), and_(d.outcome.is_not(None), d.reason != NO_CUSTOMER))]
    if narrow.funnel:
        where.append(d.funnel == narrow.funnel)
    if narrow.source:
        where.append(came_by(narrow.source))
    if narrow.channel:
        where.append(d.route_id.in_(select(identities.c.id).where(identities.c.channel == narrow.channel)))
    if manager and narrow.manager is not None:
        where.append(d.responsible_id == narrow.manager)
    return where


def opened(narrow: Narrow) -> list[ColumnElement[bool]]:
    return [deals.c.opened_at >= narrow.since, deals.c.opened_at < narrow.until, *counted(narrow)]


def leading() -> Any:
    """(deal, lead): which deal a joined one has become part of, however many merges later. One that was undone is none.

    From where the ways end backwards. PostgreSQL takes a recursion for a hundred times of what it is, and would read whole tables
    for it: a condition that always holds, of which it thinks that one row in two hundred meets it, puts that right.
    """
    m, after = merges, merges.alias("after")
    further = select(after.c.id).where(after.c.from_deal_id == m.c.deal_id, *stands(after)).exists()
    ends = select(m.c.from_deal_id.label("deal"), m.c.deal_id.label("lead")).where(*stands(), ~further)
    steps = ends.cte("joined", recursive=True)
    before = merges.alias("before")
    steps = steps.union(
        select(before.c.from_deal_id, steps.c.lead).join(
            before, and_(before.c.deal_id == steps.c.deal, *stands(before))
        )
    )
    return select(steps.c.deal, steps.c.lead).where(steps.c.lead % 1 == 0).cte("leading")


# -- values ------------------------------------------------------------------------------------------------------------


def flag(condition: Any, name: str) -> Any:
    return case((condition, 1), else_=0).label(name)


def none() -> Any:
    return cast(null(), BigInteger)
