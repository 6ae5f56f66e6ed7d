"""The intake worker: what channels received becomes durable, in batches formed by pressure, before anyone hears OK.

`accept` returns only after the commit. What came while the last commit ran is the next batch.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from gateway.clock import Clock
from gateway.events import Received
from gateway.translate import arrival
from state import inbox
from state.database import Connection, Database, Unavailable
from state.inbox import Arrival
from state.live import Live

log = structlog.get_logger()

BATCH = 512
MOST_WAITING = 20_000


@dataclass(slots=True, eq=False)
class Delivery:
    arrivals: list[Arrival]
    cursor: tuple[str, int] | None
    done: "asyncio.Future[list[str]]"


class Intake:
    def __init__(self, db: Database, live: Live, clock: Clock, *, shard: int = 0) -> None:
        self.db = db
        self.live = live
        self.clock = clock
        self.shard = shard
        self.closed = False
        self._waiting: list[Delivery] = []
        self._count = 0
        self._more = asyncio.Event()

    async def accept(
        self, channel: str, account: str, received: Sequence[Received], cursor: tuple[str, int] | None = None
    ) -> list[str]:
        """Keep these events; the answer, per event, is `new`, `duplicate` or `differs`, and means: it is on disk.

        `cursor` is moved in the same commit. Raises `Unavailable` when nothing could be stored; ask again.
        """
        if self.closed or self._count > MOST_WAITING:
            raise Unavailable("shutting down" if self.closed else "too much is waiting")
        arrivals = [arrival(channel, account, r) for r in received]
        done: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
        self._waiting.append(Delivery(arrivals, cursor, done))
        self._count += len(arrivals)
        self._more.set()
        return await done

    async def run(self) -> None:
        while True:
            await self._more.wait()
            await self.once()

    async def once(self) -> int:
        """One batch, one commit. A batch that fails is tried again delivery by delivery."""
        batch = self._take()
        if not batch:
            return 0
        now = self.clock.now()
        keeping = self.db.hand_in(lambda c: self._keep(c, batch, now), "intake")
        self.live.wake("turns")  # handed in behind this, their batch goes into the same commit
        try:
            answers = await keeping
        except Exception as error:
            if len(batch) == 1:
                log.warning("intake_failed", error=repr(error))
                batch[0].done.set_exception(error if isinstance(error, Unavailable) else Unavailable(repr(error)))
            else:
                await self._one_by_one(batch, now)
            return len(batch)
        for delivery, answer in zip(batch, answers, strict=True):
            if not delivery.done.done():
                delivery.done.set_result(answer)
        return len(batch)

    def _take(self) -> list[Delivery]:
        batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        self._count -= sum(len(d.arrivals) for d in batch)
        if not self._waiting:
            self._more.clear()
        return batch

    def _keep(self, conn: Connection, batch: list[Delivery], now: int) -> list[list[str]]:
        arrivals = [a for d in batch for a in d.arrivals]
        answers = inbox.keep(conn, self.db.ids, arrivals, now, self.shard) if arrivals else []
        for delivery in batch:
            if delivery.cursor:
                inbox.save_cursor(conn, *delivery.cursor)
        split, at = [], 0
        for delivery in batch:
            split.append(answers[at : at + len(delivery.arrivals)])
            at += len(delivery.arrivals)
        return split

    async def _one_by_one(self, batch: list[Delivery], now: int) -> None:
        for delivery in batch:
            try:
                answers = await self.db.write(partial(self._keep, batch=[delivery], now=now), "intake")
            except Exception as error:
                log.warning("intake_failed", error=repr(error))
                delivery.done.set_exception(error if isinstance(error, Unavailable) else Unavailable(repr(error)))
            else:
                delivery.done.set_result(answers[0])
        self.live.wake("turns")
