"""Scripts as published: their texts, their versions, which of them is live, and the runs that stand in them.

What is live changes only from the revision that the asker saw to the next one: of two at once the second changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, NamedTuple

from sqlalchemy import JSON, Connection, Text, cast, func, insert, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from state import people
from state.records import Instant, Person
from state.tables import runs, script_live, script_moves, script_versions, scripts


@dataclass(frozen=True, slots=True)
class Live:
    """What a run of this script begins with. `revision` rises with every change of it."""

    name: str
    stable: str
    """Hash of the text."""
    candidate: str = ""
    """What is being rolled out beside it; empty: nothing is."""
    percent: int = 0
    """Of contacts whose runs begin with the candidate."""
    revision: int = 1
    author_id: int | None = None
    """Whose change this is; None: the playbook's files, which then count at every start."""
    at: Instant = 0

    @property
    def newest(self) -> str:
        """What an editor goes on from."""
        return self.candidate or self.stable


@dataclass(frozen=True, slots=True)
class Version:
    """One publication. The same text may be published more than once: a roll-back is a version, too."""

    name: str
    number: int
    hash: str
    title: str
    label: str
    note: str
    author_id: int | None
    at: Instant
    parent: str
    """Hash of what it followed on; empty for the first."""
    revision: int


@dataclass(frozen=True, slots=True)
class Move:
    """Running runs that stand at these steps are brought to version `hash`, or to a person where no step is named."""

    name: str
    revision: int
    hash: str
    steps: Mapping[str, str]
    author_id: int
    at: Instant
    done_at: Instant | None = None


class Standing(NamedTuple):
    """How many running runs stand where."""

    hash: str
    step: str
    n: int


class Stood(NamedTuple):
    """One running run, and where it stands."""

    run: int
    deal: int
    contact: int
    step: str


_LIVE = [script_live.c[f.name] for f in fields(Live)]
_VERSION = [script_versions.c[f.name] for f in fields(Version)]
_MOVE = [script_moves.c[f.name] for f in fields(Move)]
_RUNNING = runs.c.status == literal_column("'running'")


def source(conn: Connection, digest: str) -> tuple[str, str] | None:
    """(name, text) of a version that was published, or that a run once began with."""
    return conn.execute(select(scripts.c.name, scripts.c.source).where(scripts.c.hash == digest)).first()


# -- what is live ----------------------------------------------------------------------------------------------------


def live(conn: Connection) -> dict[str, Live]:
    return {row.name: Live(*row) for row in conn.execute(select(*_LIVE).order_by(script_live.c.name))}


def find_live(conn: Connection, name: str) -> Live | None:
    row = conn.execute(select(*_LIVE).where(script_live.c.name == name)).first()
    return Live(*row) if row else None


def go_live(conn: Connection, new: Live) -> bool:
    """Write what is live from now on; False where somebody was quicker: nothing has changed then."""
    values = {f.name: getattr(new, f.name) for f in fields(Live)}
    if new.revision == 1:
        dialect = sqlite_insert if conn.dialect.name == "sqlite" else pg_insert
        made = dialect(script_live).values(values).on_conflict_do_nothing(index_elements=["name"])
        return conn.execute(made.returning(script_live.c.name)).first() is not None
    seen = (script_live.c.name == new.name, script_live.c.revision == new.revision - 1)
    return conn.execute(update(script_live).where(*seen).values(values)).rowcount == 1


def publish(conn: Connection, new: Live, version: Version | None, text: str = "", move: Move | None = None) -> bool:
    """All of a publication or nothing; False where somebody was quicker. `version` gets the next number."""
    if not go_live(conn, new):
        return False
    if version is not None:
        _keep(conn, version, text)
    # Runs follow the newest publication only: what an earlier one still had to move stays as it is.
    waiting = (script_moves.c.name == new.name, script_moves.c.done_at.is_(None))
    conn.execute(update(script_moves).where(*waiting).values(done_at=new.at))
    if move is not None:
        conn.execute(insert(script_moves).values({f.name: getattr(move, f.name) for f in fields(Move)}))
    return True


