"""What may be lost, shared by processes over Redis or Valkey: kill it, flush it, stop it, and things only happen later."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import redis
import redis.asyncio
import structlog

from state.live import LocalLive
from state.records import Instant

log = structlog.get_logger()

_TAKE = """
local stock = tonumber(redis.call('HGET', KEYS[1], 's') or ARGV[2])
local at = tonumber(redis.call('HGET', KEYS[1], 't') or ARGV[3])
local rate, burst, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if at - now > 60000 then at = now end
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
        self._away: set[str] = set()
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
                wait = int(self._script(keys=[f"{self._prefix}rate:{key}"], args=[per_second, burst, now]))
                self._meet_again("take")
            except redis.RedisError as error:
                self._miss("take", error)
                self._away_until = time.monotonic() + 5
            else:
                return wait
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
            try:
                await self._speak()
            except (redis.RedisError, OSError):
                await asyncio.sleep(0.5)

    async def _speak(self) -> None:
        words, self._pending = self._pending, set()
        for word in words:
            await self._async.publish(f"{self._prefix}live", word)

    async def flush(self) -> None:
        try:
            await self._speak()
        except (redis.RedisError, OSError) as error:
            self._miss("speak", error)

    async def _listen(self) -> None:
        while True:
            try:
                async for word in self._words():
                    self._hear(word)
            except (redis.RedisError, OSError) as error:
                self._miss("listen", error)
                await asyncio.sleep(0.5)

    def _miss(self, who: str, error: Exception) -> None:
        """Said once, not at every attempt."""
        if not self._away:
            log.warning("redis_away", error=type(error).__name__)
        self._away.add(who)

    def _meet_again(self, who: str) -> None:
        if self._away:
            self._away.discard(who)
            if not self._away:
                log.warning("redis_back")

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
            self._meet_again("listen")
            while True:
                message = await heard.get_message(ignore_subscribe_messages=True, timeout=30.0)
                if message is not None:
                    yield message["data"].decode()
