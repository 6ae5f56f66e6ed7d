"""A mail off the wire, read by the standard library and kept in bounds: who, to whom, about what, which words, which files.

Nothing in here raises. The library's old readers are used: its new ones take quadratic time over hostile headers.
"""

import codecs
import email
import email.errors
from collections.abc import Mapping, Sequence
from dataclasses import field
from email import policy
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses
from typing import Any, Final

from bots.kit.values import value
from gateway.channels import payload
from gateway.channels.mail_files import MOST_RAW, Attached, decoded, of_body
from gateway.channels.mail_parts import Cutter, Piece

_LONGEST_HEADER: Final = 4_000
_LONGEST_TEXT: Final = 400_000
_LONGEST_CODED: Final = 3_000_000
"""So much of a text's body is decoded at all."""
_LONGEST_REPORT: Final = 65_536
_MOST_ADDRESSES: Final = 50
_NO_CHARSETS: Final = ("punycode", "idna", "unicode_escape", "raw_unicode_escape")
"""Codecs that Python has and no mail is written in; some take quadratic time."""
_NO_FILES: Final = (
    "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature", "application/pgp-encrypted",
)  # fmt: skip
"""Parts that are of the mail's own making."""
_FAMILIES: Final = ("image", "audio", "video", "application")
"""What is a file also without a name."""


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
    files: tuple[Attached, ...] = ()
    whole: bool = True
    """Everything in it was looked at."""
    report: str = ""
    """`delivery-status` or another report of a machine's."""
    fate: Mapping[str, str] = field(default_factory=dict)
    """The fields of a delivery report, by lower-case name."""
    raw: str = ""
    """As text, to look for seals of ours in; the beginning of a large one."""
    thin: bytes = b""
    """A large mail without the bytes of its files; empty: it is kept as it came."""


def read_mail(raw: bytes) -> Mail | None:
    """None where it is no mail."""
    try:
        return _read(Cutter(raw), raw)
    except Exception:  # noqa: BLE001 - the library's readers raise whatever occurs to them at what is no mail
        return None


def _read(cutter: Cutter, raw: bytes) -> Mail | None:
    parts = cutter.pieces()
    message = parts[0].head
    headers: dict[str, tuple[str, ...]] = {}
    for name, told in message.items():
        headers[name.lower()] = (*headers.get(name.lower(), ()), _header(told))
    if not headers.keys() & {"from", "to", "subject", "message-id", "received"}:
        return None
    name, address = next(iter(split_addresses(" ".join(headers.get("from", ())[:1]))), ("", ""))
    own = [_id(one) for one in headers.get("message-id", ())[:1]]
    to = [one for key in ("to", "cc", "delivered-to", "envelope-to") for one in headers.get(key, ())]
    files = [(part, file) for part in parts if (file := _file(part, raw)) is not None]
    return Mail(
        sender=address, name=name, to=tuple(split_addresses(", ".join(to))),
        subject=payload.name(" ".join(headers.get("subject", ())[:1]), 500),
        text=_words_of(parts, raw, "text/plain"), html=_words_of(parts, raw, "text/html"), headers=headers,
        message_id=own[0] if own else "", answers=(*headers.get("references", ()), *headers.get("in-reply-to", ())),
        files=tuple(file for _, file in files), whole=cutter.whole, report=_report(message), fate=_fate(parts, raw),
        raw=raw[:MOST_RAW].decode("utf-8", "replace").replace("\0", ""), thin=_thin(raw, files) if len(raw) > MOST_RAW else b"",
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


def _report(message: Message) -> str:
    if message.get_content_type() != "multipart/report":
        return ""
    return str(message.get_param("report-type") or "unknown").lower()


def _fate(parts: Sequence[Piece], raw: bytes) -> dict[str, str]:
    for part in parts:
        if part.kind == "message/delivery-status":
            told = raw[part.start : min(part.end, part.start + _LONGEST_REPORT)].decode("utf-8", "replace")
            blocks = told.replace("\r\n", "\n").split("\n\n", 50)
            heads = [email.message_from_string(block + "\n\n", policy=policy.compat32) for block in blocks[:50]]
            fields = {n.lower(): _header(v) for head in heads for n, v in head.items()}
            return {name: fields[name] for name in ("action", "status", "diagnostic-code") if name in fields}
    return {}


def _thin(raw: bytes, files: Sequence[tuple[Piece, Attached]]) -> bytes:
    """What the inbox keeps: each file in it is told by its size and fingerprint."""
    kept, at = list[bytes](), 0
    for part, file in files:
        if not file.is_mail:
            kept += [raw[at : part.start], b"[%d bytes, sha256 %s]\r\n" % (len(file.body), file.digest.encode())]
            at = part.end
    return b"".join((*kept, raw[at : at + MOST_RAW]))[:MOST_RAW]


def _file(part: Piece, raw: bytes) -> Attached | None:
    """None where it is no file but the mail's text, or what holds its parts together."""
    head, kind = part.head, part.kind
    said, named = head.get_filename(), str(head.get_content_disposition() or "")
    name = payload.shown_file_name(_decoded(str(said)[:_LONGEST_HEADER])) if said else ""
    if part.is_mail:
        return Attached(name, is_mail=True)
    if kind in _NO_FILES or head.get_content_maintype() == "multipart":
        return None
    if not (said or named == "attachment" or head.get_content_maintype() in _FAMILIES):
        return None
    coded = raw[part.start : part.end]
    body, whole = decoded(str(head.get("content-transfer-encoding", "")), coded)
    return of_body(name, body, whole, shown=named != "attachment" and "content-id" in head)


def _id(told: str) -> str:
    return next((word for word in told.split() if payload.is_message_id(word)), "")


def _words_of(parts: Sequence[Piece], raw: bytes, kind: str) -> str:
    """The words of all parts of this kind that are no files, not looked for inside a mail that came along.

    Some programs put a photo in the middle of a text: it comes in two parts.
    """
    said: list[str] = []
    for part in parts:
        head = part.head
        if part.inside or part.kind != kind or head.get_filename() or head.get_content_disposition() == "attachment":
            continue
        coded = raw[part.start : min(part.end, part.start + _LONGEST_CODED)]
        body, _ = decoded(str(head.get("content-transfer-encoding", "")), coded)
        said.append(payload.text(_words(body, head.get_content_charset() or "utf-8")))
        if sum(map(len, said)) > _LONGEST_TEXT:
            break
    return "\n".join(said)[:_LONGEST_TEXT]


def _words(body: bytes, charset: str) -> str:
    try:
        known = codecs.lookup(charset).name
        return body.decode("utf-8" if known in _NO_CHARSETS else known, "replace")
    except (LookupError, ValueError):
        return body.decode("utf-8", "replace")
