"""Where one conversation stands in its script. A run is a value: a step makes a new one, and it survives as JSON."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, field
from typing import Any, Literal, cast

from bots.kit.events import Instant, Media
from bots.kit.fields import Field
from bots.kit.hours import Hours
from bots.kit.values import value

Status = Literal["running", "finished", "handed_off", "timed_out", "stopped"]

CLOCKS = ("patience", "wait", "call")
"""The timers that end a stop: of a question, of a wait, of a call."""
STATUSES: tuple[Status, ...] = ("running", "finished", "handed_off", "timed_out", "stopped")


@value
class Facts:
    """What the bot may know at this moment besides the run: all of it is handed in."""

    now: Instant
    name: str = ""
    """The customer's name as the channel or the manager has it."""
    channel: str = ""
    zone: str = "UTC"
    fields: Mapping[str, object] = field(default_factory=dict)
    """The deal's fields."""
    tags: Collection[str] = ()
    stage: str = ""
    language: str = ""
    """Which of a text's languages this customer reads; empty: the script's own."""
    currency: str = "RUB"
    hours: Hours | None = None
    """When the shop works; None: always."""
    window: Instant | None = None
    """Until when free text may be sent on this channel; None: always."""
    seed: int = 0
    """What decides the arms of a split: the same number always goes the same way."""
    calendars: Mapping[str, Hours] = field(default_factory=dict)
    """Those that a script may name."""
    kinds: Mapping[str, Field] = field(default_factory=dict)
    """Fields of the deal that take only values of their kind."""


Mark = tuple[str, str]
"""(step, what happened there): `reached`, `again` (asked once more), an exit by its name, or how the run ended."""


@value
class Why:
    """One reason on the way of one step, for who wants to be told: a simulator, a test."""

    step: str
    because: str
    """Machine word."""
    seen: str = ""
    """What was looked at."""
    done: int = field(default=0, compare=False)
    """How many effects, timers left out, had been decided before it: which step each of them is of."""


@value
class RunState:
    """Mappings in a run are never changed in place."""

    step: str
    status: Status = "running"
    turn: int = 0
    """Questions asked so far; a repeated question keeps its number, so that its older buttons stay good."""
    tries: int = 0
    """How often the open question was answered with something not understood."""
    opening: Instant = 0
    """When the run, or the last message of the burst that started it, came; 0: the customer has seen the question."""
    heard: tuple[str, ...] = ()
    """A burst that has not settled yet."""
    media: tuple[Media, ...] = ()
    answers: Mapping[str, object] = field(default_factory=dict)
    timers: Mapping[str, Instant] = field(default_factory=dict)
    """Timers that are set, with their due times: one that fires early or after its step is told apart by them."""
    arms: Mapping[str, str] = field(default_factory=dict)
    """The way that this run has gone at each split: step → the step that was drawn."""
    marks: tuple[Mark, ...] = field(default=(), compare=False)
    """What the last event brought about, for whoever counts. Not saved: it is of one step of the walk only."""
    missed: str | None = field(default=None, compare=False)
    """The words that the last event did not make understood; None: there were none. Not saved, like the marks."""

    @property
    def waits_until(self) -> Instant | None:
        """When the bot goes on by itself: patience with the open question ends, or the wait does."""
        for name in CLOCKS:
            if name in self.timers:
                return self.timers[name]
        return None

    def to_json(self) -> dict[str, Any]:
        """JSON-able. What is at its default is left out: most runs are a few words long, and there are many of them."""
        data: dict[str, Any] = {"step": self.step, "status": self.status, "turn": self.turn}
        if self.tries:
            data["tries"] = self.tries
        if self.opening:
            data["opening"] = self.opening
        if self.heard:
            data["heard"] = list(self.heard)
        if self.media:
            data["media"] = [asdict(one) for one in self.media]
        if self.answers:
            data["answers"] = self.answers
        if self.timers:
            data["timers"] = self.timers
        if self.arms:
            data["arms"] = self.arms
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "RunState":
        """The run as it was saved. Missing keys take their defaults, so older runs stay readable.

        Raises ValueError where the data is no run.
        """
        step, status, heard, media = data.get("step"), data.get("status"), data.get("heard"), data.get("media")
        if not isinstance(step, str) or status not in STATUSES:
            raise ValueError("not a saved run")
        return cls(
            step,
            cast("Status", status),
            data.get("turn", 0),
            data.get("tries", 0),
            data.get("opening", 0),
            tuple(heard) if heard else (),
            tuple(Media(**one) for one in media) if media else (),
            data.get("answers") or {},
            data.get("timers") or {},
            data.get("arms") or {},
        )
