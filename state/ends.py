"""Facts of what deals came from and came to: their sources, and why they were lost."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Text, case, func, or_, select

from state.chains import CONVERTED, converted, is_first
from state.facts import Facts, Narrow, counted, flag, opened
from state.money import is_paid, total
from state.tables import deals

_d = deals.c


def _begins(column: Any) -> Any:
    """Where a shop lists none, anybody may have written anything: lines are told apart by how it begins."""
    return func.substr(column, 1, 100, type_=Text).label(column.name)


def by_source(conn: Connection, narrow: Narrow) -> Facts:
    """Inquiries of the period, by where they came from; what robots have made of one is the same (state/chains.py)."""
    won = _d.outcome == "won"
    told = (
        _begins(_d.source), flag(_d.closed_at.is_(None), "open"), flag(won, "won"), flag(_d.outcome == "lost", "lost"),
        flag(is_paid(conn), "paid"), case((or_(won, is_paid(conn)), total(conn)), else_=0).label("worth"),
    )  # fmt: skip
    own = select(_d.id.label("ref"), _d.id.label("deal"), _d.opened_at.label("at"), *told)
    lead = converted(narrow.since, narrow.until).c
    its_deal = select(_d.id.label("ref"), _d.id.label("deal"), lead.at, *told).join(lead.deal.table, lead.deal == _d.id)
    anywhere = counted(replace(narrow, funnel=""))
    there = [or_(lead.funnel == narrow.funnel, _d.funnel == narrow.funnel)] if narrow.funnel else []
    arms = (
        own.where(*opened(narrow), is_first(), _d.reason != CONVERTED),
        its_deal.where(*anywhere, *there, _d.reason != CONVERTED),
    )
    counts = {"opened": "", "open": "open", "won": "won", "lost": "lost", "paid": "paid"}
    return Facts.of(arms, ("source",), counts, {"won_sum": ("won", "worth"), "paid_sum": ("paid", "worth")})


def by_reason(conn: Connection, narrow: Narrow) -> Facts:
    """Deals that were lost in the period, by why."""
    found = select(
        _d.id.label("ref"),
        _d.id.label("deal"),
        _d.closed_at.label("at"),
        _d.funnel,
        _begins(_d.reason),
        total(conn).label("worth"),
    ).where(_d.outcome == "lost", _d.closed_at >= narrow.since, _d.closed_at < narrow.until, *counted(narrow))
    return Facts(found, ("funnel", "reason"), {"lost": ""}, {"sum": ("", "worth")})
