"""Runs a simulation: what comes in within a step is one batch, what comes due is looked at once a step."""

import asyncio
import heapq
from collections.abc import Awaitable
from dataclasses import dataclass
from random import Random

from gateway.channels.base import (
    Channel,
    ChannelDown,
    Outcome,
    Outgoing,
    Refused,
    Retry,
    Throttled,
    Unknown,
    Unreachable,
    WindowClosed,
)
from gateway.channels.paper import paper_channels
from gateway.playbooks import read_house_again
from gateway.refusals import Conflict, Invalid
from gateway.rehearsal import Rehearsal
from gateway.simulation import customers, managers, phrases
from gateway.simulation.tidying import Tidier
from gateway.simulation.world import DAY, HOUR, MINUTE, World
from state.people import Role
from state.records import Instant

STEP = 5 * MINUTE
"""What comes in within it comes in together, and is one batch."""
_GATHER = 15_000
"""Bots wait a few seconds for a customer who may still be speaking: what is due then belongs to the same step."""
_FAULTS: tuple[tuple[float, Outcome], ...] = (
    (0.010, Retry("busy")),
    (0.006, Unknown("no answer in time")),
    (0.004, Throttled(30_000, "account", "too many")),
    (0.004, Refused("400", "refused")),
    (0.002, Unreachable("blocked", "blocked")),
    (0.001, WindowClosed("outside the window")),
    (0.0005, ChannelDown("credentials refused")),
)


@dataclass(frozen=True, slots=True)
class Plan:
    playbook: str = "autoparts"
    days: int = 30
    customers: int = 2_000
    seed: int = 1
    begins: Instant = 1_772_398_800_000
    """2026-03-02 00:00 in Moscow."""
    faults: bool = False
    trouble: float = 1.0
    """How many times as often as usual providers fail and people are away."""


async def simulate(plan: Plan, url: str) -> World:
    """Play it out in a database that has its tables and nothing in them. The answer still has it open."""
    house = read_house_again(plan.playbook)
    random = Random(plan.seed)
    worlds: list[World] = []
    channels: dict[str, Channel] = dict(paper_channels(answer=lambda name, out: _send(worlds[0], name, out)))
    rehearsal = Rehearsal(url, house, channels, plan.begins, jitter=random.random)
    world = World(rehearsal, random, plan.begins + plan.days * DAY, plan.faults, plan.trouble)
    worlds.append(world)
    team = phrases.of(phrases.TEAM, world.language)[: max(3, min(8, plan.customers // 250))]
    more: dict[str, Role] = dict.fromkeys(team, "manager") if not house.playbook.team else {}
    people = await rehearsal.hire(house.playbook, more)
    staff = sorted({one.id: one for one in people.values()}.values(), key=lambda one: one.id)
    managers.staff(world, staff)
    world.plan(plan.begins + HOUR, Tidier(world, staff[0]).tidy)
    customers.come(world, plan.customers, plan.begins)
    if plan.faults:
        for n in range(1, 6):
            world.plan(
                plan.begins + n * plan.days * DAY // 6, lambda: rehearsal.restart(read_house_again(plan.playbook))
            )
    await _run(world)
    return world


def _send(world: World, channel: str, out: Outgoing) -> Outcome | None:
    outcome: Outcome | None = None
    if world.faults and out.kind != "ack":
        drawn = world.random.random()
        for share, fault in _FAULTS:
            drawn -= share * world.trouble
            if drawn < 0:
                outcome = fault
                world.counts["faults"] += 1
                break
    return world.sent(channel, "", out, outcome)


async def _run(world: World) -> None:
    rehearsal = world.rehearsal
    due: Instant | None = None
    while True:
        coming = min((at for at in (world.agenda[0][0] if world.agenda else None, due) if at is not None), default=None)
        if coming is None or coming >= world.ends:
            break
        await rehearsal.look_after(coming)
        rehearsal.clock.at = max(rehearsal.clock.at, coming + (-coming) % STEP)
        await _step(world, due)
        due = await rehearsal.next_due()
        if due is not None and due <= rehearsal.clock.at + _GATHER:
            rehearsal.clock.at += _GATHER
            world.counts["turns"] += await rehearsal.settle()
            due = await rehearsal.next_due()
    rehearsal.clock.at = max(rehearsal.clock.at, world.ends)
    await rehearsal.settle()


async def _step(world: World, due: Instant | None) -> None:
    """Everything of this moment: what happens, what follows, and what managers do about it."""
    rehearsal = world.rehearsal
    while world.agenda and world.agenda[0][0] <= rehearsal.clock.at:
        _, _, act = heapq.heappop(world.agenda)
        done = act()
        if isinstance(done, Awaitable):
            await done
    came = bool(world.arrivals or world.asks)
    if world.arrivals:
        arrivals, world.arrivals = world.arrivals, {}
        waiting = [
            asyncio.ensure_future(rehearsal.intake.accept(channel, account, received))
            for (channel, account), received in arrivals.items()
        ]
        await asyncio.sleep(0)
        await rehearsal.intake.once()
        await asyncio.gather(*waiting)
        world.counts["events"] += sum(len(received) for received in arrivals.values())
    if world.asks:
        asks, world.asks = world.asks, []
        asked = [asyncio.ensure_future(rehearsal.turns.ask(*ask)) for ask in asks]
        await asyncio.sleep(0)
        await rehearsal.turns.once()
        for answer in await asyncio.gather(*asked, return_exceptions=True):
            if isinstance(answer, Conflict | Invalid):
                world.counts["refused commands"] += 1
            elif isinstance(answer, BaseException):
                raise answer
        world.counts["commands"] += len(asks)
    if came or (due is not None and due <= rehearsal.clock.at):
        world.counts["turns"] += await rehearsal.settle()
