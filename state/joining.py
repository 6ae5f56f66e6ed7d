"""Two open deals become one: the leading one goes on, the other is closed as joined, its lines in the leading one's timeline.

In the caller's transaction, which holds the lanes of both contacts. A person's word stands above any bot's, and a running
bot goes on where it was talking. What was moved and how both sides were before is written into the book of merges.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, literal_column, or_, select, update

from state import deals, merges, steps
from state import tables as t
from state.dialects import Chosen, Ready, inserting
from state.ids import Ids
from state.merges import Cause
from state.records import Deal, Entry, Identity, Instant, Merge, Run, Timer

APART: Final = "#"
"""A deal that somebody keeps apart from the contact's other one has a slot of its own: the group's name and its number."""
RECKON: Final = "reckon:"
"""The timer of a deal that has changed behind its lane: its sums, and who or what sees to it, are looked at again."""
_RUN = [t.runs.c[f.name] for f in fields(Run)]
_TIMER = [t.timers.c[f.name] for f in fields(Timer)]
_OPEN: Any = literal_column("1")
_BOTS_QUEUED: Final[Any] = (
    t.parts.c.state == literal_column("'queued'"),
    t.parts.c.open == _OPEN,
    t.parts.c.author == "bot",
)
_CUT: Final = Ready(
    lambda _: delete(t.timers).where(t.timers.c.contact_id == bindparam("contact"), t.timers.c.key == bindparam("key"))
)
_SET: Final = inserting(t.timers, record=Timer)
_WAKE: Final = Ready(
    lambda _: update(t.lanes).where(t.lanes.c.contact_id == bindparam("contact")).values(due_at=bindparam("at"))
)
_RUNNING: Final = Chosen(
    _RUN,
    lambda found, among: found.where(among(t.runs.c.deal_id, "deals"), t.runs.c.status == literal_column("'running'")),
    json=("state",),
)
_TIMERS: Final = Chosen(
    _TIMER,
    lambda found, among: found.where(
        t.timers.c.contact_id.in_(select(t.deals.c.contact_id).where(among(t.deals.c.id, "deals"))),
        among(t.timers.c.deal_id, "deals"),
    ).order_by(t.timers.c.key),
)
_QUEUED: Final = Ready(lambda _: select(t.parts.c.id).where(t.parts.c.deal_id == bindparam("deal"), *_BOTS_QUEUED))
_HOLD_BACK: Final = Ready(
    lambda _: (
        update(t.parts)
        .where(t.parts.c.deal_id == bindparam("b_deal"), *_BOTS_QUEUED)
        .values(state="blocked", open=0, error=bindparam("b_why"), settled_at=bindparam("b_at"))
    )
)
_LINE: Final = inserting(t.entries, record=Entry, json=("media", "data"))
_CHANGE: Final = inserting(t.changes, "at", "kind", "deal_id", "ref_id")


@dataclass(frozen=True, slots=True)
class Words:
    """The shop's own words for what the timeline says of it; each takes the number of the other deal. And its sums."""

    joined: Callable[[int], str]
    stopped: str
    took: Callable[[int], str] = str
    parted: Callable[[int], str] = str
    split: Callable[[int], str] = str
    split_from: Callable[[int], str] = str
    first_stage: Callable[[str], str] = str
    """Where a deal of this funnel begins."""
    task: str = ""
    """What a person has to do about a talk that nobody leads after it was parted."""
    sums: Callable[[Mapping[str, Any]], dict[str, Any]] = dict
    """The fields of a deal with those reckoned anew that the shop reckons from others."""


def group(slot: str) -> str:
    """The funnel group of a slot, also of one that is kept apart."""
    return slot.partition(APART)[0]


def find(conn: Connection, deal: int) -> Deal | None:
    return deals.find(conn, deal)


