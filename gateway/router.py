"""Which deal does this belong to, and why. Pure, and the reason is kept as data.

The rule of every source: what a contact says joins their active deal, in whatever funnel; without one, it opens a deal.
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


def active(deals: Sequence[Deal], slot: str) -> Deal | None:
    """The contact's active deal: the one where new inquiries go (`slot`), else the newest in whatever funnel group."""
    still = [d for d in deals if d.closed_at is None]  # one may have been closed earlier in the same turn
    return next((d for d in still if d.slot == slot), max(still, key=lambda d: (d.opened_at, d.id), default=None))


def route(open_deals: Sequence[Deal], slot: str, source: str, *, opens: bool = True) -> Attach | Open | Leave:
    """`slot` is the funnel group that new inquiries enter; `source` is the channel, form or line it came by."""
    deal = active(open_deals, slot)
    if deal is not None:
        return Attach(deal, f"joined: the contact's open deal {deal.id} in {deal.slot}, by {source}")
    if not opens:
        return Leave(f"left: no open deal, and {source} opens none")
    return Open(f"opened: no open deal, by {source}")
