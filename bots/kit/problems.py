"""What is wrong with a file a marketer wrote, where, and how to mend it. Reading never stops at the first problem."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Literal

from rapidfuzz import fuzz, process

Severity = Literal["error", "warning"]

_QUOTED: Final = re.compile(r"'([^']+)'")

MOST = 200
"""Past so many findings nobody reads on, and a hostile file must not make a report of megabytes."""
_MOST_KNOWN = 500
"""Words among which the one that was meant is looked for: a file of thousands makes every mistake in it dear."""
MOST_LISTED = 40
"""Words that a remedy names, where none is near: who is shown a part of them believes that the others do not exist."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One finding. Line and column count from 1, as editors do."""

    line: int
    column: int
    severity: Severity
    what: str
    remedy: str
    code: str = ""
    """Machine word of the kind of finding, for programs that show or count them."""

    def __str__(self) -> str:
        stop = "" if self.remedy.endswith("?") else "."
        return f"{self.line}:{self.column}: {self.severity}: {self.what}. {self.remedy}{stop}"


def has_errors(problems: Iterable[Problem]) -> bool:
    return any(problem.severity == "error" for problem in problems)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Each finding once, top to bottom. Where there are too many, no warning takes an error's place."""
    found = sorted(set(problems))
    if len(found) > MOST:
        found = sorted(sorted(found, key=lambda problem: problem.severity != "error")[:MOST])
    return found


def nearest(word: str, known: Iterable[str], least: int = 60) -> str | None:
    """The known word that was probably meant; `least`: how sure, of 100."""
    found = process.extractOne(word[:80], list(islice(known, _MOST_KNOWN)), scorer=fuzz.ratio, score_cutoff=least)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A remedy for a word that is not known: the nearest one, or all there are; and what else could be done."""
    words = list(dict.fromkeys(known))
    best = nearest(word, words)
    more = f" {otherwise}" if otherwise else ""
    if best is not None:
        return f"Did you mean '{best}'?{more}"
    listed = ", ".join(words[:MOST_LISTED])
    if len(words) > MOST_LISTED:
        listed += f" and {len(words) - MOST_LISTED} more"
    return (f"Known here: {listed}" if listed else "Nothing may stand here") + (f".{more}" if more else "")


def pointed(problem: Problem, lines: Sequence[str]) -> Problem:
    """A finding that only knows its line, with the column of the word that it quotes, else of the line's first sign."""
    if problem.column != 1 or not 0 < problem.line <= len(lines):
        return problem
    line = lines[problem.line - 1]
    words = (match[1] for match in _QUOTED.finditer(problem.what))
    place = next((place for word in words if (place := line.find(word)) > 0), len(line) - len(line.lstrip()))
    return replace(problem, column=place + 1)


def shown(text: str) -> str:
    """A piece of the file as a finding may quote it: short, and on one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= 40 else flat[:39] + "…"
