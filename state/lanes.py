"""The lane: one contact's serial queue, and the unit of work.

`claim` takes due lanes with all that is known of their contacts; `save` writes what their turns came to, whole, in the
same transaction. On PostgreSQL the claim locks the lane rows and skips those that others hold; SQLite has one writer.
"""

from collections.abc import Sequence
from dataclasses import fields
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, Table, and_, bindparam, delete, func, literal_column, select, update

from state import companies, erasing, outbox, parcels, points, staff, staff_chats, steps
from state import group_tables as g
from state import inbox as inbox_rows
from state import report_tables as r
from state import tables as t
from state.dialects import Bulk, Lookup, Ready, Values, inserting, overwriting, skipping
from state.ids import Ids
from state.records import (
    Contact,
    Deal,
    Entry,
    Firing,
    Identity,
    InboxRow,
    Instant,
    LaneRows,
    Part,
    Run,
    Stay,
    Task,
    Timer,
    Wait,
)
from state.writes import Writes as Writes  # noqa: PLC0414 - what is saved here is known by this name

BELOW = {
    "sent": ("queued", "sending", "unknown"),
    "delivered": ("queued", "sending", "unknown", "sent"),
    "read": ("queued", "sending", "unknown", "sent", "delivered"),
    "failed": ("queued", "sending", "unknown", "sent"),
}
"""From which states each status may be reached: a status only climbs, and failed is final."""

_ABOUT_PARTS = ("status", "mail", "reach")

PER_LANE = 50
"""How many waiting events one lane may take in one turn; the rest stay due."""


def _columns(table: Table, record: type) -> list[Any]:
    return [table.c[f.name] for f in fields(record)]


def _ids(column: Any) -> Any:
    return column.in_(bindparam("ids", expanding=True))


# SQLite has no row locks and leaves the wish for one out.
_TAKE_DUE = Ready(
    lambda _: (
        select(t.lanes.c.contact_id)
        .where(t.lanes.c.due_at <= bindparam("now"))
        .order_by(t.lanes.c.due_at)
        .limit(bindparam("n"))
        .with_for_update(skip_locked=True)
    )
)
_DUE = (
    select(t.lanes.c.contact_id)
    .where(t.lanes.c.due_at <= bindparam("now"))
    .order_by(t.lanes.c.due_at)
    .limit(bindparam("n"))
)
_LOCK = select(t.lanes.c.contact_id).where(_ids(t.lanes.c.contact_id)).order_by(t.lanes.c.contact_id)
_WAITING: Any = literal_column("'waiting'")
_RUNNING: Any = literal_column("'running'")
_CONTACTS = Lookup(
    [*_columns(t.contacts, Contact), t.lanes.c.pace],
    t.contacts.c.id,
    lambda found: found.join_from(t.contacts, t.lanes, t.lanes.c.contact_id == t.contacts.c.id),
    json=("pace",),
)
_INBOX = Lookup(
    _columns(t.inbox, InboxRow),
    t.inbox.c.contact_id,
    lambda found: found.where(t.inbox.c.state == _WAITING).order_by(t.inbox.c.id).limit(bindparam("n")),
    json=("event",),
)
_IN_LINE = func.row_number().over(partition_by=t.inbox.c.contact_id, order_by=t.inbox.c.id).label("in_line")
_IN_LINES = select(*_columns(t.inbox, InboxRow), _IN_LINE).where(
    t.inbox.c.state == _WAITING, _ids(t.inbox.c.contact_id)
)
_LINES = _IN_LINES.subquery()
_EACH_ONES_FIRST = (
    select(*[_LINES.c[f.name] for f in fields(InboxRow)]).where(_LINES.c.in_line <= PER_LANE).order_by(_LINES.c.id)
)
_IDENTITIES = Lookup(_columns(t.identities, Identity), t.identities.c.contact_id, lambda found: found)
_DEALS = Lookup(
    _columns(t.deals, Deal),
    t.deals.c.contact_id,
    lambda found: found.where(t.deals.c.closed_at.is_(None)),
    json=("tags", "fields"),
)
_RUNS = Lookup(
    _columns(t.runs, Run), t.runs.c.contact_id, lambda found: found.where(t.runs.c.status == _RUNNING), json=("state",)
)
_PARTS = Ready(
    lambda among: select(
        t.parts.c.id,
        t.parts.c.contact_id,
        t.parts.c.deal_id,
        t.parts.c.state,
        t.parts.c.attempts,
        t.parts.c.identity_id,
        t.parts.c.provider_id,
    ).where(among(t.parts.c.id, "ids"))
)
_TIMERS = Lookup(_columns(t.timers, Timer), t.timers.c.contact_id, lambda found: found)


