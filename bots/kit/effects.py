"""What a bot can ask for. Effects are orders in the imperative; the gateway turns them into rows, nothing else."""

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from bots.kit.events import Instant
from bots.kit.values import value


@value
class Choice:
    """One entry of a menu: `key` comes back in `MessageReceived.choice`, `label` is what the customer sees."""

    key: str
    label: str


@value
class Template:
    """An approved message that may be sent when the customer wrote too long ago for free text."""

    name: str
    """As the playbook calls it."""
    values: tuple[str, ...] = ()
    otherwise: Literal["task", "skip"] = "task"
    """What becomes of it where the channel has no such template: a person writes, or nobody does."""


@value
class Say:
    """Say `text` to the customer. Choices become buttons where the channel has them, else a numbered list."""

    text: str
    choices: tuple[Choice, ...] = ()
    ask_phone: bool = False
    """Offer the channel's own 'share my phone' button where it has one."""
    template: Template | None = None
    """Set where the channel's window is shut: the template goes out, and `text` is what it says to the customer."""


@value
class SetTimer:
    """Fire `TimerFired(name)` at `at`. Setting a name again moves it."""

    name: str
    at: Instant


@value
class CancelTimer:
    name: str


@value
class SetField:
    """Keep a gathered answer in the deal's fields. `value` is JSON: text, number, boolean or a list of them."""

    name: str
    value: object


@value
class AddTag:
    tag: str


@value
class MoveStage:
    stage: str


@value
class CreateTask:
    """A task for the deal's responsible, or for the pool where there is none."""

    kind: str
    text: str
    details: Mapping[str, object] = field(default_factory=dict)
    due_at: Instant | None = None
    """None: at once."""
    ends: str = ""
    """`stage`: it makes no sense once the deal has left the stage."""


@value
class WriteNote:
    """A line in the timeline that only the shop sees."""

    text: str


@value
class HandOff:
    """Give the conversation to a person: the run ends, a task carries what was gathered."""

    reason: str
    """Machine word: `finished`, `asked_for_person`, `not_understood`, ..."""
    task: CreateTask


@value
class CloseDeal:
    """The deal ends without a sale: `reason` is one of the playbook's reasons."""

    reason: str


@value
class EndRun:
    """The run is over by itself. `status` is `finished` or `timed_out`; a hand-off ends the run on its own."""

    status: str
    reason: str


@value
class StartScript:
    """Another script takes the conversation over. The run has ended just before; what it knows is in the deal's fields."""

    name: str


@value
class CallWeb:
    """Ask a declared endpoint of the playbook; the answer comes back as `WebAnswered` with the same `turn`."""

    endpoint: str
    fields: Mapping[str, object]
    turn: int


Effect = (
    Say
    | SetTimer
    | CancelTimer
    | SetField
    | AddTag
    | MoveStage
    | CreateTask
    | WriteNote
    | HandOff
    | CloseDeal
    | EndRun
    | StartScript
    | CallWeb
)
