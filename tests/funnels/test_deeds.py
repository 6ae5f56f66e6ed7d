"""Sums that are reckoned, counting, addresses that only a phone is known of, and leads that are deleted; on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bots.kit.playbook import load_playbook
from gateway.desk import Edit, Invalid, Move
from gateway.events import CallEnded, FormSubmitted, OrderChanged, PaymentReceived, Sender, SiteVisited
from tests.shop import PaperChannel, Shop, open_shop

PHONE = "+79161234567"
BOOK = """
playbook: Shop
language: ru
zone: Europe/Moscow
currency: RUB
fields:
  budget: {title: Бюджет, kind: money, worth: yes}
  advance: {title: Аванс, kind: money}
  cod: {title: Наложенный платёж, kind: money, is: budget - advance}
  attempts: {title: Недозвоны, kind: number}
  way: {title: Как писать, choices: [SMS, Chat, E-mail]}
funnels:
  leads:
    title: Заявки
    stages:
      new:
        title: Новая
        robots:
          hello: {in: 10m, do: [{message: {text: "Заявка принята", by: [sms], else: task}}]}
      russian: {title: По-русски, robots: {talk: {if: {language: ru}, do: [{message: {text: Привет, by: [way, sms]}}]}}}
      other: {title: Иначе, robots: {say: {if: {language: uk}, do: [{message: {text: Вітаю, by: way, else: skip}}]}}}
      false: {title: Ложная, robots: {gone: {do: [{delete: false_data}]}}}
    won: Ученик
    lost: Отказ
    triggers:
      unanswered: {on: call unanswered, do: [{count: attempts}]}
      thrice: {on: field attempts, if: {attempts: {over: 2}}, do: [{close: silence}]}
      looks: {on: visit /prices, do: [{tag: prices}]}
      cod: {on: field cod, if: {cod: {over: 0}}, do: [{tag: наложенный}]}
  orders:
    title: Заказы
    stages: {placed: Оформлен, paying: Оплата}
    won: Выдан
    lost: Отменён
    triggers:
      refunded: {on: refund, do: [{tag: вернули}]}
      paid: {on: payment, do: [{tag: оплачен}]}
sources:
  message: {funnel: leads}
  order: {funnel: orders, stage: paying, tag: сайт}
