"""Dates as fields of deals hold them, on the shop's clock: a day (`2026-03-20`), or a day with its hour (`2026-03-20T18:00`)."""

from datetime import UTC, date, datetime
from typing import Final

from bots.kit.events import Instant
from bots.kit.hours import at_clock, zone_of

MIDMORNING: Final = 600
"""10:00, in minutes: when a day begins that names no hour."""


def moment(said: object, zone: str) -> Instant | None:
    """A day, or a day and an hour of the shop's clock, or milliseconds since 1970; None: no moment at all."""
    if isinstance(said, int) and not isinstance(said, bool):
        return said if 0 < said < 250_000_000_000_000 else None
    if not isinstance(said, str) or not 10 <= len(said) <= 40:
        return None
    try:
        if len(said) == 10:
            day = date.fromisoformat(said)
            return at_clock(day.toordinal(), MIDMORNING, zone_of(zone)) if 1970 <= day.year <= 9000 else None
        exact = datetime.fromisoformat(said)
    except ValueError:
        return None
    if not 1970 <= exact.year <= 9000:
        return None
    if exact.tzinfo is None:
        return at_clock(exact.date().toordinal(), exact.hour * 60 + exact.minute, zone_of(zone))
    return round(exact.astimezone(UTC).timestamp() * 1000)


def on_the_wall(at: Instant, zone: str) -> str:
    """A moment as a field holds it, to the minute."""
    return f"{datetime.fromtimestamp(at / 1000, zone_of(zone)):%Y-%m-%dT%H:%M}"
