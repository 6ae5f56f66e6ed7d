"""Where a customer can be written to: at an address they have, or by their phone on WhatsApp and by SMS, too.

The latter becomes an address of theirs when something goes there. Only who names the channel writes to it; and where
somebody else has that address, nobody does.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from typing import Final

from bots.kit.problems import did_you_mean
from bots.kit.words import as_text
from bots.robots.effects import HERE
from bots.robots.messages import CHANNELS
from gateway.house import House
from gateway.ledger import Ledger
from gateway.refusals import Invalid
from gateway.routes import reply_route
from state.inbox import identity_key
from state.records import Contact, Deal, Identity

BY_PHONE: Final = ("whatsapp", "sms")
NOT_KEPT: Final = 0
"""The number of an address that nobody has written to yet."""


def wished(deal: Deal, by: Iterable[str]) -> tuple[str, ...]:
    """The channels that a rule means: by name, or as the customer's wish in a field of the deal says: `E-mail`, `sms`."""
    words = (
        word if word in CHANNELS else as_text(deal.fields.get(word)).strip().lower().replace("-", "") for word in by
    )
    return tuple(dict.fromkeys(word for word in words if word in CHANNELS))


def by_phone(ledger: Ledger, channels: tuple[str, ...]) -> Iterator[Identity]:
    """Addresses that the contact could have on these channels and has not; none of them is kept yet."""
    theirs = ledger.rows.identities.values()
    for one in _possible(ledger.house, ledger.contact, theirs, channels):
        if not ledger.look.is_known(identity_key(one.channel, one.account, one.address)):
            yield replace(one, id=ledger.ids.take("identity"), created_at=ledger.now)


def _possible(
    house: House, contact: Contact, theirs: Iterable[Identity], channels: Iterable[str]
) -> Iterator[Identity]:
    if not contact.phone.startswith("+"):
        return
    known = {one.channel for one in theirs if one.heard_at is not None or one.address == contact.phone}
    accounts = [key.split(":", 1) for key in house.channels]
    for channel in channels:
        account = next((account for of, account in accounts if of == channel), None)
        if channel in BY_PHONE and channel not in known and account is not None:
            yield Identity(NOT_KEPT, contact.id, channel, account, contact.phone, "", "", None, 0)


def way_to_write(
    house: House, contact: Contact, deal: Deal, theirs: Collection[Identity], channel: str, is_known: Callable[[str], bool]
) -> Identity:  # fmt: skip
    """Where a person's message goes. Raises `Invalid` where that is nowhere."""
    known = reply_route(house, contact, deal, theirs, channel)
    if known is not None and not (channel in BY_PHONE and known.barred and known.address != contact.phone):
        return known
    possible = list(_possible(house, contact, theirs, [channel] if channel else BY_PHONE))
    free = [one for one in possible if not is_known(identity_key(one.channel, one.account, one.address))]
    if channel and free:
        return free[0]
    if known is not None:
        return known
    raise Invalid("channel", _why_not(house, theirs, channel, possible, free))


def _why_not(
    house: House, theirs: Iterable[Identity], channel: str, possible: list[Identity], free: list[Identity]
) -> str:  # fmt: skip
    if not channel:
        named = " or ".join(one.channel for one in free)
        return (
            f"no address to write to; by their phone: name the channel {named}" if named else "no address to write to"
        )
    connected = dict.fromkeys(key.partition(":")[0] for key in house.channels)
    known = [*connected, *(one for one in CHANNELS if one != HERE), *(one.channel for one in theirs)]
    if channel not in known:
        return f"there is no channel {channel!r}. {did_you_mean(channel, dict.fromkeys(known))}"
    if channel not in connected:
        return f"nothing can be sent over {channel}; choose another channel"
    if possible:
        return f"their phone is another contact's on {channel}: join the two, or choose another channel"
    lacks = "no phone, and so " if channel in BY_PHONE else ""
    return f"the customer has {lacks}no address on this channel"


def keep(ledger: Ledger, identity: Identity) -> None:
    """Something goes there: it is the contact's from here on. Where it has been so, nothing changes."""
    if identity.id not in ledger.rows.identities:
        if identity.id == NOT_KEPT:
            identity.id, identity.created_at = ledger.ids.take("identity"), ledger.now
        ledger.rows.identities[identity.id] = identity
        ledger.writes.new_identities.append(identity)