def join(
    conn: Connection, ids: Ids, kept: Deal, gone: Deal, now: Instant, words: Words, cause: Cause, merge: int | None = None, *,
    as_of: Instant | None = None,
) -> int:  # fmt: skip
    """`gone` becomes part of `kept`: both open, both lanes held. The answer is the merge's id. `as_of`: it stands for one that
    was made then.
    """
    merge, at = ids.take("merge") if merge is None else merge, now if as_of is None else as_of
    data, after = _move_all(conn, kept, gone, at, words)
    texts = {kept.id: words.took(gone.id), gone.id: words.joined(kept.id)}
    event = {
        "event": "merged",
        "merge": merge,
        "from_deal": gone.id,
        "into_deal": kept.id,
        "from_contact": gone.contact_id,
    }
    told = [write_line(conn, ids, side, now, texts[side.id], event, cause) for side in (gone, kept)]
    data |= {"kept": asdict(kept), "gone": asdict(gone), "after": asdict(kept) | after, "line": max(told)}
    from_contact = None if kept.contact_id == gone.contact_id else gone.contact_id
    merges.write(
        conn, Merge(merge, "deals", kept.contact_id, from_contact, kept.id, gone.id, cause.parent, cause.batch, cause.why, cause.by, at, data)
    )  # fmt: skip
    return merge


def join_again(conn: Connection, merge: Merge, words: Words, people: frozenset[int] = frozenset()) -> bool:
    """A merge that was taken off from another that lay under it is put back, as of when it was made, and nothing is told of
    it. False where its deals are two people's by now; `people` are about to be one.

    The leading deal may be closed meanwhile: it stays as it is.
    """
    kept, gone = find(conn, merge.deal_id or 0), find(conn, merge.from_deal_id or 0)
    if kept is None or gone is None or gone.closed_at is not None:
        return False
    if kept.contact_id != gone.contact_id and not {kept.contact_id, gone.contact_id} <= people:
        return False
    own = _lines_of(conn, merge, gone.id)
    data, after = _move_all(conn, kept, gone, merge.at, words, besides=own)
    data["routes"] = sorted({*data["routes"], *merge.data["routes"]})
    line = conn.execute(select(func.max(t.entries.c.id)).where(t.entries.c.deal_id == kept.id)).scalar() or 0
    line = max(line, merge.data["line"])
    data |= {"kept": asdict(kept), "gone": asdict(gone), "after": asdict(kept) | after, "line": line}
    merges.rewrite(conn, replace(merge, data=data))
    return True


def _lines_of(conn: Connection, merge: Merge, deal: int) -> list[int]:
    """What the timeline of the joined deal says of the merge itself: it stays there."""
    e = t.entries.c
    said = conn.execute(select(e.id, e.data).where(e.deal_id == deal, e.kind == "merge")).all()
    return [line for line, data in said if data.get("merge") == merge.id and data.get("event") == "merged"]


