"""Where customers first came from: the source of the earliest of the deals that one was made of, by merges and by robots.

Told by the book of merges at the time of asking, so each deal is by its own source again when a merge is undone. Contacts
without joined deals are not looked through: whatever a robot opens has the source of what led to it.
"""

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select

from state.chains import instead, is_first, led_to
from state.merges import stands
from state.records import Instant
from state.tables import deals, merges

_d = deals.c


def origins(since: Instant) -> Any:
    """(deal, at, source, funnel, inquiry): how the customer had first come of each deal that was made of several, from this moment on.

    `inquiry`: 1, where it goes on from a deal that no other has led to; 0, where a robot has opened it beside one.
    """
    return _origins("", _d.opened_at >= since)


@cache
def _ever() -> Any:
    """Whenever that was. Built once: a statement that asks for it twice has it once."""
    return _origins("_ever")


def _origins(name: str, *lately: ColumnElement[bool]) -> Any:
    links = _links(name, *lately)
    start = select(links.c.deal, links.c.deal.label("was"), literal(1).label("instead"))
    steps = start.cte(f"steps{name}", recursive=True)
    s = steps.c
    steps = steps.union(select(s.deal, links.c.was, s.instead * links.c.instead).join(links, links.c.deal == s.was))
    s, was = steps.c, deals.alias("came")
    one = (
        select(
            s.deal, was.c.opened_at.label("at"), was.c.source, was.c.funnel,
            func.max(case((and_(s.instead == 1, is_first(was)), 1), else_=0)).over(partition_by=s.deal).label("inquiry"),
            func.row_number().over(partition_by=s.deal, order_by=(was.c.opened_at, was.c.id)).label("n"),
        )
        .join(was, was.c.id == s.was)
        .subquery()
    )  # fmt: skip
    told = select(one.c.deal, one.c.at, one.c.source, one.c.funnel, one.c.inquiry)
    return told.where(one.c.n == 1).cte(f"origins{name}")


def came_by(source: str) -> ColumnElement[bool]:
    """The deals of customers who first came by it."""
    made = _ever().c
    others = _d.id.not_in(select(made.deal))
    return or_(and_(_d.source == source, others), _d.id.in_(select(made.deal).where(made.source == source)))


def _links(name: str, *lately: ColumnElement[bool]) -> Any:
    """(deal, was, instead): joined deals; and what robots have made of one another, of contacts who have such.

    Whoever is of one contact is of one family: with one of them come all, however long ago.
    """
    m, lead, its, theirs = merges.c, deals.alias("lead"), deals.alias("its"), deals.alias("theirs")
    sides = [
        select(_d.contact_id).join(merges, _d.id == side).where(*stands(), *lately)
        for side in (m.deal_id, m.from_deal_id)
    ]
    whose = sides[0].union(*sides[1:]).cte(f"whose{name}")
    joined = select(m.deal_id.label("deal"), m.from_deal_id.label("was"), literal(0).label("instead")).where(*stands())
    led = select(its.c.id, lead.c.id, case((instead(lead.c, its.c), 1), else_=0))
    return (
        joined.join(theirs, theirs.c.id == m.deal_id)
        .join(whose, whose.c.contact_id == theirs.c.contact_id)
        .union_all(
            led.join(lead, led_to(lead.c.contact_id, lead.c.id, its)).join(
                whose, whose.c.contact_id == its.c.contact_id
            )
        )
        .cte(f"links{name}")
    )
