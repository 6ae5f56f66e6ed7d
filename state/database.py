"""The one way to the database: plain functions of a connection, each run whole in one transaction in a database thread.

`write(job)` commits or leaves nothing; `read(job)` sees committed rows only. One thread writes: whatever jobs are
waiting when it is about to commit go into the same commit, in the order they were handed in, so that under load one
sync to disk serves them all. If anything in such a group fails, it is rolled back and every job runs by itself. So a
job may run twice: it must not touch anything but its connection and what it returns.
"""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError

from state import failpoint
from state.ids import BlockUsedUp, Ids

__all__ = ["Connection", "Database", "Job", "Unavailable"]

T = TypeVar("T")
Job = Callable[[Connection], T]

_RETRIES = 5
_READERS = 2
_MOST_TOGETHER = 16
_TRANSIENT = ("40001", "40P01", "57P01", "57P02", "57P03", "08000", "08003", "08006")
_SQLITE_WRITE = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=2000",
    "PRAGMA secure_delete=ON",
    "PRAGMA cache_size=-32000",
    "PRAGMA temp_store=MEMORY",
)
_SQLITE_READ = (
    "PRAGMA query_only=ON",
    "PRAGMA wal_autocheckpoint=0",
    "PRAGMA busy_timeout=2000",
    "PRAGMA cache_size=-8000",
)


class Unavailable(Exception):
    """The database cannot be written now (locked, full, read-only, gone). Nothing was stored; ask again."""


class Database:
    """Opens nothing until first used. `url` is SQLAlchemy's; PostgreSQL is driven by psycopg."""

    def __init__(self, url: str, *, ids: Ids | None = None) -> None:
        if url.startswith(("postgres://", "postgresql://")):
            url = "postgresql+psycopg://" + url.split("://", 1)[1]
        self.url = url
        self.sqlite = url.startswith("sqlite")
        self.ids = ids or Ids()
        self._jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._reads: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._writer = _engine(url, _SQLITE_WRITE, "BEGIN IMMEDIATE")
        self._reader = _engine(url, _SQLITE_READ, "BEGIN")

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations and one-off commands before the workers start."""
        return self._writer

    def start(self) -> None:
        """Start the database threads: one that writes, two that read."""
        if self._threads:
            return
        self._spawn(self._write, self._jobs, self._writer, "write")
        for n in range(_READERS):
            self._spawn(self._read, self._reads, self._reader, f"read-{n}")

    def _spawn(self, target: Callable[..., None], jobs: Any, engine: Engine, name: str) -> None:
        thread = threading.Thread(target=target, args=(jobs, engine), name=f"parley-{name}", daemon=True)
        thread.start()
        self._threads.append(thread)

    async def write(self, job: Job[T], name: str = "write") -> T:
        """Run `job` in one transaction and commit. `name` names its failpoints."""
        return await self.hand_in(job, name)

    def hand_in(self, job: Job[T], name: str = "write") -> "asyncio.Future[T]":
        """The same, for a caller who has something to do between handing in and the commit."""
        return self._hand(self._jobs, job, name)

    async def read(self, job: Job[T]) -> T:
        return await self._hand(self._reads, job, "")

    def _hand(self, jobs: Any, job: Job[T], name: str) -> "asyncio.Future[T]":
        self.start()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        jobs.put((job, name, loop, done))
        return done

    def write_now(self, job: Job[T], name: str = "write") -> T:
        """The same from ordinary code (commands, tests): runs in the caller's thread."""
        line = _Line(self._writer)
        try:
            return _run(line, job, name, self.ids)
        finally:
            line.drop()

    def _write(self, jobs: Any, engine: Engine) -> None:
        line = _Line(engine)
        while (item := jobs.get()) is not None:
            group = [item]
            try:
                answers = self._together(line, group)
            except BaseException as error:  # noqa: BLE001 - each is told its own failure below
                for each in group:
                    # Somebody else holds the lock: to wait for it once more would only keep the provider waiting.
                    _give_up(line, each, error) if _locked(error) else _alone(line, each, self.ids)
            else:
                _tell_all(group, answers)
        line.drop()

    def _together(self, line: "_Line", group: list[Any]) -> list[Any]:
        """The jobs of `group`, and those that come in while they run, in one commit."""
        conn = line.open()
        _reserve(conn, self.ids)
        answers: list[Any] = []
        with conn.begin():
            while len(answers) < len(group):
                answers.append(group[len(answers)][0](conn))
                while len(answers) == len(group) < _MOST_TOGETHER and not self._jobs.empty():
                    if (more := self._jobs.get()) is None:
                        self._jobs.put(None)
                        break
                    group.append(more)
            for _, name, _, _ in group:
                failpoint.hit(name + ".before_commit")
        for _, name, _, _ in group:
            failpoint.hit(name + ".after_commit")
        return answers

    def _read(self, jobs: Any, engine: Engine) -> None:
        line = _Line(engine)
        while (item := jobs.get()) is not None:
            _alone(line, item, None)
        line.drop()

    async def close(self) -> None:
        """End the threads after the jobs already handed in; return unused ids."""
        if self._threads:
            with contextlib.suppress(Exception):  # else they are a gap, and the stop goes on
                await self.write(self.ids.give_back)
        self._jobs.put(None)
        for _ in range(_READERS):
            self._reads.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join, 10)
        self._threads.clear()
        self._writer.dispose()
        self._reader.dispose()


