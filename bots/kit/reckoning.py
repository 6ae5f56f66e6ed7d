"""Fields that are reckoned from others: sums and differences of money, `budget - advance`. Pure; no other arithmetic.

The first of them must be known; of the others, what is not there counts as nothing.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

Terms = tuple[tuple[int, str], ...]
"""(1 or -1, field), in their order."""

_SUM: Final = re.compile(r"\w{1,64}(?:\s*[+-]\s*\w{1,64}){1,9}")
_TERM: Final = re.compile(r"([+-]?)\s*(\w+)")
_SAID: Final = re.compile(r"-?\d{1,13}(?:[.,]\d{1,2})?")
_MOST: Final = 10**13


def terms_of(text: str) -> Terms | None:
    """`budget - advance` → ((1, budget), (-1, advance)); None: it is no sum of two to ten fields."""
    if not _SUM.fullmatch(text.strip()):
        return None
    return tuple((-1 if sign == "-" else 1, name) for sign, name in _TERM.findall(text))


def reckoned(terms: Terms, fields: Mapping[str, object]) -> int | str:
    """Minor units; empty where the first is not known, or one of them is no money."""
    total = 0
    for place, (sign, name) in enumerate(terms):
        value = fields.get(name)
        if value in (None, ""):
            if place == 0:
                return ""
            continue
        sum_ = minor_units(value)
        if sum_ is None:
            return ""
        total += sign * sum_
    return total


def minor_units(value: object) -> int | None:
    """Whole numbers are minor units, in digits as well; with a fraction it is major ones: `1250.50`."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) <= _MOST else None
    said = f"{value:.2f}" if isinstance(value, float) else value
    if not isinstance(said, str):
        return None
    said = said.replace(" ", "").replace("\u00a0", "")
    if not _SAID.fullmatch(said):
        return None
    if said.removeprefix("-").isdigit():
        return int(said)
    return int(Decimal(said.replace(",", ".")) * 100)
