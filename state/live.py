"""What may be lost: wake-ups, fan-out to browsers, rate budgets. In this process by default, or over Redis/Valkey.

Nothing here is ever the truth. Lose it and the workers find their work by their slow poll; ask it for a budget while
Redis is away and this process paces by itself.
"""

import asyncio
import contextlib
import threading
from collections import defaultdict
from collections.abc import Iterator
from typing import Protocol

from state.records import Instant

AHEAD_MS = 60_000
"""Clocks of several processes differ by less; a bucket that was used later than that was so by a clock that was wrong."""


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

    async def flush(self) -> None:
        """What was said here has gone out, or cannot: for a process that ends now."""
        ...

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
            if at - now > AHEAD_MS:
                at = now  # the clock has been put back
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

    async def flush(self) -> None:
        return

    async def close(self) -> None:
        return


def open_live(redis_url: str) -> Live:
    """Shared where there is Redis, else this process's own."""
    if not redis_url:
        return LocalLive()
    from state.live_redis import RedisLive  # noqa: PLC0415 - a tenth of a second, for those who share

    return RedisLive(redis_url)
