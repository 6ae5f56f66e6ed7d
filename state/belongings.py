"""Whose is what of two contacts that were joined: addresses and deals of the one that will be parted, also those of since."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from state import tables as t
from state.chains import led_by
from state.records import Merge


@dataclass(frozen=True, slots=True)
class Side:
    """What goes back when a merge of contacts is undone."""

    deals: frozenset[int]
    routes: frozenset[int]


def side_of(conn: Connection, merge: Merge, holder: int) -> Side:
    routes = routes_of(conn, merge, holder)
    return Side(_deals_of(conn, merge, holder, routes), routes)


def routes_of(conn: Connection, merge: Merge, holder: int) -> frozenset[int]:
    """Its addresses, and those that have come since by one of its points."""
    i = t.identities.c
    numbers = [key.partition(":")[2] for key in merge.data["points"]]
    came = i.contact_id == holder, i.created_at >= merge.at, i.id.not_in(merge.data.get("kept_identities", ()))
    new = select(i.id).where(*came, i.address.in_(numbers))
    back = select(i.id).where(i.contact_id == holder, i.id.in_(merge.data["identities"]))
    return frozenset({*conn.execute(new).scalars(), *conn.execute(back).scalars()})


def _deals_of(conn: Connection, merge: Merge, holder: int, routes: frozenset[int]) -> frozenset[int]:
    """Its deals that are `holder`'s now, and those that its customer has opened meanwhile: by their talk, their call or
    their order, and what robots have made of one that is theirs.
    """
    d, e = t.deals.c, t.entries.c
    known = [*merge.data["deals"], *merge.data["kept_deals"]]
    found = select(d.id, d.route_id, d.why).where(d.contact_id == holder, d.opened_at >= merge.at, d.id.not_in(known))
    led = dict.fromkeys(map(led_by, known), False) | dict.fromkeys(map(led_by, merge.data["deals"]), True)
    mine = d.contact_id == holder, d.id.in_(merge.data["deals"])
    theirs = set(conn.execute(select(d.id).where(*mine)).scalars())
    for deal, route, why in conn.execute(found.order_by(d.id)).all():
        if why in led:
            is_theirs = led[why]
        elif (whose := _ordered_by(conn, deal)) is not None:
            is_theirs = whose in merge.data["points"]
        else:
            first = select(e.identity_id).where(e.deal_id == deal, e.identity_id.is_not(None)).order_by(e.id).limit(1)
            is_theirs = (route if route is not None else conn.execute(first).scalar()) in routes
        led[led_by(deal)] = is_theirs
        if is_theirs:
            theirs.add(deal)
    return frozenset(theirs)


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
