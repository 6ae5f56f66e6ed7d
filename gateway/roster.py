"""Who is there and how much they have, and whom a deal goes to. Pure: the rows are handed in.

Somebody is there on their shift, unless they said that they are away or their console has long been silent.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bots.kit.hours import Hours
from bots.kit.staffing import Assign
from gateway.clock import Instant
from state.records import Task
from state.staff import Colleague
from state.staff_chats import Chats

SILENT_MS: Final = 30 * 60_000
"""A console that was open today and has not been heard from for so long: its person is not there."""
_WORKERS: Final = ("manager", "head")


@dataclass(slots=True)
class Roster:
    """As of one moment; what is given out since is counted in."""

    people: Sequence[Colleague]
    open_deals: "Counter[int]" = field(default_factory=Counter)
    last: dict[str, int] = field(default_factory=dict)
    """By rule that goes in order: who had the last one."""
    hours: Mapping[str, Hours | None] = field(default_factory=dict)
    """Shifts by calendar; "" is the shop's."""

    def name(self, person_id: int) -> str:
        return next((one.name for one in self.people if one.id == person_id), str(person_id))

    def find(self, person_id: int) -> Colleague | None:
        return next((one for one in self.people if one.id == person_id), None)

    def called(self, word: str) -> Colleague | None:
        """The one who works here under this name (or number), as a telephone system spells it; None: nobody, or several."""
        word = " ".join(word.split()).casefold()
        found = [one for one in self.people if one.active and word == " ".join(one.name.split()).casefold()]
        if not found and word.isdecimal():
            found = [one for one in self.people if one.active and word == str(one.id)]
        return found[0] if len(found) == 1 else None

    def is_there(self, one: Colleague, now: Instant, usual: Hours | None = None) -> bool:
        """`usual`: when those work who have no shift of their own; the shop's hours where it is not said."""
        if not one.active or one.program or (one.away_until is not None and now < one.away_until):
            return False
        hours = self._shift(one, usual)
        if hours is not None and not hours.is_open(now):
            return False
        if one.seen_at is None:
            return True  # works without a console, or it is the first day: the shift is all that is known
        since = now if hours is None else _opened(hours, now)
        return one.seen_at < since or now - one.seen_at <= SILENT_MS

    def next_there(self, people: Sequence[Colleague], now: Instant) -> Instant | None:
        """When the next of them is expected; None: nobody knows."""
        here = (one for one in people if one.active and not one.program)
        times = [at for one in here if (at := self._back(one, now)) is not None]
        return min(times, default=None)

    def _back(self, one: Colleague, now: Instant) -> Instant | None:
        at = max(now, one.away_until or 0)
        if one.away_until is not None and one.away_until >= FOREVER:
            return None
        hours = self._shift(one)
        at = hours.next_open(at) if hours is not None else at
        return at if at > now else None

    def _shift(self, one: Colleague, usual: Hours | None = None) -> Hours | None:
        return (self.hours.get(one.calendar) if one.calendar else None) or usual or self.hours.get("")

    def meant(self, word: str) -> list[Colleague]:
        """The people that a name, a group or a role means; a program only where it is named."""
        return [
            one
            for one in self.people
            if one.active and (word == one.name or (not one.program and (word == one.role or word in one.groups)))
        ]

    def among(self, rule: Assign) -> list[Colleague]:
        if not rule.among:
            return [one for one in self.people if one.active and not one.program and one.role in _WORKERS]
        found = {one.id: one for word in rule.among for one in self.meant(word)}
        return list(found.values())

    def choose(self, rule: Assign, now: Instant, without: frozenset[int] = frozenset()) -> int | None:
        """Whose the next deal is; None: everybody's, or nobody is there who has room for it."""
        if rule.how == "to all":
            return None
        free = [
            one
            for one in self.among(rule)
            if one.id not in without and self.is_there(one, now) and self._has_room(one, rule)
        ]
        if not free:
            return None
        if rule.how == "in order":
            after = [one for one in free if one.id > self.last.get(rule.name, 0)]
            chosen = min(after or free, key=lambda one: one.id)
        else:
            chosen = min(free, key=lambda one: (self.open_deals[one.id], one.id))
        return chosen.id

    def _has_room(self, one: Colleague, rule: Assign) -> bool:
        limits = [limit for limit in (one.capacity, rule.capacity) if limit]
        return not limits or self.open_deals[one.id] < min(limits)

    def give(self, person_id: int, rule: str = "") -> None:
        self.open_deals[person_id] += 1
        if rule:
            self.last[rule] = person_id

    def lightest(self, word: str, now: Instant, without: frozenset[int] = frozenset()) -> int | None:
        """One of those that a word means: who is there before who is not, then who has least."""
        found = [one for one in self.meant(word) if one.id not in without]
        best = min(found, key=lambda one: (not self.is_there(one, now), self.open_deals[one.id], one.id), default=None)
        return best.id if best is not None else None


FOREVER: Final = 250_000_000_000_000
"""Away until further notice."""


def _opened(hours: Hours, now: Instant) -> Instant:
    """When today's shift began."""
    return next((start for start, end in hours.spans(now - 86_400_000) if start <= now < end), now)


def _nobody() -> Roster:
    return Roster(())


def _no_contact(_contact: int, _since: Instant) -> bool:
    return False


def _nobodys(_point: str) -> int | None:
    return None


def _nothing(_deal: int) -> Sequence[Task]:
    return ()


@dataclass(frozen=True, slots=True)
class Look:
    """What few turns need to know beside the lane's own rows: each is read when it is asked for."""

    roster: Callable[[], Roster] = _nobody
    """Who works here and is there."""
    open_tasks: Callable[[int], Sequence[Task]] = _nothing
    """Of a deal, as they were before this turn."""
    is_known: Callable[[str], bool] = bool
    """Whether an address, by its key, is somebody's already."""
    owner: Callable[[str], int | None] = _nobodys
    """Whose a phone or an e-mail is, by its point's key."""
    was_in_contact: Callable[[int, Instant], bool] = _no_contact
    """Whether a person has spoken with this contact since then."""
    chats: Chats | None = None
    """Staff's own chats with the bot."""
