"""kill -9, over and over, at named places and anywhere else: nothing acknowledged is lost, nothing happens twice."""

import asyncio
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults import checker
from tests.faults.gateways import Nursery
from tests.faults.killloop import FAILPOINTS, kill_loop

ROUNDS = {"sqlite": 42, "postgres": 8}


async def test_kills_lose_nothing_and_double_nothing(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path, nursery: Nursery
) -> None:
    """The seed is new each time; a failure prints it, and `killloop --seed` has the run again."""
    kind = "sqlite" if database_url.startswith("sqlite") else "postgres"
    seed = random.SystemRandom().randrange(2**32)
    report, kills = await kill_loop(ROUNDS[kind], database_url, tmp_path, nursery, seed)
    assert not report.wrong, (seed, report.wrong)
    assert sum(kills.values()) == ROUNDS[kind]
    assert report.acknowledged > 2 * ROUNDS[kind]
    assert report.duplicates > 0, "no update was ever repeated: the loop proves nothing"
    if kind == "sqlite":
        assert len(kills.keys() & set(FAILPOINTS)) >= 5, kills
        assert report.repeats_marked > 0, kills


async def test_f10_asked_to_stop_under_load_it_ends_in_order_and_leaves_no_doubt(
    database_url: str, tmp_path: Path, nursery: Nursery
) -> None:
    """SIGTERM at any moment: exit code 0 within 20 s, nothing lost, and not one send whose fate is unknown."""
    seed = random.SystemRandom().randrange(2**32)
    report, _ = await kill_loop(5, database_url, tmp_path, nursery, seed, gently=True)
    assert not report.wrong, (seed, report.wrong)
    assert (report.repeats_seen, report.repeats_marked, report.unknown) == (0, 0, 0), (seed, report)


# -- would the checker see it? -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Path:
    """What a short loop left: the database and the provider's logs."""
    folder = tmp_path_factory.mktemp("aftermath")
    report, _ = asyncio.run(kill_loop(2, f"sqlite:///{folder / 'parley.db'}", folder, nursery, 7))
    assert not report.wrong
    return folder


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("DELETE FROM inbox WHERE external_id = (SELECT max(external_id) FROM inbox WHERE kind='message')", "acknowledged"),
        ("DELETE FROM entries WHERE id = (SELECT max(id) FROM entries WHERE author='customer')", "effect 0 times"),
        ("UPDATE entries SET text = (SELECT min(text) FROM entries WHERE author='customer') WHERE author='customer'", "effect"),
        ("UPDATE parts SET repeats = -1", "went out"),
        ("UPDATE parts SET state = 'queued'", "is queued"),
        ("DELETE FROM parts WHERE id = (SELECT max(id) FROM parts)", "nobody knows"),
        ("UPDATE entries SET id = 900000 - id WHERE author = 'customer'", "out of order"),
        ("UPDATE tallies SET n = n + 1 WHERE outcome = 'received'", "do not add up"),
        ("UPDATE inbox SET state = 'waiting' WHERE id = (SELECT max(id) FROM inbox)", "waiting"),
        ("UPDATE deals SET contact_id = (SELECT min(contact_id) FROM deals), slot = id", "several open deals"),
    ],
)  # fmt: skip
def test_the_checker_sees_harm(aftermath: Path, tmp_path: Path, harm: str, told: str) -> None:
    shutil.copytree(aftermath, tmp_path / "copy")
    database = tmp_path / "copy" / "parley.db"
    with closing(sqlite3.connect(database)) as conn, conn:
        conn.execute(harm)
    report = checker.check(f"sqlite:///{database}", tmp_path / "copy" / "sends.jsonl", tmp_path / "copy" / "acks.jsonl")
    assert any(told in one for one in report.wrong), report.wrong


def test_the_checker_sees_an_unmarked_repeat(aftermath: Path, tmp_path: Path) -> None:
    shutil.copytree(aftermath, tmp_path / "copy")
    sends = tmp_path / "copy" / "sends.jsonl"
    lines = sends.read_text().splitlines(keepends=True)
    sends.write_text("".join([*lines, lines[-1], lines[-1]]))
    report = checker.check(f"sqlite:///{tmp_path / 'copy' / 'parley.db'}", sends, tmp_path / "copy" / "acks.jsonl")
    assert any("went out" in one for one in report.wrong)
