"""A merge is undone: both sides are as they were, with what each has come by since on its own route.

In the caller's transaction, which has taken the lanes. What rests on the merge is taken off first, the latest first, and put
back afterwards: so that nothing is left of it wherever it lay. What has changed since stays with the leading side, unless
it came by an address of the other. Epochs only rise, and no bot goes on where a person has spoken: such a talk is a person's.
"""

from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, literal_column, select, update

from state import belongings, duplicates, joining, lanes, merges, merging, places, resting, strays
from state import tables as t
from state.ids import Ids
from state.joining import Words
from state.merges import Cause, Refused, became
from state.parted import Sides, part_deals, tell
from state.records import Instant, Merge
from state.resting import Pile, Unit

__all__ = ["undo"]


def undo(conn: Connection, ids: Ids, merge_id: int, now: Instant, words: Words, cause: Cause) -> Merge:
    """Part what this merge has joined. Raises `Refused` where that cannot be (any more)."""
    merge = _standing(conn, merge_id)
    if merge.why == "address":
        raise Refused("one_address", "the channel itself has moved one address to the other: there is only one left")
    holder = merges.holder(conn, merge)
    if merge.kind == "split":
        _take_back(conn, ids, merge, holder, now, words, cause)
    else:
        _take_out(conn, ids, merge, holder, now, words, cause)
    return _done(conn, merge_id)


def _done(conn: Connection, merge_id: int) -> Merge:
    merge = merges.find(conn, merge_id)
    if merge is None:
        raise Refused("gone", "there is no such merge")
    return merge


def _standing(conn: Connection, merge_id: int) -> Merge:
    merge = _done(conn, merge_id)
    if merge.undone_at is not None:
        raise Refused("undone", "this was undone before")
    return merge


def _take_back(
    conn: Connection, ids: Ids, merge: Merge, holder: int, now: Instant, words: Words, cause: Cause
) -> None:  # fmt: skip
    """What was split off goes back where it was taken from."""
    other = became(conn, merge.from_contact_id) if merge.from_contact_id is not None else holder
    _claim(conn, ids, {holder, other}, now)
    _standing(conn, merge.id)
    deal, taken = merge.deal_id or 0, merge.from_deal_id or 0
    k = t.tasks.c
    asked = update(t.tasks).where(
        k.deal_id.in_((deal, taken)), k.state == "open", k.created_at == merge.at, k.text == words.task
    )
    conn.execute(asked.values(state="done", result=words.joined(deal), done_at=now, done_by=cause.by))
    back = Cause("split", cause.by, cause.batch, None, cause.author)
    if other != holder:
        done = merging.join(conn, ids, holder, other, now, words, back, lead=(deal, taken))
    else:
        done = merging.join_deals(conn, ids, deal, taken, now, words, back)
    if not done:
        raise Refused("closed", "one of the deals is closed or was joined to another: there is nothing to go back to")
    merges.mark_undone(conn, merge.id, now, cause.by)
    conn.execute(update(t.lanes).where(t.lanes.c.contact_id.in_((holder, other))).values(due_at=now))


def _take_out(
    conn: Connection, ids: Ids, merge: Merge, holder: int, now: Instant, words: Words, cause: Cause
) -> None:  # fmt: skip
    """From under all that rests on it."""
    found = resting.pile(conn, merge, holder)
    people = {holder, *found.people}
    _claim(conn, ids, people, now)
    merge = _standing(conn, merge.id)  # as it is now that nobody else has the lanes
    found = resting.pile(conn, merge, holder)
    if merges.holder(conn, merge) != holder or not found.people <= people:
        raise Refused("moved", "one of them was just joined to another: look again")
    before = places.seen(conn, holder)
    for unit in reversed(found.above):
        _part(conn, unit, found, now, words, firmly=False)
    _part(conn, found.bottom, found, now, words)
    fallen = [merge, *found.bottom.children]
    for unit in found.above:
        fallen += _put_back(conn, ids, _whose_it_is(conn, unit, merge), now, words)
    known = places.read(merge.data)
    for contact in people:
        places.give_back(conn, contact, before | known, merge.at, known)
    if merge.kind == "contacts":
        duplicates.separate(conn, ids, merge.contact_id, merge.from_contact_id or 0, now, cause.by)
    for one in fallen:
        merges.mark_undone(conn, one.id, now, cause.by)
    for one in fallen:
        if one.kind == "deals":
            tell(conn, ids, one, now, words, cause)
    strays.give_back(conn, ids, people, now, words, cause)
    c = t.contacts.c
    due = select(c.id).where(c.id.in_(people), c.merged_into.is_(None))
    conn.execute(update(t.lanes).where(t.lanes.c.contact_id.in_(due)).values(due_at=now))


def _claim(conn: Connection, ids: Ids, people: set[int], now: Instant) -> None:
    found = {rows.contact.id for rows in lanes.claim(conn, now, 0, only=sorted(people), ids=ids)}
    if found != people:
        raise Refused("moved", "one of them was just joined to another: look again")


