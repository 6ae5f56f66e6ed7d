"""What the kernel says a program used: processor time and memory of a process and all its descendants."""

import os
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """The process and its living descendants."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        try:
            tasks = list(Path(f"/proc/{one}/task").iterdir())
        except OSError:
            continue
        for task in tasks:
            try:
                waiting += [int(child) for child in (task / "children").read_text().split()]
            except OSError:
                continue
    return found


def cpu_s(pid: int) -> float:
    """User and system seconds of the tree, of its members that have ended too."""
    total = 0
    for one in tree(pid) if pid else []:
        try:
            words = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(int(word) for word in words[11:15])
    return total / TICK


def memory_mb(pid: int, line: str = "VmRSS", *, alone: bool = False) -> float:
    """Resident memory of the tree now; `VmHWM`: at its highest. `alone`: of this process without those it has started, as each
    of a PostgreSQL's counts what they all share.
    """
    total = 0
    for one in (pid,) if alone else tree(pid):
        try:
            status = Path(f"/proc/{one}/status").read_text()
        except OSError:
            continue
        total += sum(int(row.split()[1]) for row in status.splitlines() if row.startswith(line + ":"))
    return total / 1024


def machine_s() -> float:
    """Seconds that the processors were not ours to idle in: every process, interrupts, and what the host took away."""
    user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICK


def core_ms() -> float:
    """How long a fixed piece of Python takes here and now: to compare figures from two days or two machines."""
    began, total = time.perf_counter(), 0
    for n in range(2_000_000):
        total += n
    return (time.perf_counter() - began) * 1000


def percentile(ordered: list[float], share: float) -> float:
    """The value that `share` of the sorted values do not exceed; 0 where there are none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
