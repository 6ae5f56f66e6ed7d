"""Addresses that nobody has written from: a phone that a form, a call or an order has told can be written to.

Only on the channels that a rule names, and only where the shop has them: an SMS costs money.
"""

from collections.abc import Iterable
from typing import Final

from bots.kit.words import as_text
from bots.robots.acting import CHANNELS
from gateway.ledger import Ledger
from state.records import Deal, Identity

BY_PHONE: Final = ("sms", "whatsapp")
"""Channels whose addresses are phone numbers."""


def wished(deal: Deal, by: Iterable[str]) -> tuple[str, ...]:
    """The channels that a rule means: by name, or as the customer's wish in a field of the deal says: `E-mail`, `sms`."""
    words = (
        word if word in CHANNELS else as_text(deal.fields.get(word)).strip().lower().replace("-", "") for word in by
    )
    return tuple(dict.fromkeys(word for word in words if word in CHANNELS))


def reach_by_phone(ledger: Ledger, channels: Iterable[str]) -> None:
    """See that the contact has an address on each of these channels, if their phone is one there."""
    phone = ledger.contact.phone
    had = {one.channel for one in ledger.rows.identities.values()}
    for channel in channels:
        account = next((key.partition(":")[2] for key in ledger.house.channels if key.startswith(f"{channel}:")), "")
        if phone and account and channel in BY_PHONE and channel not in had:
            ledger.meet(
                Identity(
                    ledger.ids.take("identity"), ledger.contact.id, channel, account, phone, "", "", None, ledger.now
                )
            )
