"""What the turns write for reports is what the timeline tells, also where it is only read out of it by the migration."""

from importlib import util
from random import Random
from types import ModuleType
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations

from gateway.desk import Move, SteerBot, Take, Write
from gateway.events import CallEnded
from state import report_tables, schema
from tests.merged import merge, open_deals, undo
from tests.shop import ANNA, BORIS, Shop

SAYINGS = ("Здравствуйте", "1", "2", "позовите менеджера", "Форд Фокус 2012", "колодки", "спасибо")


def migration() -> ModuleType:
    spec = util.spec_from_file_location("migration", schema.MIGRATIONS / "versions/0010_reports.py")
    assert spec
    assert spec.loader
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def read_out(shop: Shop) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Stays and waits as the timeline tells them."""
    reader = migration()
    stays, waits = await shop.db.read(lambda c: (reader._stays(c), reader._waits(c)))
    return sorted(stays, key=lambda one: (one["deal_id"], one["entry_id"])), waits


async def migrate_again(shop: Shop) -> None:
    """As on a database that is older than the tables."""
    with shop.db.engine.begin() as conn:
        for table in (report_tables.stays, report_tables.waits):
            table.drop(conn)
        with Operations.context(MigrationContext.configure(conn)):
            migration().upgrade()


async def kept(shop: Shop) -> list[dict[str, Any]]:
    return sorted(await shop.all("stays"), key=lambda one: (one["deal_id"], one["entry_id"]))


async def live_through(shop: Shop, seed: int, rounds: int) -> None:
    rng = Random(seed)
    stages = [stage.name for stage in shop.house.funnel().stages]
    for _ in range(rounds):
        who = rng.choice("1234567")
        deals = [deal for deal in await shop.all("deals") if deal["closed_at"] is None]
        what = rng.randrange(8) if deals else 0
        person = rng.choice([ANNA, BORIS])
        deal = rng.choice(deals)["id"] if deals else 0
        match what:
            case 0 | 1 | 2:
                await shop.write(rng.choice(SAYINGS), who)
            case 3 | 4:
                await shop.ask(Write("Ответ"), deal, person)
            case 5:
                stage = rng.choice(stages)
                await shop.ask(Move(stage, rng.choice(["silence", "price"]) if stage == "lost" else ""), deal, person)
            case 6:
                if rng.random() < 0.5:
                    await shop.ask(SteerBot("stop"), deal, person)
                elif next(one for one in deals if one["id"] == deal)["owner"] != "person":
                    await shop.ask(Take(), deal, person)
            case _:
                sender = shop.sender(who, phone="+79161234567" if rng.random() < 0.2 else "")
                await shop.hear(CallEnded(sender, "missed", "in", 0, "", ""))
                await shop.settle()
        await shop.later(minutes=rng.choice([1, 7, 90, 700]))


async def test_stays_and_waits_of_a_crowd_are_those_of_its_timeline(shop: Shop):
    await live_through(shop, 3, 90)
    stays, waits = await read_out(shop)
    assert await kept(shop) == stays
    assert await shop.all("waits") == waits
    await migrate_again(shop)
    assert (await kept(shop), await shop.all("waits")) == (stays, waits)
    assert {one["person_id"] for one in waits} >= {ANNA.id, BORIS.id, None}
    assert len({one["stage"] for one in stays}) > 4
    for deal in await shop.all("deals"):
        way = [one for one in stays if one["deal_id"] == deal["id"]]
        assert [one["next"] for one in way[:-1]] == [one["stage"] for one in way[1:]]
        assert [one["left_at"] for one in way[:-1]] == [one["entered_at"] for one in way[1:]]
        assert way == [] or (way[0]["entered_at"], way[-1]["next"]) == (deal["opened_at"], deal["stage"])


async def test_a_bots_dialogue_writes_nothing_for_reports(shop: Shop):
    for text in ("Здравствуйте", "1", "Форд Фокус 2012"):
        await shop.write(text)
        await shop.later(minutes=1)
    assert any(one["author"] == "bot" for one in await shop.all("entries"))
    assert await shop.all("stays") == await shop.all("waits") == []


async def test_a_wait_ends_with_a_persons_words_and_not_with_a_robots(shop: Shop):
    await shop.write("позовите менеджера")
    began = shop.clock.now()
    await shop.later(minutes=20)
    deal = (await shop.deal())["id"]
    await shop.ask(Write("Добрый день!"), deal)
    await shop.ask(Write("И ещё"), deal)
    (wait,) = await shop.all("waits")
    assert (wait["person_id"], wait["channel"]) == (ANNA.id, "telegram")
    assert (wait["began_at"], wait["ended_at"]) == (began, began + 20 * 60_000)


async def test_a_deal_that_is_closed_without_an_answer_was_never_answered(shop: Shop):
    await shop.write("позовите менеджера")
    await shop.later(minutes=5)
    await shop.ask(Move("lost", "price"), (await shop.deal())["id"])
    (wait,) = await shop.all("waits")
    assert (wait["person_id"], wait["ended_at"] - wait["began_at"]) == (None, 5 * 60_000)


async def test_nobody_has_left_a_customer_waiting_whom_a_bot_was_about_to_answer(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.later(minutes=1)
    await shop.write("1")
    await shop.later(minutes=1)
    await shop.write("Форд")  # the bot waits a moment for more
    deal = await shop.deal()
    assert deal["owner"] == "bot"
    assert deal["waiting_since"] == shop.clock.now()
    await shop.ask(Move("lost", "price"), deal["id"])
    assert await shop.all("waits") == (await read_out(shop))[1] == []


@pytest.mark.parametrize("undone", [False, True])
async def test_moves_before_a_merge_are_read_out_for_the_deal_that_made_them(shop: Shop, *, undone: bool):
    await shop.write("Здравствуйте", "1")
    await shop.write("Здравствуйте", "2")
    await shop.write("Здравствуйте", "3")
    first, second, _ = [deal["id"] for deal in await shop.all("deals")]
    await shop.ask(Move("clarification"), first)
    await shop.ask(Move("in_work"), second)
    contacts = {deal["id"]: deal["contact_id"] for deal in await shop.all("deals")}
    number = await merge(shop, contacts[first], contacts[second])
    await shop.later(minutes=5)
    (leading,) = await open_deals(shop, contacts[first])
    await shop.ask(Move("offer_manager"), leading["id"])
    if undone:
        await undo(shop, number)
    assert await kept(shop) == (await read_out(shop))[0]
    assert {one["deal_id"] for one in await shop.all("stays")} == {first, second}
