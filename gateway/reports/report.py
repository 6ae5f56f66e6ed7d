"""What a report is: lines of numbers, each with the facts behind it. `state/` says what is counted, a `Kind` what it means."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final, Literal

from bots.kit.business import Funnel, Playbook
from state import facts
from state.database import Connection
from state.facts import Facts, Key, Narrow

Unit = Literal["count", "percent", "money", "seconds"]
"""Money is in minor units."""
Value = int | float | None

ALL: Final = frozenset({"head", "admin"})
OF_BOTS: Final = ALL | {"marketer"}
OWN: Final = ALL | {"manager"}


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    unit: Unit = "count"
    rows: str = ""
    """The number whose facts are behind it, where that is another one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to a report."""

    playbook: Playbook
    first: date
    last: date
    narrow: Narrow

    def funnels(self) -> tuple[Funnel, ...]:
        return tuple(one for one in self.playbook.funnels if self.narrow.funnel in ("", one.name))


@dataclass(slots=True)
class Line:
    key: Key
    title: str = ""
    values: dict[str, Value] = field(default_factory=dict)
    hint: str = ""
    """What the numbers mean, where they say something: `bad_leads` or `bad_selling`."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to look at the business."""

    name: str
    way: str
    """Of the ways that the report can be asked for; empty: there is one."""
    title: str
    formula: str
    """How each number comes about."""
    dims: tuple[str, ...]
    columns: tuple[Column, ...]
    lines: Callable[[Connection, Asked], list[Line]]
    """The last one has no key where it is of all the others together."""
    find: Callable[[Connection, Asked, Key, str], tuple[Facts, Key, str]]
    """The facts behind a number: of which line and by what name they are counted."""
    roles: frozenset[str] = ALL
    total: bool = False
    """There is a line of all the others together."""

    def column(self, name: str) -> Column | None:
        return next((one for one in self.columns if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Report:
    kind: Kind
    asked: Asked
    lines: Sequence[Line]


def count(conn: Connection, *several: Facts) -> dict[Key, Line]:
    """The numbers of several facts with the same dimensions, line by line."""
    lines: dict[Key, Line] = {}
    for one in several:
        for key, numbers in facts.count(conn, one).items():
            lines.setdefault(key, Line(key)).values.update(numbers)
    return lines


def fill(lines: Mapping[Key, Line], columns: Sequence[Column]) -> None:
    """What nobody has counted anywhere is none; what cannot be told is nothing."""
    for line in lines.values():
        for one in columns:
            line.values.setdefault(one.name, 0 if one.unit in ("count", "money") else None)


def counting(several: Callable[[Connection, Asked], Sequence[Facts]]) -> Callable[..., tuple[Facts, Key, str]]:
    """A `find` for reports whose numbers stand in the facts as they are; a line without a key is of all."""

    def find(conn: Connection, asked: Asked, key: Key, what: str) -> tuple[Facts, Key, str]:
        for one in several(conn, asked):
            if what in one.counts or what in one.sums:
                return one if key else replace(one, dims=()), key, what
        raise KeyError(what)

    return find


def together(lines: Iterable[Line], columns: Sequence[Column]) -> Line:
    """All of them: what is counted in one is counted in no other."""
    several = list(lines)
    counted = [one.name for one in columns if one.unit in ("count", "money")]
    return Line((), "", {name: sum(line.values[name] or 0 for line in several) for name in counted})


def share(part: Any, whole: Any) -> float | None:
    """Per cent."""
    return round(100 * part / whole, 1) if whole else None
