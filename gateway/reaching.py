"""A phone that a customer has left is an address on WhatsApp and by SMS, too. It becomes one when something goes there.

Only a robot that names the channel writes to it; and where somebody else has that address, nobody does.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from bots.kit.words import as_text
from bots.robots.messages import CHANNELS
from gateway.ledger import Ledger
from state.inbox import identity_key
from state.records import Deal, Identity

_BY_PHONE: Final = ("whatsapp", "sms")


def wished(deal: Deal, by: Iterable[str]) -> tuple[str, ...]:
    """The channels that a rule means: by name, or as the customer's wish in a field of the deal says: `E-mail`, `sms`."""
    words = (
        word if word in CHANNELS else as_text(deal.fields.get(word)).strip().lower().replace("-", "") for word in by
    )
    return tuple(dict.fromkeys(word for word in words if word in CHANNELS))


def by_phone(ledger: Ledger, channels: tuple[str, ...]) -> Iterator[Identity]:
    """Addresses that the contact could have on these channels and has not; none of them is kept yet."""
    phone = ledger.contact.phone
    if not phone.startswith("+"):
        return
    theirs = {one.channel for one in ledger.rows.identities.values()}
    accounts = [key.split(":", 1) for key in ledger.house.channels]
    for channel in channels:
        account = next((account for of, account in accounts if of == channel), None)
        if channel in _BY_PHONE and channel not in theirs and account is not None:
            if ledger.look.is_known(identity_key(channel, account, phone)):
                continue
            yield Identity(
                ledger.ids.take("identity"), ledger.contact.id, channel, account, phone, "", "", None, ledger.now
            )


def keep(ledger: Ledger, identity: Identity) -> None:
    """Something goes there: it is the contact's from here on. Where it has been so, nothing changes."""
    if identity.id not in ledger.rows.identities:
        ledger.rows.identities[identity.id] = identity
        ledger.writes.new_identities.append(identity)
