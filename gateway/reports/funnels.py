"""Reports on funnels: conversion of those who came in a period, who stands where, leads that became deals, time in stages."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from gateway.reports.measures import columns, lasted
from gateway.reports.report import OF_BOTS, Asked, Column, Kind, Line, count, counting, fill, share
from state import facts, paths
from state.database import Connection
from state.facts import Facts, Key

FIRST_STEP: Final = 5.0
"""Per cent. Fewer of a period's deals past the first stage: the inquiries are bad, not the selling."""
ENOUGH: Final = 20
"""So many deals before the numbers are said to mean something."""


def _stages(asked: Asked) -> dict[str, tuple[str, ...]]:
    """By funnel: the way to the sale."""
    return {one.name: tuple(s.name for s in one.stages if s.outcome != "lost") for one in asked.playbook.funnels}


def _in_order(asked: Asked, lines: dict[Key, Line], columns_: Sequence[Column]) -> list[Line]:
    """All stages of the funnels that are asked about, then those that the playbook has no more."""
    ordered = {}
    for funnel in asked.funnels():
        for stage in funnel.stages:
            key = (funnel.name, stage.name)
            ordered[key] = lines.pop(key) if key in lines else Line(key)
            ordered[key].title = f"{funnel.title}: {stage.title}"
    for key, line in sorted(lines.items()):
        ordered[key] = replace(line, title=": ".join(key))
    fill(ordered, columns_)
    return list(ordered.values())


# -- conversion --------------------------------------------------------------------------------------------------------

_COHORT: Final = (
    Column("reached"), Column("came"), Column("of_all", "percent", "came"), Column("of_before", "percent", "came"),
)  # fmt: skip


def _numbers(conn: Connection, asked: Asked) -> dict[Key, dict[str, int]]:
    """By funnel and by the marks of the stages that a deal has stood in."""
    return facts.count(conn, paths.cohort(conn, asked.narrow, _stages(asked)))


def _cohort(conn: Connection, asked: Asked) -> list[Line]:
    found, ways = _numbers(conn, asked), _stages(asked)
    lines: dict[Key, Line] = {}
    for funnel, names in ways.items():
        if asked.narrow.funnel not in ("", funnel):
            continue
        those = [(seen, numbers["opened"]) for (of, seen), numbers in found.items() if of == funnel]
        every = before = sum(n for _, n in those)
        for stage in (*names, "lost"):
            bit = paths.mark(ways, funnel, stage)
            reached = sum(n for seen, n in those if seen & bit)
            came = reached if stage == "lost" else sum(n for seen, n in those if seen % paths.LOST >= bit)
            values = {"reached": reached, "came": came, "of_all": share(came, every), "of_before": share(came, before)}
            if stage == "lost":
                values["of_before"] = None
            lines[funnel, stage] = Line((funnel, stage), values=values)
            before = came
    return _in_order(asked, lines, _COHORT)


def _find_cohort(conn: Connection, asked: Asked, key: Key, what: str) -> tuple[Facts, Key, str]:
    funnel, stage = key
    ways = _stages(asked)
    bit = paths.mark(ways, funnel, stage)
    what = "reached" if stage == "lost" or not bit else what  # no deal has ever stood where there is no stage
    return paths.of_cohort(conn, asked.narrow, ways, what, bit), (funnel,), what


COHORT: Final = Kind(
    "conversion",
    "cohort",
    "Deals opened in the period, by stage",
    "reached: deals opened in the period that have ever stood in the stage, until now. came: those that have stood in it or in a later one on "
    "the way to the sale (for the lost stage: in it). of_all = came / all deals opened; of_before = came / came of the stage before. A deal that was joined "
    "to another counts as that one, and what it had been through as well; calls of no customers are left out.",
    ("funnel", "stage"),
    _COHORT,
    _cohort,
    _find_cohort,
    OF_BOTS,
)

_SNAPSHOT: Final = (Column("open"), Column("sum", "money", "open"), Column("of_all", "percent", "open"))


def _standing(conn: Connection, asked: Asked) -> list[Facts]:
    return [paths.standing(conn, asked.narrow, min(asked.narrow.until - 1, asked.narrow.now))]