def _move_all(
    conn: Connection, kept: Deal, gone: Deal, now: Instant, words: Words, *, besides: Sequence[int] = ()
) -> tuple[dict[str, Any], dict[str, Any]]:  # fmt: skip
    """What it takes to part them again, and what the leading deal is from here on. `besides`: lines that stay."""
    lock(conn, kept.contact_id, gone.contact_id)
    runs, timers = running(conn, kept.id, gone.id), timers_of(conn, kept.id, gone.id)
    shared = kept.contact_id == gone.contact_id
    routes = _routes_of(conn, gone, besides=kept) if shared else _addresses(conn, gone.contact_id)
    a_persons, is_over = "person" in (kept.owner, gone.owner), kept.closed_at is not None
    going_on = None if a_persons or is_over else runs.get(kept.id) or runs.get(gone.id)
    data: dict[str, Any] = {"runs": [], "timers": [], "blocked": [], "routes": routes}
    for side in (kept, gone):
        run = runs.get(side.id)
        if run is not None and run is not going_on:
            data["runs"].append(stop(conn, run, words.stopped, max(now, run.started_at)))
    dropped = [
        m for m in timers if (going_on is None or m.run_id != going_on.id) and (m.run_id or m.deal_id == gone.id)
    ]
    data["timers"] = [asdict(timer) for timer in dropped]
    data["clocks"] = [asdict(timer) for timer in timers if timer.deal_id == kept.id and not timer.run_id]
    _take_timers(conn, dropped, None, kept)
    epoch = max(kept.epoch, gone.epoch) + 1
    # What a bot still has to say is said: not over a person, and not beside the leading deal's own bot.
    for side, heard in ((kept, not a_persons), (gone, not (a_persons or is_over or kept.id in runs))):
        if not heard:
            data["blocked"] += hold_back(conn, side.id, words.stopped, now)
        carry_words(conn, side, epoch if heard else None)
    if going_on is not None and going_on.deal_id == gone.id:
        conn.execute(
            update(t.runs).where(t.runs.c.id == going_on.id).values(deal_id=kept.id, contact_id=kept.contact_id)
        )
        _take_timers(conn, [m for m in timers if m.run_id == going_on.id], kept.id, kept)
        data["moved_run"] = going_on.id
    elif going_on is not None:
        data["kept_run"] = going_on.id
    closed = {"closed_at": now, "reason": merges.JOINED, "waiting_since": None, "epoch": gone.epoch + 1}
    conn.execute(update(t.deals).where(t.deals.c.id == gone.id).values(closed | {"version": gone.version + 1}))
    one = _as_one(conn, kept, gone, going_on, words) | {"epoch": epoch, "version": kept.version + 1}
    conn.execute(update(t.deals).where(t.deals.c.id == kept.id).values(one))
    look_again(conn, kept.id, kept.contact_id, now)
    data["passed"] = _end_passing(conn, kept, gone, now, words)
    return data | _move_history(conn, kept, gone, besides), one


def look_again(conn: Connection, deal: int, contact: int, now: Instant) -> None:
    """What is paid of it follows from other sums now, and something may have been taken from it that held it: its lane sees to that."""
    key = f"deal:{deal}:{RECKON}"
    _CUT.run(conn, contact=contact, key=key)
    _SET.write(conn, [Timer(contact, key, deal, 0, RECKON, now)])
    _WAKE.run(conn, contact=contact, at=now)


# -- who goes on speaking --------------------------------------------------------------------------------------------


def running(conn: Connection, kept: int, gone: int) -> dict[int, Run]:
    """By deal, the leading one's first."""
    found = [Run(*row) for row in _RUNNING.rows(conn, deals=[kept, gone])]
    by_deal = {run.deal_id: run for run in found}
    return {deal: by_deal[deal] for deal in (kept, gone) if deal in by_deal}


def timers_of(conn: Connection, *of: int) -> list[Timer]:
    return [Timer(*row) for row in _TIMERS.rows(conn, deals=list(of))]


def _take_timers(conn: Connection, timers: list[Timer], deal: int | None, kept: Deal) -> None:
    """To another deal and its contact; `deal` is None: away."""
    for timer in timers:
        _CUT.run(conn, contact=timer.contact_id, key=timer.key)
        if deal is not None:
            _SET.write(conn, [replace(timer, contact_id=kept.contact_id, deal_id=deal)])


def stop(conn: Connection, run: Run, why: str, now: Instant) -> dict[str, Any]:
    """How it stood, for the case that it is parted again before anything was said."""
    stood = {"id": run.id, "deal": run.deal_id, "state": dict(run.state), "waits_until": run.waits_until}
    if trail := run.state.get("trail"):
        stood["state"] = {**run.state, "trail": list(trail)}
    rows = steps.end(run, "joined", now)
    if rows:
        steps.add(conn, rows)
    ended = {"state": run.state, "status": "stopped", "reason": why, "ended_at": now, "waits_until": None}
    conn.execute(update(t.runs).where(t.runs.c.id == run.id).values(ended))
    return stood


def end(conn: Connection, deal: Deal, run: Run, words: Words, now: Instant) -> None:
    """The bot speaks no more, and says nothing of what it still had to say."""
    stop(conn, run, words.stopped, now)
    hold_back(conn, deal.id, words.stopped, now)
    mine = t.timers.c.contact_id == deal.contact_id, t.timers.c.run_id == run.id
    conn.execute(delete(t.timers).where(*mine))


