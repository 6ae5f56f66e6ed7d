"""How bots begin otherwise than on first words: by stage, after a while, out of hours, by a manager's hand; on both databases."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bots.kit.hours import Hours
from gateway.channels.base import Limits
from gateway.desk import Clarify, Edit, GiveTask, Move, SteerBot, Take, Write
from gateway.events import MessageReceived, OrderChanged, ReachChanged, Received, Sender
from gateway.refusals import Conflict, Invalid
from state import tables
from tests.bots.scripts import compiled
from tests.moments import moscow
from tests.shop import BORIS, PaperChannel, Shop, furnished, open_shop

TEXT = Limits(text=4096, caption=1024, unit="chars", buttons=0, label=40)


NOON = moscow(2025, 11, 24, 12)
"""A Monday."""
NIGHT = moscow(2025, 11, 21, 23)
"""A Friday; the shop opens on Saturday at ten."""


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    made = open_shop(database_url, channels=[PaperChannel("chat", limits=TEXT)], at=NOON, always_open=False)
    yield made
    await made.db.close()


async def held(shop: Shop, stage: str) -> None:
    """A deal that Anna has taken and brought to a stage."""
    await shop.write("Здравствуйте")
    await shop.ask(Take())
    await shop.ask(Move(stage))


async def last_run(shop: Shop) -> dict[str, Any]:
    return (await shop.all("runs"))[-1]


async def lines(shop: Shop, kind: str) -> list[str]:
    return [entry["text"] for entry in await shop.all("entries") if entry["kind"] == kind]


async def set_timers(shop: Shop) -> list[str]:
    """Keys of what bots wait for, without the quiet one of deals that nothing holds on to and what robots wait for."""
    keys = [timer["key"] for timer in await shop.all("timers")]
    return [key for key in keys if not key.endswith("idle:") and ":robot:" not in key]


# -- on a stage --------------------------------------------------------------------------------------------------------


async def test_the_offer_is_followed_up_a_day_after_its_stage_was_entered(shop: Shop):
    await held(shop, "offer_bot")
    before = len(shop.paper.sent)
    await shop.later(hours=23, minutes=59)
    assert len(shop.paper.sent) == before
    await shop.later(minutes=1)
    assert "Вчера мы прислали вам предложение" in shop.paper.texts()[before]
    assert ((await last_run(shop))["bot"], (await shop.deal())["owner"]) == ("offer_followup", "bot")


async def test_the_offer_is_not_followed_up_at_night_but_in_the_morning(shop: Shop):
    shop.clock.at = moscow(2025, 11, 27, 22)  # a Thursday
    await held(shop, "offer_bot")
    before = len(shop.paper.sent)
    assert [timer["due_at"] for timer in await shop.all("timers")] == [moscow(2025, 11, 29, 10)]
    await shop.later(hours=35, minutes=59)
    assert len(shop.paper.sent) == before
    await shop.later(minutes=1)
    assert "Вчера мы прислали вам предложение" in shop.paper.texts()[before]


async def test_a_program_that_was_late_with_it_does_not_write_at_night_either(shop: Shop):
    await held(shop, "offer_bot")
    before = len(shop.paper.sent)
    shop.clock.at = moscow(2025, 11, 25, 22)  # nobody ran when it was due at noon
    await shop.settle()
    assert len(shop.paper.sent) == before
    assert [timer["due_at"] for timer in await shop.all("timers")] == [moscow(2025, 11, 26, 10)]
    await shop.later(hours=12)
    assert (await last_run(shop))["bot"] == "offer_followup"


async def test_a_payment_is_not_reminded_of_on_a_day_off(shop: Shop):
    shop.clock.at = moscow(2025, 11, 22, 15)  # Saturday
    await held(shop, "paying")
    await shop.write("2")
    await shop.later(hours=42, minutes=59)
    assert not any("Напоминаем об оплате" in text for text in shop.paper.texts())
    await shop.later(minutes=1)
    assert shop.clock.now() == moscow(2025, 11, 24, 10)
    assert shop.paper.texts()[-1].startswith("Напоминаем об оплате")


async def test_a_deal_that_has_moved_on_is_left_alone(shop: Shop):
    await held(shop, "offer_bot")
    before = len(shop.paper.sent)
    await shop.later(hours=1)
    await shop.ask(Move("order_placed"))
    await shop.later(hours=48)
    assert len(shop.paper.sent) == before
    assert await set_timers(shop) == []


async def test_a_deal_that_comes_back_to_its_stage_is_counted_anew(shop: Shop):
    await held(shop, "offer_bot")
    before = len(shop.paper.sent)
    await shop.later(hours=22)
    await shop.ask(Move("in_work"))
    await shop.later(hours=1)
    await shop.ask(Move("offer_bot"))
    await shop.later(hours=23)
    assert len(shop.paper.sent) == before
    await shop.later(hours=1)
    assert len(shop.paper.sent) == before + 2


async def test_a_timer_of_an_earlier_stay_does_nothing(shop: Shop):
    """It may have been read before the move that cut it, by a process that is slow."""
    await held(shop, "offer_bot")
    [timer] = [one for one in await shop.all("timers") if one["name"] != "idle:"]
    stale = timer | {"name": f"start:offer_followup:{timer['due_at'] - 1}", "due_at": shop.clock.now()}
    await shop.db.write(
        lambda c: c.execute(tables.timers.update().where(tables.timers.c.key == timer["key"]).values(stale))
    )
    await shop.db.write(lambda c: c.execute(tables.lanes.update().values(due_at=shop.clock.now())))
    runs = len(await shop.all("runs"))
    await shop.settle()
    assert len(await shop.all("runs")) == runs
    assert await set_timers(shop) == []


async def test_a_closed_deal_is_followed_up_no_more(shop: Shop):
    await held(shop, "offer_bot")
    await shop.ask(Move("lost", "price"))
    assert await set_timers(shop) == []


async def test_an_order_that_enters_at_a_bots_stage_is_met_there(shop: Shop):
    listed = dict(shop.house.playbook.sources)
    entering = listed | {"order": replace(listed["order"], stage="paying")}
    shop.house.playbook = replace(shop.house.playbook, sources=entering)
    await shop.hear(OrderChanged(shop.sender(name="Иван"), "48213", "placed", 1234500))
    await shop.settle()
    assert (await last_run(shop))["bot"] == "collector"
    assert shop.paper.texts()[0].startswith("Иван, ваш заказ 48213 оформлен. К оплате: 12\u00a0345\u00a0₽.")


async def test_the_collector_falls_silent_the_moment_the_order_is_paid(shop: Shop):
    await held(shop, "paying")
    assert (await last_run(shop))["bot"] == "collector"
    before = len(shop.paper.sent)
    await shop.ask(Move("order_in_work"), who=BORIS)
    run = await last_run(shop)
    assert (run["status"], run["reason"]) == ("stopped", "сделка перешла на другой этап")
    assert "Бот «Напоминания об оплате» остановлен: сделка перешла на другой этап" in await lines(shop, "bot")
    await shop.later(hours=100)
    assert len(shop.paper.sent) == before


async def test_a_bots_own_move_does_not_stop_it(shop: Shop):
    await held(shop, "offer_bot")
    await shop.later(hours=24)
    await shop.write("1")
    assert shop.paper.texts()[-1].startswith("Отлично!")
    assert ((await last_run(shop))["status"], (await shop.deal())["stage"]) == ("handed_off", "offer_manager")
    [task] = [task for task in await shop.all("tasks") if task["kind"] == "order"]
    assert task["responsible_id"] == (await shop.deal())["responsible_id"] is not None


async def test_a_bot_that_finds_another_speaking_leaves_it_to_a_person(shop: Shop):
    await held(shop, "in_work")
    await shop.ask(Clarify("vin"))
    await shop.ask(Move("paying"))
    assert (await last_run(shop))["bot"] == "clarify_vin"
    [task] = [task for task in await shop.all("tasks") if task["kind"] == "write"]
    assert task["text"].startswith(
        "Бот «Напоминания об оплате» не начал разговор: идёт разговор с ботом «Уточнение: VIN»"
    )


async def test_where_nobody_can_be_written_to_a_person_is_told(shop: Shop):
    await held(shop, "in_work")
    await shop.hear(ReachChanged(shop.sender(), "blocked"))
    await shop.settle()
    runs = len(await shop.all("runs"))
    await shop.ask(Move("paying"))
    assert len(await shop.all("runs")) == runs
    assert "Бот «Напоминания об оплате» не начал разговор: написать клиенту некуда. Свяжитесь с ним сами" in {
        task["text"] for task in await shop.all("tasks")
    }


# -- the window ----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def two_ways(database_url: str) -> AsyncIterator[Shop]:
    """WhatsApp, and a chat without a window."""
    channels = [PaperChannel("whatsapp", limits=replace(TEXT, window_hours=24)), PaperChannel("chat", "7", limits=TEXT)]
    made = open_shop(database_url, channels=channels, at=NOON, always_open=False)
    yield made
    await made.db.close()


async def on_both(shop: Shop) -> None:
    """The customer has written in the chat, then on WhatsApp; the phone shows that it is one person."""
    phone = "+79123456789"
    for place, (name, account) in enumerate((("chat", "7"), ("whatsapp", shop.paper.account))):
        event = MessageReceived(Sender(name, account, "1", "Иван", phone), "Здравствуйте", phone=phone)
        task = asyncio.ensure_future(shop.intake.accept(name, account, [Received(f"x{place}", event, b"{}")]))
        await asyncio.sleep(0)
        await shop.intake.once()
        await task
        await shop.settle()
    assert len({identity["contact_id"] for identity in await shop.all("identities")}) == 1


async def test_outside_the_window_the_approved_template_goes_first(two_ways: Shop):
    await on_both(two_ways)
    await two_ways.ask(Take())
    await two_ways.later(hours=30)
    for channel in two_ways.channels.values():
        channel.sent.clear()
    await two_ways.ask(Move("paying"))
    assert [out.kind for out in two_ways.paper.sent] == ["template"]
    assert two_ways.channels["chat:7"].sent == []


async def test_without_a_template_the_bot_goes_another_way(two_ways: Shop):
    two_ways.house.playbook = replace(two_ways.house.playbook, templates={})
    await on_both(two_ways)
    await two_ways.ask(Take())
    await two_ways.later(hours=30)
    for channel in two_ways.channels.values():
        channel.sent.clear()
    await two_ways.ask(Move("paying"))
    assert two_ways.paper.sent == []
    assert "Как вам удобнее заплатить?" in two_ways.channels["chat:7"].texts()[-1]
    await two_ways.later(hours=24)
    assert two_ways.channels["chat:7"].texts()[-1].startswith("Напоминаем об оплате")


async def test_a_question_that_cannot_be_asked_is_not_waited_for(database_url: str):
    """Else the customer's silence would close the deal though nobody has asked them anything."""
    shop = open_shop(
        database_url,
        channels=[PaperChannel("whatsapp", limits=replace(TEXT, window_hours=24))],
        at=NOON,
        always_open=False,
    )
    shop.house.playbook = replace(shop.house.playbook, templates={})
    await held(shop, "in_work")
    await shop.later(hours=30)
    await shop.ask(Clarify("vin"))
    run = await last_run(shop)
    assert (run["bot"], run["status"], run["reason"]) == ("clarify_vin", "stopped", "вопрос не удалось задать")
    assert any(task["text"].startswith("Клиент писал больше суток назад") for task in await shop.all("tasks"))
    await shop.later(hours=20)
    assert (await shop.deal())["closed_at"] is None
    await shop.db.close()


