"""Facts of what bots are worth: their runs, and what became of the deals, down to orders that are paid.

A deal counts once a bot, for its last run in the period; a run in a deal that was joined to another counts for that one.
"""

from typing import Any

from sqlalchemy import Connection, func, select, union_all

from state.facts import Facts, Narrow, counted, flag, is_paid, leading, total
from state.report_tables import stays
from state.tables import deals, runs

_d = deals.c
_r = runs.c


def _runs(narrow: Narrow) -> Any:
    """Runs that began in the period, each with the deal that it counts for."""
    lead = leading()
    rest = (_r.script, _r.status)
    own = select(_r.id, _r.bot, _r.started_at, *rest, _d.id.label("deal")).join(deals, _d.id == _r.deal_id)
    # Few deals are joined, and each has few runs. What is no plain column leaves SQLite no other index than theirs.
    bot, at = _r.bot + "", _r.started_at + 0
    joined = lead.join(runs, _r.deal_id == lead.c.deal).join(deals, _d.id == lead.c.lead)
    others = select(_r.id, bot, at, *rest, _d.id).select_from(joined)
    return union_all(
        own.where(_r.started_at >= narrow.since, _r.started_at < narrow.until, *counted(narrow)),
        others.where(at >= narrow.since, at < narrow.until, *counted(narrow)),
    ).subquery("of")


def ran(narrow: Narrow) -> Facts:
    """Runs that began in the period."""
    r = _runs(narrow).c
    found = select(
        r.id.label("ref"), r.deal, r.started_at.label("at"), r.bot, r.script.label("version"),
        flag(r.status == "finished", "finished"), flag(r.status == "handed_off", "handed_off"),
    )  # fmt: skip
    return Facts(found, ("bot", "version"), {"runs": "", "finished": "finished", "handed_off": "handed_off"})


def brought(conn: Connection, narrow: Narrow) -> Facts:
    """Their deals: whether they have moved on since the run began, whether they were won, and whether the order is paid."""
    r = _runs(narrow).c
    one = select(r.deal, r.bot, func.max(r.id).label("run")).group_by(r.deal, r.bot).subquery("last").c
    on = (stays.c.left_at >= _r.started_at) & (stays.c.next != "lost")
    moved = select(stays.c.entry_id).where(stays.c.deal_id == _d.id, on).exists()
    found = (
        select(
            _d.id.label("ref"), _d.id.label("deal"), _r.started_at.label("at"), one.bot, _r.script.label("version"),
            flag(moved, "moved"), flag(_d.outcome == "won", "won"), flag(is_paid(conn), "paid"), total(conn).label("worth"),
        )
        .select_from(deals.join(one.bot.table, one.deal == _d.id).join(runs, _r.id == one.run))
    )  # fmt: skip
    counts = {"deals": "", "moved": "moved", "won": "won", "paid": "paid"}
    return Facts(found, ("bot", "version"), counts, {"paid_sum": ("paid", "worth")})
