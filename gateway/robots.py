"""Robots and triggers have their turns: a robot whose time has come, a trigger that hears something.

A robot acts only in the very stay in the stage that it was set for. What it did or did not do is kept with its reason.
"""

from dataclasses import replace
from typing import Final

from bots.robots.machine import Firing as Turn
from bots.robots.machine import fire, hear
from gateway.deeds import do
from gateway.ledger import ROBOT, Ledger
from state.records import Deal, Firing, Timer

LONGEST_CHAIN: Final = 25
"""Stages through which robots lead a deal at once; one more, and a person has to look."""
_MOST_HEARD: Final = 50
"""Things that triggers hear of within one turn of a lane."""


def take_turn(ledger: Ledger, deal: Deal, timer: Timer) -> None:
    """A robot's time has come. A deal that has moved on since, or a robot that is gone, makes nothing of it."""
    name, _, rest = timer.name.removeprefix(ROBOT).partition(":")
    stay, _, chain = rest.partition(":")
    robots = ledger.house.playbook.board.of(deal.funnel, deal.stage)
    robot = next((one for one in robots if one.name == name), None)
    if robot is None or stay != str(deal.stage_at):
        return
    if int(chain or 1) > LONGEST_CHAIN:
        _note(ledger, deal, Turn(name, "stopped", f"chain: {chain}"), "")
        ledger.create_task(deal, "check_robots", ledger.words.line("task_circle", robot=name), "robot")
        return
    ledger.chain = int(chain or 1)
    try:
        turn = fire(robots, robot, ledger.facts(deal))
        noted = _note(ledger, deal, turn, "")
        for one in turn.then:  # before what it does: that may take the deal elsewhere
            ledger.expect(deal, one, follows=True)
        _do(ledger, deal, turn, noted)
        hear_all(ledger)  # where a trigger leads, this robot has led
    finally:
        ledger.chain = 0


def place(ledger: Ledger, timer: Timer) -> int:
    """Where its robot stands in the playbook: those that are due at one moment act in that order."""
    if not timer.name.startswith(ROBOT):
        return 0
    name = timer.name.removeprefix(ROBOT).partition(":")[0]
    deal = next((d for d in ledger.rows.deals if d.id == timer.deal_id), None)
    robots = ledger.house.playbook.board.of(deal.funnel, deal.stage) if deal is not None else ()
    return next((n for n, robot in enumerate(robots, start=1) if robot.name == name), 0)


def hear_all(ledger: Ledger) -> None:
    """Let the triggers hear what this turn has brought about, in order; that may bring about more."""
    heard = 0
    while ledger.happened:
        deal, on, which = ledger.happened.pop(0)
        heard += 1
        if heard > _MOST_HEARD:
            ledger.happened.clear()
            for trigger in ledger.house.playbook.board.triggers.get((deal.funnel, on), ()):
                if trigger.hears(on, which, deal.stage):
                    _note(ledger, deal, Turn(trigger.name, "stopped", f"heard: {heard}"), f"{on} {which}".strip())
            ledger.create_task(
                deal, "check_robots", ledger.words.line("task_circle", robot=f"{on} {which}".strip()), "robot"
            )
            return
        if deal.closed_at is not None:
            continue
        triggers = ledger.house.playbook.board.triggers.get((deal.funnel, on), ())
        stood = deal.stage, deal.stage_at
        for turn in list(hear(triggers, on, which, ledger.facts(deal))):
            if (deal.stage, deal.stage_at) != stood:
                turn = replace(turn, outcome="held", seen="an earlier trigger has moved the deal", effects=())  # noqa: PLW2901
            _do(ledger, deal, turn, _note(ledger, deal, turn, f"{on} {which}".strip()))


def _do(ledger: Ledger, deal: Deal, turn: Turn, noted: Firing) -> None:
    """What it says, and what came of that: a turn of which nothing came has not acted."""
    amiss = do(ledger, deal, turn.rule, turn.effects)
    if amiss:
        noted.deeds = [one.kept for one in amiss]
        if len(amiss) == len(turn.effects) and not any(one.instead for one in amiss):
            noted.outcome = "nothing"


def _note(ledger: Ledger, deal: Deal, turn: Turn, cause: str) -> Firing:
    noted = Firing(
        ledger.ids.take("firing"), deal.id, turn.rule, deal.stage, ledger.now, turn.outcome, turn.seen[:300], cause
    )
    ledger.writes.firings.append(noted)
    ledger.change(deal, "robot")
    return noted
