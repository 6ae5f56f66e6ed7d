"""The only now(): every worker is handed a clock, so that a test can hand in its own."""

import time
from datetime import UTC, datetime
from typing import Final

Instant = int
LATEST: Final = 2**62
"""Later than anything."""


class Clock:
    """Wall time in milliseconds since 1970 UTC."""

    def now(self) -> Instant:
        return time.time_ns() // 1_000_000


class SetClock(Clock):
    """A clock that stands until it is moved."""

    def __init__(self, at: Instant) -> None:
        self.at = at

    def now(self) -> Instant:
        return self.at

    def advance(self, ms: int) -> Instant:
        self.at += ms
        return self.at


def iso(at: Instant | None) -> str | None:
    """RFC 3339 in UTC with milliseconds, as the API writes it."""
    if at is None:
        return None
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
