"""Where one conversation stands in its script. A run is a value: a step makes a new one, and it survives as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from bots.kit.events import Instant, Media

Status = Literal["running", "finished", "handed_off", "timed_out", "stopped"]

STATUSES: tuple[Status, ...] = ("running", "finished", "handed_off", "timed_out", "stopped")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the bot may know at this moment besides the run: all of it is handed in."""

    now: Instant
    name: str = ""
    """The customer's name as the channel or the manager has it."""
    channel: str = ""
    zone: str = "UTC"
    fields: Mapping[str, object] = field(default_factory=dict)
    """The deal's fields."""


@dataclass(frozen=True, slots=True)
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

    @property
    def waits_until(self) -> Instant | None:
        """When patience with the open question ends."""
        return self.timers.get("patience")

    def to_json(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "status": self.status,
            "turn": self.turn,
            "tries": self.tries,
            "opening": self.opening,
            "heard": list(self.heard),
            "media": [
                {"kind": one.kind, "ref": one.ref, "name": one.name, "mime": one.mime, "size": one.size}
                for one in self.media
            ],
            "answers": dict(self.answers),
            "timers": dict(self.timers),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "RunState":
        """The run as it was saved. Missing keys take their defaults, so older runs stay readable.

        Raises ValueError where the data is no run.
        """
        step, status = data.get("step"), data.get("status", "running")
        if not isinstance(step, str) or status not in STATUSES:
            raise ValueError("not a saved run")
        return cls(
            step=step,
            status=cast("Status", status),
            turn=data.get("turn", 0),
            tries=data.get("tries", 0),
            opening=data.get("opening", 0),
            heard=tuple(data.get("heard", ())),
            media=tuple(Media(**one) for one in data.get("media", ())),
            answers=dict(data.get("answers", {})),
            timers=dict(data.get("timers", {})),
        )
