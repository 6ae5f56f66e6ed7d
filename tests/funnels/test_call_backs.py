"""Missed calls and forms make one task, and it ends when somebody has spoken with the customer; on both databases."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from gateway.events import CallEnded, Event, FormSubmitted, MessageReceived, Sender
from tests.shop import MONDAY_NOON, PaperChannel, Shop, open_shop

PHONE = "+79161234567"
CALLER = Sender("phone", "calls", PHONE, phone=PHONE)
AT_ONCE = {"school": "Позвонить: Анна", "novaposhta": "Підтвердити замовлення", "accessories": "Посмотреть заявку"}


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    made = open_shop(database_url, channels=[PaperChannel("whatsapp")], at=MONDAY_NOON)
    yield made
    await made.db.close()


async def happens(shop: Shop, *events: Event) -> None:
    await shop.hear(*events)
    await shop.settle()


async def tasks(shop: Shop, **like: Any) -> Sequence[dict[str, Any]]:
    return [task for task in await shop.all("tasks") if like.items() <= task.items()]


async def test_who_calls_again_makes_the_task_more_urgent_and_no_other(shop: Shop):
    missed = CallEnded(CALLER, "missed", "in")
    await happens(shop, missed)
    await happens(shop, missed, missed)
    await happens(shop, missed)
    (task,) = await tasks(shop, kind="call_back")
    assert task["text"] == "Пропущенные звонки: звонили ещё раз, всего 4. Перезвоните клиенту"
    assert (task["state"], task["details"]) == ("open", {"phone": PHONE, "calls": 4})
    told = [e for e in await shop.all("entries") if e["data"].get("task") == task["id"]]
    assert [e["data"]["event"] for e in told] == ["created", "edited", "edited", "edited"]


async def test_two_calls_that_come_together_are_one_task(shop: Shop):
    missed = CallEnded(CALLER, "missed", "in")
    await happens(shop, missed, missed)
    assert len(await tasks(shop, kind="call_back")) == 1


@pytest.mark.parametrize("direction", ["in", "out"])
async def test_a_call_that_was_answered_ends_the_call_back(shop: Shop, direction: Any):
    await happens(shop, CallEnded(CALLER, "missed", "in"))
    await happens(shop, CallEnded(CALLER, "missed", "out"))
    assert [task["state"] for task in await tasks(shop, kind="call_back")] == ["open"]
    await happens(shop, CallEnded(CALLER, "answered", direction, 60))
    (task,) = await tasks(shop, kind="call_back")
    assert (task["state"], task["result"], task["done_by"]) == ("done", "Разговор по телефону, 60 с", None)
    await happens(shop, CallEnded(CALLER, "missed", "in"))
    assert [task["state"] for task in await tasks(shop, kind="call_back")] == ["done", "open"]


async def test_a_deal_whose_call_back_has_ended_is_not_lost(shop: Shop):
    await happens(shop, CallEnded(CALLER, "missed", "in"), CallEnded(CALLER, "answered", "out", 5))
    assert await tasks(shop, state="open") == []
    deal = await shop.deal()
    assert deal["waiting_since"] is not None or [t for t in await shop.all("timers") if t["deal_id"] == deal["id"]]


@pytest.mark.parametrize("playbook", list(AT_ONCE))
async def test_where_a_funnel_gives_a_task_for_a_form_there_is_no_other(database_url: str, playbook: str):
    shop = open_shop(database_url, playbook=playbook, at=MONDAY_NOON)
    await happens(
        shop, FormSubmitted(Sender("form", "trial", PHONE, "Анна", PHONE), "trial", {"name": "Анна", "phone": PHONE})
    )
    (task,) = await tasks(shop)
    assert task["text"].startswith(AT_ONCE[playbook])
    assert await shop.balanced()
    await shop.db.close()


async def test_where_a_funnel_gives_none_a_form_and_a_strange_messenger_are_somebodys(shop: Shop):
    await happens(shop, FormSubmitted(Sender("form", "vin", PHONE, "Анна", PHONE), "vin", {"vin": "X"}))
    (task,) = await tasks(shop)
    assert (task["kind"], task["details"]) == ("answer", {"vin": "X"})
    await happens(shop, MessageReceived(Sender("avito", "hook", "7", "Борис"), "Есть колодки?"))
    assert [task["kind"] for task in await tasks(shop)] == ["answer", "answer"]
