"""Ids: small rising integers, reserved in blocks so that the hot path never asks the database for one.

A block is reserved in a commit of its own before it is used; a crash leaves a gap, never a repeat. Where several
processes share a database, `keep_rising` sees to it that later rows have higher ids whichever process writes them.
"""

import threading
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects.postgresql import Insert as PgInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

from state.tables import counters

_BLOCK: Final = {"inbox": 50_000, "entry": 50_000, "part": 50_000, "run": 2_000}
_SMALL: Final = 1_000
KINDS: Final = (
    "inbox",
    "entry",
    "part",
    "run",
    "deal",
    "contact",
    "identity",
    "task",
    "person",
    "token",
    "firing",
    "merge",
    "duplicate",
    "audit",
    "finding",
    "company",
)

_COUNTERS: Final = select(counters.c.name, counters.c.next).where(
    counters.c.name.in_(bindparam("names", expanding=True))
)


def _moving_on(insert: type[Any]) -> Any:
    """`next` goes in as if it were the first block, and the counter moves by as much."""
    row = insert(counters)
    row = row.on_conflict_do_update(index_elements=["name"], set_={"next": counters.c.next + row.excluded.next - 1})
    return row.returning(counters.c.next)


_RESERVE: Final = {"sqlite": _moving_on(SqliteInsert), "postgresql": _moving_on(PgInsert)}
"""Made once: whoever opens a database needs it for every kind."""
_GIVE_BACK: Final = (
    update(counters)
    .where(counters.c.name == bindparam("kind"), counters.c.next == bindparam("end"))
    .values(next=bindparam("next_"))
)


class BlockUsedUp(Exception):
    """A block ran out inside one batch: the batch is run again after another is reserved."""


class Ids:
    def __init__(self) -> None:
        self._next: dict[str, int] = dict.fromkeys(KINDS, 0)
        self._end: dict[str, int] = dict.fromkeys(KINDS, 0)
        self._lock = threading.Lock()

    def take(self, kind: str) -> int:
        """One new id. `BlockUsedUp` when the block ran out inside a batch."""
        with self._lock:
            value = self._next[kind]
            if value >= self._end[kind]:
                raise BlockUsedUp(kind)
            self._next[kind] = value + 1
            return value

    def low(self) -> list[str]:
        """Kinds whose block is more than half used."""
        return [kind for kind in KINDS if self._end[kind] - self._next[kind] < _BLOCK.get(kind, _SMALL) // 2]

    def reserve(self, conn: Connection, kinds: list[str]) -> dict[str, int]:
        """Move each kind's counter past a new block; the answer goes to `grant` once this commit is durable."""
        statement = _RESERVE[conn.dialect.name]
        granted = {}
        for kind in sorted(kinds):
            found = conn.execute(statement, {"name": kind, "next": 1 + _BLOCK.get(kind, _SMALL)})
            granted[kind] = int(found.scalar_one())
        return granted

    def grant(self, granted: dict[str, int]) -> None:
        with self._lock:
            for kind, end in granted.items():
                start = end - _BLOCK.get(kind, _SMALL)
                if self._end[kind] != start:  # another process reserved in between: leave the rest of ours unused
                    self._next[kind] = start
                self._end[kind] = end

    def keep_rising(self, conn: Connection, *kinds: str) -> None:
        """What is taken from here on is above whatever any process has taken before: ids tell the order.

        To be called where `conn` already holds what the rows belong to (a lane), or before anyone hears that they are
        kept. SQLite has one process and needs none of it.
        """
        if conn.dialect.name == "sqlite":
            return
        reached: dict[str, int] = dict(conn.execute(_COUNTERS, {"names": kinds}).all())
        if behind := [kind for kind in kinds if reached.get(kind) != self._end[kind]]:
            with conn.engine.begin() as aside:
                # Durable no later than the commit that uses the ids: it comes behind this one in the same log.
                aside.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")
                granted = self.reserve(aside, behind)
            self.grant(granted)

    def give_back(self, conn: Connection) -> None:
        """On a graceful stop: return what was not used, where nobody else has reserved since."""
        back = [{"kind": k, "end": self._end[k], "next_": self._next[k]} for k in KINDS if self._end[k]]
        if back:
            conn.execute(_GIVE_BACK, back)
        self._end = dict.fromkeys(KINDS, 0)
        self._next = dict.fromkeys(KINDS, 0)
