"""Two contacts turn out to be one person: one goes into the other, in the caller's transaction, as an event of its own.

What is moved is written into the book of merges, so that it can be moved back. An identity keeps its own route: a reply
still goes where the customer wrote from.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, insert, literal_column, select, update

from state import duplicates, joining, lanes, merges, places
from state import inbox as inbox_rows
from state import tables as t
from state.ids import Ids
from state.joining import APART, Words
from state.leading import are_two_orders, in_order, won_now
from state.merges import Cause, Refused, became
from state.records import Contact, Deal, Instant, LaneRows, Merge

__all__ = ["Words", "became", "join", "join_both", "join_deals", "pass_on"]

_MOMENT_MS = 20
_KEPT = (t.inbox.c.state == literal_column("'waiting'"), t.inbox.c.state == literal_column("'quarantined'"))


def speaker(conn: Connection, key: str) -> int | None:
    """Whose this address is now."""
    return conn.execute(select(t.identities.c.contact_id).where(t.identities.c.key == key)).scalar()


def told_of(conn: Connection, part: int) -> int | None:
    """Whose this part is now."""
    return conn.execute(select(t.parts.c.contact_id).where(t.parts.c.id == part)).scalar()


def hand_over(conn: Connection, event: int, contact: int, other: int, now: Instant) -> None:
    """An event that waits in another lane than its own goes there; in a moment, where somebody has that lane in hand."""
    if inbox_rows.wake(conn, {other}, now):
        conn.execute(update(t.lanes).where(t.lanes.c.contact_id == contact).values(due_at=now + _MOMENT_MS))
        return
    conn.execute(update(t.inbox).where(t.inbox.c.id == event).values(contact_id=other))


def merge_deals(
    conn: Connection, ids: Ids, leading: int, other: int, now: Instant, words: Words, cause: Cause, *, firmly: bool = False
) -> int:  # fmt: skip
    """Two open deals become one, whosever they are; where they are two contacts', these are one person. Takes the lanes.

    An order leads a request, and two orders are refused: what is paid of one says nothing of the other. `firmly`: whatever
    they are, `leading` leads.
    """
    kept, gone = joining.find(conn, leading), joining.find(conn, other)
    if kept is None or gone is None:
        raise Refused("gone", "there is no such deal")
    if not firmly and are_two_orders(conn, kept, gone):
        raise Refused("two_orders", "both are orders: name the one that leads if they are one all the same")
    if not firmly:
        kept, gone = in_order(conn, kept, gone)
    if kept.closed_at is not None or gone.closed_at is not None:
        raise Refused("closed", "only open deals can be merged")
    if kept.contact_id != gone.contact_id:
        merge = join(conn, ids, kept.contact_id, gone.contact_id, now, words, cause, lead=(kept.id, gone.id))
    else:
        lanes.claim(conn, now, 0, only=[kept.contact_id], ids=ids)
        merge = join_deals(conn, ids, kept.id, gone.id, now, words, cause)
        conn.execute(update(t.lanes).where(t.lanes.c.contact_id == kept.contact_id).values(due_at=now))
    if not merge:
        raise Refused("moved", "one of the deals was just closed or joined to another: look again")
    return merge


def join_both(conn: Connection, ids: Ids, one: int, other: int, now: Instant, words: Words, cause: Cause) -> int:
    """They are one person, whoever they have become by now: the younger goes into the older."""
    kept, gone = sorted((became(conn, one), became(conn, other)))
    return join(conn, ids, kept, gone, now, words, cause) if kept != gone else 0


def join_deals(
    conn: Connection, ids: Ids, leading: int, other: int, now: Instant, words: Words, cause: Cause, merge: int | None = None
) -> int:  # fmt: skip
    """Two open deals of one contact, whose lane the caller holds. 0, and nothing is done, where they are that no more."""
    kept, gone = joining.find(conn, leading), joining.find(conn, other)
    if kept is None or gone is None or kept.id == gone.id or kept.contact_id != gone.contact_id:
        return 0
    if kept.closed_at is not None or gone.closed_at is not None:
        return 0
    return joining.join(conn, ids, kept, gone, now, words, cause, merge)


def join(
    conn: Connection, ids: Ids, kept: int, gone: int, now: Instant, words: Words, cause: Cause | None = None, *,
    lead: tuple[int, int] | None = None,
) -> int:  # fmt: skip
    """Everything of `gone` becomes `kept`'s. Both lanes are locked, in order; nothing is lost if one is gone already.

    `lead` are two deals of theirs that become one, the leading one first, whatever their funnels; else those of one slot
    do, `kept`'s leading unless only `gone`'s is an order. Two orders stay two, beside each other. The answer is the merge's
    id, 0 where nothing was to be done.
    """
    cause = cause or Cause()
    found = {r.contact.id: r for r in lanes.claim(conn, now, 0, only=sorted((kept, gone)), ids=ids)}
    into, out = found.get(kept), found.get(gone)
    if into is None or out is None or kept == gone or out.contact.merged_into or into.contact.merged_into:
        return 0
    merge = ids.take("merge")
    below = Cause(cause.why, cause.by, cause.batch, merge, cause.author)
    slots = places.seen(conn, kept, gone)
    for leading, other in _pairs(conn, into, out, lead):  # each as the one before has left it
        one, two = joining.find(conn, merges.into(conn, leading.id)), joining.find(conn, other.id)
        if one is not None and two is not None and one.id != two.id and two.closed_at is None:
            joining.join(conn, ids, one, two, now, words, below)
    for order, request in _found_late(conn, into, out, now):
        joining.join(conn, ids, order, request, now, words, below)
    deal, from_deal = lead if lead is not None else (None, None)
    data = _unite(conn, into, out, now) | {"slots": places.written(slots)}
    merges.write(
        conn, Merge(merge, "contacts", kept, gone, deal, from_deal, None, cause.batch, cause.why, cause.by, now, data)
    )
    duplicates.merged(conn, kept, gone, merge, now, cause.by)
    return merge


def join_again(
    conn: Connection, ids: Ids, merge: Merge, children: Sequence[Merge], now: Instant, words: Words
) -> list[Merge]:
    """A merge that was taken off from another that lay under it is put back. The answer: those of deals that fall, because
    a deal of theirs is somebody else's now; what stands there instead is joined as it would have been.
    """
    kept, gone = merge.contact_id, merge.from_contact_id or 0
    found = {r.contact.id: r for r in lanes.claim(conn, now, 0, only=sorted((kept, gone)), ids=ids)}
    into, out = found[kept], found[gone]
    slots = places.read(merge.data) or places.seen(
        conn, kept, gone
    )  # whatever has come since, has come since it was made
    people = frozenset((kept, gone))
    fallen = [child for child in children if not joining.join_again(conn, child, words, people)]
    if fallen:
        below = Cause(merge.why, merge.by_id, merge.batch, merge.id, "manager" if merge.by_id else "system")
        for leading, other in _pairs(conn, into, out, None):
            one, two = joining.find(conn, leading.id), joining.find(conn, other.id)
            if one is not None and two is not None and one.closed_at is None and two.closed_at is None:
                joining.join(conn, ids, one, two, now, words, below, as_of=merge.at)
    data = _unite(conn, into, out, now) | {"slots": places.written(slots)}
    data |= {name: merge.data[name] for name in ("address",) if name in merge.data}
    merges.rewrite(conn, replace(merge, data=data))
    return fallen


def _unite(conn: Connection, into: LaneRows, out: LaneRows, now: Instant) -> dict[str, Any]:
    """Whatever else is `out`'s becomes `into`'s. The answer is what it takes to part them again."""
    kept, gone = into.contact.id, out.contact.id
    joining.lock(conn, kept, gone)
    _keep_apart(conn, kept, gone)
    data = _move_all(conn, kept, gone) | {"contact": _fill(conn, into.contact, out.contact)}
    conn.execute(update(t.contacts).where(t.contacts.c.id == gone).values(merged_into=kept))
    conn.execute(update(t.lanes).where(t.lanes.c.contact_id == gone).values(due_at=None))
    conn.execute(update(t.lanes).where(t.lanes.c.contact_id == kept).values(due_at=now))
    return data


def pass_on(conn: Connection, gone: int, kept: int, now: Instant) -> None:
    """What another process still kept for `gone` while it was being joined goes where the rest went."""
    if inbox_rows.wake(conn, {kept}, now):  # somebody has that lane in hand: in a moment
        conn.execute(update(t.lanes).where(t.lanes.c.contact_id == gone).values(due_at=now + _MOMENT_MS))
        return
    late = {
        "identities": _ids(conn, t.identities.c.id, t.identities.c.contact_id == gone),
        "points": _ids(conn, t.points.c.key, t.points.c.contact_id == gone),
    }
    merge = merges.of_contact(conn, gone) if any(late.values()) else None
    if merge is not None:
        merges.change_data(conn, merge.id, merge.data | {n: [*merge.data[n], *found] for n, found in late.items()})
    for table in (t.identities, t.points):
        conn.execute(update(table).where(table.c.contact_id == gone).values(contact_id=kept))
    _move_events(conn, gone, kept)


def _move_events(conn: Connection, gone: int, kept: int) -> None:
    """What waits, and what a person may have used yet."""
    for state in _KEPT:
        conn.execute(update(t.inbox).where(t.inbox.c.contact_id == gone, state).values(contact_id=kept))


def give_events(conn: Connection, from_: int, to: int) -> None:
    """What waits in one lane and is the other's is heard there: by who spoke, or by which part it is about."""
    i, b, p = t.identities.c, t.inbox.c, t.parts.c
    keys = set(conn.execute(select(i.key).where(i.contact_id == to)).scalars())
    theirs = []
    for row, kept in conn.execute(select(b.id, b.event).where(b.contact_id == from_, _KEPT[0])).all():
        event = kept["event"]
        if sender := event.get("sender"):
            mine = inbox_rows.identity_key(sender["channel"], sender["account"], sender["address"]) in keys
        else:
            mine = conn.execute(select(p.contact_id).where(p.id == event.get("part"))).scalar() == to
        if mine:
            theirs.append(row)
    conn.execute(update(t.inbox).where(b.id.in_(theirs)).values(contact_id=to))