def hold_back(conn: Connection, deal: int, why: str, now: Instant) -> list[int]:
    queued: list[int] = _QUEUED.column(conn, deal=deal)
    _HOLD_BACK.run(conn, b_deal=deal, b_why=why, b_at=now)
    return queued


def carry_words(conn: Connection, deal: Deal, epoch: int | None, *only: Any) -> None:
    """What a bot still has under way was decided under the deal's own epoch. It may be said (again) under `epoch`; never,
    where that is None or a person had taken over before.
    """
    p = t.parts.c
    open_ = update(t.parts).where(p.deal_id == deal.id, p.open == _OPEN, p.author == "bot", *only)
    if epoch is not None:
        conn.execute(open_.where(or_(p.epoch.is_(None), p.epoch != deal.epoch)).values(epoch=0))
        conn.execute(open_.where(p.epoch == deal.epoch).values(epoch=epoch))
    else:
        conn.execute(open_.values(epoch=0))


# -- what becomes of the leading deal's row --------------------------------------------------------------------------


def _as_one(conn: Connection, kept: Deal, gone: Deal, going_on: Run | None, words: Words) -> dict[str, Any]:
    told = {
        "fields": words.sums(gone.fields | kept.fields),
        "tags": list(dict.fromkeys([*kept.tags, *gone.tags])),
        "title": kept.title or gone.title,
    }
    if kept.closed_at is not None:  # nobody speaks there any more
        return told
    person = next((side for side in (kept, gone) if side.owner == "person"), None)
    owner = "person" if person else "bot" if going_on else kept.owner if kept.owner != "bot" else "pool"
    responsible = person.responsible_id if person else kept.responsible_id
    waits = [at for at in (kept.waiting_since, gone.waiting_since) if at is not None]
    beside = kept.contact_id == gone.contact_id and kept.slot.startswith(gone.slot + APART)
    return told | {
        "owner": owner,
        "responsible_id": responsible or kept.responsible_id or gone.responsible_id,
        "route_id": _route(conn, kept, gone, going_on),
        "waiting_since": min(waits, default=None),
        "slot": gone.slot if beside else kept.slot,  # it was kept apart only from the one that goes
    }


def _route(conn: Connection, kept: Deal, gone: Deal, going_on: Run | None) -> int | None:
    """A bot goes on where it was talking; a person's reply goes to where the customer wrote from last."""
    if going_on is not None:
        return kept.route_id if going_on.deal_id == kept.id else gone.route_id
    ways = [way for way in (kept.route_id, gone.route_id) if way is not None]
    found = select(t.identities.c.id, t.identities.c.heard_at).where(t.identities.c.id.in_(ways))
    heard: dict[int, Instant | None] = dict(conn.execute(found).all())
    return max(ways, key=lambda way: heard.get(way) or 0, default=None)


# -- what is moved ---------------------------------------------------------------------------------------------------


def lock(conn: Connection, *contacts: int) -> None:
    """Open parts, then addresses, then deals: the order in which delivery locks, so that neither waits for the other.

    SQLite has one writer and no locks of rows: there it would only look through the parts.
    """
    if conn.dialect.name == "sqlite":
        return
    mine = select(t.parts.c.id).where(t.parts.c.contact_id.in_(contacts), t.parts.c.open == _OPEN)
    conn.execute(mine.order_by(t.parts.c.id).with_for_update()).all()
    theirs = select(t.identities.c.id).where(t.identities.c.contact_id.in_(contacts))
    conn.execute(theirs.order_by(t.identities.c.id).with_for_update()).all()


