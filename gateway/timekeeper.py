"""The timekeeper: what nobody waits for and yet must happen. Parts of dead processes, early statuses, rows past their days.

Due lanes and due parts need no help: their workers sleep until the next one. This is the slow hand behind them.
"""

import asyncio

import structlog

from gateway.clock import Clock
from gateway.delivery import LEASE_MS, Delivery
from state import chores, early, inbox
from state.database import Database

log = structlog.get_logger()

EVERY_S = 30.0


class Timekeeper:
    def __init__(self, db: Database, delivery: Delivery, clock: Clock, *, shard: int = 0) -> None:
        self.db = db
        self.delivery = delivery
        self.clock = clock
        self.shard = shard

    async def run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.once()
            except Exception:
                log.exception("timekeeper_failed")

    async def once(self) -> None:
        if not self.db.sqlite:  # on SQLite nobody else could have been sending
            await self.delivery.recover(lease_ms=LEASE_MS)
        now = self.clock.now()
        if await self.db.write(lambda c: inbox.wake_forgotten(c, now), "chores"):
            self.delivery.live.wake("turns")
        found = await self.db.read(lambda c: early.look(c, now))
        if found.met or found.stale:
            await self.db.write(lambda c: early.settle(c, found, now, self.shard), "chores")
            self.delivery.live.wake("turns")
        await self.db.write(lambda c: chores.forget(c, now), "chores", aside=True)
