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


@value
class StatusReported:
    """A provider's word on one of our parts. `part` is ours (from the callback's address), 0 if it was not there."""

    provider_id: str
    status: Literal["sent", "delivered", "read", "failed"]
    part: int = 0
    code: str = ""
    """The provider's error code as text, empty where there was none."""
    meaning: Literal["", "window_closed", "opted_out", "blocked", "throttled", "fatal"] = ""
    kind: Literal["status"] = "status"


@value
class PartSettled:
    """A part of ours came to an end that someone may have to act on. Raised by delivery, never by a provider."""

    part: int
    deal: int
    author: str
    cause: Literal["failed", "unknown", "blocked", "opted_out", "not_found", "window_closed"]
    reason: str
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


Event = (
    MessageReceived
    | MessageEdited
    | ReachChanged
    | AddressChanged
    | FormSubmitted
    | CallEnded
    | StatusReported
    | PartSettled
    | EndpointAnswered
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
