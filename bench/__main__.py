"""`python -m bench`: measures the rows, prints the table and the verdicts, writes JSON to bench/out."""

import argparse
import sys

from bench import report, rows
from bench.programs import ROOT


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short runs, about a minute in all")
    parser.add_argument("--only", action="append", choices=rows.NAMES, metavar="ROW", help=", ".join(rows.NAMES))
    parser.add_argument("--chats", type=int, default=2000, help="customers, each strictly in order")
    parser.add_argument("--strict", action="store_true", help="exit 1 where a goal is missed")
    given = parser.parse_args()
    pace = rows.QUICK if given.quick else rows.FULL
    wanted = given.only or rows.NAMES
    where = report.circumstances()

    def say(line: str) -> None:
        print(line, flush=True)

    say("\n".join(f"{name}: {value}" for name, value in where.items()))
    measured = []
    for row in rows.ROWS:
        if row.name in wanted:
            say(f"\n{row.title}")
            measured.append(rows.measure(row, pace, given.chats, say))
    if rows.IDLE in wanted:
        say("\nparley, idle")
        measured.append(rows.measure_idle(pace, say))
    say("\n" + report.table(measured) + "\n")
    found = report.verdicts(measured)
    say("\n".join(line for _, line in found))
    say(f"\nfigures: {report.save(measured, where).relative_to(ROOT)}")
    return 1 if given.strict and any(met is False for met, _ in found) else 0


if __name__ == "__main__":
    sys.exit(main())
