"""What a bot can ask for. Effects are orders in the imperative; the gateway turns them into rows, nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bots.kit.events import Instant


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a menu: `key` comes back in `MessageReceived.choice`, `label` is what the customer sees."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Say:
    """Say `text` to the customer. Choices become buttons where the channel has them, else a numbered list."""

    text: str
    choices: tuple[Choice, ...] = ()
    ask_phone: bool = False
    """Offer the channel's own 'share my phone' button where it has one."""


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Fire `TimerFired(name)` at `at`. Setting a name again moves it."""

    name: str
    at: Instant


@dataclass(frozen=True, slots=True)
class CancelTimer:
    name: str


@dataclass(frozen=True, slots=True)
class SetField:
    """Keep a gathered answer in the deal's fields. `value` is JSON: text, number, boolean or a list of them."""

    name: str
    value: object


@dataclass(frozen=True, slots=True)
class AddTag:
    tag: str


@dataclass(frozen=True, slots=True)
class MoveStage:
    stage: str


@dataclass(frozen=True, slots=True)
class CreateTask:
    """A task for the deal's responsible, or for the pool where there is none."""

    kind: str
    text: str
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WriteNote:
    """A line in the timeline that only the shop sees."""

    text: str


@dataclass(frozen=True, slots=True)
class HandOff:
    """Give the conversation to a person: the run ends, a task carries what was gathered."""

    reason: str
    """Machine word: `finished`, `asked_for_person`, `not_understood`, ..."""
    task: CreateTask


@dataclass(frozen=True, slots=True)
class CloseDeal:
    """The deal ends without a sale: `reason` is one of the playbook's reasons."""

    reason: str


@dataclass(frozen=True, slots=True)
class EndRun:
    """The run is over by itself. `status` is `finished` or `timed_out`; a hand-off ends the run on its own."""

    status: str
    reason: str


Effect = (
    Say | SetTimer | CancelTimer | SetField | AddTag | MoveStage | CreateTask | WriteNote | HandOff | CloseDeal | EndRun
)
