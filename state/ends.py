"""Facts of what deals came from and came to: their sources, and why they were lost."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Text, case, func, or_, select

from state.chains import CONVERTED, converted, is_first
from state.facts import Facts, Narrow, counted, flag, opened
from state.money import is_paid, total
from state.origins import origins
from state.tables import deals

_d = deals.c


def _begins(column: Any) -> Any:
    """Where a shop lists none, anybody may have written anything: lines are told apart by how it begins."""
    return func.substr(column, 1, 100, type_=Text).label(column.name)


def by_source(conn: Connection, narrow: Narrow) -> Facts:
    """Inquiries of the period, by where they first came from; what robots have made of one is the same (state/chains.py), and
    so is what was joined to it (state/origins.py).
    """
    won, paid = _d.outcome == "won", is_paid(conn)
    told = (
        flag(_d.closed_at.is_(None), "open"), flag(won, "won"), flag(_d.outcome == "lost", "lost"), flag(paid, "paid"),
        case((or_(won, paid), total(conn)), else_=0).label("worth"),
    )  # fmt: skip
    ref, made, lead = _d.id.label("ref"), origins(narrow.since).c, converted(narrow.since, narrow.until).c
    own = select(ref, _d.id.label("deal"), _d.opened_at.label("at"), _begins(_d.source), *told)
    its_deal = select(ref, _d.id.label("deal"), lead.at, _begins(_d.source), *told)
    of_several = select(ref, _d.id.label("deal"), made.at, _begins(made.source), *told)
    anywhere = (*counted(replace(narrow, funnel="")), _d.reason != CONVERTED)

    def there(first: Any) -> list[Any]:
        return [or_(first.funnel == narrow.funnel, _d.funnel == narrow.funnel)] if narrow.funnel else []

    alone = _d.id.not_in(select(made.deal))
    arms = (
        own.where(*opened(narrow), is_first(), _d.reason != CONVERTED, alone),
        its_deal.join(lead.deal.table, lead.deal == _d.id).where(*anywhere, *there(lead), alone),
        of_several.join(made.deal.table, made.deal == _d.id).where(
            *anywhere, *there(made), made.inquiry == 1, made.at >= narrow.since, made.at < narrow.until
        ),
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
