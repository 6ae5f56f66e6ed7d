"""Reports on what became of inquiries: by source, by the reason why they were lost, by the bot that had them."""

from collections import defaultdict
from typing import Final

from gateway.reports.report import OF_BOTS, Asked, Column, Kind, Line, count, counting, fill, share, together
from gateway.wording import words_in
from state import ends, worth
from state.database import Connection
from state.facts import Facts

# -- sources -----------------------------------------------------------------------------------------------------------

_SOURCES: Final = (
    Column("opened"), Column("open"), Column("lost"), Column("won"), Column("won_share", "percent", "won"),
    Column("won_sum", "money", "won"), Column("paid"), Column("paid_sum", "money", "paid"),
)  # fmt: skip


def _by_source(conn: Connection, asked: Asked) -> list[Facts]:
    return [ends.by_source(conn, asked.narrow)]


def _sources(conn: Connection, asked: Asked) -> list[Line]:
    found = _by_source(conn, asked)
    lines = sorted(count(conn, *found).values(), key=lambda line: (-int(line.values["opened"] or 0), line.key))
    for line in lines:
        line.title = words_in(asked.playbook.language).source_title(line.key[0])
    lines.append(together(lines, _SOURCES))
    for line in lines:
        line.values["won_share"] = share(line.values["won"], line.values["opened"])
    return lines


SOURCES: Final = Kind(
    "sources",
    "",
    "Where deals came from",
    "opened: inquiries of the period, by the source by which the customer first came: of deals that were joined, and of what robots have opened or converted from "
    "them, that of the earliest, and when that was opened. open, lost, won: what became of "
    "them, of a lead that was converted what became of its deal. won_share = won / opened. paid: the order is paid whole, "
    "whatever the deal's stage. Sums are of order totals in minor units, else of what was paid.",
    ("source",),
    _SOURCES,
    _sources,
    counting(_by_source),
    total=True,
)

# -- losses ------------------------------------------------------------------------------------------------------------

_LOSSES: Final = (Column("lost"), Column("share", "percent", "lost"), Column("sum", "money", "lost"))


def _by_reason(conn: Connection, asked: Asked) -> list[Facts]:
    return [ends.by_reason(conn, asked.narrow)]


def _losses(conn: Connection, asked: Asked) -> list[Line]:
    found = _by_reason(conn, asked)
    lines = sorted(count(conn, *found).values(), key=lambda line: (-int(line.values["lost"] or 0), line.key))
    for line in lines:
        funnel, reason = line.key
        path = asked.playbook.funnel(funnel)
        line.title = f"{path.title if path else funnel}: {asked.playbook.reasons.get(reason, reason) or '—'}"
    every = together(lines, _LOSSES)
    for line in [*lines, every]:
        line.values["share"] = share(line.values["lost"], every.values["lost"])
    return [*lines, every]


LOSSES: Final = Kind(
    "losses",
    "",
    "Why deals were lost",
    "lost: deals closed as lost in the period, whenever they were opened. share = lost / all lost. sum: of what their orders were worth, in minor units. Deals that were joined "
    "to others are not lost.",
    ("funnel", "reason"),
    _LOSSES,
    _losses,
    counting(_by_reason),
    total=True,
)

# -- bots --------------------------------------------------------------------------------------------------------------

_BOTS: Final = (
    Column("runs"), Column("finished"), Column("handed_off"), Column("deals"), Column("moved"),
    Column("moved_share", "percent", "moved"), Column("won"), Column("paid"), Column("paid_share", "percent", "paid"),
    Column("paid_sum", "money", "paid"),
)  # fmt: skip


def _of_bots(conn: Connection, asked: Asked) -> list[Facts]:
    return [worth.of_bots(conn, asked.narrow)]


def _bots(conn: Connection, asked: Asked) -> list[Line]:
    lines = count(conn, *_of_bots(conn, asked))
    fill(lines, _BOTS)
    runs = defaultdict[str, int](int)
    for line in lines.values():
        bot, version = line.key
        line.title = f"{bot} {version[:12]}"
        runs[bot] += int(line.values["runs"] or 0)
        for name in ("moved", "paid"):
            line.values[f"{name}_share"] = share(line.values[name], line.values["deals"])
    return sorted(
        lines.values(), key=lambda one: (-runs[one.key[0]], one.key[0], -int(one.values["runs"] or 0), one.key)
    )


BOTS: Final = Kind(
    "bots",
    "",
    "What bots are worth",
    "runs: that began in the period, by bot and version; finished, handed_off: how they ended. deals: theirs, each once a bot, with the version of its last run in the period. moved: the deal has "
    "left a stage since that run began, and not for the lost one. won, paid: by now; paid is the whole order, paid_sum its total in minor units. Shares are of deals. "
    "A run in an inquiry that an order has found counts for the order.",
    ("bot", "version"),
    _BOTS,
    _bots,
    counting(_of_bots),
    OF_BOTS,
)
