"""What a replay costs: `python -m bench.replay`. Real talks of the qualifier, held by a gateway on paper, played on a draft.

Goal: 500 talks in 10 seconds on one core. Reading the rows is counted; making them is not.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from bots.kit.compiler import read_script
from gateway.replays import Report, replay
from tests.databases import sqlite_template
from tests.shop import open_shop

GOAL_S = 10.0
TEXTS = ("Здравствуйте", "1", "фокус 2012", "колодки передние и диски", "4")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--talks", type=int, default=500)
    parser.add_argument("--strict", action="store_true", help="exit 1 where the goal is missed")
    asked = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    report, spent = asyncio.run(measure(asked.talks))
    print(f"{report.talks} talks, {report.different} otherwise, {report.unplayable.total()} not replayable")
    print(f"{spent:.2f} s, {1000 * spent / report.talks:.2f} ms a talk   goal {GOAL_S:.0f} s for 500")
    return 1 if asked.strict and spent * 500 / report.talks > GOAL_S else 0


async def measure(talks: int) -> tuple[Report, float]:
    """The report, and how long it took."""
    with tempfile.TemporaryDirectory() as folder:
        shop = open_shop(f"sqlite:///{sqlite_template(Path(folder))}")
        source = shop.house.scripts["qualifier"].source.replace("Сколько штук", "Сколько всего штук")
        draft, _ = read_script(source, "qualifier", shop.house.playbook.asks)
        if draft is None:
            raise SystemExit("the draft is no script")
        for text in TEXTS:
            for who in range(talks):
                await shop.write(text, str(who))
            await shop.later(seconds=5)
        began = time.perf_counter()
        report = await replay(shop.db, shop.house, "qualifier", draft, talks, shop.clock.now())
        spent = time.perf_counter() - began
        await shop.db.close()
    return report, spent


if __name__ == "__main__":
    sys.exit(main())