def claim(
    conn: Connection, now: Instant, n: int, *, only: Sequence[int] = (), ids: Ids | None = None
) -> list[LaneRows]:
    """Up to `n` due lanes, longest overdue first, and those in `only` whether due or not.

    `ids` are made to rise behind the locks, for whatever the turns will write.
    """
    postgres = conn.dialect.name != "sqlite"
    due = _TAKE_DUE.column(conn, now=now, n=n) if n else []
    wanted = list(dict.fromkeys([*only, *due]))
    if only and postgres:
        conn.execute(_LOCK.with_for_update(), {"ids": sorted(only)})
    if ids is not None and wanted:
        ids.keep_rising(conn, "entry", "part")
    return load(conn, wanted)


def load(conn: Connection, contact_ids: list[int]) -> list[LaneRows]:
    """Everything the turns of these contacts need, in six statements however many they are."""
    if not contact_ids:
        return []
    ids = contact_ids
    rows: dict[int, LaneRows] = {}
    for *contact, pace in _CONTACTS.rows(conn, ids):
        rows[contact[0]] = LaneRows(Contact(*contact), pace)
    for identity in _IDENTITIES.rows(conn, ids):
        rows[identity[1]].identities[identity[0]] = Identity(*identity)
    for deal in _DEALS.rows(conn, ids):
        rows[deal[1]].deals.append(Deal(*deal))
    for run in _RUNS.rows(conn, ids):
        rows[run[2]].runs[run[1]] = Run(*run)
    for timer in _TIMERS.rows(conn, ids):
        rows[timer[0]].timers[timer[1]] = Timer(*timer)
    for event in _waiting(conn, ids):
        waiting = rows[event[4]].inbox
        if len(waiting) < PER_LANE:
            waiting.append(InboxRow(*event))
    _parts(conn, rows)
    return [rows[i] for i in contact_ids if i in rows]


def _parts(conn: Connection, rows: dict[int, LaneRows]) -> None:
    told_of = [
        part
        for lane in rows.values()
        for e in lane.inbox
        if e.kind in _ABOUT_PARTS and (part := e.event["event"].get("part"))
    ]
    if told_of:
        for part, contact, *known in _PARTS.rows(conn, ids=told_of):
            if contact in rows:
                rows[contact].parts[part] = (known[0], known[1], known[2], known[3], known[4])


def _waiting(conn: Connection, ids: list[int]) -> Sequence[Any]:
    """What waits in these lanes. After an outage that may be more than one load: then each one's first."""
    most = max(2_000, 4 * len(ids))
    found = _INBOX.rows(conn, ids, n=most)
    return found if len(found) < most else conn.execute(_EACH_ONES_FIRST, {"ids": ids}).all()


def _overwrite(table: Table, record: type, *, fixed: tuple[str, ...], json: tuple[str, ...] = ()) -> Bulk:
    names = [f.name for f in fields(record) if f.name not in ("id", *fixed)]

    def build(_: str, values: Values) -> Any:
        return update(table).where(table.c.id == values("b_id")).values({n: values("b_" + n) for n in names})

    kept = ("id", *names)
    return Bulk(build, {"b_" + n: table.c[n] for n in kept}, take={"b_" + n: n for n in kept}, json=json)


