"""What of an order is paid: payments and refunds, sums that come late or change, words and currencies; on both databases."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.desk import Edit, Move
from gateway.refusals import Invalid
from gateway.shop_hooks import TOLD
from tests.shop import MONDAY_NOON, PaperChannel, Shop, open_shop

PHONE = "+79161234567"


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    made = open_shop(database_url, channels=[PaperChannel("whatsapp")], at=MONDAY_NOON)
    yield made
    await made.db.close()


async def told(shop: Shop, what: str, **body: Any) -> None:
    await shop.hear(TOLD[what](body, "RU"))
    await shop.settle()


async def ordered(shop: Shop, event: str = "placed", **order: Any) -> None:
    await told(shop, "orders", event=event, order={"number": "4711", **order}, customer={"phone": PHONE})


async def paid(shop: Shop, amount: Any, **more: Any) -> None:
    await told(shop, "payments", order="4711", amount=amount, **more)


async def stands(shop: Shop) -> tuple[str | None, int | None, str]:
    """(paid, paid_sum, stage)"""
    deal = await shop.deal()
    return deal["fields"].get("paid"), deal["fields"].get("paid_sum"), deal["stage"]


async def open_tasks(shop: Shop, kind: str) -> list[str]:
    return [task["text"] for task in await shop.all("tasks") if (task["kind"], task["state"]) == (kind, "open")]


async def notes(shop: Shop) -> list[str]:
    return [e["text"].replace("\u00a0", " ") for e in await shop.all("entries") if e["kind"] == "note"]


async def heard(shop: Shop, trigger: str) -> int:
    return len([one for one in await shop.all("firings") if (one["rule"], one["outcome"]) == (trigger, "fired")])


async def test_money_for_an_order_whose_sum_nobody_knows_is_a_part_until_the_sum_comes(shop: Shop):
    await paid(shop, "100.00")
    assert await stands(shop) == ("partly", 10_000, "order_placed")
    assert len(await open_tasks(shop, "check_sum")) == 1
    await ordered(shop, total=125_000)
    assert await stands(shop) == ("partly", 10_000, "order_placed")
    assert await open_tasks(shop, "check_sum") == []
    await paid(shop, "1150.00")
    assert await stands(shop) == ("yes", 125_000, "order_in_work")
    assert await heard(shop, "paid") == 1


async def test_the_sum_that_comes_last_makes_it_paid(shop: Shop):
    await paid(shop, "1250.00")
    await ordered(shop, total=125_000)
    assert await stands(shop) == ("yes", 125_000, "order_in_work")
    assert await heard(shop, "paid") == 1


async def test_an_order_that_grows_is_not_paid_any_more(shop: Shop):
    await ordered(shop, total=100_000)
    await paid(shop, 100_000)
    await ordered(shop, "in_work", total=120_000)
    assert (await stands(shop))[0] == "partly"
    await paid(shop, 20_000)
    assert (await stands(shop))[0] == "yes"


async def test_what_the_shop_calls_paid_is_paid_whatever_payments_are_known(shop: Shop):
    await ordered(shop, total=125_000)
    await paid(shop, 100_000)  # the rest was paid by points
    await ordered(shop, "paid")
    assert (await stands(shop))[0] == "yes"
    await paid(shop, 1_000)
    assert await stands(shop) == ("yes", 101_000, "order_in_work")
    await ordered(shop, "in_work", total=150_000)  # what was paid was less
    assert (await stands(shop))[0] == "partly"


async def test_that_it_is_not_paid_says_nothing_against_payments(shop: Shop):
    await paid(shop, 125_000)
    await ordered(shop, total=125_000, paid=False)
    assert (await stands(shop))[0] == "yes"


async def test_a_sum_that_was_paid_without_our_knowing_grows(shop: Shop):
    await ordered(shop, "paid", total=100_000)
    await ordered(shop, "in_work", total=150_000)
    assert await stands(shop) == ("partly", None, "order_in_work")


async def test_whoever_corrects_the_sum_by_hand_has_it_reckoned_again(shop: Shop):
    await ordered(shop, total=125_000)
    await paid(shop, 100_000)
    await shop.ask(Edit(fields={"total": 100_000}))
    assert await stands(shop) == ("yes", 100_000, "order_in_work")


async def test_more_than_the_order_is_worth_is_told(shop: Shop):
    await ordered(shop, total=125_000)
    await paid(shop, "1300.00")
    assert await stands(shop) == ("yes", 130_000, "order_in_work")
    assert await notes(shop) == ["Пришло больше, чем стоит заказ: лишние 50. Решите, вернуть или зачесть"]
    await ordered(shop, "in_work", total=125_000)  # nothing new
    assert len(await notes(shop)) == 1


async def test_money_that_goes_back_is_taken_off(shop: Shop):
    await ordered(shop, total=125_000)
    await paid(shop, 125_000)
    await paid(shop, 25_000, status="refunded")
    assert (await stands(shop))[:2] == ("partly", 100_000)
    await paid(shop, -100_000)
    assert (await stands(shop))[:2] == ("no", 0)
    told_ = [e["text"].replace("\u00a0", " ") for e in await shop.all("entries") if e["data"].get("event") == "refund"]
    assert told_ == ["Возврат денег по заказу 4711: 250", "Возврат денег по заказу 4711: 1 000"]


async def test_a_refund_of_what_was_paid_without_our_knowing_counts_from_the_sum(shop: Shop):
    await ordered(shop, "paid", total=125_000)
    await paid(shop, -25_000)
    assert (await stands(shop))[:2] == ("partly", 100_000)
    await paid(shop, -200_000)
    assert (await stands(shop))[:2] == ("no", 0)
    assert len(await notes(shop)) == 1


async def test_a_refund_of_an_unknown_sum_leaves_it_paid_in_part(shop: Shop):
    await ordered(shop, "paid")
    await paid(shop, -25_000)
    assert (await stands(shop))[:2] == ("partly", None)


async def test_money_of_another_currency_is_not_added_and_is_somebodys_business(shop: Shop):
    await ordered(shop, total=125_000)
    for _ in range(2):
        await paid(shop, "1250.00", currency="USD")
    assert await stands(shop) == (None, None, "order_placed")
    (task,) = await open_tasks(shop, "check_payment")
    assert "1\u00a0250 USD" in task
    await ordered(shop, "in_work", total="99.00", currency="EUR")
    fields = (await shop.deal())["fields"]
    assert (fields["total"], fields.get("currency")) == (125_000, None)
    assert len(await open_tasks(shop, "check_payment")) == 2
    assert any("99 EUR" in e["text"] for e in await shop.all("entries") if e["kind"] == "order")


async def test_money_in_part_for_a_lost_deal_is_somebodys_business_too(shop: Shop):
    await ordered(shop, total=125_000)
    await shop.ask(Move("lost", reason="price"))
    await paid(shop, 100)
    assert len(await open_tasks(shop, "check_payment")) == 1


async def test_paid_takes_its_three_words_only(shop: Shop):
    """`true` was kept, counted for nothing, and took the shop's word back."""
    await ordered(shop, "placed")
    deal = await shop.deal()
    with pytest.raises(Invalid, match="yes, partly, no"):
        await shop.ask(Edit(fields={"paid": True}), deal["id"])
    await shop.ask(Edit(fields={"paid": "Yes"}), deal["id"])
    assert (await shop.deal(deal["id"]))["fields"]["paid"] == "yes"
