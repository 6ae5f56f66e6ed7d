"""Two deals that were joined are two again. What each gets of what has happened since, and who speaks in it.

Every value that has not changed since goes back to what it was; what has changed stays with the leading deal, unless it
came by an address of the other's, by the bot that goes back with it, or for its order (state/order_news.py).
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, insert, literal_column, or_, select, update

from state import joining, merges, order_news, places
from state import tables as t
from state.ids import Ids
from state.joining import Words, carry_words
from state.merges import Cause, Refused
from state.records import Deal, Instant, Merge, Run
from state.sides import LEADING, OTHER, TAKEN, Called, Since, Talk, mixed, side_of, talk_of

_OPEN: Any = literal_column("1")


@dataclass(frozen=True, slots=True)
class Sides:
    contact: int
    """Whose the leading deal is."""
    other: int
    """Whose the other deal will be: the same contact's, or the one's that is parted from it."""
    routes: frozenset[int] = frozenset()
    """Addresses that are the other's, besides those that the merge knew of."""


def part_deals(
    conn: Connection, merge: Merge, sides: Sides, now: Instant, words: Words, *, firmly: bool = True
) -> None:
    """Nothing rests on this merge any more (state/resting.py). Raises `Refused`.

    Not `firmly`: it will be put back, which cannot be where an order that was joined to a request has led it on since.
    """
    data = merge.data
    one, two = joining.find(conn, merge.deal_id or 0), joining.find(conn, merge.from_deal_id or 0)
    if one is None or two is None or one.reason == merges.JOINED or two.reason != merges.JOINED:
        raise Refused("gone", "one of the deals is not there any more")
    joining.lock(conn, one.contact_id, two.contact_id)
    routes = sides.routes | frozenset(data["routes"])
    back, since, given = _lines(conn, one.id, data, routes)
    news, was_closed = order_news.find(conn, one, two, data), one.closed_at is not None
    if news is not None and news.moves and not firmly:
        raise Refused("later", f"an order was joined since, and has gone on: undo merge {merge.id} first")
    gone_on = order_news.give_stage(conn, one, two, (sides.contact, sides.other), news, data) if news else {}
    back = sorted({*back, *news.lines}) if news is not None else back
    run, side = _who_speaks(conn, one, two, data, routes, since, words, now)
    epoch = max(one.epoch, two.epoch) + 1
    talks = {name: talk_of(name, one, data, since, holds=side == name) for name in (LEADING, OTHER)}
    if gone_on and talks[OTHER].woken is not None:  # the order has gone on without it
        talks[OTHER] = Talk("pool", talks[OTHER].responsible)
    _carry(conn, one, back, routes, talks, epoch)
    _wake_tasks(conn, merge)
    _give_back(conn, one.id, two.id, sides.other, back, data, [*given, *(news.tasks if news is not None else [])])
    told = dict(news.fields) if news is not None else {}
    if run is not None and side == OTHER:
        conn.execute(update(t.runs).where(t.runs.c.id == run.id).values(deal_id=two.id, contact_id=sides.other))
        mine = t.timers.c.contact_id == one.contact_id, t.timers.c.run_id == run.id
        conn.execute(update(t.timers).where(*mine).values(deal_id=two.id, contact_id=sides.other))
        told |= _told_by(run, one, data["after"])
    waits = _waits(one, data, since, routes)
    row = _unmixed(one, data, told, words)
    if one.closed_at is None:
        row |= _led_on(one, data, since[LEADING], talks[LEADING], routes)
        row |= {"waiting_since": waits[LEADING], "stage": one.stage, "stage_at": one.stage_at}
    if one.closed_at is None and was_closed:
        row |= {"closed_at": None, "outcome": None, "reason": "", "slot": places.own(conn, sides.contact, one)}
    conn.execute(
        update(t.deals).where(t.deals.c.id == one.id).values(row | {"epoch": epoch, "version": one.version + 1})
    )
    other = {
        "contact_id": sides.other, "closed_at": None, "reason": "", "fields": words.sums({**two.fields, **told}), "owner": talks[OTHER].owner,
        "responsible_id": talks[OTHER].responsible, "route_id": since[OTHER].route(data[OTHER]["route_id"]),
        "waiting_since": waits[OTHER], "epoch": epoch, "version": two.version + 1, "slot": places.own(conn, sides.other, two),
    } | gone_on  # fmt: skip
    conn.execute(update(t.deals).where(t.deals.c.id == two.id).values(other))
    clocks = [timer for timer in data["timers"] if not order_news.is_over(timer, two.id, gone_on)]
    _wake_timers(conn, one, two, sides, talks, clocks)
    for deal, known in ((one.id, row["fields"]), (two.id, other["fields"])):
        if one.fields.get("total") and not known.get("total"):
            _ask_again_for_the_sum(conn, deal, merge)


