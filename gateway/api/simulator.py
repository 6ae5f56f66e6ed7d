"""Trying a script out: its conversation is played anew from its lines, and every line says what came of it, and why."""

import asyncio
from typing import Any

from typing_extensions import TypedDict

from bots.kit.beginnings import called
from bots.kit.lines import Line
from bots.kit.problems import Problem
from bots.kit.simulator import Played, told
from gateway.api.bodies import SimulatorBody
from gateway.api.calls import Calls
from gateway.api.context import ApiContext
from gateway.api.errors import Refusal, invalid
from gateway.clock import iso
from gateway.house import House
from gateway.parts import carried
from gateway.trials import Asked, BadScript, BadTrial, Trial, try_out

calls = Calls()


class FindingShape(TypedDict):
    line: int
    column: int
    severity: str
    code: str
    what: str
    remedy: str


class PartShape(TypedDict):
    text: str
    buttons: list[str]


class SaidShape(TypedDict):
    speaker: str
    text: str
    step: str
    parts: list[PartShape]
    """As the channel would carry it; empty where it is no message, or on `chat`."""


class WhyShape(TypedDict):
    step: str
    because: str
    seen: str
    text: str


class ActShape(TypedDict):
    act: str
    at: str | None
    clock: str
    """What the shop's clock shows when it is over."""
    lines: list[SaidShape]
    why: list[WhyShape]


class TimerShape(TypedDict):
    name: str
    at: str | None
    clock: str


class StateShape(TypedDict):
    script: str
    version: str
    step: str
    status: str
    answers: dict[str, Any]
    fields: dict[str, Any]
    stage: str
    tags: list[str]
    timers: list[TimerShape]
    channel: str
    hours: str
    window: str
    failing: bool
    burst: bool
    clock: str


class TrialShape(TypedDict):
    findings: list[FindingShape]
    acts: list[ActShape]
    state: StateShape
    talk: str
    """All of it as the text of a `.talk` file."""


@calls.on("POST", "/simulator")
async def simulate(ctx: ApiContext, body: SimulatorBody) -> TrialShape:
    """Play a conversation with a script, with the text of a draft, or with the whole shop. Nothing is kept or sent."""
    if not (body.script or body.source or body.shop):
        raise invalid("script", "name a script, or give a source, or let the whole shop answer")
    asked = Asked(
        body.script, body.source, body.channel, body.name, body.fields, body.stage, body.tags, body.acts, body.shop
    )
    async with ctx.trials:
        try:
            return await asyncio.to_thread(lambda: _shown(try_out(ctx.house, asked), ctx.house))
        except BadScript as bad:
            raise refused(bad) from None
        except BadTrial as wrong:
            raise invalid(wrong.name, str(wrong)) from None


def refused(bad: BadScript) -> Refusal:
    """422 with all that the linter has to say."""
    return Refusal(422, "bad_script", str(bad), field="source", findings=[finding(one) for one in bad.findings])


def finding(one: Problem) -> FindingShape:
    return {
        "line": one.line, "column": one.column, "severity": one.severity, "code": one.code, "what": one.what, "remedy": one.remedy,
    }  # fmt: skip


def _shown(trial: Trial, house: House) -> TrialShape:
    now = trial.simulator.now
    ask_phone = house.to_customer("share_phone", now.fields.get("language"))
    return {
        "findings": [finding(one) for one in trial.findings],
        "acts": [_act(trial, one, ask_phone) for one in trial.simulator.played],
        "state": {
            "script": now.speaks(), "version": now.script.hash, "step": now.run.step, "status": now.run.status,
            "answers": dict(now.run.answers), "fields": now.fields, "stage": now.stage, "tags": now.tags,
            "timers": [
                {"name": called(name), "at": iso(at), "clock": now.clock(at)}
                for name, at in sorted(now.timers.items(), key=lambda one: (one[1], one[0]))
            ],
            "channel": now.channel, "hours": now.hours_are, "window": now.window_is, "failing": now.failing, "burst": now.burst,
            "clock": now.clock(),
        },
        "talk": trial.simulator.talk(),
    }  # fmt: skip


def _act(trial: Trial, one: Played, ask_phone: str) -> ActShape:
    return {
        "act": one.line, "at": iso(one.at), "clock": trial.simulator.now.clock(one.at),
        "lines": [_line(line, one.channel, ask_phone) for line in one.lines],
        "why": [{"step": why.step, "because": why.because, "seen": why.seen, "text": told(why)} for why in one.why],
    }  # fmt: skip


def _line(line: Line, channel: str, ask_phone: str) -> SaidShape:
    parts: list[PartShape] = [
        {"text": part.text, "buttons": [*(button.label for button in part.buttons), *filter(None, [part.ask_phone])]}
        for part in carried(channel, line, ask_phone)
    ]
    return {"speaker": line.speaker, "text": line.text, "step": line.step, "parts": parts}
