"""How long the event loop stood still: something in it wants to be woken every five milliseconds, and is so much later."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

_EVERY_S = 0.005


class Watch:
    """The delays, in milliseconds."""

    def __init__(self) -> None:
        self.late: list[float] = []

    @property
    def worst(self) -> float:
        return max(self.late, default=0.0)

    async def look(self) -> None:
        at = time.perf_counter()
        while True:
            await asyncio.sleep(_EVERY_S)
            now = time.perf_counter()
            self.late.append((now - at - _EVERY_S) * 1_000)
            at = now


@contextmanager
def watched() -> Iterator[Watch]:
    watch = Watch()
    task = asyncio.get_running_loop().create_task(watch.look())
    try:
        yield watch
    finally:
        task.cancel()
