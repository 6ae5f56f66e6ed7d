"""News of orders and parcels that come in another order than they happened in: the older takes nothing of the newer back."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.clock import iso
from gateway.events import OrderChanged, ParcelMoved
from gateway.shop_hooks import TOLD
from tests.shop import MONDAY_NOON, PaperChannel, Shop, open_shop

HOUR = 3_600_000


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    made = open_shop(database_url, channels=[PaperChannel("whatsapp")], at=MONDAY_NOON)
    yield made
    await made.db.close()


async def told(shop: Shop, what: str, hour: int | None, **body: Any) -> None:
    """`hour`: so many hours before noon, at the sender; None: they do not say."""
    at = {} if hour is None else {"at": iso(MONDAY_NOON - hour * HOUR)}
    await shop.hear(TOLD[what]({**body, **at}, "RU"))
    await shop.settle()


async def ordered(shop: Shop, event: str, hour: int | None, **more: Any) -> None:
    about = {"number": "4711", **more}
    await told(shop, "orders", hour, event=event, order=about, customer={"phone": "+79161234567"})


async def moved(shop: Shop, status: str, hour: int | None) -> None:
    await told(shop, "parcels", hour, tracking="204500", status=status)


async def deal(shop: Shop) -> dict[str, Any]:
    (found,) = [one for one in await shop.all("deals") if one["funnel"] == "retail"]
    return found


@pytest.mark.parametrize(
    ("hours", "stage", "status"), [((3, 1, 2), "ready", "ready"), ((None,) * 3, "supply_delay", "sync_lost")]
)
async def test_older_news_of_an_order_take_nothing_back(
    shop: Shop, hours: tuple[int | None, ...], stage: str, status: str
):
    await ordered(shop, "placed", hours[0], total=100_000)
    await ordered(shop, "in_work", None)
    if status == "ready":
        await ordered(shop, "ready", hours[1], total=125_000, office="Северная")
    await ordered(shop, "sync_lost", hours[2], total=110_000, office="Заводская", items=["Колодки"])
    now = await deal(shop)
    assert (now["stage"], now["fields"]["order_status"]) == (stage, status)
    newer = status == "ready"
    assert (now["fields"]["total"], now["fields"]["office"]) == (
        (125_000, "Северная") if newer else (110_000, "Заводская")
    )
    assert now["fields"]["items"] == "Колодки"
    news = [entry["data"]["event"] for entry in await shop.all("entries") if entry["kind"] == "order"]
    assert news[-1] == "sync_lost"


async def test_that_it_was_paid_counts_whenever_it_is_told(shop: Shop):
    await ordered(shop, "placed", 4, total=100_000, paid=False)
    await ordered(shop, "ready", 1)
    await ordered(shop, "paid", 2)
    now = await deal(shop)
    assert (now["stage"], now["fields"]["paid"], now["fields"]["order_status"]) == ("ready", "yes", "ready")
    await ordered(shop, "in_work", 3, paid=False)
    assert (await deal(shop))["fields"]["paid"] == "yes"
    assert [task for task in await shop.all("tasks") if task["kind"] == "check_payment"] == []


async def test_a_sender_whose_clock_is_ahead_does_not_hold_later_news_up(shop: Shop):
    await ordered(shop, "placed", -9)
    shop.clock.advance(60_000)
    await ordered(shop, "in_work", -9)
    shop.clock.advance(60_000)
    await told(shop, "orders", 0, event="ready", order={"number": "4711"})
    assert (await deal(shop))["fields"]["order_status"] == "in_work"
    await ordered(shop, "ready", -9)
    assert (await deal(shop))["fields"]["order_status"] == "ready"


async def test_older_news_of_a_parcel_take_nothing_back(shop: Shop):
    await ordered(shop, "placed", None, tracking="204500")
    await moved(shop, "created", 5)
    await moved(shop, "in_transit", 3)
    await moved(shop, "arrived", 3)
    await moved(shop, "arrived", 1)
    await moved(shop, "in_transit", 2)
    assert (await deal(shop))["fields"]["parcel"] == "arrived"
    await moved(shop, "collected", 1)
    assert (await deal(shop))["fields"]["parcel"] == "collected"
    await moved(shop, "returned", None)
    assert (await deal(shop))["fields"]["parcel"] == "returned"
    news = [entry["data"]["event"] for entry in await shop.all("entries") if entry["kind"] == "parcel"]
    assert news == ["created", "in_transit", "arrived", "in_transit", "collected", "returned"]


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("2025-11-24T10:00:00Z", 1_763_978_400_000), ("2025-11-24T13:00:00+03:00", 1_763_978_400_000), (1_763_978_400, 1_763_978_400_000),
        (1_763_978_400_000, 1_763_978_400_000), (1_763_978_400.5, 1_763_978_400_500),
        (None, 0), ("", 0), ("2025-11-24T10:00:00", 0), ("вчера", 0), (True, 0), ([], 0), (float("nan"), 0), (float("inf"), 0), (10**400, 0), (-5, 0),
        ("9999-12-31T23:59:59-23:00", 0), ("0001-01-01T00:00:00+23:00", 0),
    ],
)  # fmt: skip
def test_a_moment_is_read_where_it_is_one(said: Any, at: int):
    order = TOLD["orders"]({"event": "ready", "order": {"number": "1"}, "at": said}, "RU")
    parcel = TOLD["parcels"]({"tracking": "1", "status": "arrived", "at": said}, "RU")
    assert isinstance(order, OrderChanged)
    assert isinstance(parcel, ParcelMoved)
    assert (order.happened_at, parcel.happened_at) == (at, at)
