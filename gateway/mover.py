"""The mover: hears what was published, and brings the runs over that are to follow, each in its own lane.

What is left to do is looked up anew each time, so a crash in the middle loses nothing and moves nobody twice.
"""

import asyncio

import structlog

from gateway import library
from gateway.clock import Clock
from gateway.house import House
from gateway.refusals import Conflict
from gateway.steering import MoveRun
from gateway.turns import Turns
from state import people, scripts
from state.database import Database
from state.live import Live
from state.records import Person
from state.scripts import Move, Stood

log = structlog.get_logger()

EVERY_S = 30.0
"""How soon a process without Redis hears what another has published."""
AGAIN_S = 2.0
"""How soon those are asked again who were still speaking."""
_LOOKED_UP = 2_000
_BATCH = 32
"""Lanes that are asked for together: the customers who write meanwhile must not notice."""
GIVEN_UP_MS = 3_600_000
"""After so long they finish as they began."""


class Mover:
    def __init__(self, db: Database, house: House, turns: Turns, live: Live, clock: Clock) -> None:
        self.db = db
        self.house = house
        self.turns = turns
        self.live = live
        self.clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                left = await self.once()
            except Exception:
                log.exception("mover_failed")
                left = 1
            await self.live.wait("scripts", AGAIN_S if left else EVERY_S)

    async def once(self) -> int:
        """Look what is published, and move what is to be moved; how many runs must wait."""
        await library.refresh(self.db, self.house)
        return sum([await self._move(move) for move in await self.db.read(scripts.open_moves)])

    async def _move(self, move: Move) -> int:
        authors = await self.db.read(lambda c: people.find_people(c, [move.author_id]))
        who = authors.get(move.author_id) or Person(move.author_id, "", "admin", active=False)
        ready = await library.know(self.db, self.house, move.hash, move.name) is not None
        left, after = 0, 0
        while ready and (found := await self._next(move, after)):
            after = found[-1].run
            for n in range(0, len(found), _BATCH):
                left += sum(await asyncio.gather(*(self._bring(move, one, who) for one in found[n : n + _BATCH])))
        now = self.clock.now()
        if left and now - move.at <= GIVEN_UP_MS:
            return left
        if left or not ready:
            log.error("script_move_given_up", script=move.name, version=move.hash, runs=left)
        await self.db.write(lambda c: scripts.end_move(c, move, now), "scripts")
        return 0

    async def _next(self, move: Move, after: int) -> list[Stood]:
        found: list[Stood] = await self.db.read(lambda c: scripts.stood(c, move, after, _LOOKED_UP))
        return found

    async def _bring(self, move: Move, one: Stood, who: Person) -> bool:
        """Whether it must be tried again."""
        command = MoveRun(one.run, move.hash, one.step, move.steps[one.step])
        try:
            await self.turns.ask(one.contact, one.deal, command, who)
        except Conflict as not_now:
            return not_now.code in ("settling", "moved")
        except Exception:
            log.exception("run_not_moved", run=one.run)
            return True
        return False
