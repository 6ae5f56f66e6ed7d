"""Which of two deals leads when they become one: the order, where one of them is a request. Else whichever was asked for.

Two orders become one by a person's word only: what is paid for one says nothing of the other.
"""

from sqlalchemy import Connection, select

from state.records import Deal, Instant
from state.tables import deals, identities

_PROOFS = ("order_status", "paid_sum", "paid_word")
"""Fields that only the shop's own systems fill."""


def in_order(conn: Connection, one: Deal, other: Deal) -> tuple[Deal, Deal]:
    """The leading one first; `one` is meant to."""
    return (other, one) if _proved(conn, other) > _proved(conn, one) else (one, other)


def are_two_orders(conn: Connection, one: Deal, other: Deal) -> bool:
    """Both are surely orders, and not the same one."""
    numbers = {str(deal.fields.get("order") or "").strip() for deal in (one, other)}
    same = len(numbers) == 1 and "" not in numbers
    return not same and bool(_proved(conn, one)) and bool(_proved(conn, other))


def _proved(conn: Connection, deal: Deal) -> int:
    """How surely it is an order's: a number that its customer has only typed proves nothing."""
    if any(deal.fields.get(name) for name in _PROOFS):
        return 2
    number = deal.fields.get("order")
    if number in (None, ""):
        return 0
    known = select(identities.c.contact_id).where(identities.c.key == f"order:orders:{number}")
    return 1 if conn.execute(known).scalar() == deal.contact_id else 0


def won_now(conn: Connection, contact: int, now: Instant) -> list[Deal]:
    """Orders whose money came before their own news: what closed them also says whose they are."""
    d = deals.c
    closed = d.contact_id == contact, d.closed_at == now, d.outcome == "won"
    found = [Deal(*row) for row in conn.execute(select(deals).where(*closed).order_by(d.id))]
    return [one for one in found if _proved(conn, one)]
