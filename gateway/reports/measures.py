"""Lengths of time measured: on the clock and in working hours, in the middle and at the slow end.

The working time between two instants is the difference of two sums, so a long list costs two look-ups an item.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, repeat
from operator import sub
from statistics import fmean
from typing import Final

from bots.kit.business import Playbook
from bots.kit.hours import Hours
from gateway.clock import Instant
from gateway.reports.report import Column, Value
from state import lasting
from state.database import Connection
from state.facts import Facts, Key

MEASURES: Final = ("median_s", "p90_s", "mean_s", "calendar_median_s", "calendar_p90_s", "calendar_mean_s")
_SAMPLE: Final = 1_000
_NEAR: Final = 60
"""Places in the sample. One list in ten thousand is so uneven that its place is not among those, and all of it is sorted."""


def columns(rows: str) -> tuple[Column, ...]:
    return tuple(Column(name, "seconds", rows) for name in MEASURES)


@dataclass(slots=True)
class Lasted:
    """What is told of one line."""

    numbers: dict[str, int]
    worked: list[int] = field(default_factory=list)
    """Milliseconds of working time, of each fact that is measured."""
    passed: list[int] = field(default_factory=list)
    """The same of all time."""

    def values(self) -> dict[str, Value]:
        """The measures, in seconds."""
        return {**_of(self.worked, ""), **_of(self.passed, "calendar_")}


def lasted(conn: Connection, playbook: Playbook, facts: Facts, flag: str = "") -> dict[Key, Lasted]:
    """Facts with a beginning and an end, line by line: their numbers, as `count` tells them, and how long those with the flag lasted.

    Each funnel's time is reckoned by its own calendar.
    """
    lots = lasting.read(conn, facts)
    clocks: dict[str, Worked | None] = {}
    lines: dict[Key, Lasted] = {}
    for lot in lots.each:
        line = lines.setdefault(lot.key, Lasted(dict.fromkeys(facts.counts, 0)))
        for name, of in facts.counts.items():
            line.numbers[name] += len(lot.began) if not of or of in lot.flags else 0
        if flag and flag not in lot.flags:
            continue
        if lot.funnel not in clocks:
            hours = playbook.working(lot.funnel)
            clocks[lot.funnel] = Worked(hours, lots.since, lots.until) if hours is not None else None
        clock, passed = clocks[lot.funnel], list(map(sub, lot.ended, lot.began))
        worked = passed if clock is None else clock.lengths(lot.began, lot.ended)
        line.worked += worked if min(passed) >= 0 else [max(one, 0) for one in worked]
        line.passed += passed if min(passed) >= 0 else [max(one, 0) for one in passed]
    return lines


def together(lines: Iterable[Lasted]) -> dict[str, Value]:
    """The measures of several lines as one."""
    every = Lasted({})
    for one in lines:
        every.worked += one.worked
        every.passed += one.passed
    return every.values()


class Worked:
    """The working time of one calendar, over a stretch of time."""

    def __init__(self, hours: Hours, since: Instant, until: Instant) -> None:
        spans: list[tuple[Instant, Instant]] = []
        at, going = since, True
        while going:  # a calendar looks ahead some years at a time
            going = False
            for start, end in hours.spans(at):
                spans.append((start, end))
                at, going = end, end < until
                if not going:
                    break
        before = list(accumulate((end - start for start, end in spans), initial=0))
        self._edges = [edge for span in spans for edge in span]
        """It opens, it closes, it opens again. Behind an odd number of them it is open."""
        self._worked = [0]
        """Behind so many edges: what has been worked; while it is open, without the time by the clock."""
        for n, (start, _) in enumerate(spans):
            self._worked += [before[n] - start, before[n + 1]]

    def lengths(self, began: Sequence[Instant], ended: Sequence[Instant]) -> list[int]:
        """The working time of each. They are of a few days, more often than not: only the edges of those are looked through."""
        low = bisect_right(self._edges, min(began)) & ~1  # so many that odd stays odd
        high = bisect_right(self._edges, max(ended))
        edges, worked = self._edges[low:high], self._worked[low : high + 1]
        return [
            (worked[n] + until if n & 1 else worked[n]) - (worked[m] + since if m & 1 else worked[m])
            for since, until, m, n in zip(
                began,
                ended,
                map(bisect_right, repeat(edges), began),
                map(bisect_right, repeat(edges), ended),
                strict=True,
            )
        ]


def _of(lengths: list[int], prefix: str) -> dict[str, Value]:
    if not lengths:
        return {f"{prefix}{name}_s": None for name in ("median", "p90", "mean")}
    many = len(lengths)
    low, high, slow = at(lengths, (many - 1) // 2, many // 2, -(-9 * many // 10) - 1)
    found = {"median": (low + high) / 2, "p90": slow, "mean": fmean(lengths)}
    return {f"{prefix}{name}_s": round(ms / 1000, 1) for name, ms in found.items()}


def at(lengths: Sequence[int], *places: int) -> list[int]:
    """Those that stand at these places, by size. Only what may stand near is sorted: a sample of a thousand tells what that is."""
    some = sorted(lengths[:: len(lengths) // _SAMPLE + 1])
    near: Sequence[int] = ()
    before, found = 0, []
    """How many stand before all that are near."""
    for place in places:
        if not 0 <= place - before < len(near):
            about = place * len(some) // len(lengths)
            near, before = lengths, 0
            if about > _NEAR:
                least = some[about - _NEAR]
                near = [one for one in lengths if one >= least]
                before = len(lengths) - len(near)
            if about + _NEAR < len(some):
                most = some[about + _NEAR]
                near = [one for one in near if one <= most]
            near = sorted(near)
            if not 0 <= place - before < len(near):
                near, before = sorted(lengths), 0
        found.append(near[place - before])
    return found
