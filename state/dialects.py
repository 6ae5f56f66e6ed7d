"""Statements that SQLite and PostgreSQL spell alike but SQLAlchemy keeps apart: built once for each, picked by name.

Building a statement costs more than running it on a row; on the hot path nothing is built.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Table
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
