"""An audit of 100,000 deals and 200,000 tasks, which nobody else must notice: `python -m bench.audit`.

The rows are made straight in the tables of a fresh SQLite and a fresh PostgreSQL. Then the real auditor runs twice over them (all is
found, all is found again) and the workbook is written, each time beside a loop that is looked at and a stream of customers' turns.
Told: how long it took, how long the loop stood still at most, a turn's time in the middle and at the 99th of a hundred, from
message to commit, and the memory of the process alone. Without an audit: the same for ten seconds of turns alone.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

from bench import report, stores
from bench.loop import watched
from bench.measure import memory_mb, percentile
from bench.programs import OUT, ROOT
from bench.stores import Store
from gateway import audit_export
from gateway.auditor import Auditor
from gateway.clock import SetClock
from gateway.events import MessageReceived
from gateway.garbage import collect_seldom
from gateway.house import House
from gateway.playbooks import read_house
from state import audits
from state.database import Connection, Database
from state.findings import Which
from state.live import LocalLive
from tests.shop import PaperChannel, Shop

GOAL_MS = 100
"""That the loop may stand still at most."""
NOW = 1_800_000_000_000
DAY_MS = 86_400_000
ALONE_S = 10.0
PAUSE_S = 0.02
"""Between two turns of the stream."""
CUSTOMERS = 50
SAYINGS = ("Здравствуйте", "1", "Форд Фокус 2012", "колодки", "позовите менеджера")
PARTS = ("alone", "first", "again", "workbook")
CELLS = (
    ("seconds", "seconds", 9, 1), ("CPU s", "cpu_s", 8, 1), ("loop ms", "loop_ms", 9, 1), ("p99", "loop_p99_ms", 6, 1),
    ("turn ms", "turn_ms", 9, 1), ("p99", "turn_p99_ms", 7, 1), ("most", "turn_most_ms", 7, 1), ("turns", "turns", 8, 0),
    ("MB", "memory_mb", 7, 0), ("most", "memory_most_mb", 7, 0),
)  # fmt: skip
"""Of the table: title, figure, width, digits."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.audit", description=__doc__)
    parser.add_argument("--deals", type=int, default=100_000)
    parser.add_argument("--dirty", type=int, default=5, help="one deal in so many has something wrong")
    parser.add_argument("--times", type=int, default=1, help="all of it so often, on a shop that is made anew")
    parser.add_argument("--on", action="append", choices=stores.NAMES, help="one database only")
    parser.add_argument("--strict", action="store_true", help="exit 1 where the goal is missed")
    asked = parser.parse_args()
    where = report.circumstances()
    print("\n".join(f"{name}: {value}" for name, value in where.items()), flush=True)
    found: dict[str, list[dict[str, Any]]] = {}
    for _ in range(asked.times):
        for store in stores.each(asked.on or stores.NAMES):
            fill(store.url, asked.deals, asked.dirty)
            collect_seldom()
            found.setdefault(store.name, []).append(asyncio.run(measure(store)))
    print(f"\n{'':<22}" + "".join(f"{title:>{width}}" for title, _, width, _ in CELLS))
    for name, several in found.items():
        for part in PARTS:
            print(f"{name:<12}{part:<10}" + _cells([one[part] for one in several]))
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / f"audit-{where['at'].replace(':', '')[:17]}.json"
    body = {"circumstances": where, "deals": asked.deals, "audits": found}
    path.write_text(json.dumps(body, ensure_ascii=False, indent=1))
    missed = [line for name, several in found.items() for line in misses(name, several)]
    print("\n" + "\n".join(missed or ["the goal is met"]) + f"\nfigures: {path.relative_to(ROOT)}")
    return 1 if asked.strict and missed else 0


def misses(name: str, several: list[dict[str, Any]]) -> list[str]:
    stood = max(one[part]["loop_ms"] for one in several for part in PARTS[1:])
    return [f"MISSED  {name}: the loop stood still for {stood:.0f} ms (goal {GOAL_MS})"] if stood > GOAL_MS else []


def _cells(several: list[dict[str, Any]]) -> str:
    """Of the loop the most of all times, else the least."""
    told = ((figure, width, digits, max if figure == "loop_ms" else min) for _, figure, width, digits in CELLS)
    return "".join(f"{of(one[figure] for one in several):{width}.{digits}f}" for figure, width, digits, of in told)


