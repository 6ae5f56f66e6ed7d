"""Nobody is lost: every open deal is held by something, whatever people and bots do; on both databases."""

from gateway.desk import FinishTask, Move, Take, Write
from state import deals, orphans
from tests.shop import ANNA, Shop


async def unheld(shop: Shop) -> int:
    return await shop.db.read(orphans.count)


async def finish_all(shop: Shop) -> None:
    for row in await shop.all("tasks"):
        if row["state"] == "open":
            task = await shop.db.read(lambda c, n=row["id"]: deals.find_task(c, n))
            await shop.ask(FinishTask(task, "Готово"))


async def test_a_deal_whose_manager_has_answered_and_has_no_task_comes_back_after_a_while(shop: Shop):
    await shop.write("Нужны колодки")
    await shop.ask(Take())
    await finish_all(shop)
    await shop.ask(Write("Есть, 2 500 ₽"))
    assert await unheld(shop) == 0
    await shop.later(hours=71)
    assert not [task for task in await shop.all("tasks") if task["kind"] == "next_step"]
    await shop.later(hours=2)
    found = [task for task in await shop.all("tasks") if task["kind"] == "next_step"]
    assert [task["responsible_id"] for task in found] == [ANNA.id]


async def test_what_happens_meanwhile_is_enough(shop: Shop):
    await shop.write("Нужны колодки")
    await shop.ask(Take())
    await finish_all(shop)
    await shop.ask(Write("Есть"))
    await shop.later(hours=70)
    await shop.write("Беру")
    await shop.later(hours=5)
    assert not [task for task in await shop.all("tasks") if task["kind"] == "next_step"]


async def test_no_step_of_a_deals_life_leaves_it_unheld(shop: Shop):
    await shop.write("Нужны колодки")
    assert await unheld(shop) == 0
    await shop.later(hours=1)
    await shop.ask(Take())
    assert await unheld(shop) == 0
    await shop.ask(Move("in_work"))
    await finish_all(shop)
    assert await unheld(shop) == 0
    await shop.ask(Write("Вот предложение"))
    assert await unheld(shop) == 0
    await shop.later(hours=80)
    await finish_all(shop)
    assert await unheld(shop) == 0
    await shop.ask(Move("lost", reason="price"))
    assert await unheld(shop) == 0
