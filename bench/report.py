"""The table, the verdicts against the project's goals, and the JSON beside them."""

import json
import os
import platform
import sqlite3
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench.measure import core_ms
from bench.programs import LOAD_CORE, OUT, PROGRAM_CORE, ROOT
from bench.rows import DISTURBED, Measured

COLUMNS = (
    *("program", "turns/s @1", "@16", "@64", "@256", "@256, API 25 ms", "p50 ms @64", "p95", "p99"),
    *("p99 at half", "CPU µs/turn", "store", "busy", "peak MB", "ready s", "errors", "spread @64"),
)


def _line(row: Measured) -> list[str]:
    def of(run: str, figure: str, pattern: str = "{:,.0f}") -> str:
        return pattern.format(row.runs[run][figure]) if run in row.runs else "-"

    errors = sum(sum(run["errors"].values()) for run in row.runs.values())
    spread = row.figures.get("spread", 0.0)
    return [
        row.title,
        *(of(f"@{n}", "turns_per_s") for n in (1, 16, 64, 256)),
        of("@256 api", "turns_per_s"),
        *(of("@64", f"p{p}_ms", "{:.1f}") for p in (50, 95, 99)),
        of("half", "p99_ms", "{:.1f}"),
        of("@64", "program_us"),
        of("@64", "store_us"),
        of("@64", "busy", "{:.0%}"),
        f"{row.figures.get('peak_mb', 0):.0f}",
        f"{row.figures.get('ready_s', 0):.2f}",
        f"{errors:,}",
        f"{spread:.0%}" if spread else "-",
    ]


def table(rows: list[Measured]) -> str:
    lines = [
        "| " + " | ".join(COLUMNS) + " |",
        "| --- |" + " ---: |" * (len(COLUMNS) - 1),
        *("| " + " | ".join(_line(row)) + " |" for row in rows if row.runs),
    ]
    disturbed = max((run["others"] for row in rows for run in row.runs.values()), default=0.0)
    if disturbed > DISTURBED:
        lines.append(
            f"\nDisturbed: others took up to {disturbed:.0%} of a core during a run; read speeds as lower bounds."
        )
    lines += [f"\n{row.title}: not measured: {row.skipped}" for row in rows if row.skipped]
    return "\n".join(lines)


def verdicts(rows: list[Measured]) -> list[tuple[bool | None, str]]:
    """Each goal with what was measured; None: this run did not measure it."""
    by_name: Mapping[str, Measured] = {row.name: row for row in rows}

    def figure(name: str, run: str, *wanted: str) -> float | None:
        row = by_name.get(name)
        if row is None:
            return None
        if not run:
            return row.figures.get(wanted[0])
        return sum(row.runs[run][one] for one in wanted) if run in row.runs else None

    cpu = figure("parley", "@64", "program_us", "store_us")
    floor = figure("floor", "@64", "program_us", "store_us")
    aiogram = figure("aiogram", "@64", "program_us", "store_us")
    ready = [figure("parley-idle", "", f"ready_s_{one}_telegram") for one in ("with", "without")]
    seen_ready = [one for one in ready if one is not None]
    errors = sum(sum(run["errors"].values()) for row in rows for run in row.runs.values() if "parley" in row.name)
    goals: list[tuple[str, float | None, str, float | None, str]] = [
        ("CPU per turn against the floor", cpu and floor and cpu / floor, "≤", 3.0, "×"),
        ("CPU per turn against aiogram in memory", cpu and aiogram and cpu / aiogram, "≤", 0.5, "×"),
        ("p99 at half of saturation", figure("parley", "half", "p99_ms"), "≤", 100, "ms"),
        ("256 in flight, API 25 ms", figure("parley", "@256 api", "turns_per_s"), "≥", 4000, "turns/s"),
        ("syncs 2 ms slower, 64 in flight", figure("parley-slow-disk", "@64", "turns_per_s"), "≥", 3000, "turns/s"),
        ("idle memory with Telegram", figure("parley-idle", "", "idle_mb_with_telegram"), "≤", 200, "MB"),
        ("idle memory without Telegram", figure("parley-idle", "", "idle_mb_without_telegram"), "≤", 120, "MB"),
        ("time to ready", max(seen_ready) if seen_ready else None, "≤", 3.0, "s"),
        (
            "errors in parley's rows",
            float(errors) if any("@64" in r.runs for r in rows if "parley" in r.name) else None,
            "≤",
            0,
            "",
        ),
    ]
    found: list[tuple[bool | None, str]] = []
    for what, value, sign, goal, unit in goals:
        if value is None or goal is None:
            found.append((None, f"not measured  {what}"))
            continue
        met = value <= goal if sign == "≤" else value >= goal
        found.append((met, f"{'met' if met else 'MISSED':12}  {what}: {value:,.4g} {unit} (goal {sign} {goal:,g})"))
    return found


def circumstances() -> dict[str, str]:
    cpus = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "cpu": cpus[0].split(":", 1)[1].strip() if cpus else "?",
        "cores": f"program on {PROGRAM_CORE}, load and store on {LOAD_CORE}, of {os.cpu_count()}",
        "load_before": " ".join(f"{one:.1f}" for one in os.getloadavg()),
        "core": f"2,000,000 additions in Python take {core_ms():.0f} ms",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


def save(rows: list[Measured], where: dict[str, str]) -> Path:
    OUT.mkdir(parents=True, exist_ok=True)
    body = {
        "circumstances": where,
        "rows": [asdict(row) for row in rows],
        "verdicts": [{"met": met, "line": line} for met, line in verdicts(rows)],
    }
    path = OUT / f"{where['at'].replace(':', '')[:17]}.json"
    path.write_text(json.dumps(body, ensure_ascii=False, indent=1))
    return path