def tell(conn: Connection, ids: Ids, merge: Merge, now: Instant, words: Words, cause: Cause) -> None:
    """Both timelines say of it, wherever they are by now; and somebody is called to a talk that nobody leads any more."""
    for mine, number, name in (
        (merge.deal_id, merge.from_deal_id, LEADING),
        (merge.from_deal_id, merge.deal_id, OTHER),
    ):
        deal = joining.find(conn, merges.into(conn, mine or 0))
        if deal is not None:
            event = {"event": "parted", "merge": merge.id, "from_deal": number}
            joining.write_line(conn, ids, deal, now, words.parted(number or 0), event, cause)
            call_somebody(conn, ids, deal.id, now, words, cause, was=merge.data[name]["owner"])
            joining.look_again(conn, deal.id, deal.contact_id, now)


# -- whose is what ---------------------------------------------------------------------------------------------------


def _lines(
    conn: Connection, deal: int, data: dict[str, Any], routes: frozenset[int]
) -> tuple[list[int], dict[str, Since], list[int]]:
    """The lines that go back, the messages that each side has come by since, and the tasks that were given for the other's alone."""
    e = t.entries.c
    moved = _still(conn, e.id, and_(e.deal_id == deal, e.id.in_(data["entries"])))
    columns = (e.id, e.at, e.kind, e.direction, e.author, e.identity_id, e.data)
    tasks, known = set(data["tasks"]), set(data["entries"])
    since = {LEADING: Since(), OTHER: Since()}
    found = conn.execute(select(*columns).where(e.deal_id == deal, e.id > data["line"]).order_by(e.id)).all()
    said = {
        name: {line.at for line in found if line.direction and (line.identity_id in routes) is (name == OTHER)}
        for name in since
    }
    given = [
        int(line.data["task"])
        for line in found
        if line.kind == "task" and line.author == "robot" and line.data.get("event") == "created" and line.at in said[OTHER] - said[LEADING]
    ]  # fmt: skip
    tasks |= set(given)
    for line in found:
        if line.id in known:
            continue
        theirs = line.identity_id in routes or (line.kind == "task" and line.data.get("task") in tasks)
        if theirs:
            moved.append(line.id)
        if line.kind == "message":
            since[OTHER if theirs else LEADING].messages.append(line)
        elif line.kind == "call" and (line.direction == "in" or line.data.get("status") == "answered"):
            missed = line.data.get("status") == "missed"
            since[OTHER if theirs else LEADING].messages.append(Called("missed" if missed else "spoken", line.at))
        elif line.data.get("event") == "taken":
            for side in since.values():
                side.messages.append(TAKEN)
    return moved, since, given


def _who_speaks(
    conn: Connection, one: Deal, two: Deal, data: dict[str, Any], routes: frozenset[int], since: dict[str, Since], words: Words, now: Instant
) -> tuple[Run | None, str]:  # fmt: skip
    """The bot that speaks now, and on which side it goes on; on neither, where it has heard both."""
    run = joining.running(conn, one.id, two.id).get(one.id)
    side = side_of(run, one, data, routes) if run is not None else ""
    if run is not None and mixed(run, since[LEADING if side == OTHER else OTHER]):
        joining.end(conn, one, run, words, now)
        return None, ""
    return run, side


def _waits(
    one: Deal, data: dict[str, Any], since: dict[str, Since], routes: frozenset[int]
) -> dict[str, Instant | None]:  # fmt: skip
    """Since when each side's customer waits for us."""
    waits = {name: since[name].waits(data[name]["waiting_since"]) for name in (LEADING, OTHER)}
    if one.waiting_since is not None and not any(waits.values()):
        waits[OTHER if one.route_id in routes else LEADING] = one.waiting_since  # a call, or a bot that handed over
    return waits


def _still(conn: Connection, column: Any, where: Any) -> list[int]:
    return sorted(conn.execute(select(column).where(where)).scalars())


def _told_by(run: Run | None, one: Deal, after: dict[str, Any]) -> dict[str, Any]:
    """Fields that the bot which goes back has filled since."""
    answers = run.state.get("answers", {}) if run is not None else {}
    return {n: one.fields[n] for n in answers if n in one.fields and one.fields[n] != after["fields"].get(n)}


def _unmixed(
    one: Deal, data: dict[str, Any], told: dict[str, Any], words: Words
) -> dict[str, Any]:  # fmt: skip
    """Fields, tags and title without what only the other deal has brought."""
    before, after = data[LEADING], data["after"]
    fields = {}
    for name, value in one.fields.items():
        brought = name in told or (name in after["fields"] and after["fields"][name] == value)
        if not brought:
            fields[name] = _own_money(value, before["fields"], after["fields"]) if name == "paid_sum" else value
        elif name in before["fields"]:
            fields[name] = before["fields"][name]
    if one.fields.get("paid_sum") and not fields.get("paid_sum") and not fields.get("paid_word"):
        was_paid = {"paid": before["fields"]["paid"]} if "paid" in before["fields"] else {}
        fields = {
            name: value for name, value in fields.items() if name != "paid"
        } | was_paid  # it followed from that sum
    brought_tags = set(after["tags"]) - set(before["tags"])
    row: dict[str, Any] = {"fields": words.sums(fields), "tags": [tag for tag in one.tags if tag not in brought_tags]}
    if one.title == after["title"]:
        row["title"] = before["title"]
    return row


