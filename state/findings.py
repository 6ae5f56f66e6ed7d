"""What audits find, one row for each check and what it is about; what people say of it; and the numbers of each run.

A run writes what it sees. What it does not see any more is gone, whoever has seen to it; what was said to be fixed and is seen
again counts as a repeat.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal

from sqlalchemy import Connection, Select, and_, bindparam, case, delete, func, insert, or_, select, update

from state import audits
from state.audit_tables import audit_runs, audit_tallies, findings
from state.dialects import inserting, skipping
from state.ids import Ids
from state.records import Instant
from state.tables import contacts, deals, people

Status = Literal["not_handled", "fixed", "cannot_fix"]
KEPT: Final = 400 * 86_400_000
_AT_ONCE: Final = 1_000
_F = findings.c


@dataclass(frozen=True, slots=True)
class Seen:
    """Something wrong, as a run saw it."""

    key: str
    check_name: str
    severity: str
    person_id: int | None
    contact_id: int | None
    deal_id: int | None
    task_id: int | None
    what: str
    since: Instant


@dataclass(frozen=True, slots=True)
class Finding:
    id: int
    key: str
    check_name: str
    severity: str
    person_id: int | None
    contact_id: int | None
    deal_id: int | None
    task_id: int | None
    what: str
    since: Instant
    status: str
    reason: str
    settled_at: Instant | None
    settled_by: int | None
    """None with `fixed`: a run has not found it any more."""
    confirmed_at: Instant | None
    confirmed_by: int | None
    """The head who agrees that it cannot be fixed."""
    first_at: Instant
    first_run: int
    run_id: int
    back_run: int
    repeats: int
    gone_run: int | None
    gone_at: Instant | None
    """When a run did not find it any more."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A finding as a person reads it."""

    finding: Finding
    manager: str
    customer: str
    phone: str
    funnel: str
    stage: str
    fields: dict[str, Any]
    """Of its deal."""


_COLUMNS: Final = [_F[f.name] for f in fields(Finding)]
_LISTED: Final[Select[Any]] = select(
    *_COLUMNS, people.c.name, contacts.c.name, contacts.c.phone, deals.c.funnel, deals.c.stage, deals.c.fields
).select_from(
    findings.outerjoin(people, people.c.id == _F.person_id)
    .outerjoin(contacts, contacts.c.id == _F.contact_id)
    .outerjoin(deals, deals.c.id == _F.deal_id)
)
_ADD: Final = inserting(findings, record=Finding, conflict=skipping("key"))
_AGAIN: Final = (
    update(findings)
    .where(_F.id == bindparam("b_id"))
    .values({f.name: bindparam(f"b_{f.name}") for f in fields(Finding) if f.name not in ("id", "key", "first_at", "first_run")})
)  # fmt: skip


# -- a run -------------------------------------------------------------------------------------------------------------


def note(conn: Connection, ids: Ids, run_id: int, seen: Sequence[Seen], read_at: Instant, looked_at: int = 0) -> bool:
    """Write down a page's findings. `read_at`: when it was read, so that what people have said since stands. False: the run is not ours."""
    if not audits.touch(conn, run_id, read_at, looked_at):
        return False
    by_key = {one.key: one for one in seen}
    rows = conn.execute(select(*_COLUMNS).where(_F.key.in_(list(by_key)))) if by_key else ()
    known = {row.key: Finding(*row) for row in rows}
    fresh = [_fresh(ids, run_id, one, read_at) for key, one in by_key.items() if key not in known]
    if fresh:
        _ADD.write(conn, fresh)
    if known:
        conn.execute(_AGAIN, [_again(known[key], by_key[key], run_id, read_at) for key in sorted(known)])
    return True


