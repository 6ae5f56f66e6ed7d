"""A merge is undone: both sides are as they were, with what each has come by since on its own route.

In the caller's transaction, which has taken both lanes. What has changed since stays with the leading side, unless it came
by an address of the other. Epochs only rise, and no bot goes on where a person has spoken: such a talk is a person's.
"""

from sqlalchemy import Connection, literal_column, select, update

from state import duplicates, joining, lanes, merges, merging
from state import tables as t
from state.chains import led_by
from state.ids import Ids
from state.joining import APART, Words, group
from state.merges import Cause, Refused, became
from state.parted import Sides, part_deals
from state.records import Instant, Merge

__all__ = ["undo"]


def undo(conn: Connection, ids: Ids, merge_id: int, now: Instant, words: Words, cause: Cause) -> Merge:
    """Part what this merge has joined. Raises `Refused` where that cannot be (any more)."""
    merge = _standing(conn, merge_id)
    holder = became(conn, merge.contact_id)
    other = merge.from_contact_id if merge.from_contact_id is not None else holder
    other = became(conn, other) if merge.kind == "split" else other
    both = sorted({holder, other})
    found = {rows.contact.id for rows in lanes.claim(conn, now, 0, only=both, ids=ids)}
    merge = _standing(conn, merge_id)  # as it is now that nobody else has the lanes
    if found != set(both) or became(conn, merge.contact_id) != holder:
        raise Refused("moved", "one of them was just joined to another: look again")
    match merge.kind:
        case "contacts":
            _part_contacts(conn, ids, merge, holder, now, words, cause)
        case "deals":
            part_deals(conn, ids, merge, Sides(holder, _owner_of_side(conn, merge, holder)), now, words, cause)
        case _:
            _take_back(conn, ids, merge, holder, other, now, words, cause)
    merges.mark_undone(conn, merge_id, now, cause.by)
    conn.execute(update(t.lanes).where(t.lanes.c.contact_id.in_(both)).values(due_at=now))
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
    if merge.why == "address":
        raise Refused("one_address", "the channel itself has moved one address to the other: there is only one left")
    return merge


def _owner_of_side(conn: Connection, merge: Merge, holder: int) -> int:
    """Whose the other deal is: the contact it came from, if that was parted before."""
    deal = joining.find(conn, merge.from_deal_id or 0)
    return deal.contact_id if deal is not None else holder


def _take_back(
    conn: Connection, ids: Ids, merge: Merge, holder: int, other: int, now: Instant, words: Words, cause: Cause
) -> None:  # fmt: skip
    """What was split off goes back where it was taken from."""
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


def _part_contacts(
    conn: Connection, ids: Ids, merge: Merge, holder: int, now: Instant, words: Words, cause: Cause
) -> None:  # fmt: skip
    gone = merge.from_contact_id or 0
    theirs = conn.execute(select(t.contacts.c.merged_into).where(t.contacts.c.id == gone)).scalar()
    if theirs != merge.contact_id:
        raise Refused("moved", "one of them was joined to another since")
    joining.lock(conn, holder, gone)
    routes = _give_back_addresses(conn, merge, holder, gone)
    conn.execute(update(t.contacts).where(t.contacts.c.id == gone).values(merged_into=None))
    _unfill(conn, merge, holder)
    back = _of(conn, [*merge.data["deals"], *_opened_since(conn, merge, holder, routes)], holder)
    _move_deals(conn, back, holder, gone)
    for joined in merges.of_deals(conn, merge.id, back):
        leads, led = (gone if deal in back else holder for deal in (joined.deal_id, joined.from_deal_id))
        mine = joining.identities_of(conn, led) if led == holder else routes
        sides = Sides(leads, led, frozenset(mine) if leads != led else frozenset())
        part_deals(conn, ids, joined, sides, now, words, cause)
        merges.mark_undone(conn, joined.id, now, cause.by)
    _free_slots(conn, back, gone)
    _give_order_numbers(conn, merge, back, holder, gone)
    merging.give_events(conn, holder, gone)
    aside = t.inbox.c.contact_id == holder, t.inbox.c.id.in_(merge.data["quarantined"])
    conn.execute(update(t.inbox).where(*aside).values(contact_id=gone))
    duplicates.separate(conn, ids, merge.contact_id, gone, now, cause.by)


