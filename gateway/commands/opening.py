"""How the small commands reach the data: settings, folder, database, schema; and a plain line where it cannot be."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click

from gateway.settings import DataSettings, Settings, SettingsError, load_data_settings, load_settings
from state import schema
from state.database import Database, Job, Unavailable

T = TypeVar("T")


def settings_or_exit() -> Settings:
    """All of them, as the server has them."""
    try:
        return load_settings()
    except SettingsError as wrong:
        raise click.ClickException(str(wrong)) from None


def data_settings_or_exit() -> DataSettings:
    try:
        return load_data_settings()
    except SettingsError as wrong:
        raise click.ClickException(str(wrong)) from None


@contextmanager
def open_database(*, upgrade: bool = True) -> Iterator[tuple[DataSettings, Database]]:
    """The shop's database, its schema up to date. A server may be running on it at the same time.

    Only the settings of the data are read: whoever adds a person need not know the server's secrets.
    """
    settings = data_settings_or_exit()
    url = settings.database
    db = Database(url)
    try:
        if db.sqlite:
            Path(url.removeprefix("sqlite:///")).absolute().parent.mkdir(parents=True, exist_ok=True)
        if upgrade:
            schema.upgrade(db)
        yield settings, db
    except BrokenPipeError:
        raise  # whoever read our output has had enough: no error of the data's
    except (Unavailable, OSError, schema.Ahead) as error:
        raise click.ClickException(f"the database cannot be used: {error}") from error
    finally:
        db.engine.dispose()


def write(db: Database, job: Job[T]) -> T:
    """One transaction of a command that makes rows; ids that it reserved and did not use are given back."""
    try:
        return db.write_now(job, "people")
    finally:
        db.write_now(db.ids.give_back)


def base_url(settings: DataSettings) -> str:
    """Where people reach the console."""
    return settings.public_url or "http://127.0.0.1:8080"


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """What goes wrong with a file that somebody has named is told in a line."""
    try:
        yield
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror or error}") from None


def must_be_writable(file: Path) -> None:
    """Before hours of work whose end would be a file that cannot be made."""
    with writing(file):
        there = file.exists()
        file.open("ab").close()
        if not there:
            file.unlink()
