"""A million robots that wait, 5,000 of them due at once: `python -m bench.timers`. A killed process in the middle included.

The rows are made straight in the database; the work is a process of its own with the real turns worker, looked at from
outside. Told: memory before the rows are many and after, how long the due ones took, and whether each fired once.
"""

import argparse
import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from gateway.clock import Clock
from gateway.playbooks import read_house
from gateway.turns import Turns
from state.database import Database
from state.live import LocalLive
from tests.databases import sqlite_template

GOAL_S = 2.0
PLAYBOOK = """\
playbook: Timers
language: ru
zone: UTC
funnels:
  sales:
    stages:
      wait:
        title: Wait
        robots: {call: {in: 30d, do: [{task: "Позвонить: {phone or без номера}"}]}}
    won: Won
    lost: Lost
reasons: {silence: Silence}
"""
YEAR_MS = 365 * 86_400_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--timers", type=int, default=1_000_000)
    parser.add_argument("--due", type=int, default=5_000)
    parser.add_argument("--strict", action="store_true", help="exit 1 where the goal is missed")
    parser.add_argument("--work", nargs=2, metavar=("FILE", "PLAYBOOK"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        asyncio.run(work(*asked.work))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), asked.timers, asked.due)
    print(json.dumps(found, indent=1))
    slowest = max(found["seconds"], found["seconds_with_a_kill"])
    missed = slowest > GOAL_S or found["wrong"] or found["wrong_after_kill"]
    return 1 if asked.strict and missed else 0


async def work(file: str, playbook: str) -> None:
    """The turns of this database, until somebody ends the process."""
    db = Database(f"sqlite:///{file}")
    turns = Turns(db, read_house(playbook), LocalLive(), Clock())
    print("ready", flush=True)
    await turns.run()


def measure(folder: Path, timers: int, due: int) -> dict[str, Any]:
    file, book = sqlite_template(folder), folder / "timers"
    book.mkdir()
    (book / "playbook.yaml").write_text(PLAYBOOK, encoding="utf-8")
    few = idle_memory(file, book)
    fill(file, timers)
    many = idle_memory(file, book)
    seconds, wrong, peak = fire(file, book, range(1, due + 1))
    killed_s, wrong_after_kill, _ = fire(file, book, range(due + 1, 2 * due + 1), kill=True)
    return {
        "timers": timers, "due": due, "memory_mb_empty": few, "memory_mb_full": many, "memory_mb_after": peak, "seconds": round(seconds, 2),
        "goal_s": GOAL_S, "wrong": wrong, "seconds_with_a_kill": round(killed_s, 2), "wrong_after_kill": wrong_after_kill,
    }  # fmt: skip


def fill(file: Path, timers: int) -> None:
    """Contacts, deals and their robots' timers, a year ahead."""
    now = Clock().now()
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA synchronous=OFF")
        numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {timers})"
        made = {
            "contacts": "SELECT i, 'К' || i, '', '', :now, NULL FROM n",
            "lanes": "SELECT i, :due, '[]' FROM n",
            "deals": """SELECT i, i, 'sales', 'sales', 'wait', '', 'bench', '', '[]', '{}', NULL, 'pool', 1, NULL, NULL,
                        :now, :now, NULL, NULL, '', 1 FROM n""",
            "timers": "SELECT i, 'deal:' || i || ':robot:call', i, 0, 'robot:call:' || :now || ':1', :due FROM n",
        }
        for table, rows in made.items():
            values = {"now": now, "due": now + YEAR_MS}
            db.execute(f"INSERT INTO {table} {numbers} {rows}", {k: v for k, v in values.items() if ":" + k in rows})


def start(file: Path, book: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "bench.timers", "--work", str(file), str(book)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def idle_memory(file: Path, book: Path) -> float:
    process = start(file, book)
    time.sleep(2)
    used = memory(process.pid)
    process.kill()
    process.wait()
    return used


def memory(pid: int) -> float:
    """MB that the process has to itself and shares."""
    resident = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return round(int(resident.split()[1]) / 1024, 1)


def fire(file: Path, book: Path, deals: range, *, kill: bool = False) -> tuple[float, int, float]:
    """Seconds until all of them have fired since they came due, how many did not fire just once, and the memory then."""
    first, last = deals[0], deals[-1]
    count = f"SELECT count(*) FROM firings WHERE deal_id BETWEEN {first} AND {last}"
    with sqlite3.connect(file, timeout=10) as db:
        now = Clock().now()
        for table, key in (("timers", "contact_id"), ("lanes", "contact_id")):
            db.execute(f"UPDATE {table} SET due_at = ? WHERE {key} BETWEEN ? AND ?", (now, first, last))
        db.commit()
        process = start(file, book)
        begun = time.perf_counter()
        while (done := db.execute(count).fetchone()[0]) < len(deals):
            if time.perf_counter() - begun > 60:
                break
            if kill and done > len(deals) // 2:
                process.send_signal(signal.SIGKILL)
                process.wait()
                process, kill = start(file, book), False
            time.sleep(0.02)
        seconds = time.perf_counter() - begun
        time.sleep(0.5)
        used = memory(process.pid)
        process.kill()
        process.wait()
        once = "SELECT count(*) FROM (SELECT deal_id FROM {} WHERE deal_id BETWEEN ? AND ? GROUP BY deal_id HAVING count(*) = 1)"
        wrong = sum(
            len(deals) - db.execute(once.format(table), (first, last)).fetchone()[0] for table in ("firings", "tasks")
        )
    return seconds, wrong, used


if __name__ == "__main__":
    sys.exit(main())
