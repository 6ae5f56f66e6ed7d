"""Statements that SQLite and PostgreSQL spell alike but SQLAlchemy keeps apart: built once for each, picked by name.

Building a statement costs more than running it on a row; on the hot path nothing is built.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter, itemgetter
from typing import Any

import orjson
from sqlalchemy import BindParameter, Connection, Table, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert


class Upsert:
    """`build(insert)` gets the dialect's own insert into `table` and adds what happens on a conflict."""

    def __init__(self, table: Table, build: Callable[[Any], Any]) -> None:
        self._sqlite = build(sqlite_insert(table))
        self._postgres = build(pg_insert(table))

    def on(self, conn: Connection) -> Any:
        return self._sqlite if conn.dialect.name == "sqlite" else self._postgres


def skipping(table: Table, *key: str) -> Upsert:
    """Insert; a row whose key is there already is left as it is."""
    return Upsert(table, lambda insert: insert.on_conflict_do_nothing(index_elements=list(key)))


def overwriting(table: Table, key: tuple[str, ...], *columns: str) -> Upsert:
    """Insert; where the key is there already, these columns are overwritten."""
    return Upsert(
        table,
        lambda insert: insert.on_conflict_do_update(
            index_elements=list(key), set_={name: insert.excluded[name] for name in columns}
        ),
    )


class Bulk:
    """One statement for many rows: compiled once for each dialect, its rows handed to the driver as they are.

    `binds` says which attribute of a record (or which key of a dict) each bound name takes; `json` names those that
    are kept as JSON text. SQLAlchemy's own way costs some 15 µs a row, this one about 3.
    """

    def __init__(
        self, statement: Any, binds: Mapping[str, str], *, json: Iterable[str] = (), of_dicts: bool = False
    ) -> None:
        self._statement = statement
        self._binds = dict(binds)
        self._json = frozenset(json)
        self._of_dicts = of_dicts
        self._plans: dict[str, tuple[str, Callable[[Any], tuple[Any, ...]], list[int], list[str] | None]] = {}

    def write(self, conn: Connection, rows: Iterable[Any]) -> None:
        plan = self._plans.get(conn.dialect.name)
        if plan is None:
            plan = self._plans[conn.dialect.name] = self._compile(conn)
        sql, get, json_at, names = plan
        found = [get(row) for row in rows]
        for at in json_at:
            found = [(*row[:at], _json(row[at]), *row[at + 1 :]) for row in found]
        if names is None:
            conn.exec_driver_sql(sql, found)
        else:
            conn.exec_driver_sql(sql, [dict(zip(names, row, strict=True)) for row in found])

    def _compile(self, conn: Connection) -> Any:
        statement = self._statement.on(conn) if isinstance(self._statement, Upsert) else self._statement
        compiled = statement.compile(dialect=conn.dialect, column_keys=list(self._binds))
        positional = compiled.positiontup
        names = list(positional) if positional is not None else list(compiled.params)
        take = [self._binds[name] for name in names]
        getter: Any = itemgetter(*take) if self._of_dicts else attrgetter(*take)
        get = getter if len(take) > 1 else lambda row: (getter(row),)
        json_at = [at for at, name in enumerate(names) if self._binds[name] in self._json]
        return str(compiled), get, json_at, None if positional is not None else names


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def inserting(table: Table, record: type, *, json: Iterable[str] = ()) -> Bulk:
    """New rows of `table` out of records with the same field names."""
    names = [f.name for f in fields(record)]
    return Bulk(table.insert(), {name: name for name in names}, json=json)


class Lookup:
    """Rows by a list of keys, in one statement that is the same for any number of them.

    The list goes in as one value (JSON on SQLite, an array on PostgreSQL), so nothing is expanded or compiled again.
    `by` is the key's column; `json` names the columns that are kept as JSON text.
    """

    def __init__(
        self, columns: Sequence[Any], by: Any, finish: Callable[[Any], Any], *, json: Iterable[str] = ()
    ) -> None:
        wanted = frozenset(json)
        self._json = [at for at, column in enumerate(columns) if column.name in wanted]
        listed: BindParameter[Any] = bindparam("ids")
        value = func.json_each(listed).table_valued("value")
        self._sqlite = finish(select(*columns).where(by.in_(select(value.c.value))))
        self._postgres = finish(select(*columns).where(by == any_(listed)))
        self._plans: dict[str, tuple[str, list[str] | None, dict[str, Any]]] = {}

    def rows(self, conn: Connection, ids: Sequence[int], **more: Any) -> list[Any]:
        name = conn.dialect.name
        plan = self._plans.get(name)
        if plan is None:
            compiled = (self._sqlite if name == "sqlite" else self._postgres).compile(dialect=conn.dialect)
            names = list(compiled.positiontup) if compiled.positiontup is not None else None
            plan = self._plans[name] = (str(compiled), names, dict(compiled.params))
        sql, names, given = plan
        given = given | more | {"ids": orjson.dumps(ids).decode() if name == "sqlite" else list(ids)}
        found: Any = conn.exec_driver_sql(sql, tuple(given[n] for n in names) if names is not None else given).all()
        for at in self._json:
            found = [(*row[:at], orjson.loads(row[at]), *row[at + 1 :]) for row in found]
        return list(found)