_DEALS_CHANGED = _overwrite(t.deals, Deal, fixed=("contact_id", "opened_at", "source", "slot"), json=("tags", "fields"))
_OF_RUNS: Final = ("deal_id", "contact_id", "bot", "script", "started_at")
_RUNS_ENDED = _overwrite(t.runs, Run, fixed=_OF_RUNS, json=("state",))
_RUNS_GONE_ON = _overwrite(t.runs, Run, fixed=(*_OF_RUNS, "status", "ended_at", "reason"), json=("state",))
"""Where `status` is not named, SQLite lets alone the indexes of running runs: it rewrites those of whatever is named."""
_CONTACTS_CHANGED = _overwrite(t.contacts, Contact, fixed=("created_at",))
_IDENTITIES_CHANGED = _overwrite(t.identities, Identity, fixed=("channel", "account", "created_at", "person_id"))
_LANES_CHANGED = Bulk(
    lambda _, values: (
        update(t.lanes)
        .where(t.lanes.c.contact_id == values("b_id"))
        .values(due_at=values("b_due"), pace=values("b_pace"))
    ),
    {"b_id": t.lanes.c.contact_id, "b_due": t.lanes.c.due_at, "b_pace": t.lanes.c.pace},
    json=("b_pace",),
    of_dicts=True,
)
_DONE = Ready(
    lambda among: (
        update(t.inbox)
        .where(among(t.inbox.c.id, "ids"))
        .values(state=bindparam("b_state"), reason=bindparam("b_reason"), done_at=bindparam("b_at"))
    )
)
_STATUS = Ready(
    lambda among: (
        update(t.parts)
        .where(t.parts.c.id == bindparam("b_part"), among(t.parts.c.state, "b_below"))
        .values(
            state=bindparam("b_status"),
            error=bindparam("b_error"),
            provider_id=bindparam("b_pid"),
            open=0,
            settled_at=bindparam("b_at"),
        )
    )
)
_AGAIN_SQL = (
    update(t.parts)
    .where(t.parts.c.id == bindparam("b_part"), t.parts.c.state.in_(BELOW["failed"]))
    .values(
        state="queued",
        open=1,
        due_at=bindparam("b_due"),
        error=bindparam("b_error"),
        provider_id=bindparam("b_pid"),  # a part that is open and has one: that message came to nothing
        settled_at=None,
    )
)
_SILENCE = Ready(
    lambda _: (
        update(t.parts)
        .where(
            t.parts.c.deal_id == bindparam("b_deal"),
            t.parts.c.state == literal_column("'queued'"),
            t.parts.c.open == literal_column("1"),
            t.parts.c.author == "bot",
        )
        .values(state="blocked", open=0, error=bindparam("b_why"), settled_at=bindparam("b_at"))
    )
)
_PIN_SQL = update(t.runs).where(t.runs.c.id == bindparam("b_run")).values(script=bindparam("b_script"))
_NEW_DEALS = inserting(t.deals, record=Deal, json=("tags", "fields"))
_NEW_RUNS = inserting(t.runs, record=Run, json=("state",))
_NEW_TASKS = inserting(t.tasks, record=Task, json=("details",))
_NEW_ENTRIES = inserting(t.entries, record=Entry, json=("media", "data"))
_NEW_PARTS = inserting(t.parts, record=Part, json=("payload",))
_NEW_CHANGES = inserting(t.changes, "at", "kind", "deal_id", "ref_id")
_SCRIPTS = inserting(t.scripts, "hash", "name", "source", "first_used_at", conflict=skipping("hash"))
_POINTS = inserting(t.points, "key", "contact_id", "verified_at", conflict=skipping("key"))
_SET_TIMERS = inserting(
    t.timers, record=Timer, conflict=overwriting(("contact_id", "key"), "deal_id", "run_id", "name", "due_at")
)
_NEW_FIRINGS = inserting(t.firings, record=Firing, json=("deeds",))
_STAYS = inserting(r.stays, record=Stay)
_WAITS = inserting(r.waits, record=Wait)
_AUDIENCE = inserting(
    g.audience_members, "audience", "contact_id", "deal_id", "at", conflict=skipping("audience", "contact_id")
)
_NEXT_DUE = Ready(lambda _: select(func.min(t.lanes.c.due_at)).where(t.lanes.c.due_at.is_not(None)))
_CUT = Ready(
    lambda _: delete(t.timers).where(
        and_(t.timers.c.contact_id == bindparam("b_contact"), t.timers.c.key == bindparam("b_key"))
    )
)

