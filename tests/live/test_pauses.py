"""A provider that asks one process for quiet asks them all: what the account pauses for is not learnt again by each."""

import asyncio
from collections.abc import AsyncIterator

import fakeredis
import pytest

from gateway.channels.base import Throttled
from gateway.delivery import Delivery
from gateway.events import MessageReceived
from state.database import Database
from state.live_redis import RedisLive
from tests.shop import PaperChannel, Shop, open_shop


def _live(server: fakeredis.FakeServer) -> RedisLive:
    return RedisLive(
        "", client=fakeredis.FakeRedis(server=server), async_client=fakeredis.FakeAsyncRedis(server=server)
    )


@pytest.fixture
async def lives() -> AsyncIterator[tuple[RedisLive, RedisLive]]:
    server = fakeredis.FakeServer()
    both = (_live(server), _live(server))
    for live in both:
        await live.start()
    await asyncio.sleep(0.1)
    yield both
    for live in both:
        await live.close()


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    made = open_shop(database_url)
    yield made
    await made.db.close()


async def test_a_429_in_one_process_stops_the_account_in_the_other(
    shop: Shop, lives: tuple[RedisLive, RedisLive]
) -> None:
    first, second = PaperChannel(), PaperChannel()
    one, other = Database(shop.db.url), Database(shop.db.url)
    mine = Delivery(one, {"telegram:100": first}, lives[0], shop.clock)
    theirs = Delivery(other, {"telegram:100": second}, lives[1], shop.clock)
    first.answers.append(Throttled(30_000, "account"))
    await shop.hear(MessageReceived(shop.sender("1"), "позовите менеджера"))
    await shop.turns.once()
    await mine.once()
    await mine.settled()
    async with asyncio.timeout(5):
        while not lives[1].pauses():
            await asyncio.sleep(0.02)
    await shop.hear(MessageReceived(shop.sender("2"), "позовите менеджера"))
    await shop.turns.once()
    for delivery in (theirs, mine, theirs):
        await delivery.once()
        await delivery.settled()
    assert (len(first.sent), len(second.sent)) == (1, 0)
    shop.clock.at += 30_001
    await theirs.once()
    await theirs.settled()
    assert sorted(o.address for o in second.sent) == ["1", "2"]
    await one.close()
    await other.close()
