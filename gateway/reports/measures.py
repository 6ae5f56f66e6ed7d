"""Lengths of time measured: on the clock and in working hours, in the middle and at the slow end.

The working time between two instants is the difference of two sums, so a long list costs two look-ups an item.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from statistics import fmean, median
from typing import Final

from bots.kit.business import Playbook
from bots.kit.hours import Hours
from gateway.clock import Instant
from gateway.reports.report import Column, Value
from state.facts import Key

Span = tuple[str, Instant, Instant]
"""Of which funnel, from, to."""

MEASURES: Final = ("median_s", "p90_s", "mean_s", "calendar_median_s", "calendar_p90_s", "calendar_mean_s")


def columns(rows: str) -> tuple[Column, ...]:
    return tuple(Column(name, "seconds", rows) for name in MEASURES)


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
        self._starts = [start for start, _ in spans]
        self._ends = [end for _, end in spans]
        self._before = [0, *accumulate(end - start for start, end in spans)]

    def lengths(self, spans: Iterable[tuple[Instant, Instant]]) -> list[int]:
        """The working time of each. There may be half a million: calls of `min` and `max` would be a third of it."""
        starts, ends, before, find = self._starts, self._ends, self._before, bisect_right
        found = []
        for since, until in spans:
            m, n, worked = find(starts, since) - 1, find(starts, until) - 1, 0
            if n >= 0:
                end = ends[n]
                worked = before[n] - starts[n] + (until if until < end else end)  # noqa: FURB136
            if m >= 0:
                end = ends[m]
                worked -= before[m] - starts[m] + (since if since < end else end)  # noqa: FURB136
            found.append(worked)
        return found


def measured(playbook: Playbook, several: Iterable[Sequence[Span]]) -> dict[str, Value]:
    """All measures of several lines as one, in seconds."""
    return measure(playbook, {(): [one for spans in several for one in spans]})[()]


def measure(playbook: Playbook, spans: Mapping[Key, Sequence[Span]]) -> dict[Key, dict[str, Value]]:
    """Of every line: each funnel's time is reckoned by its own calendar."""
    first = min((one[1] for several in spans.values() for one in several), default=0)
    last = max((one[2] for several in spans.values() for one in several), default=0)
    clocks: dict[str, Worked | None] = {}
    found = {}
    for key, several in spans.items():
        by_funnel: dict[str, list[tuple[Instant, Instant]]] = {}
        for funnel, since, until in several:
            by_funnel.setdefault(funnel, []).append((since, until))
        worked, passed = list[int](), list[int]()
        for funnel, those in by_funnel.items():
            if funnel not in clocks:
                hours = playbook.working(funnel)
                clocks[funnel] = Worked(hours, first, last) if hours is not None else None
            clock, lengths = clocks[funnel], [until - since if until > since else 0 for since, until in those]
            passed += lengths
            worked += lengths if clock is None else clock.lengths(those)
        found[key] = {**_of(worked, ""), **_of(passed, "calendar_")}
    return found


def _of(lengths: list[int], prefix: str) -> dict[str, Value]:
    lengths.sort()
    if not lengths:
        return {f"{prefix}{name}_s": None for name in ("median", "p90", "mean")}
    found = {"median": median(lengths), "p90": lengths[-(-9 * len(lengths) // 10) - 1], "mean": fmean(lengths)}
    return {f"{prefix}{name}_s": round(ms / 1000, 1) for name, ms in found.items()}
