"""Merges and moves against a take-over and a stop: what a bot still had under way must not outlive either."""

import asyncio
from typing import Any

import pytest

from gateway.channels.base import Retry
from gateway.desk import Command, SteerBot, Take
from gateway.events import AddressChanged, MessageReceived, ReachChanged
from tests.faults.test_early_statuses import SlowPaper
from tests.shop import ANNA, Shop, open_shop

PHONE = "+79161234567"


@pytest.fixture
async def slow_shop(database_url: str):
    slow = SlowPaper()
    made = open_shop(database_url, channels=[slow])
    yield made
    slow.speed_up()
    await made.delivery.settled()
    await made.db.close()


async def _settle_slow(shop: Shop) -> None:
    for _ in range(6):
        await shop.turns.once()
        await shop.delivery.once()
        await asyncio.sleep(0.01)


async def _ask(shop: Shop, deal: dict[str, Any], command: Command) -> None:
    task = asyncio.ensure_future(shop.turns.ask(deal["contact_id"], deal["id"], command, ANNA))
    await asyncio.sleep(0)
    await _settle_slow(shop)
    await task


async def test_m1_a_bots_part_under_way_when_its_deal_joins_a_persons_is_not_sent_again(slow_shop: Shop) -> None:
    """The older contact's deal is Anna's, at epoch 2. A younger contact's bot is in mid-send and its deal, too, has epoch 2. They turn out to be one person; then the provider says 502: the bot's words go out in Anna's deal."""
    shop, slow = slow_shop, slow_shop.paper
    slow.quick = True  # type: ignore[attr-defined]
    await shop.write("позовите менеджера", who="1", phone=PHONE)
    older = await shop.deal()
    await shop.ask(Take(), deal=older["id"])
    # The younger talks to a bot, is taken by Anna and given back to the bot: both deals have epoch 2.
    await shop.write("Здравствуйте", who="2")
    younger = next(d for d in await shop.all("deals") if d["id"] != older["id"] and d["closed_at"] is None)
    await shop.ask(Take(), deal=younger["id"])
    slow.quick = False  # type: ignore[attr-defined]
    slow.gates.clear()  # type: ignore[attr-defined]
    await _ask(shop, younger, SteerBot("start"))
    deals = {d["id"]: d for d in await shop.all("deals")}
    assert (deals[older["id"]]["owner"], deals[younger["id"]]["owner"]) == ("person", "bot")
    assert deals[older["id"]]["epoch"] == deals[younger["id"]]["epoch"]
    under_way = [p for p in await shop.all("parts") if p["state"] == "sending"]
    assert [p["author"] for p in under_way] == ["bot"]
    await shop.hear(MessageReceived(shop.sender("2"), "мой телефон", phone=PHONE))
    await _settle_slow(shop)
    assert next(d for d in await shop.all("deals") if d["id"] == younger["id"])["reason"] == "joined"
    before = len(slow.sent)
    slow.outcomes[under_way[0]["id"]] = Retry("502")  # type: ignore[attr-defined]
    slow.gates[under_way[0]["id"]].set()  # type: ignore[attr-defined]
    await _settle_slow(shop)
    slow.speed_up()  # type: ignore[attr-defined]
    await shop.later(minutes=5)
    bots = [o.text for o in slow.sent[before:] if o.part == under_way[0]["id"]]
    assert not bots, f"a bot spoke in a deal that a person holds: {bots}"


async def test_m2_a_merge_does_not_lift_a_take_over_from_a_part_that_waits_to_be_tried_again(slow_shop: Shop) -> None:
    """A bot's part is in mid-send when Anna takes the deal; the provider says 502, so it waits a second to be tried
    again (and would be blocked). In that second the contact is joined to an older one whose deal nobody holds."""
    shop, slow = slow_shop, slow_shop.paper
    slow.quick = True  # type: ignore[attr-defined]
    await shop.write("позовите менеджера", who="1", phone=PHONE)
    older = await shop.deal()
    assert older["owner"] == "pool"
    slow.quick = False  # type: ignore[attr-defined]
    slow.gates.clear()  # type: ignore[attr-defined]
    await shop.hear(MessageReceived(shop.sender("2"), "Здравствуйте"))
    await _settle_slow(shop)
    younger = next(d for d in await shop.all("deals") if d["id"] != older["id"] and d["closed_at"] is None)
    under_way = [p for p in await shop.all("parts") if p["state"] == "sending"]
    assert [p["author"] for p in under_way] == ["bot"]
    await _ask(shop, younger, Take())
    assert next(d for d in await shop.all("deals") if d["id"] == younger["id"])["owner"] == "person"
    slow.outcomes[under_way[0]["id"]] = Retry("502")  # type: ignore[attr-defined]
    slow.gates[under_way[0]["id"]].set()  # type: ignore[attr-defined]
    await _settle_slow(shop)
    part = next(p for p in await shop.all("parts") if p["id"] == under_way[0]["id"])
    assert (part["state"], part["epoch"]) == ("queued", 1)
    await shop.hear(MessageReceived(shop.sender("2"), "мой телефон", phone=PHONE))
    await _settle_slow(shop)
    (open_deal,) = [d for d in await shop.all("deals") if d["closed_at"] is None]
    assert (open_deal["id"], open_deal["owner"]) == (older["id"], "person")
    before = len(slow.sent)
    slow.speed_up()  # type: ignore[attr-defined]
    await shop.later(minutes=5)
    bots = [o.text for o in slow.sent[before:] if o.part == under_way[0]["id"]]
    assert not bots, f"a bot spoke after Anna took the deal over: {bots}"


async def test_m3_whoever_asked_to_be_left_alone_is_left_alone_at_their_new_address(shop: Shop) -> None:
    """STOP at the old address; the new address has been heard already; then the channel says that they are the same."""
    await shop.write("Здравствуйте")
    await shop.hear(ReachChanged(shop.sender("1"), "opted_out", "stop"))
    await shop.settle()
    await shop.write("Это снова я", who="-100500")
    await shop.hear(AddressChanged(shop.sender("1"), "-100500"))
    await shop.settle()
    (identity,) = await shop.all("identities")
    assert identity["address"] == "-100500"
    assert identity["barred"] == "opted_out"
