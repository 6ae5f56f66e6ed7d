"""The funnel as a machine: when each robot of a stage is due, and what it does then. Pure and total.

`expected` when a deal enters a stage, `moved` when a date is edited, `fire` when a robot is due, `hear` when something
happens. Every turn of a robot is a `Firing`, whether it did anything or not, and says why.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal, assert_never

from bots.kit.conditions import first_holding
from bots.kit.events import Instant
from bots.kit.moments import moment, shifted
from bots.kit.spans import later
from bots.kit.templates import Filled, fill
from bots.kit.values import value
from bots.kit.words import Text
from bots.robots import actions as does
from bots.robots import effects as fx
from bots.robots.facts import DealFacts
from bots.robots.rules import Robot, Trigger

Outcome = Literal["fired", "nothing", "held", "postponed", "stopped"]
"""What came of a turn: it acted; it acted, and nothing came of it; its condition kept it from it; the shop is shut; it went round
in a circle.
"""


@value
class Expected:
    """A robot that will have its turn at `at`; None: it will not, for want of a date or because that has gone by."""

    robot: str
    at: Instant | None


@value
class Firing:
    """One turn of a robot or a trigger."""

    rule: str
    outcome: Outcome
    seen: str
    """The condition that decided it, with the value it met."""
    effects: tuple[fx.Effect, ...] = ()
    then: tuple[Expected, ...] = ()
    """Itself again, and those that follow it."""


def expected(robots: Sequence[Robot], facts: DealFacts) -> tuple[Expected, ...]:
    """Who waits for their turn from the moment a deal enters the stage."""
    return tuple(Expected(robot.name, due(robot, facts.entered, facts)) for robot in robots if not robot.after)


def moved(robots: Sequence[Robot], field: str, facts: DealFacts) -> tuple[Expected, ...]:
    """Who keeps to this field, and when they are due now."""
    return tuple(Expected(robot.name, due(robot, facts.entered, facts)) for robot in robots if robot.at == field)


def due(robot: Robot, since: Instant, facts: DealFacts) -> Instant | None:
    """When a robot that counts from `since` has its turn."""
    if robot.at:
        day = moment(facts.value(robot.at), facts.zone)
        if day is None:
            return None
        at = later(day, robot.wait, facts.hours, facts.zone) - robot.before
        if robot.before and at < facts.now:
            return None  # a reminder that comes after its time helps nobody
        at = max(at, facts.now)  # one whose day has come already has its turn at once, in its place
    else:
        at = later(since, robot.wait, facts.hours, facts.zone)
        if robot.every and not robot.wait:
            at = since + robot.every
    return facts.hours.next_open(at) if robot.working and facts.hours is not None else at


def fire(robots: Sequence[Robot], robot: Robot, facts: DealFacts) -> Firing:
    """The turn of a robot of the stage that the deal is in."""
    if robot.working and facts.hours is not None and not facts.hours.is_open(facts.now):
        opens = facts.hours.next_open(facts.now)
        return Firing(robot.name, "postponed", "hours: closed", (), (Expected(robot.name, opens),))
    holds, seen = first_holding(robot.tests, facts.subject)
    then = [Expected(one.name, due(one, facts.now, facts)) for one in robots if one.after == robot.name]
    if robot.every:
        again = facts.now + robot.every
        open_ = facts.hours.next_open(again) if robot.working and facts.hours is not None else again
        then.append(Expected(robot.name, open_))
    return _firing(robot, holds, seen, facts, tuple(then))


def hear(triggers: Sequence[Trigger], on: str, which: str, facts: DealFacts) -> Iterator[Firing]:
    """What the triggers of the deal's funnel make of something that has happened; each sees the deal as it was before."""
    for trigger in triggers:
        if trigger.hears(on, which, facts.stage):
            holds, seen = first_holding(trigger.tests, facts.subject)
            yield _firing(trigger, holds, seen, facts)


def _firing(rule: Robot | Trigger, holds: bool, seen: str, facts: DealFacts, then: tuple[Expected, ...] = ()) -> Firing:
    done = tuple(effects(rule.actions, facts)) if holds else ()
    if isinstance(rule, Robot) and rule.every:
        done = tuple(replace(one, once=True) if isinstance(one, fx.GiveTask) else one for one in done)
    return Firing(rule.name, "fired" if holds else "held", seen, done, then)


def effects(todo: Sequence[does.Action], facts: DealFacts) -> Iterator[fx.Effect]:
    """The actions with their texts filled in."""
    for action in todo:
        match action:
            case does.Message(text, by, also, subject, template, values, otherwise):
                said, head, *given = (_said(one, facts) for one in (text, subject, *values))
                empty = tuple(dict.fromkeys(name for one in (said, head, *given) for name in one.empty))
                yield fx.SendMessage(
                    said.text, by, also, head.text, template, tuple(one.text for one in given), otherwise, empty
                )
            case does.Task(kind, text, span, to, ends):
                due_at = later(facts.now, span, facts.hours, facts.zone)
                yield fx.GiveTask(kind, _filled(text, facts), due_at, to, ends=ends)
            case does.Word(to, text):
                yield fx.Tell(to, _filled(text, facts))
            case does.Note(text):
                yield fx.WriteNote(_filled(text, facts))
            case does.Keep(field, text):
                yield fx.SetField(field, _filled(text, facts))
            case does.KeepDate(field, length, of):
                since = facts.value(of) if of else facts.now
                yield fx.SetField(field, day) if (day := shifted(since, length, facts.zone)) else fx.MissDate(field, of)
            case (
                fx.Reassign() | fx.StartScript() | fx.StopBot() | fx.MoveStage() | fx.CloseDeal() | fx.Convert() | fx.OpenDeal()
                | fx.DeleteDeal() | fx.AddTag() | fx.RemoveTag() | fx.CallWebhook() | fx.JoinAudience() | fx.CountUp()
            ):  # fmt: skip
                yield action
            case _:
                assert_never(action)


def _said(text: Text | None, facts: DealFacts) -> Filled:
    """What a customer will read, and nobody before them: `{name|proper}` is no doubtful name."""
    return fill(text, facts.value, {}, unseen=True, plain=True) if text is not None else Filled("")


def _filled(text: Text | None, facts: DealFacts) -> str:
    return text.fill(facts.value) if text is not None else ""
