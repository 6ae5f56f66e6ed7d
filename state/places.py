"""Slots: one open deal of a contact in each group of funnels, and those that are kept apart beside it, each in one of its own."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from state.joining import APART, group
from state.records import Deal, Instant
from state.tables import deals

_D = deals.c

Places = dict[int, tuple[str, bool]]
"""The slots of open deals; whether it is kept apart from one that is there, and not only was once."""


def seen(conn: Connection, *contacts: int) -> Places:
    found = select(_D.id, _D.contact_id, _D.slot).where(_D.contact_id.in_(contacts), _D.closed_at.is_(None))
    rows = conn.execute(found.order_by(_D.id)).all()
    taken = {(whose, slot) for _, whose, slot in rows}
    return {deal: (slot, APART in slot and (whose, group(slot)) in taken) for deal, whose, slot in rows}


def written(known: Places) -> list[list[Any]]:
    """As a merge keeps it."""
    return [[deal, *place] for deal, place in sorted(known.items())]


def read(data: Mapping[str, Any]) -> Places:
    return {deal: (slot, beside) for deal, slot, beside in data.get("slots", ())}


def give_back(conn: Connection, contact: int, wanted: Places, since: Instant, known: Places) -> None:
    """Each has the slot that it had before, where no other has it. Who was kept apart only from a deal that is another's, or
    came `since`, is kept apart from nothing now. `known`: those that were there then.
    """
    here = {deal: slot for deal, (slot, _) in seen(conn, contact).items()}
    moves = {deal: wanted[deal][0] for deal, slot in here.items() if deal in wanted and wanted[deal][0] != slot}
    for deal in moves:
        _put(conn, deal, f"{group(here[deal])}{APART}{deal}")
    for deal, slot in moves.items():
        if _is_free(conn, contact, slot):
            _put(conn, deal, slot)
    new = select(_D.id).where(_D.contact_id == contact, _D.closed_at.is_(None), _D.opened_at >= since)
    came = set(conn.execute(new).scalars()) - set(known)
    apart = {*came, *(deal for deal, (_, beside) in wanted.items() if beside)}
    for deal, (slot, _) in seen(conn, contact).items():
        if APART in slot and deal in apart and _is_free(conn, contact, group(slot)):
            _put(conn, deal, group(slot))


def own(conn: Connection, contact: int, deal: Deal) -> str:
    """For a closed deal that is open again: the slot that it had, where no other has it; else one of its own."""
    return deal.slot if _is_free(conn, contact, deal.slot) else f"{group(deal.slot)}{APART}{deal.id}"


def _is_free(conn: Connection, contact: int, slot: str) -> bool:
    there = select(_D.id).where(_D.contact_id == contact, _D.slot == slot, _D.closed_at.is_(None))
    return conn.execute(there).first() is None


def _put(conn: Connection, deal: int, slot: str) -> None:
    conn.execute(update(deals).where(_D.id == deal).values(slot=slot))