def _part(conn: Connection, unit: Unit, among: Pile, now: Instant, words: Words, *, firmly: bool = True) -> None:
    """Nothing rests on it any more. Not `firmly`: it will be put back."""
    if unit.people:
        _part_contacts(conn, unit, now, words, firmly=firmly)
        return
    one = joining.find(conn, unit.merge.deal_id or 0)
    whose = one.contact_id if one is not None else 0
    part_deals(conn, unit.merge, Sides(whose, whose, among.routes(unit)), now, words, firmly=firmly)


def _put_back(conn: Connection, ids: Ids, unit: Unit, now: Instant, words: Words) -> list[Merge]:
    """The answer: those that fall, because what they have joined is two people's."""
    if unit.people:
        return merging.join_again(conn, ids, unit.merge, unit.children, now, words)
    return [] if joining.join_again(conn, unit.merge, words) else [unit.merge]


def _whose_it_is(conn: Connection, unit: Unit, parted: Merge) -> Unit:
    """The channel has made one address of two, and one of them goes with whom was parted: so does whoever came by it."""
    merge = unit.merge
    if parted.kind != "contacts" or merge.data.get("address") not in parted.data["identities"]:
        return unit
    was, now = became(conn, parted.contact_id), became(conn, parted.from_contact_id or 0)
    kept, gone = (now if one == was else one for one in (merge.contact_id, merge.from_contact_id or 0))
    return replace(unit, merge=replace(merge, contact_id=kept, from_contact_id=gone))


# -- contacts ----------------------------------------------------------------------------------------------------------


def _part_contacts(conn: Connection, unit: Unit, now: Instant, words: Words, *, firmly: bool) -> None:
    merge = unit.merge
    holder, gone = merge.contact_id, merge.from_contact_id or 0
    theirs = conn.execute(select(t.contacts.c.merged_into).where(t.contacts.c.id == gone)).scalar()
    if theirs != holder or became(conn, holder) != holder:
        raise Refused("moved", "one of them was joined to another since")
    joining.lock(conn, holder, gone)
    side = belongings.side_of(conn, merge, holder)
    i, p = t.identities.c, t.points.c
    conn.execute(update(t.identities).where(i.id.in_(side.routes)).values(contact_id=gone))
    conn.execute(
        update(t.points).where(p.contact_id == holder, p.key.in_(merge.data["points"])).values(contact_id=gone)
    )
    conn.execute(update(t.contacts).where(t.contacts.c.id == gone).values(merged_into=None))
    _unfill(conn, merge, holder)
    _move_deals(conn, sorted(side.deals), holder, gone)
    for joined in reversed(unit.children):
        leads, led = (gone if deal in side.deals else holder for deal in (joined.deal_id, joined.from_deal_id))
        mine = side.routes if led == gone else frozenset(joining.identities_of(conn, holder))
        sides = Sides(leads, led, mine if leads != led else frozenset())
        part_deals(conn, joined, sides, now, words, firmly=firmly)
    _give_order_numbers(conn, merge, sorted(side.deals), holder, gone)
    merging.give_events(conn, holder, gone)
    aside = t.inbox.c.contact_id == holder, t.inbox.c.id.in_(merge.data["quarantined"])
    conn.execute(update(t.inbox).where(*aside).values(contact_id=gone))


def _give_order_numbers(conn: Connection, merge: Merge, back: list[int], holder: int, gone: int) -> None:
    """What comes for an order or a parcel later is for whose deal it is, also where its number has come since; not for whose
    deal a robot has only led it on in.
    """
    d = t.deals.c
    keys: set[str] = set()
    stays = _told_orders(conn, d.contact_id == holder) - _told_orders(conn, d.id.in_(back))
    for fields in conn.execute(select(d.fields).where(d.id.in_(back))).scalars():
        number = str(fields.get("order"))
        keys |= {f"parcel:parcels:{fields.get('tracking')}"} | (
            {f"order:orders:{number}"} if number not in stays else set()
        )
    i = t.identities.c
    came = i.contact_id == holder, i.created_at >= merge.at, i.id.not_in(merge.data.get("kept_identities", ()))
    conn.execute(update(t.identities).where(*came, i.key.in_(keys)).values(contact_id=gone))


def _told_orders(conn: Connection, whose: ColumnElement[bool]) -> set[str]:
    """Numbers of orders that were told of in these deals."""
    e = t.entries.c
    told = select(e.data).join(t.deals, t.deals.c.id == e.deal_id).where(whose, e.kind == "order")
    return {str(data.get("order")) for data in conn.execute(told).scalars()}


def _unfill(conn: Connection, merge: Merge, holder: int) -> None:
    """What the one who stayed had of the other, unless it was changed since."""
    c = t.contacts.c
    for name, (before, after) in merge.data["contact"].items():
        row = update(t.contacts).where(c.id == holder, c[name] == after)
        conn.execute(row.values({name: before}))


def _move_deals(conn: Connection, deals: list[int], holder: int, gone: int) -> None:
    open_parts = update(t.parts).where(t.parts.c.open == literal_column("1"), t.parts.c.deal_id.in_(deals))
    conn.execute(open_parts.values(contact_id=gone))
    merging.move_deals(conn, deals, gone)
    mine = t.timers.c.contact_id == holder, t.timers.c.deal_id.in_(deals)
    conn.execute(update(t.timers).where(*mine).values(contact_id=gone))
