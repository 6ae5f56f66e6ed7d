"""What one step of a bot costs: `python -m bench.step`. The qualifier, led through its talks; a median per kind of event.

The run is read from JSON and written back around every step, as the gateway does it; both are told apart.
"""

import argparse
import gc
import json
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path

import bots.qualifier
from bots.kit.compiler import read_script
from bots.kit.events import Event, MessageReceived, RunStarted, TimerFired
from bots.kit.run import Facts, RunState
from bots.kit.script import Script
from bots.kit.walk import begin, step

GOAL_US = 30.0
"""Of one step, in the middle of all of them."""
NOW = 1_736_928_000_000
TALK: tuple[tuple[str, Event, int], ...] = (
    ("started", RunStarted(), 0),
    ("message gathered", MessageReceived(text="Здравствуйте, подскажите пожалуйста"), 5_000),
    ("burst settled", TimerFired("settle"), 2_000),
    ("choice by number", MessageReceived(text="1"), 30_000),
    ("message gathered", MessageReceived(text="тойота камри 2012, 2.5"), 30_000),
    ("burst settled", TimerFired("settle"), 2_000),
    ("message gathered", MessageReceived(text="масляный и воздушный фильтры"), 30_000),
    ("burst settled", TimerFired("settle"), 2_000),
    ("message gathered", MessageReceived(text="2"), 30_000),
    ("burst settled", TimerFired("settle"), 2_000),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2_000)
    parser.add_argument("--strict", action="store_true", help="exit 1 where the goal is missed")
    asked = parser.parse_args()
    path = Path(bots.qualifier.__file__).parent / "qualifier.yaml"
    script, problems = read_script(path.read_text(encoding="utf-8"), "qualifier")
    if script is None:
        print(*problems, sep="\n")
        return 2
    steps, whole = measure(script, asked.rounds)
    every = [spent for kind in steps.values() for spent in kind]
    print(f"{'event':<20}{'median µs':>10}{'p99 µs':>10}{'steps':>10}")
    for kind, spent in steps.items():
        print(f"{kind:<20}{statistics.median(spent):>10.1f}{_p99(spent):>10.1f}{len(spent):>10}")
    middle = statistics.median(every)
    print(f"{'all steps':<20}{middle:>10.1f}{_p99(every):>10.1f}{len(every):>10}   goal {GOAL_US:.0f}")
    print(f"{'with JSON around':<20}{statistics.median(whole):>10.1f}{_p99(whole):>10.1f}{len(whole):>10}")
    return 1 if asked.strict and middle > GOAL_US else 0


def measure(script: Script, rounds: int) -> tuple[dict[str, list[float]], list[float]]:
    """Microseconds of each step by kind of event, and of each step with its run's JSON around it."""
    steps: dict[str, list[float]] = defaultdict(list)
    whole: list[float] = []
    gc.freeze()
    for round_ in range(rounds):
        saved, now = json.dumps(begin(script).to_json()), NOW
        for kind, event, passed in TALK:
            now += passed
            facts = Facts(now, "Анна", "telegram", "Europe/Moscow", {}, seed=round_)
            first = time.perf_counter_ns()
            run = RunState.from_json(json.loads(saved))
            began = time.perf_counter_ns()
            run, _ = step(script, run, event, facts)
            ended = time.perf_counter_ns()
            saved = json.dumps(run.to_json())
            last = time.perf_counter_ns()
            steps[kind].append((ended - began) / 1_000)
            whole.append((last - first) / 1_000)
    return steps, whole


def _p99(spent: list[float]) -> float:
    return sorted(spent)[int(len(spent) * 0.99)]


if __name__ == "__main__":
    sys.exit(main())
