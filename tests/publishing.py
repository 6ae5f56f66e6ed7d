"""A shop whose one script is published anew while customers stand in it."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

from gateway.library import Publisher, Report, open_library
from gateway.mover import Mover
from state import people, scripts
from state.records import Person
from state.scripts import Live
from tests.shop import Shop, open_shop

FIRST = """\
# The first version.  It has a remark, and it must survive.
script: Questions
language: ru
patience: 10h
close: silence
gather: 0s

fields: {car: Car, parts: Parts, town: Town}

steps:
  car:
    ask: Which car?
    answer:
      text: {save: car, then: parts}
  parts:
    ask: Which parts?
    answer:
      text: {save: parts, then: town}
  town:
    ask: Which town?
    answer:
      text: {save: town, then: done}
  done:
    say: "Thank you: {car}, {parts}, {town}."
    hand_off: {task: Call back}
"""
SECOND = FIRST.replace("  parts:\n    ask: Which parts?", "  parts:\n    ask: What is broken?")
RENAMED = FIRST.replace("  parts:\n", "  spares:\n").replace("then: parts}", "then: spares}")
SHORTER = FIRST.replace(
    "  parts:\n    ask: Which parts?\n    answer:\n      text: {save: parts, then: town}\n", ""
).replace("then: parts}", "then: town}")
PLAYBOOK = """\
playbook: Publishing
language: ru
zone: Europe/Berlin
currency: EUR
funnels:
  talks: {title: Talks, group: talks, stages: {new: New, open: Open}, won: Won, lost: Lost}
bots:
  questions: {on: message, funnel: talks}
sources:
  message: {funnel: talks, stage: new}
reasons: {silence: Silence}
loop_guard: {messages: 0}
"""


def write_playbook(folder: Path, script: str = FIRST) -> str:
    """A playbook's folder of one script; its address."""
    (folder / "scripts").mkdir(parents=True, exist_ok=True)
    (folder / "playbook.yaml").write_text(PLAYBOOK, encoding="utf-8")
    (folder / "scripts" / "questions.yaml").write_text(script, encoding="utf-8")
    return str(folder)


class Press:
    """Publishes in a shop on paper; Vera is the marketer."""

    name = "questions"

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.mover = Mover(shop.db, shop.house, shop.turns, shop.live, shop.clock)
        made = shop.db.write_now(lambda c: people.add_person(c, shop.db.ids, "Vera", "marketer", shop.clock.now()))
        self.vera: Person = made

    @property
    def publisher(self) -> Publisher:
        return Publisher(self.shop.db, self.shop.house, self.shop.live, self.shop.clock.now())

    async def live(self) -> Live:
        found = await self.shop.db.read(lambda c: scripts.find_live(c, self.name))
        assert found is not None
        return found

    async def publish(self, source: str, **more: Any) -> Report:
        base = more.pop("base", (await self.live()).revision)
        return await self.publisher.publish(self.name, source, self.vera, base, **more)

    async def move(self) -> int:
        """The mover once, while the lanes turn; how many runs must wait."""
        moving = asyncio.ensure_future(self.mover.once())
        while not moving.done():
            await self.shop.settle()
            await asyncio.sleep(0)
        return await moving

    async def standing(self) -> Counter[tuple[str, str]]:
        """Running runs by (first letters of the version, step)."""
        found = await self.shop.db.read(lambda c: scripts.standing(c, self.name))
        return Counter({(one.hash, one.step): one.n for one in found})


async def open_press(url: str, folder: Path, script: str = FIRST) -> Press:
    shop = open_shop(url, playbook=write_playbook(folder, script))
    await open_library(shop.db, shop.house, shop.clock.now())
    return Press(shop)
