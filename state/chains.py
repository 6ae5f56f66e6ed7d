"""Deals that go on from one another: the one that a customer's inquiry has opened, and those that robots have made of it.

They are one inquiry and one order: money and outcomes count once, for the first of them, or for the deal that goes on in a
converted one's stead. What was opened beside it (a parcel's, a return's) adds nothing.
"""

from typing import Any, Final

from sqlalchemy import ColumnElement, Text, and_, cast, not_, select

from state.records import Instant
from state.tables import deals

CONVERTED: Final = "converted"
"""Why a lead is closed in whose stead a deal goes on."""
_BEFORE, _BEHIND = "opened: deal ", " led to it"


def led_by(deal: int) -> str:
    """Why a deal was opened, where another has led to it."""
    return f"{_BEFORE}{deal}{_BEHIND}"


def is_first(one: Any = deals) -> ColumnElement[bool]:
    """No deal of the same contact has led to it."""
    before = deals.alias("before")
    led = select(before.c.id).where(led_to(before.c.contact_id, before.c.id, one)).exists()
    return not_(and_(one.c.why.like(f"{_BEFORE}%"), led))


def converted(since: Instant, until: Instant) -> Any:
    """(at, funnel, deal): inquiries of a period that were converted, when and where they began, and the deal that goes on now."""
    lead, deal, further = deals.alias("lead"), deals.alias("its_deal"), deals.alias("further")
    goes_on = and_(led_to(lead.c.contact_id, lead.c.id, deal), deal.c.opened_at == lead.c.closed_at)
    begun = (
        select(
            lead.c.opened_at.label("at"), lead.c.funnel, deal.c.contact_id, deal.c.id.label("deal"),
            deal.c.reason, deal.c.closed_at,
        )
        .join(deal, goes_on)
        .where(lead.c.opened_at >= since, lead.c.opened_at < until, lead.c.reason == CONVERTED, is_first(lead))
    )  # fmt: skip
    steps = begun.cte("converted", recursive=True)
    s = steps.c
    goes_on = and_(led_to(s.contact_id, s.deal, further), further.c.opened_at == s.closed_at)
    again = select(s.at, s.funnel, further.c.contact_id, further.c.id, further.c.reason, further.c.closed_at).join(
        further, goes_on
    )
    return steps.union(again.where(s.reason == CONVERTED))


def instead(lead: Any, deal: Any) -> ColumnElement[bool]:
    """A deal goes on where the lead that has led to it was converted."""
    return and_(lead.reason == CONVERTED, deal.opened_at == lead.closed_at)


def led_to(contact: Any, deal: Any, one: Any) -> ColumnElement[bool]:
    """A robot has opened the other deal because of the one with this number."""
    return and_(one.c.contact_id == contact, one.c.why == _BEFORE + cast(deal, Text) + _BEHIND)
