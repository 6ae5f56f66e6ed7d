"""Robots and triggers as people see them: why one has acted on a deal, or why it has not."""

from collections import defaultdict
from typing import Literal

from typing_extensions import TypedDict

from bots.robots.explain import Condition, Past, Standing, Standpoint, explain
from bots.robots.machine import Outcome
from bots.robots.rules import Robot
from gateway.amiss import sentence
from gateway.api.calls import Calls
from gateway.api.context import ApiContext
from gateway.api.errors import not_found
from gateway.api.values import Id
from gateway.clock import iso
from gateway.house import House
from gateway.knowing import known_of
from gateway.ledger import ROBOT
from state import contacts, deals, firings, people

calls = Calls()


class ConditionShape(TypedDict):
    subject: str
    operator: str
    wanted: str
    value: str
    holds: bool


class DeedShape(TypedDict):
    """One that did not do what it says."""

    deed: str
    why: str
    instead: str | None
    text: str
    """The same for people."""


class FiringShape(TypedDict):
    at: str | None
    stage: str
    outcome: Outcome
    seen: str
    cause: str
    deeds: list[DeedShape]


class RuleShape(TypedDict):
    rule: str
    kind: Literal["robot", "trigger"]
    funnel: str
    stages: list[str]
    """The robot's own; where a trigger listens, empty for everywhere."""
    on: str | None
    standing: Standing
    due_at: str | None
    conditions: list[ConditionShape]
    history: list[FiringShape]


class Rules(TypedDict):
    items: list[RuleShape]
    next: None


@calls.on("GET", "/deals/{deal_id}/robots")
async def why(ctx: ApiContext, deal_id: Id) -> Rules:
    """Why, and why not: every robot and trigger of the deal's funnel, from stored facts."""
    deal = await ctx.db.read(lambda c: deals.find(c, deal_id))
    profile = await ctx.db.read(lambda c: contacts.find_profile(c, deal.contact_id)) if deal is not None else None
    if deal is None or profile is None:
        raise not_found()
    turns = await ctx.db.read(lambda c: firings.of_deal(c, deal_id))
    timers = await ctx.db.read(lambda c: firings.timers_of(c, deal.contact_id, deal_id))
    past: defaultdict[str, list[Past]] = defaultdict(list)
    for turn in turns:
        deeds = tuple(tuple(deed) for deed in turn.deeds)
        past[turn.rule].append(Past(turn.at, turn.stage, turn.outcome, turn.seen, turn.cause, deeds))  # type: ignore[arg-type]  # a column of words
    due = {t.name.removeprefix(ROBOT).partition(":")[0]: t.due_at for t in timers if t.name.startswith(ROBOT)}
    route = next((one.channel for one in profile.identities if one.id == deal.route_id), "")
    named = await ctx.db.read(lambda c: people.find_people(c, [deal.responsible_id or 0]))
    who = next((person.name for person in named.values()), "")
    facts = known_of(ctx.house, profile.contact, deal, route, ctx.clock.now(), who)
    found = explain(ctx.house.playbook.board, facts, due, past, closed=deal.closed_at is not None)
    return {"items": [_rule(ctx.house, one) for one in found], "next": None}


def _rule(house: House, one: Standpoint) -> RuleShape:
    rule = one.rule
    robot = isinstance(rule, Robot)
    return {
        "rule": rule.name,
        "kind": "robot" if robot else "trigger",
        "funnel": rule.funnel,
        "stages": [rule.stage] if isinstance(rule, Robot) else list(rule.stages),
        "on": None if isinstance(rule, Robot) else f"{rule.on} {rule.which}".strip(),
        "standing": one.standing,
        "due_at": iso(one.due_at) if one.due_at is not None else None,
        "conditions": [_condition(test) for test in one.conditions],
        "history": [
            {
                "at": iso(turn.at),
                "stage": turn.stage,
                "outcome": turn.outcome,
                "seen": turn.seen,
                "cause": turn.cause,
                "deeds": [_deed(house, *deed) for deed in turn.deeds],
            }
            for turn in one.past
        ],
    }


def _deed(house: House, deed: str, why: str, instead: str, about: str) -> DeedShape:
    return {"deed": deed, "why": why, "instead": instead or None, "text": sentence(house, deed, why, instead, about)}


def _condition(test: Condition) -> ConditionShape:
    return {
        "subject": test.subject, "operator": test.operator, "wanted": test.wanted, "value": test.value, "holds": test.holds,
    }  # fmt: skip
