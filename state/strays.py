"""Two contacts that were one have spoken in each other's deals: what each has said goes to a deal of their own.

To the open one in that group of funnels, else to a new one. In the caller's transaction, which holds their lanes. The bot
that speaks there goes along where it has heard nobody else; where it has heard both, it ends.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, select, update

from state import cutting, joining
from state import tables as t
from state.cutting import Cut
from state.ids import Ids
from state.joining import APART, Words, group
from state.merges import Cause
from state.parted import call_somebody
from state.records import Deal, Instant, Run


def give_back(
    conn: Connection, ids: Ids, people: Iterable[int], now: Instant, words: Words, cause: Cause, *, closed: bool = True
) -> None:
    """Not `closed`: of talks that are still had only."""
    for (number, whose), found in sorted(_astray(conn, people).items()):
        deal = joining.find(conn, number)
        if deal is not None and (closed or deal.closed_at is None):
            _give(conn, ids, deal, whose, found, now, words, cause)
    for deal, route in _misled(conn, people):
        run = joining.running(conn, deal.id, deal.id).get(deal.id)
        if run is not None:
            joining.end(conn, deal, run, words, now)
        row = {"route_id": route, "version": deal.version + 1, "owner": "pool" if run is not None else deal.owner}
        conn.execute(update(t.deals).where(t.deals.c.id == deal.id).values(row))
        call_somebody(conn, ids, deal.id, now, words, cause, was=deal.owner)


def _astray(conn: Connection, people: Iterable[int]) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """(line, address) by deal and by whose these are."""
    d, e, i = t.deals.c, t.entries.c, t.identities.c
    lines = (
        select(e.deal_id, i.contact_id, e.id, e.identity_id)
        .join(t.deals, d.id == e.deal_id)
        .join(t.identities, i.id == e.identity_id)
        .where(d.contact_id.in_(sorted(people)), i.contact_id != d.contact_id)
    )
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for deal, whose, line, route in conn.execute(lines.order_by(e.id)).all():
        found.setdefault((deal, whose), []).append((line, route))
    return found


def _misled(conn: Connection, people: Iterable[int]) -> list[tuple[Deal, int | None]]:
    """Open deals that would still be answered at another's address, and where their own customer spoke last."""
    d, e, i = t.deals.c, t.entries.c, t.identities.c
    astray = select(d.id).join(t.identities, i.id == d.route_id).where(d.contact_id.in_(sorted(people)))
    found = []
    for number in conn.execute(astray.where(d.closed_at.is_(None), i.contact_id != d.contact_id)).scalars().all():
        deal = joining.find(conn, number)
        spoke = select(e.identity_id).where(e.deal_id == number, e.direction == "in", e.kind == "message")
        own = spoke.join(t.identities, i.id == e.identity_id).where(i.contact_id == e.contact_id)
        if deal is not None:
            found.append((deal, conn.execute(own.order_by(e.id.desc()).limit(1)).scalar()))
    return found


def _give(
    conn: Connection, ids: Ids, deal: Deal, whose: int, found: list[tuple[int, int]], now: Instant, words: Words, cause: Cause
) -> None:  # fmt: skip
    lines, routes = tuple(line for line, _ in found), frozenset(route for _, route in found)
    cut = Cut(lines, routes, whose, words.first_stage(deal.funnel))
    run = joining.running(conn, deal.id, deal.id).get(deal.id)
    own = _open_deal(conn, whose, group(deal.slot))
    heard = _heard(conn, deal, run) if run is not None else set()
    talks_here = deal.route_id in routes
    goes = run if own is None and talks_here and heard <= set(lines) else None
    silent = run is not None and (talks_here or not heard.isdisjoint(lines))
    if run is not None and silent and goes is None:
        joining.end(conn, deal, run, words, now)
    if own is not None:
        _add(conn, deal, own, cut, silent=silent)
        there = own.id
    else:
        new, _ = cutting.take_out(conn, ids, deal, cut, now, goes, silent=silent)
        there = new.id
    for number, other, text in ((there, deal.id, words.split_from), (deal.id, there, words.split)):
        one = joining.find(conn, number)
        if one is not None:
            event = {"event": "split", "from_deal": deal.id, "into_deal": there}
            joining.write_line(conn, ids, one, now, text(other), event, cause)
            call_somebody(conn, ids, number, now, words, cause, was="bot")
            joining.look_again(conn, number, one.contact_id, now)


def _add(conn: Connection, deal: Deal, own: Deal, cut: Cut, *, silent: bool) -> None:
    epoch = max(deal.epoch, own.epoch) + 1
    if own.owner != "person":
        joining.carry_words(conn, own, epoch)
    cutting.move_lines(conn, deal, own, cut, epoch)
    route, waits = cutting.state_of(conn, cut.lines, deal)
    began = min((at for at in (own.waiting_since, waits) if at is not None), default=None)
    row = {"epoch": epoch, "version": own.version + 1, "waiting_since": began, "route_id": route or own.route_id}
    conn.execute(update(t.deals).where(t.deals.c.id == own.id).values(row))
    cutting.leave(conn, deal, cut, epoch, silent=silent, waits_on=waits is None)


def _open_deal(conn: Connection, contact: int, slot: str) -> Deal | None:
    """Its open one in that group; of several the one that has the group's own slot."""
    d = t.deals.c
    found = select(d.id).where(d.contact_id == contact, d.closed_at.is_(None))
    mine = found.where((d.slot == slot) | d.slot.startswith(slot + APART, autoescape=True))
    number = conn.execute(mine.order_by(d.slot, d.id).limit(1)).scalar()
    return joining.find(conn, number) if number is not None else None


def _heard(conn: Connection, deal: Deal, run: Run) -> set[int]:
    """What customers have said to this bot."""
    e = t.entries.c
    said = select(e.id).where(e.deal_id == deal.id, e.direction == "in", e.kind == "message", e.at >= run.started_at)
    return set(conn.execute(said).scalars())
