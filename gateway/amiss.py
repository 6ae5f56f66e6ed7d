"""A deed of a robot that did not do what it says: why, and what there is instead, for machines and for people.

Deeds that did what they say leave nothing here: what they have done can be seen.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from gateway.house import House
from gateway.ledger import Ledger
from state.records import Deal

_MOST_MEANT: Final = 200


class Amiss(NamedTuple):
    """One deed. Everything but `meant` is kept with the turn."""

    deed: str
    """As the playbook calls it; `email` and `sms` are messages."""
    why: str
    instead: str = ""
    """`task`: a person is to do it; `close`: the deal was closed; empty: nothing came of it."""
    about: str = ""
    """Whom or what it was about: a field, a rule, a bot, a deal."""
    meant: str = ""
    """What a customer should have read."""

    @property
    def kept(self) -> list[str]:
        return [self.deed, self.why, self.instead, self.about]


_TOLD: Final = ("already", "unfit", "no_date")
"""Reasons of which nobody needs another word: what was to be there is, or a note says it."""


def sentence(house: House, deed: str, why: str, instead: str, about: str) -> str:
    """The same for people."""
    title: Mapping[str, str] = {
        "message": ", ".join(map(house.field_title, about.split(", "))) if about else "",
        "set": house.field_title(about),
        "start": house.title(about),
    }
    told = house.words.amiss[f"{deed} {why}"].format(about=title.get(deed, about))
    return f"{told}. {house.words.line('amiss_task')}" if instead == "task" else told


def tell(ledger: Ledger, deal: Deal, rule: str, one: Amiss) -> None:
    """Where nothing came of it, managers read so in the timeline; where a person has to act, the task says it."""
    if one.instead or one.why in _TOLD:
        return
    text = sentence(ledger.house, *one[:4])
    if one.meant:
        text += ". " + ledger.words.quoted.format(" ".join(one.meant.split())[:_MOST_MEANT])
    data = {"event": "robot", "rule": rule, "deed": one.deed, "why": one.why}
    ledger.write_entry(deal, "system", author="robot", text=text, data=data)
