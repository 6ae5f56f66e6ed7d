"""Conversations as they were held: a bot's runs, newest first, with what the timeline has of each. For reading only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

from sqlalchemy import Connection, and_, or_, select

from state.records import Deal, Entry, Run
from state.tables import contacts, deals, entries, runs, scripts

_RUN = [runs.c[f.name] for f in fields(Run)]
_DEAL = [deals.c[f.name] for f in fields(Deal)]
_ENTRY = [entries.c[f.name] for f in fields(Entry)]
MOST_LINES = 1_000
"""Of one run: a longer one is not read to its end."""


@dataclass(slots=True)
class Held:
    """One run with all that is known of it."""

    run: Run
    deal: Deal
    name: str
    """The customer's."""
    lines: list[Entry] = field(default_factory=list)
    """From its beginning to its end, in order."""
    others: list[Run] = field(default_factory=list)
    """The deal's other runs, in order."""
    moves: list[Entry] = field(default_factory=list)
    """All changes of the deal's stage, in order."""
    edits: list[Entry] = field(default_factory=list)
    """All that people changed in the deal by hand, and forms that brought something, in order."""
    sources: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Name and text of every version that it ran on, by hash."""

    @property
    def versions(self) -> list[str]:
        """Hashes of the versions that it ran on, in order: the one that it began with, then those it was brought over to."""
        mine = [e.data for e in self.lines if e.kind == "bot" and e.data.get("bot") == self.run.bot]
        first = [str(data["script"]) for data in mine if data.get("event") == "started" and "script" in data][:1]
        return [*first, *(str(data["script"]) for data in mine if data.get("event") == "moved" and "script" in data)]


def held(conn: Connection, bot: str, limit: int, before: int | None = None) -> list[Held]:
    """A page of a bot's runs; `before` is the number of the last one already seen. Runs that never began are none."""
    found = select(*_RUN).where(runs.c.bot == bot)
    if before is not None:
        found = found.where(runs.c.id < before)
    return _all_of(conn, [Run(*row) for row in conn.execute(found.order_by(runs.c.id.desc()).limit(limit))])


def last_of(conn: Connection, deal: int, bot: str = "") -> Held | None:
    """The deal's newest run, or the newest of one bot."""
    found = select(*_RUN).where(runs.c.deal_id == deal)
    if bot:
        found = found.where(runs.c.bot == bot)
    newest = [Run(*row) for row in conn.execute(found.order_by(runs.c.id.desc()).limit(1))]
    return next(iter(_all_of(conn, newest)), None)


def _all_of(conn: Connection, page: Sequence[Run]) -> list[Held]:
    if not page:
        return []
    among = sorted({run.deal_id for run in page})
    known = {row[0]: Deal(*row) for row in conn.execute(select(*_DEAL).where(deals.c.id.in_(among)))}
    who = sorted({deal.contact_id for deal in known.values()})
    names = dict(conn.execute(select(contacts.c.id, contacts.c.name).where(contacts.c.id.in_(who))).all())
    talks = {
        run.id: Held(run, known[run.deal_id], names.get(known[run.deal_id].contact_id, ""))
        for run in page
        if run.deal_id in known
    }
    _add_lines(conn, talks)
    _add_deals_story(conn, talks, among)
    _add_sources(conn, list(talks.values()))
    return list(talks.values())


def _add_lines(conn: Connection, talks: dict[int, Held]) -> None:
    within = and_(
        entries.c.deal_id == runs.c.deal_id,
        entries.c.at >= runs.c.started_at,
        or_(runs.c.ended_at.is_(None), entries.c.at <= runs.c.ended_at),
    )
    lines = select(runs.c.id, *_ENTRY).join(entries, within).where(runs.c.id.in_(list(talks)))
    for run_id, *entry in conn.execute(lines.order_by(runs.c.id, entries.c.at, entries.c.id)):
        if len(talks[run_id].lines) <= MOST_LINES:
            talks[run_id].lines.append(Entry(*entry))


def _add_deals_story(conn: Connection, talks: dict[int, Held], among: Sequence[int]) -> None:
    all_runs = select(*_RUN).where(runs.c.deal_id.in_(among)).order_by(runs.c.started_at, runs.c.id)
    others: dict[int, list[Run]] = {}
    for row in conn.execute(all_runs):
        run = Run(*row)
        others.setdefault(run.deal_id, []).append(run)
    by_hand = and_(entries.c.kind == "system", entries.c.author == "manager")
    forms = and_(entries.c.kind == "message", entries.c.author == "customer", entries.c.channel == "form")
    told = select(*_ENTRY).where(entries.c.deal_id.in_(among), or_(entries.c.kind == "stage", by_hand, forms))
    moves: dict[int, list[Entry]] = {}
    edits: dict[int, list[Entry]] = {}
    for row in conn.execute(told.order_by(entries.c.at, entries.c.id)):
        entry = Entry(*row)
        (moves if entry.kind == "stage" else edits).setdefault(entry.deal_id, []).append(entry)
    for talk in talks.values():
        talk.others = [run for run in others.get(talk.deal.id, ()) if run.id != talk.run.id]
        talk.moves = moves.get(talk.deal.id, [])
        talk.edits = edits.get(talk.deal.id, [])


def _add_sources(conn: Connection, talks: Sequence[Held]) -> None:
    wanted = sorted({digest for talk in talks for digest in (talk.run.script, *talk.versions)})
    kept = select(scripts.c.hash, scripts.c.name, scripts.c.source).where(scripts.c.hash.in_(wanted))
    sources = {digest: (name, source) for digest, name, source in conn.execute(kept)}
    for talk in talks:
        talk.sources = {digest: sources[digest] for digest in (talk.run.script, *talk.versions) if digest in sources}
