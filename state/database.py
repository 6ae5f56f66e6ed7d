"""The one way to the database: plain functions of a connection, each run whole in one transaction.

`write(job)` commits or leaves nothing; `read(job)` sees committed rows only. Whatever jobs wait go into the same commit,
so that under load one sync to disk serves them all (state/writers.py says where they run). If anything in such a group
fails, it is rolled back and every job runs by itself. So a job may run twice: it must not touch anything but its
connection and what it returns.
"""

import asyncio
import contextlib
import queue
import threading
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from state import engines
from state.ids import Ids
from state.lines import Job, Line, Unavailable
from state.writers import InThread, OnLoop, Task, Writer, alone

__all__ = ["Connection", "Database", "Job", "Unavailable"]

T = TypeVar("T")

_READERS = 2
_SQLITE_WRITE = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=2000",
    "PRAGMA secure_delete=ON",
    "PRAGMA cache_size=-32000",
    "PRAGMA temp_store=MEMORY",
)
_SQLITE_ON_LOOP = (*_SQLITE_WRITE, "PRAGMA busy_timeout=0")  # the loop waits for nobody
_SQLITE_FLEETING = ("PRAGMA synchronous=OFF", "PRAGMA secure_delete=OFF")
_SQLITE_READ = (
    "PRAGMA query_only=ON",
    "PRAGMA wal_autocheckpoint=0",
    "PRAGMA busy_timeout=2000",
    "PRAGMA cache_size=-8000",
)


class Database:
    """Opens nothing until first used. `url` is SQLAlchemy's; PostgreSQL is driven by psycopg."""

    def __init__(self, url: str, *, ids: Ids | None = None, lasting: bool = True) -> None:
        """`lasting=False`: a commit on SQLite does not wait for the disk. For rehearsals, whose data nobody will miss."""
        if url.startswith(("postgres://", "postgresql://")):
            url = "postgresql+psycopg://" + url.split("://", 1)[1]
        self.url = url
        self.sqlite = url.startswith("sqlite")
        self.ids = ids or Ids()
        if self.sqlite:
            fast = () if lasting else _SQLITE_FLEETING
            self._engine = engines.sqlite(url, (*_SQLITE_WRITE, *fast), "BEGIN IMMEDIATE")
            self._on_loop = engines.sqlite(url, (*_SQLITE_ON_LOOP, *fast), "BEGIN IMMEDIATE")
            self._reader = engines.sqlite(url, _SQLITE_READ, "BEGIN")
        else:
            self._engine = self._on_loop = self._reader = engines.postgres(url)
        self._writer: Writer | None = None
        self._reads: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._readers: list[threading.Thread] = []

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations and one-off commands before the workers start."""
        return self._engine

    def start(self) -> None:
        """Start the database threads: one that writes, two that read."""
        self._start()

    def _start(self) -> Writer:
        if self._writer is None:
            if self.sqlite:
                self._writer = OnLoop(self._on_loop, self._engine, self.ids)
            else:
                self._writer = InThread(self._engine, self.ids)
            for n in range(_READERS):
                thread = threading.Thread(target=self._read, name=f"parley-read-{n}", daemon=True)
                thread.start()
                self._readers.append(thread)
        return self._writer

    async def write(self, job: Job[T], name: str = "write", *, aside: bool = False) -> T:
        """Run `job` in one transaction and commit. `name` names its failpoints; `aside`: it is long, keep it from others."""
        return await self.hand_in(job, name, aside=aside)

    def hand_in(self, job: Job[T], name: str = "write", *, aside: bool = False) -> "asyncio.Future[T]":
        """The same, for a caller who has something to do between handing in and the commit."""
        task = _task(job, name, aside=aside)
        self._start().hand_in(task)
        return task.done

    async def read(self, job: Job[T]) -> T:
        self._start()
        task = _task(job)
        self._reads.put(task)
        answer: T = await task.done
        return answer

    def write_now(self, job: Job[T], name: str = "write") -> T:
        """The same from ordinary code (commands, tests): runs in the caller's thread."""
        line = Line(self._engine)
        try:
            return line.run(job, name, self.ids)
        finally:
            line.drop()

    def _read(self) -> None:
        line = Line(self._reader)
        while (task := self._reads.get()) is not None:
            alone(line, task, None)
        line.drop()

    async def close(self) -> None:
        """End the threads after the jobs already handed in; return unused ids."""
        if self._writer is not None:
            with contextlib.suppress(Exception):  # else they are a gap, and the stop goes on
                await self.write(self.ids.give_back)
            await asyncio.to_thread(self._writer.close)
            self._writer = None
        for _ in self._readers:
            self._reads.put(None)
        for thread in self._readers:
            await asyncio.to_thread(thread.join, 10)
        self._readers.clear()
        for engine in (self._engine, self._on_loop, self._reader):
            engine.dispose()


def _task(job: Job[Any], name: str = "", *, aside: bool = False) -> Task:
    loop = asyncio.get_running_loop()
    return Task(job, name, loop, loop.create_future(), aside)
