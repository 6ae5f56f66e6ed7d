"""What happened at the steps of scripts: a note in the run's own row first, moved to the table `steps` in handfuls.

A run's trail is a part of its state that the turn writes anyway. Where it is full, and where the run ends, the turn moves
it in its own commit: so a note is counted once, whoever dies when, and most turns pay no statement for it.
"""

from typing import Any, Final

from sqlalchemy import Connection, delete, select, tuple_, update

from state.dialects import Ready, inserting
from state.records import Instant, Run
from state.tables import runs, steps

Note = list[Any]
"""[step, ms since the run began, ms until it was answered, result, word]."""
Trail = list[Any]
"""[channel, how many notes were moved before, notes]."""

WAITING: Final = "waiting"
"""The result of the note of the step where the run stands."""
FULL: Final = 8
KEPT: Final = 400 * 86_400_000
_AT_ONCE: Final = 5_000

_ADD = inserting(steps, "run_id", "n", "at", "notes", json=("notes",))
OLDEST = Ready(lambda _: select(steps.c.run_id, steps.c.n, steps.c.at).order_by(steps.c.run_id, steps.c.n).limit(1))


def new_trail(channel: str) -> Trail:
    return [channel, 0, []]


def standing(notes: list[Note]) -> Note | None:
    """The note of the step where the run stands; it is among the last."""
    for note in reversed(notes):
        if note[3] == WAITING:
            return note
    return None


def move(run: Run, trail: Trail) -> list[dict[str, Any]]:
    """Take the notes out of the trail, as a row if there are any. What is not over yet stays."""
    first, over = trail[1], [note for note in trail[2] if note[3] != WAITING]
    if not over:
        return []
    trail[1], trail[2] = first + len(over), [note for note in trail[2] if note[3] == WAITING]
    return [{"run_id": run.id, "n": first, "at": run.started_at + over[0][1], "notes": over}]


def end(run: Run, left: str) -> list[dict[str, Any]]:
    """The run is over, and all of its notes with it. Where it still stood at a step, the customer was `left` there."""
    trail: Trail | None = run.state.get("trail")
    if trail is None:  # it began before trails were kept
        return []
    note = standing(trail[2])
    if note is not None:
        note[3], note[4] = "left", left
    return move(run, trail)


def add(conn: Connection, rows: list[dict[str, Any]]) -> None:
    _ADD.write(conn, rows)


def end_all(conn: Connection, deal: int, left: str) -> None:
    """The same for a deal's runs that are ended behind their lane's back, just before they are."""
    found = select(runs).where(runs.c.deal_id == deal, runs.c.status == "running")
    for row in conn.execute(found).mappings().all():
        run = Run(**row)
        if rows := end(run, left):
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
