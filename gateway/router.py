"""Which deal does this belong to, and why. Pure, and the reason is kept as data.

The rule of every source: what a contact says joins their active deal; without one, it opens a deal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from state.records import Deal


@dataclass(frozen=True, slots=True)
class Attach:
    deal: Deal
    why: str


@dataclass(frozen=True, slots=True)
class Open:
    why: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Belongs to no deal and opens none."""

    why: str


def route(open_deals: Sequence[Deal], slot: str, source: str, *, opens: bool = True) -> Attach | Open | Leave:
    """`slot` is the funnel group that new inquiries enter; `source` is the channel, form or line it came by."""
    open_deals = [d for d in open_deals if d.closed_at is None]  # one may have been closed earlier in the same turn
    for deal in open_deals:
        if deal.slot == slot:
            return Attach(deal, f"joined: the contact's open deal {deal.id} in {slot}, by {source}")
    if open_deals:
        deal = max(open_deals, key=lambda d: d.opened_at)
        if not opens:
            return Attach(deal, f"joined: the contact's newest open deal {deal.id}, by {source}")
    if not opens:
        return Leave(f"left: no open deal, and {source} opens none")
    return Open(f"opened: no open deal in {slot}, by {source}")
