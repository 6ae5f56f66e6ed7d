"""The shape every channel has. A channel is a translation table plus one send; it decides nothing and keeps nothing.

To add one, see docs/add-a-channel.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final, Literal, Protocol, runtime_checkable

from bots.kit.events import Media
from bots.kit.values import value
from gateway.events import Received
from gateway.fetch import Fetched, NotFetched

STORED: Final = "stored:"
"""Begins the `ref` of a file that we keep ourselves; any other ref is the channel's own handle or an address."""


_PER_SECOND: Final = 400_000
"""Bytes of files that the slowest line of a shop is believed to carry up, in base64 even."""


@value
class Limits:
    """What the channel can carry. Lengths are counted in `unit`, never in bytes."""

    text: int
    caption: int
    unit: Literal["utf16", "chars"]
    buttons: int
    """How many buttons a message may have; 0: menus become numbered text."""
    label: int
    """Longest button label; a longer one turns the whole menu into numbered text."""
    window_hours: int = 0
    """Free text only within so many hours of the customer's last message; 0: always."""
    media_bytes: int = 20_000_000
    asks_phone: bool = False
    """Has its own 'share my phone' button."""
    settles: bool = False
    """Can say later what became of a part whose answer was never seen."""
    files: bool = True
    """Carries files of our own."""
    together: int = 0
    """Files go along in the message itself, with its text: all of them, and at most so many bytes. 0: each is a message."""
    links: bool = True
    """Fetches a file by its address, and shows it as one; where not, the address goes into the text."""
    threads: bool = False
    """Messages have a subject and name those that they answer."""
    receipts: bool = False
    """Says unasked that a message has arrived; silence for long is a sign that its receipts do not reach us."""


@value
class Rate:
    """A budget: at most `per_second` on average and `burst` at once, for everything sharing `scope`."""

    scope: Literal["account", "address"]
    per_second: float
    burst: int


@value
class Button:
    data: str
    """Opaque, at most 64 bytes."""
    label: str
    url: str = ""
    """It opens this address and tells us nothing; only in messages to staff."""


@value
class Outgoing:
    """One part: one provider call."""

    part: int
    """Our id; goes along wherever the provider can carry it back."""
    address: str
    kind: Literal["text", "media", "template", "ack", "call"] = "text"
    text: str = ""
    buttons: tuple[Button, ...] = ()
    ask_phone: str = ""
    """Label of the 'share my phone' button; empty: none."""
    media: Media | None = None
    template: str = ""
    variables: Mapping[str, object] = field(default_factory=dict)
    callback: str = ""
    """For `ack`: the press to answer. For `call`: whose question it is."""
    subject: str = ""
    answers: tuple[str, ...] = ()
    """Where messages are threads: the provider's ids of those before it, the one it answers last."""
    automatic: bool = False
    """No person wrote it."""
    files: tuple[Media, ...] = ()
    """All that go along, where the message itself carries them (`Limits.together`)."""


def underway_s(size: int) -> float:
    """Seconds more to be patient for, with so many bytes of files on their way."""
    return size / _PER_SECOND


# What became of a send: a closed family, and a value rather than an exception, because each is business as usual.


@value
class Sent:
    provider_id: str


@value
class Throttled:
    """Not sent; ask again after so many milliseconds. Holds only for its scope."""

    retry_after_ms: int
    scope: Literal["account", "address"]
    reason: str = ""


@value
class Retry:
    """Not processed, as far as anybody can say: back off and try again."""

    reason: str
    left: bool = True
    """False: not a byte of it was written, so that the next one is no repeat."""
    after_ms: int = 0
    """Not sooner than that: the provider wants to see time pass."""


@value
class Unknown:
    """Asked, and the answer was never seen or cannot be read: it may or may not have gone out."""

    reason: str


@value
class Refused:
    """The part will never go out. `code` is the provider's."""

    code: str
    reason: str


@value
class Unreachable:
    """The address is gone for us: blocked, deactivated, not found, opted out."""

    cause: Literal["blocked", "opted_out", "not_found"]
    reason: str


@value
class WindowClosed:
    reason: str


@value
class ChannelDown:
    """Our credentials are refused: nothing goes out on this account until someone mends it."""

    reason: str


Outcome = Sent | Throttled | Retry | Unknown | Refused | Unreachable | WindowClosed | ChannelDown


@value
class Post:
    """A webhook call as it arrived. `headers` keep repeats and lower-case their names; `body` is raw."""

    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The only value of a header; None where it is missing or given twice."""
        found = [value for key, value in self.headers if key == name]
        return found[0] if len(found) == 1 else None

    @property
    def coded(self) -> bool:
        """Whether the body is compressed, or says so in more than one way."""
        found = [value for key, value in self.headers if key == "content-encoding"]
        return any(value.strip().lower() != "identity" for value in found)


@value
class Denied:
    """A forged or unsigned call: nothing is stored. `hint` goes to the log, never to the caller."""

    status: Literal[401, 403]
    hint: str


@value
class Malformed:
    """Cut in transit: answered 400 so that the provider repeats it; nothing is stored."""

    reason: str


class Channel(Protocol):
    """One account of one provider."""

    name: str
    account: str
    limits: Limits
    rates: tuple[Rate, ...]
    hooks: tuple[str, ...]
    """Paths whose posts are for this channel."""

    def verify(self, post: Post) -> Denied | None: ...

    def parse(self, post: Post) -> Sequence[Received] | Malformed: ...

    async def send(self, out: Outgoing) -> Outcome: ...

    async def settle(self, out: Outgoing) -> Outcome | None:
        """Ask the provider what became of an unknown part; None: it cannot tell (yet)."""
        ...

    async def start(self) -> None:
        """Set up what the provider needs (webhook, identity). Raises nothing that is not fatal."""
        ...

    async def close(self) -> None: ...


@runtime_checkable
class Named(Protocol):
    """A channel whose account has a name that links are made of."""

    async def username(self) -> str:
        """Empty where the provider does not say at the moment."""
        ...


class Front(Protocol):
    """Several channels behind the same paths: checks a call once and says whose it is.

    Asked first where a path is in its `hooks`; then `owner(post).parse(post)` as for any channel.
    """

    hooks: tuple[str, ...]

    def verify(self, post: Post) -> Denied | None: ...

    def owner(self, post: Post) -> Channel: ...


class FileSource(Protocol):
    """A channel whose customers send files: fetches one by the `ref` of its Media, within caps and guards."""

    async def download(self, ref: str) -> Fetched | NotFetched: ...
