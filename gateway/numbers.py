"""The report on a script: its numbers by step, version and arm, as the API, the command and the console show it.

A period is whole days of the shop's zone, and holds the runs that began in it.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.clock import Instant
from state import numbers
from state.database import Connection
from state.numbers import Cohort, Group, Won
from state.tally import Counted, Tally, tally

DAYS: Final = 30
"""How far back a report looks where nobody says."""
PHRASES: Final = 20
"""That are shown of one step."""
STATUSES: Final = ("running", "finished", "handed_off", "timed_out", "stopped")


class BadPeriod(Exception):
    """Its first day is after its last."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which runs of a script a report is about, in the words of who asks. What is empty does not narrow."""

    since: date | None = None
    until: date | None = None
    version: str = ""
    channel: str = ""
    arm: str = ""
    """`split:step`."""

    def cohort(self, script: str, zone: str, now: Instant) -> tuple[Cohort, date, date]:
        """With the first and the last day of the period. Raises `BadPeriod`."""
        first, last = period(self.since, self.until, zone, now)
        if first > last:
            raise BadPeriod
        split, _, drawn = self.arm.partition(":")
        arm = (split, drawn) if self.arm else None
        return Cohort(script, *instants(first, last, zone), self.version, self.channel, arm), first, last


@dataclass(frozen=True, slots=True)
class ExitNumbers:
    exit: str
    result: str
    n: int


@dataclass(frozen=True, slots=True)
class PhraseNumbers:
    text: str
    n: int
    customers: int


@dataclass(frozen=True, slots=True)
class StepNumbers:
    """`reached` is the sum of the six that follow it; `again` are the times that words were not understood.

    This is what the API answers, field by field.
    """

    step: str
    reached: int
    answered: int
    passed: int
    misunderstood: int
    left: int
    handed_off: int
    waiting: int
    again: int
    customers: int
    median_s: float | None
    won: int
    exits: list[ExitNumbers]
    phrases: list[PhraseNumbers]


@dataclass(slots=True)
class GroupNumbers:
    """Runs that belong together, by what became of them."""

    key: tuple[str, ...] = ()
    runs: int = 0
    first: Instant = 0
    ends: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATUSES, 0))
    won: int = 0
    amount: float = 0


@dataclass(frozen=True, slots=True)
class Report:
    total: GroupNumbers
    customers: int
    deals: int
    versions: list[GroupNumbers]
    arms: list[GroupNumbers]
    steps: list[StepNumbers]


def period(since: date | None, until: date | None, zone: str, now: Instant) -> tuple[date, date]:
    """Both days are part of it."""
    last = until or datetime.fromtimestamp(now / 1000, ZoneInfo(zone)).date()
    return since or max(date.min, last - timedelta(days=min(DAYS - 1, last.toordinal() - 1))), last


def instants(since: date, until: date, zone: str) -> tuple[Instant, Instant]:
    """From the first moment of one day to the first after the other."""
    return _midnight(since, zone), _midnight(until, zone, days=1)


def _midnight(day: date, zone: str, days: int = 0) -> Instant:
    """Days at the edges of the calendar are taken for its edges: no run began there."""
    if day.year <= date.min.year + 1:
        return -(2**53)
    if day.year >= date.max.year:
        return 2**53
    day += timedelta(days=days)
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def report(conn: Connection, cohort: Cohort, order: Sequence[str], money: str) -> Report:
    """`order` names the script's steps as it has them now; `money` the deals' field that holds what they are worth."""
    won = numbers.won(conn, cohort)
    counts = tally(conn, cohort, won)
    customers, deals = numbers.people(conn, cohort)
    versions = _groups(numbers.versions(conn, cohort), won, lambda one: [(one.version,)], money)
    total = GroupNumbers(won=len({one.deal for one in won}), amount=_sum(won, money))
    for group in versions:
        total.runs += group.runs
        for status, n in group.ends.items():
            total.ends[status] += n
    drawn = defaultdict[int, list[tuple[str, ...]]](list)
    for step, arm, run in counts.won_by_arm:
        drawn[run].append((step, arm))
    arms = _groups(counts.arms, won, lambda one: drawn[one.run], money)
    return Report(total, customers, deals, versions, sorted(arms, key=lambda one: one.key), _steps(counts, order))


def _groups(
    found: list[Group], won: list[Won], keys: Callable[[Won], list[tuple[str, ...]]], money: str
) -> list[GroupNumbers]:
    groups: dict[tuple[str, ...], GroupNumbers] = {}
    for one in found:
        group = groups.setdefault(one.key, GroupNumbers(one.key, first=one.first))
        group.runs += one.runs
        group.first = min(group.first, one.first)
        group.ends[one.status] += one.runs
    for sale in won:
        for key in keys(sale):
            if key in groups:
                groups[key].won += 1
                groups[key].amount += _sum([sale], money)
    return sorted(groups.values(), key=lambda group: group.first)


def _steps(counts: Tally, order: Sequence[str]) -> list[StepNumbers]:
    counted = defaultdict[str, list[Counted]](list)
    for one in counts.counted:
        counted[one.step].append(one)
    phrases = defaultdict[str, list[PhraseNumbers]](list)
    for phrase in counts.phrases:
        if len(phrases[phrase.step]) < PHRASES:
            phrases[phrase.step].append(PhraseNumbers(phrase.text, phrase.n, phrase.customers))
    place = {name: n for n, name in enumerate(order)}
    names = sorted(counted, key=lambda name: (place.get(name, len(place)), min(one.first for one in counted[name])))
    made = []
    for name in names:
        n = defaultdict[str, int](int)
        for one in counted[name]:
            n["passed" if one.result == "split" else one.result] += one.n
        again = n.pop("missed", 0)
        median = counts.medians.get(name)
        exits = sorted((o for o in counted[name] if o.word), key=lambda one: (-one.n, one.word))
        made.append(
            StepNumbers(
                name, sum(n.values()), n["answered"], n["passed"], n["misunderstood"], n["left"], n["handed_off"], n["waiting"],
                again, counts.customers.get(name, 0), None if median is None else round(median / 1000, 1), counts.won.get(name, 0), [ExitNumbers(one.word, one.result, one.n) for one in exits],
                phrases[name],
            )
        )  # fmt: skip
    return made


def _sum(won: list[Won], money: str) -> float:
    return sum({one.deal: _worth(one.fields.get(money)) for one in won}.values())


def _worth(value: Any) -> float:
    """A number, or a text that a bot has kept as one (`1 500,50`); anything else is worth nothing."""
    if isinstance(value, str) and len(value) < 40:
        try:
            value = float("".join(value.split()).replace(",", "."))
        except ValueError:
            return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15:
        return 0.0
    return float(value)