def _end_passing(conn: Connection, kept: Deal, gone: Deal, now: Instant, words: Words) -> list[int]:
    """What was to be done only in the stage of the joined deal is not to be done in another."""
    if (kept.funnel, kept.stage) == (gone.funnel, gone.stage):
        return []
    k = t.tasks.c
    passing = update(t.tasks).where(k.deal_id == gone.id, k.state == "open", k.ends == "stage")
    ended = passing.values(state="done", result=words.joined(kept.id), done_at=now, done_by=None)
    return sorted(conn.execute(ended.returning(k.id)).scalars())


def _move_history(conn: Connection, kept: Deal, gone: Deal, besides: Sequence[int]) -> dict[str, Any]:
    """All lines, tasks and parts of the joined deal; a number of each, by which they are found again."""
    e = t.entries.c
    theirs = (e.deal_id == gone.id, e.id.not_in(besides)) if besides else (e.deal_id == gone.id,)
    moved = list(conn.execute(select(e.id).where(*theirs)).scalars())
    tasks = list(conn.execute(select(t.tasks.c.id).where(t.tasks.c.deal_id == gone.id)).scalars())
    clients = _free_client_ids(conn, gone.id, kept.id)
    to = {"deal_id": kept.id, "contact_id": kept.contact_id}
    p = t.parts.c
    calls = (p.deal_id == gone.id, p.open == _OPEN, p.entry_id == 0)
    called = list(conn.execute(select(p.id).where(*calls)).scalars())
    conn.execute(update(t.parts).where(*calls).values(to))
    lines = select(e.id).where(*theirs)
    conn.execute(update(t.parts).where(p.entry_id.in_(lines)).values(to))
    conn.execute(update(t.entries).where(*theirs).values(to))
    conn.execute(update(t.tasks).where(t.tasks.c.deal_id == gone.id).values(to))
    return {"entries": moved, "tasks": tasks, "calls": called, "clients": clients}


def _free_client_ids(conn: Connection, gone: int, kept: int) -> list[list[Any]]:
    """A composer's own ids need only differ within a deal; where both deals have one, the moved line gives it up."""
    e, twin = t.entries, t.entries.alias()
    taken = select(twin.c.client_id).where(twin.c.deal_id == kept, twin.c.client_id.is_not(None))
    both = (e.c.deal_id == gone, e.c.client_id.in_(taken))
    freed = [[entry, client] for entry, client in conn.execute(select(e.c.id, e.c.client_id).where(*both))]
    conn.execute(update(e).where(*both).values(client_id=None))
    return freed


def _routes_of(conn: Connection, gone: Deal, besides: Deal) -> list[int]:
    """The addresses that only the joined deal's talk was had at: what comes by them later is that deal's."""
    e = t.entries.c
    found = select(e.identity_id, e.deal_id).where(e.deal_id.in_((gone.id, besides.id)), e.identity_id.is_not(None))
    spoken = {(identity, deal) for identity, deal in conn.execute(found.distinct())}
    theirs = {identity for identity, deal in spoken if deal == besides.id} | {besides.route_id}
    mine = {identity for identity, deal in spoken if deal == gone.id} | {gone.route_id}
    return sorted(one for one in mine - theirs if one is not None)


def _addresses(conn: Connection, contact: int) -> list[int]:
    return sorted(conn.execute(select(t.identities.c.id).where(t.identities.c.contact_id == contact)).scalars())


def identities_of(conn: Connection, contact: int) -> dict[int, Identity]:
    columns = [t.identities.c[f.name] for f in fields(Identity)]
    return {
        row.id: Identity(*row) for row in conn.execute(select(*columns).where(t.identities.c.contact_id == contact))
    }


def write_line(
    conn: Connection, ids: Ids, deal: Deal, now: Instant, text: str, data: dict[str, Any], cause: Cause, kind: str = "merge"
) -> int:  # fmt: skip
    entry = ids.take("entry")
    line = Entry(entry, deal.id, deal.contact_id, now, kind, "", "", None, cause.author, cause.by, text, [], data)
    _LINE.write(conn, [line])
    _CHANGE.write(conn, [{"at": now, "kind": kind, "deal_id": deal.id, "ref_id": entry}])
    return entry
