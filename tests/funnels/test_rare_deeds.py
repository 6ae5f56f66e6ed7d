"""What robots do seldom: a bot is stopped, the responsible hears of something, another program is told; on both databases."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.desk import Edit, Take
from tests.shop import BORIS, PaperChannel, Shop, open_shop

SHIPPED = Path(__file__).parents[2] / "playbooks/autoparts"
TRIGGERS = """    triggers:
      hush: {on: tag тихо, do: [{stop: bot}]}
      news: {on: tag новость, do: [{tell responsible: "Клиент просит ускорить"}]}
      crm: {on: tag crm, do: [{webhook: crm}]}
"""
ENDPOINTS = """
endpoints:
  crm: {url: "https://crm.example.com/deal", send: [name, phone, stage, city, budget]}
"""


@pytest.fixture
async def shop(database_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "shop"))
    book = folder / "playbook.yaml"
    text = book.read_text(encoding="utf-8").replace("    triggers:\n", TRIGGERS, 1) + ENDPOINTS
    book.write_text(text, encoding="utf-8")
    channels = [PaperChannel("telegram", "100"), PaperChannel("endpoint", "crm")]
    made = open_shop(database_url, channels=channels, playbook=str(folder))
    yield made
    await made.db.close()


async def test_a_bot_that_a_robot_stops_says_nothing_more(shop: Shop):
    await shop.write("Здравствуйте")
    assert [run["status"] for run in await shop.all("runs")] == ["running"]
    said = len(shop.paper.texts())
    await shop.ask(Edit(tags=("тихо",)))
    (run,) = await shop.all("runs")
    assert run["status"] == "stopped"
    assert (await shop.deal())["owner"] != "bot"
    await shop.later(hours=12)
    assert len(shop.paper.texts()) == said


async def test_the_responsible_hears_what_a_robot_has_to_tell_them(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.ask(Take(), who=BORIS)
    await shop.ask(Edit(tags=("новость",)), who=BORIS)
    told = [task for task in await shop.all("tasks") if task["text"] == "Клиент просит ускорить"]
    assert [(task["kind"], task["responsible_id"], task["created_by"]) for task in told] == [
        ("notice", BORIS.id, "robot")
    ]


async def test_another_program_is_told_once_what_it_wants_to_know_and_nothing_else(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.ask(Edit(fields={"city": "Тверь"}, tags=("crm",)))
    (asked,) = shop.channels["endpoint:crm"].sent
    deal = await shop.deal()
    assert asked.kind == "call"
    assert dict(asked.variables) == {
        "name": "Клиент 1",
        "phone": "",
        "stage": deal["stage"],
        "city": "Тверь",
        "budget": None,
    }
    await shop.later(hours=12)
    assert len(shop.channels["endpoint:crm"].sent) == 1
    assert [task for task in await shop.all("tasks") if task["kind"] == "check_robots"] == []
