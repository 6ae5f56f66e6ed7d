"""A whole gateway without doors, in virtual time: the real workers, stepped until nothing is left to do at this moment.

Its channels are of paper, its clock is moved by hand. Stories, simulations and tests are played in it.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from bots.kit.business import Playbook
from gateway import leaving
from gateway.channels.base import Channel
from gateway.clock import Instant, SetClock
from gateway.delivery import Delivery
from gateway.desk import Command
from gateway.events import Event, Ignored, Received, Unusable
from gateway.hiring import hire
from gateway.house import House
from gateway.intake import Intake
from gateway.timekeeper import Timekeeper
from gateway.turns import BATCH, Turns
from state import people, scenes
from state.database import Connection, Job
from state.inline import InlineDatabase
from state.live import LocalLive
from state.records import Person

T = TypeVar("T")

_ROUNDS = 500
_DAY_MS = 86_400_000


class Restless(Exception):
    """The workers never come to an end: something makes itself due again and again."""


class Rehearsal:
    """`url` is a database with its tables and, at the beginning, nothing in them."""

    def __init__(
        self,
        url: str,
        house: House,
        channels: Mapping[str, Channel],
        at: Instant,
        *,
        jitter: Callable[[], float] = lambda: 0.5,
    ) -> None:
        self.url = url
        self.jitter = jitter
        self.channels = dict(channels)
        self.clock = SetClock(at)
        self._heard = 0
        self._looked_after = at
        self._begin(house)

    def _begin(self, house: House) -> None:
        self.db = InlineDatabase(self.url)
        self.live = LocalLive()
        self.house = house
        house.channels = {key: channel.limits for key, channel in self.channels.items()}
        self.intake = Intake(self.db, self.live, self.clock, house.words)
        self.turns = Turns(self.db, house, self.live, self.clock)
        self.delivery = Delivery(self.db, self.channels, self.live, self.clock, jitter=self.jitter)
        self.timekeeper = Timekeeper(self.db, self.delivery, self.house, self.clock)

    async def restart(self, house: House) -> None:
        """Another process takes over where this one was thrown away; what it had not written down is lost."""
        self.db.drop()
        self._begin(house)
        await self.delivery.recover(lease_ms=0)
        await self.settle()

    async def close(self) -> None:
        await self.db.close()

    # -- what happens ------------------------------------------------------------------------------------------------

    async def hear(self, channel: str, account: str, *meanings: Event | Ignored | Unusable) -> list[str]:
        """These come in together, each under an id of its own. What follows is left to `settle`."""
        received = []
        for meaning in meanings:
            self._heard += 1
            raw = repr(meaning).encode()
            mark = hashlib.sha256(raw).hexdigest()[:12]  # unlike those of a process before this one
            received.append(Received(f"r{self._heard}.{mark}.{self.clock.at}", meaning, raw))
        return await self.take_in(channel, account, received)

    async def take_in(self, channel: str, account: str, received: Sequence[Received]) -> list[str]:
        return await self._while(self.intake.accept(channel, account, received), self.intake.once)

    async def ask(self, contact: int, deal: int, command: Command, who: Person) -> int:
        """A person's command, through the lane. Raises what it is refused with."""
        return await self.do(self.turns.ask(contact, deal, command, who))

    async def do(self, waiting: Awaitable[T]) -> T:
        """Something that may wait for the turn of a lane, and what follows from it. Raises what it raises."""
        answer = await self._while(waiting, self.turns.once)
        await self.settle()
        return answer

    async def _while(self, waiting: Awaitable[T], step: Callable[[], Awaitable[object]]) -> T:
        """The answer to something that a worker's next step gives."""
        task = asyncio.ensure_future(waiting)
        await asyncio.sleep(0)
        await step()
        return await task

    async def settle(self) -> int:
        """Run the workers until nothing is left to do at this moment. The answer: how many lanes had a turn."""
        turns, turn, send = 0, True, True
        for _ in range(_ROUNDS):
            if turn:
                turned = await self.turns.once()
                turns += turned.lanes
                send |= turned.lanes > 0
                turn = bool(turned.failed) or turned.lanes >= BATCH or self._is_due(turned.next_due)
            if send:
                cycle = await self.delivery.once()
                await self.delivery.settled()
                send = bool(cycle.go) or cycle.freed  # what went out is yet to be written down
                turn |= cycle.told
            if not (turn or send):
                return turns
        raise Restless("the workers do not come to rest: something is due again and again at one moment")

    def _is_due(self, at: Instant | None) -> bool:
        return at is not None and at <= self.clock.at

    async def next_due(self) -> Instant | None:
        """When there is something to do again, as far as is known."""
        now = self.clock.at
        found = await self.db.read(lambda c: scenes.next_due(c, now))
        rests = (at for at in self.live.pauses().values() if at > now)
        return min((at for at in (found, *rests) if at is not None), default=None)

    async def until(self, moment: Instant) -> None:
        """Time passes; what comes due on the way happens when it does."""
        await self.settle()
        while (due := await self.next_due()) is not None and due <= moment:
            await self.look_after(due)
            self.clock.at = due
            await self.settle()
        await self.look_after(moment)
        self.clock.at = max(self.clock.at, moment)
        await self.settle()

    async def look_after(self, moment: Instant) -> None:
        """Before the clock is moved: what the timekeeper does every half minute is done once for every day that is over."""
        if moment - self._looked_after >= _DAY_MS:
            self._looked_after = moment
            await self.timekeeper.once()

    async def look(self, job: Job[T]) -> T:
        return await self.db.read(job)

    # -- who works here ----------------------------------------------------------------------------------------------

    async def hire(self, shop: Playbook, more: Mapping[str, people.Role] | None = None) -> dict[str, Person]:
        """The playbook's team, and others by name and role. By name, and the team by its keys too."""
        ids, now = self.db.ids, self.clock.at

        def job(conn: Connection) -> dict[str, Person]:
            team = hire(conn, ids, shop, now)
            hired = team | {one.name: one for one in team.values()}
            return hired | {name: people.add_person(conn, ids, name, role, now) for name, role in (more or {}).items()}

        found = await self.db.write(job, "people")
        self.turns.forget_staff()
        return found

    async def away(self, who: Person, until: Instant | None = None) -> None:
        await self._staff(lambda c: leaving.go_away(c, who.id, until, "", self.clock.at))

    async def back(self, who: Person) -> None:
        await self._staff(lambda c: leaving.come_back(c, who.id, self.clock.at))

    async def leave(self, who: Person) -> None:
        """For good: what they had goes to others."""
        heir = leaving.Heirs(self.house.playbook, ()).word("", who.id, "to")
        await self._staff(lambda c: leaving.leave(c, who.id, heir, self.clock.at))

    async def _staff(self, job: Callable[[Connection], object]) -> None:
        await self.db.write(job, "people")
        self.turns.forget_staff()
        await self.settle()
