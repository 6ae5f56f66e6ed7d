"""Public holidays of a country, and the days that its government has people work instead: a year at a time, remembered.

Whoever names no country does not pay for the library: it is imported here alone, when a calendar that names one is read.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

MOST_YEARS = 128
"""Countries and years that are remembered together; a year is some twenty numbers."""


@dataclass(frozen=True, slots=True)
class Year:
    """Days by `date.toordinal()`."""

    off: frozenset[int] = frozenset()
    worked: frozenset[int] = frozenset()
    """Days of a week-end on which people work, since another day is off for them."""


@dataclass(frozen=True, slots=True)
class Holidays:
    country: str
    """Two letters: RU."""
    subdiv: str = ""
    """A part of the country with holidays of its own; empty: those of the whole country."""

    def of(self, year: int) -> Year:
        return _year(self.country, self.subdiv, year)

    def __str__(self) -> str:
        return f"{self.country} {self.subdiv}".strip()


def countries() -> dict[str, str]:
    """Two letters → the country's name, as far as the library has it."""
    return {codes[1]: module.replace("_", " ") for module, codes in _registry().items()}


def subdivisions(country: str) -> tuple[str, ...]:
    """Every way in which a part of the country may be written."""
    of = _class(country)
    named: Iterable[str] = getattr(of, "subdivisions_aliases", {})
    return (*getattr(of, "subdivisions", ()), *named)


@lru_cache(maxsize=MOST_YEARS)
def _year(country: str, subdiv: str, year: int) -> Year:
    found = _class(country)(subdiv=subdiv or None, years=year, expand=False)
    worked = frozenset(day.toordinal() for day in found.weekend_workdays if day.year == year)
    return Year(frozenset(day.toordinal() for day in found if day.year == year), worked)


def _registry() -> dict[str, tuple[str, ...]]:
    """The country's file → its class and its codes."""
    known: dict[str, tuple[str, ...]] = import_module("holidays.registry").COUNTRIES
    return known


@cache
def _class(country: str) -> Any:
    """The country's class, from its own file: the library's front door reads the files of all 250, at 200 ms and 6 MB."""
    name, (title, *_) = next((file, codes) for file, codes in _registry().items() if codes[1] == country)
    home = import_module("holidays")
    for folder in home.__path__:
        spec = spec_from_file_location(f"holidays_of_{name}", Path(folder) / "countries" / f"{name}.py")
        if spec is not None and spec.loader is not None:
            module = module_from_spec(spec)
            spec.loader.exec_module(module)
            return getattr(module, title)
    return getattr(home, title)  # a library that is packed otherwise
