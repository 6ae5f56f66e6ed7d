"""A mail off the wire, read by the standard library and kept in bounds: who, to whom, about what, which words.

Nothing in here raises. The library's old readers are used: its new ones take quadratic time over hostile headers.
"""

import codecs
import email
import email.errors
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from email import policy
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses
from typing import Any, Final

from bots.kit.values import value
from gateway.channels import payload

_LONGEST_HEADER: Final = 4_000
_LONGEST_TEXT: Final = 400_000
_MOST_PARTS: Final = 500
_MOST_BOUNDS: Final = 5_000
_MOST_HEADERS: Final = 2_000
"""Lines. More than that takes the library's reader seconds, and the loop with it."""
_MOST_NESTED: Final = 50
"""Of boundaries: every level of a mail is looked at through all those around it."""
_MOST_ADDRESSES: Final = 50
_NO_CHARSETS: Final = ("punycode", "idna", "unicode_escape", "raw_unicode_escape")
"""Codecs that Python has and no mail is written in; some take quadratic time."""


@value
class Mail:
    """What was read, and nothing believed. Addresses are in lower case, empty where they are none."""

    sender: str
    name: str
    to: tuple[tuple[str, str], ...] = ()
    subject: str = ""
    text: str = ""
    html: str = ""
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By lower-case name."""
    message_id: str = ""
    answers: tuple[str, ...] = ()
    """Headers that name what it answers, as they came: `References`, then `In-Reply-To`."""
    files: tuple[str, ...] = ()
    report: str = ""
    """`delivery-status` or another report of a machine's."""
    fate: Mapping[str, str] = field(default_factory=dict)
    """The fields of a delivery report, by lower-case name."""
    raw: str = ""
    """All of it as text, to look for seals of ours in."""


def read_mail(raw: bytes) -> Mail | None:
    """None where it is no mail."""
    if raw.count(b"\n--") > _MOST_BOUNDS or raw.partition(b"\n\r\n")[0].count(b"\n") > _MOST_HEADERS:
        return None
    if len(set(re.findall(rb'(?i)boundary\s*=\s*"?([^"\s;]+)', raw))) > _MOST_NESTED:
        return None
    try:
        message = email.message_from_bytes(raw, policy=policy.compat32)
        return _read(message, raw)
    except Exception:  # noqa: BLE001 - the library's readers raise whatever occurs to them at what is no mail
        return None


def _read(message: Message, raw: bytes) -> Mail | None:
    headers: dict[str, tuple[str, ...]] = {}
    for name, told in message.items():
        headers[name.lower()] = (*headers.get(name.lower(), ()), _header(told))
    if not headers.keys() & {"from", "to", "subject", "message-id", "received"}:
        return None
    name, address = next(iter(split_addresses(" ".join(headers.get("from", ())[:1]))), ("", ""))
    parts = list(_parts(message))
    own = [_id(one) for one in headers.get("message-id", ())[:1]]
    to = [one for key in ("to", "cc", "delivered-to", "envelope-to") for one in headers.get(key, ())]
    return Mail(
        sender=address, name=name, to=tuple(split_addresses(", ".join(to))),
        subject=payload.name(" ".join(headers.get("subject", ())[:1]), 500),
        text=_first(parts, "text/plain"), html=_first(parts, "text/html"), headers=headers,
        message_id=own[0] if own else "", answers=(*headers.get("references", ()), *headers.get("in-reply-to", ())),
        files=tuple(filter(None, (_file(part) for part in parts))), report=_report(message), fate=_fate(parts),
        raw=raw.decode("utf-8", "replace").replace("\0", ""),
    )  # fmt: skip


def split_addresses(spelled: str) -> list[tuple[str, str]]:
    """(name, address) of each; those that are no plain address are left out."""
    found = getaddresses([spelled[:_LONGEST_HEADER]])[:_MOST_ADDRESSES]
    return [(payload.name(_decoded(name)), address) for name, spelled in found if (address := payload.email(spelled))]


def _header(told: Any) -> str:
    return payload.text(_decoded(str(told)[:_LONGEST_HEADER]))


def _decoded(told: str) -> str:
    """Encoded words made readable; broken ones stay as they came."""
    if "=?" not in told:
        return told
    try:
        return str(make_header(decode_header(told)))
    except (ValueError, LookupError, email.errors.HeaderParseError):
        return told


def _id(told: str) -> str:
    return next((word for word in told.split() if payload.is_message_id(word)), "")


def _parts(message: Message) -> Iterator[Message]:
    for n, part in enumerate(message.walk()):
        if n == _MOST_PARTS:
            return
        yield part


def _report(message: Message) -> str:
    if message.get_content_type() != "multipart/report":
        return ""
    return str(message.get_param("report-type") or "unknown").lower()


def _fate(parts: list[Message]) -> dict[str, str]:
    for part in parts:
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            blocks = [block for block in part.get_payload() if isinstance(block, Message)]
            fields = {n.lower(): _header(v) for block in blocks for n, v in block.items()}
            return {name: fields[name] for name in ("action", "status", "diagnostic-code") if name in fields}
    return {}


def _file(part: Message) -> str:
    named = part.get_filename()
    return payload.file_name(_decoded(str(named)[:1_000])) or "?" if named else ""


def _first(parts: list[Message], kind: str) -> str:
    """The words of the first part of this kind that is no file, not looked for inside a mail that came along."""
    inside = {
        id(one) for part in parts if part.get_content_maintype() == "message" for one in part.walk() if one is not part
    }
    for part in parts:
        if (
            id(part) not in inside
            and part.get_content_type() == kind
            and not part.get_filename()
            and not part.is_multipart()
        ):
            body = part.get_payload(decode=True)
            if isinstance(body, bytes):
                return payload.text(_words(body, part.get_content_charset() or "utf-8"))[:_LONGEST_TEXT]
    return ""


def _words(body: bytes, charset: str) -> str:
    try:
        known = codecs.lookup(charset).name
        return body.decode("utf-8" if known in _NO_CHARSETS else known, "replace")
    except (LookupError, ValueError):
        return body.decode("utf-8", "replace")
