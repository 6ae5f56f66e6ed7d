"""A contact put right by a person: name, phone, e-mail. What leads to the contact follows.

A phone or an e-mail that is another contact's already stays that one's: whoever corrects is told, for the two may be one person.
"""

from dataclasses import dataclass
from typing import Final

from gateway.ledger import Ledger
from gateway.reaching import BY_PHONE
from gateway.refusals import Conflict, Invalid
from state.inbox import MAIL, identity_key, point_keys
from state.records import Identity, Person

_TITLES: Final = {"name": "changed_name", "phone": "changed_phone", "email": "changed_email"}

_OF: Final = {"phone": BY_PHONE, "email": (MAIL[0],)}
"""Channels on which it is an address."""


@dataclass(frozen=True, slots=True)
class CorrectContact:
    """Of the contact whose lane it is. None: as it is; empty: there is none."""

    name: str | None = None
    phone: str | None = None
    """E.164."""
    email: str | None = None
    """In lower case."""


def correct(ledger: Ledger, command: CorrectContact, who: Person) -> None:
    contact = ledger.contact
    given = {name: getattr(command, name) for name in _TITLES}
    fresh = {name: value for name, value in given.items() if value is not None and value != getattr(contact, name)}
    if not fresh:
        return
    left = {name: fresh.get(name, getattr(contact, name)) for name in _TITLES}
    if not any(left.values()) and not ledger.rows.identities:
        raise Invalid("name", "nothing would be left by which the contact is known")
    for kind in ("phone", "email"):
        if kind in fresh:
            _lead(ledger, kind, getattr(contact, kind), fresh[kind])
    for name, value in fresh.items():
        setattr(contact, name, value)
    ledger.touch_contact()
    what = ", ".join(ledger.words.line(_TITLES[name], value=value or "—") for name, value in fresh.items())
    data = {"event": "contact_corrected", "by": who.id, "changed": sorted(fresh)}
    for deal in ledger.rows.deals:
        if deal.closed_at is None:
            text = ledger.words.line("contact_corrected", who=who.name, what=what)
            ledger.write_entry(deal, "system", author="manager", text=text, data=data, person=who)


def _lead(ledger: Ledger, kind: str, was: str, value: str) -> None:
    """The new phone or e-mail leads to the contact; the old one does no more, unless a channel has proved it."""
    mine = ledger.contact.id
    for key in point_keys({kind: value}):
        address = identity_key(*MAIL, value)
        foreign = kind == "email" and ledger.identity(*MAIL, value) is None and ledger.look.is_known(address)
        if foreign or ledger.look.owner(key) not in (None, mine):
            raise Conflict(f"{kind}_taken", f"this {kind} is another contact's")
        ledger.writes.points.append({"key": key, "contact_id": mine, "verified_at": None})
        if kind == "email" and ledger.identity(*MAIL, value) is None:
            fresh = Identity(ledger.ids.take("identity"), mine, *MAIL, value, "", "", None, ledger.now)
            ledger.rows.identities[fresh.id] = fresh
            ledger.writes.new_identities.append(fresh)
    for one in ledger.rows.identities.values():
        if value and one.channel in _OF[kind] and one.address == value and one.barred == "not_found":
            one.barred = ""  # it was taken for a slip before, or nobody was there then: who corrects knows better
            ledger.touch_identity(one)
    ledger.writes.lost_points += [(mine, key) for key in point_keys({kind: was})]
    for one in ledger.rows.identities.values():
        if was and one.channel in _OF[kind] and one.address == was and one.heard_at is None and not one.barred:
            one.barred = "not_found"  # nobody has ever answered there: it was wrong, and nothing more goes to it
            ledger.touch_identity(one)
            ledger.writes.dropped.append((one.id, one.barred))
