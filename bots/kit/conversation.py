"""One customer talking to one script in virtual time: what `parley chat` and talks are made of.

The run is saved and read back as JSON before every event, as it is between two messages of a real customer.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, assert_never, cast
from zoneinfo import ZoneInfo

from bots.kit import effects as fx
from bots.kit.acts import Act, Toggle, until
from bots.kit.crossing import cross, hand_over
from bots.kit.events import Event, Instant, MessageReceived, RunStarted, TimerFired
from bots.kit.fields import Field
from bots.kit.hearing import words_of
from bots.kit.hours import Hours, shut_today
from bots.kit.lines import Line, Steps
from bots.kit.run import Facts, RunState, Why
from bots.kit.script import Script
from bots.kit.walk import begin, step, stop
from bots.kit.window import MARGIN_MS

DAWN: Instant = 1_736_928_000_000
"""Every conversation begins on Wednesday, 15 January 2025, at 08:00 UTC."""

MOST_SCRIPTS = 5
"""That one event may start, each led to by the one before."""

WINDOWS: Final[Mapping[str, int]] = {"whatsapp": 24 * 3_600_000 - MARGIN_MS}
"""How long after the customer's last message a channel takes free text, in ms; on the others always."""

BETWEEN_MESSAGES: Final = 1_000
"""Of a burst, in ms."""