def separate(conn: Connection, ids: Ids, one: int, other: int, now: Instant) -> None:
    """A person has taken them apart: no claim joins them again by itself."""
    duplicates.separate(conn, ids, one, other, now, None)


def _pairs(conn: Connection, into: LaneRows, out: LaneRows, lead: tuple[int, int] | None) -> list[tuple[Deal, Deal]]:
    """Which deals become one, the leading ones first in each."""
    named: list[tuple[Deal, Deal]] = []
    if lead is not None:
        ours = next((d for d in into.deals if d.id == lead[0]), None)
        theirs = next((d for d in out.deals if d.id == lead[1]), None)
        if ours is None or theirs is None:
            raise Refused("closed", "one of the deals is closed or somebody else's by now")
        named = [(ours, theirs)]
    rest = [d for d in out.deals if lead is None or d.id != lead[1]]
    both = [(twin, d) for d in rest for twin in into.deals if twin.slot == d.slot]
    return [*(in_order(conn, *two) for two in both if not are_two_orders(conn, *two)), *named]


def _found_late(conn: Connection, into: LaneRows, out: LaneRows, now: Instant) -> list[tuple[Deal, Deal]]:
    """Orders that are won in the moment in which it turns out whose they are, and the requests that they came of."""
    found = []
    for mine, theirs in ((into, out), (out, into)):
        open_ = [one for one in theirs.deals if (left := joining.find(conn, one.id)) and left.closed_at is None]
        for order in won_now(conn, mine.contact.id, now):
            request = next(
                (one for one in open_ if one.slot == order.slot and not are_two_orders(conn, order, one)), None
            )
            if request is not None:
                open_.remove(request)
                found.append((order, request))
    return found


