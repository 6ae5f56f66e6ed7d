"""The nouns of a funnel that moves by itself: robots, triggers, and the board that holds a playbook's.

A robot belongs to a stage and fires in each stay of a deal there; a trigger belongs to a funnel and fires when
something happens to one of its deals.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bots.kit.conditions import Test
from bots.kit.spans import AT_ONCE, Span
from bots.robots.actions import Action


@dataclass(frozen=True, slots=True)
class Robot:
    name: str
    """Its own in the funnel."""
    funnel: str
    stage: str
    wait: Span = AT_ONCE
    """Since the deal entered the stage, since the robot before has had its turn, or since the day in `at`."""
    every: int = 0
    """Milliseconds after which it has its turn again, as long as the deal stays; 0: once."""
    after: str = ""
    """The robot that it follows, whatever came of that one."""
    at: str = ""
    """The date field that it keeps to; it moves when the field does."""
    before: int = 0
    """Milliseconds before that day."""
    working: bool = False
    """Never while the shop is shut: it waits for the next opening."""
    tests: tuple[Test, ...] = ()
    actions: tuple[Action, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Trigger:
    name: str
    funnel: str
    on: str
    """What happens: `message`, `call`, `order`, ..."""
    which: str = ""
    """Which of its kind: `missed`, `paid`, a form's name; empty: any."""
    stages: tuple[str, ...] = ()
    """Where the deal must be; empty: in any open stage."""
    tests: tuple[Test, ...] = ()
    actions: tuple[Action, ...] = ()
    line: int = 0

    def hears(self, on: str, which: str, stage: str) -> bool:
        return self.on == on and self.which in ("", which) and (not self.stages or stage in self.stages)


@dataclass(frozen=True, slots=True)
class Mention:
    """A name that only the shop's scripts can explain, and where the playbook says it."""

    name: str
    funnel: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Board:
    """All robots and triggers of a playbook, as they are looked for."""

    robots: Mapping[tuple[str, str], tuple[Robot, ...]] = field(default_factory=dict)
    """By funnel and stage, in the order in which they are written."""
    triggers: Mapping[tuple[str, str], tuple[Trigger, ...]] = field(default_factory=dict)
    """By funnel and what happens."""
    dates: frozenset[str] = frozenset()
    """Fields that a robot keeps to."""
    passing: frozenset[str] = frozenset()
    """Funnels with tasks that end when the deal leaves the stage."""
    starts: tuple[Mention, ...] = ()
    """Scripts that robots and triggers start."""
    heard: tuple[Mention, ...] = ()
    """Fields whose changes triggers hear."""

    def of(self, funnel: str, stage: str) -> tuple[Robot, ...]:
        return self.robots.get((funnel, stage), ())

    def find(self, funnel: str, stage: str, name: str) -> Robot | None:
        return next((robot for robot in self.of(funnel, stage) if robot.name == name), None)
