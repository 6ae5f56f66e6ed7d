"""Nobody is lost, whatever happens: through lives of deals made up by chance there is no orphan at any step; on both databases."""

import random
from collections.abc import Awaitable, Callable

import pytest

from gateway.desk import Conflict, Edit, FinishTask, GiveTask, Invalid, Move, SteerBot, Take, Write
from state import deals, orphans
from tests.shop import ANNA, BORIS, Shop

Act = Callable[[Shop, random.Random], Awaitable[object]]


async def _write(shop: Shop, chance: random.Random) -> None:
    await shop.write(
        chance.choice(["Нужны колодки", "1", "позовите менеджера", "Тойота 2015", "да"]), chance.choice("123")
    )


async def _later(shop: Shop, chance: random.Random) -> None:
    await shop.later(hours=chance.choice([0.2, 3, 11, 30, 80]))


async def _finish(shop: Shop, chance: random.Random) -> None:
    """All tasks of one deal, or one of them."""
    still = [one for one in await shop.all("tasks") if one["state"] == "open"]
    if not still:
        return
    chosen = chance.choice(still)
    among = [one for one in still if one["deal_id"] == chosen["deal_id"]] if chance.random() < 0.7 else [chosen]
    for one in among:
        task = await shop.db.read(lambda c, n=one["id"]: deals.find_task(c, n))
        await shop.ask(FinishTask(task, "Готово", "Без разговора"), one["deal_id"])


async def _command(shop: Shop, chance: random.Random) -> None:
    found = await shop.all("deals")
    if not found:
        return
    deal = chance.choice(found)
    stages = [stage.name for stage in shop.house.funnel(deal["funnel"]).stages]
    stage = chance.choice(stages)
    command = chance.choice([
        Take(), Write("Есть, 2 500 ₽"), Move(stage, reason="price" if stage == "lost" else ""), Edit(responsible=BORIS.id, name="Борис"),
        SteerBot("stop"), SteerBot("resume"), GiveTask("Позвонить", "call", BORIS.id, shop.clock.now() + 3_600_000),
    ])  # fmt: skip
    await shop.ask(command, deal["id"], chance.choice([ANNA, BORIS]))


ACTS: list[Act] = [_write, _write, _later, _finish, _finish, _command, _command, _command]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_no_life_of_deals_makes_an_orphan(shop: Shop, seed: int):
    chance = random.Random(seed)
    lived = 0
    for step in range(30):
        act = chance.choice(ACTS)
        try:
            await act(shop, chance)
        except (Conflict, Invalid):
            await shop.settle()
        lost = await shop.db.read(orphans.find)
        assert lost == [], f"seed {seed}, step {step}, {act.__name__}"
        lived += 1
    assert lived == 30
    assert await shop.all("deals")