def _own_money(came: Any, before: dict[str, Any], after: dict[str, Any]) -> Any:
    """Payments that have come since were added to what the other deal had brought."""
    brought = after.get("paid_sum"), before.get("paid_sum", 0)
    if "paid_sum" not in after or not all(isinstance(sum_, int) for sum_ in (came, *brought)):
        return came
    return max(0, came - (brought[0] - brought[1]))


def _led_on(one: Deal, data: dict[str, Any], since: Since, talk: Talk, routes: frozenset[int]) -> dict[str, Any]:
    """Who speaks in the leading deal, and where."""
    before, after = data[LEADING], data["after"]
    back = one.route_id in routes or one.route_id == after["route_id"]
    route = since.route(before["route_id"] if back else one.route_id)
    slot = before["slot"] if one.slot == after["slot"] else one.slot
    return {"slot": slot, "owner": talk.owner, "responsible_id": talk.responsible, "route_id": route}


# -- moving ----------------------------------------------------------------------------------------------------------


def _carry(
    conn: Connection, one: Deal, back: list[int], routes: frozenset[int], talks: dict[str, Talk], epoch: int
) -> None:
    """What a bot has under way was decided under the one deal's epoch: each side's under its own from here on."""
    p = t.parts.c
    theirs = or_(p.entry_id.in_(back), and_(p.entry_id == 0, p.identity_id.in_(routes)))
    for name, mine in ((OTHER, theirs), (LEADING, ~theirs)):
        persons = "person" in (one.owner, talks[name].owner)
        carry_words(conn, one, None if persons else epoch, mine, p.epoch != epoch)


def _give_back(
    conn: Connection, one: int, two: int, contact: int, back: list[int], data: dict[str, Any], more: list[int]
) -> None:
    """`more`: tasks besides those that the merge had moved."""
    to = {"deal_id": two, "contact_id": contact}
    p = t.parts.c
    conn.execute(update(t.parts).where(p.entry_id.in_(back)).values(to))
    conn.execute(update(t.parts).where(p.id.in_(data["calls"]), p.deal_id == one).values(to))
    _back(conn, t.entries, back, to)
    tasks = _still(conn, t.tasks.c.id, and_(t.tasks.c.id.in_([*data["tasks"], *more]), t.tasks.c.deal_id == one))
    _back(conn, t.tasks, tasks, to)
    e = t.entries.c
    for entry, client in data["clients"]:
        taken = select(e.id).where(e.deal_id == two, e.client_id == client)
        if conn.execute(taken).first() is None:
            conn.execute(update(t.entries).where(e.id == entry, e.deal_id == two).values(client_id=client))


def _wake_tasks(conn: Connection, merge: Merge) -> None:
    """Those that have ended because the deal was joined to one in another stage."""
    k = t.tasks.c
    ended = k.id.in_(merge.data.get("passed", ())), k.state == "done", k.done_at == merge.at
    conn.execute(update(t.tasks).where(*ended).values(state="open", result="", done_at=None, done_by=None))


def _ask_again_for_the_sum(conn: Connection, deal: int, merge: Merge) -> None:
    """What was paid of it is known, and what it costs was the other's to say."""
    k = t.tasks.c
    known = k.deal_id == deal, k.kind == "check_sum", k.state == "done", k.done_by.is_(None), k.done_at >= merge.at
    conn.execute(update(t.tasks).where(*known).values(state="open", result="", done_at=None))


def _back(conn: Connection, table: Table, rows: list[int], to: dict[str, int]) -> None:
    conn.execute(update(table).where(table.c.id.in_(rows)).values(to))


def _wake_timers(
    conn: Connection, one: Deal, two: Deal, sides: Sides, talks: dict[str, Talk], clocks: list[dict[str, Any]]
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
    for timer in clocks:
        if timer["run_id"] in woken or (not timer["run_id"] and timer["deal_id"] == two.id):
            contact = sides.contact if timer["deal_id"] == one.id else sides.other
            key = and_(t.timers.c.contact_id == contact, t.timers.c.key == timer["key"])
            conn.execute(delete(t.timers).where(key))
            conn.execute(insert(t.timers).values(timer | {"contact_id": contact}))


def call_somebody(
    conn: Connection, ids: Ids, deal: int, now: Instant, words: Words, cause: Cause, *, was: str
) -> None:  # fmt: skip
    """Nobody is lost: a talk that had somebody, and has nobody now, is a person's to look at."""
    row = joining.find(conn, deal)
    if row is None or row.closed_at is not None or row.owner != "pool":
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
