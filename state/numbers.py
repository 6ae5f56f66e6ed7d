"""A script's runs that began in a period: their notes, what became of them, the deals that were won after them.

What has been moved to `steps` and what still lies in the trails of running runs is asked as one, so numbers are never late.
A won deal counts for the last run of the script in it. Notes are counted in `tally`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    cast,
    distinct,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from state.records import Instant
from state.tables import deals, runs, steps

_AT_ONCE: Final = 2_000
_RESULTS: Final = ("answered", "passed", "split", "misunderstood", "left", "handed_off", "waiting")
_COUNTED_AS: Final[Mapping[str, tuple[str, ...]]] = {
    "passed": ("passed", "split"),
    "reached": _RESULTS,
    "won": _RESULTS,
}
Walk = tuple[int, int, int, str, Instant, str]
"""(run, deal, customer, what became of the run, when it began, notes)."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """Which runs. Empty values do not narrow."""

    script: str
    since: Instant
    until: Instant
    """Not included."""
    version: str = ""
    """The hash of the script's text, or how it begins."""
    channel: str = ""
    """Where the run began."""
    arm: tuple[str, str] | None = None
    """(step that splits, step that was drawn)."""


@dataclass(frozen=True, slots=True)
class Group:
    """Runs that belong together: of one version, or of one arm."""

    key: tuple[str, ...]
    status: str
    """What became of them."""
    runs: int
    first: Instant


@dataclass(frozen=True, slots=True)
class Won:
    """A deal that was won after a run of the script was the last one in it."""

    run: int
    deal: int
    version: str
    fields: dict[str, Any]


def _path(conn: Connection, *path: str) -> ColumnElement[Any]:
    """What is at this place of a run's state, as text."""
    if conn.dialect.name == "sqlite":
        below = "".join(f"[{one}]" if one.isdigit() else f'."{one}"' for one in (p.replace('"', "?") for p in path))
        return func.json_extract(type_coerce(runs.c.state, Text), "$" + below)
    return func.json_extract_path_text(cast(type_coerce(runs.c.state, Text), JSON), *path)


def _of(conn: Connection, cohort: Cohort) -> list[ColumnElement[bool]]:
    where = [runs.c.bot == cohort.script, runs.c.started_at >= cohort.since, runs.c.started_at < cohort.until]
    if cohort.version:
        where.append(runs.c.script.startswith(cohort.version, autoescape=True))
    if cohort.channel:
        where.append(_path(conn, "trail", "0") == cohort.channel)
    if cohort.arm:
        where.append(_path(conn, "arms", cohort.arm[0]) == cohort.arm[1])
    return where


def walks(conn: Connection, cohort: Cohort, *, step: str = "", below: int | None = None) -> Iterator[Walk]:
    """What happened at steps, moved or not: a run is there as often as notes of it lie somewhere. One look for all of it.

    `step`: only what may hold notes of this step; `below`: only deals with a smaller number.
    """
    who = runs.c.id, runs.c.deal_id, runs.c.contact_id, runs.c.status, runs.c.started_at
    where = _of(conn, cohort)
    if below is not None:
        where.append(runs.c.deal_id < below)
    moved = select(*who, null().label("state"), steps.c.notes).join(steps, steps.c.run_id == runs.c.id).where(*where)
    if step:
        moved = moved.where(steps.c.notes.contains(f"{step}|", autoescape=True))
    lying = select(*who, type_coerce(runs.c.state, Text), null())
    lying = lying.where(runs.c.status == literal_column("'running'"), *where)
    found = conn.execute(union_all(moved, lying).execution_options(yield_per=_AT_ONCE))
    for run, deal, contact, status, begun, state, notes in found:
        yield run, deal, contact, status, begun, notes if state is None else _lying(orjson.loads(state))


def _lying(state: dict[str, Any]) -> str:
    """What a running run has noted and not moved yet, and where it stands."""
    _, _, notes, stands, since = state.get("trail") or (None, None, "", "", 0)
    return f"{notes}{stands}|{since}||waiting|;" if stands else notes


def _won(conn: Connection, cohort: Cohort) -> Select[Any]:
    later = runs.alias("later")
    newer = or_(
        later.c.started_at > runs.c.started_at,
        and_(later.c.started_at == runs.c.started_at, later.c.id > runs.c.id),
    )
    # SQLite would look through all runs of the bot; a deal has few. What is no plain column leaves it no other index.
    same = later.c.bot + "" == runs.c.bot
    again = select(later.c.id).where(later.c.deal_id == runs.c.deal_id, same, newer).exists()
    return (
        select(runs.c.id.label("run"), deals.c.id.label("deal"), runs.c.script, deals.c.fields)
        .join(deals, deals.c.id == runs.c.deal_id)
        .where(deals.c.outcome == "won", not_(again), *_of(conn, cohort))
    )


def is_known(conn: Connection, script: str) -> bool:
    """Whether a run of it ever began."""
    return conn.execute(select(runs.c.id).where(runs.c.bot == script).limit(1)).first() is not None


def versions(conn: Connection, cohort: Cohort) -> list[Group]:
    """Runs by the text they were pinned to and by what became of them."""
    r = runs.c
    found = select(r.script, r.status, func.count(), func.min(r.started_at))
    found = found.where(*_of(conn, cohort)).group_by(r.script, r.status)
    return [Group((script,), status, n, first) for script, status, n, first in conn.execute(found)]


def people(conn: Connection, cohort: Cohort) -> tuple[int, int]:
    """Different customers and different deals of all the runs."""
    r = runs.c
    found = select(func.count(distinct(r.contact_id)), func.count(distinct(r.deal_id))).where(*_of(conn, cohort))
    who, what = conn.execute(found).one()
    return who, what


def won(conn: Connection, cohort: Cohort) -> list[Won]:
    return [Won(*row) for row in conn.execute(_won(conn, cohort))]


def deals_behind(
    conn: Connection, cohort: Cohort, *, step: str, what: str, word: str, limit: int, below: int | None
) -> list[tuple[int, Instant]]:
    """(deal, when last) behind a number, newest deal first. Without a step `what` is what became of the runs."""
    if step:
        return _deals_at(conn, cohort, step, what, word, below)[:limit]
    deal, at, where = runs.c.deal_id, runs.c.started_at, _of(conn, cohort)
    if what == "won":
        where.append(runs.c.id.in_(select(_won(conn, cohort).subquery().c.run)))
    elif what != "reached":
        where.append(runs.c.status == what)
    if below is not None:
        where.append(deal < below)
    found = select(deal, func.max(at)).where(*where).group_by(deal).order_by(deal.desc()).limit(limit)
    return [(one, last) for one, last in conn.execute(found)]


def _deals_at(
    conn: Connection, cohort: Cohort, step: str, what: str, word: str, below: int | None
) -> list[tuple[int, Instant]]:
    sold = {one.run for one in won(conn, cohort)} if what == "won" else None
    wanted = _COUNTED_AS.get(what, (what,))
    last: dict[int, Instant] = {}
    for run, deal, _, _, begun, notes in walks(conn, cohort, step=step, below=below):
        if sold is not None and run not in sold:
            continue
        for note in notes.split(";")[:-1]:
            at_step, at, _, result, how = note.split("|")
            if at_step == step and result in wanted and (not word or how == word):
                last[deal] = max(last.get(deal, 0), begun + int(at))
    return sorted(last.items(), reverse=True)
