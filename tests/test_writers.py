"""Writing: whatever waits shares a commit, failures stay with whoever caused them, and the event loop waits for no lock."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from state import tables
from state.database import Database, Unavailable


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


def _put(name: str, value: int = 1) -> object:
    def job(conn: Connection) -> str:
        conn.execute(text("INSERT INTO cursors (key, value) VALUES (:k, :v)"), {"k": name, "v": value})
        return name

    return job


async def _names(db: Database) -> list[str]:
    return await db.read(lambda c: sorted(c.execute(text("SELECT key FROM cursors")).scalars()))


async def test_one_that_fails_harms_none_of_those_it_shares_a_commit_with(db: Database) -> None:
    def bad(_conn: Connection) -> None:
        raise ValueError("mine alone")

    answers = await asyncio.gather(
        db.write(_put("a")), db.write(bad), db.write(_put("b")), db.write(_put("a")), return_exceptions=True
    )
    assert answers[0] == "a"
    assert isinstance(answers[1], ValueError)
    assert answers[2] == "b"
    assert isinstance(answers[3], Exception)  # the key is taken
    assert await _names(db) == ["a", "b"]


async def test_what_is_handed_in_together_sees_what_went_before_it(db: Database) -> None:
    first = db.hand_in(_put("a"))
    second = db.hand_in(lambda c: c.execute(text("SELECT count(*) FROM cursors")).scalar())
    assert await second == 1
    assert await first == "a"


async def test_a_long_job_runs_between_the_others_in_its_turn(db: Database) -> None:
    here: list[int] = []

    def long(conn: Connection) -> int:
        here.append(threading.get_ident())
        return int(conn.execute(text("SELECT count(*) FROM cursors")).scalar_one())

    jobs = [db.write(_put("a")), db.write(long, aside=True), db.write(_put("b"))]
    assert [await job for job in [asyncio.ensure_future(j) for j in jobs]] == ["a", 1, "b"]
    assert here != [threading.get_ident()]


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "locked.db")


async def test_somebody_elses_lock_is_waited_for_beside_the_event_loop(file: str) -> None:
    db = Database(f"sqlite:///{file}")
    tables.metadata.create_all(db.engine)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.ensure_future(db.write(_put("a")))
    longest, until = 0.0, time.monotonic() + 0.5
    while time.monotonic() < until:
        began = time.monotonic()
        await asyncio.sleep(0.005)
        longest = max(longest, time.monotonic() - began)
    other.execute("COMMIT")
    assert await writing == "a"
    assert longest < 0.4, "the loop stood still while it waited for the lock"
    assert await _names(db) == ["a"]
    other.close()
    await db.close()


async def test_a_lock_that_stays_is_unavailable_for_all_that_wait_and_nothing_is_kept(file: str) -> None:
    db = Database(f"sqlite:///{file}")
    tables.metadata.create_all(db.engine)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answers = await asyncio.gather(db.write(_put("a")), db.write(_put("b")), return_exceptions=True)
    other.execute("COMMIT")
    assert [type(answer) for answer in answers] == [Unavailable, Unavailable]
    assert await db.write(_put("c")) == "c"
    assert await _names(db) == ["c"]
    other.close()
    await db.close()


def test_a_database_outlives_the_loop_it_was_first_used_in(file: str) -> None:
    db = Database(f"sqlite:///{file}")
    tables.metadata.create_all(db.engine)

    async def leave_something_behind() -> None:
        db.hand_in(_put("a"))

    asyncio.run(leave_something_behind())
    assert asyncio.run(db.write(_put("b"))) == "b"

    async def end() -> list[str]:
        names = await _names(db)
        await db.close()
        return names

    assert asyncio.run(end()) == ["a", "b"]
