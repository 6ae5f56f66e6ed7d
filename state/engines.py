"""Engines: how a kind of database is connected to. What was compiled for one engine serves all others of its kind.

To compile a statement costs SQLAlchemy more than to run it, and its own memory of that is an engine's: each of a
database's engines, and each of a thousand rehearsals' databases, would compile everything anew.
"""

from typing import Any, Final

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

_COMPILED: Final[LRUCache[Any, Any]] = LRUCache(1500)
_LONGEST_LOCK_MS: Final = 2_000
"""A process that stands still in mid-transaction keeps its locks: whoever needs them is told so, and nobody else waits."""


class _OneOfAKind:
    """Two of one kind, connected to servers of one version, write the same SQL: they are one key of the cache."""

    server_version_info: tuple[Any, ...] | None

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.server_version_info == other.server_version_info

    def __hash__(self) -> int:
        return hash(type(self))


class Sqlite(_OneOfAKind, SQLiteDialect_pysqlite):
    supports_statement_cache = True
    begin = "BEGIN"

    def do_begin(self, dbapi_connection: Any) -> None:
        """Here rather than in a listener: where an engine has one, each statement looks for listeners."""
        dbapi_connection.execute(self.begin)


class Postgres(_OneOfAKind, PGDialect_psycopg):
    supports_statement_cache = True


registry.register("sqlite.parley", __name__, Sqlite.__name__)
registry.register("postgresql.parley", __name__, Postgres.__name__)


def postgres(url: str) -> Engine:
    return create_engine(
        make_url(url).set(drivername="postgresql+parley"),
        pool_size=8,
        max_overflow=4,
        connect_args={"options": f"-c lock_timeout={_LONGEST_LOCK_MS}"},
        use_native_hstore=False,  # not looked for in each new pool: there is no column of it
        execution_options={"compiled_cache": _COMPILED},
    )


def sqlite(url: str, pragmas: tuple[str, ...], begin: str) -> Engine:
    """`begin` opens transactions; the driver's own way of doing so is off."""
    engine = create_engine(
        make_url(url).set(drivername="sqlite+parley"),
        connect_args={"check_same_thread": False},
        execution_options={"compiled_cache": _COMPILED},
    )

    dialect: Any = engine.dialect  # ours: `registry` has it for every address of this kind
    dialect.begin = begin

    @event.listens_for(engine, "connect")
    def _connected(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None
        for pragma in pragmas:
            dbapi.execute(pragma).close()

    return engine
