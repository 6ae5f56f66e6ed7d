"""Reads what providers post, however hostile: nothing in here raises, and nothing in here recurses.

Whatever leaves this module can be stored by every database we use: no NUL, no lone surrogates, no integer past 63 bits.
"""

import hashlib
import math
import re
from pathlib import PurePosixPath
from typing import Any, Final

import orjson

MAX_DEPTH: Final = 40
"""Providers nest less than ten levels deep."""
MAX_INT: Final = 2**63 - 1
_MOST_NAME: Final = 120
_LONGEST_NAME: Final = 4_000

_STRUCTURE: Final = bytes(set(range(256)) - set(b"[]{}"))
_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_INVISIBLE: Final = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
_JOINERS: Final = frozenset("\u200c\u200d")
_EMAIL: Final = re.compile(
    r"[^\s@<>()\[\],;:\\\"\x00-\x20\x7f-\xa0]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W_]{2,63}"
)
_MESSAGE_ID: Final = re.compile(r"<[!-;=?-~]{1,250}@[!-;=?-~]{1,250}>")


def read_json(body: bytes) -> tuple[Any, str]:
    """The value and, where there is none, the reason: `too_deep` or `not_json`.

    Broken characters are mended (U+FFFD) rather than refused: a customer's message is worth more than an emoji's half.
    """
    if _too_deep(body):
        return None, "too_deep"
    try:
        return orjson.loads(body), ""
    except orjson.JSONDecodeError:
        pass
    mended = _ESCAPE.sub(_mend, body.decode("utf-8", "replace").encode())
    try:
        return orjson.loads(mended), ""
    except orjson.JSONDecodeError:
        return None, "not_json"


def _mend(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape.group(1) else escape.group()


def _too_deep(body: bytes) -> bool:
    # Openers bound the depth from above: nearly every real payload is let through by these two counts.
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return False
    outside = b"".join(body.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])
    depth = 0
    for mark in outside.translate(None, _STRUCTURE):
        depth += 1 if mark in b"[{" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def fingerprint(body: bytes) -> str:
    """The key of a post that has no usable id of its own: the same bytes again are the same event."""
    return "x" + hashlib.sha256(body).hexdigest()[:40]


def text(value: Any) -> str:
    """Storable text; anything that is not text is empty. Spaces and line ends stay as they came."""
    if not isinstance(value, str):
        return ""
    kept = str(value).replace("\0", "")
    try:
        kept.encode()
    except UnicodeEncodeError:
        # A pair of surrogates is one character spelled twice; a lone one is nothing.
        return kept.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return kept


def name(value: Any, limit: int = 255) -> str:
    """A person's or a file's name on one line; empty where nothing of it would be seen."""
    if isinstance(value, str) and value.isascii() and value.isprintable():
        return " ".join(value.split())[:limit].strip()  # nearly every Latin name, and nothing to look for in it
    shown = _INVISIBLE.sub(lambda m: m.group() if m.group() in _JOINERS else "", text(value))
    shown = " ".join(shown.split())[:limit]
    return shown if shown.strip("\u200c\u200d \u3164\u2800\u115f\u1160") else ""


def file_name(value: Any, limit: int = 255) -> str:
    """The last part of a path, without tricks: never to be used as a path of ours."""
    return name(text(value).replace("\\", "/").rpartition("/")[2], limit)


def shown_file_name(value: Any) -> str:
    """As people are shown it: a long one keeps its end, which says what the file is."""
    whole = file_name(value, _LONGEST_NAME)
    if len(whole) <= _MOST_NAME:
        return whole
    suffix = PurePosixPath(whole).suffix[:20]
    return whole[: _MOST_NAME - len(suffix)] + suffix


def whole(value: Any, low: int = 0, high: int = MAX_INT) -> int | None:
    """An integer within bounds, also when spelled as text; None for all else (floats and booleans too)."""
    if isinstance(value, str):
        # 19 digits hold every 63-bit number; longer ones must not reach int(), which is slow by design there.
        if not (value.isascii() and value.removeprefix("-").isdigit() and len(value) <= 20):
            return None
        value = int(value)
    if type(value) is not int:
        return None
    return value if low <= value <= high else None


_YES: Final = frozenset({"yes", "true", "1", "y", "да", "так"})
_NO: Final = frozenset({"no", "false", "0", "n", "нет", "ні"})


def truth(value: Any) -> bool | None:
    """Yes or no, also when spelled: `"yes"`, `1`, `"False"`. None for all else."""
    said = value.strip().lower() if isinstance(value, str) else str(int(value)) if isinstance(value, int) else ""
    return True if said in _YES else False if said in _NO else None


def place(latitude: Any, longitude: Any) -> tuple[float, float] | None:
    """Degrees, or None where they are not a place on Earth."""
    try:
        lat, lon = float(latitude), float(longitude)
    except (TypeError, ValueError, OverflowError):
        return None
    if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180):
        return None
    return lat, lon


def phone(value: Any) -> str:
    """E.164 from what a provider vouches for, else empty. Providers send it international, with or without the plus."""
    digits = re.sub(r"[\s().\-]", "", text(value)).removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and 8 <= len(digits) <= 15) or digits[0] == "0":
        return ""
    return "+" + digits


def email(value: Any) -> str:
    """An address in lower case, else empty. Only plain ones: nothing in it means anything to a mail server or a header."""
    given = text(value).strip().lower()
    return given if len(given) <= 254 and _EMAIL.fullmatch(given) else ""


def is_message_id(value: str) -> bool:
    """Whether it may stand in a header as it is: `<left@right>`, visible ASCII, no blanks."""
    return _MESSAGE_ID.fullmatch(value) is not None


def record(value: Any, key: str) -> dict[str, Any]:
    """`value[key]` where both are objects, else an empty one."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}
