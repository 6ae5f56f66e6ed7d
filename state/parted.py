"""Two deals that were joined are two again. What each gets of what has happened since, and who speaks in it.

Every value that has not changed since goes back to what it was; what has changed stays with the leading deal, unless it
came by an address of the other's, or by the bot that goes back with it.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Table, and_, delete, insert, literal_column, or_, select, update

from state import joining, merges
from state import tables as t
from state.ids import Ids
from state.joining import APART, Words, carry_words, group
from state.merges import Cause, Refused
from state.records import Deal, Instant, Merge, Run

_LEADING: Final = "kept"
_OTHER: Final = "gone"
_OPEN: Any = literal_column("1")


@dataclass(frozen=True, slots=True)
class Sides:
    contact: int
    """Whose the leading deal is."""
    other: int
    """Whose the other deal will be: the same contact's, or the one's that is parted from it."""
    routes: frozenset[int] = frozenset()
    """Addresses that are the other's, besides those that the merge knew of."""


@dataclass(slots=True)
class _Since:
    """Messages of one side since they were joined, in order."""

    messages: list[Any] = field(default_factory=list)

    def by_a_person(self) -> bool:
        return any(e.direction == "out" and e.author == "manager" for e in self.messages)

    def waits(self, before: Instant | None) -> Instant | None:
        for e in self.messages:
            before = None if e.direction == "out" else before or e.at if e.direction == "in" else before
        return before

    def route(self, before: int | None) -> int | None:
        heard = [e.identity_id for e in self.messages if e.direction == "in" and e.identity_id is not None]
        return heard[-1] if heard else before


@dataclass(slots=True)
class _Talk:
    """Who speaks in one of the two from here on."""

    owner: str
    responsible: int | None
    woken: dict[str, Any] | None = None
    """The run that the merge had stopped, which goes on."""


def part_deals(
    conn: Connection, ids: Ids, merge: Merge, sides: Sides, now: Instant, words: Words, cause: Cause
) -> None:  # fmt: skip
    data = merge.data
    one, two = joining.find(conn, merges.into(conn, merge.deal_id or 0)), joining.find(conn, merge.from_deal_id or 0)
    if one is None or two is None or two.closed_at is None or two.reason != "joined":
        raise Refused("gone", "one of the deals is not there any more")
    joining.lock(conn, one.contact_id, two.contact_id)
    routes = sides.routes | frozenset(data["routes"])
    back, since = _lines(conn, one.id, data, routes)
    run = joining.running(conn, one.id, two.id).get(one.id)
    side = _side_of(run, one, data, routes) if run is not None else ""
    if run is not None and _mixed(run, since[_LEADING if side == _OTHER else _OTHER]):
        _end(conn, one, run, words, now)
        run, side = None, ""
    goes = side == _OTHER
    epoch = max(one.epoch, two.epoch) + 1
    besides = [m.data for m in merges.standing_in(conn, one.id) if m.id != merge.id]
    alone = not besides and one.id == merge.deal_id
    talks = {name: _talk(name, one, data, since, holds=side == name) for name in (_LEADING, _OTHER)}
    if not alone:  # whatever else is joined to it has its say, too
        talks[_LEADING] = _Talk("pool" if side != _LEADING and one.owner == "bot" else one.owner, one.responsible_id)
    _carry(conn, one, back, routes, talks, epoch)
    _give_back(conn, one.id, two.id, sides.other, back, data)
    if run is not None and goes:
        conn.execute(update(t.runs).where(t.runs.c.id == run.id).values(deal_id=two.id, contact_id=sides.other))
        mine = t.timers.c.contact_id == one.contact_id, t.timers.c.run_id == run.id
        conn.execute(update(t.timers).where(*mine).values(deal_id=two.id, contact_id=sides.other))
    told = _told_by(run, one, data["after"]) if goes else {}
    waits = {name: since[name].waits(data[name]["waiting_since"]) for name in (_LEADING, _OTHER)}
    if one.waiting_since is not None and not any(waits.values()):
        waits[_OTHER if one.route_id in routes else _LEADING] = one.waiting_since  # a call, or a bot that handed over
    if not alone:
        waits[_LEADING] = one.waiting_since
    row = _unmixed(one, data, told, besides, direct=one.id == merge.deal_id)
    if one.closed_at is None:
        row |= _led_on(one, data, since[_LEADING], talks[_LEADING], routes, alone=alone) | {
            "waiting_since": waits[_LEADING]
        }
    conn.execute(
        update(t.deals).where(t.deals.c.id == one.id).values(row | {"epoch": epoch, "version": one.version + 1})
    )
    if one.id != merge.deal_id and (own := joining.find(conn, merge.deal_id or 0)) is not None:
        conn.execute(update(t.deals).where(t.deals.c.id == own.id).values(_unmixed(own, data, {}, [], direct=True)))
    other = {
        "contact_id": sides.other, "closed_at": None, "reason": "", "fields": {**two.fields, **told}, "owner": talks[_OTHER].owner,
        "responsible_id": talks[_OTHER].responsible, "route_id": since[_OTHER].route(data[_OTHER]["route_id"]),
        "waiting_since": waits[_OTHER], "epoch": epoch, "version": two.version + 1, "slot": _slot(conn, sides.other, two),
    }  # fmt: skip
    conn.execute(update(t.deals).where(t.deals.c.id == two.id).values(other))
    _wake_timers(conn, one, two, sides, talks, data)
    for deal, number, name in ((one, two.id, _LEADING), (two, one.id, _OTHER)):
        deal.contact_id = sides.contact if name == _LEADING else sides.other
        event = {"event": "parted", "merge": merge.id, "from_deal": number}
        joining.write_line(conn, ids, deal, now, words.parted(number), event, cause)
        if name == _OTHER or one.closed_at is None:
            _call_somebody(conn, ids, deal.id, now, words, cause, was=data[name]["owner"])


