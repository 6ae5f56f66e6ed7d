"""The section `hours:` of a playbook → its calendar."""

import re
from datetime import date
from itertools import pairwise

from bots.kit.hours import DAY, Hours, Span
from bots.kit.problems import did_you_mean, shown
from bots.kit.reader import Items, Node, Scalar, Table
from bots.kit.schema import Findings, items_of, section, table_of, text_of

HOURS_KEYS = ("zone", "week", "except")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOSED = "closed"
MOST_DAYS = 400

_CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")
_SPAN = re.compile(r"\s*(\d{1,2}:\d\d)\s*[-–]\s*(\d{1,2}:\d\d)\s*")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


def hours_of(node: Node | None, zone: str, found: Findings) -> Hours | None:
    """The calendar; `zone` has been checked by the caller."""
    at = section(node, HOURS_KEYS, "hours", found)
    if node is None or at is None:
        return None
    before = len(found)
    week: list[tuple[Span, ...]] = [() for _ in DAYS]
    told: dict[int, str] = {}
    table = table_of(at.get("week"), "week", found)
    for key, value in table.pairs if table else ():
        days, spans = _days(key, found), _spans(value, found)
        for day in days:
            if day in told:
                found.error(key, f"'{DAYS[day]}' is told twice: in '{told[day]}' and here", "Keep one of them", "twice")
            told[day] = key.text
            week[day] = spans
    if not any(week) and len(found) == before:
        found.error(
            at.keys.get("week") or at.at, "the shop is never open", "Write 'week: {mon-fri: 10:00-19:00}'", "hours"
        )
    return Hours(zone, tuple(week), _special(at.get("except"), found))


def calendar_zone(node: Node | None) -> Node | None:
    """The zone that the calendar names for itself."""
    pairs = node.pairs if isinstance(node, Table) else ()
    return next((value for key, value in pairs if key.text == "zone"), None)


def clock_of(text: str) -> int | None:
    """`10:30` → minutes past midnight; `24:00` is the day's end."""
    shows = _CLOCK.fullmatch(text.strip())
    if shows is None:
        return None
    minutes = int(shows[1]) * 60 + int(shows[2])
    return minutes if minutes <= DAY else None


def date_of(node: Scalar, text: str, found: Findings) -> date | None:
    """A day written as 2026-01-31."""
    parts = _DATE.fullmatch(text.strip())
    try:
        if parts is not None:
            return date(*map(int, parts.groups()))
    except ValueError:
        found.error(node, f"there is no day {shown(text)}", "Look at the calendar: the month is shorter", "date")
        return None
    found.error(node, f"'{shown(text)}' is not a day", "Write it like 2026-01-31, or 2026-01-01..2026-01-08", "date")
    return None


def _days(key: Scalar, found: Findings) -> tuple[int, ...]:
    first, dash, last = (part.strip() for part in key.text.partition("-"))
    ends = (first, last) if dash else (first, first)
    for name in ends:
        if name not in DAYS:
            found.error(key, f"there is no day '{shown(name)}'", did_you_mean(name, DAYS), "unknown_day")
            return ()
    low, high = DAYS.index(ends[0]), DAYS.index(ends[1])
    return tuple(day % 7 for day in range(low, high + 1 if high >= low else high + 8))


def _spans(node: Node, found: Findings) -> tuple[Span, ...]:
    """`10:00-19:00`, a list of such, or `closed`. A closing hour before the opening one is the next day's."""
    if isinstance(node, Scalar) and node.text.strip() == CLOSED:
        return ()
    spans: list[Span] = []
    for one in items_of(node, "hours", found) if isinstance(node, Items) else (node,):
        text = text_of(one, "hours", found)
        if text is None:
            continue
        parts = _SPAN.fullmatch(text)
        opens, closes = (clock_of(parts[1]), clock_of(parts[2])) if parts else (None, None)
        if opens is None or closes is None:
            remedy = "Write them like 10:00-19:00, [10:00-13:00, 14:00-19:00] or closed"
            found.error(one, f"'{shown(text)}' are not hours", remedy, "hours")
            continue
        spans.append((opens, closes if closes > opens else closes + DAY))
    spans.sort()
    for before, after in pairwise(spans):
        if after[0] < before[1]:
            found.error(node, "two spans of a day overlap", "Join them, or part them", "hours")
    return tuple(spans)


def _special(node: Node | None, found: Findings) -> dict[int, tuple[Span, ...]]:
    days: dict[int, tuple[Span, ...]] = {}
    table = table_of(node, "except", found)
    for key, value in table.pairs if table else ():
        first, dots, last = key.text.partition("..")
        begin = date_of(key, first, found)
        end = date_of(key, last, found) if dots else begin
        spans = _spans(value, found)
        if begin is None or end is None:
            continue
        if not 0 <= (end - begin).days < MOST_DAYS:
            found.error(key, f"'{shown(key.text)}' ends before it begins", "Write the earlier day first", "date")
            continue
        days.update(dict.fromkeys(range(begin.toordinal(), end.toordinal() + 1), spans))
    return days
