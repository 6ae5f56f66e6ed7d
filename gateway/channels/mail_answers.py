"""What a mail server's words mean for a part. Pure: the stage at which it spoke, its code and its text decide.

https://www.rfc-editor.org/rfc/rfc5321#section-4.2 (codes), https://www.rfc-editor.org/rfc/rfc3463 (what stands behind them).
"""

import re
from typing import Final, Literal

from gateway.channels.base import ChannelDown, Outcome, Refused, Retry, Throttled, Unreachable

Stage = Literal["greeting", "login", "sender", "recipient", "text"]

SLOWER_MS: Final = 30_000
"""SMTP has no word for how long to wait."""
LATER_MS: Final = 300_000
"""Before a temporary refusal is asked about again: who greylists wants to see minutes pass."""

_ENHANCED: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_SLOWER: Final = ("4.7.0", "4.7.28", "4.5.3", "4.3.2")
_GONE: Final = re.compile(r"5\.1\.(?!7$|8$)\d+|5\.2\.1|5\.4\.4")
"""The mailbox or its domain is not there (5.1.7 and 5.1.8 are about the sender's)."""
_GONE_CODES: Final = (550, 551, 553)
_TOO_LARGE: Final = ("5.3.4", "5.2.3")
_LONGEST: Final = 300


def enhanced(text: str) -> str:
    """The first enhanced status code in a text, as `5.1.1`; empty where there is none."""
    found = _ENHANCED.search(text)
    return found[1] if found else ""


def gone(code: int, status: str) -> bool:
    """Whether this is about the address itself rather than about what was sent to it."""
    return bool(_GONE.fullmatch(status)) if status else code in _GONE_CODES


def outcome(stage: Stage, code: int, text: str) -> Outcome:
    """Of a refusal; `code` is 4xx or 5xx. Nothing has been taken."""
    status = enhanced(text)
    said = " ".join(f"{code} {text}".split())[:_LONGEST]
    if code < 500:
        if code == 421 or status in _SLOWER:
            return Throttled(SLOWER_MS, "account", said)
        return Retry(said, left=False, after_ms=LATER_MS)
    if (code == 552 and stage == "sender") or status in _TOO_LARGE:
        return Refused(str(code), said)
    match stage:
        case "greeting" | "login" | "sender":
            return ChannelDown(said)
        case "recipient" | "text" if gone(code if stage == "recipient" else 0, status):
            return Unreachable("not_found", said)
        case _:
            return Refused(str(code), said)
