"""Numbers of a script: its runs that began in a period, counted by step, version and arm, down to deals that were won.

What has been moved to `steps` and what still lies in the trails of running runs is asked as one, so numbers are never late.
A won deal counts for the last run of the script in it. What few customers have written is not shown.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Subquery,
    Text,
    and_,
    case,
    cast,
    desc,
    distinct,
    func,
    literal_column,
    not_,
    or_,
    select,
    type_coerce,
    union_all,
)

from state.records import Instant
from state.tables import deals, runs, steps

FEWEST: Final = 2
"""So many customers must have written a phrase before it is shown."""
_MOST_PHRASES: Final = 2_000


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
class Counted:
    """One step, one result, one exit."""

    step: str
    result: str
    word: str
    n: int
    first: Instant


@dataclass(frozen=True, slots=True)
class Phrase:
    step: str
    text: str
    n: int
    customers: int


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


_RUN = (
    runs.c.id.label("run"), runs.c.deal_id.label("deal"), runs.c.contact_id.label("contact"), runs.c.status,
    runs.c.started_at.label("begun"),
)  # fmt: skip


def _notes(conn: Connection, cohort: Cohort) -> Subquery:
    """What happened at steps, moved or not."""
    where = _of(conn, cohort)
    moved = select(*_RUN, steps.c.notes).join(steps, steps.c.run_id == runs.c.id).where(*where)
    over, stands, since = (cast(_path(conn, "trail", str(at)), Text) for at in (2, 3, 4))
    here = case((stands != "", stands + "|" + since + "||waiting|;"), else_="")
    lying = select(*_RUN, (over + here).label("notes")).where(runs.c.status == literal_column("'running'"), *where)
    handful = union_all(moved, lying).subquery("handful").c
    inner = func.replace(func.replace(func.rtrim(handful.notes, ";"), "|", '","'), ";", '"],["')
    listed = case((handful.notes != "", '[["' + inner + '"]]'), else_="[]")
    if conn.dialect.name == "sqlite":
        note = func.json_each(listed).table_valued("value", name="note")
        part = [func.json_extract(note.c.value, f"$[{at}]") for at in range(5)]
    else:
        note = func.json_array_elements(cast(listed, JSON)).table_valued("value", name="note")
        part = [func.json_extract_path_text(note.c.value, str(at)) for at in range(5)]
    step, at, took, result, word = part
    return (
        select(
            handful.run, handful.deal, handful.contact, handful.status, step.label("step"), word.label("word"),
            (cast(at, BigInteger) + handful.begun).label("at"), cast(func.nullif(took, ""), BigInteger).label("took"),
            result.label("result"),
        )
        .select_from(handful.run.table)
        .join(note, literal_column("1 = 1"))
        .subquery("notes")
    )  # fmt: skip


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


def count(conn: Connection, cohort: Cohort) -> list[Counted]:
    """Each step's notes by result and exit; all words that were not understood at a step are one number."""
    p = _notes(conn, cohort).c
    word = case((p.result == "missed", ""), else_=p.word)
    found = select(p.step, p.result, word, func.count(), func.min(p.at)).group_by(p.step, p.result, word)
    return [Counted(*row) for row in conn.execute(found)]


def customers(conn: Connection, cohort: Cohort) -> dict[str, int]:
    """How many different customers have reached each step."""
    p = _notes(conn, cohort).c
    return _pairs(conn, select(p.step, func.count(distinct(p.contact))).group_by(p.step))


def medians(conn: Connection, cohort: Cohort) -> dict[str, float]:
    """Milliseconds from a question to its answer, in the middle of all answers to it."""
    p = _notes(conn, cohort).c
    place = func.row_number().over(partition_by=p.step, order_by=p.took).label("place")
    many = func.count().over(partition_by=p.step).label("many")
    q = select(p.step, p.took, place, many).where(p.result == "answered").subquery().c
    middle = and_(2 * q.place >= q.many, 2 * q.place <= q.many + 2)
    return {
        step: float(ms)
        for step, ms in _pairs(conn, select(q.step, func.avg(q.took)).where(middle).group_by(q.step)).items()
    }


def phrases(conn: Connection, cohort: Cohort) -> list[Phrase]:
    """What was not understood, most frequent first, if enough customers have written it."""
    p = _notes(conn, cohort).c
    who = func.count(distinct(p.contact))
    found = select(p.step, p.word, func.count().label("n"), who).where(p.result == "missed", p.word != "")
    found = found.group_by(p.step, p.word).having(who >= FEWEST).order_by(desc("n"), p.word).limit(_MOST_PHRASES)
    return [Phrase(*row) for row in conn.execute(found)]


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


def arms(conn: Connection, cohort: Cohort) -> list[Group]:
    """Runs by the way they were drawn at a split, and by what became of them."""
    p = _notes(conn, cohort).c
    found = select(p.step, p.word, p.status, func.count(distinct(p.run)), func.min(p.at)).where(p.result == "split")
    found = found.group_by(p.step, p.word, p.status)
    return [Group((step, arm), status, n, first) for step, arm, status, n, first in conn.execute(found)]


def won(conn: Connection, cohort: Cohort) -> list[Won]:
    return [Won(*row) for row in conn.execute(_won(conn, cohort))]


def won_by_step(conn: Connection, cohort: Cohort) -> dict[str, int]:
    """Won deals whose last run has reached the step."""
    p, w = _notes(conn, cohort).c, _won(conn, cohort).subquery().c
    found = select(p.step, func.count(distinct(w.deal))).join(w.deal.table, w.run == p.run)
    return _pairs(conn, found.group_by(p.step))


def won_by_arm(conn: Connection, cohort: Cohort) -> list[tuple[str, str, int]]:
    """(split, arm, run) of the won deals' last runs."""
    p, w = _notes(conn, cohort).c, _won(conn, cohort).subquery().c
    found = select(p.step, p.word, p.run).join(w.deal.table, w.run == p.run).where(p.result == "split").distinct()
    return [(step, arm, run) for step, arm, run in conn.execute(found)]


def deals_behind(
    conn: Connection, cohort: Cohort, *, step: str, what: str, word: str, limit: int, below: int | None
) -> list[tuple[int, Instant]]:
    """(deal, when last) behind a number, newest deal first. Without a step `what` is what became of the runs."""
    if step:
        p = _notes(conn, cohort).c
        deal, at, where = p.deal, p.at, [p.step == step, *_behind(conn, cohort, p, what)]
        if word:
            where.append(p.word == word)
    else:
        deal, at, where = runs.c.deal_id, runs.c.started_at, _of(conn, cohort)
        if what == "won":
            where.append(runs.c.id.in_(select(_won(conn, cohort).subquery().c.run)))
        elif what != "reached":
            where.append(runs.c.status == what)
    if below is not None:
        where.append(deal < below)
    found = select(deal, func.max(at)).where(*where).group_by(deal).order_by(deal.desc()).limit(limit)
    return [(one, last) for one, last in conn.execute(found)]


def _behind(conn: Connection, cohort: Cohort, p: Any, what: str) -> list[ColumnElement[bool]]:
    if what == "won":
        return [p.result != "missed", p.run.in_(select(_won(conn, cohort).subquery().c.run))]
    if what == "reached":
        return [p.result != "missed"]
    return [p.result.in_(("passed", "split"))] if what == "passed" else [p.result == what]


def _pairs(conn: Connection, found: Select[Any]) -> dict[str, Any]:
    return dict(conn.execute(found).all())
