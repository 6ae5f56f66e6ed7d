"""Databases for tests: the same tests run on SQLite and on a real PostgreSQL; a machine without one says so."""

import gc
import logging
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from gateway import logs
from gateway.channels import telegram_aside
from tests import servers
from tests.asides import quick_asides
from tests.databases import Shelf, sqlite_template
from tests.shop import Shop, open_shop

# A busy machine is no fault of a test's.
settings.register_profile("busy", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("busy")


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """What is loaded for all tests stays until the end: the collector need not walk it after every few of them."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    logs.set_up("warning", ())


@pytest.fixture(autouse=True)
def _usual_logs() -> Iterator[None]:
    """Commands that run within a test set up their own logs: what comes after them finds the usual ones."""
    yield
    if logging.getLogger().level != logging.WARNING:
        logs.set_up("warning", ())


@pytest.fixture(scope="session")
def loaded_aiogram() -> Iterator[tuple[str, ...]]:
    with quick_asides() as program:
        yield program


@pytest.fixture
def aiogram_at_hand(loaded_aiogram: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Telegram's set-up answers at once and not after the seconds that aiogram takes to load."""
    monkeypatch.setattr(telegram_aside, "PROGRAM", loaded_aiogram)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    try:
        with servers.postgres() as base:
            yield base
    except servers.NoServerError as why:
        pytest.skip(str(why))


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[str]:
    try:
        with servers.valkey() as url:
            yield url
    except servers.NoServerError as why:
        pytest.skip(str(why))


@pytest.fixture(scope="session")
def shelf(postgres_server: str) -> Iterator[Shelf]:
    """PostgreSQL databases, with their tables."""
    made = Shelf(postgres_server)
    yield made
    made.close()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with its tables, to copy."""
    return sqlite_template(tmp_path_factory.mktemp("migrated"))


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind, with its tables and no row; "new sqlite" and "new postgres" are without tables."""
    file = tmp_path / "parley.db"
    match request.param:
        case "sqlite":
            shutil.copy(request.getfixturevalue("migrated_file"), file)
            yield f"sqlite:///{file}"
        case "new sqlite":
            yield f"sqlite:///{file}"
        case "postgres":
            with request.getfixturevalue("shelf").lent() as url:
                yield url
        case _:
            url = servers.fresh_database(request.getfixturevalue("postgres_server"))
            yield url
            servers.drop_database(url)


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    """A gateway on paper over both databases."""
    made = open_shop(database_url)
    yield made
    await made.db.close()
