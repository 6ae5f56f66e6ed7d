"""Where a message to a customer goes, and whether free text may go there now. Pure."""

from collections.abc import Iterable

from gateway.clock import Instant
from gateway.house import House
from gateway.refusals import Invalid
from state.records import Deal, Identity


def reply_route(house: House, deal: Deal, identities: Iterable[Identity], channel: str = "") -> Identity:
    """Where the customer last wrote from, or their latest address on the channel that is named."""
    known = list(identities)
    if not channel:
        route = next((one for one in known if one.id == deal.route_id), None)
        if route is not None:
            return route
    found = [one for one in known if not channel or one.channel == channel]
    found = [one for one in found if house.can_send(one.channel, one.account)] or found
    if not found:
        raise Invalid("channel", "the customer has no address on this channel" if channel else "no address to write to")
    return max(found, key=lambda one: (one.heard_at or 0, one.id))


def window_shut(house: House, identity: Identity, now: Instant) -> bool:
    """Whether this customer wrote too long ago for free text on this channel."""
    hours = house.limits(identity.channel, identity.account).window_hours
    return bool(hours) and (identity.heard_at is None or now > identity.heard_at + hours * 3_600_000)
