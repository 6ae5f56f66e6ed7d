"""Somebody goes, for good or for a while, or comes back: what they have finds others, what waits in the pool is given out.

Each deal's own lane sees to it, as soon as it has its turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bots.kit.business import Playbook
from bots.kit.problems import did_you_mean
from gateway.assigning import LEAVE, NUMBER, usual
from gateway.clock import Instant
from gateway.refusals import Invalid
from gateway.roster import FOREVER, Roster
from state import people, staff
from state.database import Connection
from state.staff import Colleague


@dataclass(frozen=True, slots=True)
class Heirs:
    """Who may get what somebody has had: the playbook's rules, and whoever works here."""

    shop: Playbook
    colleagues: Sequence[Colleague]

    def word(self, named: str | int, gone: int, field: str) -> str:
        """The word by which deals find them; empty: as new deals are given. Raises `Invalid` where it means nobody else."""
        if named == "":
            return usual(self.shop)
        if named in self.shop.assign:
            return str(named)
        member = self.shop.team.get(str(named))
        word = member.name if member is not None else str(named)
        meant = Roster(self.colleagues).meant(word)
        if not meant and word.isdecimal() and len(word) < 19:
            meant = [one for one in self.colleagues if one.id == int(word) and one.active]
            word = f"{NUMBER}{word}"
        if not meant:
            raise Invalid(field, f"nobody here is {str(named)!r}. {did_you_mean(str(named), self._known())}")
        if all(one.id == gone for one in meant):
            raise Invalid(field, "must be somebody else than who goes")
        return word

    def _known(self) -> list[str]:
        here = [one for one in self.colleagues if one.active and not one.program]
        words = [*self.shop.assign, *(one.name for one in here), *(group for one in here for group in one.groups)]
        return list(dict.fromkeys([*words, *(one.role for one in here)]))


def leave(conn: Connection, person: int, heir: str, now: Instant) -> int:
    """For good: every token and chat of theirs ends. The answer: how many deals are to find another."""
    people.deactivate(conn, person, now)
    return _hand_over(conn, person, heir, now)


def go_away(conn: Connection, person: int, until: Instant | None, heir: str, now: Instant) -> int:
    """For a while, without `until` until they are back; with an heir what they have goes to others at once."""
    staff.edit(conn, person, now, away_until=FOREVER if until is None else until)
    return _hand_over(conn, person, heir, now) if heir else 0


def come_back(conn: Connection, person: int, now: Instant) -> int:
    """The answer: how many deals of the pool are looked at again."""
    return staff.edit(conn, person, now, away_until=None)


def _hand_over(conn: Connection, person: int, heir: str, now: Instant) -> int:
    return staff.hand_over(conn, person, f"{LEAVE}{person}:{heir}", now)
