"""What reports count: one row a fact, so that a number and the rows behind it come of the same statement.

A fact is about a deal. Deals that were joined to another count as that one; those of people who were no customers, not at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
)

from state.dialects import Ready
from state.records import Instant
from state.tables import deals, identities, merges

Key = tuple[Any, ...]
"""Which line of a report: the values of its dimensions."""

NO_CUSTOMER: Final = "not_a_customer"
_MOST: Final = 10**15
"""Sums of money beyond this are nobody's."""


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

    def total(self) -> "Facts":
        """All lines as one."""
        return replace(self, dims=())


@dataclass(frozen=True, slots=True)
class Row:
    """A fact behind a number."""

    ref: int
    deal: int
    at: Instant


def count(conn: Connection, facts: Facts) -> dict[Key, dict[str, int]]:
    """Every number by the line that it stands in."""
    one = facts.found.subquery().c
    dims = [one[name] for name in facts.dims]
    numbers = [func.sum(one[flag]) if flag else func.count() for flag in facts.counts.values()]
    numbers += [
        func.sum(case((one[flag] == 1, one[measure]), else_=0) if flag else one[measure])
        for flag, measure in facts.sums.values()
    ]
    names = [*facts.counts, *facts.sums]
    found = select(*dims, *(cast(func.coalesce(n, 0), BigInteger) for n in numbers)).group_by(*dims)
    width = len(dims)
    return {tuple(row[:width]): dict(zip(names, row[width:], strict=True)) for row in conn.execute(found)}


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


def spans(conn: Connection, facts: Facts, flag: str = "") -> dict[Key, list[tuple[str, Instant, Instant]]]:
    """(funnel, from, to) of each fact that lasted, by line. There are many: they come as the driver has them."""
    one = facts.found.subquery().c
    found = select(one.funnel, one.began, one.ended, *(one[name] for name in facts.dims))
    if flag:
        found = found.where(one[flag] == 1)
    lines: dict[Key, list[tuple[str, Instant, Instant]]] = {}
    for row in Ready(lambda _: found).rows(conn):
        lines.setdefault(row[3:], []).append(row[:3])
    return lines


# -- which deals -------------------------------------------------------------------------------------------------------


def counted(narrow: Narrow, *, manager: bool = True) -> list[ColumnElement[bool]]:
    """The deals that reports speak of."""
    d = deals.c
    where = [or_(d.closed_at.is_(None), and_(d.outcome.is_not(None), d.reason != NO_CUSTOMER))]
    if narrow.funnel:
        where.append(d.funnel == narrow.funnel)
    if narrow.source:
        where.append(d.source == narrow.source)
    if narrow.channel:
        where.append(d.route_id.in_(select(identities.c.id).where(identities.c.channel == narrow.channel)))
    if manager and narrow.manager is not None:
        where.append(d.responsible_id == narrow.manager)
    return where


def opened(narrow: Narrow) -> list[ColumnElement[bool]]:
    return [deals.c.opened_at >= narrow.since, deals.c.opened_at < narrow.until, *counted(narrow)]


def leading() -> Any:
    """(deal, lead): which deal a joined one has become part of, however many merges later. One that was undone is none."""
    m = merges
    stands = m.c.kind == "deals", m.c.undone_at.is_(None), m.c.from_deal_id.is_not(None)
    first = select(m.c.from_deal_id.label("deal"), m.c.deal_id.label("lead")).where(*stands)
    steps = first.cte("joined", recursive=True)
    again = select(steps.c.deal, m.c.deal_id).join(m, and_(m.c.from_deal_id == steps.c.lead, *stands))
    steps = steps.union(again)
    # One that has been joined further is not where it ends.
    further = select(m.c.id).where(m.c.from_deal_id == steps.c.lead, *stands).exists()
    return select(steps.c.deal, steps.c.lead).where(~further).cte("leading")


# -- values ------------------------------------------------------------------------------------------------------------


def flag(condition: Any, name: str) -> Any:
    return case((condition, 1), else_=0).label(name)


def none() -> Any:
    return cast(null(), BigInteger)


def is_paid(conn: Connection) -> ColumnElement[bool]:
    """The whole order."""
    return _told(conn, "paid") == "yes"


def total(conn: Connection) -> ColumnElement[Any]:
    """What the order is worth in minor units, as the shop's own system says; else what has been paid."""
    return func.coalesce(_whole(conn, "total"), _whole(conn, "paid_sum"), literal(0))


def _told(conn: Connection, name: str) -> ColumnElement[Any]:
    if conn.dialect.name == "sqlite":
        return func.json_extract(type_coerce(deals.c.fields, Text), f"$.{name}")
    return func.json_extract_path_text(cast(type_coerce(deals.c.fields, Text), JSON), name)


def _whole(conn: Connection, name: str) -> ColumnElement[Any]:
    """A whole number; whatever else somebody has written there is none."""
    if conn.dialect.name == "sqlite":
        is_one = func.json_type(type_coerce(deals.c.fields, Text), f"$.{name}") == "integer"
        value = cast(_told(conn, name), BigInteger)
        return case((and_(is_one, value.between(-_MOST, _MOST)), value), else_=null())
    typed = func.json_typeof(func.json_extract_path(cast(type_coerce(deals.c.fields, Text), JSON), name))
    is_one = and_(typed == "number", _told(conn, name).regexp_match(r"^-?[0-9]{1,16}$"))
    value = cast(_told(conn, name), BigInteger)
    return case((case((is_one, value.between(-_MOST, _MOST)), else_=False), value), else_=null())
