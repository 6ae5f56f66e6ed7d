"""Addresses that nobody has written from: a phone that a form, a call or an order has told can be written to.

Only on the channels that a rule names, and only where the shop has them: an SMS costs money.
"""

from collections.abc import Iterable
from typing import Final

from gateway.ledger import Ledger
from state.records import Identity

BY_PHONE: Final = ("sms", "whatsapp")
"""Channels whose addresses are phone numbers."""


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
