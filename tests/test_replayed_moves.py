"""Runs that were brought over to another version, or given to a person by a publisher, are played again like the others."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bots.kit.compiler import read_script
from gateway.library import Order
from gateway.replays import Report, replay
from tests.publishing import FIRST, RENAMED, SECOND, SHORTER, Press, open_press


@pytest.fixture
async def press(database_url: str, tmp_path: Path) -> AsyncIterator[Press]:
    made = await open_press(database_url, tmp_path / "book")
    yield made
    await made.shop.db.close()


async def replayed(press: Press, source: str) -> Report:
    script, problems = read_script(source, "questions", press.shop.house.playbook.asks)
    assert script is not None, problems
    return await replay(press.shop.db, press.shop.house, "questions", script, 10, press.shop.clock.now())


async def until_parts(press: Press) -> None:
    await press.shop.write("Hello")
    await press.shop.later(minutes=1)
    await press.shop.write("A Lada")
    await press.shop.later(minutes=1)


async def to_the_end(press: Press) -> None:
    for text in ("Brakes", "Tver"):
        await press.shop.write(text)
        await press.shop.later(minutes=1)


@pytest.mark.parametrize("source", [RENAMED, SECOND])
async def test_a_run_that_was_brought_over_is_played_on_both_versions(press: Press, source: str):
    """One goes on unnoticed, the other is asked its question in the new words."""
    await until_parts(press)
    await press.publish(source, order=Order("map", {"parts": "spares" if source is RENAMED else "parts"}))
    await press.move()
    await to_the_end(press)
    assert (await press.shop.all("runs"))[0]["status"] == "handed_off"
    report = await replayed(press, source + "# a remark\n")
    assert (report.talks, report.same, dict(report.unplayable)) == (1, 1, {})
    report = await replayed(press, source.replace("Which town?", "Which city?"))
    (group,) = report.by_count()
    assert (group.step, group.often()[0].now[0].text) == ("town", "Which city?")


async def test_a_draft_without_the_step_that_a_run_came_to_gives_it_to_a_person(press: Press):
    await until_parts(press)
    await press.publish(RENAMED, order=Order("map"))
    await press.move()
    report = await replayed(press, SHORTER)
    (group,) = report.by_count()
    assert [line.speaker for line in group.often()[0].now] == ["bot", "handed off"]


async def test_a_run_that_a_publisher_gave_to_a_person_is_played_as_far_as_it_came(press: Press):
    await until_parts(press)
    await press.publish(SHORTER, order=Order("hand_off"))
    await press.move()
    assert (await press.shop.all("runs"))[0]["reason"] == "script_changed"
    report = await replayed(press, FIRST + "# a remark\n")
    assert (report.talks, report.same, dict(report.unplayable)) == (1, 1, {})
    assert (await replayed(press, FIRST.replace("Which parts?", "What parts?"))).different == 1
