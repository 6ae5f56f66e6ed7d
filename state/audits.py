"""Runs of the audit: asked for, taken up by one process, ended; one at a time over all processes.

The database's own indexes see to it: at most one row waits, at most one runs, and a period of the schedule has one row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

from sqlalchemy import Connection, exists, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from state.audit_tables import audit_runs
from state.ids import Ids
from state.records import Instant

LEASE_MS: Final = 120_000
"""Whoever runs one and has not been heard of for so long is taken for dead."""


@dataclass(frozen=True, slots=True)
class AuditRun:
    id: int
    period: str | None
    by_id: int | None
    checks: list[str]
    """Names; none: all."""
    state: str
    """`waiting`, `running`, `done`, or `stopped`: whoever ran it died."""
    asked_at: Instant
    started_at: Instant | None
    touched_at: Instant | None
    ended_at: Instant | None
    looked_at: int


_COLUMNS: Final = [audit_runs.c[f.name] for f in fields(AuditRun)]
_R = audit_runs.c


def ask(
    conn: Connection, ids: Ids, now: Instant, *, checks: Sequence[str] = (), by: int | None = None, period: str | None = None
) -> AuditRun | None:  # fmt: skip
    """A run that waits to be taken up. None: one waits already, or the period has had its run."""
    dialect = sqlite_insert if conn.dialect.name == "sqlite" else pg_insert
    row = dialect(audit_runs).values(
        id=ids.take("audit"), period=period, by_id=by, checks=list(checks), state="waiting", asked_at=now, started_at=None,
        touched_at=None, ended_at=None, looked_at=0,
    )  # fmt: skip
    made = conn.execute(row.on_conflict_do_nothing().returning(_R.id)).scalar()
    return find(conn, made) if made is not None else None


def had(conn: Connection, period: str) -> bool:
    return conn.execute(select(_R.id).where(_R.period == period)).first() is not None


def under_way(conn: Connection) -> AuditRun | None:
    """The one that runs, else the one that waits."""
    found = select(*_COLUMNS).where(_R.state.in_(("running", "waiting"))).order_by(_R.state).limit(1)
    row = conn.execute(found).first()
    return AuditRun(*row) if row else None


def is_there_work(conn: Connection, now: Instant) -> bool:
    """Whether something waits, or runs and is nobody's any more."""
    one = under_way(conn)
    return one is not None and (one.state == "waiting" or _abandoned(one, now))


def _abandoned(run: AuditRun, now: Instant) -> bool:
    return (run.touched_at or 0) < now - LEASE_MS


def take(conn: Connection, now: Instant) -> AuditRun | None:
    """The run that waits, ours from here on; None where another runs. One whose process died makes way, and its period is free again."""
    dead = update(audit_runs).where(_R.state == "running", _R.touched_at < now - LEASE_MS)
    conn.execute(dead.values(state="stopped", ended_at=now, period=None))
    others = audit_runs.alias()
    busy = exists().where(others.c.state == "running")
    taken = update(audit_runs).where(_R.state == "waiting", ~busy)
    run_id = conn.execute(
        taken.values(state="running", started_at=now, touched_at=now).returning(_R.id)
    ).scalar()  # fmt: skip
    return find(conn, run_id) if run_id is not None else None


def touch(conn: Connection, run_id: int, now: Instant, looked_at: int = 0) -> bool:
    """Still at it. False: it has been taken for dead, and must stop."""
    mine = update(audit_runs).where(_R.id == run_id, _R.state == "running")
    return conn.execute(mine.values(touched_at=now, looked_at=_R.looked_at + looked_at)).rowcount == 1


def end(conn: Connection, run_id: int, now: Instant) -> None:
    conn.execute(update(audit_runs).where(_R.id == run_id, _R.state == "running").values(state="done", ended_at=now))


def stop(conn: Connection, run_id: int, now: Instant) -> None:
    """It has failed: its period is free again."""
    mine = update(audit_runs).where(_R.id == run_id, _R.state == "running")
    conn.execute(mine.values(state="stopped", ended_at=now, period=None))


def find(conn: Connection, run_id: int) -> AuditRun | None:
    row = conn.execute(select(*_COLUMNS).where(_R.id == run_id)).first()
    return AuditRun(*row) if row else None


def latest(conn: Connection, n: int) -> list[AuditRun]:
    """The newest that came to their end, oldest first."""
    found = select(*_COLUMNS).where(_R.state == "done").order_by(_R.id.desc()).limit(n)
    return [AuditRun(*row) for row in conn.execute(found)][::-1]
