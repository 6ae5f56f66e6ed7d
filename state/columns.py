"""What tables are made of: the few types that SQLite's STRICT tables and PostgreSQL agree on, and how constraints are named."""

from typing import Any

import orjson
from sqlalchemy import BigInteger, Column, Dialect, Index, Integer, MetaData, Table, Text
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Int = BigInteger().with_variant(Integer(), "sqlite")


class Json(TypeDecorator[Any]):
    """JSON as text, by orjson: the same bytes on both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(value)


def table_(name: str, *columns: Column[Any] | Index, **kw: Any) -> Table:
    return Table(name, metadata, *columns, sqlite_strict=True, **kw)


def id_() -> Column[Any]:
    return Column("id", Int, primary_key=True, autoincrement=False)


def int_(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, Int, nullable=null)


def text_(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, Text, nullable=null)


def json_(name: str) -> Column[Any]:
    return Column(name, Json, nullable=False)
