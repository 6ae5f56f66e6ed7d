"""Looking for a template: what the picker behind `/` lists, and what a manager's own words come close to. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final

from rapidfuzz import fuzz

from bots.kit.templates import Template, as_written
from bots.robots.actions import Message
from bots.robots.rules import Robot, Trigger
from gateway.house import House

_ALIKE: Final = 72
"""Of 100: from here on a text is taken for a template's, mistyped or reworded."""


@dataclass(frozen=True, slots=True)
class Wanted:
    q: str = ""
    """Words of its name or text, in any order; or a text that is like it."""
    channel: str = ""
    language: str = ""
    approved: bool = False
    """Only what may leave on that channel when the customer wrote too long ago."""


def find(house: House, wanted: Wanted) -> list[Template]:
    """Best first: by name, then by text, then what is like what is looked for."""
    language = wanted.language or house.playbook.language
    found = []
    for place, one in enumerate(house.playbook.templates.values()):
        if wanted.approved and not may_leave(one, wanted.channel, language):
            continue
        like = _likeness(
            _folded(wanted.q),
            _folded(f"{one.name} {one.title}"),
            _folded(as_written(one.worded(language, wanted.channel))),
        )
        if like:
            found.append((-like, place, one))
    return [one for _, _, one in sorted(found, key=lambda row: row[:2])]


def may_leave(template: Template, channel: str, language: str) -> bool:
    """Approved on this channel; where none is named, on any."""
    at = (channel, template.spoken(language))
    return any(one.state == "approved" for key, one in template.approvals.items() if key == at or not channel)


def _likeness(q: str, name: str, text: str) -> float:
    words = q.split()
    if all(word in name for word in words):
        return 300
    if all(word in f"{name} {text}" for word in words):
        return 200
    alike: float = max(
        fuzz.partial_ratio(q, name) if len(q) > 3 else 0, fuzz.token_set_ratio(q, text) if len(words) > 2 else 0
    )
    return alike if alike >= _ALIKE else 0


def _folded(text: str) -> str:
    return " ".join(text.casefold().replace("ё", "е").replace("_", " ").split())


def used_by(house: House) -> Mapping[str, tuple[str, ...]]:
    """The scripts that send each template, and the robots and triggers, as `funnel: name`."""
    used: dict[str, dict[str, None]] = {}
    for name, script in house.scripts.items():
        for prepared in (one for step in script.steps.values() for one in step.prepared()):
            used.setdefault(prepared.name, {})[name] = None
    board = house.playbook.board
    rules: list[Robot | Trigger] = [*chain(*board.robots.values()), *chain(*board.triggers.values())]
    for rule in rules:
        for action in rule.actions:
            if isinstance(action, Message) and action.template:
                used.setdefault(action.template, {})[f"{rule.funnel}: {rule.name}"] = None
    return {template: tuple(names) for template, names in used.items()}
