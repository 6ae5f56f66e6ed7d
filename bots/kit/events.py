"""What a bot can hear. Events are facts in the past tense; a bot never asks where they came from.

Instants are integers: milliseconds since 1970-01-01 UTC.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from bots.kit.values import value

Instant = int
"""Milliseconds since 1970-01-01 UTC."""

MediaKind = Literal["photo", "document", "voice", "audio", "video", "sticker"]


@value
class Media:
    """One attachment: `ref` is the channel's own handle (a file id, a URL, a stored file's id)."""

    kind: MediaKind
    ref: str
    name: str = ""
    mime: str = ""
    size: int = 0
    """Bytes; 0 where the channel does not say."""


@value
class RunStarted:
    """The bot has been given the conversation. It speaks first, unless a message follows in the same breath."""

    words: str = ""
    """Of the message that follows."""


@value
class MessageReceived:
    """The customer wrote, pressed a button (`choice` holds its key), sent files, a place or their own phone."""

    text: str = ""
    choice: str = ""
    """The key of the pressed button of the question that is open now; stale presses never get here."""
    media: tuple[Media, ...] = ()
    phone: str = ""
    """E.164; set only when the channel vouches that it is the sender's own."""
    location: tuple[float, float] | None = None
    """Latitude and longitude in degrees."""


@value
class TimerFired:
    """A timer that the run itself set has come due. `name` is the name it was set under."""

    name: str


@value
class WebAnswered:
    """An endpoint that the run has called has answered, or could not."""

    turn: int
    """The turn of the `CallWeb` that it answers; an answer to an older one is too late."""
    ok: bool
    fields: Mapping[str, object] = field(default_factory=dict)
    """What it said, by name; only texts, numbers and yes or no are kept."""


Event = RunStarted | MessageReceived | TimerFired | WebAnswered
