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
    "waiting",
    "fired",
    "nothing",
    "held",
    "postponed",
    "stopped",
    "elsewhere",
    "no_date",
    "follows",
    "listens",
    "deaf",
    "missed",
    "gone",
]
"""`elsewhere`: the deal is not in its stage; `no_date`: its date field is empty or gone by; `follows`: another has its turn
first; `listens`, `deaf`: a trigger that the deal's stage lets hear, or not; `missed`: the deal came before the rule did; `gone`: it
has had its turns, and the playbook has it no more."""


@value
class Past:
    """One turn that it has had."""

    at: Instant
    stage: str
    outcome: Outcome
    seen: str
    cause: str
    deeds: tuple[tuple[str, ...], ...] = ()
    """(deed, why, instead, about): those that did not do what they say."""


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
    board: Board,
    facts: DealFacts,
    timers: Mapping[str, Instant],
    past: Mapping[str, Sequence[Past]],
    *,
    closed: bool = False,
) -> Iterator[Standpoint]:
    """`timers`: when robots of this deal are due, by name; `past`: their turns, oldest first, by name; `closed`: triggers do not
    hear of such a deal.
    """
    known: set[tuple[str, str]] = set()
    for (funnel, stage), robots in board.robots.items():
        if funnel == facts.funnel:
            for robot in robots:
                turns = tuple(turn for turn in past.get(robot.name, ()) if turn.stage == stage)
                due_at = timers.get(robot.name) if facts.stage == stage else None
                known.add((robot.name, stage))
                standing = _standing(robot, stage, facts, due_at is not None, turns)
                yield Standpoint(robot, standing, due_at, _conditions(robot, facts), turns)
    for (funnel, _), triggers in board.triggers.items():
        if funnel == facts.funnel:
            for trigger in triggers:
                turns = tuple(past.get(trigger.name, ()))
                hears = not closed and (not trigger.stages or facts.stage in trigger.stages)
                known.update((trigger.name, turn.stage) for turn in turns)
                standing = turns[-1].outcome if turns else "listens" if hears else "deaf"
                yield Standpoint(trigger, standing, None, _conditions(trigger, facts), turns)
    yield from _gone(facts.funnel, known, past)


def _gone(funnel: str, known: set[tuple[str, str]], past: Mapping[str, Sequence[Past]]) -> Iterator[Standpoint]:
    """Those that the playbook has lost, or has in another stage, since they had their turns."""
    for name, turns in past.items():
        for stage in dict.fromkeys(turn.stage for turn in turns if (name, turn.stage) not in known):
            there = tuple(turn for turn in turns if turn.stage == stage)
            cause = there[-1].cause
            on, _, which = cause.partition(" ")
            rule = Trigger(name, funnel, on, which, (stage,)) if cause else Robot(name, funnel, stage)
            yield Standpoint(rule, "gone", None, (), there)


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
