"""Where a message to a customer goes, and whether free text may go there now. Pure."""

from collections.abc import Iterable
from typing import Final

from gateway.clock import Instant
from gateway.house import House
from state.records import Contact, Deal, Identity

WINDOW_MARGIN_MS: Final = 300_000
"""Before the window closes: later than this, free text might not arrive in time."""


def reply_route(
    house: House, contact: Contact, deal: Deal, identities: Iterable[Identity], channel: str = ""
) -> Identity | None:
    """Where the customer last wrote from, or their latest address on the channel that is named; None: they have none."""
    known = [one for one in identities if one.person_id is None]
    if not channel:
        route = next((one for one in known if one.id == deal.route_id), None)
        if route is not None:
            return route
    found = [one for one in known if not channel or one.channel == channel]
    found = [one for one in found if house.can_send(one.channel, one.account)] or found
    # Where nothing was heard, the address that was known first: a form may have brought another since.
    return max(found, key=lambda one: (one.heard_at or 0, one.address == contact.email, one.id), default=None)


def window_until(house: House, identity: Identity) -> Instant | None:
    """Until when free text may be written to this address; None: always."""
    hours = house.limits(identity.channel, identity.account).window_hours
    return (identity.heard_at or 0) + hours * 3_600_000 - WINDOW_MARGIN_MS if hours else None


def window_shut(house: House, identity: Identity, now: Instant) -> bool:
    """Whether this customer wrote too long ago for free text on this channel."""
    until = window_until(house, identity)
    return until is not None and now >= until
