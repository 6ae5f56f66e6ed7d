"""A database connection and what is done on it: one job in one transaction, tried again where that can help."""

import contextlib
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from state import failpoint
from state.ids import BlockUsedUp, Ids

T = TypeVar("T")
Job = Callable[[Connection], T]

_RETRIES = 5
_TRANSIENT = ("40001", "40P01", "57P01", "57P02", "57P03", "08000", "08003", "08006")


class Unavailable(Exception):
    """The database cannot be written now (locked, full, read-only, gone). Nothing was stored; ask again."""


class Line:
    """One connection: opened when needed, dropped when it has failed, never left to the collector."""

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
            with contextlib.suppress(Exception):  # it has failed before: nothing is left to be done about it
                conn.close()

    def run(self, job: Job[T], name: str = "", ids: Ids | None = None) -> T:
        """One job, one transaction; transient failures of the server are retried whole."""
        for attempt in range(_RETRIES):
            try:
                conn = self.open()
                if ids is not None:
                    reserve(conn, ids)
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
                self.drop()
                if not _transient(error) or attempt == _RETRIES - 1:
                    raise (Unavailable(str(error.orig)) if isinstance(error, OperationalError) else error) from error
            else:
                return answer
        raise Unavailable("gave up")  # pragma: no cover - the loop above raises


def reserve(conn: Connection, ids: Ids) -> None:
    """New ids, in a commit of their own, before any job needs them."""
    if low := ids.low():
        with conn.begin():
            granted = ids.reserve(conn, low)
        ids.grant(granted)


def locked(error: BaseException) -> bool:
    """Somebody else is writing to this SQLite file."""
    return isinstance(error, OperationalError) and "locked" in str(error.orig)


def _transient(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or state in _TRANSIENT
