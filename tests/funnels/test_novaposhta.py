"""Parcels of Nova Poshta: asked after in bounds, each status once, and what it answers is never trusted."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from gateway.novaposhta import CarrierError, NovaPoshta, is_ours, news_of
from gateway.tracker import Tracker
from tests.funnels.test_orders import ordered
from tests.shop import MONDAY_NOON, PaperChannel, Shop, open_shop
from tests.standins.novaposhta import NovaPoshtaStandin

TTN = "20450000000001"


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    made = open_shop(database_url, channels=[PaperChannel("whatsapp")], at=MONDAY_NOON)
    yield made
    await made.db.close()


@pytest.fixture
async def carrier() -> AsyncIterator[NovaPoshtaStandin]:
    made = NovaPoshtaStandin()
    yield made
    await made.stop()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


async def tracker(
    shop: Shop, carrier: NovaPoshtaStandin, session: aiohttp.ClientSession, key: str = "np-key"
) -> Tracker:
    return Tracker(shop.db, shop.intake, NovaPoshta(key, await carrier.start(), session), shop.clock)


async def looked(shop: Shop, at: Tracker) -> int:
    """One look; the intake writes down what it has found."""
    task = asyncio.ensure_future(at.once())
    while not task.done():
        await asyncio.sleep(0.005)
        await asyncio.wait_for(shop.intake.once(), 1) if shop.intake._waiting else None
    await shop.settle()
    return await task


async def test_a_parcel_is_asked_after_until_it_comes_to_its_end(
    shop: Shop, carrier: NovaPoshtaStandin, session: aiohttp.ClientSession
):
    at = await tracker(shop, carrier, session)
    await ordered(shop, "sent", tracking=TTN)
    seen = []
    for code in (1, 4, 5, 5, 7, 9, 11):
        carrier.where[TTN] = code
        assert await looked(shop, at) == 1
        seen.append((await shop.deal())["fields"]["parcel"])
        assert await looked(shop, at) == 0, "not asked about again before its time"
        await shop.later(hours=13)
    assert seen == ["created", "accepted", "in_transit", "in_transit", "arrived", "collected", "money_received"]
    await shop.later(hours=100)
    assert await looked(shop, at) == 0
    assert len([e for e in await shop.all("entries") if e["kind"] == "parcel"]) == 6
    assert await shop.balanced()


async def test_a_hundred_are_asked_about_at_once_and_others_numbers_never(
    shop: Shop, carrier: NovaPoshtaStandin, session: aiohttp.ClientSession
):
    at = await tracker(shop, carrier, session)
    await ordered(shop, "sent", tracking="RA123456789RU")
    assert await looked(shop, at) == 0
    from state import parcels  # noqa: PLC0415

    many = [(f"{20450000000000 + n}", "novaposhta") for n in range(150)]
    await shop.db.write(lambda c: parcels.add(c, many, shop.clock.now()))
    assert [await looked(shop, at), await looked(shop, at), await looked(shop, at)] == [100, 50, 0]
    assert [len(asked) for asked in carrier.asked] == [100, 50]


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, "oops"), (429, "slow"), (200, "<html>"), (200, "[]"), (200, {"success": False, "errors": ["limit"]})],
)
async def test_a_carrier_in_trouble_is_left_alone_and_nothing_is_lost(
    shop: Shop, carrier: NovaPoshtaStandin, session: aiohttp.ClientSession, status: int, body: Any
):
    at = await tracker(shop, carrier, session)
    await ordered(shop, "sent", tracking=TTN)
    carrier.answers.append((status, body))
    with pytest.raises(CarrierError) as failed:
        await looked(shop, at)
    assert failed.value.hold >= 30
    carrier.where[TTN] = 7
    await shop.later(minutes=3)
    assert await looked(shop, at) == 1
    assert (await shop.deal())["fields"]["parcel"] == "arrived"


async def test_a_wrong_key_says_so(shop: Shop, carrier: NovaPoshtaStandin, session: aiohttp.ClientSession):
    at = await tracker(shop, carrier, session, key="wrong")
    await ordered(shop, "sent", tracking=TTN)
    with pytest.raises(CarrierError, match="API key expired"):
        await looked(shop, at)


def test_what_was_not_asked_or_makes_no_sense_is_left_out():
    data = [
        {"Number": "20450000000002", "StatusCode": "9"}, {"Number": TTN, "StatusCode": "девять"}, {"Number": TTN, "StatusCode": True},
        {"Number": TTN}, "x", None, {"Number": [TTN], "StatusCode": 9}, {"Number": TTN, "StatusCode": 10**9},
    ]  # fmt: skip
    assert news_of(data, {TTN}) == []
    (one,) = news_of([{"Number": TTN, "StatusCode": 7, "Status": "Прибув\n у відділення"}], {TTN})
    assert (one.status, one.note) == ("arrived", "Прибув у відділення")


def test_a_waybill_of_theirs_has_fourteen_digits():
    assert is_ours(TTN)
    assert not any(is_ours(one) for one in ("", "RA123456789RU", TTN + "1", "٢٠٤٥٠٠٠٠٠٠٠٠٠١"[:13] + "1"))
