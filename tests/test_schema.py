"""A database made by the migrations is the database that the code is written for."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from state import schema
from state.audit_tables import metadata
from state.database import Database
from tests.servers import drop_database, fresh_database


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Two empty databases of one kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'a.db'}", f"sqlite:///{tmp_path / 'b.db'}"
        return
    base = request.getfixturevalue("postgres_server")
    made = [fresh_database(base) for _ in range(2)]
    yield made[0], made[1]
    for url in made:
        drop_database(url)


@pytest.fixture
def db(urls: tuple[str, str]) -> Iterator[Database]:
    database = Database(urls[0])
    yield database
    database.engine.dispose()


def _definitions(conn: Connection) -> set[str]:
    """Tables and indexes as the database itself spells them; columns in their order."""
    if conn.dialect.name == "sqlite":
        rows = conn.execute(text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%'"))
        return {" ".join(sql.split()) for sql in rows.scalars()}
    indexes = conn.execute(
        text("SELECT indexdef FROM pg_indexes WHERE indexname LIKE '%\\_%' AND schemaname = 'public'")
    )
    columns = conn.execute(
        text("""SELECT table_name || '.' || ordinal_position || ' ' || column_name || ' ' || data_type || ' ' || is_nullable
                || ' ' || coalesce(column_default, '') FROM information_schema.columns WHERE table_schema = 'public'""")
    )
    return {row for row in [*indexes.scalars(), *columns.scalars()] if "alembic" not in row}


def test_migrations_make_what_the_code_expects(db: Database, urls: tuple[str, str]) -> None:
    schema.upgrade(db)
    with db.engine.connect() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    other = Database(urls[1])
    with other.engine.begin() as conn:
        metadata.create_all(conn)
    with db.engine.connect() as migrated, other.engine.connect() as direct:
        assert _definitions(migrated) == _definitions(direct)
    other.engine.dispose()


def test_an_empty_database_is_behind_until_it_is_upgraded(db: Database) -> None:
    assert not schema.is_current(db)
    schema.upgrade(db)
    assert schema.is_current(db)
    schema.upgrade(db)
    assert schema.is_current(db)


def test_processes_that_start_together_migrate_once(db: Database) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        own = Database(db.url)
        try:
            schema.upgrade(own)
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)
        finally:
            own.engine.dispose()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert schema.is_current(db)


def test_a_migration_that_fails_leaves_nothing_behind(db: Database) -> None:
    with db.engine.begin() as conn:
        conn.execute(text("CREATE TABLE people (id INTEGER)"))
    with pytest.raises(Exception, match="people"):
        schema.upgrade(db)
    assert not schema.is_current(db)
    with db.engine.connect() as conn:
        assert inspect(conn).get_table_names() == ["people"]


def test_a_database_of_a_newer_version_is_refused(db: Database) -> None:
    schema.upgrade(db)
    with db.engine.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999_later'"))
    with pytest.raises(schema.Ahead, match="newer"):
        schema.upgrade(db)


def test_the_head_that_start_up_compares_with_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


def test_a_start_with_nothing_to_migrate_does_not_wake_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    first = Database(url)
    schema.upgrade(first)
    first.engine.dispose()
    program = f"import sys; from state import database, schema; schema.upgrade(database.Database({url!r})); print('alembic' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]
    )
    assert ran.stdout.strip() == "False"


def test_what_a_token_was_made_with_is_a_program_after_the_upgrade(db: Database) -> None:
    """Of an older version, which did not tell them apart: by who has ever had a way to sign in."""
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS).replace("%", "%%"))
    people = [(1, "Анна", 10), (2, "crm", 20), (3, "admin", 30), (4, "Ольга", 40), (5, "Борис", 50)]
    tokens = [(1, 1, "signin", "a", 10), (2, 2, "api", "b", 20), (3, 3, "mark", "settings", 30), (4, 4, "api", "c", 40), (5, 4, "session", "d", 41),
              (6, 5, "api", "e", 60)]  # fmt: skip
    with db.engine.begin() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, "0013_deeds")
        for number, name, at in people:
            row = {"i": number, "n": name, "at": at}
            conn.execute(
                text("INSERT INTO people (id, name, role, active, created_at) VALUES (:i, :n, 'manager', 1, :at)"), row
            )
        for number, person, kind, digest, at in tokens:
            row = {"i": number, "p": person, "k": kind, "d": digest, "at": at}
            conn.execute(
                text("INSERT INTO tokens (id, person_id, kind, digest, created_at) VALUES (:i, :p, :k, :d, :at)"), row
            )
    schema.upgrade(db)
    with db.engine.connect() as conn:
        found = conn.execute(text("SELECT id, program FROM people ORDER BY id")).all()
    assert [tuple(row) for row in found] == [(1, 0), (2, 1), (3, 1), (4, 0), (5, 0)]
