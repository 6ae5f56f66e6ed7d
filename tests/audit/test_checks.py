"""Each check finds its dirt in a shop that runs, and nothing where there is none; on both databases."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from gateway.desk import Edit, FinishTask, GiveTask, Move, Take, Write
from state import deals, duplicates, tables
from state.records import Person
from tests.audit.shops import TEXT, audit, found, leave, open_shop, row
from tests.shop import ANNA, BORIS, Shop

HOUR = 3_600_000
FULL = {"budget": 500, "city": "Тверь"}


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    made = await open_shop(database_url)
    yield made
    await made.db.close()


async def deal_of_anna(shop: Shop, who: str = "1", stage: str = "", person: Person = ANNA, **fields: object) -> int:
    """Taken, its tasks done, the customer answered; with one task to come."""
    await shop.write("Нужны колодки", who, phone=f"+7900000000{who}")
    deal_id: int = (await shop.all("deals"))[-1]["id"]
    await shop.ask(Take(), deal_id, person)
    await finish_all(shop, deal_id, person)
    await shop.ask(Write("Есть"), deal_id, person)
    if fields:
        await shop.ask(Edit(fields=dict(fields)), deal_id, person)
    if stage:
        await shop.ask(Move(stage), deal_id, person)
    await shop.ask(GiveTask("Узнать решение", "other", person.id, shop.clock.now() + 500 * HOUR), deal_id, person)
    return deal_id


_SPOKEN = update(tables.tasks).values(details={})
"""As if somebody had spoken with the customer first."""


async def finish_all(shop: Shop, deal_id: int, person: Person = ANNA) -> None:
    for one in await shop.all("tasks"):
        if one["state"] == "open" and one["deal_id"] == deal_id:
            task = await shop.db.read(lambda c, n=one["id"]: deals.find_task(c, n))
            await shop.ask(FinishTask(task, "Готово", "Без разговора"), deal_id, person)
            await shop.db.write(lambda c, n=one["id"]: c.execute(_SPOKEN.where(tables.tasks.c.id == n)))


async def test_a_clean_shop_has_no_findings(shop: Shop):
    await deal_of_anna(shop, **FULL)
    run = await audit(shop)
    assert await found(shop) == []
    assert (run.state, run.looked_at) == ("done", 2)


async def test_a_deal_with_nothing_ahead_has_no_next_task_and_one_that_something_moves_has(shop: Shop):
    deal = await deal_of_anna(shop)
    await finish_all(shop, deal)
    await audit(shop)
    assert await found(shop) == [("no_next_task", deal)]
    one = await row(shop, "no_next_task")
    assert (one["person_id"], one["severity"], one["since"]) == (ANNA.id, "critical", shop.clock.now())
    await shop.later(hours=73)  # the guard has given a task meanwhile
    await audit(shop)
    assert ("no_next_task", deal) not in await found(shop)


async def test_a_task_is_overdue_from_its_date_on(shop: Shop):
    deal = await deal_of_anna(shop)
    await shop.ask(GiveTask("Позвонить", "call", BORIS.id, shop.clock.now() + HOUR), deal)
    await audit(shop)
    assert await found(shop) == []
    await shop.later(hours=2)
    await audit(shop)
    one = await row(shop, "overdue_task")
    assert await found(shop) == [("overdue_task", deal)]
    assert (one["person_id"], one["what"]) == (BORIS.id, "Задача просрочена: Позвонить")


async def test_an_overdue_task_of_a_closed_deal_is_dirt_too(shop: Shop):
    deal = await deal_of_anna(shop)
    await shop.ask(GiveTask("Позвонить", "call", ANNA.id, shop.clock.now() + HOUR), deal)
    await shop.ask(Move("lost", reason="price"), deal)
    await shop.later(hours=2)
    await audit(shop)
    assert await found(shop) == [("overdue_task", deal)]


async def test_a_stage_is_too_old_after_its_working_time_only(shop: Shop):
    deal = await deal_of_anna(shop, stage="offer", **FULL)  # Monday, 13:00 in Moscow
    await shop.later(hours=1.9)
    await audit(shop)
    assert await found(shop) == []
    await shop.later(hours=0.2)
    await audit(shop, ["stage_too_old"])
    assert await found(shop) == [("stage_too_old", deal)]


async def test_what_may_last_for_days_of_working_time_may_last_over_a_week_end(database_url: str):
    text = TEXT.replace("age: 2h working", "age: 1d working").replace("older: 1d", "older: 2d working")
    shop = await open_shop(database_url, text)
    await shop.later(hours=96)  # Friday, 13:00 in Moscow
    deal = await deal_of_anna(shop, stage="offer", city="Тверь", budget=200_000)
    for hours, names in (
        (71.9, []),
        (0.2, ["stage_too_old"]),
        (23.8, ["stage_too_old"]),
        (0.2, ["big", "stage_too_old"]),
    ):
        await shop.later(hours=hours)
        await audit(shop, ["big", "stage_too_old"])
        assert sorted(await found(shop)) == [(name, deal) for name in names]
    await shop.db.close()


@pytest.mark.parametrize("older", ["", "checks: {stage_too_old: {older: 3h working}}\n"])
async def test_a_stage_is_too_old_only_where_its_age_counts(database_url: str, older: str):
    """The audit and the robot that nags go by one condition."""
    counted = (
        TEXT.replace("age: 2h working,", "age: 2h working, late if: {city: not empty},").split("checks:")[0] + older
    )
    shop = await open_shop(database_url, counted)
    await shop.write("Здравствуйте")
    await shop.ask(Move("offer", fields={"budget": 100}))
    await shop.later(hours=4)
    await audit(shop, ["stage_too_old"])
    assert await found(shop) == []
    await shop.ask(Edit(fields={"city": "Тверь"}))
    await audit(shop, ["stage_too_old"])
    assert [name for name, _ in await found(shop)] == ["stage_too_old"]
    await shop.later(hours=24)
    assert [task["kind"] for task in await shop.all("tasks")].count("late") == 1
    await shop.db.close()


async def test_a_field_that_the_stage_requires_and_one_that_a_check_names_are_missing(shop: Shop):
    deal = await deal_of_anna(shop, stage="offer", **FULL)
    await shop.ask(Edit(fields={"budget": "", "city": "  "}), deal)
    await audit(shop)
    assert sorted(await found(shop)) == [("missing_field", deal), ("no_city", deal)]
    assert (await row(shop, "missing_field"))["what"] == "Не заполнено: Бюджет"


async def test_contacts_and_deals_that_may_be_one_are_found_while_nobody_has_settled_it(shop: Shop):
    one, two = await deal_of_anna(shop), await deal_of_anna(shop, "2", person=BORIS)
    pair = [row["contact_id"] for row in await shop.all("deals")]
    await shop.db.write(lambda c: duplicates.suggest(c, shop.db.ids, *pair, "email", "a@b.c", shop.clock.now()))
    await audit(shop)
    assert sorted(await found(shop)) == [("duplicate_contact", two), ("duplicate_deal", two)]
    assert (await row(shop, "duplicate_deal"))["what"] == f"Похожа на сделку № {one}: e-mail"
    number = (await shop.all("duplicates"))[0]["id"]
    await shop.db.write(lambda c: duplicates.dismiss(c, number, shop.clock.now(), ANNA.id))
    await audit(shop)
    assert await found(shop) == []


async def test_a_deal_of_somebody_who_has_left_is_found(shop: Shop):
    deal = await deal_of_anna(shop, person=BORIS)
    await leave(shop, BORIS.id)
    await audit(shop)
    assert await found(shop) == [("left_manager", deal)]


async def test_a_customer_waits_too_long_by_working_hours(shop: Shop):
    deal = await deal_of_anna(shop)
    await shop.later(hours=5.5)  # 18:30 in Moscow
    await shop.write("А когда?")
    await shop.later(hours=15)  # 9:30
    await audit(shop)
    assert await found(shop) == []
    await shop.later(hours=1.5)
    await audit(shop)
    assert await found(shop) == [("unanswered", deal)]


async def test_a_task_closed_without_a_word_is_settled_by_a_word(shop: Shop):
    deal = await deal_of_anna(shop)
    await shop.ask(GiveTask("Позвонить", "call", ANNA.id, shop.clock.now() + 90 * HOUR), deal)
    call = (await shop.all("tasks"))[-1]["id"]
    task = await shop.db.read(lambda c: deals.find_task(c, call))
    await shop.ask(FinishTask(task, "Не дозвонился", "Не берёт трубку"), deal)
    marked = update(tables.tasks).where(tables.tasks.c.id == call).values(details={"no_contact": "занято"})
    await shop.db.write(lambda c: c.execute(marked))
    await audit(shop)
    one = await row(shop, "no_contact")
    assert await found(shop) == [("no_contact", deal)]
    assert one["what"].endswith("Позвонить. занято")
    await shop.later(hours=1)
    await shop.ask(Write("Добрый день"), deal)
    await audit(shop)
    assert await found(shop) == []


async def test_a_lost_deal_without_its_reason_is_found_for_a_month(shop: Shop):
    deal = await deal_of_anna(shop)
    await shop.ask(Move("lost", reason="price"), deal)
    await audit(shop)
    assert await found(shop) == []
    unsaid = update(tables.deals).where(tables.deals.c.id == deal).values(reason="")
    await shop.db.write(lambda c: c.execute(unsaid))
    await audit(shop, ["no_reason"])
    assert await found(shop) == [("no_reason", deal)]
    shop.clock.advance(32 * 24 * HOUR)
    await audit(shop, ["no_reason"])
    assert await found(shop) == []


async def test_an_orphan_is_found(shop: Shop):
    deal = await deal_of_anna(shop)
    await finish_all(shop, deal)
    await shop.db.write(lambda c: c.execute(tables.timers.delete()))
    await audit(shop)
    assert sorted(await found(shop)) == [("no_next_task", deal), ("orphan", deal)]


async def test_plain_filters_find_deals_tasks_and_contacts(shop: Shop):
    big = await deal_of_anna(shop, budget=200_000)
    await deal_of_anna(shop, "2", budget=5)
    await shop.write("Здравствуйте", "3")
    await shop.ask(GiveTask("Позвонить", "call", BORIS.id, shop.clock.now() + 900 * HOUR), big)
    await audit(shop)
    third = (await shop.all("deals"))[-1]["id"]
    assert await found(shop) == [("unreachable", third)]
    await shop.later(hours=25)
    await audit(shop, ["big", "calls"])
    assert await found(shop) == [("unreachable", third), ("big", big)]
    await shop.later(hours=48)
    await audit(shop, ["calls"])
    assert (await found(shop))[-1] == ("calls", big)


async def test_a_check_of_closed_deals_looks_at_those_of_its_days(shop: Shop):
    deal = await deal_of_anna(shop)
    await shop.ask(Edit(tags=["возврат"]), deal)
    await shop.ask(Move("won"), deal)
    await audit(shop, ["refunds"])
    assert await found(shop) == [("refunds", deal)]
    shop.clock.advance(8 * 24 * HOUR)
    await audit(shop, ["refunds"])
    assert await found(shop) == []


async def test_a_check_that_keeps_to_a_date_finds_deals_when_that_day_is_over(shop: Shop):
    """The shop's Monday noon is 24 November."""
    deal = await deal_of_anna(shop, ship_on="2025-11-25")
    await deal_of_anna(shop, "2")
    await audit(shop, ["not_sent", "not_sent_long"])
    assert await found(shop) == []
    await shop.later(hours=23)  # it is to be sent today
    await audit(shop, ["not_sent", "not_sent_long"])
    assert await found(shop) == []
    await shop.later(hours=14)
    await audit(shop, ["not_sent", "not_sent_long"])
    assert await found(shop) == [("not_sent", deal)]
    assert (await row(shop, "not_sent"))["since"] == int(datetime(2025, 11, 25, 21, tzinfo=UTC).timestamp() * 1000)
    await shop.later(hours=48)
    await audit(shop, ["not_sent", "not_sent_long"])
    assert await found(shop) == [("not_sent", deal), ("not_sent_long", deal)]
    await shop.ask(Edit(tags=["отправлено"], fields={"ship_on": "2025-12-20"}), deal)
    await audit(shop, ["not_sent", "not_sent_long"])
    assert await found(shop) == []


async def test_a_check_that_keeps_to_a_date_with_an_hour_finds_deals_from_that_hour_on(shop: Shop):
    deal = await deal_of_anna(shop, ship_on="2025-11-24T18:00")
    await shop.later(hours=4.5)
    await audit(shop, ["not_sent"])
    assert await found(shop) == []
    await shop.later(hours=1)
    await audit(shop, ["not_sent"])
    assert await found(shop) == [("not_sent", deal)]
