"""Databases of a bench, made and thrown away, and rows put straight into their tables: what is measured is how they are read.

PostgreSQL syncs to disk, as a shop's does, and has looked its tables over once they are full, as it would by itself.
"""

import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.measure import cpu_s
from state.ids import KINDS
from tests.databases import migrated
from tests.servers import NoServerError, fresh_database, plain, postgres_server

NAMES = ("SQLite", "PostgreSQL")
FREE = 10_000_000
"""Ids from here on are nobody's."""
Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Store:
    name: str
    url: str
    server: int = 0
    """Its process; 0: there is none."""

    def cpu_s(self) -> float:
        """Processor time so far, of this process and the server."""
        return time.process_time() + cpu_s(self.server)


@contextmanager
def opened(name: str) -> Iterator[Store]:
    """An empty shop. Raises NoServerError."""
    if name == "SQLite":
        with tempfile.TemporaryDirectory() as folder:
            yield Store(name, migrated(f"sqlite:///{Path(folder) / 'bench.db'}"))
        return
    with postgres_server(durable=True) as server:
        yield Store(name, migrated(fresh_database(server.url)), server.pid)


def each(said: Iterable[str]) -> Iterator[Store]:
    """Those that there are here; what there is none of is told."""
    for name in said:
        try:
            with opened(name) as store:
                yield store
        except NoServerError as why:
            print(f"{name}: skipped: {why}", flush=True)


def pour(url: str, table: str, columns: str, rows: Iterable[Row]) -> None:
    """`columns`: names, between blanks. The rest of a row is as the table has it by itself."""
    names = columns.split()
    if url.startswith("sqlite"):
        store = sqlite3.connect(url.removeprefix("sqlite:///"))
        store.execute("PRAGMA synchronous=OFF")
        store.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", rows)
        store.commit()
        store.close()
        return
    into = f"COPY {table} ({', '.join(names)}) FROM STDIN"
    with psycopg.connect(plain(url)) as conn, conn.cursor().copy(into) as copy:
        for row in rows:
            copy.write_row(row)


def fill(url: str, tables: Mapping[str, tuple[str, Iterable[Row]]]) -> None:
    """Rows by table, each with the names of its columns. What the shop writes afterwards has higher ids."""
    for table, (columns, rows) in tables.items():
        pour(url, table, columns, rows)
    pour(url, "counters", "name next", [(kind, FREE) for kind in KINDS])
    if not url.startswith("sqlite"):
        with psycopg.connect(plain(url), autocommit=True) as conn:
            conn.execute("VACUUM ANALYZE")
