"""Typed reading of nodes: what a key must hold, and a finding with advice where it holds something else.

Every function returns a usable value or None and writes down why; none raises, so that one reading finds everything.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bots.kit.lengths import meant
from bots.kit.problems import MOST, Problem, Severity, did_you_mean, nearest, shown
from bots.kit.reader import Items, Node, Scalar, Table

_NAME = re.compile(r"[^\W\d][\w-]{0,63}")
_DURATION = re.compile(r"(\d{1,6})\s*(s|m|h|d)")
_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000}
_MS_DAY = 86_400_000
_LONGEST_LENGTH = 40
"""Characters: `90d 23h 59m 59s` and then some."""
LONGEST_MS = 90 * _MS_DAY
_SURE = 75
"""How near a key must be to the one that it is taken for, of 100."""
_MOST_SLIPS = 20
_NO_HINTS: Final[Mapping[str, str]] = MappingProxyType({})


class TooManyError(Exception):
    """So many errors that nobody reads on: neither does the compiler."""


class Findings(list[Problem]):
    """The problems of one reading, in the order they were met. However many warnings there are, an error is kept."""

    def note(self, at: Node, severity: Severity, what: str, remedy: str, code: str) -> None:
        if len(self) >= MOST:
            if severity == "warning":
                return
            if sum(one.severity == "error" for one in self) >= MOST:
                raise TooManyError
        self.append(Problem(at.line, at.column, severity, what, remedy, code))

    def unknown(self, at: Node, what: str, word: str, known: Iterable[str], code: str, otherwise: str = "") -> None:
        """An error about a word that is not known, with the nearest one that is. Nothing is looked for that nobody reads."""
        remedy = (
            did_you_mean(word, known, otherwise) if len(self) < MOST else otherwise or "Mend what stands above first"
        )
        self.error(at, what, remedy, code)

    def error(self, at: Node, what: str, remedy: str, code: str) -> None:
        self.note(at, "error", what, remedy, code)

    def warn(self, at: Node, what: str, remedy: str, code: str) -> None:
        self.note(at, "warning", what, remedy, code)


@dataclass(frozen=True, slots=True)
class Section:
    """A table whose keys have been checked against what may stand there."""

    at: Node
    values: Mapping[str, Node]
    keys: Mapping[str, Scalar]

    def get(self, key: str) -> Node | None:
        return self.values.get(key)

    def __contains__(self, key: str) -> bool:
        return key in self.values


def called(what: str) -> str:
    """A key stands in quotes at the head of a sentence: `in` and `at` would be read as words of it."""
    return what if what.startswith(("a ", "an ", "the ")) or "'" in what else f"'{what}'"


def section(
    node: Node | None, known: Iterable[str], what: str, found: Findings, hints: Mapping[str, str] = _NO_HINTS
) -> Section | None:
    """A table with known keys only; an unknown one is reported with the nearest known.

    `hints`: what else to tell of words that people try.
    """
    table = table_of(node, what, found)
    if table is None:
        return None
    words = list(known)
    slips: list[tuple[Scalar, Node]] = []
    before: Node | None = None
    for key, value in table.pairs:
        if key.text not in words:
            valueless = isinstance(value, Scalar) and not (value.text or value.quoted)
            if valueless and before is not None and before.line == key.line:
                remedy = "A ',' ends a text in { }: put the text before it in quotes, the comma within"
            else:
                said, hint = f"'{shown(key.text)}' is not known in {what}", hints.get(key.text, "")
                if hint and nearest(key.text, words) is None:
                    found.error(key, said, hint, "unknown_key")
                else:
                    found.unknown(key, said, key.text, words, "unknown_key", hint)
                if not valueless:
                    slips.append((key, value))
                before = value
                continue
            found.error(key, f"'{shown(key.text)}' is not known in {what}", remedy, "unknown_key")
        before = value
    values = {key.text: value for key, value in table.pairs if key.text in words}
    keys = {key.text: key for key, _ in table.pairs if key.text in words}
    for key, value in slips[:_MOST_SLIPS]:
        # What stands there is read as what was meant, so that one slip is one finding.
        word = nearest(key.text, words, least=_SURE)
        if word is not None and word not in values:
            values[word], keys[word] = value, key
    return Section(table, values, keys)


def table_of(node: Node | None, what: str, found: Findings) -> Table | None:
    match node:
        case Table():
            return node
        case None:
            return None
        case _:
            remedy = "Indent the lines under it, each 'key: value'"
            found.error(node, f"{called(what)} must be a table of 'key: value' lines", remedy, "not_a_table")
            return None


def text_of(node: Node | None, what: str, found: Findings) -> str | None:
    """A text that is not blank. What looks like a number or a yes stays the text that was written."""
    match node:
        case Scalar(text=text):
            if text.strip():
                return text
            found.error(node, f"{called(what)} is empty", "Write the text, or remove the line", "empty_text")
        case Table() | Items():
            found.error(node, f"{called(what)} must be a text", 'Put it in quotes: "…"', "not_a_text")
        case None:
            pass
    return None


def name_of(node: Node | None, what: str, found: Findings) -> str | None:
    """A machine word: letters, digits, _ and -, beginning with a letter."""
    text = text_of(node, what, found)
    if node is None or text is None:
        return None
    if _NAME.fullmatch(text):
        return text
    remedy = "Use letters, digits, _ and -, up to 64, a letter first"
    found.error(node, f"{called(what)} is '{shown(text)}': no plain word", remedy, "not_a_name")
    return None


def items_of(node: Node | None, what: str, found: Findings) -> tuple[Node, ...]:
    match node:
        case Items(nodes=nodes):
            return nodes
        case None:
            return ()
        case _:
            remedy = "Write it as lines that begin with '- ', or as [a, b]"
            found.error(node, f"{called(what)} must be a list", remedy, "not_a_list")
            return ()


def texts_of(node: Node | None, what: str, found: Findings) -> tuple[str, ...]:
    """A list of texts; one text may stand alone."""
    nodes = (node,) if isinstance(node, Scalar) else items_of(node, what, found)
    return tuple(text for one in nodes if (text := text_of(one, what, found)) is not None)


def whole_of(node: Node | None, what: str, low: int, high: int, found: Findings) -> int | None:
    """A whole number within bounds."""
    text = text_of(node, what, found)
    if node is None or text is None:
        return None
    digits = text.strip()
    if digits.isascii() and digits.removeprefix("-").isdigit() and len(digits) <= 12 and low <= int(digits) <= high:
        return int(digits)
    found.error(
        node, f"{called(what)} is '{shown(text)}'", f"Write a whole number from {low} to {high}", "not_a_number"
    )
    return None


def duration_of(node: Node | None, what: str, found: Findings, *, zero: bool = False) -> int | None:
    """A length of time such as `10h`, `2s`, `1d 12h`, in milliseconds."""
    text = text_of(node, what, found)
    if node is None or text is None:
        return None
    length = milliseconds(text)
    if length is None and (any_time := text.strip().removesuffix("working")) != text.strip() and lengths(any_time):
        wrong = f"{called(what)} is '{shown(text)}', and working time is not counted here"
        found.error(node, wrong, f"Write '{any_time.strip()}'", "not_a_length")
    elif length is None:
        remedy = length_meant(text, "30m, 10h, 1d 12h", LONGEST_MS, working=False)
        found.error(node, f"{called(what)} is '{shown(text)}': no length of time", remedy, "not_a_length")
    elif length > LONGEST_MS:
        remedy = f"At most {LONGEST_MS // _MS_DAY}d"
        found.error(node, f"{called(what)} is '{shown(text)}': too long", remedy, "not_a_length")
    elif length == 0 and not zero:
        found.error(node, f"{called(what)} must be longer than nothing", "Write it like 30m or 10h", "not_a_length")
    else:
        return length
    return None


def length_meant(text: str, like: str, most: int, *, working: bool) -> str:
    """The remedy for what is no length: what was probably meant, else how lengths are written. `working`: of working time, too."""
    guess = meant(text)
    if guess is not None and (working or not guess.endswith("working")) and lengths(guess.removesuffix("working")):
        return f"Did you mean '{guess}'?"
    return f"Write it like {like} (s, m, h, d; at most {most // _MS_DAY}d)"


def milliseconds(text: str) -> int | None:
    """`1d 12h` → milliseconds; None where the text is no length of time."""
    found = lengths(text)
    return found[0] * _MS_DAY + found[1] if found is not None else None


def lengths(text: str) -> tuple[int, int] | None:
    """`1d 12h` → its days, and the milliseconds of the rest; None where the text is no length of time."""
    rest, days, total, seen = text.strip(), 0, 0, False
    if len(rest) > _LONGEST_LENGTH:
        return None
    while rest:
        part = _DURATION.match(rest)
        if part is None:
            return None
        if part[2] == "d":
            days += int(part[1])
        else:
            total += int(part[1]) * _UNITS[part[2]]
        rest, seen = rest[part.end() :].lstrip(), True
    return (days, total) if seen else None


def yes_of(node: Node | None, what: str, found: Findings) -> bool:
    """`yes` or `no`; what is not said is no."""
    text = text_of(node, what, found)
    if node is None or text is None or text == "no":
        return False
    if text != "yes":
        found.error(node, f"{called(what)} is '{shown(text)}'", "Write yes or no", "not_yes_or_no")
    return text == "yes"
