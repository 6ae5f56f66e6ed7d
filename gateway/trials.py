"""A script tried out from the console: a conversation played anew from its lines every time, bounded, with nothing kept.

The same lines give the same answer. However hostile script and lines are, it ends soon: by count, and by the clock.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bots.kit.acts import BadAct
from bots.kit.conversation import WINDOWS, Conversation, TooLong
from bots.kit.inquiry import Inquiry
from bots.kit.linter import lint
from bots.kit.problems import Problem
from bots.kit.script import Script
from bots.kit.simulator import Simulator
from gateway.channels.limits import LIMITS
from gateway.house import House

MOST_ACTS: Final = 500
MOST_EVENTS: Final = 5_000
LONGEST_S: Final = 2.0


class BadScript(Exception):
    """The text is no script that could be tried; `findings` say why."""

    def __init__(self, findings: Sequence[Problem]) -> None:
        super().__init__("the script has mistakes")
        self.findings = findings


class BadTrial(Exception):
    """It cannot be tried like this: `name` says which of the things that were asked for is wrong."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(what)
        self.name = name


@dataclass(frozen=True, slots=True)
class Asked:
    script: str = ""
    source: str = ""
    channel: str = "chat"
    name: str = ""
    fields: Mapping[str, object] | None = None
    stage: str = ""
    tags: Sequence[str] = ()
    acts: Sequence[str] = ()
    shop: bool = False
    """The whole shop answers: the playbook says which bot begins; `source` takes the place of the script that is named."""


@dataclass(frozen=True, slots=True)
class Trial:
    script: Script
    findings: Sequence[Problem]
    """Warnings: a script with an error is not tried."""
    simulator: Simulator


def read_draft(house: House, name: str, source: str) -> tuple[Script, Sequence[Problem]]:
    """The text of a draft, else the script of that name as new conversations begin with it."""
    if not source:
        found = house.scripts.get(name)
        if found is None:
            raise BadTrial("script", "there is no such script")
        return found, ()
    script, findings = lint(source, name or "draft", house.playbook, LIMITS)
    if script is None:
        raise BadScript(findings)
    return script, findings


def _script(house: House, asked: Asked) -> tuple[Script, Sequence[Problem]]:
    if asked.source or asked.script or not asked.shop:
        return read_draft(house, asked.script, asked.source)
    return read_draft(house, house.playbook.bot_on("message") or "", "")


def _begun(house: House, asked: Asked, script: Script, **about: Any) -> Conversation:
    if not asked.shop:
        return Conversation(script, others=house.scripts, **about)
    return Inquiry(script, playbook=house.playbook, others={**house.scripts, script.name: script}, **about)


def try_out(house: House, asked: Asked) -> Trial:
    """The conversation from its beginning to its last line. Raises `BadScript` and `BadTrial`."""
    until = time.monotonic() + LONGEST_S
    script, findings = _script(house, asked)
    if asked.channel != "chat" and asked.channel not in LIMITS:
        raise BadTrial("channel", f"is one of chat, {', '.join(sorted(LIMITS))}")
    if len(asked.acts) > MOST_ACTS:
        raise BadTrial("acts", f"are at most {MOST_ACTS}")
    shop = house.playbook
    simulator = Simulator(
        lambda: _begun(
            house, asked, script, name=asked.name, channel=asked.channel, zone=shop.zone, hours=shop.working(shop.home(script.name)), calendars=shop.calendars, kinds=shop.kinds, currency=shop.currency,
            language=shop.language, fields=dict(asked.fields or {}), tags=list(asked.tags), stage=asked.stage,
            window=WINDOWS.get(asked.channel, 0), most=MOST_EVENTS, in_time=lambda: time.monotonic() < until,
        )
    )  # fmt: skip
    for place, line in enumerate(asked.acts, start=1):
        try:
            simulator.play(line)
        except (BadAct, TooLong) as wrong:
            raise BadTrial("acts", f"line {place}: {wrong}") from None
    return Trial(script, findings, simulator)
