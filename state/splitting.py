"""Something is taken out of a deal into one of its own: lines of the same contact's, or an address that is somebody else's.

In the caller's transaction, which takes the lane. An address goes with whatever was said at it, and becomes a contact of
its own; the bot that is talking there goes along. It can be undone like a merge.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, and_, insert, literal_column, or_, select, update

from state import joining, lanes, merges, merging
from state import tables as t
from state.ids import Ids
from state.joining import APART, Words, group
from state.merges import Cause, Refused
from state.parted import write_task
from state.records import Deal, Instant, Merge, Run


@dataclass(frozen=True, slots=True)
class Taken:
    """What is taken out: lines by their ids, or all that was said at an address."""

    entries: tuple[int, ...] = ()
    identity: int | None = None
    funnel: str = ""
    stage: str = ""
    """Where the new deal stands."""
    slot: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """What goes out of a deal, to whom."""

    lines: tuple[int, ...]
    routes: frozenset[int]
    """Addresses that go along."""
    contact: int
    stage: str
    """Where the new deal stands."""
    funnel: str = ""
    slot: str = ""
    """Empty: the deal's own."""


def split(conn: Connection, ids: Ids, deal_id: int, taken: Taken, now: Instant, words: Words, cause: Cause) -> int:
    """The new deal's id. Raises `Refused`."""
    first = joining.find(conn, deal_id)
    if first is None:
        raise Refused("gone", "there is no such deal")
    lanes.claim(conn, now, 0, only=[first.contact_id], ids=ids)
    deal = joining.find(conn, deal_id)
    if deal is None or deal.contact_id != first.contact_id or deal.closed_at is not None:
        raise Refused("closed", "the deal is closed or was just joined to another")
    joining.lock(conn, deal.contact_id)
    lines = _lines(conn, deal, taken)
    contact = deal.contact_id if taken.identity is None else _new_contact(conn, ids, deal, taken.identity, now)
    run = joining.running(conn, deal.id, deal.id).get(deal.id)
    goes = run if run is not None and taken.identity is not None and deal.route_id == taken.identity else None
    routes = frozenset() if taken.identity is None else frozenset((taken.identity,))
    cut = Cut(tuple(lines), routes, contact, taken.stage, taken.funnel, taken.slot)
    new, left = take_out(conn, ids, deal, cut, now, goes, silent=goes is not None)
    merge = ids.take("merge")
    other = contact if contact != deal.contact_id else None
    data: dict[str, Any] = {"entries": lines, "identity": taken.identity}
    merges.write(
        conn, Merge(merge, "split", deal.contact_id, other, deal.id, new.id, None, cause.batch, cause.why, cause.by, now, data)
    )  # fmt: skip
    event = {"event": "split", "merge": merge, "from_deal": deal.id, "into_deal": new.id}
    joining.write_line(conn, ids, deal, now, words.split(new.id), event, cause)
    joining.write_line(conn, ids, new, now, words.split_from(deal.id), event, cause)
    if new.owner == "pool":
        write_task(conn, ids, new, now, words.task, cause)
    if goes is not None and left == "pool":
        write_task(conn, ids, deal, now, words.task, cause)
    conn.execute(update(t.lanes).where(t.lanes.c.contact_id.in_((contact, deal.contact_id))).values(due_at=now))
    for one in (new, deal):
        joining.look_again(conn, one.id, one.contact_id, now)
    return new.id


def take_out(
    conn: Connection, ids: Ids, deal: Deal, cut: Cut, now: Instant, goes: Run | None, *, silent: bool
) -> tuple[Deal, str]:
    """The new deal, and who leads the one that it was taken out of. `goes`: the bot that speaks there goes along. `silent`: no
    bot speaks there from here on.
    """
    new = _new_deal(conn, ids, deal, cut, now, goes)
    move_lines(conn, deal, new, cut, deal.epoch + 1)
    if goes is not None:
        conn.execute(update(t.runs).where(t.runs.c.id == goes.id).values(deal_id=new.id, contact_id=new.contact_id))
        mine = t.timers.c.contact_id == deal.contact_id, t.timers.c.run_id == goes.id
        conn.execute(update(t.timers).where(*mine).values(deal_id=new.id, contact_id=new.contact_id))
    if new.contact_id != deal.contact_id:
        merging.give_events(conn, deal.contact_id, new.contact_id)
    owner = leave(conn, deal, cut, deal.epoch + 1, silent=silent, waits_on=new.waiting_since is None)
    return new, owner


def _lines(conn: Connection, deal: Deal, taken: Taken) -> list[int]:
    e = t.entries.c
    found = select(e.id).where(e.deal_id == deal.id)
    wanted = found.where(e.id.in_(taken.entries) if taken.identity is None else e.identity_id == taken.identity)
    lines = sorted(conn.execute(wanted).scalars())
    if taken.identity is None and (not lines or len(lines) != len(set(taken.entries))):
        raise Refused("entries", "not all of these lines are this deal's")
    return lines