# -- whose is what ---------------------------------------------------------------------------------------------------


def _lines(
    conn: Connection, deal: int, data: dict[str, Any], routes: frozenset[int]
) -> tuple[list[int], dict[str, _Since]]:
    """The lines that go back, and the messages that each side has come by since."""
    e = t.entries.c
    moved = _still(conn, e.id, and_(e.deal_id == deal, e.id.in_(data["entries"])))
    columns = (e.id, e.at, e.kind, e.direction, e.author, e.identity_id, e.data)
    tasks, since = set(data["tasks"]), {_LEADING: _Since(), _OTHER: _Since()}
    for line in conn.execute(select(*columns).where(e.deal_id == deal, e.id > data["line"]).order_by(e.id)).all():
        if line.id in data["entries"]:
            continue
        theirs = line.identity_id in routes or (line.kind == "task" and line.data.get("task") in tasks)
        if theirs:
            moved.append(line.id)
        if line.kind == "message":
            since[_OTHER if theirs else _LEADING].messages.append(line)
        elif line.data.get("event") == "taken":
            for side in since.values():
                side.messages.append(_TAKEN)
    return moved, since


class _Taken:
    """Somebody took both in one act: as good as a person's word in each."""

    direction, author, identity_id, at = "", "taken", None, 0


_TAKEN: Final = _Taken()


def _still(conn: Connection, column: Any, where: Any) -> list[int]:
    return sorted(conn.execute(select(column).where(where)).scalars())


def _talk(name: str, one: Deal, data: dict[str, Any], since: dict[str, _Since], *, holds: bool) -> _Talk:
    """`holds`: the bot that runs now goes on here."""
    before, after, mine = data[name], data["after"], since[name].messages
    responsible = before["responsible_id"]
    if name == _LEADING and one.responsible_id != after["responsible_id"]:
        responsible = one.responsible_id
    if holds:
        return _Talk("bot", responsible)
    if one.owner == "person" and one.closed_at is None:
        taken = after["owner"] != "person" or _TAKEN in mine
        if taken or since[name].by_a_person():
            return _Talk("person", one.responsible_id)
        if before["owner"] == "person":
            return _Talk("person", responsible)
    elif name == _OTHER and before["owner"] == "person" and one.closed_at is not None:
        return _Talk("person", responsible)
    elif after["owner"] == "person":
        return _Talk("pool", responsible)  # whoever held it has given it back since
    stopped = next((r for r in data["runs"] if r["deal"] == before["id"]), None)
    if before["owner"] == "bot" and stopped and not mine and not data["blocked"] and one.closed_at is None:
        return _Talk("bot", responsible, stopped)
    return _Talk("pool", responsible)


