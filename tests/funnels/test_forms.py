"""What forms may fill, and those that open nothing: a word on the last deal; on both databases."""

from dataclasses import replace
from typing import Any

import pytest

from bots.kit.fields import Field
from gateway import filling
from gateway.desk import Edit
from gateway.events import FormSubmitted, Sender
from gateway.refusals import Invalid
from tests.funnels.test_orders import PHONE, ordered, shop, told
from tests.shop import Shop

__all__ = ["shop"]


async def form(shop: Shop, name: str, phone: str = PHONE, **fields: Any) -> None:
    await shop.hear(FormSubmitted(Sender("form", name, phone, "Анна", phone), name, fields))
    await shop.settle()


async def test_a_form_that_opens_nothing_is_kept_in_the_last_deal_although_it_is_closed(shop: Shop):
    await ordered(shop, "placed")
    await ordered(shop, "handed_over")
    tasks = len(await shop.all("tasks"))
    await form(shop, "rating", rating=5, comment="Спасибо")
    (deal,) = await shop.all("deals")
    assert (deal["outcome"], deal["fields"]["rating"], deal["waiting_since"]) == ("won", 5, None)
    assert [e["text"] for e in await shop.all("entries")][-1] == "Заявка с сайта «rating»\nrating: 5\ncomment: Спасибо"
    assert len(await shop.all("tasks")) == tasks


async def test_of_whom_nothing_is_known_a_deal_is_opened_all_the_same(shop: Shop):
    await form(shop, "rating", phone="+79160000000", rating=1)
    (deal,) = await shop.all("deals")
    assert (deal["closed_at"], deal["fields"]["rating"]) == (None, 1)


async def test_no_form_says_that_an_order_is_paid_or_sent(shop: Shop):
    await ordered(shop, "placed")
    await form(shop, "parts", paid="yes", total=1, tracking="RA9", order_status="ready", city="Тверь")
    fields = (await shop.deal())["fields"]
    assert (fields.get("paid"), fields["total"], fields.get("tracking")) == (None, 125_000, None)
    assert (fields["order_status"], fields["city"]) == ("placed", "Тверь")
    await told(shop, "parcels", tracking="RA9", status="arrived")
    assert "parcel" not in (await shop.deal())["fields"]


async def test_a_field_that_the_playbook_keeps_from_forms_no_form_fills(shop: Shop):
    book = shop.house.playbook
    advance = Field("advance", "Аванс", "money", by_forms=False)
    shop.house.playbook = replace(
        book, fields={**book.fields, "advance": advance}, kinds={**book.kinds, "advance": advance}
    )
    await form(shop, "parts", advance="3500", city="Тверь")
    deal = await shop.deal()
    assert (deal["fields"].get("advance"), deal["fields"]["city"]) == (None, "Тверь")
    assert "advance: 3500" in next(e["text"] for e in await shop.all("entries") if e["kind"] == "message")
    await shop.ask(Edit(fields={"advance": "3500"}), deal["id"])
    assert (await shop.deal())["fields"]["advance"] == 350_000


async def test_a_deal_has_so_many_fields_and_no_more_whoever_fills_them(shop: Shop):
    for n in range(3):
        await form(shop, "parts", **{f"f{n}_{i}": "x" for i in range(150)})
    deal = await shop.deal()
    assert len(deal["fields"]) <= filling.MOST_FIELDS + 2
    assert any("f2_149: x" in e["text"] for e in await shop.all("entries"))
    with pytest.raises(Invalid, match="at most 300 fields"):
        await shop.ask(Edit(fields={f"g{i}": "x" for i in range(60)}), deal["id"])
    await shop.ask(Edit(fields={"f0_1": "y"}), deal["id"])
    assert (await shop.deal())["fields"]["f0_1"] == "y"
