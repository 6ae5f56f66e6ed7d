"""What a robot asks for. Effects are orders in the imperative; the gateway turns them into rows, nothing else."""

from typing import Final

from bots.kit.events import Instant
from bots.kit.values import value

HERE: Final = "here"
"""Among channels: where the conversation is."""


@value
class SendMessage:
    """A message to the customer by the first of these channels that reaches them; by any, where none is named.

    A word in `by` that is no channel is the deal's field in which the customer's wish stands.
    """

    text: str
    by: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    """Besides, by each of these that reaches them."""
    subject: str = ""
    """For e-mail."""
    template: str = ""
    """The playbook's, instead of `text`; or beside it, for when free text may not go."""
    values: tuple[str, ...] = ()
    otherwise: str = "task"
    """What becomes of it where nobody can be reached: `task` or `skip`."""
    empty: tuple[str, ...] = ()
    """Names of values that the text needs and the deal does not have: it must not go out."""


@value
class GiveTask:
    kind: str
    text: str
    due_at: Instant
    to: str = "responsible"
    """`responsible`, `head`, a rule of `assign`, a group or a person of the team."""
    once: bool = False
    """Not while the same task is still open: it comes again and again."""
    ends: str = ""
    """`stage`: needless once the deal has left the stage."""


@value
class Tell:
    """A word to somebody of the shop, as a task of theirs."""

    to: str
    text: str


@value
class Reassign:
    to: str


@value
class StartScript:
    name: str


@value
class StopBot:
    pass


@value
class MoveStage:
    stage: str


@value
class CloseDeal:
    """`outcome` is `won` or `lost`; a lost one has a reason."""

    outcome: str
    reason: str = ""


@value
class DeleteDeal:
    """Its data are false: it goes, with all that is kept of it. One in which a customer has written is closed instead."""

    reason: str


@value
class Convert:
    """The lead is through: a deal goes on in its stead, with what is known; `company`, `tax_id`: the fields that name a legal entity."""

    funnel: str
    stage: str = ""
    company: str = ""
    tax_id: str = ""


@value
class OpenDeal:
    """A second deal of the same customer, in another funnel; this one stays as it is."""

    funnel: str
    stage: str = ""


@value
class AddTag:
    tag: str


@value
class RemoveTag:
    tag: str


@value
class SetField:
    name: str
    value: str


@value
class MissDate:
    """A date could not be reckoned, for want of the one that it is reckoned from: the field stays as it is."""

    name: str
    of: str


@value
class CountUp:
    """One more in a field that counts; from nothing, or from what is no number: one."""

    name: str


@value
class WriteNote:
    text: str


@value
class CallWebhook:
    """Tell a declared endpoint of the playbook about the deal, signed."""

    endpoint: str


@value
class JoinAudience:
    """The contact belongs to this exported list from here on."""

    audience: str


Effect = (
    SendMessage
    | GiveTask
    | Tell
    | Reassign
    | StartScript
    | StopBot
    | MoveStage
    | CloseDeal
    | DeleteDeal
    | Convert
    | OpenDeal
    | AddTag
    | RemoveTag
    | SetField
    | MissDate
    | CountUp
    | WriteNote
    | CallWebhook
    | JoinAudience
)
