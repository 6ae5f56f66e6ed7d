"""Statements of the hot path: SQLAlchemy builds and compiles each once for each database, the driver runs it as it is.

Building a statement costs more than running it on a row, and so does SQLAlchemy's own way of running one. The
transaction stays SQLAlchemy's, and so do the errors: whatever the driver raises comes out as a `DBAPIError`.
"""

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter, itemgetter
from typing import Any, Final

import orjson
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Dialect,
    LargeBinary,
    Table,
    Text,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy import column as named
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError


def _failed(conn: Connection, sql: str, error: Exception) -> DBAPIError:
    """The driver's error as SQLAlchemy's. The values stay out of it: they are customers' words."""
    dbapi: Any = conn.dialect.loaded_dbapi
    lost = conn.dialect.is_disconnect(error, conn.connection.dbapi_connection, None)  # type: ignore[arg-type]
    return DBAPIError.instance(
        sql, None, error, dbapi.Error, hide_parameters=True, connection_invalidated=lost, dialect=conn.dialect
    )  # type: ignore[return-value]


def _execute(conn: Connection, sql: str, values: Any) -> Any:
    driver: Any = conn.connection.dbapi_connection
    try:
        return driver.execute(sql, values)
    except conn.dialect.loaded_dbapi.Error as error:
        raise _failed(conn, sql, error) from error


# -- what is asked ---------------------------------------------------------------------------------------------------

Among = Callable[[Any, str], Any]
"""`among(column, name)`: the column's value is in the list that is bound as `name`."""


def _in_json(column: Any, name: str) -> Any:
    listed = func.json_each(bindparam(name)).table_valued("value")
    return column.in_(select(listed.c.value))


def _in_array(column: Any, name: str) -> Any:
    return column == any_(bindparam(name))


_AMONG: Final[Mapping[str, Among]] = {"sqlite": _in_json, "postgresql": _in_array}


class Ready:
    """One statement; `build(among)` makes it.

    A list goes in as one value (JSON on SQLite, an array on PostgreSQL), so the statement is the same however long it
    is. What comes back is as the columns are stored, JSON as text.
    """

    def __init__(self, build: Callable[[Among], Any]) -> None:
        self._build = build
        self._plans: dict[str, tuple[str, list[str] | None, dict[str, Any]]] = {}

    def sql(self, dialect: Dialect) -> str:
        return self._plan(dialect)[0]

    def run(self, conn: Connection, **values: Any) -> None:
        self._run(conn, values)

    def run_each(self, conn: Connection, rows: Iterable[dict[str, Any]]) -> None:
        """Once for each of the rows, in their order; none of their values is a list."""
        sql, order, given = self._plan(conn.dialect)
        if order is None:
            values: list[Any] = [{**given, **row} for row in rows]
        else:
            values = [tuple([row[key] if key in row else given[key] for key in order]) for row in rows]
        driver: Any = conn.connection.dbapi_connection
        cursor = driver.cursor()
        try:
            cursor.executemany(sql, values)
        except conn.dialect.loaded_dbapi.Error as error:
            raise _failed(conn, sql, error) from error
        finally:
            cursor.close()

    def rows(self, conn: Connection, **values: Any) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self._run(conn, values).fetchall()
        return found

    def column(self, conn: Connection, **values: Any) -> list[Any]:
        """The first value of each row."""
        return [row[0] for row in self._run(conn, values).fetchall()]

    def value(self, conn: Connection, **values: Any) -> Any:
        """The first value of the first row; None where there is none."""
        row = self._run(conn, values).fetchone()
        return row[0] if row else None

    def _run(self, conn: Connection, values: dict[str, Any]) -> Any:
        sql, order, given = self._plan(conn.dialect)
        if order is None:
            return _execute(conn, sql, {**given, **values})
        for key, value in values.items():
            if type(value) is list:
                values[key] = orjson.dumps(value).decode()
        given = {**given, **values}
        return _execute(conn, sql, tuple([given[key] for key in order]))

    def _plan(self, dialect: Dialect) -> tuple[str, list[str] | None, dict[str, Any]]:
        plan = self._plans.get(dialect.name)
        if plan is None:
            compiled = self._build(_AMONG[dialect.name]).compile(dialect=dialect)
            order = list(compiled.positiontup) if compiled.positiontup is not None else None
            plan = self._plans[dialect.name] = str(compiled), order, dict(compiled.params)
        return plan


class Chosen:
    """Rows of these columns; `json` names those that are kept as JSON text, and are read."""

    def __init__(self, columns: Sequence[Any], build: Callable[[Any, Among], Any], *, json: Iterable[str] = ()) -> None:
        wanted = frozenset(json)
        self._json = [at for at, column in enumerate(columns) if column.name in wanted]
        self._ready = Ready(lambda among: build(select(*columns), among))

    def rows(self, conn: Connection, **values: Any) -> list[Any]:
        found: list[Any] = self._ready.rows(conn, **values)
        places = self._json
        if places:
            found = [list(row) for row in found]  # lengthened or cut, a tuple is made anew for every place
            for row in found:
                for at in places:
                    row[at] = orjson.loads(row[at])
        return found

    def first(self, conn: Connection, **values: Any) -> Any:
        """The first row; None where there is none."""
        return next(iter(self.rows(conn, **values)), None)


class Lookup:
    """Rows by a list of keys. `by` is the key's column."""

    def __init__(
        self, columns: Sequence[Any], by: Any, finish: Callable[[Any], Any], *, json: Iterable[str] = ()
    ) -> None:
        self._chosen = Chosen(columns, lambda found, among: finish(found.where(among(by, "ids"))), json=json)

    def rows(self, conn: Connection, ids: list[int], **more: Any) -> list[Any]:
        return self._chosen.rows(conn, ids=ids, **more)


