"""What a file really is, told by its first bytes and never by its name or by what the sender says."""

import codecs
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bots.kit.events import MediaKind

OCTETS: Final = "application/octet-stream"
MAX_PIXELS: Final = 40_000_000
"""A small file can unfold into a picture of gigabytes: larger ones are never drawn."""


@dataclass(frozen=True, slots=True)
class FileType:
    mime: str
    inline: bool
    """May be shown in a page; anything else is only ever handed over as an attachment."""


# Offset, magic, type. Shown inline: pictures, sound and film; a browser runs nothing in those.
_MAGIC: Final[tuple[tuple[int, bytes, str, bool], ...]] = (
    (0, b"\xff\xd8\xff", "image/jpeg", True),
    (0, b"\x89PNG\r\n\x1a\n", "image/png", True),
    (0, b"GIF87a", "image/gif", True),
    (0, b"GIF89a", "image/gif", True),
    (8, b"WEBP", "image/webp", True),
    (0, b"OggS", "audio/ogg", True),
    (0, b"ID3", "audio/mpeg", True),
    (0, b"\xff\xfb", "audio/mpeg", True),
    (0, b"\xff\xf3", "audio/mpeg", True),
    (0, b"#!AMR", "audio/amr", True),
    (8, b"WAVE", "audio/wav", True),
    (4, b"ftypM4A", "audio/mp4", True),
    (4, b"ftyp3gp", "video/3gpp", True),
    (4, b"ftypqt", "video/quicktime", True),
    (4, b"ftyphei", "image/heic", False),
    (4, b"ftypmif1", "image/heic", False),
    (4, b"ftyp", "video/mp4", True),
    (0, b"\x1aE\xdf\xa3", "video/webm", True),
    (0, b"%PDF-", "application/pdf", False),
    (0, b"PK\x03\x04", "application/zip", False),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage", False),
)
_FAMILIES: Final[Mapping[str, MediaKind]] = {"image": "photo", "video": "video", "audio": "audio"}
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
# Papers of an office lie in the boxes of archives: what they are is told by names that stand in those in plain letters.
# Nothing is unpacked.
_BOXED: Final[Mapping[str, tuple[tuple[bytes, str], ...]]] = {
    "application/zip": (
        (b"word/document.xml", f"{_OFFICE}.wordprocessingml.document"),
        (b"xl/workbook.xml", f"{_OFFICE}.spreadsheetml.sheet"),
        (b"ppt/presentation.xml", f"{_OFFICE}.presentationml.presentation"),
        (b"mimetypeapplication/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"),
        (b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "application/vnd.oasis.opendocument.spreadsheet"),
    ),
    "application/x-ole-storage": (
        ("WordDocument".encode("utf-16-le"), "application/msword"),
        ("Workbook".encode("utf-16-le"), "application/vnd.ms-excel"),
    ),
}
PAPERS: Final = frozenset(mime for kinds in _BOXED.values() for _, mime in kinds) | {"application/pdf"}
"""What customers and shops send one another besides pictures, sound and film."""
TEXT: Final = "text/plain"
_WRITTEN: Final = ((b"{\\rtf", "application/rtf"), (b"II*\0", "image/tiff"), (b"MM\0*", "image/tiff"))
TAKEN_BY_MAIL: Final = frozenset(mime for _, mime in _WRITTEN) | {TEXT}
_NO_TEXT: Final = bytes(set(range(32)) - set(b"\t\n\f\r")) + b"\x7f"
_NO_SIGN: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
KNOWN: Final = frozenset(mime for _, _, mime, _ in _MAGIC) | PAPERS | {OCTETS}


def of(body: bytes) -> FileType:
    """Unknown bytes (HTML and SVG among them) are octets: kept, never shown."""
    for offset, magic, mime, inline in _MAGIC:
        if body.startswith(magic, offset):
            if mime in {"image/webp", "audio/wav"} and not body.startswith(b"RIFF"):
                continue
            return FileType(_boxed(body, mime), inline and not _huge(body, mime))
    return FileType(OCTETS, inline=False)


def of_mail(body: bytes, name: str) -> FileType:
    """As `of`; by mail people send scans and plain texts besides, which are handed over and never shown.

    A text has no first bytes: it is taken where nothing in it is no text, and only under a name that opens in an editor.
    """
    told = of(body)
    if told.mime != OCTETS:
        return told
    mime = next((mime for magic, mime in _WRITTEN if body.startswith(magic)), "")
    if not mime and name.lower().endswith(".txt") and _is_text(body):
        mime = TEXT
    return FileType(mime, inline=False) if mime else told


def _is_text(body: bytes) -> bool:
    if not body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        bare = body.removeprefix(codecs.BOM_UTF8).lstrip()
        return not bare.startswith((b"<", b"#!", b"MZ")) and len(body.translate(None, _NO_TEXT)) == len(body)
    try:
        text = body.decode("utf-16")
    except UnicodeDecodeError:
        return False
    return not text.lstrip().startswith(("<", "#!")) and not _NO_SIGN.search(text)


def kind_of(told: FileType) -> MediaKind | None:
    """What it is to whoever looks at it; None: pages, programs, archives and the unknown are taken from nobody."""
    if told.mime in PAPERS or told.mime in TAKEN_BY_MAIL:
        return "document"
    kind = _FAMILIES.get(told.mime.partition("/")[0])
    if kind is None or told.mime == "image/heic":  # a phone's photo, though hardly any browser shows it
        return kind
    return ("voice" if told.mime == "audio/ogg" else kind) if told.inline else "document"


def _boxed(body: bytes, mime: str) -> str:
    return next((paper for mark, paper in _BOXED.get(mime, ()) if mark in body), mime)


def _huge(body: bytes, mime: str) -> bool:
    if not mime.startswith("image/"):
        return False
    size = pixels(body, mime)
    # A picture that does not say its size is not one that we want a browser to open.
    return size is None or size[0] * size[1] > MAX_PIXELS


def pixels(body: bytes, mime: str) -> tuple[int, int] | None:
    """Width and height from the header alone: nothing is unpacked."""
    try:
        match mime:
            case "image/png":
                return _pair(body, ">II", 16)
            case "image/gif":
                return _pair(body, "<HH", 6)
            case "image/webp":
                return _webp(body)
            case "image/jpeg":
                return _jpeg(body)
            case _:
                return None
    except (struct.error, IndexError):
        return None


def _pair(body: bytes, form: str, offset: int) -> tuple[int, int]:
    first, second = struct.unpack_from(form, body, offset)
    return int(first), int(second)


def _webp(body: bytes) -> tuple[int, int] | None:
    match body[12:16]:
        case b"VP8 ":
            width, height = _pair(body, "<HH", 26)
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            bits = int.from_bytes(body[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            return int.from_bytes(body[24:27], "little") + 1, int.from_bytes(body[27:30], "little") + 1
        case _:
            return None


def _jpeg(body: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 4 <= len(body):
        if body[at] != 0xFF:
            return None
        marker = body[at + 1]
        if marker == 0xFF:
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = _pair(body, ">HH", at + 5)
            return width, height
        elif marker in {0xD9, 0xDA}:
            return None
        else:
            at += 2 + max(2, int.from_bytes(body[at + 2 : at + 4], "big"))
    return None
