"""What a simulated month costs: seconds of one core, events a second, memory, and how large its database is.

`parley simulate` in a process of its own, start and the look at every invariant included; the goal is a month of 2,000
customers in a minute. Processor time is told, not the clock's: what others do beside it matters less.
"""

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

GOAL_S: Final = 60.0
_FULL: Final = (30, 2_000)
_QUICK: Final = (5, 200)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="five days of 200 customers: that it works, not how fast")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--playbook", default="autoparts")
    parser.add_argument("--faults", action="store_true")
    parser.add_argument(
        "--strict", action="store_true", help="exit 1 where the goal is missed or an invariant is broken"
    )
    asked = parser.parse_args()
    days, customers = _QUICK if asked.quick else _FULL
    more = ["--faults"] if asked.faults else []
    found = measure(days, customers, ["--seed", str(asked.seed), "--playbook", asked.playbook, *more])
    print(json.dumps(found, indent=1))
    return 1 if asked.strict and missed(found) else 0


def measure(days: int, customers: int, more: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "month.db"
        size = ["--days", str(days), "--customers", str(customers), "--database", f"sqlite:///{file}"]
        command = [sys.executable, "-m", "gateway", "simulate", *size, *more]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        kept = sum(one.stat().st_size for one in Path(folder).iterdir())
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    events = _number(r"events (\d+)", done.stdout)
    return {
        "days": days, "customers": customers, "cpu_seconds": round(seconds, 1), "goal_s": GOAL_S, "events": events,
        "turns": _number(r"turns (\d+)", done.stdout), "events_a_second": round(events / seconds, 1),
        "memory_mb": round(after.ru_maxrss / 1024, 1), "database_mb": round(kept / 1_048_576, 1),
        "holds": done.returncode == 0 and "every invariant holds" in done.stdout,
    }  # fmt: skip


def missed(found: dict[str, Any]) -> bool:
    return bool(found["cpu_seconds"] > found["goal_s"] or not found["holds"] or not found["events"])


def _number(pattern: str, said: str) -> int:
    told = re.search(pattern, said)
    return int(told[1]) if told else 0


if __name__ == "__main__":
    sys.exit(main())
