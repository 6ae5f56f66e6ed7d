"""Facts of what bots are worth: their runs, and what became of the deals, down to orders that are paid.

A deal counts once a bot, for its last run in the period; a run in a deal that was joined to another counts for that one.
"""

from typing import Any, Final

from sqlalchemy import Connection, func, literal, select, union_all

from state.facts import Facts, Narrow, counted, flag, leading
from state.money import paid_total
from state.report_tables import stays
from state.tables import deals, runs

_d = deals.c
_r = runs.c
_OF_RUNS: Final = {"runs": "ran", "finished": "finished", "handed_off": "handed_off"}
_OF_DEALS: Final = {"deals": "had", "moved": "moved", "won": "won", "paid": "paid"}


def of_bots(conn: Connection, narrow: Narrow) -> Facts:
    """Runs that began in the period; and their deals: whether they have moved on since the run began, were won, whether the order is paid."""
    r = _runs(narrow).c
    own = r.deal, r.at, r.bot, r.version
    ran = (
        literal(1).label("ran"), flag(r.status == "finished", "finished"), flag(r.status == "handed_off", "handed_off"),
        *(literal(0).label(name) for name in (*_OF_DEALS.values(), "worth")),
    )  # fmt: skip
    every = r.id.table.alias("every").c
    is_last = r.id.in_(select(func.max(every.id)).group_by(every.deal, every.bot))
    on = (stays.c.left_at >= r.at) & (stays.c.next != "lost")
    moved = select(stays.c.entry_id).where(stays.c.deal_id == _d.id, on).exists()
    told = flag(moved, "moved"), flag(_d.outcome == "won", "won"), paid_total(conn).label("worth")
    last = select(_d.id.label("ref"), *own, *told).join(deals, _d.id == r.deal).where(is_last)
    # Not dissolved: else fields are read twice, and of the rows behind a number PostgreSQL looks at every pair of runs.
    one = last.offset(0).subquery("last").c
    had = (
        *(literal(0).label(name) for name in _OF_RUNS.values()),
        literal(1).label("had"), one.moved, one.won, flag(one.worth.is_not(None), "paid"), one.worth,
    )  # fmt: skip
    arms = (
        select(r.id.label("ref"), *own, *ran),
        select(one.ref, one.deal, one.at, one.bot, one.version, *had),
    )
    return Facts.of(arms, ("bot", "version"), _OF_RUNS | _OF_DEALS, {"paid_sum": ("paid", "worth")})


def _runs(narrow: Narrow) -> Any:
    """Runs that began in the period, each with the deal that it counts for."""
    lead = leading()
    rest = (_r.script.label("version"), _r.status)
    own = select(_r.id, _r.bot, _r.started_at.label("at"), *rest, _d.id.label("deal")).join(deals, _d.id == _r.deal_id)
    # Few deals are joined, and each has few runs. What is no plain column leaves SQLite no other index than theirs.
    bot, at = _r.bot + "", _r.started_at + 0
    joined = lead.join(runs, _r.deal_id == lead.c.deal).join(deals, _d.id == lead.c.lead)
    others = select(_r.id, bot, at, *rest, _d.id).select_from(joined)
    return union_all(
        own.where(_r.started_at >= narrow.since, _r.started_at < narrow.until, *counted(narrow)),
        others.where(at >= narrow.since, at < narrow.until, *counted(narrow)),
    ).cte("of").prefix_with("MATERIALIZED")  # fmt: skip
