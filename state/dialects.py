"""Statements that SQLite and PostgreSQL spell alike but SQLAlchemy keeps apart: built once for each, picked by name.

Building a statement costs more than running it on a row, and so does looking up what was built: on the hot path a
statement is compiled once, and its values go to the driver as they are.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter, itemgetter
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Dialect, Table, any_, bindparam, func, select
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


def inserting_dicts(into: Table | Upsert, *names: str, json: Iterable[str] = ()) -> Bulk:
    """New rows out of dicts with these keys."""
    statement = into.insert() if isinstance(into, Table) else into
    return Bulk(statement, {name: name for name in names}, json=json, of_dicts=True)


Among = Callable[[Any, str], Any]
"""`among(column, name)`: the column's value is in the list that is bound as `name`."""


def _in_json(column: Any, name: str) -> Any:
    listed = func.json_each(bindparam(name)).table_valued("value")
    return column.in_(select(listed.c.value))


def _in_array(column: Any, name: str) -> Any:
    return column == any_(bindparam(name))


_AMONG: Final[Mapping[str, Among]] = {"sqlite": _in_json, "postgresql": _in_array}


class Ready:
    """One statement, compiled once for each dialect; `build(among)` makes it.

    A list goes in as one value (JSON on SQLite, an array on PostgreSQL), so the statement is the same however long it is.
    """

    def __init__(self, build: Callable[[Among], Any]) -> None:
        self._build = build
        self._plans: dict[str, tuple[str, list[str] | None, dict[str, Any]]] = {}

    def sql(self, dialect: Dialect) -> str:
        return self._plan(dialect)[0]

    def run(self, conn: Connection, **values: Any) -> Any:
        """The driver's result; its rows are as the columns are stored, JSON as text."""
        sql, order, given = self._plan(conn.dialect)
        if order is None:
            return conn.exec_driver_sql(sql, {**given, **values})
        for key, value in values.items():
            if type(value) is list:
                values[key] = orjson.dumps(value).decode()
        given = {**given, **values}
        return conn.exec_driver_sql(sql, tuple([given[key] for key in order]))

    def _plan(self, dialect: Dialect) -> tuple[str, list[str] | None, dict[str, Any]]:
        plan = self._plans.get(dialect.name)
        if plan is None:
            compiled = self._build(_AMONG[dialect.name]).compile(dialect=dialect)
            order = list(compiled.positiontup) if compiled.positiontup is not None else None
            plan = self._plans[dialect.name] = str(compiled), order, dict(compiled.params)
        return plan


class Lookup:
    """Rows by a list of keys. `by` is the key's column; `json` names the columns that are kept as JSON text."""

    def __init__(
        self, columns: Sequence[Any], by: Any, finish: Callable[[Any], Any], *, json: Iterable[str] = ()
    ) -> None:
        wanted = frozenset(json)
        self._json = [at for at, column in enumerate(columns) if column.name in wanted]
        self._ready = Ready(lambda among: finish(select(*columns).where(among(by, "ids"))))

    def rows(self, conn: Connection, ids: list[int], **more: Any) -> list[Any]:
        found: Any = self._ready.run(conn, ids=ids, **more).all()
        for at in self._json:
            found = [(*row[:at], orjson.loads(row[at]), *row[at + 1 :]) for row in found]
        return list(found)