def _side_of(run: Run, one: Deal, data: dict[str, Any], routes: frozenset[int]) -> str:
    """Where a bot was before goes with it; one that has begun since goes where it is talking."""
    if run.id in (data.get("moved_run"), data.get("kept_run")):
        return _OTHER if run.id == data.get("moved_run") else _LEADING
    return _OTHER if one.route_id in routes else _LEADING


def _mixed(run: Run, others: _Since) -> bool:
    """It has heard both sides: what it knows of the one must not be said to the other."""
    return any(e.direction == "in" and e.at >= run.started_at for e in others.messages)


def _end(conn: Connection, one: Deal, run: Run, words: Words, now: Instant) -> None:
    joining.stop(conn, run, words.stopped, now)
    joining.hold_back(conn, one.id, words.stopped, now)
    mine = t.timers.c.contact_id == one.contact_id, t.timers.c.run_id == run.id
    conn.execute(delete(t.timers).where(*mine))


def _told_by(run: Run | None, one: Deal, after: dict[str, Any]) -> dict[str, Any]:
    """Fields that the bot which goes back has filled since."""
    answers = run.state.get("answers", {}) if run is not None else {}
    return {n: one.fields[n] for n in answers if n in one.fields and one.fields[n] != after["fields"].get(n)}


def _unmixed(
    one: Deal, data: dict[str, Any], told: dict[str, Any], besides: list[dict[str, Any]], *, direct: bool
) -> dict[str, Any]:  # fmt: skip
    """Fields, tags and title without what only the other deal has brought; others that are joined keep theirs."""
    before, after = data[_LEADING], data["after"]
    theirs = [side for also in besides for side in ([also[_OTHER]] if direct else [also[_OTHER], also[_LEADING]])]
    theirs = [side for side in theirs if side["id"] != before["id"]]
    fields = {}
    for name, value in one.fields.items():
        brought = name in told or (name in after["fields"] and after["fields"][name] == value)
        if not brought or any(name in side["fields"] for side in theirs):
            fields[name] = value
        elif name in before["fields"]:
            fields[name] = before["fields"][name]
    kept_tags = {tag for side in theirs for tag in side["tags"]}
    brought_tags = set(after["tags"]) - set(before["tags"]) - kept_tags
    row: dict[str, Any] = {"fields": fields, "tags": [tag for tag in one.tags if tag not in brought_tags]}
    if one.title == after["title"] and direct:
        row["title"] = before["title"]
    return row


def _led_on(
    one: Deal, data: dict[str, Any], since: _Since, talk: _Talk, routes: frozenset[int], *, alone: bool
) -> dict[str, Any]:  # fmt: skip
    """Who speaks in the leading deal, and where."""
    before, after = data[_LEADING], data["after"]
    back = one.route_id in routes or (alone and one.route_id == after["route_id"])
    route = since.route(before["route_id"] if back else one.route_id)
    slot = before["slot"] if alone and one.slot == after["slot"] else one.slot
    return {"slot": slot, "owner": talk.owner, "responsible_id": talk.responsible, "route_id": route}


def _slot(conn: Connection, contact: int, two: Deal) -> str:
    """Its own group's again, where the contact has no other deal there; else one of its own."""
    d = t.deals.c
    there = select(d.id).where(d.contact_id == contact, d.slot == two.slot, d.closed_at.is_(None), d.id != two.id)
    return f"{group(two.slot)}{APART}{two.id}" if conn.execute(there).first() else two.slot


# -- moving ----------------------------------------------------------------------------------------------------------


