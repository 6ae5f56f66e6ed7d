"""Dates as fields of deals hold them, on the shop's clock: a day (`2026-03-20`), or a day with its hour (`2026-03-20T18:00`).

Days are counted on the calendar and hours in passing time, so that "in 7 days" shows the same hour on the wall, and
"in 5 hours" is five hours, whatever the clock was put to in between.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from bots.kit.events import Instant
from bots.kit.hours import at_clock, zone_of

MIDMORNING: Final = 600
"""10:00, in minutes: when a day begins that names no hour."""
DAY_MS: Final = 86_400_000
_FIRST: Final = date(1970, 1, 2)
_LAST: Final = date(9000, 12, 31)


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


def over(said: object, zone: str) -> Instant | None:
    """When a date has passed: a day without an hour does when the next one begins; None: no moment at all."""
    at = moment(said, zone)
    if at is None or not isinstance(said, str) or len(said) != 10:
        return at
    return at_clock(date.fromisoformat(said).toordinal() + 1, 0, zone_of(zone))


def on_the_wall(at: Instant, zone: str) -> str:
    """A moment as a field holds it, to the minute."""
    return f"{datetime.fromtimestamp(at / 1000, zone_of(zone)):%Y-%m-%dT%H:%M}"


def shifted(said: object, length: int, zone: str) -> str | None:
    """What a field holds that lies so many milliseconds after a date (before it, where they are negative); None: no date.

    A day without an hour stays one, where whole days are counted; else it begins at 10:00.
    """
    if isinstance(said, str) and len(said) == 10 and length % DAY_MS == 0:
        try:
            day = date.fromisoformat(said) + timedelta(milliseconds=length)
        except (ValueError, OverflowError):
            return None
        return day.isoformat() if _FIRST <= day <= _LAST else None
    at = moment(said, zone)
    return _moved(at, length, zone) if at is not None else None


def _moved(at: Instant, length: int, zone: str) -> str | None:
    sign = -1 if length < 0 else 1
    days, rest = divmod(abs(length), DAY_MS)
    shown = datetime.fromtimestamp(at / 1000, zone_of(zone))
    day = shown.date().toordinal() + sign * days
    if not _FIRST.toordinal() <= day <= _LAST.toordinal():
        return None
    if days:
        at = at_clock(day, shown.hour * 60 + shown.minute, zone_of(zone))
    return on_the_wall(at + sign * rest, zone)
