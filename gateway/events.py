"""Everything that can happen, in our words: what channels translate providers' payloads into.

The inbox keeps each of them as JSON beside the raw bytes. A new kind of event is one class here, one arm in
`decide`, and one line in the glossary.
"""

from typing import Any, Literal

from bots.kit.events import Instant, Media
from bots.kit.values import value


@value
class Sender:
    """Who spoke: an address on one account of one channel. Identity is (channel, account, address)."""

    channel: str
    account: str
    address: str
    name: str = ""
    phone: str = ""
    """E.164, only where the channel vouches for it (WhatsApp and SMS addresses)."""
    email: str = ""
    language: str = ""
    """Two letters, where the channel says which language the customer has it in."""


@value
class MessageReceived:
    sender: Sender
    text: str = ""
    media: tuple[Media, ...] = ()
    button: str = ""
    """Opaque data of the pressed button, as `Button.data` was sent."""
    callback: str = ""
    """The provider's id of the press where it wants an answer (Telegram's callback_query.id)."""
    phone: str = ""
    """E.164: the sender shared their own number and the channel vouches that it is theirs."""
    location: tuple[float, float] | None = None
    message_id: str = ""
    reply_to: str = ""
    group: str = ""
    """Several files sent as one album share this word."""
    start: str = ""
    """What a deep link carried (Telegram's `/start key`): where this customer comes from."""
    sent_at: Instant = 0
    flags: tuple[str, ...] = ()
    """What was odd: `bad_date`, `duplicate_key`, `bad_media_count`, ..."""
    kind: Literal["message"] = "message"


@value
class MailReceived:
    """Somebody wrote a mail. Whose it is said to be proves nothing; `part` does: a seal of ours that only its reader had."""

    sender: Sender
    subject: str = ""
    text: str = ""
    """What is new in it, without the history that the writer's program quotes."""
    whole: str = ""
    """All of it, where that is more."""
    files: tuple[str, ...] = ()
    """Names of what came along."""
    message_id: str = ""
    answers: tuple[str, ...] = ()
    """Ids of the mails before it, the one it answers last."""
    part: int = 0
    """The part of ours that it answers, 0 where it names none."""
    flags: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    """The files that came along and are kept: on disk before this is."""
    left: tuple[tuple[str, str], ...] = ()
    """Name and reason (a machine word) of those that are not; `cut`: of one that is, and is not whole."""
    kind: Literal["mail"] = "mail"


@value
class MessageEdited:
    sender: Sender
    message_id: str
    text: str
    kind: Literal["edited"] = "edited"


@value
class ReachChanged:
    """The customer blocked us, let us in again, opted out or opted in."""

    sender: Sender
    change: Literal["blocked", "unblocked", "opted_out", "opted_in"]
    text: str = ""
    part: int = 0
    """The part of ours that it is about: whoever it went to, whoever says so."""
    kind: Literal["reach"] = "reach"


@value
class AddressChanged:
    """The channel moved the identity to another address (Telegram's migrate_to_chat_id)."""

    sender: Sender
    address: str
    kind: Literal["address"] = "address"


@value
class FormSubmitted:
    sender: Sender
    form: str
    fields: dict[str, Any]
    kind: Literal["form"] = "form"


@value
class CallEnded:
    sender: Sender
    status: Literal["missed", "answered"]
    direction: Literal["in", "out"]
    duration_s: int = 0
    recording_url: str = ""
    manager: str = ""
    not_a_customer: bool = False
    kind: Literal["call"] = "call"


OrderEvent = Literal[
    "placed", "paid", "in_work", "item_refused", "sync_lost", "ready", "handed_over", "sent", "cancelled"
]
ParcelStatus = Literal[
    "created", "accepted", "in_transit", "arrived", "collected", "money_received", "refused", "returned"
]


@value
class OrderChanged:
    """The shop's own system on an order: it was placed, paid, is ready. The sender's address is its number."""

    sender: Sender
    number: str
    event: OrderEvent
    total: int | None = None
    """Minor units."""
    currency: str = ""
    paid: bool | None = None
    office: str = ""
    items: tuple[str, ...] = ()
    tracking: str = ""
    happened_at: Instant = 0
    """By the sender's clock; 0: they do not say."""
    kind: Literal["order"] = "order"


@value
class PaymentReceived:
    """Money has come in for an order, or went back."""

    sender: Sender
    number: str
    amount: int
    """Minor units; less than nothing: it was given back."""
    currency: str = ""
    kind: Literal["payment"] = "payment"


@value
class ParcelMoved:
    """A carrier on a parcel of ours. The sender's address is its number."""

    sender: Sender
    tracking: str
    status: ParcelStatus
    note: str = ""
    """The carrier's own words."""
    happened_at: Instant = 0
    """By the sender's clock; 0: they do not say."""
    kind: Literal["parcel"] = "parcel"


@value
class SiteVisited:
    """A known customer looks at a page of the shop's site."""

    sender: Sender
    page: str
    kind: Literal["visit"] = "visit"


@value
class StatusReported:
    """A provider's word on one of our parts. `part` is ours (from the callback's address), 0 if it was not there."""

    provider_id: str
    status: Literal["sent", "delivered", "read", "failed"]
    part: int = 0
    code: str = ""
    """The provider's error code as text, empty where there was none."""
    meaning: Literal["", "window_closed", "opted_out", "blocked", "not_found", "throttled", "fatal"] = ""
    kind: Literal["status"] = "status"


@value
class PartSettled:
    """A part of ours came to an end that someone may have to act on. Raised by delivery, never by a provider."""

    part: int
    deal: int
    author: str
    cause: Literal["failed", "unknown", "blocked", "opted_out", "not_found", "window_closed"]
    reason: str
    channel: str = ""
    """Where it was to go; an `endpoint` is no customer's address."""
    kind: Literal["settled"] = "settled"


@value
class EndpointAnswered:
    """An endpoint that a script has called has answered, or could not. `part` is the call, `ask` whose question it was."""

    part: int
    ask: str
    """`run.turn`, as the call carried it."""
    ok: bool
    fields: dict[str, Any]
    """What it said, by declared name: texts, numbers, yes or no."""
    kind: Literal["answer"] = "answer"


@value
class StaffAsked:
    """Somebody who works here asks for something to be done to a deal, from their own chat with the bot."""

    contact: int
    """Whose deal it is: the lane that sees to it."""
    identity: int
    """The chat that it was asked in, and is answered in."""
    person: int
    act: Literal["take", "done", "write"]
    deal: int
    task: int
    text: str = ""
    """The result of a task; what is to be written to the customer."""
    reason: str = ""
    """Why a task is done without a word to the customer."""
    message_id: str = ""
    kind: Literal["staff"] = "staff"


Event = (
    MessageReceived
    | MailReceived
    | MessageEdited
    | ReachChanged
    | AddressChanged
    | FormSubmitted
    | CallEnded
    | OrderChanged
    | PaymentReceived
    | ParcelMoved
    | SiteVisited
    | StatusReported
    | PartSettled
    | EndpointAnswered
    | StaffAsked
)


@value
class Ignored:
    """Understood and of no concern to us: `reason` is a short machine word (`group`, `bot`, `self`, `unknown_type`)."""

    reason: str


@value
class Unusable:
    """Authenticated but not to be understood: kept in quarantine with this reason."""

    reason: str


@value
class Received:
    """One raw provider event and what it means. `external_id` is the key that makes a repeat a duplicate."""

    external_id: str
    meaning: Event | Ignored | Unusable
    raw: bytes
