"""Tables for spreadsheets: nothing that a customer wrote becomes a formula, and every workbook opens."""

import csv
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gateway.spreadsheets import Book, Money, csv_text, safe

NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
HOSTILE = [
    "=1+1", "+7 900", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\u00a0=1", "＝1", "{=1}", '=HYPERLINK("http://a")',
    "=cmd|' /C calc'!A0", "https://example.com", "'=1", "обычный текст", "",
]  # fmt: skip


def cells(file: Path, sheet: int = 1) -> list[list[str]]:
    """What the sheet holds; a formula would raise."""
    with zipfile.ZipFile(file) as book:
        root = ET.fromstring(book.read(f"xl/worksheets/sheet{sheet}.xml"))
    assert root.find(".//m:f", NS) is None
    assert root.find(".//m:hyperlinks", NS) is None
    return [
        ["".join(part.text or "" for part in cell.iter() if part.tag.endswith(("}t", "}v"))) for cell in row.findall("m:c", NS)]
        for row in root.iterfind(".//m:row", NS)
    ]  # fmt: skip


def titles(file: Path) -> list[str]:
    with zipfile.ZipFile(file) as book:
        root = ET.fromstring(book.read("xl/workbook.xml"))
    return [one.attrib["name"] for one in root.iterfind(".//m:sheet", NS)]


def test_what_looks_like_a_formula_is_marked_as_a_text():
    marked = safe(HOSTILE)
    assert [was for was, now in zip(HOSTILE, marked, strict=True) if was != now] == [
        *HOSTILE[:10], HOSTILE[11], HOSTILE[12]
    ]  # fmt: skip
    assert all(now == f"'{was}" for was, now in zip(HOSTILE, marked, strict=True) if was != now)


def test_numbers_are_left_numbers():
    assert safe([-3, 2.5, None]) == [-3, 2.5, None]


def test_a_workbook_holds_texts_only_and_no_text_that_begins_like_a_formula(tmp_path: Path):
    file = tmp_path / "a.xlsx"
    book = Book(file)
    book.sheet("Проверка", ("А", "Б"))
    book.rows([(text, -5) for text in HOSTILE])
    book.close()
    found = [row[0] for row in cells(file)[1:] if len(row) == 2]
    assert len(found) == len(HOSTILE) - 1
    assert not [text for text in found if text.lstrip().startswith(("=", "+", "-", "@", "＝"))]


def test_cells_hold_what_excel_can_hold(tmp_path: Path):
    file = tmp_path / "a.xlsx"
    book = Book(file)
    book.sheet("Проверка", ("А", "Б"))
    book.rows(
        [("а" * 100_000, datetime(2026, 1, 31, 8, 0, tzinfo=UTC).replace(tzinfo=None)), ("бит\x00ый\x0b\uffff", None)]
    )
    book.close()
    first, second = cells(file)[1:]
    assert len(first[0]) == 32_000
    assert second == ["битый"]


def test_sheets_have_names_that_excel_takes_each_once(tmp_path: Path):
    file = tmp_path / "a.xlsx"
    book = Book(file)
    for title in ("Нет [города]: а/б?*\\", "а" * 40, "А" * 40, "'", "History", "нет  города   а б"):
        book.sheet(title, ("А",))
    book.close()
    found = titles(file)
    assert len({name.casefold() for name in found}) == 6
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in found)
    assert "history" not in {name.casefold() for name in found}


def test_a_workbook_without_anything_opens(tmp_path: Path):
    Book(tmp_path / "a.xlsx").close()
    assert len(titles(tmp_path / "a.xlsx")) == 1


@pytest.mark.parametrize(("language", "sign"), [("ru", ";"), ("uk", ";"), ("en", ",")])
def test_a_table_is_split_as_excel_of_that_language_does(language: str, sign: str):
    point = "," if sign == ";" else "."
    text = csv_text(
        [("=1", Money(250), 47.3, datetime(2026, 1, 31, 8, 0, tzinfo=UTC).replace(tzinfo=None), None, 'a;"b,c')],
        language,
    )
    assert list(csv.reader(io.StringIO(text), delimiter=sign)) == [
        ["'=1", f"2{point}50", f"47{point}3", "2026-01-31 08:00", "", 'a;"b,c']
    ]
