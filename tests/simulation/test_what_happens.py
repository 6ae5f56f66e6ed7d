"""What a simulated month promises does happen: read from what is stored, which a second memory beside the tables keeps."""

import sqlite3
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gateway.simulation.invariants import breaches
from gateway.simulation.month import Plan, simulate
from state import scenes
from tests.simulation.test_month import mark_of, played

NOTES = """
CREATE TABLE noted (what TEXT);
CREATE TRIGGER note_a AFTER UPDATE OF error ON parts WHEN NEW.error <> '' AND NEW.error <> OLD.error
  BEGIN INSERT INTO noted VALUES ('part: ' || NEW.error); END;
CREATE TRIGGER note_b AFTER UPDATE OF barred ON identities WHEN NEW.barred <> OLD.barred
  BEGIN INSERT INTO noted VALUES ('barred: ' || NEW.barred); END;
CREATE TRIGGER note_c AFTER UPDATE OF away_until ON people WHEN NEW.away_until IS NOT OLD.away_until
  BEGIN INSERT INTO noted VALUES (CASE WHEN NEW.away_until IS NULL THEN 'back' ELSE 'away' END); END;
CREATE TRIGGER note_d AFTER UPDATE OF active ON people WHEN NEW.active = 0 BEGIN INSERT INTO noted VALUES ('left'); END;
"""
KILLED = 5
"""Each leaves a gap: the numbers that the process had reserved."""
FAULTS = (
    "part: busy",
    "part: no answer in time",
    "part: too many",
    "part: 400: refused",
    "part: outside the window",
    "part: credentials refused",
    "part: blocked",
    "barred: blocked",
)


WANTED = {
    *FAULTS, "away", "back", "left",
    "contacts stands", "contacts undone", "deals stands", "deals undone", "split stands",
}  # fmt: skip


async def test_people_are_away_come_back_and_leave_and_every_fault_comes(migrated_file: Path, tmp_path: Path):
    """Within three short seeds: which of them has what follows from the playbook's every word."""
    seen: Counter[str] = Counter()
    for seed in (6, 7, 8):
        file = tmp_path / f"{seed}.db"
        file.write_bytes(migrated_file.read_bytes())
        with sqlite3.connect(file) as beside:
            beside.executescript(NOTES)
        world = await simulate(
            Plan("school", days=4, customers=60, seed=seed, faults=True, trouble=14.0), f"sqlite:///{file}"
        )
        assert await breaches(world) == []
        seen += Counter(
            row[0] for row in await world.rehearsal.look(lambda c: c.exec_driver_sql("SELECT what FROM noted").all())
        )
        seen += Counter(await world.rehearsal.look(kinds_of_merges))
        numbers = [one["id"] for one in await world.rehearsal.look(lambda c: scenes.rows(c, "contacts"))]
        assert sum(later - one > 500 for one, later in pairwise(numbers)) == KILLED
        await world.rehearsal.close()
        if set(seen) >= WANTED:
            return
    assert WANTED - set(seen) == set()


def kinds_of_merges(conn: Any) -> list[str]:
    return [
        f"{one['kind']} {'stands' if one['undone_at'] is None else 'undone'}" for one in scenes.rows(conn, "merges")
    ]


@pytest.mark.parametrize("playbook", ["school", "accessories", "novaposhta"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_every_invariant_holds_in_the_shipped_playbook(playbook: str, database_url: str):
    world, _ = await played(Plan(playbook, days=2, customers=15, seed=4, faults=True), database_url)
    assert await breaches(world) == []
    deals = await world.rehearsal.look(lambda c: scenes.rows(c, "deals"))
    sent = await world.rehearsal.look(lambda c: scenes.rows(c, "parts", state="sent"))
    assert (len(deals) >= 15, len(sent) >= 15) == (True, True)
    await world.rehearsal.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_school_goes_the_same_way_for_a_seed_with_faults_and_killed(
    database_url: str, migrated_file: Path, tmp_path: Path
):
    copy = tmp_path / "again.db"
    copy.write_bytes(migrated_file.read_bytes())
    marks = []
    for url in (database_url, f"sqlite:///{copy}"):
        world, _ = await played(Plan("school", days=2, customers=15, seed=9, faults=True, trouble=5.0), url)
        marks.append(await world.rehearsal.look(mark_of))
        await world.rehearsal.close()
    assert marks[0] == marks[1]