# -- what is written -------------------------------------------------------------------------------------------------

Values = Callable[[str], Any]
"""`values(name)`: what the row that is being written has under this name."""


@dataclass(frozen=True, slots=True)
class _Plan:
    sql: str
    row: Callable[[Any], tuple[Any, ...]]
    json: list[int]
    """Which values are kept as JSON text."""
    names: list[str] | None
    """None: a row is a tuple for `executemany`; else all rows go in as one JSON list of objects with these names."""
    raw: list[int]
    """Which values are bytes, on their way as base64."""


class Bulk:
    """One statement for many rows, handed to the driver as they are.

    `build(dialect, values)` makes it; `columns` says what kind each bound name is and `take` which attribute of a
    record (or which key of a dict) it is; `json` names those that are kept as JSON text. On SQLite the statement is run
    for each row; on PostgreSQL, where each run is a message to the server, all rows are one value of one statement.
    There the rows must be of different keys.
    """

    def __init__(
        self,
        build: Callable[[str, Values], Any],
        columns: Mapping[str, Column[Any]],
        *,
        take: Mapping[str, str] | None = None,
        json: Iterable[str] = (),
        of_dicts: bool = False,
    ) -> None:
        self._build = build
        self._columns = dict(columns)
        self._take = dict(take) if take is not None else {name: name for name in columns}
        self._json = frozenset(json)
        self._of_dicts = of_dicts
        self._plans: dict[str, _Plan] = {}

    def write(self, conn: Connection, rows: Iterable[Any]) -> int:
        """How many rows were written; those skipped on a conflict are not."""
        plan = self._plans.get(conn.dialect.name)
        if plan is None:
            plan = self._plans[conn.dialect.name] = self._plan(conn.dialect)
        row, places = plan.row, plan.json
        found: list[Any] = [row(one) for one in rows]
        if places:
            found = [list(one) for one in found]
            for values in found:
                for at in places:
                    values[at] = _json(values[at])
        if plan.names is None:
            driver: Any = conn.connection.dbapi_connection
            try:
                return int(driver.executemany(plan.sql, found).rowcount)
            except conn.dialect.loaded_dbapi.Error as error:
                raise _failed(conn, plan.sql, error) from error
        for at in plan.raw:
            found = [(*one[:at], base64.b64encode(one[at]).decode(), *one[at + 1 :]) for one in found]
        names = plan.names
        listed = orjson.dumps([dict(zip(names, one, strict=True)) for one in found]).decode()
        return int(_execute(conn, plan.sql, {"rows": listed}).rowcount)

    def _plan(self, dialect: Dialect) -> _Plan:
        statement = self._build(dialect.name, bindparam if dialect.name == "sqlite" else self._from_json())
        compiled = statement.compile(dialect=dialect, column_keys=list(self._columns))
        positional = compiled.positiontup
        names = list(positional) if positional is not None else list(self._columns)
        take = [self._take[name] for name in names]
        getter: Any = itemgetter(*take) if self._of_dicts else attrgetter(*take)
        return _Plan(
            str(compiled),
            getter if len(take) > 1 else lambda row: (getter(row),),
            [at for at, name in enumerate(names) if self._take[name] in self._json],
            None if positional is not None else names,
            [at for at, name in enumerate(names) if isinstance(self._columns[name].type, LargeBinary)],
        )

    def _from_json(self) -> Values:
        kinds = [named(name, _kind(kept)) for name, kept in self._columns.items()]
        rows = func.json_to_recordset(cast(bindparam("rows"), JSON)).table_valued(*kinds).render_derived(
            "given", with_types=True
        )  # fmt: skip
        raw = {name for name, kept in self._columns.items() if isinstance(kept.type, LargeBinary)}
        return lambda name: func.decode(rows.c[name], literal_column("'base64'")) if name in raw else rows.c[name]


def _kind(kept: Column[Any]) -> Any:
    return BigInteger() if isinstance(kept.type, BigInteger) else Text()


_EMPTY: Final[Mapping[type, str]] = {dict: "{}", list: "[]"}


def _json(value: Any) -> str:
    if not value and type(value) in _EMPTY:  # half of what is kept
        return _EMPTY[type(value)]
    try:
        return orjson.dumps(value).decode()  # the option costs half as much again, for what hardly ever is
    except TypeError:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


OnConflict = Callable[[Any], Any]
"""Gets the dialect's own insert and adds what happens on a conflict."""


def skipping(*key: str) -> OnConflict:
    """A row whose key is there already is left as it is."""
    return lambda insert: insert.on_conflict_do_nothing(index_elements=list(key))


def overwriting(key: tuple[str, ...], *columns: str) -> OnConflict:
    """Where the key is there already, these columns are overwritten."""
    return lambda insert: insert.on_conflict_do_update(
        index_elements=list(key), set_={name: insert.excluded[name] for name in columns}
    )


def inserting(
    table: Table,
    *names: str,
    record: type | None = None,
    json: Iterable[str] = (),
    conflict: OnConflict = lambda insert: insert,
) -> Bulk:
    """New rows of `table`: out of records with the same field names, or out of dicts with the keys `names`."""
    wanted = [f.name for f in fields(record)] if record is not None else list(names)

    def build(dialect: str, values: Values) -> Any:
        if dialect == "sqlite":
            return conflict(sqlite_insert(table))
        rows = select(*(values(name) for name in wanted))
        return conflict(pg_insert(table).from_select(wanted, rows))

    return Bulk(build, {name: table.c[name] for name in wanted}, json=json, of_dicts=record is None)
