"""Waybills over the API: from the deal's card, once, and never a second one where nobody knows of the first."""

from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest

from bots.kit.shipping import Shipping
from gateway.novaposhta import NovaPoshta
from tests.api.conftest import Shop
from tests.standins.novaposhta import NovaPoshtaStandin

OURS = Shipping("sender-1", "contact-1", "city-9", "address-9", "+380500000000", description="Товари")
CARD = {"city": "Полтава", "warehouse": "7", "budget": 150_000, "cod": 100_050}


@pytest.fixture
async def carrier(shop: Shop) -> AsyncIterator[NovaPoshtaStandin]:
    made = NovaPoshtaStandin()
    async with aiohttp.ClientSession() as session:
        object.__setattr__(shop.ctx, "carrier", NovaPoshta("np-key", await made.start(), session))
        shop.ctx.house.playbook = replace(shop.ctx.house.playbook, shipping={"novaposhta": OURS})
        yield made
    await made.stop()


async def with_card(shop: Shop, **fields: object) -> int:
    deal = await shop.open_deal(name="Олена Шевченко", phone="+380671234567")
    status, _ = await shop.call("PATCH", f"/deals/{deal['id']}", json={"fields": {**CARD, **fields}})
    assert status == 200
    return int(deal["id"])


async def test_cities_and_offices_come_from_the_carriers_directory(shop: Shop, carrier: NovaPoshtaStandin):
    cities = (await shop.get("/carriers/novaposhta/cities?q=Полт"))["items"]
    assert cities == [{"ref": "city-1", "name": "Полтава", "area": "Полтавська"}]
    offices = (await shop.get("/carriers/novaposhta/offices?city=city-1&q=7"))["items"]
    assert [office["number"] for office in offices] == ["7"]


async def test_a_waybill_is_made_of_the_deals_card_and_its_number_is_the_deals(shop: Shop, carrier: NovaPoshtaStandin):
    deal = await with_card(shop)
    status, made = await shop.call("POST", f"/deals/{deal}/waybill")
    assert (status, made["number"], made["cost"]) == (201, "20450000000901", 8_500)
    assert made["deal"]["fields"]["tracking"] == "20450000000901"
    (asked,) = carrier.made
    assert (asked["RecipientName"], asked["RecipientsPhone"], asked["Cost"]) == (
        "Олена Шевченко",
        "380671234567",
        "1500",
    )
    assert asked["BackwardDeliveryData"][0]["RedeliveryString"] == "1000.5"
    status, again = await shop.call("POST", f"/deals/{deal}/waybill")
    assert (status, again["error"]["code"]) == (409, "has_waybill")
    assert len(carrier.made) == 1


@pytest.mark.parametrize(("lacks", "field"), [("city", "city"), ("warehouse", "office"), ("budget", "cost")])
async def test_what_the_card_lacks_is_named(shop: Shop, carrier: NovaPoshtaStandin, lacks: str, field: str):
    deal = await with_card(shop, **{lacks: ""})
    status, body = await shop.call("POST", f"/deals/{deal}/waybill")
    assert (status, body["error"]["field"]) == (422, field)
    assert carrier.made == []


async def test_a_lost_answer_says_that_nobody_knows(shop: Shop, carrier: NovaPoshtaStandin):
    deal = await with_card(shop)
    carrier.answers.append((500, "oops"))
    status, body = await shop.call("POST", f"/deals/{deal}/waybill")
    assert (status, body["error"]["code"]) == (502, "carrier_unknown")
    carrier.answers.append((200, {"success": False, "errors": ["RecipientsPhone is incorrect"]}))
    status, body = await shop.call("POST", f"/deals/{deal}/waybill")
    assert (status, body["error"]["code"]) == (502, "carrier_failed")
    assert "RecipientsPhone" in body["error"]["message"]


async def test_without_a_carrier_the_calls_say_so(shop: Shop):
    assert (await shop.call("GET", "/carriers/novaposhta/cities?q=К"))[1]["error"]["code"] == "not_connected"