def _fresh(ids: Ids, run_id: int, one: Seen, at: Instant) -> Finding:
    return Finding(
        id=ids.take("finding"), **asdict(one), status="not_handled", reason="", settled_at=None, settled_by=None, confirmed_at=None,
        confirmed_by=None, first_at=at, first_run=run_id, run_id=run_id, back_run=0, repeats=0, gone_run=None, gone_at=None,
    )  # fmt: skip


def _again(was: Finding, one: Seen, run_id: int, read_at: Instant) -> dict[str, Any]:
    said_fixed = was.status == "fixed" and was.gone_at is None and (was.settled_at or 0) < read_at
    back = was.run_id != run_id and (was.gone_at is not None or said_fixed)
    now = asdict(was) | asdict(one) | {"run_id": run_id}
    if back:
        now |= {
            "status": "not_handled", "reason": "", "settled_at": None, "settled_by": None, "confirmed_at": None, "confirmed_by": None,
            "back_run": run_id, "repeats": was.repeats + 1, "gone_run": None, "gone_at": None,
        }  # fmt: skip
    return {f"b_{name}": value for name, value in now.items() if name not in ("key", "first_at", "first_run")}


def retire(conn: Connection, run_id: int, checks: Sequence[str], now: Instant) -> int | None:
    """What this run has not found is gone. A bounded number of rows; the answer: how many. None: the run is not ours."""
    if not audits.touch(conn, run_id, now):
        return None
    there = select(_F.id).where(_F.gone_at.is_(None), _F.run_id != run_id)
    if checks:
        there = there.where(_F.check_name.in_(checks))
    gone = list(conn.execute(there.limit(_AT_ONCE)).scalars())
    if gone:
        values = {
            "status": "fixed",
            "gone_at": now,
            "gone_run": run_id,
            "settled_at": func.coalesce(_F.settled_at, now),
        }
        conn.execute(update(findings).where(_F.id.in_(gone)).values(values))
    return len(gone)


def finish(conn: Connection, run_id: int, now: Instant) -> None:
    """Count the run, end it, and forget what is long gone."""
    if not audits.touch(conn, run_id, now):
        return
    person = func.coalesce(_F.person_id, 0)
    seen = and_(_F.run_id == run_id, _F.gone_at.is_(None))

    def n(condition: Any) -> Any:
        return func.sum(case((condition, 1), else_=0))

    excused = and_(seen, _F.status == "cannot_fix", _F.confirmed_at.is_not(None))
    counted = select(
        _F.check_name, person, n(seen), n(and_(seen, _F.first_run == run_id)), n(and_(seen, _F.back_run == run_id)),
        n(_F.gone_run == run_id), n(excused),
    ).where(or_(seen, _F.gone_run == run_id)).group_by(_F.check_name, person)  # fmt: skip
    names = ("check_name", "person_id", "found", "fresh", "repeats", "fixed", "excused")
    rows = [{"run_id": run_id} | dict(zip(names, row, strict=True)) for row in conn.execute(counted)]
    if rows:
        conn.execute(insert(audit_tallies), rows)
    audits.end(conn, run_id, now)
    conn.execute(delete(findings).where(_F.gone_at < now - KEPT))
    old = select(audit_runs.c.id).where(audit_runs.c.asked_at < now - KEPT)
    conn.execute(delete(audit_tallies).where(audit_tallies.c.run_id.in_(old)))
    conn.execute(delete(audit_runs).where(audit_runs.c.asked_at < now - KEPT))


# -- people ------------------------------------------------------------------------------------------------------------


def find(conn: Connection, finding_id: int) -> Finding | None:
    row = conn.execute(select(*_COLUMNS).where(_F.id == finding_id)).first()
    return Finding(*row) if row else None


def settle(
    conn: Connection, finding_id: int, status: Status, reason: str, by: int, now: Instant, *, confirmed: bool = False
) -> bool:  # fmt: skip
    """What a person says of it. `confirmed`: a head says that it cannot be fixed. False: it is gone."""
    there = update(findings).where(_F.id == finding_id, _F.gone_at.is_(None))
    handled = status != "not_handled"
    values = {
        "status": status, "reason": reason, "settled_at": now if handled else None, "settled_by": by if handled else None,
        "confirmed_at": now if confirmed else None, "confirmed_by": by if confirmed else None,
    }  # fmt: skip
    return conn.execute(there.values(values)).rowcount == 1