_OPEN_TASKS = update(t.tasks).where(t.tasks.c.state == literal_column("'open'"))
_OF_DEAL = _OPEN_TASKS.where(t.tasks.c.deal_id == bindparam("b_deal"))
_LEFT_SQL = _OF_DEAL.where(t.tasks.c.responsible_id.is_(None)).values(responsible_id=bindparam("b_person"))
_HANDED_SQL = _OF_DEAL.where(t.tasks.c.responsible_id == bindparam("b_giver")).values(
    responsible_id=bindparam("b_person")
)
_GONE_ALONG_SQL = _HANDED_SQL.where(t.tasks.c.created_by != literal_column("'manager'"))
_ENDED = Ready(lambda _: _OF_DEAL.values(state="done", result=bindparam("b_result"), done_at=bindparam("b_at")))
_TASKS_DONE = Ready(
    lambda _: _OPEN_TASKS.where(t.tasks.c.id == bindparam("b_task")).values(
        state="done", result=bindparam("b_result"), done_by=bindparam("b_by"), done_at=bindparam("b_at")
    )
)


def save(conn: Connection, w: Writes, now: Instant, shard: int = 0, *, ids: Ids) -> None:
    """Write a batch, every table at most a few statements.

    Rows that delivery writes too are locked in its order (parts, identities, deals), so that neither waits for the other.
    """
    _change_parts(conn, w, now)
    _identities(conn, w)
    # Closings before openings: one open deal per contact and slot.
    if closed := [d for d in w.deals.values() if d.closed_at is not None]:
        _DEALS_CHANGED.write(conn, closed)
    if w.scripts:
        _SCRIPTS.write(conn, w.scripts.values())
    if w.new_deals:
        _NEW_DEALS.write(conn, w.new_deals.values())
    if still_open := [d for d in w.deals.values() if d.closed_at is None]:
        _DEALS_CHANGED.write(conn, still_open)
    if w.runs:
        if gone_on := [r for r in w.runs.values() if r.status == "running"]:
            _RUNS_GONE_ON.write(conn, gone_on)
        if len(gone_on) < len(w.runs):
            _RUNS_ENDED.write(conn, [r for r in w.runs.values() if r.status != "running"])
    if w.pinned:
        conn.execute(_PIN_SQL, [{"b_run": run, "b_script": script} for run, script in w.pinned])
    if w.new_runs:
        _NEW_RUNS.write(conn, w.new_runs.values())
    if w.steps:
        steps.add(conn, w.steps)
    if w.contacts:
        _CONTACTS_CHANGED.write(conn, w.contacts.values())
    if w.lost_points:
        points.lose(conn, w.lost_points)
    if w.points:
        _POINTS.write(conn, w.points)
    if w.tasks:
        _NEW_TASKS.write(conn, w.tasks)
    if w.entries:
        _NEW_ENTRIES.write(conn, w.entries)
    if w.parts:
        add_parts(conn, w)
    _tasks(conn, w, now)
    _robots(conn, ids, w, now)
    if w.cut_timers:
        _CUT.run_each(conn, [{"b_contact": c, "b_key": k} for c, k in w.cut_timers])
    if w.set_timers:
        _SET_TIMERS.write(conn, w.set_timers.values())
    _finish(conn, w, now)
    if w.lanes:
        _LANES_CHANGED.write(conn, w.lanes)
    if w.changes:
        _NEW_CHANGES.write(conn, w.changes)
    _tell_others(conn, w, now, shard, ids)


def _tell_others(conn: Connection, w: Writes, now: Instant, shard: int, ids: Ids) -> None:
    inbox_rows.tally(conn, w.tallies, shard)
    if w.passed:
        inbox_rows.keep(conn, ids, w.passed, now, shard)


def add_parts(conn: Connection, w: Writes) -> None:
    """Into the outbox; messages to staff with what they are about."""
    _NEW_PARTS.write(conn, w.parts)
    if w.notes:
        staff_chats.add_notes(conn, w.notes)


