"""What may be lost: wake-ups, fan-out to browsers, rate budgets. In this process by default, or over Redis/Valkey.

Nothing here is ever the truth. Lose it and the workers find their work by their slow poll; ask it for a budget while
Redis is away and this process paces by itself.
"""

import asyncio
import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from typing import Any, Protocol

import redis
import redis.asyncio
import structlog

from state.records import Instant

log = structlog.get_logger()


class Live(Protocol):
    def wake(self, topic: str) -> None:
        """Wake whoever waits for `topic` in this process, now or next time they wait."""
        ...

    async def wait(self, topic: str, timeout: float) -> None:
        """Until woken, or `timeout` seconds have passed."""
        ...

    def publish(self, topic: str) -> None:
        """Tell every subscriber of `topic`, in every process."""
        ...

    def subscribe(self, topic: str) -> "contextlib.AbstractContextManager[Bell]": ...

    def take(self, key: str, per_second: float, burst: int, now: Instant) -> int:
        """One token from a bucket. 0: taken; else how many milliseconds to wait before asking again."""
        ...

    def pause(self, key: str, until: Instant) -> None:
        """Tell every process that a provider wants quiet on this account."""
        ...

    def pauses(self) -> dict[str, Instant]:
        """Until when each account that was ever paused must rest, as far as this process has been told."""
        ...

    async def start(self) -> None: ...

    async def close(self) -> None: ...


class Bell:
    """One subscriber: rings may be merged, none is missed."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, timeout: float) -> bool:
        """True when rung, False when `timeout` seconds have passed."""
        try:
            async with asyncio.timeout(timeout):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True


class Buckets:
    """Token buckets by key; whoever has none in stock waits for the next."""

    def __init__(self) -> None:
        self._stock: dict[str, tuple[float, Instant]] = {}
        self._lock = threading.Lock()

    def take(self, key: str, per_second: float, burst: int, now: Instant) -> int:
        if per_second <= 0:
            return 0
        with self._lock:
            stock, at = self._stock.get(key, (float(burst), now))
            stock = min(float(burst), stock + max(0, now - at) * per_second / 1000)
            if stock < 1:
                self._stock[key] = (stock, now)
                return int((1 - stock) * 1000 / per_second) + 1
            self._stock[key] = (stock - 1, now)
            if len(self._stock) > 50_000:
                self._forget(now)
            return 0

    def _forget(self, now: Instant) -> None:
        self._stock = {k: v for k, v in self._stock.items() if now - v[1] < 60_000}


class LocalLive:
    """In this process."""

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._bells: dict[str, set[Bell]] = defaultdict(set)
        self._buckets = Buckets()
        self._pauses: dict[str, Instant] = {}

    def wake(self, topic: str) -> None:
        self._events[topic].set()

    async def wait(self, topic: str, timeout: float) -> None:
        woken = self._events[topic]
        if not woken.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await woken.wait()
        woken.clear()

    def publish(self, topic: str) -> None:
        for bell in self._bells.get(topic, ()):
            bell.ring()

    @contextlib.contextmanager
    def subscribe(self, topic: str) -> Iterator[Bell]:
        bell = Bell()
        self._bells[topic].add(bell)
        try:
            yield bell
        finally:
            self._bells[topic].discard(bell)
            if not self._bells[topic]:
                del self._bells[topic]

    def take(self, key: str, per_second: float, burst: int, now: Instant) -> int:
        return self._buckets.take(key, per_second, burst, now)

    def pause(self, key: str, until: Instant) -> None:
        self._pauses[key] = max(until, self._pauses.get(key, 0))

    def pauses(self) -> dict[str, Instant]:
        return self._pauses

    async def start(self) -> None:
        return

    async def close(self) -> None:
        return


_TAKE = """
local stock = tonumber(redis.call('HGET', KEYS[1], 's') or ARGV[2])
local at = tonumber(redis.call('HGET', KEYS[1], 't') or ARGV[3])
local rate, burst, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
stock = math.min(burst, stock + math.max(0, now - at) * rate / 1000)
local wait = 0
if stock < 1 then wait = math.floor((1 - stock) * 1000 / rate) + 1 else stock = stock - 1 end
redis.call('HSET', KEYS[1], 's', tostring(stock), 't', tostring(math.max(now, at)))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst * 1000 / rate) + 60000)
return wait
"""


class RedisLive(LocalLive):
    """Shared by processes over Redis or Valkey. When it is away, this process goes on by itself."""

    def __init__(self, url: str, *, client: Any = None, async_client: Any = None, prefix: str = "parley:") -> None:
        super().__init__()
        self._sync = client or redis.Redis.from_url(url, socket_timeout=0.2, socket_connect_timeout=0.2)
        self._async = async_client or redis.asyncio.Redis.from_url(url, socket_connect_timeout=1)
        self._prefix = prefix
        self._script = self._sync.register_script(_TAKE)
        self._away_until = 0.0
        self._pending: set[str] = set()
        self._outbound = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def wake(self, topic: str) -> None:
        super().wake(topic)
        self._send(f"wake:{topic}")

    def publish(self, topic: str) -> None:
        super().publish(topic)
        self._send(f"ring:{topic}")

    def pause(self, key: str, until: Instant) -> None:
        super().pause(key, until)
        self._send(f"pause:{until}:{key}")

    def _send(self, word: str) -> None:
        self._pending.add(word)
        self._outbound.set()

    def take(self, key: str, per_second: float, burst: int, now: Instant) -> int:
        if per_second <= 0:
            return 0
        if time.monotonic() >= self._away_until:
            try:
                return int(self._script(keys=[f"{self._prefix}rate:{key}"], args=[per_second, burst, now]))
            except redis.RedisError as error:
                log.warning("redis_away", error=type(error).__name__)
                self._away_until = time.monotonic() + 5
        return super().take(key, per_second, burst, now)

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._talk()), asyncio.create_task(self._listen())]

    async def close(self) -> None:
        ending = set(self._tasks)
        while ending:  # again where it must: the client swallows a cancellation that meets an answer
            for task in ending:
                task.cancel()
            _, ending = await asyncio.wait(ending, timeout=0.2)
        await self._async.aclose()
        self._sync.close()

    async def _talk(self) -> None:
        """Merged: a hundred wake-ups between two rounds are one message."""
        while True:
            await self._outbound.wait()
            self._outbound.clear()
            words, self._pending = self._pending, set()
            try:
                for word in words:
                    await self._async.publish(f"{self._prefix}live", word)
            except (redis.RedisError, OSError):
                await asyncio.sleep(0.5)

    async def _listen(self) -> None:
        while True:
            try:
                async for word in self._words():
                    self._hear(word)
            except (redis.RedisError, OSError) as error:
                log.warning("redis_away", error=type(error).__name__)
                await asyncio.sleep(0.5)

    def _hear(self, word: str) -> None:
        kind, _, topic = word.partition(":")
        match kind:
            case "wake":
                super().wake(topic)
            case "ring":
                super().publish(topic)
            case "pause":
                until, _, key = topic.partition(":")
                if until.isascii() and until.isdigit():
                    super().pause(key, int(until))
            case _:
                pass  # a newer version's word

    async def _words(self) -> AsyncIterator[str]:
        async with self._async.pubsub() as heard:
            await heard.subscribe(f"{self._prefix}live")
            while True:
                message = await heard.get_message(ignore_subscribe_messages=True, timeout=30.0)
                if message is not None:
                    yield message["data"].decode()


def open_live(url: str | None) -> Live:
    return RedisLive(url) if url else LocalLive()
