"""When the shop works: a calendar, and the arithmetic of working time. Right across changes of the clock.

A span is minutes of a local day; its end may lie past midnight. An opening at an hour that the clock leaps over is the
moment of the leap; one that comes twice is the first of the two.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bots.kit.events import Instant

DAY = 1_440
"""Minutes."""

Span = tuple[int, int]
"""Minutes from the day's midnight: opens, closes."""

_MOST_DAYS = 1_500
"""How far ahead is looked. Every calendar that the playbook's reader lets through opens long before."""
_FAR: Instant = 250_000_000_000_000
_MS_DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class Hours:
    zone: str
    week: tuple[tuple[Span, ...], ...]
    """Seven days, Monday first; the spans of a day in order."""
    days: Mapping[int, tuple[Span, ...]] = field(default_factory=dict)
    """Days that differ, by `date.toordinal()`: holidays are empty."""

    def is_open(self, now: Instant) -> bool:
        return self.shift(now)[2]

    def shift(self, now: Instant) -> tuple[Instant, Instant, bool]:
        """From now until when the shop stays as it is, and whether that is open."""
        start, end = next(self.spans(now), (_FAR, _FAR))
        return (now, end, True) if start <= now else (now, start, False)

    def next_open(self, now: Instant) -> Instant:
        """Now, where the shop is open; else when it opens."""
        start, _ = next(self.spans(now), (now, now))
        return max(start, now)

    def add_working(self, now: Instant, length: int) -> Instant:
        """When so many milliseconds of working time will have passed."""
        left = length
        for start, end in self.spans(now):
            begin = max(start, now)
            if end - begin >= left:
                return begin + left
            left -= end - begin
        return now + length

    def spans(self, now: Instant) -> Iterator[tuple[Instant, Instant]]:
        """The times at which the shop is open and which are not over yet, in order, joined where they touch."""
        now = min(max(now, _MS_DAY * 2), _FAR)
        zone = zone_of(self.zone)
        first = local_day(now, zone).toordinal() - 2
        held: tuple[Instant, Instant] | None = None
        for ordinal in range(first, first + _MOST_DAYS):
            for opens, closes in self._of(ordinal):
                start, end = at_clock(ordinal, opens, zone), at_clock(ordinal, closes, zone)
                if end <= now or end <= start:
                    continue
                if held is None:
                    held = start, end
                elif start <= held[1]:
                    held = held[0], max(held[1], end)
                else:
                    yield held
                    held = start, end
        if held is not None:
            yield held

    def _of(self, ordinal: int) -> tuple[Span, ...]:
        special = self.days.get(ordinal)
        return self.week[(ordinal - 1) % 7] if special is None else special


def shut_today(hours: Hours | None, zone: str, now: Instant) -> Hours:
    """The calendar with a holiday today, and none of yesterday's night left; without one, days of 9 to 18."""
    calendar = hours or Hours(zone, (((540, 1_080),),) * 7)
    today = local_day(now, zone_of(calendar.zone)).toordinal()
    return Hours(calendar.zone, calendar.week, {**calendar.days, today: (), today - 1: ()})


# -- the clock on the wall ---------------------------------------------------------------------------------------------


def zone_of(name: str) -> ZoneInfo:
    """A zone by its name; one that is not known is UTC: the playbook's reader has refused it long before."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def local_day(now: Instant, zone: ZoneInfo) -> date:
    return _moment(now).astimezone(zone).date()


def at_clock(ordinal: int, minute: int, zone: ZoneInfo) -> Instant:
    """The first instant at which the zone's clock shows so many minutes of that day, or more."""
    days, rest = divmod(minute, DAY)
    shown = datetime.combine(date.fromordinal(ordinal + days), datetime.min.time()) + timedelta(minutes=rest)
    instant = _instant(shown.replace(tzinfo=zone))
    if _moment(instant).astimezone(zone).replace(tzinfo=None) == shown:
        return instant
    # The clock leaps over this time: the leap lies between the two readings of it.
    low, high = sorted((_instant(shown.replace(tzinfo=zone, fold=1)), instant))
    while high - low > 1_000:
        middle = (low + high) // 2_000 * 1_000
        if _moment(middle).astimezone(zone).replace(tzinfo=None) >= shown:
            high = middle
        else:
            low = middle
    return high


def next_at_clock(now: Instant, minute: int, zone: ZoneInfo) -> Instant:
    """The next time, after now, that the clock shows so many minutes past midnight."""
    today = local_day(now, zone).toordinal()
    for ordinal in (today, today + 1, today + 2):
        at = at_clock(ordinal, minute, zone)
        if at > now:
            return at
    return now + _MS_DAY


def _moment(now: Instant) -> datetime:
    return datetime.fromtimestamp(min(max(now, 0), _FAR) / 1000, UTC)


def _instant(moment: datetime) -> Instant:
    return round(moment.timestamp() * 1000)