def _give_back_addresses(conn: Connection, merge: Merge, holder: int, gone: int) -> list[int]:
    """Its addresses and points, and those that have come since by one of its points."""
    i, p = t.identities.c, t.points.c
    numbers = [key.partition(":")[2] for key in merge.data["points"]]
    known = merge.data["identities"]
    new = select(i.id).where(i.contact_id == holder, i.created_at >= merge.at, i.address.in_(numbers))
    back = select(i.id).where(i.contact_id == holder, i.id.in_(known))
    routes = sorted({*conn.execute(new).scalars(), *conn.execute(back).scalars()})
    conn.execute(update(t.identities).where(i.id.in_(routes)).values(contact_id=gone))
    conn.execute(
        update(t.points).where(p.contact_id == holder, p.key.in_(merge.data["points"])).values(contact_id=gone)
    )
    return routes


def _give_order_numbers(conn: Connection, merge: Merge, back: list[int], holder: int, gone: int) -> None:
    """What comes for an order or a parcel later is for whose deal it is, also where its number has come since."""
    keys = set()
    for fields in conn.execute(select(t.deals.c.fields).where(t.deals.c.id.in_(back))).scalars():
        keys |= {f"order:orders:{fields.get('order')}", f"parcel:parcels:{fields.get('tracking')}"}
    i = t.identities.c
    news = update(t.identities).where(i.contact_id == holder, i.created_at >= merge.at, i.key.in_(keys))
    conn.execute(news.values(contact_id=gone))


def _unfill(conn: Connection, merge: Merge, holder: int) -> None:
    """What the one who stayed had of the other, unless it was changed since."""
    c = t.contacts.c
    for name, (before, after) in merge.data["contact"].items():
        row = update(t.contacts).where(c.id == holder, c[name] == after)
        conn.execute(row.values({name: before}))


def _of(conn: Connection, deals: list[int], holder: int) -> list[int]:
    return list(
        conn.execute(select(t.deals.c.id).where(t.deals.c.id.in_(deals), t.deals.c.contact_id == holder)).scalars()
    )


def _opened_since(conn: Connection, merge: Merge, holder: int, routes: list[int]) -> list[int]:
    """Deals that the other's customer has opened meanwhile: by their talk, their call or their order, and what robots have
    made of one that is theirs.
    """
    d, e = t.deals.c, t.entries.c
    known = [*merge.data["deals"], *merge.data["kept_deals"]]
    found = select(d.id, d.route_id, d.why).where(d.contact_id == holder, d.opened_at >= merge.at, d.id.not_in(known))
    led = dict.fromkeys(map(led_by, known), False) | dict.fromkeys(map(led_by, merge.data["deals"]), True)
    theirs: list[int] = []
    for deal, route, why in conn.execute(found.order_by(d.id)).all():
        if why in led:
            mine = led[why]
        elif (whose := _ordered_by(conn, deal)) is not None:
            mine = whose in merge.data["points"]
        else:
            first = select(e.identity_id).where(e.deal_id == deal, e.identity_id.is_not(None)).order_by(e.id).limit(1)
            mine = (route if route is not None else conn.execute(first).scalar()) in routes
        led[led_by(deal)] = mine
        if mine:
            theirs.append(deal)
    return theirs


def _ordered_by(conn: Connection, deal: int) -> str | None:
    """The phone or e-mail that the deal's order was told with, as a point; None: it is no order, or that was not told."""
    e = t.entries.c
    for told in conn.execute(
        select(e.data).where(e.deal_id == deal, e.kind == "order").order_by(e.id).limit(20)
    ).scalars():
        for kind in ("phone", "email"):
            if told.get(kind):
                return f"{kind}:{told[kind]}"
    return None


def _move_deals(conn: Connection, deals: list[int], holder: int, gone: int) -> None:
    open_parts = update(t.parts).where(t.parts.c.open == literal_column("1"), t.parts.c.deal_id.in_(deals))
    conn.execute(open_parts.values(contact_id=gone))
    merging.move_deals(conn, deals, gone)
    mine = t.timers.c.contact_id == holder, t.timers.c.deal_id.in_(deals)
    conn.execute(update(t.timers).where(*mine).values(contact_id=gone))


def _free_slots(conn: Connection, deals: list[int], gone: int) -> None:
    """Who was kept apart only from a deal of the other's is apart from nothing now: what was joined has its slot again."""
    apart = select(t.deals.c.id, t.deals.c.slot).where(t.deals.c.id.in_(deals), t.deals.c.closed_at.is_(None))
    for deal, slot in conn.execute(apart.order_by(t.deals.c.id)).all():
        if APART in slot and free(conn, gone, group(slot)):  # it was kept apart only from the other's deal
            conn.execute(update(t.deals).where(t.deals.c.id == deal).values(slot=group(slot)))


def free(conn: Connection, contact: int, slot: str) -> bool:
    d = t.deals.c
    there = select(d.id).where(d.contact_id == contact, d.slot == slot, d.closed_at.is_(None))
    return conn.execute(there).first() is None
