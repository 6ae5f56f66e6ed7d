"""What may be lost, on all three of its footings: in this process, over fakeredis, over a real Valkey."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import fakeredis
import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from gateway.app import App
from gateway.settings import Settings
from state.live import Live, LocalLive
from state.live_redis import RedisLive
from tests.servers import NoServerError, ValkeyServer, valkey_server

NOON = 1_763_978_400_000


@dataclass
class Pair:
    """The gateway's own and another process's; in one process they are the same."""

    mine: Live
    theirs: Live


@pytest.fixture(params=["local", "fakeredis", "valkey"])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    if request.param == "local":
        alone = LocalLive()
        yield Pair(alone, alone)
        return
    if request.param == "fakeredis":
        server = fakeredis.FakeServer()
        both = [
            RedisLive(
                "", client=fakeredis.FakeRedis(server=server), async_client=fakeredis.FakeAsyncRedis(server=server)
            )
            for _ in range(2)
        ]
    else:
        url = request.getfixturevalue("valkey_server")
        prefix = f"test{time.monotonic_ns()}:"
        both = [RedisLive(url, prefix=prefix) for _ in range(2)]
    for live in both:
        await live.start()
    await _listening(both)
    yield Pair(*both)
    for live in both:
        await live.close()


async def _listening(both: list[RedisLive]) -> None:
    """Each hears the other: what was said before one listens is lost, and may be."""
    for mine, theirs in (both, both[::-1]):
        with theirs.subscribe("hello") as bell:
            for _ in range(100):
                mine.publish("hello")
                if await bell.wait(0.05):
                    break
            else:
                raise AssertionError("they do not hear each other")


async def test_whoever_waits_is_woken_from_either_side(pair: Pair) -> None:
    for waker in (pair.mine, pair.theirs):
        waiting = asyncio.create_task(pair.mine.wait("turns", 5))
        await asyncio.sleep(0.01)
        begun = time.monotonic()
        waker.wake("turns")
        await waiting
        assert time.monotonic() - begun < 2


async def test_a_wake_before_the_wait_is_not_missed(pair: Pair) -> None:
    pair.mine.wake("turns")
    async with asyncio.timeout(1):
        await pair.mine.wait("turns", 5)


async def test_a_wait_that_nobody_ends_ends_by_itself(pair: Pair) -> None:
    begun = time.monotonic()
    await pair.mine.wait("nothing", 0.05)
    assert 0.04 < time.monotonic() - begun < 2


async def test_other_topics_wake_nobody(pair: Pair) -> None:
    pair.theirs.wake("delivery")
    pair.theirs.publish("changes")
    begun = time.monotonic()
    await pair.mine.wait("turns", 0.1)
    assert time.monotonic() - begun >= 0.09


async def test_every_subscriber_in_every_process_is_rung(pair: Pair) -> None:
    with (
        pair.mine.subscribe("changes") as one,
        pair.mine.subscribe("changes") as two,
        pair.theirs.subscribe("changes") as three,
    ):
        pair.theirs.publish("changes")
        assert tuple(await asyncio.gather(one.wait(2), two.wait(2), three.wait(2))) == (True, True, True)


async def test_rings_may_be_merged_and_none_is_missed(pair: Pair) -> None:
    with pair.mine.subscribe("changes") as bell:
        for _ in range(50):
            pair.theirs.publish("changes")
        assert await bell.wait(2)
        while await bell.wait(0.1):
            pass
        pair.theirs.publish("changes")
        assert await bell.wait(2)


async def test_whoever_has_left_is_not_rung(pair: Pair) -> None:
    with pair.mine.subscribe("changes") as bell:
        pass
    pair.mine.publish("changes")
    assert not await bell.wait(0.05)


def take(live: Live, n: int, at: int, per_second: float = 10, burst: int = 5, key: str = "") -> list[int]:
    return [live.take(key or f"k{n}", per_second, burst, at) for _ in range(n)]


async def test_a_budget_gives_its_burst_and_then_its_rate(pair: Pair) -> None:
    waits = take(pair.mine, 7, NOON, key="telegram:1")
    assert waits[:5] == [0] * 5
    assert all(90 <= wait <= 101 for wait in waits[5:])
    assert pair.mine.take("telegram:1", 10, 5, NOON + 50) > 0
    assert take(pair.mine, 3, NOON + 210, key="telegram:1") == [0, 0, pytest.approx(91, abs=10)]
    assert take(pair.mine, 6, NOON + 3_600_000, key="telegram:1")[:5] == [0] * 5


async def test_a_budget_is_one_for_all_processes(pair: Pair) -> None:
    taken = [live.take("telegram:1", 10, 6, NOON) for _ in range(5) for live in (pair.mine, pair.theirs)]
    assert taken.count(0) == 6


async def test_budgets_do_not_touch_each_other_and_none_is_no_budget(pair: Pair) -> None:
    assert take(pair.mine, 9, NOON, key="a")[-1] > 0
    assert pair.mine.take("b", 10, 5, NOON) == 0
    assert take(pair.mine, 100, NOON, per_second=0, key="a") == [0] * 100


async def test_a_clock_that_steps_back_stops_no_budget_for_long(pair: Pair) -> None:
    """An hour back: what is in stock may be used, and the rest comes at the rate once the clock goes on."""
    take(pair.mine, 9, NOON, key="a")
    back = NOON - 3_600_000
    waits = [pair.mine.take("a", 10, 5, back + n * 200) for n in range(10)]
    assert max(waits) <= 101


# -- when it is away -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def mortal() -> AsyncIterator[tuple[ValkeyServer, RedisLive]]:
    try:
        with valkey_server() as server:
            live = RedisLive(server.url)
            await live.start()
            yield server, live
            await live.close()
    except NoServerError as why:
        pytest.skip(str(why))


async def test_while_it_is_away_this_process_goes_on_by_itself_and_it_is_found_again(
    mortal: tuple[ValkeyServer, RedisLive],
) -> None:
    server, live = mortal
    assert live.take("a", 10, 5, NOON) == 0
    server.stop()
    begun = time.monotonic()
    assert take(live, 7, NOON, key="a")[-1] > 0  # its own budget
    live.wake("turns")
    await live.wait("turns", 5)
    with live.subscribe("changes") as bell:
        live.publish("changes")
        assert await bell.wait(1)
    assert time.monotonic() - begun < 1.5
    server.start()
    other = RedisLive(server.url)
    await other.start()
    try:
        with live.subscribe("changes") as bell:
            for _ in range(100):
                other.publish("changes")
                if await bell.wait(0.1):
                    break
            else:
                raise AssertionError("it is not heard again")
    finally:
        await other.close()


async def test_a_flush_loses_budgets_and_nothing_else(mortal: tuple[ValkeyServer, RedisLive]) -> None:
    server, live = mortal
    assert take(live, 7, NOON, key="a")[-1] > 0
    async with Redis.from_url(server.url) as client:
        await client.flushall()
    assert live.take("a", 10, 5, NOON) == 0


async def test_without_an_address_it_is_this_process_alone(tmp_path: Path) -> None:
    assert type(App(Settings(data_dir=tmp_path)).live) is LocalLive


async def _told(live: Live, key: str) -> int:
    for _ in range(200):
        if key in live.pauses():
            return live.pauses()[key]
        await asyncio.sleep(0.02)
    raise AssertionError("the pause was not told")


async def test_a_providers_pause_is_told_to_every_process_and_the_longest_counts(pair: Pair) -> None:
    pair.mine.pause("telegram:1", NOON + 30_000)
    assert pair.mine.pauses() == {"telegram:1": NOON + 30_000}
    assert await _told(pair.theirs, "telegram:1") == NOON + 30_000
    pair.theirs.pause("telegram:1", NOON + 1_000)
    pair.theirs.pause("telegram:2", NOON)
    assert await _told(pair.mine, "telegram:2") == NOON
    assert pair.mine.pauses()["telegram:1"] == NOON + 30_000


async def test_a_word_that_nobody_knows_is_no_end_of_listening(pair: Pair) -> None:
    if isinstance(pair.mine, RedisLive):
        for word in ("pause:soon:telegram:1", "sing:a song", "pause:", ""):
            pair.mine._send(word)
    pair.mine.pause("telegram:2", NOON)
    assert await _told(pair.theirs, "telegram:2") == NOON
    assert "telegram:1" not in pair.theirs.pauses()


async def test_one_line_is_logged_when_redis_goes_and_one_when_it_is_back() -> None:
    server = fakeredis.FakeServer()
    live = RedisLive(
        "", client=fakeredis.FakeRedis(server=server), async_client=fakeredis.FakeAsyncRedis(server=server)
    )
    with capture_logs() as logged:
        server.connected = False
        await live.start()
        await asyncio.sleep(1.2)  # three attempts
        live.take("k", 1, 1, NOON)
        assert [line["event"] for line in logged] == ["redis_away"]
        server.connected = True
        live._away_until = 0
        live.take("k", 1, 1, NOON)
        async with asyncio.timeout(5):
            while logged[-1]["event"] != "redis_back":
                await asyncio.sleep(0.05)
        assert [line["event"] for line in logged] == ["redis_away", "redis_back"]
        await live.close()
