"""The workshop's leads become orders by robots: what the order's numbers and sums mean then; on both databases."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.desk import Edit, Move
from gateway.events import FormSubmitted, MessageReceived, Sender
from gateway.shop_hooks import TOLD
from tests.merged import merge, undo
from tests.shop import MONDAY_NOON, PaperChannel, Shop, open_shop

PHONE = "+79161234567"
ASKED = {"city": "Тверь", "payment_way": "по ссылке", "delivery_way": "почтой", "contact_way": "SMS"}


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    made = open_shop(database_url, channels=[PaperChannel("whatsapp")], playbook="accessories", at=MONDAY_NOON)
    yield made
    await made.db.close()


async def converted(shop: Shop, **fields: Any) -> dict[str, Any]:
    """A lead that has become an order's deal: the latter."""
    await shop.hear(MessageReceived(shop.sender(PHONE, phone=PHONE), "Нужен кошелёк"))
    await shop.settle()
    lead = (await shop.all("deals"))[-1]
    await shop.ask(Move("details", fields=ASKED | fields), lead["id"])
    await shop.ask(Edit(tags=("данные проверены",)), lead["id"])
    return await shop.deal(lead["id"] + 1)


async def test_a_lead_that_became_a_deal_says_so_in_words(shop: Shop):
    await converted(shop)
    lead = await shop.deal()
    assert (lead["outcome"], lead["reason"]) == ("won", "converted")
    told = [e["text"] for e in await shop.all("entries") if e["data"].get("event") == "closed"]
    assert told == ["Сделка закрыта: продолжается в другой сделке"]


async def told(shop: Shop, what: str, **body: Any) -> None:
    await shop.hear(TOLD[what](body, "RU"))
    await shop.settle()


@pytest.mark.parametrize("number", ["501", 501, " 501 "])
async def test_payments_find_the_deal_in_which_somebody_has_written_the_orders_number(shop: Shop, number: Any):
    order = await converted(shop, budget=350_000)
    await shop.ask(Edit(fields={"order": number}), order["id"])
    await told(shop, "payments", order="501", amount="1000.00")
    assert len(await shop.all("contacts")) == 1
    paid = await shop.deal(order["id"])
    assert (paid["stage"], paid["fields"]["paid"], paid["fields"]["paid_sum"]) == ("payment", "partly", 100_000)
    await told(shop, "payments", order="501", amount="2500.00")
    paid = await shop.deal(order["id"])
    assert (paid["stage"], paid["fields"]["paid"]) == ("shipping", "yes")


async def test_a_number_that_is_somebody_elses_stays_theirs_and_is_noticed(shop: Shop):
    await told(shop, "payments", order="501", amount="1000.00", customer={"phone": "+79160000000"})
    order = await converted(shop)
    await shop.ask(Edit(fields={"order": "501"}), order["id"])
    await told(shop, "payments", order="501", amount="1000.00")
    first, last = await shop.deal(), await shop.deal(order["id"])
    assert (first["fields"]["paid_sum"], last["fields"].get("paid_sum")) == (200_000, None)
    assert [(pair["state"], pair["contact_id"], pair["other_id"]) for pair in await shop.all("duplicates")] == [
        ("open", first["contact_id"], last["contact_id"])
    ]


async def test_what_a_customer_has_typed_brings_nobody_an_orders_news(shop: Shop):
    await shop.hear(MessageReceived(shop.sender(PHONE, phone=PHONE), "Нужен кошелёк"))
    await shop.hear(FormSubmitted(Sender("form", "ask", PHONE, "Анна", PHONE), "ask", {"order": "501"}))
    await shop.settle()
    await told(shop, "payments", order="501", amount="1000.00")
    mine, theirs = await shop.all("deals")
    assert (mine["fields"]["order"], mine["fields"].get("paid_sum")) == ("501", None)
    assert mine["contact_id"] != theirs["contact_id"]


async def test_a_payment_that_says_whose_it_is_finds_the_customers_deal(shop: Shop):
    order = await converted(shop, budget=350_000)
    await told(shop, "payments", order="501", amount="3500.00", customer={"phone": PHONE})
    (left,) = [deal for deal in await shop.all("deals") if deal["closed_at"] is None]
    assert (left["contact_id"], left["stage"], left["fields"]["paid"]) == (order["contact_id"], "shipping", "yes")
    assert left["fields"]["budget"] == 350_000


async def test_two_deals_that_become_one_are_reckoned_together_and_apart_again(shop: Shop):
    await told(shop, "payments", order="501", amount="3500.00")
    order = await shop.deal()
    mine = await converted(shop, budget=350_000)
    number = await merge(shop, mine["contact_id"], order["contact_id"])
    await shop.settle()
    (left,) = [deal for deal in await shop.all("deals") if deal["closed_at"] is None]
    assert (left["id"], left["stage"], left["fields"]["paid"]) == (order["id"], "shipping", "yes")
    assert [task["state"] for task in await shop.all("tasks") if task["kind"] == "check_sum"] == ["done"]
    await undo(shop, number)
    first, last = await shop.deal(order["id"]), await shop.deal(mine["id"])
    assert (first["fields"]["paid"], first["fields"].get("budget")) == ("partly", None)
    assert (last["fields"].get("paid"), last["fields"]["budget"], last["stage"]) == (None, 350_000, "payment")