def _snapshot(conn: Connection, asked: Asked) -> list[Line]:
    lines = _in_order(asked, count(conn, *_standing(conn, asked)), _SNAPSHOT)
    open_ = defaultdict[str, int](int)
    for line in lines:
        open_[line.key[0]] += int(line.values["open"] or 0)
    for line in lines:
        line.values["of_all"] = share(line.values["open"], open_[line.key[0]])
    return lines


SNAPSHOT: Final = Kind(
    "conversion",
    "snapshot",
    "Open deals by stage, at the end of the period",
    "open: deals that were open at the end of the period's last day (now, where that is not over), in the stage in which they stood then. sum: of "
    "what their orders are worth, in minor units. of_all = open / all that were open in the funnel.",
    ("funnel", "stage"),
    _SNAPSHOT,
    _snapshot,
    counting(_standing),
    OF_BOTS,
)

# -- lead → deal -------------------------------------------------------------------------------------------------------

_LEADS: Final = (
    Column("opened"), Column("first"), Column("first_share", "percent", "first"), Column("converted"),
    Column("converted_share", "percent", "converted"), Column("won"), Column("won_share", "percent", "won"), Column("lost"),
    Column("lost_later"), Column("open"),
)  # fmt: skip
_LED: Final = ("opened", "first", "converted", "won", "lost", "lost_later", "open")
_SECOND: Final = 2
"""The mark of the second stage."""


def _leads(conn: Connection, asked: Asked) -> list[Line]:
    titles = {one.name: one.title for one in asked.funnels()}
    lines = {name: Line((name,), title, dict.fromkeys(_LED, 0)) for name, title in titles.items()}
    for (funnel, seen), numbers in _numbers(conn, asked).items():
        values = lines.setdefault(funnel, Line((funnel,), funnel, dict.fromkeys(_LED, 0))).values
        for name, n in numbers.items():
            values[name] = int(values[name] or 0) + n
        if seen % paths.LOST >= _SECOND:
            values["first"] = int(values["first"] or 0) + numbers["opened"]
    for line in lines.values():
        line.hint = hint(line.values)
        for name in ("first", "converted", "won"):
            line.values[f"{name}_share"] = share(line.values[name], line.values["opened"])
    return list(lines.values())


def hint(values: Mapping[str, Any]) -> str:
    """What is wrong, the inquiries or the selling."""
    if values["opened"] < ENOUGH:
        return ""
    if 100 * values["first"] < FIRST_STEP * values["opened"]:
        return "bad_leads"
    return "bad_selling" if values["lost_later"] > values["won"] else ""


def _find_leads(conn: Connection, asked: Asked, key: Key, what: str) -> tuple[Facts, Key, str]:
    if what == "first":
        return paths.of_cohort(conn, asked.narrow, _stages(asked), "came", _SECOND), key, "came"
    return replace(paths.cohort(conn, asked.narrow, _stages(asked), at_once=False), dims=("funnel",)), key, what


LEADS: Final = Kind(
    "leads",
    "",
    "Leads that became deals, by funnel",
    "opened: deals opened in the period. first: of these, those that came past the funnel's first stage. converted: won by being led over into a deal of another "
    "funnel. won includes these. lost_later: lost past the first stage. Shares are of opened: of 100 leads 20 deals = 20 %. hint, from 20 deals on: "
    "bad_leads where first_share is below 5 %; else bad_selling where more of them were lost later than won.",
    ("funnel",),
    _LEADS,
    _leads,
    _find_leads,
    OF_BOTS,
)

# -- time in stages ----------------------------------------------------------------------------------------------------

_STAYS: Final = (Column("stays"), *columns("stays"))


def _stayed(_conn: Connection, asked: Asked) -> list[Facts]:
    return [paths.stayed(asked.narrow)]


def _time(conn: Connection, asked: Asked) -> list[Line]:
    found = lasted(conn, asked.playbook, paths.stayed(asked.narrow))
    lines = {key: Line(key, values={**one.numbers, **one.values()}) for key, one in found.items()}
    return [line for line in _in_order(asked, lines, _STAYS) if line.key[1] not in ("won", "lost")]


STAGES: Final = Kind(
    "stages",
    "",
    "Time in stages",
    "stays: in the stage, that were over in the period; a deal that came back has several. Seconds of working time of the funnel's calendar; calendar_: all time. "
    "median: the middle one, p90: nine of ten were no longer. What a joined deal had been through before counts; the stay in which it was joined does not.",
    ("funnel", "stage"),
    _STAYS,
    _time,
    counting(_stayed),
)
