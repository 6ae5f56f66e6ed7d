"""What reports cost over 100,000 deals: `python -m bench.reports`. Each is asked for all of two years, and for the last 30 days.

The rows are made straight in a SQLite database: deals with their stays, waits, tasks and runs, some of them joined. Told: the
seconds that a reader's thread is busy with each report, the best of three.
"""

import argparse
import json
import random
import sqlite3
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from gateway.playbooks import read_house
from gateway.reports import REPORTS, Asked, Kind, behind, make
from state.database import Connection, Database
from state.facts import Narrow
from tests.databases import sqlite_template

GOAL_S = 1.0
DAY_MS = 86_400_000
NOW = 1_800_000_000_000
DAYS = 730
STATE = json.dumps({"answers": {"car": "x" * 300}, "trail": ["telegram", 3, "y" * 400, "", ""]})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deals", type=int, default=100_000)
    parser.add_argument("--strict", action="store_true", help="exit 1 where a report takes longer than the goal")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = sqlite_template(Path(folder))
        fill(file, asked.deals)
        found = measure(file)
    print(json.dumps(found, indent=1))
    return 1 if asked.strict and max(max(one.values()) for one in found.values()) > GOAL_S else 0


def measure(file: Path) -> dict[str, dict[str, float]]:
    shop = read_house("autoparts").playbook
    db = Database(f"sqlite:///{file}")
    found: dict[str, dict[str, float]] = {}
    with db._reader.connect() as conn:  # noqa: SLF001 - as the database's own threads read
        for name, ways in REPORTS.items():
            for way, kind in ways.items():
                found[f"{name} {way}".strip()] = {
                    told: _best(conn, kind, Asked(shop, date.min, date.max, Narrow(NOW - days * DAY_MS, NOW, NOW)))
                    for told, days in (("all", DAYS), ("30 days", 30))
                }
    db.engine.dispose()
    return found


def _best(conn: Connection, kind: Kind, asked: Asked) -> float:
    times = []
    for _ in range(3):
        began = time.thread_time()
        made = make(conn, kind, asked)
        behind(conn, kind, asked, made.lines[0].key, kind.columns[0].name, 51)
        times.append(time.thread_time() - began)
    return round(min(times), 3)


def fill(file: Path, many: int) -> None:
    shop = read_house("autoparts").playbook
    path = [stage.name for stage in shop.funnels[0].stages if stage.outcome is None]
    rng = random.Random(1)
    deals, stays, waits, tasks, runs, merges, identities = [], [], [], [], [], [], []
    line = 0
    for n in range(1, many + 1):
        opened = NOW - DAYS * DAY_MS + n * DAYS * DAY_MS // many
        at, stage, far = opened, path[0], rng.randrange(len(path))
        for following in path[1 : far + 1]:
            left = at + rng.randrange(60_000, 3 * DAY_MS)
            line += 1
            stays.append((n, line, stage, at, left, following))
            stage, at = following, left
        outcome = rng.choice(["won", "lost", "lost", None, None])
        closed = at + DAY_MS if outcome else None
        if outcome:
            line += 1
            stays.append((n, line, stage, at, closed, outcome))
            stage, at = outcome, closed
        joined = n > 1 and rng.random() < 0.05
        fields = json.dumps(
            {"phone": "+79120000000", "car": "Лада Веста 2019", "note": "н" * 80, "total": rng.randrange(10**6)}
            | ({"paid": "yes"} if rng.random() < 0.3 else {})
        )
        reason = "joined" if joined else "price" if outcome == "lost" else ""
        deals.append(
            (n, n, "retail", f"retail#{n}", stage, "Заказ", rng.choice(["telegram", "site", "order", "call"]), "new", "[]", fields,
             rng.randrange(1, 13), "pool", 1, n, opened if outcome is None and rng.random() < 0.1 else None, at, opened,
             at if joined else closed, None if joined else outcome, reason, 1)
        )  # fmt: skip
        if joined:
            merges.append((n, "deals", n, None, n - 1, n, None, "", "order", None, at, "{}", None, None))
        identities.append(
            (n, n, rng.choice(["telegram", "whatsapp", "web"]), "1", str(n), "", "", opened, opened, f"k{n}")
        )
        for _ in range(2):
            line += 1
            began = opened + rng.randrange(DAY_MS)
            waits.append(
                (line, n, "telegram", began, began + rng.randrange(3_600_000 * 5), rng.choice([None, *range(1, 13)]))
            )
            state = rng.choice(["open", "done"])
            tasks.append(
                (line, n, n, "call", "Позвонить", "{}", rng.randrange(1, 13), began, state, "", "bot", opened,
                 began + 1_000 if state == "done" else None, 3 if state == "done" else None)
            )  # fmt: skip
        for _ in range(rng.randrange(1, 3)):
            runs.append((len(runs) + 1, n, n, rng.choice(["qualifier", "collector", "offer_followup"]), f"hash{n % 5}",
                         STATE, "finished", None, opened, opened + 60_000, "done"))  # fmt: skip
    store = sqlite3.connect(file)
    for table, rows in (
        ("deals", deals), ("stays", stays), ("waits", waits), ("tasks", tasks), ("runs", runs), ("merges", merges),
        ("identities", identities),
    ):  # fmt: skip
        store.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)
    store.commit()
    store.close()


if __name__ == "__main__":
    sys.exit(main())
