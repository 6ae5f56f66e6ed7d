"""Whoever works in a shop reads its language: a day of much, and weeks of chance, in an English and in a Ukrainian shop."""

import re
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.audit_export import csv_bytes
from gateway.simulation.month import Plan, simulate
from gateway.stories.playing import play
from gateway.stories.reading import read_story
from state import audit_tables, tables
from state.database import Connection, Database
from state.findings import Which
from tests.shop import furnished

SHOP = Path(__file__).parent / "shop"
CYRILLIC = re.compile(r"[\u0400-\u04ff]")
RUSSIAN = re.compile("[ыэёъ]", re.IGNORECASE)
"""Letters that no Ukrainian word has."""


def kept(conn: Connection) -> list[str]:
    """Every word of every table."""
    return [
        word
        for table in audit_tables.metadata.sorted_tables
        for row in conn.execute(select(table))
        for cell in row
        for word in texts_in(cell)
    ]


def texts_in(cell: Any) -> Iterator[str]:
    match cell:
        case str():
            yield cell
        case dict():
            yield from chain.from_iterable(map(texts_in, cell.values()))
        case list():
            yield from chain.from_iterable(map(texts_in, cell))


def read_by_people(conn: Connection) -> list[str]:
    """What those who work here read of what the system has done: all of the timeline but what was said to or by customers,
    tasks, findings, and their own chats.
    """
    e, t, d, f, p = tables.entries.c, tables.tasks.c, tables.deals.c, audit_tables.findings.c, tables.parts.c
    spoken = (e.kind == "message") & e.author.in_(("customer", "bot", "robot"))
    asked = (
        select(e.text).where(~spoken), select(t.text, t.result), select(d.title), select(f.what), select(p.payload).where(p.deal_id == 0),
    )  # fmt: skip
    return [word for one in asked for row in conn.execute(one) for cell in row for word in texts_in(cell) if word]


async def test_a_broad_day_in_an_english_shop_is_told_in_english(database_url: str):
    story, problems = read_story((SHOP / "stories/broad.story").read_text())
    assert story is not None, problems
    wrong = await play(story, SHOP, database_url)
    assert [f"{one.line}: {one.what}" for one in wrong] == []
    db = Database(database_url)
    words = await db.read(kept)
    table = (await csv_bytes(db, furnished(str(SHOP)), Which(check="overdue_task"))).decode("utf-8-sig").splitlines()
    await db.close()
    assert len(words) > 1_000
    assert table[0] == "Manager,Customer,Amount,Stage,What is wrong,Since"
    assert len(table) > 5
    words += [*table, *(one.title for one in furnished(str(SHOP)).playbook.checks.values())]
    assert [one for one in words if CYRILLIC.search(one)] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("playbook", "look", "foreign"),
    [(str(SHOP), kept, CYRILLIC), ("novaposhta", read_by_people, RUSSIAN)],
    ids=["en", "uk"],
)
async def test_weeks_of_chance_are_told_in_the_language_of_the_shop(
    playbook: str, look: Callable[[Connection], list[str]], foreign: re.Pattern[str], database_url: str
):
    world = await simulate(Plan(playbook, days=9, customers=60, seed=3, faults=True), database_url)
    words = await world.rehearsal.look(look)
    await world.rehearsal.close()
    assert len(words) > 1_000
    assert sorted({one for one in words if foreign.search(one)}) == []
