"""Random managers: in working hours they look at what is to be done, take, write, move on, finish tasks; some are away."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bots.kit.business import Funnel
from gateway.desk import Command, Edit, Move, Take, Write, WriteNote
from gateway.duties import FinishTask, GiveTask
from gateway.simulation import phrases
from gateway.simulation.world import DAY, HOUR, MINUTE, World
from gateway.steering import Clarify, SteerBot
from state import deals, tasks
from state.database import Connection
from state.records import Deal, Person, Task

_EVERY: Final = 30 * MINUTE
_OWN: Final = 10
_NOBODYS: Final = 10


@dataclass(slots=True)
class Manager:
    world: World
    who: Person
    away_until: int = 0
    gone: bool = False

    async def work(self) -> None:
        """One look at the list of tasks, and at the next one half an hour later."""
        world = self.world
        if self.gone:
            return
        opens = world.rehearsal.house.next_open(world.now)
        world.plan(max(opens, world.now + _EVERY), self.work)
        if world.now < self.away_until or opens > world.now:
            return
        if world.chance(0.002 * world.trouble):
            self.away_until = world.now + world.within(HOUR, 3 * DAY)
            await world.rehearsal.away(self.who, self.away_until)
            world.plan(self.away_until, lambda: world.rehearsal.back(self.who))
            world.counts["absences"] += 1
            return
        for deal, task in await world.rehearsal.look(self._duties):
            if deal is None:
                await self._see_to_the_shops(task)
            elif not any(asked == deal.id for _, asked, _, _ in world.asks):
                for command in self._see_to(deal, task):
                    world.asks.append((task.contact_id, deal.id, command, self.who))

    async def _see_to_the_shops(self, task: Task) -> None:
        """A task of no deal has no lane to go through."""
        result, now = self._say(phrases.RESULTS), self.world.now
        await self.world.rehearsal.db.write(lambda c: tasks.finish_the_shops(c, task.id, result, self.who.id, now))

    def _duties(self, conn: Connection) -> list[tuple[Deal | None, Task]]:
        """What is due: one's own, and what is nobody's; each with its deal."""
        now = self.world.now
        mine = tasks.find_duties(conn, _OWN, responsible=self.who.id, state="open", due_before=now)
        all_of_it = [*mine, *tasks.find_duties(conn, _NOBODYS, nobodys=True, state="open", due_before=now)]
        found = [(deals.find(conn, duty.task.deal_id), duty.task) for duty in all_of_it]
        return [(deal, task) for deal, task in found if deal is not None or not task.deal_id]

    def _see_to(self, deal: Deal, task: Task) -> list[Command]:
        world = self.world
        does: list[Command] = []
        if deal.closed_at is None:
            if deal.owner != "person" and world.chance(0.6):
                does.append(Take())
            if world.chance(0.6):
                does.append(Write(self._say(phrases.OFFERS)))
            if world.chance(0.1):
                does.append(WriteNote(self._say(phrases.RESULTS)))
            if world.chance(0.08) and world.rehearsal.house.playbook.clarifications:
                does.append(Clarify(world.pick(sorted(world.rehearsal.house.playbook.clarifications))))
            if world.chance(0.05):
                does.append(
                    GiveTask(self._say(phrases.RESULTS), "call", due_at=world.now + world.within(HOUR, 7 * DAY))
                )
            if world.chance(0.05):
                does.append(Edit(tags=tuple(dict.fromkeys([*deal.tags, "VIP"]))))
            if world.chance(0.02):
                does.append(SteerBot("stop"))
            if world.chance(0.01):
                does.append(Edit(release=True))
            if world.chance(0.45):
                does.append(self._on(deal))
        return [*does, FinishTask(task, self._say(phrases.RESULTS), self._say(phrases.RESULTS))]

    def _say(self, phrase: Mapping[str, tuple[str, ...]]) -> str:
        said: str = self.world.pick(phrases.of(phrase, self.world.language))
        return said

    def _on(self, deal: Deal) -> Move:
        """One stage further, or the end: lost with a reason, or, from the last, won."""
        world, shop = self.world, self.world.rehearsal.house.playbook
        funnel: Funnel = world.rehearsal.house.funnel(deal.funnel)
        names = [stage.name for stage in funnel.stages]
        place = names.index(deal.stage) if deal.stage in names else 0
        lost = funnel.ending("lost")
        if lost and world.chance(0.12):
            return Move(lost, world.pick(sorted(shop.reasons)) if shop.reasons else "no reason")
        target = funnel.stages[min(place + 1, len(funnel.stages) - 1)]
        if target.outcome == "lost":
            target = funnel.stages[place]
        known = {name: deal.fields.get(name) or self._something(name) for name in target.required}
        return Move(target.name, "", known)

    def _something(self, name: str) -> str | int:
        """What a field of its kind takes."""
        field = self.world.rehearsal.house.playbook.kinds.get(name)
        match field.kind if field is not None else "text":
            case "date":
                return self.world.rehearsal.house.clock_text(self.world.now)
            case "choice" if field is not None:
                return field.choices[0]
            case "phone":
                return "+79160000000"
            case _:
                return 1

    async def leave(self) -> None:
        self.gone = True
        await self.world.rehearsal.leave(self.who)
        self.world.counts["left for good"] += 1


def staff(world: World, people: list[Person]) -> list[Manager]:
    """Everybody begins to look half an hour apart from each other; one of many leaves for good in the middle."""
    made = [Manager(world, who) for who in people]
    for place, one in enumerate(made):
        world.plan(world.now + place * _EVERY // max(1, len(made)), one.work)
    if len(made) > 2:
        world.plan((world.now + world.ends) // 2, made[-1].leave)
    return made