def confirm(conn: Connection, finding_id: int, by: int, now: Instant) -> bool:
    """A head agrees with the reason that is there."""
    waiting = update(findings).where(_F.id == finding_id, _F.gone_at.is_(None), _F.status == "cannot_fix")
    return conn.execute(waiting.values(confirmed_at=now, confirmed_by=by)).rowcount == 1


# -- lists -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Which:
    """Empty values do not narrow."""

    person: int | None = None
    nobodys: bool = False
    check: str = ""
    status: str = ""
    severity: str = ""
    gone: bool = False


def page(conn: Connection, which: Which, limit: int, after: tuple[int, int] | None = None) -> list[Listed]:
    """Critical ones first, then in the order in which they were found; `after` is the position of the last one seen."""
    listed = _narrowed(_LISTED, which)
    if after is not None:
        severity, last = "normal" if after[0] else "critical", after[1]
        listed = listed.where(or_(_F.severity > severity, and_(_F.severity == severity, _F.id > last)))
    return [_listed(row) for row in conn.execute(listed.order_by(_F.severity, _F.id).limit(limit)).all()]


def find_listed(conn: Connection, finding_id: int) -> Listed | None:
    row = conn.execute(_LISTED.where(_F.id == finding_id)).first()
    return _listed(row) if row else None


def _listed(row: Any) -> Listed:
    n = len(_COLUMNS)
    manager, customer, phone, funnel, stage = (cell or "" for cell in row[n:-1])
    return Listed(Finding(*row[:n]), manager, customer, phone, funnel, stage, row[-1] or {})


def position(one: Listed) -> tuple[int, int]:
    return int(one.finding.severity == "normal"), one.finding.id


def _narrowed(found: Select[Any], which: Which) -> Select[Any]:
    found = found.where(_F.gone_at.is_not(None) if which.gone else _F.gone_at.is_(None))
    if which.person is not None:
        found = found.where(_F.person_id == which.person)
    if which.nobodys:
        found = found.where(_F.person_id.is_(None))
    for column, value in ((_F.check_name, which.check), (_F.status, which.status), (_F.severity, which.severity)):
        if value:
            found = found.where(column == value)
    return found


def counts(conn: Connection, person: int | None = None) -> dict[str, dict[str, int]]:
    """By check and status, of what is there."""
    found = select(_F.check_name, _F.status, func.count()).where(_F.gone_at.is_(None))
    if person is not None:
        found = found.where(_F.person_id == person)
    counted: dict[str, dict[str, int]] = {}
    for check, status, n in conn.execute(found.group_by(_F.check_name, _F.status)):
        counted.setdefault(check, {})[status] = n
    return counted


@dataclass(frozen=True, slots=True)
class Tally:
    run_id: int
    check_name: str
    person_id: int
    """0: nobody's."""
    found: int
    fresh: int
    repeats: int
    fixed: int
    excused: int


def tallies(conn: Connection, among: Iterable[int], person: int | None = None, check: str = "") -> list[Tally]:
    t = audit_tallies.c
    found = select(*(t[f.name] for f in fields(Tally))).where(t.run_id.in_(list(among)))
    if person is not None:
        found = found.where(t.person_id == person)
    if check:
        found = found.where(t.check_name == check)
    return [Tally(*row) for row in conn.execute(found.order_by(t.run_id, t.check_name, t.person_id))]


def occurs(conn: Connection, check: str) -> bool:
    """Whether a check of this name has ever found something that is kept."""
    return conn.execute(select(findings.c.id).where(findings.c.check_name == check).limit(1)).first() is not None
