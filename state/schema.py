"""The schema brought up to date, and whether it is. Start-up asks one plain question; Alembic wakes only when behind.

Migrations are packaged beside this module and run in one transaction: all of them or nothing.
"""

import time
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError, OperationalError

from state.database import Database, Unavailable

HEAD: Final = "0016_pool"
"""The newest migration. A test compares it with the folder."""

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_PATIENCE_S: Final = 5.0
"""How long others who start on the same file are waited for."""
_LOCK: Final = 0x7061726C
"""PostgreSQL's advisory lock that processes starting together queue on."""


class Ahead(Exception):
    """The database was migrated by a newer version of the program: this one must not write to it."""


def is_current(db: Database) -> bool:
    """Whether the database is at this version's schema. Raises what the driver raises where it is out of reach."""
    with db.engine.connect() as conn:
        return is_head(conn)


def is_head(conn: Connection) -> bool:
    """The same as a job for `db.read`: what a readiness probe asks."""
    return version(conn) == HEAD


def upgrade(db: Database) -> None:
    """Create or upgrade the schema; nothing to do costs one query.

    Raises `Ahead` for a newer database, `Unavailable` for one that cannot be reached or opened.
    """
    patience = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return _upgrade(db)
        except (OperationalError, Unavailable) as error:
            # A new file is made fit for several readers by whoever opens it first: who comes meanwhile is refused at once.
            if not (db.sqlite and "locked" in str(error)) or time.monotonic() > patience:
                raise
        time.sleep(0.05)


def _upgrade(db: Database) -> None:
    try:
        if is_current(db):
            return
    except OperationalError as error:
        raise Unavailable(" ".join(str(error.orig).split())) from error
    from alembic import command  # noqa: PLC0415 - not paid for by a start that has nothing to migrate
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with db.engine.begin() as conn:
        if not db.sqlite:
            conn.execute(text("SET LOCAL lock_timeout = 0"))  # another's migration is waited for
            conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        at = version(conn)
        if at is not None and at not in known:
            raise Ahead(f"the database's schema is {at}, newer than this program knows ({HEAD}): upgrade Parley")
        config.attributes["connection"] = conn
        command.upgrade(config, "head")


def version(conn: Connection) -> str | None:
    """The stored version; None for a database that was never migrated."""
    try:
        with conn.begin_nested():
            return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except DBAPIError:
        if inspect(conn).has_table("alembic_version"):
            raise
        return None
