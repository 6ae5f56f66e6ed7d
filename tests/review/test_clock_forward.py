"""A clock that jumped a day ahead and was put right: nothing may rest for that day (F28)."""

import asyncio

from gateway.channels.base import Throttled
from state.live import LocalLive
from state.live_redis import RedisLive
from tests.shop import MONDAY_NOON, Shop

HOUR = 3_600_000


async def test_a_pause_of_seconds_that_was_noted_while_the_clock_was_ahead_is_over_after_seconds(shop: Shop) -> None:
    """The provider asked for five seconds; the clock was a day ahead then. All that goes out on the account waits a day."""
    shop.clock.at += 24 * HOUR
    shop.paper.answers = [Throttled(5_000, "account")]
    await shop.write("Здравствуйте", who="1")
    shop.clock.at -= 24 * HOUR  # put right
    await shop.write("Здравствуйте", who="2")
    await shop.later(minutes=5)
    assert shop.paper.texts("2"), "customer 2, who wrote after the clock was right, hears nothing"


def _spend(live: LocalLive, now: int) -> int:
    """How many tokens an account of 10 a second gives in the ten seconds from `now`."""
    return sum(1 for ms in range(0, 10_000, 50) if live.take("telegram:1", 10, 5, now + ms) == 0)


async def test_a_shared_budget_that_was_used_while_the_clock_was_ahead_fills_again(valkey_server: str) -> None:
    shared = RedisLive(valkey_server, prefix="review:")
    await shared.start()
    try:
        assert await asyncio.to_thread(_spend, shared, MONDAY_NOON + 24 * HOUR) >= 90
        assert await asyncio.to_thread(_spend, shared, MONDAY_NOON) >= 90
    finally:
        await shared.close()


def test_so_does_one_of_a_process_by_itself() -> None:
    alone = LocalLive()
    assert _spend(alone, MONDAY_NOON + 24 * HOUR) >= 90
    assert _spend(alone, MONDAY_NOON) >= 90