def _keep_apart(conn: Connection, kept: int, gone: int) -> None:
    """What is still open in a slot that `kept` has a deal in gets one of its own, as a second order of one customer does."""
    d = t.deals.c
    open_ = select(d.id, d.slot).where(d.closed_at.is_(None)).order_by(d.id)
    taken = {row.slot for row in conn.execute(open_.where(d.contact_id == kept))}
    for deal, slot in conn.execute(open_.where(d.contact_id == gone)).all():
        if slot in taken:
            conn.execute(update(t.deals).where(d.id == deal).values(slot=f"{joining.group(slot)}{APART}{deal}"))


def _fill(conn: Connection, kept: Contact, gone: Contact) -> dict[str, list[str]]:
    """What `kept` did not say of itself is `gone`'s; [before, after] of what has changed."""
    changed: dict[str, list[str]] = {}
    for name in ("name", "phone", "email"):
        if not getattr(kept, name) and getattr(gone, name):
            changed[name] = [getattr(kept, name), getattr(gone, name)]
    if changed:
        row = update(t.contacts).where(t.contacts.c.id == kept.id)
        conn.execute(row.values({name: after for name, (_, after) in changed.items()}))
    return changed


def _move_all(conn: Connection, kept: int, gone: int) -> dict[str, Any]:
    """By way of its deals and addresses: what is old is found by an index, and nothing is looked through."""
    deals = _ids(conn, t.deals.c.id, t.deals.c.contact_id == gone)
    theirs = _ids(conn, t.deals.c.id, t.deals.c.contact_id == kept)
    identities = _ids(conn, t.identities.c.id, t.identities.c.contact_id == gone)
    own = _ids(conn, t.identities.c.id, t.identities.c.contact_id == kept)
    points = _ids(conn, t.points.c.key, t.points.c.contact_id == gone)
    open_parts = update(t.parts).where(t.parts.c.open == literal_column("1"), t.parts.c.contact_id == gone)
    conn.execute(open_parts.values(contact_id=kept))
    move_deals(conn, deals, kept)
    for table in (t.identities, t.points, t.timers):
        conn.execute(update(table).where(table.c.contact_id == gone).values(contact_id=kept))
    quarantined = _ids(conn, t.inbox.c.id, t.inbox.c.contact_id == gone, _KEPT[1])
    _move_events(conn, gone, kept)
    return {
        "identities": identities, "kept_identities": own, "points": points, "deals": deals, "kept_deals": theirs,
        "quarantined": quarantined,
    }  # fmt: skip


def move_deals(conn: Connection, deals: list[int], contact: int) -> None:
    """Deals with all that is theirs to another contact."""
    lines = select(t.entries.c.id).where(t.entries.c.deal_id.in_(deals))
    conn.execute(update(t.parts).where(t.parts.c.entry_id.in_(lines)).values(contact_id=contact))
    for table in (t.entries, t.tasks, t.runs):
        conn.execute(update(table).where(table.c.deal_id.in_(deals)).values(contact_id=contact))
    conn.execute(update(t.deals).where(t.deals.c.id.in_(deals)).values(contact_id=contact))


def _ids(conn: Connection, column: Any, *where: Any) -> list[Any]:
    return sorted(conn.execute(select(column).where(*where)).scalars())


def new_contact(conn: Connection, ids: Ids, name: str, phone: str, now: Instant) -> int:
    """Somebody of their own, with a lane."""
    contact = ids.take("contact")
    row = {"id": contact, "name": name, "phone": phone, "email": "", "created_at": now, "merged_into": None}
    conn.execute(insert(t.contacts).values(row))
    conn.execute(insert(t.lanes).values(contact_id=contact, due_at=None, pace=[]))
    return contact
