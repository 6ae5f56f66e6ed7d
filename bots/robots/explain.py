"""Why, and why not: every robot and trigger of a deal's funnel, with what has come of it and what keeps it now. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from bots.kit.events import Instant
from bots.kit.values import value
from bots.kit.words import as_text
from bots.robots.facts import DealFacts
from bots.robots.machine import Outcome, due
from bots.robots.rules import Board, Robot, Trigger

Standing = Literal[
    "waiting", "fired", "held", "postponed", "stopped", "elsewhere", "no_date", "follows", "listens", "deaf", "missed"
]
"""`elsewhere`: the deal is not in its stage; `no_date`: its date field is empty or gone by; `follows`: another has its turn
first; `listens`, `deaf`: a trigger that the deal's stage lets hear, or not; `missed`: the deal came before the rule did."""


@value
class Past:
    """One turn that it has had."""

    at: Instant
    stage: str
    outcome: Outcome
    seen: str
    cause: str


@value
class Condition:
    subject: str
    operator: str
    wanted: str
    value: str
    """As it is now."""
    holds: bool


@value
class Standpoint:
    rule: Robot | Trigger
    standing: Standing
    due_at: Instant | None
    conditions: tuple[Condition, ...]
    past: tuple[Past, ...]


def explain(
    board: Board, facts: DealFacts, timers: Mapping[str, Instant], past: Mapping[str, Sequence[Past]]
) -> Iterator[Standpoint]:
    """`timers`: when robots of this deal are due, by name; `past`: their turns, oldest first, by name."""
    for (funnel, stage), robots in board.robots.items():
        if funnel == facts.funnel:
            for robot in robots:
                turns = tuple(past.get(robot.name, ()))
                standing = _standing(robot, stage, facts, robot.name in timers, turns)
                yield Standpoint(robot, standing, timers.get(robot.name), _conditions(robot, facts), turns)
    for (funnel, _), triggers in board.triggers.items():
        if funnel == facts.funnel:
            for trigger in triggers:
                turns = tuple(past.get(trigger.name, ()))
                hears = not trigger.stages or facts.stage in trigger.stages
                standing = turns[-1].outcome if turns else "listens" if hears else "deaf"
                yield Standpoint(trigger, standing, None, _conditions(trigger, facts), turns)


def _standing(robot: Robot, stage: str, facts: DealFacts, expected: bool, turns: tuple[Past, ...]) -> Standing:
    if expected:
        return "waiting"
    here = [turn for turn in turns if turn.at >= facts.entered]
    if facts.stage != stage:
        return turns[-1].outcome if turns else "elsewhere"
    if here:
        return here[-1].outcome
    if robot.at and due(robot, facts.entered, facts) is None:
        return "no_date"
    return "follows" if robot.after else "missed"


def _conditions(rule: Robot | Trigger, facts: DealFacts) -> tuple[Condition, ...]:
    return tuple(
        Condition(
            test.subject, test.operator, ", ".join(test.values) or (f"{test.bound:g}" if test.operator in ("over", "under") else ""),
            as_text(facts.subject(test)), test.holds(facts.subject(test)),
        )
        for test in rule.tests
    )  # fmt: skip