class TooLong(Exception):
    """More has happened in a conversation than was allowed."""


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
    calendars: Mapping[str, Hours] = field(default_factory=dict)
    kinds: Mapping[str, Field] = field(default_factory=dict)
    """Fields that take only values of their kind."""
    window: int = 0
    """How long after the customer's last message free text may be sent, in ms; 0: always."""
    seed: int = 0
    heard_at: Instant | None = None
    others: Mapping[str, Script] = field(default_factory=dict)
    """Scripts that this one may lead to; one that is not there ends the conversation."""
    why: list[Why] | None = None
    """Where the reasons of every step are written, for who wants them."""
    run: RunState = field(init=False)
    timers: dict[str, Instant] = field(default_factory=dict)
    hours_are: Toggle = "auto"
    """`closed`: as on a holiday, until it is put back."""
    window_is: Toggle = "auto"
    failing: bool = False
    """The next message of the bot does not arrive."""
    burst: bool = False
    """Messages come a second apart, and nothing settles until it is over."""
    most: int = 0
    """Events, and every thousand characters said counts as one more; past it `TooLong` is raised. 0: as many as there are."""
    in_time: Callable[[], bool] | None = None
    """Asked before each event; `TooLong` is raised where it says no."""
    events: int = 0
    _spoken: bool = field(default=False, init=False)
    _led: int = field(default=0, init=False)
    _lost: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.fields, self.tags = dict(self.fields), list(self.tags)
        self.run = begin(self.script)

    def start(self, words: str = "") -> list[Line]:
        """The bot is given the conversation; by these words of the customer, or by nobody's."""
        return self.take(RunStarted(words))

    def hear(self, message: MessageReceived) -> list[Line]:
        """The customer's message; the first one starts the run."""
        self.heard_at = self.now
        opening = self.start(words_of(message)) if self.run.turn == 0 and self.run.status == "running" else []
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
            lines += self.fire(name)
        self.now = until
        return lines

    def fire(self, name: str) -> list[Line]:
        """A timer has come due."""
        return self.take(TimerFired(name))

    def forget_timers(self) -> None:
        """Of a run that is over."""
        self.timers.clear()

    def speaks(self) -> str:
        """The script that has the conversation, or had it last."""
        return self.script.name

    def clock(self, at: Instant | None = None) -> str:
        """The virtual time, or another, as the shop's clock shows it."""
        moment = datetime.fromtimestamp((self.now if at is None else at) / 1000, UTC)
        return moment.astimezone(ZoneInfo(self.zone)).strftime("%Y-%m-%d %H:%M:%S")

    def write(self, message: MessageReceived) -> list[Line]:
        """The customer's message and what follows at once; in a burst the next one comes a second later."""
        if not self.burst:
            return [*self.hear(message), *self.settle()]
        before = self.wait(BETWEEN_MESSAGES) if self._spoken else []
        self._spoken = True
        return [*before, *self.hear(message)]

    def act(self, act: Act) -> list[Line]:
        """Whatever is done to a conversation by an act that is no message."""
        match act.kind:
            case "wait":
                return self.wait(act.length)
            case "until":
                return self.wait((until(act.about, self.now, self.zone) or self.now) - self.now)
            case "start":
                return self.start() if self.run.turn == 0 else []
            case "stage":
                self.stage = act.about
            case "hours":
                self.hours_are = cast("Toggle", act.about)
            case "window":
                self.window_is = cast("Toggle", act.about)
            case "channel":
                self.channel, self.window = act.about, WINDOWS.get(act.about, 0)
            case "fail":
                self.failing = True
            case "burst":
                self.burst, self._spoken = not self.burst, False
                return [] if self.burst else self.settle()
            case "now" | "message":
                pass
            case _:
                assert_never(act.kind)
        return []

    def take(self, event: Event) -> list[Line]:
        """One step, its effects obeyed."""
        lines = self._step(event)
        if self._lost:
            # As the gateway does it: the bot does not go on as if it had been heard, and a person learns of it.
            self._lost = False
            if self.run.status == "running":
                self.run = stop(self.run)
                self.forget_timers()
                lines.append(Line("stopped", "undelivered", self.run.step))
            lines.append(Line("task", "undelivered", self.run.step))
        return lines

    def _step(self, event: Event) -> list[Line]:
        self._count()
        saved = json.loads(json.dumps(self.run.to_json()))
        before, why, facts = self.run.step, list[Why](), self.facts()
        self.run, effects = step(self.script, RunState.from_json(saved), event, facts, why)
        return self._follow(effects, facts, Steps(before, why), why)

    def adopt(self, script: Script, to: str) -> list[Line]:
        """The run is brought over to another version of its script, as a publisher has it done; to a person where the step is gone."""
        facts, before = self.facts(), self.run.step
        if to in script.steps:
            self.run, effects = cross(self.script, script, self.run, to, facts)
        else:
            self.run, effects = hand_over(self.script, self.run, facts)
        self.script = script
        return self._follow(effects, facts, Steps(before, ()), ())

    def _follow(self, effects: Sequence[fx.Effect], facts: Facts, steps: Steps, why: Sequence[Why]) -> list[Line]:
        if self.why is not None:
            self.why += why
        # One that nobody has written in yet may be by another way, where the shop writes first.
        known = self.heard_at is not None or self.window_is == "closed"
        shut = known and facts.window is not None and facts.now > facts.window
        lines = self._obey_all(effects, steps, shut=shut)
        self.events += sum(len(line.text) for line in lines) // 1_000
        if self.run.status != "running":
            self.forget_timers()
        following = [
            effect.name for effect in effects if isinstance(effect, fx.StartScript) and effect.name in self.others
        ]
        if following and self._led < MOST_SCRIPTS:
            self._led += 1
            self.script = self.others[following[0]]
            self.run = begin(self.script)
            lines += self._step(RunStarted())
            self._led = 0
        return lines

    @property
    def is_open(self) -> bool:
        """Whether the shop works at this moment."""
        hours = self.facts().hours
        return hours is None or hours.is_open(self.now)

    def _count(self) -> None:
        self.events += 1
        if self.most and self.events > self.most:
            raise TooLong("too much happens in this conversation")
        if self.in_time is not None and not self.in_time():
            raise TooLong("this conversation takes too long")

    def _obey_all(self, effects: Sequence[fx.Effect], steps: Steps, *, shut: bool) -> list[Line]:
        lines: list[Line] = []
        done = 0
        for effect in effects:
            here = steps.at(done)
            done += not isinstance(effect, (fx.SetTimer, fx.CancelTimer))
            if isinstance(effect, fx.Say):
                if self._lost:
                    continue  # what was still to go out behind it does not
                line = self._said(effect, here)
                if self.failing or (shut and effect.template is None):
                    self.failing, self._lost = False, True
                    line = Line("failed", line.text, here)
                lines.append(line)
            elif (told := self._obey(effect)) is not None:
                lines.append(Line(told.speaker, told.text, here))
        return lines

    def facts(self) -> Facts:
        window = (self.heard_at or 0) + self.window if self.window else None
        if self.window_is != "auto":
            window = None if self.window_is == "open" else self.now - 1
        hours, calendars = self.hours, self.calendars
        if self.hours_are == "open":
            hours, calendars = None, {}
        elif self.hours_are == "closed":
            hours = shut_today(hours, self.zone, self.now)
            calendars = {name: shut_today(one, self.zone, self.now) for name, one in calendars.items()}
        return Facts(
            self.now, self.name, self.channel, self.zone, dict(self.fields), tuple(self.tags), self.stage,
            self.script.language_for(self.fields, self.language), self.currency, hours, window, self.seed, calendars, self.kinds,
        )  # fmt: skip

    def _said(self, say: fx.Say, here: str) -> Line:
        menu = [f"{place}. {choice.label}" for place, choice in enumerate(say.choices, start=1)]
        text = "\n".join([say.text, *menu])
        if say.template is None:
            return Line("bot", text, here, say)
        named = ", ".join([say.template.name, *say.template.values])
        return Line("template", f"{named}\n{text}", here)

    def _obey(self, effect: fx.Effect) -> Line | None:
        match effect:
            case fx.Say():
                return self._said(effect, "")
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
