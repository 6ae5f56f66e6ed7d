"""Databases whose tables are made and empty, one for each test, without making the tables for each.

The migrations run once a kind. On SQLite a test gets a copy of that file. On PostgreSQL a new database costs a tenth of
a second and leaves megabytes behind, so a test gets one that another has given back, emptied.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from state import audit_tables, schema
from state.database import Database
from tests import servers

END_ALL_OTHERS = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_TABLES = [sql.Identifier(table.name) for table in audit_tables.metadata.sorted_tables]
_TRUNCATE = sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(_TABLES))
_WHICH = sql.SQL("SELECT {}").format(
    sql.SQL(", ").join(sql.SQL("EXISTS (SELECT 1 FROM {})").format(table) for table in _TABLES)
)
_FRESH_AFTER = 30
"""Tests after which a database's files are begun anew: what was deleted lies there until then."""


def migrated(url: str) -> str:
    db = Database(url)
    schema.upgrade(db)
    db.engine.dispose()
    return url


@dataclass
class Shelf:
    """PostgreSQL databases that are nobody's at the moment."""

    server: str
    template: str = ""
    free: list[str] = field(default_factory=list)
    keepers: dict[str, psycopg.Connection] = field(default_factory=dict)
    """By address a connection that empties it. One that has looked at every table once knows them: a new one takes ten
    times as long to find its way."""
    lendings: Counter[str] = field(default_factory=Counter)

    def take(self) -> str:
        if self.free:
            return self.free.pop()
        if not self.template:
            self.template = migrated(servers.fresh_database(self.server))
        return servers.fresh_database(self.server, self.template)

    def give_back(self, url: str) -> None:
        """Emptied, once whoever is still connected has been cut off: what a killed process had begun is over, too.

        To truncate all tables takes a tenth of a second; a test fills few of them, with little.
        """
        self.lendings[url] += 1
        try:
            self._empty(url)
        except psycopg.OperationalError:  # the test cut everybody off, or had the server restarted
            self.keepers.pop(url).close()
            self._empty(url)
        self.free.append(url)

    def _empty(self, url: str) -> None:
        if url not in self.keepers:
            self.keepers[url] = psycopg.connect(servers.plain(url), autocommit=True, prepare_threshold=1)
        keeper = self.keepers[url]
        keeper.execute(END_ALL_OTHERS)
        if self.lendings[url] % _FRESH_AFTER == 0:
            keeper.execute(_TRUNCATE)
            return
        found = keeper.execute(_WHICH).fetchone() or ()
        for table in [table for table, filled in zip(_TABLES, found, strict=True) if filled]:
            keeper.execute(sql.SQL("DELETE FROM {}").format(table))

    def close(self) -> None:
        for keeper in self.keepers.values():
            keeper.close()

    @contextmanager
    def lent(self) -> Iterator[str]:
        url = self.take()
        yield url
        self.give_back(url)


def sqlite_template(folder: Path) -> Path:
    """A file to copy. Its last connection is closed, so nothing of it lies in a log beside it."""
    file = folder / "parley.db"
    migrated(f"sqlite:///{file}")
    return file
