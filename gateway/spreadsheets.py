"""Tables for people's spreadsheets: CSV that Excel opens, and workbooks. No text of a customer ever becomes a formula.

All are of one form: moments by the shop's clock, sums in whole units, and CSV as Excel reads it in the shop's language.

A text that a spreadsheet could take for one is marked as a text, in workbooks too: what is saved from there as CSV is read again.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from xlsxwriter import Workbook as XlsxWorkbook

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_MOST_CHARACTERS: Final = 32_000
"""A cell of Excel holds 32,767."""
_MOST_ROWS: Final = 1_000_000
_MOST_NAME: Final = 31
_COMMAS: Final = ("ru", "uk")
"""Languages in which Excel takes a comma for a part of a number: cells are split by semicolons there."""


@dataclass(frozen=True, slots=True)
class Money:
    """A sum in minor units, which people read in whole ones."""

    minor: int

    @property
    def whole(self) -> float:
        return self.minor / 100


def safe(cells: Iterable[Any]) -> list[Any]:
    """Texts that a spreadsheet would take for a formula are marked as texts."""
    return [_safe(cell) if isinstance(cell, str) else cell for cell in cells]


def _safe(text: str) -> str:
    bare = text.lstrip()
    risky = text.startswith(_FORMULAS) or bare.startswith(_FORMULAS)
    return f"'{text}" if risky else text


def csv_text(rows: Iterable[Sequence[Any]], language: str = "en") -> str:
    """The rows as Excel in this language splits them. The mark that says "UTF-8" belongs before the first of them: `BOM`."""
    out = io.StringIO()
    point = "," if language in _COMMAS else "."
    writer = csv.writer(out, delimiter=";" if point == "," else ",")
    writer.writerows([_plain(cell, point) for cell in safe(row)] for row in rows)
    return out.getvalue()


BOM: Final = "\ufeff"


def _plain(cell: Any, point: str) -> Any:
    match cell:
        case datetime():
            return cell.strftime("%Y-%m-%d %H:%M")
        case Money():
            return f"{cell.whole:.2f}".replace(".", point)
        case float():
            return repr(cell).replace(".", point)
        case _:
            return "" if cell is None else cell


class Book:
    """A workbook that is written row by row and holds none of them. To be closed, whatever happens."""

    def __init__(self, file: Path) -> None:
        from xlsxwriter import Workbook  # noqa: PLC0415 - only where somebody exports

        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self._book: XlsxWorkbook = Workbook(str(file), options | {"tmpdir": str(file.parent)})
        self._bold = self._book.add_format({"bold": True})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self._money = self._book.add_format({"num_format": "#,##0.00"})
        self._names: set[str] = set()
        self._sheet: Any = None
        self._row = 0
        self._head: Sequence[str] = ()
        self._title = ""

    def sheet(self, title: str, head: Sequence[str]) -> None:
        """Go on in a new sheet; the one before is finished."""
        self._title, self._head, self._row = title, head, 1
        self._sheet = self._book.add_worksheet(self._name(title))
        self._sheet.freeze_panes(1, 0)
        for column, (cell, width) in enumerate(zip(head, (24, 28, 14, 28, 60, 18), strict=False)):
            self._sheet.set_column(column, column, width)
            self._sheet.write_string(0, column, cell, self._bold)

    def rows(self, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            if self._row > _MOST_ROWS:
                self.sheet(self._title, self._head)
            for column, cell in enumerate(safe(row)):
                self._write(column, cell)
            self._row += 1

    def _write(self, column: int, cell: Any) -> None:
        match cell:
            case None | "":
                pass
            case str():
                self._sheet.write_string(self._row, column, _CONTROL.sub("", cell)[:_MOST_CHARACTERS])
            case datetime():
                self._sheet.write_datetime(self._row, column, cell, self._moment)
            case Money():
                self._sheet.write_number(self._row, column, cell.whole, self._money)
            case int() | float():
                self._sheet.write_number(self._row, column, cell)
            case _:
                raise TypeError(f"no cell can hold {type(cell).__name__}")

    def _name(self, title: str) -> str:
        """What Excel lets a sheet be called: short, without some signs, each name once in any case of letters."""
        plain = _CONTROL.sub("", re.sub(r"[\[\]:*?/\\]", " ", title)).strip().strip("'").strip() or "—"
        name, n = plain[:_MOST_NAME], 1
        while name.casefold() in self._names or name.casefold() == "history":
            n += 1
            name = f"{plain[: _MOST_NAME - len(str(n)) - 3].rstrip()} ({n})"
        self._names.add(name.casefold())
        return name

    def close(self) -> None:
        if not self._names:
            self.sheet("—", ())
        self._book.close()
