"""What everybody in a simulation shares: the rehearsal, the agenda of what is going to happen, and what has arrived."""

import heapq
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from gateway.channels.base import Outcome, Outgoing, Sent
from gateway.desk import Command
from gateway.events import Event, Ignored, Received, Unusable
from gateway.rehearsal import Rehearsal
from state.records import Instant, Person

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_BRACES: Final = re.compile(r"\{[^{}]*\}|\{\{|\}\}")

Act = Callable[[], Awaitable[None] | None]


def unfit(text: str, values: dict[str, object], *, template: bool) -> str:
    """Why a message should not have gone out like this; empty: it may. Customers here never write braces themselves."""
    if _BRACES.search(text):
        return "has braces"
    if template and not all(str(value).strip() for value in values.values()):
        return "has an empty value"
    return "" if text.strip() or template else "is empty"


@dataclass(slots=True)
class World:
    rehearsal: Rehearsal
    random: Random
    ends: Instant
    faults: bool = False
    trouble: float = 1.0
    """How many times as often as usual providers fail and people are away."""
    agenda: list[tuple[Instant, int, Act]] = field(default_factory=list)
    arrivals: dict[tuple[str, str], list[Received]] = field(default_factory=dict)
    """By channel and account: what comes in with the next step."""
    asks: list[tuple[int, int, Command, Person]] = field(default_factory=list)
    """What managers ask with the next step: contact, deal, command, who."""
    ears: dict[tuple[str, str], Callable[[Outgoing], None]] = field(default_factory=dict)
    """By channel and address: customers who hear what is sent there."""
    delivered: "Counter[int]" = field(default_factory=Counter)
    """How often each part was confirmed."""
    wrong: list[str] = field(default_factory=list)
    """Invariants that were seen broken on the way."""
    counts: "Counter[str]" = field(default_factory=Counter)
    restart: Act | None = None
    _plans: int = 0
    _events: int = 0
    _repeat: tuple[tuple[str, str], Received] | None = None

    @property
    def now(self) -> Instant:
        return self.rehearsal.clock.at

    @property
    def language(self) -> str:
        return self.rehearsal.house.playbook.language

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def pick(self, among: Any) -> Any:
        return among[self.random.randrange(len(among))]

    def within(self, least: float, most: float) -> int:
        """Some time between, short ones more often than long ones, in ms."""
        return int(least + (most - least) * self.random.random() ** 2)

    def plan(self, at: Instant, act: Act) -> None:
        if at < self.ends:
            self._plans += 1
            heapq.heappush(self.agenda, (at, self._plans, act))

    def arrive(self, channel: str, account: str, event: Event | Ignored | Unusable) -> None:
        """It comes in with the next step; some come twice."""
        self._events += 1
        one = Received(f"s{self._events}", event, repr(event).encode())
        self.arrivals.setdefault((channel, account), []).append(one)
        if self._repeat is not None and self.chance(0.01):
            place, again = self._repeat
            self.arrivals.setdefault(place, []).append(again)
        self._repeat = (channel, account), one

    def sent(self, channel: str, account: str, out: Outgoing, outcome: Outcome | None) -> Outcome | None:
        """A channel was asked to send: whoever lives at the address hears it, unless a fault prevents it."""
        if out.kind in ("ack", "call"):
            return outcome
        if out.kind != "media" and (why := unfit(out.text, dict(out.variables), template=out.kind == "template")):
            self.wrong.append(f"part {out.part} {why}: {out.text[:80]!r} {dict(out.variables)}")
        if self.delivered[out.part]:
            self.wrong.append(f"part {out.part} was sent again after it was confirmed")
        if outcome is None or isinstance(outcome, Sent):
            self.delivered[out.part] += 1
            self.counts["messages out"] += 1
            if ear := self.ears.get((channel, out.address)):
                ear(out)
        return outcome
