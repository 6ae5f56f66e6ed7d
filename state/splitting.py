"""Something is taken out of a deal into one of its own: lines of the same contact's, or an address that is somebody else's.

In the caller's transaction, which takes the lane. An address goes with whatever was said at it, and becomes a contact of
its own; the bot that is talking there goes along. It can be undone like a merge.
"""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, insert, literal_column, or_, select, update

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
    new = _new_deal(conn, ids, deal, lines, taken, contact, now, goes)
    _move(conn, deal, new, lines, taken, goes)
    left = _what_is_left(conn, deal, lines, taken, goes)
    if new.waiting_since is None and left["waiting_since"] is None:
        left["waiting_since"] = deal.waiting_since  # whatever has begun it, nobody has answered
    conn.execute(update(t.deals).where(t.deals.c.id == deal.id).values(left))
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
    if goes is not None and left["owner"] == "pool":
        write_task(conn, ids, deal, now, words.task, cause)
    conn.execute(update(t.lanes).where(t.lanes.c.contact_id.in_((contact, deal.contact_id))).values(due_at=now))
    for one in (new, deal):
        joining.look_again(conn, one.id, one.contact_id, now)
    return new.id


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


def _new_deal(
    conn: Connection, ids: Ids, deal: Deal, lines: list[int], taken: Taken, contact: int, now: Instant, goes: Run | None
) -> Deal:  # fmt: skip
    number = ids.take("deal")
    base = taken.slot or group(deal.slot)
    owner = "bot" if goes is not None else "person" if deal.owner == "person" else "pool"
    route, waits = _state_of(conn, lines, deal)
    new = Deal(
        id=number, contact_id=contact, funnel=taken.funnel or deal.funnel, slot=base if contact != deal.contact_id else f"{base}{APART}{number}",
        stage=taken.stage or deal.stage, title="", source=deal.source, why=f"split: taken out of deal {deal.id}", tags=[], fields={},
        responsible_id=deal.responsible_id, owner=owner, epoch=deal.epoch + 1, route_id=route if route is not None else taken.identity,
        waiting_since=waits, stage_at=now, opened_at=now, closed_at=None, outcome=None, reason="", version=1,
    )  # fmt: skip
    conn.execute(insert(t.deals).values(asdict(new)))
    return new


def _state_of(conn: Connection, lines: list[int], deal: Deal) -> tuple[int | None, Instant | None]:
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


def _move(conn: Connection, deal: Deal, new: Deal, lines: list[int], taken: Taken, goes: Run | None) -> None:
    p = t.parts.c
    to = {"deal_id": new.id, "contact_id": new.contact_id}
    theirs = or_(p.entry_id.in_(lines), (p.entry_id == 0) & (p.identity_id == (taken.identity or 0)))
    for mine in (theirs, ~theirs):
        joining.carry_words(
            conn, deal, None if deal.owner == "person" else deal.epoch + 1, mine, p.epoch != deal.epoch + 1
        )
    open_calls = p.entry_id == 0, p.open == literal_column("1"), p.identity_id == (taken.identity or 0)
    conn.execute(update(t.parts).where(*open_calls).values(contact_id=new.contact_id))
    conn.execute(update(t.parts).where(*open_calls, p.deal_id == deal.id).values(to))
    conn.execute(update(t.parts).where(p.entry_id.in_(lines)).values(to))
    conn.execute(update(t.entries).where(t.entries.c.id.in_(lines)).values(to))
    if goes is not None:
        conn.execute(update(t.runs).where(t.runs.c.id == goes.id).values(to))
        mine_ = t.timers.c.contact_id == deal.contact_id, t.timers.c.run_id == goes.id
        conn.execute(update(t.timers).where(*mine_).values(to))
    if new.contact_id != deal.contact_id:
        merging.give_events(conn, deal.contact_id, new.contact_id)


def _what_is_left(conn: Connection, deal: Deal, lines: list[int], taken: Taken, goes: Run | None) -> dict[str, Any]:
    e = t.entries.c
    left: dict[str, Any] = {"epoch": deal.epoch + 1, "version": deal.version + 1, "owner": deal.owner}
    if goes is not None:
        left["owner"] = "pool"
    if taken.identity is not None and deal.route_id == taken.identity:
        told = (e.deal_id == deal.id, e.direction == "in", e.kind == "message", e.identity_id.is_not(None))
        last = select(e.identity_id).where(*told)
        left["route_id"] = conn.execute(last.where(e.id.not_in(lines)).order_by(e.id.desc()).limit(1)).scalar()
    rest = list(conn.execute(select(e.id).where(e.deal_id == deal.id)).scalars())
    _, left["waiting_since"] = _state_of(conn, rest, deal)
    return left
