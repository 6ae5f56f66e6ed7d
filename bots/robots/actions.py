"""What a robot does, as the playbook says it: an effect, or one whose texts have yet to be filled in."""

from dataclasses import dataclass, field

from bots.kit.spans import AT_ONCE, Span
from bots.kit.words import Text
from bots.robots import effects as fx


@dataclass(frozen=True, slots=True)
class Message:
    text: Text | None
    by: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    subject: Text | None = None
    template: str = ""
    values: tuple[Text, ...] = ()
    otherwise: str = "task"
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Task:
    kind: str
    text: Text
    due: Span = AT_ONCE
    to: str = "responsible"
    ends: str = ""
    """`stage`: with the deal's stay in it, where nobody works on it."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word to somebody of the shop."""

    to: str
    text: Text


@dataclass(frozen=True, slots=True)
class Note:
    text: Text


@dataclass(frozen=True, slots=True)
class Keep:
    """A value into a field of the deal."""

    field: str
    text: Text


@dataclass(frozen=True, slots=True)
class KeepDate:
    """A date into a field of the deal, so long after another one."""

    field: str
    length: int
    """Milliseconds; before it, where they are negative."""
    of: str = ""
    """The field with the other date; empty: it is the moment at which the robot acts."""


Ready = (
    fx.Reassign
    | fx.StartScript
    | fx.StopBot
    | fx.MoveStage
    | fx.CloseDeal
    | fx.DeleteDeal
    | fx.Convert
    | fx.OpenDeal
    | fx.AddTag
    | fx.RemoveTag
    | fx.CallWebhook
    | fx.JoinAudience
    | fx.CountUp
)
"""Nothing has to be filled in."""

Action = Message | Task | Word | Note | Keep | KeepDate | Ready
