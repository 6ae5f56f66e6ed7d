"""What a deal's order is worth and whether it is paid, told by a statement on deals.

That the database reads a deal's fields as JSON is dear: on PostgreSQL it is done once a number, in subqueries that are not dissolved.
"""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Numeric,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB

from state.tables import deals

_MOST: Final = 10**15
"""Sums of money beyond this are nobody's."""
_YES: Final = '%"yes"%'
_FIELDS: Final = type_coerce(deals.c.fields, Text)


def is_paid(conn: Connection) -> ColumnElement[bool]:
    """The whole order."""
    if conn.dialect.name == "sqlite":
        told = func.json_extract(_FIELDS, "$.paid") == "yes"
    else:
        told = func.jsonb_extract_path_text(cast(_FIELDS, JSONB), "paid") == "yes"
    return case((_FIELDS.like(_YES), told), else_=False)  # a look at the text is a quarter of reading it as JSON


def total(conn: Connection) -> ColumnElement[Any]:
    """What the order is worth in minor units, as the shop's own system says; else what has been paid."""
    if conn.dialect.name == "sqlite":
        return _first(_in_sqlite)
    return _read_once(paid_only=False)


def paid_total(conn: Connection) -> ColumnElement[Any]:
    """What a whole order that is paid is worth; null: it is not paid. The fields are read once for both."""
    if conn.dialect.name == "sqlite":
        return case((is_paid(conn), total(conn)), else_=null())
    return _read_once(paid_only=True)


def _read_once(*, paid_only: bool) -> ColumnElement[Any]:
    """The total, for PostgreSQL. `paid_only`: null where the order is not paid."""
    said = select(cast(_FIELDS, JSONB).label("fields"))
    told = (said.where(_FIELDS.like(_YES)) if paid_only else said).correlate(deals).offset(0).subquery("told").c.fields
    names = select(*(func.jsonb_extract_path(told, name).label(name) for name in ("total", "paid_sum")))
    paid = func.jsonb_extract_path_text(told, "paid") == "yes"
    each = (names.where(paid) if paid_only else names).offset(0).subquery("each").c
    return select(_first(lambda name: _in_postgresql(each[name]))).scalar_subquery()


def _first(whole: Callable[[str], ColumnElement[Any]]) -> ColumnElement[Any]:
    """`whole`: a whole number; whatever else somebody has written there is none."""
    return func.coalesce(whole("total"), whole("paid_sum"), literal(0))


def _in_sqlite(name: str) -> ColumnElement[Any]:
    is_one = func.json_type(_FIELDS, f"$.{name}") == "integer"
    value = cast(func.json_extract(_FIELDS, f"$.{name}"), BigInteger)
    return case((and_(is_one, value.between(-_MOST, _MOST)), value), else_=null())


def _in_postgresql(value: Any) -> ColumnElement[Any]:
    number = cast(value, Numeric)
    is_whole = and_(func.scale(number) == 0, number.between(-_MOST, _MOST))
    whole = case((is_whole, cast(value, BigInteger)), else_=null())
    return case((func.jsonb_typeof(value) == "number", whole), else_=null())
