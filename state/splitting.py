"""Something is taken out of a deal into one of its own: lines of the same contact's, or an address that is somebody else's.

In the caller's transaction, which takes the lane. An address goes with whatever was said at it, and becomes a contact of
its own; the bot that is talking there goes along. It can be undone like a merge.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from state import joining, lanes, merges, merging, strays
from state import tables as t
from state.cutting import Cut, take_out
from state.ids import Ids
from state.joining import Words
from state.merges import Cause, Refused
from state.parted import write_task
from state.records import Deal, Instant, Merge


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
    if other is not None:  # what was said at the address in other talks that are still had
        strays.give_back(conn, ids, (deal.contact_id, contact), now, words, cause, closed=False)
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