# -- out of hours --------------------------------------------------------------------------------------------------------


async def test_by_night_the_offline_bot_meets_new_customers_and_by_day_the_qualifier(shop: Shop):
    await shop.write("днём", who="1")
    shop.clock.at = moscow(2025, 11, 24, 19)
    await shop.write("вечером", who="2")
    shop.clock.at = moscow(2025, 12, 31, 16)
    await shop.write("в короткий день", who="3")
    shop.clock.at = moscow(2026, 1, 5, 12)
    await shop.write("в праздник", who="4")
    assert [run["bot"] for run in await shop.all("runs")] == ["qualifier", "offline", "offline", "offline"]


async def test_one_greeting_a_night_and_one_task_in_the_morning(shop: Shop):
    shop.clock.at = NIGHT
    for words in ("Добрый вечер", "1", "нужны колодки на Рио", "передние", "и ещё фильтр", "спасибо"):
        await shop.write(words)
        await shop.later(minutes=7)
    greetings = [text for text in shop.paper.texts() if "Сейчас магазин закрыт" in text]
    assert len(greetings) == 1
    [task] = await shop.all("tasks")
    assert task["due_at"] == moscow(2025, 11, 22, 10)
    assert "Что нужно: нужны колодки на Рио" in task["text"]


async def test_who_asks_for_a_person_at_night_is_answered_in_the_morning(shop: Shop):
    shop.clock.at = moscow(2025, 11, 22, 20)  # Saturday: Sunday is off
    await shop.write("Здравствуйте")
    await shop.later(minutes=1)
    await shop.write("позовите менеджера")
    assert "как только откроемся" in shop.paper.texts()[-1]
    assert [task["due_at"] for task in await shop.all("tasks")] == [moscow(2025, 11, 24, 10)]


