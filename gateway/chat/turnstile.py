"""Who waits for the turn of a message they sent: one look at the inbox serves all of them.

Asked for only while somebody waits. On a bell of `changes` it looks at once; a turn that changed nothing, or was taken
by another process, is found a moment later.
"""

import asyncio
from collections import defaultdict
from contextlib import suppress
from itertools import islice
from typing import Final

import structlog

from state import visitors
from state.database import Database, Unavailable
from state.live import Live

log = structlog.get_logger()

_LOOK_AGAIN_S: Final = 0.25
_AT_ONCE: Final = 500


class Turnstile:
    def __init__(self, db: Database, live: Live) -> None:
        self._db = db
        self._live = live
        self._waiting: dict[str, set[asyncio.Future[None]]] = defaultdict(set)
        self._watch: asyncio.Task[None] | None = None

    async def passed(self, key: str, seconds: float) -> bool:
        """Wait until the event of this inbox key has had its turn; False when `seconds` went by."""
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[key].add(mine)
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(seconds):
                await mine
        except TimeoutError:
            return False
        finally:
            self._forget(key, mine)
        return True

    def _forget(self, key: str, mine: "asyncio.Future[None]") -> None:
        if key in self._waiting:
            self._waiting[key].discard(mine)
            if not self._waiting[key]:
                del self._waiting[key]

    async def _look(self) -> None:
        with self._live.subscribe("changes") as bell:
            while self._waiting:
                keys = list(islice(self._waiting, _AT_ONCE))
                with suppress(Unavailable):
                    for key in await self._db.read(lambda c, keys=keys: visitors.turned(c, keys)):  # type: ignore[misc]
                        for waiter in self._waiting.pop(key, ()):
                            if not waiter.done():
                                waiter.set_result(None)
                if self._waiting:
                    await bell.wait(_LOOK_AGAIN_S)

    async def close(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