reasons: {silence: Молчит, false_data: Ложные данные}
"""


def sms() -> PaperChannel:
    return PaperChannel("sms", "+74950000000")


@pytest.fixture
async def shop(database_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    (tmp_path / "playbook.yaml").write_text(BOOK, encoding="utf-8")
    made = open_shop(database_url, channels=[PaperChannel("chat"), sms()], playbook=str(tmp_path))
    yield made
    await made.db.close()


async def form(shop: Shop, phone: str = PHONE) -> None:
    await shop.hear(FormSubmitted(Sender("form", "lesson", phone, "Анна", phone), "lesson", {"goal": "Переезд"}))
    await shop.settle()


async def called(shop: Shop, status: Any, direction: Any) -> None:
    await shop.hear(CallEnded(Sender("phone", "calls", PHONE, phone=PHONE), status, direction))
    await shop.settle()


async def fields(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.deal())["fields"]
    return found


async def test_a_sum_follows_whatever_it_is_reckoned_from(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.ask(Edit(fields={"advance": 20_000}))
    assert "cod" not in await fields(shop), "of what is not known nothing is due"
    await shop.ask(Edit(fields={"budget": 125_000}))
    assert (await fields(shop))["cod"] == 105_000
    assert (await shop.deal())["tags"] == ["наложенный"], "triggers hear of it"
    await shop.ask(Edit(fields={"advance": "1250.00"}))
    assert (await fields(shop))["cod"] == 0
    await shop.ask(Edit(fields={"budget": ""}))
    assert (await fields(shop))["cod"] == ""


async def test_nobody_writes_what_is_reckoned(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.ask(Edit(fields={"budget": 125_000}))
    with pytest.raises(Invalid, match="Бюджет, Аванс"):
        await shop.ask(Edit(fields={"cod": 1}))
    with pytest.raises(Invalid, match="Бюджет, Аванс"):
        await shop.ask(Move("false", fields={"cod": 1}))
    await shop.ask(Edit(fields={"cod": 125_000, "advance": 0}))  # a form that sends all it shows
    assert (await fields(shop))["cod"] == 125_000


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("budget - advance", "budget - advanse", "no field is called 'advanse'. Did you mean 'advance'?"),
        ("budget - advance", "budget * advance", "'budget * advance' is no sum of fields"),
        ("budget - advance", "cod - advance", "'cod' cannot be reckoned from 'cod'"),
        ("budget - advance", "budget - attempts", "'cod' cannot be reckoned from 'attempts'"),
        ("kind: money, is", "kind: text, is", "field 'cod' is no money"),
        ("Аванс, kind: money", "Аванс, kind: money, worth: yes", "'budget' is the deal's sum already"),
        ("Недозвоны, kind: number", "Недозвоны, kind: number, worth: yes", "field 'attempts' is no money"),
        ("count: attempts", "count: atempts", "no field is called 'atempts'. Did you mean 'attempts'?"),
        ("delete: false_data", "delete: false_dat", "no reason 'false_dat'. Did you mean 'false_data'?"),
    ],
)
def test_a_sum_that_cannot_be_is_told_with_its_remedy(old: str, new: str, said: str):
    playbook, problems = load_playbook("shop", {"playbook.yaml": BOOK.replace(old, new)})
    assert playbook is None
    assert any(said in str(problem) for problem in problems), problems


async def test_the_field_that_the_playbook_calls_the_sum_says_what_is_paid_in_full(shop: Shop):
    customer = Sender("order", "orders", "77", "Анна", PHONE)
    await shop.hear(PaymentReceived(customer, "77", 100_000))
    await shop.settle()
    assert ((await fields(shop))["paid"], (await shop.deal())["tags"]) == ("partly", ["сайт"])
    await shop.ask(Edit(fields={"budget": "1000.00", "total": 125_000}))
    assert ((await fields(shop))["paid"], (await shop.deal())["tags"]) == ("yes", ["сайт", "оплачен"])
    await shop.hear(PaymentReceived(customer, "77", -40_000, "USD"))
    await shop.settle()
    assert ((await fields(shop))["paid"], (await shop.deal())["tags"]) == ("yes", ["сайт", "оплачен"])
    await shop.hear(PaymentReceived(customer, "77", -40_000))
    await shop.settle()
    assert ((await fields(shop))["paid"], (await fields(shop))["paid_sum"]) == ("partly", 60_000)
    assert (await shop.deal())["tags"] == ["сайт", "оплачен", "вернули"]
    await shop.ask(Edit(fields={"budget": ""}))
    await shop.ask(Edit(fields={"budget": 60_000}))
    assert (await fields(shop))["paid"] == "yes"


async def test_calls_that_the_customer_does_not_answer_are_counted_until_it_is_enough(shop: Shop):
    await form(shop)
    await called(shop, "missed", "in")
    assert "attempts" not in await fields(shop), "that one was ours to answer"
    for n in (1, 2):
        await called(shop, "missed", "out")
        assert (await fields(shop))["attempts"] == n
    await called(shop, "missed", "out")
    assert ((await shop.deal())["outcome"], (await shop.deal())["reason"]) == ("lost", "silence")


async def test_whom_a_manager_has_not_reached_is_no_new_inquiry(shop: Shop):
    await called(shop, "missed", "out")
    assert await shop.all("deals") == []


async def test_an_sms_reaches_a_phone_that_only_a_form_has_told(shop: Shop):
    await form(shop)
    await shop.later(minutes=10)
    (sent,) = shop.channels["sms:+74950000000"].sent
    assert (sent.address, sent.text) == (PHONE, "Заявка принята")
    assert "write" not in [task["kind"] for task in await shop.all("tasks")]


async def test_who_has_told_no_phone_is_left_to_a_person(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.later(minutes=10)
    assert not shop.channels["sms:+74950000000"].sent
    assert [task["kind"] for task in await shop.all("tasks")].count("write") == 1


async def test_a_lead_of_false_data_goes_with_all_that_was_kept_of_it(shop: Shop):
    await form(shop)
    await form(shop, phone="+79160000000")
    first, second = await shop.all("deals")
    await shop.ask(Move("false"), deal=first["id"])
    assert [deal["id"] for deal in await shop.all("deals")] == [second["id"]]
    for table in ("entries", "tasks", "firings", "timers", "parts", "runs"):
        assert first["id"] not in [row["deal_id"] for row in await shop.all(table)], table
    await shop.later(hours=24)
    await form(shop)
    assert len(await shop.all("deals")) == 2, "the same person begins anew"
    assert await shop.balanced()


async def test_what_a_customer_has_written_is_never_deleted(shop: Shop):
    await shop.write("Это я")
    await shop.ask(Move("false"))
    deal = await shop.deal()
    assert (deal["outcome"], deal["reason"]) == ("lost", "false_data")
    assert "Это я" in [entry["text"] for entry in await shop.all("entries")]
    assert {task["state"] for task in await shop.all("tasks")} <= {"done"}


async def test_a_message_goes_the_way_that_the_customer_has_wished_for(shop: Shop):
    await form(shop)
    await shop.ask(Move("russian"))
    assert shop.channels["sms:+74950000000"].texts() == ["Привет"], "no wish: the next one named"
    await shop.ask(Move("other", fields={"language": "uk", "way": "sms"}))
    assert shop.channels["sms:+74950000000"].texts() == ["Привет", "Вітаю"]
    await shop.ask(Move("new"))
    await shop.ask(Move("other", fields={"way": "e-mail"}))
    assert shop.channels["sms:+74950000000"].texts() == ["Привет", "Вітаю"], (
        "who cannot be reached as they wish is left in peace"
    )


async def test_robots_know_the_language_of_the_customer(shop: Shop):
    await form(shop)
    await shop.ask(Move("russian", fields={"language": "uk"}))
    assert ("talk", "held") in [(turn["rule"], turn["outcome"]) for turn in await shop.all("firings")]


async def ordered(shop: Shop, number: str, phone: str = PHONE) -> None:
    await shop.hear(OrderChanged(Sender("order", "orders", number, "Анна", phone), number, "placed", total=10_000))
    await shop.settle()


async def test_an_order_finds_its_lead_where_orders_have_a_funnel_of_their_own(shop: Shop):
    await form(shop)
    await ordered(shop, "4711")
    (deal,) = [deal for deal in await shop.all("deals") if deal["closed_at"] is None]
    assert (deal["funnel"], deal["stage"], deal["tags"]) == ("orders", "paying", ["сайт"])
    assert (deal["fields"]["goal"], deal["fields"]["order"]) == ("Переезд", "4711")


async def test_a_second_order_has_a_deal_of_its_own_and_what_is_said_later_joins(shop: Shop):
    for number in ("4711", "4712"):
        await ordered(shop, number)
    assert [(deal["funnel"], deal["fields"]["order"]) for deal in await shop.all("deals")] == [
        ("orders", "4711"),
        ("orders", "4712"),
    ]
    await form(shop)
    assert len(await shop.all("deals")) == 2


async def test_who_is_known_and_looks_at_the_site_is_heard_and_nobody_else(shop: Shop):
    await form(shop)
    for phone in (PHONE, "+79160000000"):
        await shop.hear(SiteVisited(Sender("visit", "visits", phone, phone=phone), "/prices"))
        await shop.settle()
    assert "prices" in (await shop.deal())["tags"]
    assert len(await shop.all("deals")) == 1
    assert await shop.balanced()
