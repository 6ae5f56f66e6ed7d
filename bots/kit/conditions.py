"""What a `check` asks of the deal: one subject, one plain operator, what it is compared with.

city: {is: Тверь}      tags: {has: vip}      sum: {over: 5000}      city: empty      hours: open
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal, assert_never

from bots.kit.answers import normalise
from bots.kit.words import as_text

Operator = Literal["is", "is not", "has", "has not", "over", "under", "empty", "not empty", "open", "closed"]

COMPARING: tuple[Operator, ...] = ("is", "is not", "has", "has not")
MEASURING: tuple[Operator, ...] = ("over", "under")
BARE: tuple[Operator, ...] = ("empty", "not empty")
STANDING: tuple[Operator, ...] = ("open", "closed")

SUBJECTS = ("tags", "stage", "language", "hours", "window")
"""What may be asked about besides fields, the customer's name and the channel. A field of that name goes before it."""
OF_TIME = ("hours", "window")


@dataclass(frozen=True, slots=True)
class Test:
    subject: str
    operator: Operator
    values: tuple[str, ...] = ()
    """Normalised."""
    bound: float = 0
    of_deal: bool = False
    """The subject is one of `SUBJECTS`, not a field."""

    def holds(self, value: object) -> bool:
        """Total: a value of whatever kind is compared, and what cannot be compared does not hold."""
        match self.operator:
            case "is":
                return _same(value) in self.values
            case "is not":
                return _same(value) not in self.values
            case "has":
                return _has(value, self.values)
            case "has not":
                return not _has(value, self.values)
            case "over":
                number = as_number(value)
                return number is not None and number > self.bound
            case "under":
                number = as_number(value)
                return number is not None and number < self.bound
            case "empty":
                return not as_text(value).strip()
            case "not empty":
                return bool(as_text(value).strip())
            case "open":
                return value is True
            case "closed":
                return value is False
            case _:
                assert_never(self.operator)


def first_holding(tests: tuple[Test, ...], value: Callable[[Test], object]) -> tuple[bool, str]:
    """Whether all the tests hold, and the subject and value that decided it."""
    for test in tests:
        seen = value(test)
        if not test.holds(seen):
            return False, f"{test.subject}: {as_text(seen)}"
    return True, ", ".join(test.subject for test in tests)


def as_number(value: object) -> float | None:
    """A number, or a text that is one: `1 500,50`."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value) if abs(value) < 10**15 else None
    if isinstance(value, str) and len(value) < 30:
        plain = value.replace(" ", "").replace("\u00a0", "").replace(",", ".")
        bare = plain.removeprefix("-").replace(".", "", 1)
        if bare.isascii() and bare.isdigit():
            return float(plain)
    return None


def _same(value: object) -> str:
    number = as_number(value)
    return f"{number:g}" if number is not None else normalise(as_text(value)[:4_000])


def as_compared(text: str) -> str:
    """A value of the script in the form in which values of the deal are compared with it."""
    return _same(text)


def _has(value: object, values: tuple[str, ...]) -> bool:
    if isinstance(value, Collection) and not isinstance(value, (str, bytes)):
        return any(_same(one) in values for one in list(value)[:200])
    padded = f" {normalise(as_text(value)[:4_000])} "
    return any(f" {one} " in padded for one in values)
