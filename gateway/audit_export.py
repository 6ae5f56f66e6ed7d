"""The findings as tables: one sheet a check, or one check as CSV. Read page by page, written beside the loop."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from bots.kit.checks import Check
from bots.kit.hours import zone_of
from gateway.audit import worth
from gateway.house import House
from gateway.spreadsheets import BOM, Book, Money, csv_text
from state import findings
from state.database import Connection, Database
from state.findings import Listed, Which

_PAGE: Final = 500

Row = Sequence[Any]


async def workbook(db: Database, house: House, which: Which, file: Path, names: Sequence[str] = ()) -> int:
    """Every check has a sheet, also one that found nothing; of these names only, where there are any. The answer: how many findings."""
    book = await asyncio.to_thread(Book, file)
    n = 0
    try:
        for check in _checks(house, names or (which.check,)):
            book.sheet(check.title, house.words.audit_columns)
            async for rows in _pages(db, house, replace(which, check=check.name)):
                await asyncio.to_thread(book.rows, rows)
                n += len(rows)
    finally:
        await asyncio.to_thread(book.close)
    return n


async def workbook_bytes(db: Database, house: House, which: Which) -> bytes:
    with tempfile.TemporaryDirectory(prefix="parley-audit-") as folder:
        file = Path(folder) / "audit.xlsx"
        await workbook(db, house, which, file)
        return await asyncio.to_thread(file.read_bytes)


async def csv_bytes(db: Database, house: House, which: Which) -> bytes:
    """One check, as Excel opens it."""
    language = house.playbook.language
    parts = [csv_text(rows, language) async for rows in _pages(db, house, which)]
    return "".join([BOM, csv_text([house.words.audit_columns], language), *parts]).encode()


def _checks(house: House, names: Sequence[str]) -> list[Check]:
    return [one for one in house.playbook.checks.values() if one.name in names or not any(names)]


async def _pages(db: Database, house: House, which: Which) -> AsyncIterator[list[Row]]:
    """Cells are made by the thread that reads."""
    after: tuple[int, int] | None = None
    row = _row_of(house)

    def look(conn: Connection) -> tuple[list[Row], tuple[int, int] | None]:
        found = findings.page(conn, which, _PAGE, after)
        return [row(one) for one in found], findings.position(found[-1]) if len(found) == _PAGE else None

    while True:
        rows, after = await db.read(look)
        if rows:
            yield rows
        if after is None:
            return


def _row_of(house: House) -> Callable[[Listed], Row]:
    zone, nobody = zone_of(house.playbook.zone), house.words.line("audit_nobody")

    def row(one: Listed) -> Row:
        since = datetime.fromtimestamp(one.finding.since / 1000, zone).replace(tzinfo=None)
        minor = sum_of(house, one)
        return (
            one.manager or nobody, customer(one, house), None if minor is None else Money(minor), stage_title(house, one), one.finding.what,
            since,
        )  # fmt: skip

    return row


def sum_of(house: House, one: Listed) -> int | None:
    """Minor units; None: nobody has said."""
    money = [name for name, field in house.playbook.fields.items() if field.kind == "money"]
    return worth(one.fields, house.worth, money)


def customer(one: Listed, house: House) -> str:
    return (
        one.customer
        or one.phone
        or (house.words.numbered.format(one.finding.contact_id) if one.finding.contact_id else "")
    )


def stage_title(house: House, one: Listed) -> str:
    funnel = house.playbook.funnel(one.funnel) if one.funnel else None
    stage = funnel.stage(one.stage) if funnel is not None else None
    return f"{funnel.title}: {stage.title}" if funnel is not None and stage is not None else one.stage
