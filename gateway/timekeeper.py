"""The timekeeper: what nobody waits for and yet must happen. Parts of dead processes, early statuses, tasks that nobody does, rows past their days.

Due lanes and due parts need no help: their workers sleep until the next one. This is the slow hand behind them.
"""

import asyncio

import structlog

from gateway.clock import Clock, Instant
from gateway.delivery import LEASE_MS, Delivery
from gateway.house import House
from gateway.overdue import EVERY_MS, go_round
from state import chores, early, inbox
from state.database import Database

log = structlog.get_logger()

EVERY_S = 30.0


class Timekeeper:
    def __init__(self, db: Database, delivery: Delivery, house: House, clock: Clock, *, shard: int = 0) -> None:
        self.db = db
        self.house = house
        self.delivery = delivery
        self.clock = clock
        self.shard = shard
        self._rounds_at: Instant = 0

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
        if now - self._rounds_at >= EVERY_MS or now < self._rounds_at:
            self._rounds_at = now
            if await self.db.write(lambda c: go_round(c, self.db.ids, self.house, now, self.shard), "chores"):
                self.delivery.live.wake("delivery")
