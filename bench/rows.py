"""What is measured: the rows of the table, and the runs each goes through."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bench import programs
from bench.load import Generator, generator
from bench.measure import memory_mb
from bench.programs import LOAD_CORE, Program, SkipRowError, Started, on_core, running
from tests.servers import NoServerError, fresh_database, postgres_server, valkey_server

API_DELAY_MS = 25.0
DISTURBED = 0.2


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take; `repeats` of the main run give the spread."""

    warm_up_s: float
    seconds: float
    repeats: int
    in_flight: tuple[int, ...]
    idle_s: float


FULL = Pace(2.0, 5.0, 3, (1, 16, 64, 256), 5.0)
QUICK = Pace(0.5, 1.5, 1, (64,), 1.5)


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    title: str
    program: Callable[[], contextlib.AbstractContextManager[tuple[Program, int]]]
    """Gives the program and the pid of its store (0: none)."""
    steps: tuple[str, ...] = ("closed", "api", "half")


@dataclass(slots=True)
class Measured:
    name: str
    title: str
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By run: `@64`, `@256 api`, `half`, ...; figures as the generator gives them."""
    figures: dict[str, float] = field(default_factory=dict)
    skipped: str = ""


@contextlib.contextmanager
def _alone(program: Program) -> Iterator[tuple[Program, int]]:
    yield program, 0


@contextlib.contextmanager
def _with_valkey() -> Iterator[tuple[Program, int]]:
    with contextlib.ExitStack() as stack:
        with on_core(LOAD_CORE):
            store = stack.enter_context(valkey_server())
        yield programs.aiogram(store.url), store.pid


@contextlib.contextmanager
def _with_postgres() -> Iterator[tuple[Program, int]]:
    with contextlib.ExitStack() as stack:
        with on_core(LOAD_CORE):
            store = stack.enter_context(postgres_server(durable=True))
        yield programs.parley(fresh_database(store.url)), store.pid


ROWS = (
    Row("floor", "floor: aiohttp both ways, keeps nothing", lambda: _alone(programs.floor())),
    Row("aiogram", "aiogram, FSM in memory", lambda: _alone(programs.aiogram())),
    Row("aiogram-redis", "aiogram, FSM in Valkey", _with_valkey),
    Row("parley", "parley, SQLite", lambda: _alone(programs.parley())),
    Row(
        "parley-slow-disk",
        "parley, SQLite, syncs 2 ms slower",
        lambda: _alone(programs.parley(preload=programs.slow_syncs())),
        ("closed",),
    ),
    Row("parley-postgres", "parley, PostgreSQL (fsync)", _with_postgres),
)
IDLE = "parley-idle"
NAMES = (*(row.name for row in ROWS), IDLE)


def measure(row: Row, pace: Pace, chats: int, say: Callable[[str], None]) -> Measured:
    measured = Measured(row.name, row.title)
    try:
        with row.program() as (program, store), generator(chats) as load, running(program, load.api) as started:
            measured.figures["ready_s"] = started.ready_s
            _runs(measured, row, pace, load, started, store, say)
    except (SkipRowError, NoServerError) as why:
        measured.skipped = str(why)
        say(f"  skipped: {why}")
    return measured


def _runs(
    measured: Measured,
    row: Row,
    pace: Pace,
    load: Generator,
    started: Started,
    store: int,
    say: Callable[[str], None],
) -> None:
    common = {"program": started.pid, "store": store, "warm_up_s": pace.warm_up_s, "seconds": pace.seconds}

    def run(name: str, **order: Any) -> dict[str, Any]:
        result = load.run(started.hook, **common, **order)
        measured.runs[name] = result
        say(
            f"  {name:10} {result['turns_per_s']:9,.0f} turns/s  p50 {result['p50_ms']:6.1f}  "
            f"p99 {result['p99_ms']:6.1f} ms  {result['program_us']:6.0f} + {result['store_us']:.0f} µs/turn  "
            f"errors {sum(result['errors'].values())}"
        )
        if result["others"] > DISTURBED:
            say(f"    disturbed: others took {result['others']:.0%} of a core meanwhile")
        for example in result["examples"]:
            say(f"    {example}")
        return result

    saturation = 0.0
    for in_flight in pace.in_flight:
        repeats = pace.repeats if in_flight == 64 else 1
        again = [run(f"@{in_flight}", in_flight=in_flight) for _ in range(repeats)]
        again.sort(key=lambda result: float(result["program_us"]))
        middle = measured.runs[f"@{in_flight}"] = again[len(again) // 2]
        if in_flight == 64:
            saturation = middle["turns_per_s"]
            speeds = [result["turns_per_s"] for result in again]
            measured.figures["spread"] = (max(speeds) - min(speeds)) / max(middle["turns_per_s"], 1)
    if "api" in row.steps:
        run("@256 api", in_flight=256, api_delay_ms=API_DELAY_MS)
    if "half" in row.steps and saturation:
        run("half", rate=saturation / 2)
    measured.figures["peak_mb"] = memory_mb(started.pid, "VmHWM")


def measure_idle(pace: Pace, say: Callable[[str], None]) -> Measured:
    """What the gateway takes when nothing happens, and how soon it is ready."""
    measured = Measured(IDLE, "parley, idle")
    try:
        for name, telegram in (("with", True), ("without", False)):
            with generator(1) as load, running(programs.parley(telegram=telegram), load.api) as started:
                time.sleep(pace.idle_s)
                measured.figures[f"idle_mb_{name}_telegram"] = memory_mb(started.pid)
                measured.figures[f"ready_s_{name}_telegram"] = started.ready_s
                say(f"  {name} Telegram: {memory_mb(started.pid):.0f} MB, ready in {started.ready_s:.2f} s")
    except SkipRowError as why:
        measured.skipped = str(why)
        say(f"  skipped: {why}")
    return measured
