"""A report as a table for spreadsheets, and the name by which a line of it is asked for again."""

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import unquote

from gateway.reports.report import Kind, Report, Unit, Value
from gateway.spreadsheets import BOM, Money, csv_text
from gateway.wording import words_in
from state.facts import Key

_WHOLE: Final = frozenset({"person"})
"""Dimensions that are numbers."""
_NOBODY: Final = "~"
_ESCAPED: Final = re.compile("[/~%]")


def as_csv(report: Report) -> str:
    """In the shop's words. What was asked stands in the lines, so that several tables can be laid under one another."""
    kind, asked = report.kind, report.asked
    said = words_in(asked.playbook.language).report
    head = ["from", "to", *kind.dims, "title", *(one.name for one in kind.columns), "hint"]
    rows: list[Sequence[Any]] = [[said[name] for name in head]]
    for line in report.lines:
        key = [*line.key, *[""] * (len(kind.dims) - len(line.key))]
        numbers = [_cell(one.unit, line.values[one.name]) for one in kind.columns]
        title = line.title or ("" if line.key else said["total"])
        rows.append([asked.first, asked.last, *key, title, *numbers, line.hint and said[line.hint]])
    return BOM + csv_text(rows, asked.playbook.language)


def _cell(unit: Unit, value: Value) -> Any:
    return Money(round(value)) if unit == "money" and value is not None else value


def line_name(key: Key) -> str:
    """Of a line: its dimensions, one after the other."""
    return "/".join(_NOBODY if part is None else _ESCAPED.sub(lambda m: f"%{ord(m[0]):02X}", str(part)) for part in key)


def line_key(kind: Kind, name: str) -> Key | None:
    """The line that a name is of; None: it is none of this report's."""
    parts = name.split("/")
    if len(parts) != len(kind.dims):
        return None
    return tuple(_part(dim, part) for dim, part in zip(kind.dims, parts, strict=True))


def _part(dim: str, part: str) -> str | int | None:
    if part == _NOBODY:
        return None
    if dim in _WHOLE:
        return int(part) if part.isascii() and part.isdecimal() and len(part) < 19 else -1
    return unquote(part)