async def test_a_task_that_a_bot_gives_by_day_is_due_at_once(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.later(minutes=1)
    await shop.write("позовите менеджера")
    assert [task["due_at"] for task in await shop.all("tasks")] == [shop.clock.now()]


def test_a_house_that_remembers_whether_it_is_open_is_never_wrong():
    house = furnished(always_open=False)
    hours = house.playbook.hours
    assert hours is not None
    start = moscow(2025, 12, 29, 9)
    moments = [start + step * 17 * 60_000 for step in range(1_200)]  # over the holidays, and back again
    assert [house.next_open(at) for at in [*moments, *reversed(moments)]] == [
        hours.next_open(at) for at in [*moments, *reversed(moments)]
    ]
    night = Hours("Europe/Moscow", (((1_200, 1_920),),) * 7)  # 20:00-8:00
    for at in moments:  # two calendars in turn
        assert (house.shift(night, at)[1], house.next_open(at)) == (night.is_open(at), hours.next_open(at))
    opening = moscow(2025, 12, 30, 10)
    assert [house.next_open(at) for at in (opening - 1, opening, opening + 9 * 3_600_000 - 1)] == [
        opening, opening, opening + 9 * 3_600_000 - 1,
    ]  # fmt: skip


def of_the_funnel(shop: Shop, calendar: Hours) -> None:
    """The people of the first funnel have a calendar of their own."""
    home = shop.house.playbook
    shop.house.playbook = replace(
        home, calendars={**home.calendars, "night": calendar},
        funnels=(replace(home.funnels[0], calendar="night"), *home.funnels[1:]),
    )  # fmt: skip


async def test_the_calendar_of_a_funnel_says_which_bot_meets_and_when_its_tasks_are_due(shop: Shop):
    of_the_funnel(shop, Hours("Europe/Moscow", (((1_200, 1_440),),) * 7))  # 20:00-24:00
    shop.clock.at = moscow(2025, 11, 21, 21)
    await shop.write("вечером", who="1")
    shop.clock.at = moscow(2025, 11, 24, 12)
    await shop.write("днём", who="2")
    assert [run["bot"] for run in await shop.all("runs")] == ["qualifier", "offline"]
    await shop.later(minutes=1)
    await shop.write("позовите менеджера", who="2")
    assert [task["due_at"] for task in await shop.all("tasks")] == [moscow(2025, 11, 24, 20)]


@pytest.mark.parametrize(("wait", "hour"), [("1h working", 21), ("{for: 1h, calendar: hours}", 13)])
async def test_a_script_waits_by_the_calendar_of_the_deals_funnel_or_the_one_it_names(shop: Shop, wait: str, hour: int):
    of_the_funnel(shop, Hours("Europe/Moscow", (((1_200, 1_440),),) * 7))
    waits = "script: S\nsteps:\n  a: {wait: WAIT, then: b}\n  b: {end: done}\n"
    shop.house.scripts["offline"] = compiled(waits.replace("WAIT", wait), "offline")
    shop.house.by_hash[shop.house.scripts["offline"].hash] = shop.house.scripts["offline"]
    shop.clock.at = moscow(2025, 11, 24, 12)
    await shop.write("днём")
    assert (await last_run(shop))["waits_until"] == moscow(2025, 11, 24, hour)


# -- by hand -------------------------------------------------------------------------------------------------------------


async def test_a_clarification_takes_over_moves_the_deal_and_brings_the_answer(shop: Shop):
    await shop.write("Здравствуйте")
    assert (await last_run(shop))["bot"] == "qualifier"
    await shop.ask(Clarify("vin"))
    first, second = await shop.all("runs")
    assert (first["status"], second["bot"], second["status"]) == ("stopped", "clarify_vin", "running")
    assert "Бот «Первые вопросы» остановлен: менеджер Анна попросил бота уточнить: VIN" in await lines(shop, "bot")
    deal = await shop.deal()
    assert (deal["stage"], deal["responsible_id"], deal["owner"]) == ("clarification", 9_001, "bot")
    await shop.later(minutes=3)
    await shop.write("JTDBR32E720012345")
    await shop.later(seconds=2)
    deal = await shop.deal()
    assert (deal["fields"]["vin"], deal["closed_at"]) == ("JTDBR32E720012345", None)
    [task] = await shop.all("tasks")
    assert (task["kind"], task["responsible_id"]) == ("clarified", 9_001)
    assert "VIN: JTDBR32E720012345" in task["text"]


async def test_another_clarification_takes_the_place_of_the_first(shop: Shop):
    await held(shop, "in_work")
    await shop.ask(Clarify("vin"))
    await shop.ask(Clarify("quantity"), who=BORIS)
    assert [(run["bot"], run["status"]) for run in (await shop.all("runs"))[1:]] == [
        ("clarify_vin", "stopped"), ("clarify_quantity", "running"),
    ]  # fmt: skip
    assert (await shop.deal())["responsible_id"] == 9_001


async def test_ten_hours_without_an_answer_close_the_deal_and_say_that_the_bot_has_stopped(shop: Shop):
    await held(shop, "left_request")
    await shop.ask(Clarify("quantity"))
    await shop.later(hours=9, minutes=59)
    assert (await shop.deal())["closed_at"] is None
    await shop.later(minutes=1)
    deal = await shop.deal()
    assert (deal["outcome"], deal["reason"]) == ("lost", "silence")
    assert "Бот «Уточнение: Количество» остановлен: клиент не ответил вовремя" in await lines(shop, "bot")


async def test_what_cannot_be_clarified_changes_nothing(shop: Shop):
    await held(shop, "in_work")
    with pytest.raises(Invalid):
        await shop.ask(Clarify("horoscope"))
    with pytest.raises(Invalid):
        await shop.ask(Clarify("qualifier"))
    assert (await shop.deal())["stage"] == "in_work"
    await shop.ask(Move("lost", "price"))
    with pytest.raises(Conflict):
        await shop.ask(Clarify("vin"))


async def test_a_customer_out_of_reach_cannot_be_asked(shop: Shop):
    await held(shop, "in_work")
    await shop.hear(ReachChanged(shop.sender(), "blocked"))
    await shop.settle()
    with pytest.raises(Invalid):
        await shop.ask(Clarify("vin"))
    assert (await shop.deal())["stage"] == "in_work"


async def test_any_bot_can_still_be_started_by_its_name(shop: Shop):
    await held(shop, "in_work")
    await shop.ask(SteerBot("start", "collector"))
    assert (await last_run(shop))["bot"] == "collector"


@pytest.mark.parametrize("bot", ["qualifier", "offline", "offer_followup", "collector", "clarify_vin"])
async def test_a_managers_message_stops_whichever_bot_speaks(shop: Shop, bot: str):
    if bot == "offline":
        shop.clock.at = NIGHT
    await shop.write("Здравствуйте")
    if bot not in ("qualifier", "offline"):
        await shop.ask(Take())
        command = Clarify("vin") if bot == "clarify_vin" else Move("paying" if bot == "collector" else "offer_bot")
        await shop.ask(command)
        await shop.later(hours=24 if bot == "offer_followup" else 0)
    assert ((await last_run(shop))["bot"], (await last_run(shop))["status"]) == (bot, "running")
    await shop.ask(Write("Добрый день, это Анна"), who=BORIS)
    assert (await last_run(shop))["status"] == "stopped"
    await shop.write("что?")
    await shop.later(hours=120)
    assert shop.paper.texts()[-1] == "Добрый день, это Анна"
    assert any("написал клиенту" in text for text in await lines(shop, "bot"))


async def test_tasks_given_by_hand_are_due_when_the_giver_says(shop: Shop):
    shop.clock.at = NIGHT
    await shop.write("Здравствуйте")
    await shop.ask(GiveTask("Позвонить"))
    await shop.ask(Edit(tags=("срочно",)))
    assert [task["due_at"] for task in await shop.all("tasks")] == [NIGHT]
