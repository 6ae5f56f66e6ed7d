"""Why a robot has acted on a deal, and why not: read from stored facts, over the API."""

import asyncio
from pathlib import Path
from typing import Any

from bots.kit.playbook import load_playbook
from tests.api.conftest import PATIENCE_S, Shop
from tests.shop import furnished

SCHOOL = str(Path(__file__).parent.parent / "funnels/playbook")


async def rules(shop: Shop, deal: int) -> dict[str, Any]:
    return {rule["rule"]: rule for rule in (await shop.get(f"/deals/{deal}/robots"))["items"]}


async def test_each_rule_says_what_has_come_of_it_and_what_keeps_it_now(shop: Shop):
    shop.ctx.house.playbook = furnished(SCHOOL).playbook
    await shop.say("Хочу учиться")
    deal = (await shop.get("/deals"))["items"][0]["id"]
    found = await rules(shop, deal)
    assert found["greet"]["standing"] == "fired"
    assert found["greet"]["history"][0]["stage"] == "new"
    assert (found["second"]["standing"], found["late"]["standing"]) == ("waiting", "waiting")
    assert found["late"]["due_at"] is not None
    assert (found["remind"]["standing"], found["nag"]["standing"]) == ("elsewhere",) * 2
    (city,) = found["answers"]["conditions"]
    assert (city["subject"], city["holds"]) == ("city", False)
    assert found["answers"]["history"][0]["seen"] == "city: "
    assert found["moved_city"]["standing"] == "deaf"
    await shop.call("POST", f"/deals/{deal}/move", json={"stage": "talking"})
    found = await rules(shop, deal)
    assert found["remind"]["standing"] == "no_date"
    assert (found["nag"]["standing"], found["late"]["standing"]) == ("waiting", "elsewhere")


BOOK = """
playbook: Shop
language: ru
zone: Europe/Moscow
currency: RUB
fields: {price: {title: Цена, kind: money}}
funnels:
  orders:
    title: Заказы
    stages:
      new:
        title: Новый
        age: 1h
        robots:
          hello: {do: [{message: {text: "Цена {price}"}}, {message: {text: Привет, by: [sms], else: skip}}]}
          mine: {in: 1h, if: {responsible: empty}, do: [{tag: ничья}]}
      next: {title: Дальше, age: 2h}
      out: {title: Наружу, robots: {crm: {do: [{webhook: crm}]}}}
    won: Да
    lost: Нет
    triggers:
      words: {on: message, if: {price: not empty}, do: [{tag: писал}]}
      visits: {on: visit /prices, do: [{tag: смотрел}]}
sources: {message: {funnel: orders}}
reasons: {price: Дорого}
endpoints: {crm: {url: "https://crm.example.com/hook", send: [price]}}
"""


async def begun(shop: Shop, text: str = BOOK) -> int:
    playbook, problems = load_playbook("shop", {"playbook.yaml": text})
    assert playbook is not None, problems
    shop.ctx.house.playbook = playbook
    await shop.say("Хочу")
    number: int = (await shop.get("/deals"))["items"][0]["id"]
    return number


async def test_a_turn_tells_which_deeds_did_not_do_what_they_say_for_machines_and_for_people(shop: Shop):
    deal = await begun(shop)
    (turn,) = (await rules(shop, deal))["hello"]["history"]
    assert (turn["outcome"], turn["deeds"]) == (
        "fired",
        [
            {
                "deed": "message", "why": "empty_value", "instead": "task",
                "text": "Сообщение клиенту не отправлено: не заполнено (Цена). Вместо этого поставлена задача",
            },
            {"deed": "message", "why": "unreachable", "instead": None, "text": "Сообщение клиенту не отправлено: написать некуда"},
        ],
    )  # fmt: skip
    assert (await rules(shop, deal))["words"]["history"][0]["deeds"] == []


async def test_a_customer_of_whom_no_address_is_known_is_told_from_an_endpoint_that_is_not_set_up(shop: Shop):
    known = await begun(shop)
    by_hand = (await shop.open_deal())["id"]
    for deal, why in ((known, "no_endpoint"), (by_hand, "no_address")):
        await shop.call("POST", f"/deals/{deal}/move", json={"stage": "out"})
        (turn,) = (await rules(shop, deal))["crm"]["history"]
        assert [(deed["why"], deed["instead"]) for deed in turn["deeds"]] == [(why, "task")]


async def test_what_watches_the_age_of_each_stage_has_a_history_of_its_own(shop: Shop):
    deal = await begun(shop)
    shop.clock.at += 3_700_000
    shop.ctx.live.wake("turns")
    async with asyncio.timeout(PATIENCE_S):
        while not (await _ages(shop, deal))["new"]["history"]:
            await asyncio.sleep(0.01)
    await shop.call("POST", f"/deals/{deal}/move", json={"stage": "next"})
    found = await _ages(shop, deal)
    assert (found["new"]["standing"], len(found["new"]["history"])) == ("fired", 1)
    assert (found["next"]["standing"], found["next"]["history"]) == ("waiting", [])
    assert (found["new"]["due_at"], found["next"]["due_at"] is None) == (None, False)


async def _ages(shop: Shop, deal: int) -> dict[str, Any]:
    items = (await shop.get(f"/deals/{deal}/robots"))["items"]
    return {rule["stages"][0]: rule for rule in items if rule["rule"] == "age"}


async def test_conditions_are_told_as_the_robot_would_see_them(shop: Shop):
    deal = await begun(shop)
    for responsible in (False, True):
        if responsible:
            await shop.call("POST", f"/deals/{deal}/take", shop.token("manager", "Анна"))
        (condition,) = (await rules(shop, deal))["mine"]["conditions"]
        assert (condition["value"], condition["holds"]) == (("Анна", False) if responsible else ("", True))


async def test_triggers_are_deaf_to_a_deal_that_is_closed(shop: Shop):
    deal = await begun(shop)
    assert (await rules(shop, deal))["visits"]["standing"] == "listens"
    await shop.call("POST", f"/deals/{deal}/move", json={"stage": "lost", "reason": "price"})
    assert (await rules(shop, deal))["visits"]["standing"] == "deaf"


async def test_what_the_playbook_has_lost_since_still_has_its_turns(shop: Shop):
    deal = await begun(shop)
    text = BOOK.replace("hello: {do", "greet: {do").replace("words: {on", "writes: {on")
    shop.ctx.house.playbook = load_playbook("shop", {"playbook.yaml": text})[0]  # type: ignore[assignment]
    found = await rules(shop, deal)
    assert (found["hello"]["standing"], found["hello"]["kind"], found["hello"]["stages"]) == ("gone", "robot", ["new"])
    assert (found["words"]["standing"], found["words"]["kind"], found["words"]["on"]) == ("gone", "trigger", "message")
    assert found["words"]["history"][0]["seen"] == "price: "
    assert found["greet"]["standing"] == "missed"


async def test_of_a_deal_that_is_not_there_nothing_is_said(shop: Shop):
    assert (await shop.call("GET", "/deals/99/robots"))[0] == 404
