"""How long a chain of robots may be, and where one that never ends is stopped. On both databases."""

from collections.abc import AsyncIterator
from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from bots.kit.playbook import FILE, load_playbook
from bots.robots.reading import MOST_ROBOTS
from gateway.desk import Move
from gateway.robots import LONGEST_CHAIN
from tests.funnels.test_robots import NOON, SCHOOL, tasks, turns
from tests.shop import PaperChannel, Shop, open_shop

SOURCE = (Path(SCHOOL) / "playbook.yaml").read_text("utf-8")
ROUND = "round: {title: Круг, robots: {back: {do: [{move: trip}]}}}"
TRIP = "trip: {title: Ещё круг, robots: {forth: {do: [{move: round}]}}}"


def chained(n: int) -> str:
    """So many robots of one stage, each at once behind the one before."""
    robots = ["r1: {do: [{note: шаг 1}]}"]
    robots += [f"r{k}: {{after: previous, do: [{{note: шаг {k}}}]}}" for k in range(2, n + 1)]
    indent = "\n          "
    return SOURCE.replace(ROUND, f"round:\n        title: Круг\n        robots:{indent}{indent.join(robots)}")


def toggling() -> str:
    """Two stages, each of which writes what leads into the other; no robot moves anything itself."""
    text = SOURCE.replace(ROUND, 'round: {title: Круг, robots: {back: {do: [{set: {city: "туда"}}]}}}')
    text = text.replace(TRIP, 'trip: {title: Ещё круг, robots: {forth: {do: [{set: {city: "обратно"}}]}}}')
    there = "      there: {on: field city, from: [round], do: [{move: trip}]}\n"
    back = "      again: {on: field city, from: [trip], do: [{move: round}]}\n"
    return text.replace("    triggers:\n", f"    triggers:\n{there}{back}")


@pytest.fixture
async def opened(database_url: str, tmp_path: Path) -> AsyncIterator[object]:
    shops: list[Shop] = []

    def make(text: str) -> Shop:
        (tmp_path / "playbook.yaml").write_text(text, "utf-8")
        shops.append(
            open_shop(database_url, channels=[PaperChannel("chat")], playbook=str(tmp_path), at=NOON, always_open=False)
        )
        return shops[-1]

    yield make
    for one in shops:
        await one.db.close()


def test_a_stage_has_forty_robots_and_the_forty_first_is_refused_with_its_line():
    assert MOST_ROBOTS == 40
    playbook, problems = load_playbook("school", {FILE: chained(MOST_ROBOTS)})
    assert playbook is not None
    assert [one for one in problems if one.severity == "error"] == []
    assert len([one for one in playbook.board.of("leads", "round") if one.name.startswith("r")]) == MOST_ROBOTS
    text = chained(MOST_ROBOTS + 1)
    playbook, problems = load_playbook("school", {FILE: text})
    assert playbook is None
    (wrong,) = [one for one in problems if one.severity == "error"]
    assert (wrong.code, wrong.what, wrong.remedy) == ("too_many", "more than 40 robots", "Split the stage")
    assert text.splitlines()[wrong.line - 1].strip().startswith("r41:")


async def test_a_chain_of_forty_at_once_is_gone_through_whole_and_in_order(opened):
    shop: Shop = opened(chained(MOST_ROBOTS))
    await shop.write("Хочу учиться")
    await shop.ask(Move("round"))
    steps = [e["text"] for e in await shop.all("entries") if e["text"].startswith("шаг")]
    assert steps == [f"шаг {k}" for k in range(1, MOST_ROBOTS + 1)]
    assert {outcome for rule, outcome, _ in await turns(shop) if rule.startswith("r")} == {"fired"}
    assert not [text for text in await tasks(shop) if "по кругу" in text]


async def test_a_long_chain_goes_on_where_it_was_when_the_process_stops_in_between(
    opened, monkeypatch: pytest.MonkeyPatch
):
    shop: Shop = opened(chained(MOST_ROBOTS))
    await shop.write("Хочу учиться")
    with monkeypatch.context() as stopped:
        stopped.setattr(shop, "settle", AsyncMock())
        await shop.ask(Move("round"))
    gone = len([one for one in await turns(shop) if one[0].startswith("r")])
    assert 0 < gone < MOST_ROBOTS, "one turn does not do all of it"
    shop.turns = type(shop.turns)(shop.db, shop.house, shop.live, shop.clock)
    await shop.settle()
    fired = [rule for rule, _, _ in await turns(shop) if rule.startswith("r")]
    assert fired == [f"r{k}" for k in range(1, MOST_ROBOTS + 1)]


async def test_stages_that_lead_to_one_another_at_once_are_stopped_after_so_many(opened):
    shop: Shop = opened(SOURCE)
    await shop.write("Хочу учиться")
    await shop.ask(Move("round"))
    found = [outcome for rule, outcome, _ in await turns(shop) if rule in ("back", "forth")]
    assert found == ["fired"] * LONGEST_CHAIN + ["stopped"]
    assert len([text for text in await tasks(shop) if "по кругу" in text]) == 1


async def test_a_circle_that_goes_by_way_of_triggers_is_stopped_as_well(opened):
    shop: Shop = opened(toggling())
    await shop.write("Хочу учиться")
    await shop.ask(Move("round"))
    found = [outcome for rule, outcome, _ in await turns(shop) if rule in ("back", "forth")]
    assert found == ["fired"] * LONGEST_CHAIN + ["stopped"]
    assert len([text for text in await tasks(shop) if "по кругу" in text]) == 1
