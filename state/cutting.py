"""Lines go out of a deal into another, with whatever belongs to them: what is on its way, the bot that speaks there, the wait.

In the caller's transaction, which holds the lanes of both.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, and_, insert, literal_column, or_, select, update

from state import joining, merging
from state import tables as t
from state.ids import Ids
from state.joining import APART, group
from state.records import Deal, Instant, Run


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
