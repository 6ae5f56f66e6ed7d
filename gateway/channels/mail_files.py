"""Files that came along with a mail: what they are by their bytes, which are kept, and why the others are not. Pure.

Nothing is unpacked, and nothing that a sender says of a file is believed but its name, which is only ever shown; a text must be
called one besides.
"""

import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import field
from typing import Final

from bots.kit.events import Media, MediaKind
from bots.kit.values import value
from gateway import file_types
from gateway.channels.base import STORED

MOST_MAIL: Final = 30_000_000
"""Bytes of a mail: one file of the largest kind, in base64, with what stands around it."""
MOST_RAW: Final = 1_000_000
"""So many bytes of a mail are kept as they came; of a larger one, without its files."""
MOST_FILES: Final = 20
"""That are kept; and as many are named that are not."""
LARGEST: Final = 20_000_000
ORNAMENT: Final = 30_000
"""Bytes. A picture that the mail's own text shows is the writer's logo below, and above something they show."""

_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64: Final = bytes(set(range(256)) - set(_ALPHABET))
_CHUNK: Final = 524_288


@value
class Attached:
    """One file as it was read out of a mail."""

    name: str
    body: bytes = b""
    digest: str = ""
    whole: bool = True
    """False: its text ended in the middle."""
    shown: bool = False
    """The mail's text shows it: it has a name of its own there and is not said to be an attachment."""
    absent: bool = False
    """Only named: whoever posted the mail has kept it."""
    is_mail: bool = False
    """A mail that came along. Its files are files of this one; its words are not read."""


def of_body(name: str, body: bytes, whole: bool, *, shown: bool) -> Attached:
    return Attached(name, body, hashlib.sha256(body).hexdigest(), whole, shown)


@value
class Found:
    """A file that is to be kept."""

    id: str
    body: bytes


@value
class Sorted:
    media: tuple[Media, ...] = ()
    left: tuple[tuple[str, str], ...] = ()
    """Name and reason (a machine word) of what is not kept, or not whole (`cut`)."""
    found: tuple[Found, ...] = field(default=(), repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Of all that came along."""
        told = (*(one.name for one in self.media), *(name for name, why in self.left if why != "more"))
        return tuple(dict.fromkeys(name or "?" for name in told))


def sort(attached: Iterable[Attached], key: str, *, whole: bool = True) -> Sorted:
    """`key` is the mail's own: the same file of the same mail has the same id whenever it comes. `whole`: these are all."""
    media: list[Media] = []
    found: list[Found] = []
    left: list[tuple[str, str]] = []
    for n, file in enumerate(attached):
        told = file_types.of_mail(file.body, file.name)
        if file.shown and len(file.body) < ORNAMENT and told.mime.startswith("image/"):
            continue
        kind = file_types.kind_of(told)
        against = _against(file, kind, len(media))
        if against or kind is None:
            left.append((file.name, against))
            continue
        if not file.whole:
            left.append((file.name, "cut"))
        made = hashlib.sha256(f"parley.mail-file:{key}:{n}:{file.digest}".encode("utf-8", "replace")).hexdigest()[:32]
        media.append(Media(kind, STORED + made, file.name, told.mime, len(file.body)))
        found.append(Found(made, file.body))
    if not whole or len(left) > MOST_FILES:
        left = [*left[:MOST_FILES], ("", "more")]
    return Sorted(tuple(media), tuple(left), tuple(found))


def _against(file: Attached, kind: MediaKind | None, kept: int) -> str:
    """Why it is not kept; empty: it is."""
    if file.is_mail or file.absent:
        return "mail" if file.is_mail else "absent"
    if not file.body:
        return "empty"
    if len(file.body) > LARGEST:
        return "size"
    if kind is None:
        return "type"
    return "many" if kept == MOST_FILES else ""


# -- codings ---------------------------------------------------------------------------------------------------------


def decoded(coding: str, told: bytes) -> tuple[bytes, bool]:
    """A body as bytes, and whether it is all there. An unknown coding is none."""
    match coding.strip().lower():
        case "base64":
            return from_base64(told)
        case "quoted-printable":
            return binascii.a2b_qp(told), True
        case _:
            return told, True


def from_base64(told: bytes) -> tuple[bytes, bool]:
    """Whatever is no sign of it is passed over; up to its end, or to where it was cut."""
    end = told.find(b"=")
    padded, end = end >= 0, end if end >= 0 else len(told)
    read, signs = bytearray(), b""
    for at in range(0, end, _CHUNK):  # in pieces, between which other threads have their turn
        signs += told[at : min(end, at + _CHUNK)].translate(None, _NOT_BASE64)
        ready = len(signs) & ~3
        read += binascii.a2b_base64(signs[:ready])
        signs = signs[ready:]
    if len(signs) > 1:
        read += binascii.a2b_base64(signs + b"=" * (4 - len(signs)))
    whole = not signs or (padded and len(signs) > 1)
    return bytes(read), whole and not told[end : end + 100].translate(None, _NOT_BASE64)