def _identities(conn: Connection, w: Writes) -> None:
    if w.new_identities:
        inbox_rows.add_identities(conn, w.new_identities)
    if w.identities:
        _IDENTITIES_CHANGED.write(conn, w.identities.values())


def _robots(conn: Connection, ids: Ids, w: Writes, now: Instant) -> None:
    """What funnels have done by themselves, and what they wait for outside."""
    if w.firings:
        _NEW_FIRINGS.write(conn, w.firings)
    if w.stays:
        _STAYS.write(conn, w.stays)
    if w.waits:
        _WAITS.write(conn, w.waits)
    if w.given:
        staff.note_given(conn, w.given, now)
    if w.audience:
        _AUDIENCE.write(conn, w.audience)
    if w.companies:
        companies.join(conn, ids, w.companies, now)
    if w.numbered:
        inbox_rows.track(conn, ids, "order", w.numbered, now)
    if w.tracked:
        inbox_rows.track(conn, ids, "parcel", [(contact, number) for contact, number, _ in w.tracked], now)
        parcels.add(conn, [(number, carrier) for _, number, carrier in w.tracked if carrier], now)


def _change_parts(conn: Connection, w: Writes, now: Instant) -> None:
    """What the turns mean for parts of earlier ones; those of this turn are told in memory, or where they are claimed."""
    if w.silenced:
        _SILENCE.run_each(conn, [{"b_deal": d, "b_why": why, "b_at": now} for d, why in w.silenced])
    for part, status, error, sid in sorted(w.statuses, key=itemgetter(0)):
        below = list(BELOW[status])
        _STATUS.run(conn, b_part=part, b_below=below, b_status=status, b_error=error, b_at=now, b_pid=sid)
    for part, due_at, error, sid in w.again:
        conn.execute(_AGAIN_SQL, {"b_part": part, "b_due": due_at, "b_error": error, "b_pid": sid})
    for identity, why in w.dropped:
        outbox.drop_queued(conn, identity, why, now)
    for identity, person in w.ties:  # what still waits for a chat that is somebody else's now
        staff_chats.tie(conn, identity, person, now)


def _tasks(conn: Connection, w: Writes, now: Instant) -> None:
    for one in w.handed_tasks:
        handed = _LEFT_SQL if one.giver is None else _GONE_ALONG_SQL if one.named_stay else _HANDED_SQL
        given = {} if one.giver is None else {"b_giver": one.giver}
        conn.execute(handed, {"b_deal": one.deal, "b_person": one.taker} | given)
    if w.ended_tasks:
        _ENDED.run_each(conn, [{"b_deal": deal, "b_result": result, "b_at": now} for deal, result in w.ended_tasks])
    for task, values in w.edited_tasks:
        conn.execute(update(t.tasks).where(t.tasks.c.id == task, t.tasks.c.state == "open").values(**values))
    if w.done_tasks:
        done = [{"b_task": task, "b_result": result, "b_by": by, "b_at": now} for task, result, by in w.done_tasks]
        _TASKS_DONE.run_each(conn, done)


def _finish(conn: Connection, w: Writes, now: Instant) -> None:
    grouped: dict[tuple[str, str], list[int]] = {}
    for row_id, state, reason in w.done:
        grouped.setdefault((state, reason), []).append(row_id)
    for (state, reason), ids in grouped.items():
        _DONE.run(conn, ids=ids, b_state=state, b_reason=reason, b_at=now)
    if w.retries:
        conn.execute(update(t.inbox).where(t.inbox.c.id.in_(w.retries)).values(attempts=t.inbox.c.attempts + 1))
    if w.deleted:  # behind all that was written of them
        erasing.erase(conn, w.deleted)


def next_due(conn: Connection) -> Instant | None:
    """When the next lane comes due; None: nothing is waiting anywhere."""
    found: Instant | None = _NEXT_DUE.value(conn)
    return found


def due(conn: Connection, now: Instant, n: int) -> list[int]:
    """Contacts whose lanes are due, longest overdue first."""
    return list(conn.execute(_DUE, {"now": now, "n": n}).scalars())
