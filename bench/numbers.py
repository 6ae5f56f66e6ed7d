"""What a report on a script costs: `python -m bench.numbers`. A year of runs, half of them one script's, on both databases.

The report is asked for as the API asks for it, three times over; the fastest counts. Nothing else works meanwhile.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from random import Random
from typing import Any

from gateway.numbers import report
from state import schema
from state.database import Connection, Database
from state.numbers import Cohort
from state.records import Deal, Run
from state.tables import deals, runs, steps
from tests.servers import NoServerError, fresh_database, postgres_server

STEPS = ("topic", "make", "year", "parts", "quantity", "phone")
SAID = ("а скока стоит", "когда привезете", "не знаю", "алло", "ну такое", "")
YEAR_MS = 365 * 86_400_000
DAY_0 = 1_736_928_000_000
GOAL_S = 2.0
ROUNDS = 3


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.numbers", description=__doc__)
    parser.add_argument("--notes", type=int, default=400_000, help="of the script that is reported on")
    parser.add_argument("--strict", action="store_true", help="exit 1 where the goal is missed")
    asked = parser.parse_args()
    late = False
    for name, opened in (("SQLite", _sqlite), ("PostgreSQL", _postgres)):
        try:
            with opened() as url:
                spent, notes = asyncio.run(_measure(url, asked.notes))
        except NoServerError as why:
            print(f"{name:<12}skipped: {why}")
            continue
        late |= spent > GOAL_S
        print(f"{name:<12}{spent:6.2f} s for a report over {notes:,} notes   goal {GOAL_S:g}", flush=True)
    return 1 if asked.strict and late else 0


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder) / 'bench.db'}"


@contextmanager
def _postgres() -> Iterator[str]:
    with postgres_server() as server:
        yield fresh_database(server.url)


async def _measure(url: str, notes: int) -> tuple[float, int]:
    db = Database(url)
    schema.upgrade(db)
    with db.engine.begin() as conn:
        kept = fill(conn, notes)
    cohort = Cohort("asks", DAY_0, DAY_0 + 2 * YEAR_MS)
    spent = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await db.read(lambda c: report(c, cohort, STEPS, "sum"))
        spent.append(time.perf_counter() - began)
    await db.close()
    return min(spent), kept


def fill(conn: Connection, notes: int) -> int:
    """Runs of two scripts in turn, until the first has so many notes; the answer is how many."""
    rng, count, run = Random(1), 0, 0
    rows: dict[Any, list[dict[str, Any]]] = {deals: [], runs: [], steps: []}
    average = 8
    while count < notes:
        run += 1
        at = DAY_0 + (run * YEAR_MS * average) // (2 * notes)
        text, status = _trail(rng)
        over = status != "running"
        rows[deals].append(_deal(run, at, rng))
        rows[runs].append(_run(run, at, status, "" if over else text))
        if over:
            rows[steps].append({"run_id": run, "n": 0, "at": at + 600_000, "notes": text})
        count += text.count(";") if run % 2 else 0
        if len(rows[runs]) == 5_000 or count >= notes:
            for table, made in rows.items():
                if made:
                    conn.execute(table.insert(), made)
                    made.clear()
    return count


def _trail(rng: Random) -> tuple[str, str]:
    """A walk through the steps, some of it not understood; one in twenty is not over."""
    at, notes = 0, [f"greet|0||split|{rng.choice(('short', 'long'))};"]
    for step in STEPS:
        came, at = at, at + rng.randint(3_000, 90_000)
        if rng.random() < 0.2:
            notes.append(f"{step}|{at}||missed|{rng.choice(SAID)};")
        if (drawn := rng.random()) < 0.06:
            result = ("left|silence", "handed_off|asked_for_person")[drawn < 0.03]
            return "".join([*notes, f"{step}|{came}||{result};"]), "timed_out" if drawn >= 0.03 else "handed_off"
        notes.append(f"{step}|{came}|{at - came}|answered|text;")
    return "".join(notes), "running" if rng.random() < 0.05 else "finished"


def _run(run: int, at: int, status: str, lying: str) -> dict[str, Any]:
    state = {"step": "done", "turn": 7, "arms": {"greet": "short"}, "trail": ["telegram", 0, lying, "", 0]}
    return dict(zip(
        [one.name for one in fields(Run)],
        (run, run, run // 3, "asks" if run % 2 else "other", f"{run // 20_000:064d}", state, status, None, at, at, ""),
        strict=True,
    ))  # fmt: skip


def _deal(deal: int, at: int, rng: Random) -> dict[str, Any]:
    won = rng.random() < 0.2
    empty = {one.name: None for one in fields(Deal)} | dict.fromkeys(("title", "why", "reason"), "")
    return empty | {
        "id": deal, "contact_id": deal // 3, "funnel": "retail", "slot": "retail", "stage": "won" if won else "lost", "source": "telegram",
        "tags": [], "fields": {"sum": 1_500} if won else {}, "owner": "pool", "epoch": 1, "stage_at": at, "opened_at": at,
        "closed_at": at, "outcome": "won" if won else "lost", "version": 1,
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