def _tell(loop: asyncio.AbstractEventLoop, done: "asyncio.Future[Any]", value: Any, *, failed: bool) -> None:
    def settle() -> None:
        if not done.done():
            done.set_exception(value) if failed else done.set_result(value)

    try:
        loop.call_soon_threadsafe(settle)
    except RuntimeError:  # the loop is gone: nobody is left to hear it
        return


def _tell_all(group: list[Any], answers: list[Any]) -> None:
    """One crossing to the loop for all of a commit's jobs; they nearly always come from one loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Any, Any]]] = {}
    for (_, _, loop, done), answer in zip(group, answers, strict=True):
        by_loop.setdefault(loop, []).append((done, answer))
    for loop, told in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop is gone: nobody is left to hear it
            loop.call_soon_threadsafe(_settle, told)


def _settle(told: list[tuple[Any, Any]]) -> None:
    for done, answer in told:
        if not done.done():
            done.set_result(answer)


class _Line:
    """A thread's one connection: opened when needed, dropped when it has failed, never left to the collector."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._conn: Connection | None = None

    def open(self) -> Connection:
        if self._conn is None or self._conn.closed or self._conn.invalidated:
            self.drop()
            self._conn = self._engine.connect()
        return self._conn

    def drop(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            conn.close()


def _alone(line: _Line, item: Any, ids: Ids | None) -> None:
    job, name, loop, done = item
    try:
        answer = _run(line, job, name, ids)
    except BaseException as error:  # noqa: BLE001 - handed to whoever asked
        _tell(loop, done, error, failed=True)
    else:
        _tell(loop, done, answer, failed=False)


def _locked(error: BaseException) -> bool:
    return isinstance(error, OperationalError) and "locked" in str(error.orig)


def _give_up(line: _Line, item: Any, error: BaseException) -> None:
    line.drop()
    _tell(item[2], item[3], Unavailable(str(error)), failed=True)


def _run(line: _Line, job: Job[T], name: str, ids: Ids | None) -> T:
    """One job, one transaction; transient failures of the server are retried whole."""
    for attempt in range(_RETRIES):
        try:
            conn = line.open()
            if ids is not None:
                _reserve(conn, ids)
            with conn.begin():
                answer = job(conn)
                if name:
                    failpoint.hit(name + ".before_commit")
            if name:
                failpoint.hit(name + ".after_commit")
        except BlockUsedUp:
            if attempt == _RETRIES - 1:
                raise
        except DBAPIError as error:
            line.drop()
            if not _transient(error) or attempt == _RETRIES - 1:
                raise (Unavailable(str(error.orig)) if isinstance(error, OperationalError) else error) from error
        else:
            return answer
    raise Unavailable("gave up")  # pragma: no cover - the loop above raises


def _reserve(conn: Connection, ids: Ids) -> None:
    """New ids, in a commit of their own, before any job needs them."""
    if low := ids.low():
        with conn.begin():
            granted = ids.reserve(conn, low)
        ids.grant(granted)


def _transient(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or state in _TRANSIENT


def _engine(url: str, pragmas: tuple[str, ...], begin: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=8, max_overflow=4, pool_pre_ping=False)
    engine = create_engine(url, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _connected(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None
        for pragma in pragmas:
            dbapi.execute(pragma).close()

    @event.listens_for(engine, "begin")
    def _begun(conn: Connection) -> None:
        conn.exec_driver_sql(begin)

    return engine
