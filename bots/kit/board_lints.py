"""What is wrong with robots and triggers, once the shop's scripts are known: fields that nobody ever fills."""

from collections.abc import Collection, Iterator
from typing import Final

from bots.kit.playbook import Playbook
from bots.kit.problems import Problem, did_you_mean, shown
from bots.robots.facts import BROUGHT

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