def _carry(
    conn: Connection, one: Deal, back: list[int], routes: frozenset[int], talks: dict[str, _Talk], epoch: int
) -> None:
    """What a bot has under way was decided under the one deal's epoch: each side's under its own from here on."""
    p = t.parts.c
    theirs = or_(p.entry_id.in_(back), and_(p.entry_id == 0, p.identity_id.in_(routes)))
    for name, mine in ((_OTHER, theirs), (_LEADING, ~theirs)):
        persons = "person" in (one.owner, talks[name].owner)
        carry_words(conn, one, None if persons else epoch, mine, p.epoch != epoch)


def _give_back(conn: Connection, one: int, two: int, contact: int, back: list[int], data: dict[str, Any]) -> None:
    to = {"deal_id": two, "contact_id": contact}
    p = t.parts.c
    conn.execute(update(t.parts).where(p.entry_id.in_(back)).values(to))
    conn.execute(update(t.parts).where(p.id.in_(data["calls"]), p.deal_id == one).values(to))
    _back(conn, t.entries, back, to)
    tasks = _still(conn, t.tasks.c.id, and_(t.tasks.c.id.in_(data["tasks"]), t.tasks.c.deal_id == one))
    _back(conn, t.tasks, tasks, to)
    e = t.entries.c
    for entry, client in data["clients"]:
        taken = select(e.id).where(e.deal_id == two, e.client_id == client)
        if conn.execute(taken).first() is None:
            conn.execute(update(t.entries).where(e.id == entry, e.deal_id == two).values(client_id=client))


def _back(conn: Connection, table: Table, rows: list[int], to: dict[str, int]) -> None:
    conn.execute(update(table).where(table.c.id.in_(rows)).values(to))


def _wake_timers(
    conn: Connection, one: Deal, two: Deal, sides: Sides, talks: dict[str, _Talk], data: dict[str, Any]
) -> None:
    """Runs that go on get their clocks back, and the other deal what its stage had set."""
    woken = {talk.woken["id"]: talk.woken for talk in talks.values() if talk.woken is not None}
    for run, stood in woken.items():
        deal, contact = (one.id, sides.contact) if stood["deal"] == one.id else (two.id, sides.other)
        row = {
            "status": "running",
            "state": stood["state"],
            "waits_until": stood["waits_until"],
            "ended_at": None,
            "reason": "",
        }
        conn.execute(update(t.runs).where(t.runs.c.id == run).values(row | {"deal_id": deal, "contact_id": contact}))
        if trail := stood["state"].get("trail"):  # it has not been left there after all
            conn.execute(delete(t.steps).where(t.steps.c.run_id == run, t.steps.c.n >= trail[1]))
    for timer in data["timers"]:
        if timer["run_id"] in woken or (not timer["run_id"] and timer["deal_id"] == two.id):
            contact = sides.contact if timer["deal_id"] == one.id else sides.other
            key = and_(t.timers.c.contact_id == contact, t.timers.c.key == timer["key"])
            conn.execute(delete(t.timers).where(key))
            conn.execute(insert(t.timers).values(timer | {"contact_id": contact}))


def _call_somebody(
    conn: Connection, ids: Ids, deal: int, now: Instant, words: Words, cause: Cause, *, was: str
) -> None:  # fmt: skip
    """Nobody is lost: a talk that had somebody, and has nobody now, is a person's to look at."""
    row = joining.find(conn, deal)
    if row is None or row.owner != "pool":
        return
    ahead = joining.timers_of(conn, deal)
    if was == "pool" and row.waiting_since is None and ahead:
        return
    open_ = select(t.tasks.c.id).where(t.tasks.c.deal_id == deal, t.tasks.c.state == "open")
    if conn.execute(open_).first() is None:
        write_task(conn, ids, row, now, words.task, cause)


def write_task(conn: Connection, ids: Ids, deal: Deal, now: Instant, text: str, cause: Cause) -> None:
    task = ids.take("task")
    conn.execute(
        insert(t.tasks).values(
            id=task, deal_id=deal.id, contact_id=deal.contact_id, kind="answer", text=text, details={}, responsible_id=deal.responsible_id,
            due_at=now, state="open", result="", created_by="robot", created_at=now, done_at=None, done_by=None,
        )
    )  # fmt: skip
    event = {"event": "created", "task": task, "kind": "answer", "details": {}}
    joining.write_line(conn, ids, deal, now, text, event, cause, kind="task")
