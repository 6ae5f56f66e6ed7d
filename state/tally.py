"""The notes of a script's runs, counted by step in one pass.

In Python on both databases: a note is taken apart in a microsecond, and each aggregate of its own in SQL was a pass more.
"""

from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import Final, TypeVar

from sqlalchemy import Connection

from state import numbers
from state.numbers import Cohort, Group, Won
from state.records import Instant

K = TypeVar("K")

FEWEST: Final = 2
"""So many customers must have written a phrase before it is shown."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One step, one result, one exit."""

    step: str
    result: str
    word: str
    n: int
    first: Instant


@dataclass(frozen=True, slots=True)
class Phrase:
    """What was not understood at a step, by enough customers to be nobody's own words."""

    step: str
    text: str
    n: int
    customers: int


@dataclass(frozen=True, slots=True)
class Tally:
    counted: list[Counted]
    """Each step's notes by result and exit; all words that were not understood at a step are one number."""
    customers: dict[str, int]
    """How many different customers have reached each step."""
    medians: dict[str, float]
    """Milliseconds from a question to its answer, in the middle of all answers to it."""
    phrases: list[Phrase]
    """Most frequent first."""
    arms: list[Group]
    """Runs by the way they were drawn at a split, and by what became of them."""
    won: dict[str, int]
    """Won deals whose last run has reached the step."""
    won_by_arm: list[tuple[str, str, int]]
    """(split, arm, run) of the won deals' last runs."""


def tally(conn: Connection, cohort: Cohort, won: list[Won]) -> Tally:
    """`won` are those of the same cohort."""
    sold = {one.run: one.deal for one in won}
    cells: dict[tuple[str, str, str], list[int]] = {}  # [how many, when first]
    said: dict[tuple[str, str], tuple[list[int], set[int]]] = {}
    drawn: dict[tuple[str, str, str], tuple[list[int], set[int]]] = {}
    people = defaultdict[str, set[int]](set)
    took = defaultdict[str, list[int]](list)
    buyers = defaultdict[str, set[int]](set)
    for run, _, contact, status, begun, notes in numbers.walks(conn, cohort):
        deal = sold.get(run)
        for note in notes.split(";")[:-1]:
            step, since, spent, result, word = note.split("|")
            at = begun + int(since)
            people[step].add(contact)
            if deal is not None:
                buyers[step].add(deal)
            if result == "answered":
                took[step].append(int(spent))
            elif result == "split":
                _add(drawn, (step, word, status), at, run)
            elif result == "missed":
                if word:
                    _add(said, (step, word), at, contact)
                word = ""
            cell = cells.get((step, result, word))
            if cell is None:
                cells[step, result, word] = [1, at]
            else:
                cell[0] += 1
                cell[1] = min(cell[1], at)
    return Tally(
        [Counted(*key, *cell) for key, cell in cells.items()],
        {step: len(who) for step, who in people.items()},
        {step: float(median(all_)) for step, all_ in took.items()},
        _frequent(said),
        [Group((step, arm), status, len(of), first) for (step, arm, status), ((_, first), of) in drawn.items()],
        {step: len(of) for step, of in buyers.items()},
        [(step, arm, run) for (step, arm, _), (_, of) in drawn.items() for run in sorted(of & sold.keys())],
    )


def _add(to: dict[K, tuple[list[int], set[int]]], key: K, at: Instant, who: int) -> None:
    found = to.get(key)
    if found is None:
        found = to[key] = [0, at], set()
    found[0][0] += 1
    found[0][1] = min(found[0][1], at)
    found[1].add(who)


def _frequent(said: dict[tuple[str, str], tuple[list[int], set[int]]]) -> list[Phrase]:
    enough = [Phrase(*key, n, len(who)) for key, ((n, _), who) in said.items() if len(who) >= FEWEST]
    return sorted(enough, key=lambda one: (-one.n, one.text, one.step))
