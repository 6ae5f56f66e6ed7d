"""How long: a length of time, or one of working time, whose days are working days.

`30m`, `1d 12h` and `90d` are any time, a day 24 hours of it. In `3d working` a day is one on which the calendar opens, to
the same time of its clock; in `2h working` and after the days of `1d 4h working` only the time counts in which it is open.
"""

from dataclasses import dataclass
from typing import Final

from bots.kit.events import Instant
from bots.kit.hours import DAY, Hours
from bots.kit.problems import shown
from bots.kit.reader import Node
from bots.kit.schema import LONGEST_MS, Findings, Section, called, length_meant, lengths, name_of, text_of, yes_of

WORKING: Final = "working"
_MS_DAY: Final = 86_400_000
_HOUR: Final = 3_600_000
_SIGNS: Final = (("d", _MS_DAY), ("h", _HOUR), ("m", 60_000), ("s", 1_000))


@dataclass(frozen=True, slots=True)
class Span:
    length: int
    """Milliseconds; after the days."""
    working: bool = False
    """Whether they are counted in working time."""
    days: int = 0
    """Working days; 0 where all time counts."""

    def __bool__(self) -> bool:
        return self.length > 0 or self.days > 0

    @property
    def least(self) -> int:
        """Milliseconds that it takes where a calendar is always open, and elsewhere at least, near enough."""
        return self.days * _MS_DAY + self.length


AT_ONCE: Final = Span(0)


@dataclass(frozen=True, slots=True)
class Limit:
    """The longest that may be written: of any time, of working days, and of hours of working time."""

    length: int
    days: int
    hours: int


OF_SCRIPTS: Final = Limit(LONGEST_MS, 30, 240)
"""Thirty days of work, or as many of eight hours, are a month and a half of a usual week."""
OF_PLAYBOOKS: Final = Limit(366 * _MS_DAY, 250, 2_000)
"""A year of it."""


def later(now: Instant, span: Span, hours: Hours | None, zone: str) -> Instant:
    """When the span will have passed. Without a calendar all time is working time, and the days are those of this zone's clock."""
    if not span.working or (hours is None and not span.days):
        return now + span.length
    return (hours or Hours(zone, (((0, DAY),),) * 7)).add_working(now, span.length, span.days)


def span_of(
    node: Node | None, what: str, found: Findings, *, limit: Limit = OF_SCRIPTS, working: bool = False, zero: bool = False
) -> Span | None:  # fmt: skip
    """A length of any time or of working time, with what is wrong with it. `working`: what stands beside it says so."""
    text = text_of(node, what, found)
    if node is None or text is None:
        return None
    span = _read(text, working=working)
    if span is None:
        remedy = length_meant(text, "30m, 1d 12h, 2h working, 3d working", limit.length, working=True)
        found.error(node, f"{called(what)} is '{shown(text)}': no length of time", remedy, "not_a_length")
        return None
    if not span.working and span.length > limit.length:
        remedy = f"At most {limit.length // _MS_DAY}d"
        found.error(node, f"{called(what)} is '{shown(text)}': too long", remedy, "not_a_length")
        return None
    if not span and not zero:
        remedy = "Write it like 30m or 2h working"
        found.error(node, f"{called(what)} must be longer than nothing", remedy, "not_a_length")
        return None
    if span.working and (said := _too_long(span, limit)):
        found.error(node, said, f"At most {limit.days}d and {limit.hours}h, or wait until a date", "not_a_length")
        return None
    return span


def delay_of(node: Node | None, what: str, found: Findings) -> Span:
    """A span of the playbook, perhaps none at all: at once."""
    span = span_of(node, what, found, limit=OF_PLAYBOOKS, zero=True)
    return AT_ONCE if span is None else span


def span_in(text: str) -> Span | None:
    """`30m`, `2h working`, as a program or a person says it; None where it is no length of time, or too long a one."""
    span = _read(text, working=False)
    if span is None or (not span.working and span.length > OF_PLAYBOOKS.length):
        return None
    return None if span.working and _too_long(span, OF_PLAYBOOKS) else span


def written(span: Span) -> str:
    """As it is written: `1d 12h`, `2h working`, `3d working`; nothing: at once."""
    left, parts = span.length, [f"{span.days}d"] if span.days else []
    for sign, length in _SIGNS:
        if sign != "d" or not span.working:
            n, left = divmod(left, length)
            parts += [f"{n}{sign}"] if n else []
    return " ".join([*parts, *([WORKING] if span.working and parts else [])])


def working_of(one: Section, found: Findings) -> tuple[bool, str]:
    """The keys `working` and `calendar` beside a length: whether it is of working time, and of whose. A name says both."""
    calendar = name_of(one.get("calendar"), "calendar", found) or ""
    working = yes_of(one.get("working"), "working", found)
    if calendar and "working" in one and not working:
        what = "'calendar' counts working time, and 'working' says no"
        found.error(one.keys["working"], what, "Remove one of them", "contradiction")
    return working or bool(calendar), calendar


def _read(text: str, *, working: bool) -> Span | None:
    said, gap, last = text.strip().rpartition(" ")
    named = bool(gap) and last == WORKING
    parts = lengths(said if named else text)
    if parts is None:
        return None
    days, rest = parts
    return Span(rest, True, days) if working or named else Span(days * _MS_DAY + rest)


def _too_long(span: Span, limit: Limit) -> str:
    if span.days > limit.days:
        return f"more than {limit.days} working days"
    return f"more than {limit.hours} hours of working time" if span.length > limit.hours * _HOUR else ""