def _keep(conn: Connection, version: Version, text: str) -> None:
    """In hand is the script's live row, so that numbers follow each other."""
    dialect = sqlite_insert if conn.dialect.name == "sqlite" else pg_insert
    kept = {"hash": version.hash, "name": version.name, "source": text, "first_used_at": version.at}
    conn.execute(dialect(scripts).values(kept).on_conflict_do_nothing(index_elements=["hash"]))
    newest = select(func.max(script_versions.c.number)).where(script_versions.c.name == version.name)
    numbered = replace(version, number=(conn.execute(newest).scalar() or 0) + 1)
    conn.execute(insert(script_versions).values({f.name: getattr(numbered, f.name) for f in fields(Version)}))


# -- versions --------------------------------------------------------------------------------------------------------


def versions(
    conn: Connection, name: str, n: int, before: int | None = None
) -> list[tuple[Version, Person | None]]:  # fmt: skip
    """Newest first, with their authors."""
    wanted = select(*_VERSION).where(script_versions.c.name == name).order_by(script_versions.c.number.desc()).limit(n)
    if before is not None:
        wanted = wanted.where(script_versions.c.number < before)
    found = [Version(*row) for row in conn.execute(wanted)]
    authors = people.find_people(conn, [v.author_id for v in found if v.author_id is not None])
    return [(v, authors.get(v.author_id) if v.author_id is not None else None) for v in found]


def find_version(conn: Connection, name: str, which: str | int) -> Version | None:
    """By its number, or the newest with this hash."""
    column = script_versions.c.hash if isinstance(which, str) else script_versions.c.number
    wanted = select(*_VERSION).where(script_versions.c.name == name, column == which)
    row = conn.execute(wanted.order_by(script_versions.c.number.desc())).first()
    return Version(*row) if row else None


def hash_at(conn: Connection, name: str, revision: int) -> str | None:
    """The newest text that was published up to this revision."""
    wanted = select(script_versions.c.hash).where(
        script_versions.c.name == name, script_versions.c.revision <= revision
    )
    return conn.execute(wanted.order_by(script_versions.c.number.desc())).scalar()


# -- who stands where ------------------------------------------------------------------------------------------------


def standing(conn: Connection, name: str) -> list[Standing]:
    """Running runs by version and step."""
    step = _step(conn)
    counted = select(runs.c.script, step, func.count()).where(_RUNNING, runs.c.bot == name)
    found = conn.execute(counted.group_by(runs.c.script, step))
    return sorted(Standing(script, at or "", count) for script, at, count in found)


def stood(conn: Connection, move: Move, after: int, n: int) -> list[Stood]:
    """Up to `n` runs that are to be moved, those with higher ids than `after`."""
    step = _step(conn)
    wanted = select(runs.c.id, runs.c.deal_id, runs.c.contact_id, step).where(
        _RUNNING, runs.c.bot == move.name, runs.c.script != move.hash, runs.c.id > after, step.in_(list(move.steps))
    )
    return [Stood(*row) for row in conn.execute(wanted.order_by(runs.c.id).limit(n))]


def _step(conn: Connection) -> Any:
    """The step that a run's state names."""
    if conn.dialect.name == "sqlite":
        return func.json_extract(runs.c.state, literal_column("'$.step'"), type_=Text)
    return func.json_extract_path_text(cast(runs.c.state, JSON), literal_column("'step'"), type_=Text)


# -- moves -----------------------------------------------------------------------------------------------------------


def open_moves(conn: Connection) -> list[Move]:
    found = conn.execute(select(*_MOVE).where(script_moves.c.done_at.is_(None)).order_by(script_moves.c.at))
    return [Move(*row) for row in found]


def end_move(conn: Connection, move: Move, now: Instant) -> None:
    mine = (script_moves.c.name == move.name, script_moves.c.revision == move.revision)
    conn.execute(update(script_moves).where(*mine, script_moves.c.done_at.is_(None)).values(done_at=now))


Sign = Literal["stable", "candidate", ""]


def sign_of(now_live: Live | None, digest: str) -> Sign:
    """What this version is at present."""
    if now_live is None:
        return ""
    return "stable" if digest == now_live.stable else "candidate" if digest == now_live.candidate else ""
