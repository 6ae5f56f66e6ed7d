"""A compiled script: frozen, checked, and ready to be walked. Made only by `compiler.read_script`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bots.kit.answers import Menu
from bots.kit.effects import Choice
from bots.kit.languages import Language
from bots.kit.words import Text

AnswerKind = Literal["text", "number", "phone", "vin", "photo"]

KINDS: tuple[AnswerKind, ...] = ("text", "number", "phone", "vin", "photo")

FILES = "files"
"""The field for what the customer sent without being asked."""

FINISHED, HANDED_OFF, TIMED_OUT = "(finished)", "(handed off)", "(timed out)"
ENDINGS = (FINISHED, HANDED_OFF, TIMED_OUT)
"""Where a step graph ends. The brackets keep them apart from every step's name."""


# -- what a step does on entry ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SetAction:
    field: str
    value: Text


@dataclass(frozen=True, slots=True)
class TagAction:
    tag: str


@dataclass(frozen=True, slots=True)
class MoveAction:
    stage: str
    line: int


@dataclass(frozen=True, slots=True)
class SayAction:
    text: Text


Action = SetAction | TagAction | MoveAction | SayAction


# -- what a step ends in ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """One kind of answer that a question takes, where it is kept, and the exit it leads to."""

    kind: AnswerKind
    save: str
    exit: str
    low: int = 0
    high: int = 10**9


@dataclass(frozen=True, slots=True)
class Option:
    label: str
    exit: str


@dataclass(frozen=True, slots=True)
class Silence:
    """What happens when nothing is heard: reminders, then patience ends. Lengths in ms from the question."""

    patience: int
    reminders: tuple[tuple[int, Text], ...] = ()
    reason: str = "silence"
    line: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    question: Text
    options: tuple[Option, ...]
    buttons: tuple[Choice, ...]
    menu: Menu | None
    save: str
    """Where the label of the chosen option is kept; empty: nowhere."""
    answers: tuple[Answer, ...]
    hint: Text
    """Said when the answer is not understood."""
    tries: int
    gather: int
    silence: Silence
    gathers: bool
    """Whether the answer may come in several messages: a text, a VIN, a photo."""
    wants_phone: bool
    takes_media: bool
    """Any file is an answer: the exit `media` leads on."""


@dataclass(frozen=True, slots=True)
class Then:
    """Go on to another step."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Hand off to a person with a task that carries `show` (all that was gathered where it is empty)."""

    reason: str
    kind: str
    task: Text
    show: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class End:
    reason: str


Finish = Ask | Then | Leave | End


@dataclass(frozen=True, slots=True)
class Step:
    """On entry the actions are done in order; then the finish."""

    name: str
    line: int
    actions: tuple[Action, ...]
    finish: Finish


@dataclass(frozen=True, slots=True, eq=False)
class Script:
    name: str
    title: str
    source: str
    """The text it was compiled from."""
    hash: str
    """sha256 of the text, hexadecimal: the version that a run is pinned to."""
    language: Language
    country: str
    start: str
    steps: Mapping[str, Step]
    fields: Mapping[str, str]
    """Fields that the script keeps or mentions → their title for the manager."""
    files: frozenset[str]
    """Fields that hold files rather than words."""
    texts: Mapping[str, Text]
    edges: tuple[tuple[str, str, str], ...]
    """(step, exit, step or ending), as written: what diagrams are drawn from."""
    exits: Mapping[tuple[str, str], str]
    """(step, exit) → step or ending, for every pair: frozen from the machine."""
