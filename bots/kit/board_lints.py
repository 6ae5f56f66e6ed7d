"""What is wrong with robots and triggers, once all of the shop is known: fields that nobody ever fills, and circles without an end."""

from collections.abc import Collection, Iterator
from typing import Final

from bots.kit.playbook import Playbook
from bots.kit.problems import Problem, did_you_mean, shown
from bots.robots.effects import MoveStage
from bots.robots.facts import BROUGHT
from bots.robots.rules import Robot

ALWAYS_FILLED: Final = ("name", "phone", "email", "language", "company")
"""Fields that forms, channels and conversions fill without being asked."""


def lint_board(playbook: Playbook, fields: Collection[str]) -> Iterator[Problem]:
    """`fields`: all that the playbook and its scripts declare."""
    known = dict.fromkeys((*fields, *BROUGHT, *ALWAYS_FILLED))
    for one in playbook.board.heard:
        if one.name not in known:
            what = f"no field is called '{shown(one.name)}', so nobody ever changes it"
            remedy = did_you_mean(one.name, known, "Else add it to the playbook's 'fields:'")
            yield Problem(one.line, one.column, "error", what, remedy, "unknown_field")
    yield from _circles(playbook)


def _circles(playbook: Playbook) -> Iterator[Problem]:
    """Stages that robots lead through for ever, whatever the deal is like: each goes on to the next without a condition."""
    onward: dict[tuple[str, str], tuple[str, Robot]] = {}
    for stage, robots in playbook.board.robots.items():
        for robot in robots:
            to = next((act.stage for act in robot.actions if isinstance(act, MoveStage)), "")
            if to and not robot.tests and not robot.at:
                onward.setdefault(stage, (to, robot))
    told: set[tuple[str, str]] = set()
    for start in onward:
        way = [start]
        while way[-1] in onward and way[-1] not in told:
            step = way[-1][0], onward[way[-1]][0]
            if step in way:
                circle = way[way.index(step) :]
                told.update(circle)
                path = " → ".join([*(name for _, name in circle), circle[0][1]])
                what = f"robots lead deals round and round: {path}"
                remedy = "Give one of them a condition ('if:'), or let somebody else move the deal on"
                yield Problem(onward[circle[-1]][1].line, 1, "warning", what, remedy, "circle")
                break
            way.append(step)
        told.update(way)
