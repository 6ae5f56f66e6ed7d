"""Programs under test: how each is started, on which core, and when it is ready. All take the gateway's settings."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers import free_port

ROOT = Path(__file__).parents[1]
OUT = ROOT / "bench" / "out"
PLAYBOOK = ROOT / "bench" / "playbook"
CORES = sorted(os.sched_getaffinity(0))
PROGRAM_CORE, LOAD_CORE = CORES[0], CORES[-1]
TOKEN, SECRET = "700001:BENCH", "bench-secret"
START_S = 60.0


class SkipRowError(Exception):
    """The row cannot be measured here; the message says why and what would help."""


@dataclass(slots=True)
class Started:
    pid: int
    port: int
    ready_s: float
    """From starting the process to the first 200 of /readyz."""
    log: Path

    @property
    def hook(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/telegram"


@dataclass(frozen=True, slots=True)
class Program:
    command: Sequence[str]
    telegram: bool = True
    env: dict[str, str] = field(default_factory=dict)


def floor() -> Program:
    return Program([sys.executable, "-m", "bench.floor"])


def aiogram(redis: str = "") -> Program:
    return Program([sys.executable, "-m", "bench.aiogram_bot", *(["--redis", redis] if redis else [])])


def parley(database: str = "", *, telegram: bool = True, preload: str = "") -> Program:
    """The gateway, by the command and the settings that its operators use; SQLite in a fresh folder unless told."""
    command = os.environ.get("BENCH_PARLEY", "").split()
    if not command:
        program = Path(sys.executable).with_name("parley")
        if not program.exists():
            raise SkipRowError("no `parley` command beside this Python: run `make setup` first")
        if not PLAYBOOK.is_dir():
            raise SkipRowError("bench/playbook is missing")
        command = [str(program), "serve", "--playbook", str(PLAYBOOK)]
    env = {"PARLEY_DATABASE_URL": database} if database else {}
    if preload:
        env["LD_PRELOAD"] = preload
    return Program(command, telegram, env)


@contextlib.contextmanager
def on_core(core: int) -> Iterator[None]:
    """What is started inside runs on this core only."""
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, CORES)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextlib.contextmanager
def running(program: Program, api: str) -> Iterator[Started]:
    """Start it on its core in a folder of its own on the checkout's disk, wait until ready, end it afterwards."""
    OUT.mkdir(parents=True, exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix="data-", dir=OUT))
    port = free_port()
    env = {k: v for k, v in os.environ.items() if not k.startswith("PARLEY_")}
    env |= {"PYTHONPATH": str(ROOT), "PARLEY_DATA_DIR": str(data)}
    env |= {"PARLEY_DATABASE_URL": f"sqlite:///{data}/parley.db", "PARLEY_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    if program.telegram:
        env |= {"PARLEY_TELEGRAM_TOKEN": TOKEN, "PARLEY_TELEGRAM_SECRET": SECRET}
        env |= {"PARLEY_TELEGRAM_MODE": "webhook", "PARLEY_TELEGRAM_API_BASE": api}
        # the provider's budgets would be all that is measured
        env |= {"PARLEY_TELEGRAM_RATE": "0", "PARLEY_TELEGRAM_CHAT_RATE": "0"}
    log = OUT / "program.log"
    began = time.perf_counter()
    with log.open("wb") as out, on_core(PROGRAM_CORE):
        process = subprocess.Popen(
            [*program.command, "--host", "127.0.0.1", "--port", str(port)],
            cwd=ROOT,
            env=env | program.env,
            stdout=out,
            stderr=out,
        )
    try:
        while not _answers(port):
            if process.poll() is not None or time.perf_counter() - began > START_S:
                last = log.read_text(errors="replace").strip().splitlines()[-1:]
                raise SkipRowError(
                    f"it did not get ready in {START_S:.0f} s or ended: {' '.join(last)} (see {log.name})"
                )
            time.sleep(0.02)
        ready_s = time.perf_counter() - began
        _wait_for_children(process.pid)
        yield Started(process.pid, port, ready_s, log)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(data, ignore_errors=True)


def _wait_for_children(pid: int) -> None:
    """Setting a webhook up may take a child process for some seconds: it is no part of a turn."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    until = time.perf_counter() + START_S
    while children.exists() and children.read_text().strip() and time.perf_counter() < until:
        time.sleep(0.1)


def slow_syncs() -> str:
    """The library that makes syncs slower, compiled now, and shown to work."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or sys.platform != "linux":
        raise SkipRowError("no C compiler here (or no Linux): `apt-get install gcc` gives this row")
    OUT.mkdir(parents=True, exist_ok=True)
    library = OUT / "slowsync.so"
    source = ROOT / "bench" / "slowsync.c"
    built = subprocess.run(
        [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl"],
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        raise SkipRowError(f"the slow-sync library does not compile: {built.stderr[-300:]}")
    probe = (
        "import sqlite3, sys, time\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('PRAGMA synchronous=FULL')\nc.execute('CREATE TABLE t(a)')\nt = time.perf_counter()\n"
        "for n in range(10): c.execute('INSERT INTO t VALUES (?)', (n,))\nprint(time.perf_counter() - t)\n"
    )
    with tempfile.TemporaryDirectory(dir=OUT) as folder:
        took = subprocess.run(
            [sys.executable, "-c", probe, f"{folder}/probe.db"],
            env={**os.environ, "LD_PRELOAD": str(library)},
            capture_output=True,
            text=True,
            check=False,
        ).stdout
    if not took or float(took) < 0.02:
        raise SkipRowError(f"preloading has no effect here: ten commits took {took.strip() or 'no'} s")
    return str(library)