async def measure(store: Store, alone_s: float = ALONE_S) -> dict[str, dict[str, Any]]:
    """By part, seconds and milliseconds and megabytes as they are named."""
    house = read_house("autoparts")
    shop = Shop(Database(store.url), house, SetClock(NOW), {"telegram:100": PaperChannel()})
    await shop.write("Здравствуйте", "warm")
    with tempfile.TemporaryDirectory() as folder:
        book = Path(folder) / "audit.xlsx"
        which = Which(status="not_handled")
        return {
            "alone": await beside(store, shop, lambda: asyncio.sleep(alone_s, 0)),
            "first": await beside(store, shop, lambda: run(shop.db, house)),
            "again": await beside(store, shop, lambda: run(shop.db, house)),
            "workbook": await beside(
                store, shop, lambda: audit_export.workbook(shop.db, house, which, book), last=True
            ),
        }


async def run(db: Database, house: House) -> int:
    """An audit; the answer is how much is wrong."""
    clock = SetClock(NOW)

    def begin(conn: Connection) -> audits.AuditRun | None:
        audits.ask(conn, db.ids, clock.now())
        return audits.take(conn, clock.now())

    begun = await db.write(begin)
    assert begun is not None
    assert await Auditor(db, house, LocalLive(), clock).work(begun) is not None
    return await db.read(
        lambda c: int(c.exec_driver_sql("SELECT count(*) FROM findings WHERE gone_at IS NULL").scalar() or 0)
    )


async def beside(store: Store, shop: Shop, work: Callable[[], Awaitable[int]], *, last: bool = False) -> dict[str, Any]:
    """The work, with something in the loop that wants to be woken, and customers who write."""
    took: list[float] = []
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the highest memory so far is forgotten
    before = memory_mb(os.getpid(), alone=True)
    with watched() as watch:
        stream = asyncio.create_task(_turns(shop, took))
        begun, used = time.perf_counter(), store.cpu_s()
        findings = await work()
        seconds, cpu = time.perf_counter() - begun, store.cpu_s() - used
        stream.cancel()
        with suppress(asyncio.CancelledError):
            await stream
    if last:
        await shop.db.close()
    took.sort()
    late = sorted(watch.late)
    return {
        "seconds": seconds, "cpu_s": cpu, "findings": findings, "loop_ms": watch.worst, "loop_p99_ms": percentile(late, 0.99), "turns": len(took),
        "turn_ms": median(took), "turn_p99_ms": percentile(took, 0.99), "turn_most_ms": took[-1], "memory_mb": before,
        "memory_most_mb": memory_mb(os.getpid(), "VmHWM", alone=True),
    }  # fmt: skip


async def _turns(shop: Shop, took: list[float]) -> None:
    """One after the other: a customer's message, from its arrival to the commit of all that follows at once. Milliseconds."""
    n = 0
    while True:
        who, text = str(n % CUSTOMERS), SAYINGS[n // CUSTOMERS % len(SAYINGS)]
        shop._n += 1  # noqa: SLF001 - as `Shop.write`, without looking for what else is due
        event = MessageReceived(shop.sender(who), text, message_id=str(shop._n))  # noqa: SLF001 - as above
        began = time.perf_counter()
        await shop.hear(event)
        await shop.turns.once()
        took.append(1_000 * (time.perf_counter() - began))
        n += 1
        await asyncio.sleep(PAUSE_S)


def fill(url: str, deals: int, dirty: int) -> None:
    """Contacts with a deal and two tasks each; of one in `dirty` a task is overdue, the customer waits and the manager has left."""
    old = NOW - 3 * DAY_MS
    numbers = range(1, deals + 1)
    of_deals = "id contact_id funnel slot stage title source why tags fields responsible_id owner epoch waiting_since stage_at opened_at reason version"
    fields = json.dumps({"total": 250_000, "car": "Тойота Камри 2015"})
    stores.fill(url, {
        "people": ("id name role active created_at", [(1, "Анна", "manager", 1, 0), (2, "Борис", "manager", 0, 0)]),
        "contacts": ("id name phone email created_at", ((n, f"Клиент {n}", f"+7900{n:07}", "", old) for n in numbers)),
        "deals": (of_deals, (
            (n, n, "retail", "retail", "offer_manager", "", "bench", "", "[]", fields, 1 if n % dirty else 2, "person", 1,
             None if n % dirty else old, old, old, "", 1) for n in numbers
        )),
        "tasks": ("id deal_id contact_id kind text details responsible_id due_at state result created_by created_at", (
            (2 * n + second, n, n, "call", "Позвонить", "{}", 1, NOW + DAY_MS if second or n % dirty else old, "open", "", "robot", old)
            for n in numbers for second in (0, 1)
        )),
    })  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