def _new_contact(conn: Connection, ids: Ids, deal: Deal, identity: int, now: Instant) -> int:
    """The address is somebody's of their own, with its phone if it is one."""
    mine = joining.identities_of(conn, deal.contact_id)
    one = mine.get(identity)
    if one is None:
        raise Refused("identity", "this address is not the contact's")
    if len(mine) == 1:
        raise Refused("identity", "it is the only address of the contact: there is nothing to part it from")
    i, p = t.identities.c, t.points.c
    point = (p.key == f"phone:{one.address}", p.contact_id == deal.contact_id)
    shared = any(other.address == one.address for other in mine.values() if other.id != identity)
    moves = not shared and conn.execute(select(p.key).where(*point)).first() is not None
    contact = merging.new_contact(conn, ids, one.name, one.address if moves else "", now)
    if moves:
        conn.execute(update(t.points).where(*point).values(contact_id=contact))
        own = update(t.contacts).where(t.contacts.c.id == deal.contact_id, t.contacts.c.phone == one.address)
        conn.execute(own.values(phone=""))
    conn.execute(update(t.identities).where(i.id == identity).values(contact_id=contact))
    merging.separate(conn, ids, deal.contact_id, contact, now)
    return contact


def _new_deal(conn: Connection, ids: Ids, deal: Deal, cut: Cut, now: Instant, goes: Run | None) -> Deal:
    number = ids.take("deal")
    base = cut.slot or group(deal.slot)
    owner = "bot" if goes is not None else "person" if deal.owner == "person" else "pool"
    route, waits = state_of(conn, cut.lines, deal)
    new = Deal(
        id=number, contact_id=cut.contact, funnel=cut.funnel or deal.funnel, slot=base if cut.contact != deal.contact_id else f"{base}{APART}{number}",
        stage=cut.stage or deal.stage, title="", source=deal.source, why=f"split: taken out of deal {deal.id}", tags=[], fields={},
        responsible_id=deal.responsible_id, owner=owner, epoch=deal.epoch + 1, route_id=route if route is not None else min(cut.routes, default=None),
        waiting_since=waits, stage_at=now, opened_at=now, closed_at=None, outcome=None, reason="", version=1,
    )  # fmt: skip
    conn.execute(insert(t.deals).values(asdict(new)))
    return new


def state_of(conn: Connection, lines: Sequence[int], deal: Deal) -> tuple[int | None, Instant | None]:
    """Where the customer wrote from last in these lines, and since when they wait: for an answer, or to be called back."""
    e = t.entries.c
    route, waits = None, None
    said = select(e.identity_id, e.direction, e.at, e.kind, e.data).where(
        e.id.in_(lines), e.kind.in_(("message", "call"))
    )
    for identity, direction, at, kind, data in conn.execute(said.order_by(e.id)):
        if direction == "in" and (kind == "message" or data.get("status") == "missed"):
            waits = waits or at
            route = identity if kind == "message" and identity is not None else route
        else:
            waits = None
    return route, waits if deal.waiting_since is not None else None


def move_lines(conn: Connection, deal: Deal, to: Deal, cut: Cut, epoch: int) -> None:
    """With what is on its way of them, which a bot may still say under `epoch` where no person leads."""
    p = t.parts.c
    there = {"deal_id": to.id, "contact_id": to.contact_id}
    called = p.entry_id == 0, p.identity_id.in_(cut.routes)
    theirs = or_(p.entry_id.in_(cut.lines), and_(*called))
    for mine, persons in ((theirs, "person" in (deal.owner, to.owner)), (~theirs, deal.owner == "person")):
        joining.carry_words(conn, deal, None if persons else epoch, mine, p.epoch != epoch)
    open_calls = *called, p.open == literal_column("1")
    conn.execute(update(t.parts).where(*open_calls).values(contact_id=to.contact_id))
    conn.execute(update(t.parts).where(*open_calls, p.deal_id == deal.id).values(there))
    conn.execute(update(t.parts).where(p.entry_id.in_(cut.lines)).values(there))
    conn.execute(update(t.entries).where(t.entries.c.id.in_(cut.lines)).values(there))


def leave(conn: Connection, deal: Deal, cut: Cut, epoch: int, *, silent: bool, waits_on: bool) -> str:
    """What is left of a deal that lines were taken out of; the answer is who leads it. `silent`: its bot is gone. `waits_on`:
    those who have gone wait for nothing.
    """
    e = t.entries.c
    if deal.closed_at is not None:
        conn.execute(update(t.deals).where(t.deals.c.id == deal.id).values(version=deal.version + 1))
        return deal.owner
    left: dict[str, Any] = {"epoch": epoch, "version": deal.version + 1, "owner": "pool" if silent else deal.owner}
    if deal.route_id in cut.routes:
        told = (e.deal_id == deal.id, e.direction == "in", e.kind == "message", e.identity_id.is_not(None))
        last = select(e.identity_id).where(*told)
        left["route_id"] = conn.execute(last.order_by(e.id.desc()).limit(1)).scalar()
    rest = list(conn.execute(select(e.id).where(e.deal_id == deal.id)).scalars())
    _, left["waiting_since"] = state_of(conn, rest, deal)
    if waits_on and left["waiting_since"] is None:
        left["waiting_since"] = deal.waiting_since  # whatever has begun it, nobody has answered
    conn.execute(update(t.deals).where(t.deals.c.id == deal.id).values(left))
    return str(left["owner"])
