"""Somebody who tidies customers up: joins two that may be one, takes a line out into a deal of its own, and takes back what
was no good, in no order.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.simulation.world import DAY, HOUR, MINUTE, World
from gateway.unions import words_of
from state import deals, merging, parting, scenes, splitting
from state.database import Connection
from state.merges import Cause, Refused
from state.records import Instant, Person

_EVERY: Final = 6 * HOUR
_LATELY: Final = 60
"""Deals among which two are picked: the latest, as people see them."""


@dataclass(slots=True)
class Tidier:
    world: World
    who: Person

    async def tidy(self) -> None:
        world = self.world
        world.plan(world.now + world.within(MINUTE, 2 * _EVERY), self.tidy)
        found = await world.rehearsal.look(lambda c: scenes.open_deals(c, _LATELY))
        if len(found) < 2:
            return
        (one, whose), (other, others) = world.random.sample(found, 2)
        match world.random.randrange(10):
            case 0:
                await self._split(one)
            case 1 | 2 | 3 | 4:
                firmly = world.chance(0.2)
                await self._join(lambda c, now: self._deals(c, one, other, now, firmly=firmly))
            case _ if whose != others:
                await self._join(lambda c, now: self._contacts(c, whose, others, now))

    def _deals(self, conn: Connection, one: int, other: int, now: Instant, *, firmly: bool) -> int:
        ids = self.world.rehearsal.db.ids
        return merging.merge_deals(conn, ids, one, other, now, self._words, self._cause, firmly=firmly)

    def _contacts(self, conn: Connection, one: int, other: int, now: Instant) -> int:
        return merging.join(conn, self.world.rehearsal.db.ids, one, other, now, self._words, self._cause)

    async def _split(self, deal: int) -> None:
        lines = await self.world.rehearsal.look(lambda c: scenes.messages_of(c, deal))
        if not lines:
            return
        taken = (self.world.pick(lines),)

        def job(conn: Connection, now: Instant) -> int:
            found = deals.find(conn, deal)
            path = self.world.rehearsal.house.funnel(found.funnel if found is not None else "")
            out = splitting.Taken(taken, funnel=path.name, stage=path.stages[0].name, slot=path.slot)
            return splitting.split(conn, self.world.rehearsal.db.ids, deal, out, now, self._words, self._cause)

        await self._do(job)
        self.world.counts["splits"] += 1

    async def _join(self, job: Callable[[Connection, Instant], int]) -> None:
        world = self.world
        if not (merge := await self._do(job)):
            return
        world.counts["merges"] += 1
        if world.chance(0.7):
            world.plan(world.now + world.within(MINUTE, 5 * DAY), lambda: self._undo(merge))

    async def _undo(self, merge: int) -> None:
        def job(conn: Connection, now: Instant) -> int:
            return parting.undo(conn, self.world.rehearsal.db.ids, merge, now, self._words, self._cause).id

        if await self._do(job):
            self.world.counts["undone"] += 1

    async def _do(self, job: Callable[[Connection, Instant], int]) -> int:
        """0: it was refused."""
        try:
            return await self.world.rehearsal.turns.together(job)
        except Refused:
            self.world.counts["refused commands"] += 1
            return 0
        finally:
            self.world.counts["turns"] += await self.world.rehearsal.settle()

    @property
    def _words(self) -> merging.Words:
        return words_of(self.world.rehearsal.house.playbook)

    @property
    def _cause(self) -> Cause:
        return Cause("by hand", self.who.id, author="manager")
