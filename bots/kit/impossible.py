"""Conditions that no deal can meet: against the kind of what they ask about, and against each other on one line.

What is surely so is an error; what somebody may have written into a deal by hand after all is a warning.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from bots.kit.conditions import COMPARING, MEASURING, Test, as_compared, as_number
from bots.kit.problems import MOST, did_you_mean, nearest, shown
from bots.kit.reader import Node
from bots.kit.schema import Findings


@dataclass(frozen=True, slots=True)
class Shape:
    """What may be in a field, or in whatever else a condition asks about."""

    kind: str = "text"
    choices: tuple[str, ...] = ()
    sure: bool = True
    """Nothing else can be there; else people and other systems may put in anything."""
    open: bool = False
    """Other words are meant, too: only what is nearly one of the choices is told of."""
    besides: str = ""
    """What else could be done about a value that is no choice."""
    compared: frozenset[str] = field(init=False, default=frozenset())
    """The choices, as values are compared with them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "compared", frozenset(map(as_compared, self.choices)))


@dataclass(frozen=True, slots=True)
class Asked:
    """A test as it was written."""

    test: Test
    at: Node
    words: tuple[str, ...] = ()


TEXT: Final = Shape()
_NAMES: Final = {
    "money": "a sum of money",
    "number": "a number",
    "date": "a day",
    "phone": "a phone",
    "choice": "a choice",
}
_LIKE: Final = {
    "money": "Write it in minor units: 350000 is 3 500",
    "number": "Write it in digits: 3",
    "date": "Write it like 2026-03-12",
    "phone": "Write it like +79161234567",
}
_NEARLY: Final = 75
_MOST_CHOICES: Final = 500
"""Among which a word of theirs is looked for."""
_NEEDS_A_VALUE: Final = ("is", "has", "over", "under", "not empty")


def look(asked: Sequence[Asked], shape: Shape, found: Findings) -> None:
    """All that one line asks of its subject."""
    for one in asked:
        if one.test.operator in MEASURING:
            _measured(one, shape, found)
        elif one.test.operator in COMPARING:
            _compared(one, shape, found)
    _excluding(asked, shape, found)


def _measured(one: Asked, shape: Shape, found: Findings) -> None:
    subject, operator = one.test.subject, one.test.operator
    if shape.kind == "tags":
        found.error(one.at, f"'{operator}' compares numbers, and tags are none", "Write {has: tag}", "impossible")
    elif shape.kind in ("date", "phone") or (
        shape.choices and not any(as_number(it) is not None for it in shape.choices)
    ):
        what = f"'{operator}' compares numbers, and '{subject}' is {_NAMES.get(shape.kind, 'none')}"
        remedy = (
            f"Have a robot keep to the day: 'at: {subject}'" if shape.kind == "date" else "Write {is: …} or {is not: …}"
        )
        found.error(one.at, what, remedy, "impossible")


def _compared(one: Asked, shape: Shape, found: Findings) -> None:
    subject, operator = one.test.subject, one.test.operator
    if shape.kind == "tags":
        if operator in ("is", "is not"):
            better = "has" if operator == "is" else "has not"
            what = f"'{operator}' compares all tags of a deal together"
            found.warn(one.at, what, f"Write {{{better}: {one.words[0] if one.words else 'tag'}}}", "impossible")
        return
    for word in one.words:
        if shape.choices:
            _chosen(word, one, shape, found)
        elif operator in ("is", "is not") and not _fits(word, shape.kind):
            what = f"'{subject}' is {_NAMES[shape.kind]}, and '{shown(word)}' is none"
            found.error(one.at, what, _LIKE[shape.kind], "impossible")


def _chosen(word: str, one: Asked, shape: Shape, found: Findings) -> None:
    said = as_compared(word)
    if said in shape.compared or len(found) >= MOST:
        return
    if one.test.operator in ("has", "has not") and any(
        Test("", "has", (said,)).holds(it) for it in shape.choices[:_MOST_CHOICES]
    ):
        return
    what = f"'{one.test.subject}' is never '{shown(word)}'"
    if shape.open and nearest(word, shape.choices, least=_NEARLY) is None:
        return
    tell = found.error if shape.sure else found.warn
    tell(one.at, what, did_you_mean(word, shape.choices, shape.besides), "impossible")


def _fits(word: str, kind: str) -> bool:
    match kind:
        case "money":
            return (number := as_number(word)) is not None and number == int(number)
        case "number":
            return as_number(word) is not None
        case "phone":
            return word.startswith("+") and any(sign.isdigit() for sign in word)
        case "date":
            try:
                return bool(date.fromisoformat(word.strip()[:10]))
            except ValueError:
                return False
        case _:
            return True


# -- one line against itself -------------------------------------------------------------------------------------------


def _excluding(asked: Sequence[Asked], shape: Shape, found: Findings) -> None:
    by: dict[str, Asked] = {one.test.operator: one for one in asked}
    over, under = by.get("over"), by.get("under")
    if over and under:
        low, high = over.test.bound, under.test.bound
        if low >= high or (shape.kind == "money" and high - low <= 1):
            what = f"nothing is over {low:.0f} and under {high:.0f}"
            found.error(under.at, what, "Make 'under' the greater one; or write two rules", "contradiction")
    if empty := by.get("empty"):
        for operator in _NEEDS_A_VALUE:
            if operator in by:
                _exclude(empty, by[operator], found)
                return
    wanted = by.get("is")
    if wanted and wanted.test.values:
        for operator in ("is not", "over", "under"):
            other = by.get(operator)
            if other and not any(other.test.holds(value) for value in wanted.test.values):
                _exclude(wanted, other, found)
    has, lacks = by.get("has"), by.get("has not")
    if has and lacks and has.test.values and set(has.test.values) <= set(lacks.test.values):
        _exclude(has, lacks, found)


def _exclude(one: Asked, other: Asked, found: Findings) -> None:
    what = f"'{one.test.operator}' and '{other.test.operator}' exclude each other"
    found.error(
        max(one.at, other.at, key=lambda at: (at.line, at.column)),
        what,
        "Remove one; or write two rules, one for each",
        "contradiction",
    )
