"""Each question to the data of a simulated shop is answered where it is broken, and by itself: the shop was clean before."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gateway.simulation.invariants import dirt
from gateway.simulation.month import Plan, simulate
from state import invariants
from state.database import Database

HARMS = {
    "an event that waits": (
        invariants.unbalanced,
        "UPDATE inbox SET state = 'waiting' WHERE id = (SELECT min(id) FROM inbox)",
        "1 events wait",
    ),
    "an event that came to nothing": (
        invariants.unbalanced,
        "UPDATE tallies SET n = n + 1 WHERE outcome = 'received'",
        "tallies do not add up",
    ),
    "two deals in one slot": (
        invariants.twice_open,
        "DROP INDEX uq_deals_open; UPDATE deals SET slot = 'retail', closed_at = NULL, contact_id = 1",
        "open deals in retail",
    ),
    "a task without a result": (
        invariants.done_without_result,
        "UPDATE tasks SET result = '' WHERE state = 'done'",
        "done without a result",
    ),
    "a timer of a stage that was left": (
        invariants.stale_timers,
        "UPDATE deals SET stage_at = stage_at + 1",
        "of a stage that was left",
    ),
    "a timer of a run that has ended": (
        invariants.stale_timers,
        "UPDATE runs SET status = 'stopped' WHERE id IN (SELECT run_id FROM timers)",
        "of a run that is stopped",
    ),
    "a timer of no deal": (invariants.stale_timers, "UPDATE timers SET deal_id = 999999", "is of no deal"),
    "a bot that speaks over a person": (
        invariants.spoken_over,
        "UPDATE parts SET author = 'bot', claimed_at = 9000000000000",
        "was taken over",
    ),
    "a robot out of its stage": (invariants.strange_firings, "UPDATE firings SET stage = 'nowhere'", "was in nowhere"),
    "a line of another contact's": (
        invariants.mislaid,
        "UPDATE entries SET contact_id = contact_id + 1 WHERE id = (SELECT max(id) FROM entries)",
        "entries",
    ),
    "a task of another contact's": (
        invariants.mislaid,
        "UPDATE tasks SET contact_id = contact_id + 1 WHERE deal_id <> 0",
        "tasks",
    ),
    "a run of another contact's": (invariants.mislaid, "UPDATE runs SET contact_id = contact_id + 1", "runs"),
    "a timer of another contact's": (invariants.mislaid, "UPDATE timers SET contact_id = contact_id + 1000", "timers"),
    "a word at another contact's address": (
        invariants.mislaid,
        "UPDATE identities SET contact_id = contact_id + 1",
        "was said at another contact's address",
    ),
    "a way to another contact": (
        invariants.mislaid,
        "UPDATE deals SET route_id = (SELECT max(id) FROM identities) WHERE id = (SELECT min(id) FROM deals WHERE closed_at IS NULL)",
        "is answered at another contact's address",
    ),
    "a deal that is joined to none": (
        invariants.joined_to_nothing,
        "UPDATE deals SET reason = 'joined' WHERE closed_at IS NOT NULL",
        "is joined to none",
    ),
    "a task in a deal that is another's part": (
        invariants.joined_to_nothing,
        "UPDATE deals SET reason = 'joined'",
        "is part of another",
    ),
    "a deal that is lost": (
        None,
        "DELETE FROM timers; DELETE FROM tasks; UPDATE deals SET waiting_since = NULL; UPDATE runs SET status = 'stopped'",
        "nothing holds on to it",
    ),
}


@pytest.fixture(scope="module")
def played(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = Path(shutil.copy(migrated_file, tmp_path_factory.mktemp("dirt") / "played.db"))

    async def play() -> None:
        world = await simulate(Plan("school", days=2, customers=16), f"sqlite:///{file}")
        await world.rehearsal.close()

    asyncio.run(play())
    return file


@pytest.fixture
def shop(played: Path, tmp_path: Path) -> Iterator[Database]:
    db = Database(f"sqlite:///{shutil.copy(played, tmp_path / 'shop.db')}", lasting=False)
    yield db
    db.engine.dispose()


@pytest.mark.parametrize("harm", HARMS)
def test_what_is_broken_is_noticed(harm: str, shop: Database):
    question, deeds, told = HARMS[harm]
    assert shop.write_now(dirt) == []
    for deed in deeds.split("; "):
        shop.write_now(lambda c, deed=deed: c.execute(text(deed)))
    asked: Callable[[Any], Any] = question or dirt
    assert [one for one in shop.write_now(lambda c: list(asked(c))) if told in one]
    assert any(told in one for one in shop.write_now(dirt))


def test_every_question_is_asked_and_broken():
    asked = {
        one
        for name, one in vars(invariants).items()
        if getattr(one, "__module__", "") == "state.invariants" and callable(one) and not name.startswith("_")
    }
    assert asked == set(invariants.BREACHES)
    assert asked == {question for question, _, _ in HARMS.values()} - {None}
