"""A compiled script: frozen, checked, and ready to be walked. Made only by `compiler.read_script`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from bots.kit.answers import Menu
from bots.kit.conditions import Test
from bots.kit.effects import Choice
from bots.kit.languages import Language
from bots.kit.patterns import Pattern
from bots.kit.spans import AT_ONCE, Span
from bots.kit.words import Said, Text, Variants

AnswerKind = Literal[
    "words", "pattern", "number", "phone", "email", "date", "vin", "location", "photo", "document", "text"
]

KINDS: tuple[AnswerKind, ...] = get_args(AnswerKind)
WHOLE = frozenset({"words", "number", "phone", "email", "date", "location"})
"""Kinds that are whole as soon as one message holds them."""
GATHERED = frozenset({"text", "vin", "photo", "document"})
"""Kinds that may come in several messages."""

FILES = "files"
"""The field for what the customer sent without being asked."""

FINISHED, HANDED_OFF, TIMED_OUT = "(finished)", "(handed off)", "(timed out)"
ENDINGS = (FINISHED, HANDED_OFF, TIMED_OUT)
"""Where a step graph ends. The brackets keep them apart from every step's name."""


MOST_PASSED = 100
"""Steps on the way from one stop to the next. The compiler lets no circle through; the walk gives up all the same."""


# -- what a step does on entry ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SetAction:
    field: str
    value: Text
    line: int = 0


@dataclass(frozen=True, slots=True)
class TagAction:
    tag: str


@dataclass(frozen=True, slots=True)
class MoveAction:
    stage: str
    line: int


@dataclass(frozen=True, slots=True)
class NoteAction:
    text: Text


@dataclass(frozen=True, slots=True)
class TaskAction:
    """Something to do for a person; the run goes on."""

    kind: str
    text: Text
    due: Span = AT_ONCE
    """From now."""
    show: tuple[str, ...] = ()
    """Fields that are told below the text."""
    calendar: str = ""
    """Whose working time; empty: that of the deal's funnel."""
    line: int = 0
    ends: str = ""
    """`stage`: with the stage in which it was given."""


@dataclass(frozen=True, slots=True)
class SayAction:
    text: Said
    line: int = 0


Action = SetAction | TagAction | MoveAction | NoteAction | TaskAction | SayAction


@dataclass(frozen=True, slots=True)
class Prepared:
    """The approved template that goes out in place of a step's words where the channel's window is shut."""

    name: str
    values: tuple[Text, ...] = ()
    otherwise: Literal["task", "skip"] = "task"
    line: int = 0


# -- what a step ends in ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """One kind of answer that a question takes, where it is kept, and the exit it leads to."""

    kind: AnswerKind
    save: str
    exit: str
    low: int = 0
    high: int = 10**9
    past: bool = False
    """A date that is over, rather than one to come."""
    first: bool = False
    """A text: also the words that the customer began with, before the question was put."""
    phrases: tuple[tuple[str, str], ...] = ()
    """Of `words`: as normalised and as written."""
    pattern: Pattern | None = None


@dataclass(frozen=True, slots=True)
class Option:
    label: str
    exit: str
    worded: Variants | None = None
    """The label in other languages and for other channels."""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Reminder:
    after: int
    """Milliseconds from the question."""
    text: Said
    template: Prepared | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Silence:
    """What happens when nothing is heard: reminders, then patience ends. Lengths in ms from the question."""

    patience: int
    reminders: tuple[Reminder, ...] = ()
    reason: str = "silence"
    line: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    question: Said
    options: tuple[Option, ...]
    buttons: tuple[Choice, ...]
    menu: Menu | None
    save: str
    """Where the label of the chosen option is kept; empty: nowhere."""
    answers: tuple[Answer, ...]
    hint: Said
    """Said when the answer is not understood."""
    tries: int
    gather: int
    silence: Silence
    gathers: bool
    """Whether the answer may come in several messages: a text, a VIN, a photo."""
    wants_phone: bool
    takes_media: bool
    """Any file is an answer: the exit `media` leads on."""
    worded: bool = False
    """Whether a label has variants: then the buttons are made when the question is put."""


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
    ends: str = ""
    """`stage`: the task does with the stage in which it was given."""


@dataclass(frozen=True, slots=True)
class End:
    reason: str


@dataclass(frozen=True, slots=True)
class Case:
    """One line of a `check`: where all its tests hold, the exit is taken."""

    exit: str
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """Go on by what is known; the exit `else` where no case holds."""

    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """Go on by chance: each arm is the step it leads to and the percentage at which it ends."""

    arms: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Let time pass. One of `span`, `minute`, `field` says until when."""

    span: Span = AT_ONCE
    working: bool = False
    """With `minute` or `field`: it ends in working time only."""
    minute: int | None = None
    """Until the shop's clock shows so many minutes past midnight; with `field`: of that day."""
    opens: bool = False
    """It ends while the shop is open, or else when it opens next."""
    field: str = ""
    """Until the day that the field holds."""
    before: int = 0
    """So many milliseconds earlier than the field's day."""
    save: str = ""
    """Where a message that comes meanwhile is kept."""
    gather: int = 2_000
    calendar: str = ""
    """Whose working time, and whose clock; empty: that of the deal's funnel, and the shop's clock."""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """Ask a declared endpoint, and wait for its answer."""

    endpoint: str
    send: tuple[str, ...]
    keep: tuple[tuple[str, str], ...]
    """(name in the answer, field)."""
    patience: int
    line: int = 0


@dataclass(frozen=True, slots=True)
class RunScript:
    """Another script goes on."""

    name: str
    line: int = 0


Finish = Ask | Then | Check | Split | Wait | Call | RunScript | Leave | End
Stop = Ask | Wait | Call
"""Where a run stops, with a clock, until something happens."""


@dataclass(frozen=True, slots=True)
class Step:
    """On entry the actions are done in order; then the finish."""

    name: str
    line: int
    actions: tuple[Action, ...]
    finish: Finish
    template: Prepared | None = None

    def prepared(self) -> tuple[Prepared, ...]:
        """The templates that the step may send, itself or in its reminders."""
        reminders = self.finish.silence.reminders if isinstance(self.finish, Ask) else ()
        found = (self.template, *(reminder.template for reminder in reminders))
        return tuple(one for one in found if one is not None)


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
    texts: Mapping[str, Said]
    edges: tuple[tuple[str, str, str], ...]
    """(step, exit, step or ending), as written: what diagrams are drawn from."""
    exits: Mapping[tuple[str, str], str]
    """(step, exit) → step or ending, for every pair: frozen from the machine."""
    languages: tuple[str, ...] = ()
    """The languages that every text should be there in; the first is the main one."""
    passing: bool = False
    """It gives tasks that end with the stage."""

    def language_for(self, fields: Mapping[str, object], otherwise: str) -> str:
        """The customer's own language, which the deal's field `language` holds, where this script speaks it; else the shop's."""
        own = fields.get("language")
        return own if isinstance(own, str) and own in self.languages else otherwise

    @property
    def runs(self) -> tuple[str, ...]:
        """The scripts that this one leads to."""
        return tuple({step.finish.name: None for step in self.steps.values() if isinstance(step.finish, RunScript)})
