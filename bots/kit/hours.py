"""When the shop works: a calendar, and the arithmetic of working time. Right across changes of the clock.

A stint is minutes of a local day; its end may lie past midnight. An opening at an hour that the clock leaps over is the
moment of the leap; one that comes twice is the first of the two. What a day's date says goes before holidays, and those
before the day of the week. A working day is a day on which the calendar opens at all, and all of the stints that open on
it, a night to its end.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bots.kit.days_off import Holidays
from bots.kit.events import Instant

DAY = 1_440
"""Minutes."""

Stint = tuple[int, int]
"""Minutes from the day's midnight: opens, closes."""

_MOST_DAYS = 1_500
"""How far ahead is looked. Every calendar that the playbook's reader lets through opens long before."""
_KEPT = 1_000
"""Days whose instants a calendar remembers: some 300 bytes each."""
_FAR: Instant = 250_000_000_000_000
_MS_DAY = 86_400_000
_MS_MINUTE = 60_000


@dataclass(frozen=True, slots=True)
class Hours:
    zone: str
    week: tuple[tuple[Stint, ...], ...]
    """Seven days, Monday first; the stints of a day in order."""
    days: Mapping[int, tuple[Stint, ...]] = field(default_factory=dict)
    """Days that differ, by `date.toordinal()`."""
    holidays: Holidays | None = None
    _kept: dict[int, tuple[tuple[Instant, Instant], ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    _near: list[tuple[Instant, Instant, Instant]] = field(
        init=False, repr=False, compare=False, default_factory=lambda: [(0, 0, 0)]
    )
    """From `since` until `end` the first stretch that is not over is the same one, which begins at `start`."""

    def is_open(self, now: Instant) -> bool:
        return self._first(now)[0] <= now

    def _first(self, now: Instant) -> tuple[Instant, Instant]:
        """The first stretch that is not over yet; asked again and again about one moment and those behind it."""
        since, start, end = self._near[0]
        if not since <= now < end:
            start, end, *_ = next(self._stretches(now), (_FAR, _FAR))
            if start < _FAR:  # where none is near, there may be one for whoever asks later
                self._near[0] = now, start, end
        return start, end

    def shift(self, now: Instant) -> tuple[Instant, Instant, bool]:
        """From now until when the shop stays as it is, and whether that is open."""
        start, end = next(self.spans(now), (_FAR, _FAR))
        return (now, end, True) if start <= now else (now, start, False)

    def next_open(self, now: Instant) -> Instant:
        """Now, where the shop is open; else when it opens."""
        start, _ = self._first(now)
        return max(start, now) if start < _FAR else now

    def add_working(self, now: Instant, length: int, days: int = 0) -> Instant:
        """When so many working days, and then so many milliseconds of working time, will have passed."""
        since = self._days_on(now, days) if days else now
        if days and not length:
            return since  # perhaps a closing hour, which is the day's own and not the next opening
        left = length
        for start, end, _ in self._stretches(since):
            if end - start >= left:
                return start + left
            left -= end - start
        return since + length

    def _days_on(self, now: Instant, days: int) -> Instant:
        """The same time of the clock so many working days on. While it is shut, the count begins with the next opening.

        Where that day is not open at this time: when it opens next on that day, and past its last closing, that closing.
        """
        zone = zone_of(self.zone)
        today, left, clock, last = 0, days, (0, 0), 0
        for start, end, day in self._stretches(now, 8 * days + _MOST_DAYS):
            if not today:
                clock = _shown(start, day, zone)
            elif day != today:
                left -= 1
            today = day
            if left < 0:
                break
            if left == 0:
                if (wanted := _at(day, *clock, zone)) < end:
                    return max(start, wanted)
                last = end
        return last or now + days * _MS_DAY

    def worked_between(self, since: Instant, until: Instant) -> int:
        """The milliseconds of working time between two instants; none where the second is not the later one."""
        worked = 0
        for start, end, _ in self._stretches(since, (min(until, _FAR) - since) // _MS_DAY + 5):
            if start >= until:
                break
            worked += min(end, until) - start
        return worked

    def spans(self, now: Instant) -> Iterator[tuple[Instant, Instant]]:
        """The times at which the shop is open and which are not over yet, in order, joined where they touch."""
        held: tuple[Instant, Instant] | None = None
        for start, end, _ in self._stretches(now):
            if held is None:
                held = start, end
            elif start == held[1]:
                held = held[0], end
            else:
                yield held
                held = start, end
        if held is not None:
            yield held

    def _stretches(self, now: Instant, most: int = _MOST_DAYS) -> Iterator[tuple[Instant, Instant, int]]:
        """Working time from now on, in order, each with the day on which it opens: no stretch overlaps another, some touch.

        A night may be of the day before yesterday.
        """
        reached = min(max(now, _MS_DAY * 2), _FAR)
        first = local_day(reached, zone_of(self.zone)).toordinal() - 2
        for ordinal in range(first, first + most):
            kept = self._kept.get(ordinal)
            for start, end in self._on(ordinal) if kept is None else kept:
                start = max(start, reached)  # noqa: PLW2901 - what an earlier stint has had
                if end > start:
                    yield start, end, ordinal
                    reached = end

    def _on(self, ordinal: int) -> tuple[tuple[Instant, Instant], ...]:
        """The instants of one day's stints, remembered: what is asked most is about the same few days."""
        zone = zone_of(self.zone)
        stints = self.on_day(ordinal)
        found = tuple((at_clock(ordinal, opens, zone), at_clock(ordinal, closes, zone)) for opens, closes in stints)
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        self._kept[ordinal] = found
        return found

    def on_day(self, ordinal: int) -> tuple[Stint, ...]:
        special = self.days.get(ordinal)
        if special is not None:
            return special
        usual = self.week[(ordinal - 1) % 7]
        if self.holidays is None:
            return usual
        year = self.holidays.of(date.fromordinal(ordinal).year)
        if ordinal in year.off:
            return ()
        return usual or (self._before(ordinal) if ordinal in year.worked else ())

    def _before(self, ordinal: int) -> tuple[Stint, ...]:
        """The hours of the nearest day before it on which the week is open: of Friday, for a Saturday that is worked."""
        return next((stints for back in range(2, 8) if (stints := self.week[(ordinal - back) % 7])), ())


def shut_today(hours: Hours | None, zone: str, now: Instant) -> Hours:
    """The calendar with a holiday today, and none of yesterday's night left; without one, days of 9 to 18."""
    calendar = hours or Hours(zone, (((540, 1_080),),) * 7)
    today = local_day(now, zone_of(calendar.zone)).toordinal()
    return replace(calendar, days={**calendar.days, today: (), today - 1: ()})


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


def _shown(now: Instant, ordinal: int, zone: ZoneInfo) -> tuple[int, int]:
    """What the clock shows: minutes since that day's midnight, however many days ago, and milliseconds."""
    wall = _moment(now).astimezone(zone)
    return (wall.toordinal() - ordinal) * DAY + wall.hour * 60 + wall.minute, now % _MS_MINUTE


def _at(ordinal: int, minute: int, rest: int, zone: ZoneInfo) -> Instant:
    """When that day's clock shows so many minutes and milliseconds; where it leaps over them, the leap."""
    at = at_clock(ordinal, minute, zone)
    return at + rest if _shown(at, ordinal, zone) == (minute, 0) else at


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
