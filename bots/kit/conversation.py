"""One customer talking to one script in virtual time: what `parley chat` and talks are made of.

The run is saved and read back as JSON before every event, as it is between two messages of a real customer.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, assert_never, cast, get_args
from zoneinfo import ZoneInfo

from bots.kit import effects as fx
from bots.kit.events import Event, Instant, Media, MediaKind, MessageReceived, RunStarted, TimerFired
from bots.kit.hours import Hours
from bots.kit.run import Facts, RunState, Why
from bots.kit.schema import milliseconds
from bots.kit.script import Script
from bots.kit.walk import begin, step

DAWN: Instant = 1_736_928_000_000
"""Every conversation begins on Wednesday, 15 January 2025, at 08:00 UTC."""

MOST_SCRIPTS = 5
"""That one event may start, each led to by the one before."""

Speaker = Literal[
    "customer", "bot", "stage", "tag", "task", "note", "handed off", "closed", "ended", "script", "call", "template"
]

_SHOWN = re.compile(r"\[(\w+)(?:\s+([^\]]*))?\]\s*(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    speaker: Speaker
    text: str

    def __str__(self) -> str:
        """`bot: first line`, the others indented."""
        first, *others = self.text.split("\n")
        return "\n".join([f"{self.speaker}: {first}", *(f"  {line}" if line else "" for line in others)])


def spoken(line: str) -> MessageReceived:
    """What a typed line is: a text, or `[photo sts.jpg] caption`, `[voice]`, `[button key]`, `[phone +7…]`, `[location 55, 37]`."""
    shown = _SHOWN.fullmatch(line.strip())
    if shown is None:
        return MessageReceived(text=line)
    kind, about, caption = shown[1], shown[2] or "", shown[3]
    if kind in get_args(MediaKind):
        name = about or kind
        return MessageReceived(text=caption, media=(Media(cast("MediaKind", kind), f"{kind}:{name}", name),))
    match kind:
        case "button":
            return MessageReceived(choice=about)
        case "phone":
            return MessageReceived(phone=about)
        case "location":
            parts = about.split(",")
            try:
                return MessageReceived(location=(float(parts[0]), float(parts[1])))
            except (ValueError, IndexError):
                return MessageReceived(text=line)
        case _:
            return MessageReceived(text=line)


def jump(line: str) -> int | None:
    """The milliseconds of a `/+10h`; None where the line is no jump."""
    return milliseconds(line[2:]) if line.startswith("/+") else None


@dataclass(slots=True)
class Conversation:
    """Mutable: it is the test's and the terminal's stand-in for the whole gateway."""

    script: Script
    name: str = ""
    channel: str = "chat"
    zone: str = "Europe/Moscow"
    now: Instant = DAWN
    fields: dict[str, object] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    stage: str = ""
    language: str = ""
    currency: str = "RUB"
    hours: Hours | None = None
    window: int = 0
    """How long after the customer's last message free text may be sent, in ms; 0: always."""
    seed: int = 0
    heard_at: Instant | None = None
    others: Mapping[str, Script] = field(default_factory=dict)
    """Scripts that this one may lead to; one that is not there ends the conversation."""
    why: list[Why] | None = None
    """Where the reasons of every step are written, for who wants them."""
    run: RunState = field(init=False)
    _led: int = field(default=0, init=False)
    timers: dict[str, Instant] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.run = begin(self.script)

    def start(self) -> list[Line]:
        """The bot is given the conversation."""
        return self.take(RunStarted())

    def hear(self, message: MessageReceived) -> list[Line]:
        """The customer's message; the first one starts the run."""
        self.heard_at = self.now
        opening = self.start() if self.run.turn == 0 and self.run.status == "running" else []
        return [*opening, *self.take(message)]

    def settle(self) -> list[Line]:
        """Let so much time pass that a burst counts as finished."""
        due = self.timers.get("settle")
        return [] if due is None else self.wait(due - self.now)

    def wait(self, length: int) -> list[Line]:
        """Let time pass; timers fire in their order."""
        until = self.now + max(length, 0)
        lines: list[Line] = []
        while self.timers:
            name = min(self.timers, key=lambda one: (self.timers[one], one))
            if self.timers[name] > until:
                break
            self.now = max(self.now, self.timers.pop(name))
            lines += self.take(TimerFired(name))
        self.now = until
        return lines

    def clock(self, at: Instant | None = None) -> str:
        """The virtual time, or another, as the shop's clock shows it."""
        moment = datetime.fromtimestamp((self.now if at is None else at) / 1000, UTC)
        return moment.astimezone(ZoneInfo(self.zone)).strftime("%Y-%m-%d %H:%M:%S")

    def take(self, event: Event) -> list[Line]:
        """One step, its effects obeyed."""
        saved = json.loads(json.dumps(self.run.to_json()))
        self.run, effects = step(self.script, RunState.from_json(saved), event, self.facts(), self.why)
        lines = [line for effect in effects if (line := self._obey(effect)) is not None]
        if self.run.status != "running":
            self.timers.clear()
        following = [
            effect.name for effect in effects if isinstance(effect, fx.StartScript) and effect.name in self.others
        ]
        if following and self._led < MOST_SCRIPTS:
            self._led += 1
            self.script = self.others[following[0]]
            self.run = begin(self.script)
            lines += self.take(RunStarted())
            self._led = 0
        return lines

    def facts(self) -> Facts:
        window = (self.heard_at or 0) + self.window if self.window else None
        return Facts(
            self.now, self.name, self.channel, self.zone, dict(self.fields), tuple(self.tags), self.stage, self.language,
            self.currency, self.hours, window, self.seed,
        )  # fmt: skip

    def _obey(self, effect: fx.Effect) -> Line | None:
        match effect:
            case fx.Say(text, choices, _, template):
                menu = [f"{place}. {choice.label}" for place, choice in enumerate(choices, start=1)]
                if template is not None:
                    return Line("template", "\n".join([", ".join([template.name, *template.values]), text, *menu]))
                return Line("bot", "\n".join([text, *menu]))
            case fx.SetTimer(name, at):
                self.timers[name] = at
            case fx.CancelTimer(name):
                self.timers.pop(name, None)
            case fx.SetField(name, value):
                self.fields[name] = value
            case fx.AddTag(tag):
                self.tags.append(tag)
                return Line("tag", tag)
            case fx.MoveStage(stage):
                self.stage = stage
                return Line("stage", stage)
            case fx.CreateTask(_, text, _, due_at):
                return Line("task", text if due_at is None else f"{text}\nдо {self.clock(due_at)}")
            case fx.WriteNote(text):
                return Line("note", text)
            case fx.HandOff(reason, task):
                return Line("handed off", f"{reason}\n{task.text}")
            case fx.CloseDeal(reason):
                return Line("closed", reason)
            case fx.EndRun(status, reason):
                return Line("ended", f"{status}, {reason}")
            case fx.StartScript(name):
                return Line("script", name)
            case fx.CallWeb(endpoint, fields, _):
                asked = ", ".join(f"{name}: {value}" for name, value in fields.items())
                return Line("call", f"{endpoint} {asked}".strip())
            case _:
                assert_never(effect)
        return None
