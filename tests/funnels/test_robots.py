"""Robots and triggers through the whole gateway, in virtual time, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.desk import Edit, Invalid, Move
from gateway.events import CallEnded, Sender
from tests.moments import moscow
from tests.shop import PaperChannel, Shop, open_shop

SCHOOL = str(Path(__file__).parent / "playbook")


NOON = moscow(2025, 11, 24, 12)
"""A Monday."""


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    made = open_shop(database_url, channels=[PaperChannel("chat")], playbook=SCHOOL, at=NOON, always_open=False)
    yield made
    await made.db.close()


async def tasks(shop: Shop) -> list[str]:
    return [task["text"] for task in await shop.all("tasks")]


async def turns(shop: Shop, rule: str = "") -> list[tuple[str, str, str]]:
    return [(f["rule"], f["outcome"], f["seen"]) for f in await shop.all("firings") if rule in ("", f["rule"])]


async def called(shop: Shop, status: Any, who: str = "1") -> None:
    await shop.hear(CallEnded(Sender("chat", "100", who, phone="+79990000001"), status, "in"))
    await shop.settle()


async def test_robots_act_the_moment_a_deal_enters_their_stage_and_in_their_order(shop: Shop):
    await shop.write("Хочу учиться")
    assert shop.paper.texts() == ["Клиент! Заявка принята."]
    assert "Позвонить: без телефона" in await tasks(shop)
    assert (await turns(shop))[-2:] == [("greet", "fired", ""), ("call", "fired", "")]
    assert (await shop.deal())["waiting_since"] is not None, "a robot's word is no answer"


async def test_one_that_follows_another_counts_from_its_turn_and_says_why_it_held_back(shop: Shop):
    await shop.write("Хочу учиться")
    await shop.later(minutes=9)
    assert not await turns(shop, "second")
    await shop.ask(Edit(fields={"city": "Тверь"}))
    await shop.later(minutes=1)
    assert await turns(shop, "second") == [("second", "held", "city: Тверь")]


async def test_working_time_is_the_shops(database_url: str):
    friday = moscow(2025, 11, 21, 18, 30)
    shop = open_shop(database_url, channels=[PaperChannel("chat")], playbook=SCHOOL, at=friday, always_open=False)
    await shop.write("Хочу учиться")
    await shop.later(hours=63)
    assert not await turns(shop, "late")
    await shop.later(hours=1.1)
    assert await turns(shop, "late") == [("late", "fired", "")]
    await shop.db.close()


async def test_a_robot_does_nothing_once_the_deal_has_moved_on(shop: Shop):
    await shop.write("Хочу учиться")
    await shop.ask(Move("talking"))
    await shop.later(hours=10)
    assert not await turns(shop, "late")
    assert not await turns(shop, "second")


async def test_a_reminder_follows_the_date_that_a_person_edits(shop: Shop):
    await shop.write("Хочу учиться")
    await shop.ask(Move("talking", fields={"lesson_at": "2025-11-27T18:00"}))
    await shop.ask(Edit(fields={"lesson_at": "2025-11-28T18:00"}))
    await shop.later(hours=78 - 0.1)
    assert not await turns(shop, "remind")
    await shop.later(hours=0.2)
    assert await turns(shop, "remind") == [("remind", "fired", "")]
    await shop.later(hours=26.2)
    assert await turns(shop, "after_lesson") == [("after_lesson", "fired", "")]
    assert [row["audience"] for row in await shop.all("audience_members")] == ["visitors"]
    assert (await shop.deal())["tags"] == ["был"]


async def test_a_date_that_is_taken_away_takes_the_reminder_along(shop: Shop):
    await shop.write("Хочу учиться")
    await shop.ask(Move("talking", fields={"lesson_at": "2025-11-27T18:00"}))
    await shop.ask(Edit(fields={"lesson_at": ""}))
    await shop.later(hours=100)
    assert not await turns(shop, "remind")


async def test_one_that_repeats_does_so_in_working_hours_for_as_long_as_the_deal_stays(shop: Shop):
    await shop.write("Хочу учиться")
    await shop.ask(Move("talking"))
    await shop.later(hours=24 * 7)
    assert [outcome for _, outcome, _ in await turns(shop, "nag")] == ["fired", "nothing", "nothing"]
    assert len([text for text in await tasks(shop) if text == "Узнать решение"]) == 1, "the first one is still open"
    for firing in await shop.all("firings"):
        if firing["rule"] == "nag":
            assert shop.house.playbook.hours is not None
            assert shop.house.playbook.hours.is_open(firing["at"])


async def test_a_stage_that_wants_a_field_refuses_a_deal_without_it(shop: Shop):
    await shop.write("Хочу учиться")
    with pytest.raises(Invalid, match="Цель"):
        await shop.ask(Move("ready"))
    await shop.ask(Move("ready", fields={"goal": "Переезд"}))
    lead, deal = await shop.all("deals")
    assert (lead["outcome"], lead["reason"]) == ("won", "converted")
    assert (deal["funnel"], deal["stage"], deal["fields"]["goal"]) == ("sales", "offer", "Переезд")


async def test_a_message_moves_the_deal_only_where_its_condition_holds(shop: Shop):
    await shop.write("Хочу учиться")
    assert await turns(shop, "answers") == [("answers", "held", "city: ")]
    await shop.ask(Edit(fields={"city": "Тверь"}))
    await shop.write("Ну что?")
    assert (await shop.deal())["stage"] == "talking"


async def test_what_one_trigger_brings_about_others_hear(shop: Shop):
    await shop.write("Хочу учиться")
    await shop.ask(Edit(tags=("готов",)))
    lead, deal = await shop.all("deals")
    assert lead["outcome"] == "won"
    assert deal["fields"]["goal"] == "решил сам"


async def test_a_missed_call_is_heard_in_the_stages_it_is_for(shop: Shop):
    await shop.write("Хочу учиться")
    await called(shop, "missed")
    assert "Перезвонить" in await tasks(shop)
    assert (await shop.deal())["tags"] == ["звонил"]
    await shop.ask(Move("talking"))
    await called(shop, "missed")
    assert (await tasks(shop)).count("Перезвонить") == 1


async def test_robots_that_lead_round_in_a_circle_are_stopped_and_a_person_is_told(shop: Shop):
    await shop.write("Хочу учиться")
    await shop.ask(Move("round"))
    assert ("stopped") in [outcome for _, outcome, _ in await turns(shop)]
    assert any("по кругу" in text for text in await tasks(shop))


async def test_a_closed_deal_still_has_the_robots_of_its_end(shop: Shop):
    await shop.write("Хочу учиться")
    await shop.ask(Move("lost", reason="refused"))
    await shop.later(hours=25)
    assert shop.paper.texts()[-1] == "Клиент 1, мы на связи, если передумаете."


async def test_a_stage_that_a_deal_stays_in_too_long_calls_for_somebody_once_until_that_is_done(shop: Shop):
    await shop.write("Хочу учиться")
    await shop.later(hours=24 * 4)
    late = [task for task in await shop.all("tasks") if task["kind"] == "late"]
    assert [task["text"] for task in late] == [
        "Сделка стоит на этапе «Новая» дольше положенного: продвиньте её или закройте"
    ]
    found = next(t for t in await shop.all("timers") if t["name"].startswith("robot:age:"))
    assert found["due_at"] > shop.clock.now(), "it goes on watching"


async def test_what_a_robot_does_is_done_once_however_often_the_lane_is_looked_at(shop: Shop):
    await shop.write("Хочу учиться")
    await shop.later(hours=10)
    assert len(await turns(shop, "late")) == 1
    assert len([text for text in await tasks(shop) if text == "Заявка стоит без звонка"]) == 1


async def test_a_webhook_that_nobody_takes_becomes_a_task_and_the_customers_conversation_goes_on(shop: Shop):
    from gateway.events import PartSettled  # noqa: PLC0415

    await shop.write("Хочу учиться")
    deal = await shop.deal()
    await shop.hear(PartSettled(1, deal["id"], "robot", "failed", "status 500", "endpoint"))
    await shop.settle()
    assert [task["kind"] for task in await shop.all("tasks")].count("check_robots") == 1
    assert not [task for task in await shop.all("tasks") if task["kind"] == "undelivered"]
