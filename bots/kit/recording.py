"""One run as it was recorded, and whether what a script says now is what was said then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bots.kit.events import Instant, MessageReceived
from bots.kit.lines import Line

_UNRECORDED: Final = frozenset({"tag", "script", "call", "stopped"})
"""What a bot does that leaves no line in the timeline."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The customer wrote."""

    at: Instant
    message: MessageReceived
    channel: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A person moved the deal."""

    at: Instant
    stage: str


@dataclass(frozen=True, slots=True)
class Edited:
    """A person, or a form of the customer's, changed what the deal knows."""

    at: Instant
    fields: Mapping[str, object]
    tags: tuple[str, ...] | None = None
    """All of them from then on; None: as they were."""
    missing: bool = False
    """Only fields that were not there are set."""


@dataclass(frozen=True, slots=True)
class Crossed:
    """The run was brought over to another version of its script."""

    at: Instant
    to: str
    """The step at which it stands there."""


Happening = Heard | Moved | Edited | Crossed
"""What comes from outside while a run goes on."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the bot said or did then, as the timeline has it."""

    at: Instant
    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Recording:
    """One run as it really went."""

    deal: int
    run: int
    began: Instant
    until: Instant
    """Just after it ended, or as far as time has gone on."""
    stopped: bool
    """Somebody or something else ended it: what the bot would have gone on to say was never said."""
    opening: Heard | None
    """The message that it began with."""
    scenes: Sequence[Happening | Told]
    channel: str = ""
    name: str = ""
    stage: str = ""
    tags: tuple[str, ...] = ()
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """A line of a play, and when it was said."""

    at: Instant
    line: Line


class Differs(Exception):
    """Played on its own version the talk does not come out as it is recorded; the text says where."""


class Record:
    """What is recorded to have been said after one happening, being held against what is said now."""

    def __init__(self, told: list[Told], *, may_end: bool) -> None:
        self._told = told
        self._may_end = may_end

    def next_at(self, otherwise: Instant) -> Instant:
        return self._told[0].at if self._told else otherwise

    def fits(self, said: Sequence[Said]) -> bool:
        left = list(self._told)
        for one in visible(said):
            if left and _same(one.line, left[0]):
                left.pop(0)
            elif one.line.speaker != "stage":  # to where the deal is already, or cannot go
                return not left and self._may_end
        return True

    def take(self, said: Sequence[Said]) -> None:
        if not self.fits(said):
            wanted = f"{self._told[0].speaker}" if self._told else "nothing"
            raise Differs(f"recorded is {wanted} where the script has {visible(said)[0].line.speaker}")
        for one in visible(said):
            if self._told and _same(one.line, self._told[0]):
                self._told.pop(0)

    def close(self) -> None:
        if self._told:
            raise Differs(f"recorded is {self._told[0].speaker} where the script has nothing")


def visible(said: Sequence[Said]) -> list[Said]:
    return [
        one
        for one in said
        if one.line.speaker not in _UNRECORDED and not (one.line.speaker == "task" and one.line.text == "undelivered")
    ]


def _same(line: Line, told: Told) -> bool:
    match line.speaker:
        case "bot" | "failed":
            return told.speaker == "bot" and told.text == line.text
        case "template":
            words = line.text.partition("\n")[2]
            return (told.speaker == "bot" and told.text == words) or (
                told.speaker == "task" and told.text.endswith(words)
            )
        case "task":
            return told.speaker == "task" and (line.text == told.text or line.text.startswith(told.text + "\nдо "))
        case speaker:
            return told.speaker == speaker and told.text == line.text
