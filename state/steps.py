"""What happened at the steps of scripts: a note in the run's own row first, moved to the table `steps` in handfuls.

A run's trail is a part of its state that the turn writes anyway. Where it is full, and where the run ends, the turn moves
it in its own commit: so a note is counted once, whoever dies when, and most turns pay no statement for it.
"""

from typing import Any, Final

from sqlalchemy import Connection, delete, select, tuple_, update

from state.dialects import Ready, inserting
from state.records import Instant, Run
from state.tables import runs, steps

Trail = list[Any]
"""[channel, handfuls moved before, notes, step where the run stands or nothing, ms at which it came there].

A note is `step|at|took|result|word;`: times in ms, `at` since the run began, `took` until it was answered. Names of steps,
exits and phrases hold neither of the separators. A text is carried and lengthened at a tenth of what lists would cost.
"""

FULL: Final = 200
"""Characters; a typical run ends before."""
KEPT: Final = 400 * 86_400_000
_AT_ONCE: Final = 5_000

_ADD = inserting(steps, "run_id", "n", "at", "notes")
OLDEST = Ready(lambda _: select(steps.c.run_id, steps.c.n, steps.c.at).order_by(steps.c.run_id, steps.c.n).limit(1))


def new_trail(channel: str) -> Trail:
    return [channel, 0, "", "", 0]


def move(run: Run, trail: Trail, now: Instant) -> list[dict[str, Any]]:
    """Take the notes out of the trail, as a row if there are any."""
    if not trail[2]:
        return []
    row = {"run_id": run.id, "n": trail[1], "at": now, "notes": trail[2]}
    trail[1] += 1
    trail[2] = ""
    return [row]


def end(run: Run, left: str, now: Instant) -> list[dict[str, Any]]:
    """The run is over, and all of its notes with it. Where it still stood at a step, the customer was `left` there."""
    trail: Trail | None = run.state.get("trail")
    if trail is None:  # it began before trails were kept
        return []
    if trail[3]:
        trail[2] += f"{trail[3]}|{trail[4]}||left|{left};"
        trail[3] = ""
    return move(run, trail, now)


def add(conn: Connection, rows: list[dict[str, Any]]) -> None:
    _ADD.write(conn, rows)


def end_all(conn: Connection, deal: int, left: str, now: Instant) -> None:
    """The same for a deal's runs that are ended behind their lane's back, just before they are."""
    found = select(runs).where(runs.c.deal_id == deal, runs.c.status == "running")
    for row in conn.execute(found).mappings().all():
        run = Run(**row)
        if rows := end(run, left, now):
            add(conn, rows)
            conn.execute(update(runs).where(runs.c.id == run.id).values(state=run.state))


def forget(conn: Connection, now: Instant) -> None:
    """Delete a bounded number of notes past their keep. Runs are numbered as time goes on: the oldest come first."""
    oldest = OLDEST.rows(conn)
    if not oldest or oldest[0][2] >= now - KEPT:
        return
    first = select(steps.c.run_id, steps.c.n, steps.c.at).order_by(steps.c.run_id, steps.c.n).limit(_AT_ONCE).subquery()
    old = select(first.c.run_id, first.c.n).where(first.c.at < now - KEPT)
    conn.execute(delete(steps).where(tuple_(steps.c.run_id, steps.c.n).in_(old)))
