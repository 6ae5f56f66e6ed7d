"""What the shop's own systems tell: orders, payments, parcels, visits. Pure translation of their plain JSON.

Money: a whole number is in minor units (kopecks); a text or a number with a fraction is in major ones: "1250.00".
"""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from gateway.channels import payload
from gateway.events import Event, Ignored, OrderChanged, ParcelMoved, PaymentReceived, Sender, SiteVisited, Unusable
from gateway.points import phone_of

ORDER_EVENTS: Final = (
    "placed", "paid", "in_work", "item_refused", "sync_lost", "ready", "handed_over", "sent", "cancelled",
)  # fmt: skip
PARCEL_STATUSES: Final = (
    "created", "accepted", "in_transit", "arrived", "collected", "money_received", "refused", "returned",
)  # fmt: skip
_MOST_MONEY: Final = 10**13
_MOST_ITEMS: Final = 50


def order(data: Mapping[str, Any], region: str) -> Event | Ignored | Unusable:
    about = data.get("order")
    if not isinstance(about, dict):
        return Unusable("order_not_an_object" if about else "no_order")
    number = _number(about.get("number"))
    if not number:
        return Unusable("no_order_number")
    if data.get("event") not in ORDER_EVENTS:
        return Unusable("unknown_order_event")
    total = money(about.get("total"))
    if about.get("total") is not None and total is None:
        return Unusable("bad_total")
    currency = _currency(about.get("currency"))
    if currency is None:
        return Unusable("bad_currency")
    paid = about.get("paid")
    return OrderChanged(
        sender_of("order", "orders", number, _who(data), region), number, data["event"], total, currency,
        paid if isinstance(paid, bool) else None, _line(about.get("office")), _items(about.get("items")), _number(about.get("tracking")),
    )  # fmt: skip


def payment(data: Mapping[str, Any], region: str) -> Event | Ignored | Unusable:
    """`{id, order, amount, currency?, customer?}`: money that has come in for an order."""
    number, amount = _number(data.get("order")), money(data.get("amount"))
    if not number:
        return Unusable("no_order_number")
    if amount is None or amount <= 0:
        return Unusable("bad_amount")
    currency = _currency(data.get("currency"))
    if currency is None:
        return Unusable("bad_currency")
    sender = sender_of("order", "orders", number, _who(data), region)
    return PaymentReceived(sender, number, amount, currency)


def parcel(data: Mapping[str, Any], _region: str) -> Event | Ignored | Unusable:
    tracking = _number(data.get("tracking"))
    if not tracking:
        return Unusable("no_tracking")
    if data.get("status") not in PARCEL_STATUSES:
        return Unusable("unknown_parcel_status")
    return ParcelMoved(Sender("parcel", "parcels", tracking), tracking, data["status"], _line(data.get("note")))


def visit(data: Mapping[str, Any], region: str) -> Event | Ignored | Unusable:
    """`{id, page, phone?|email?}`: a known customer is looking at a page of the site."""
    phone, email = phone_of(data.get("phone"), region), payload.email(data.get("email"))
    page = _line(data.get("page"))
    if not page:
        return Unusable("no_page")
    if not (phone or email):
        return Ignored("unknown_visitor")
    return SiteVisited(Sender("visit", "visits", phone or email, "", phone, email), page)


TOLD: Final[Mapping[str, Callable[[Mapping[str, Any], str], Event | Ignored | Unusable]]] = {
    "orders": order,
    "payments": payment,
    "parcels": parcel,
    "visits": visit,
}
"""By the last word of the hook's address."""
CHANNEL_OF: Final = {"orders": "order", "payments": "payment", "parcels": "parcel", "visits": "visit"}


def sender_of(channel: str, account: str, address: str, who: Mapping[str, Any], region: str) -> Sender:
    return Sender(
        channel,
        account,
        address,
        payload.name(who.get("name")),
        phone_of(who.get("phone"), region),
        payload.email(who.get("email")),
    )


def _who(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The customer; systems that have no table for one write name, phone and e-mail beside the order."""
    who = data.get("customer")
    return who if isinstance(who, dict) else data


def money(said: Any) -> int | None:
    """Minor units; None: no sum of money."""
    if isinstance(said, bool) or said is None:
        return None
    if isinstance(said, int):
        return said if 0 <= said <= _MOST_MONEY else None
    if not isinstance(said, str | float):
        return None
    try:
        exact = Decimal(str(said).replace(" ", "").replace("\u00a0", "").replace(",", "."))
        minor = exact * 100
    except (InvalidOperation, ValueError):
        return None
    return int(minor) if minor.is_finite() and minor == int(minor) and 0 <= minor <= _MOST_MONEY else None


def _currency(said: Any) -> str | None:
    """Three letters; empty where none is named; None: something else."""
    text = payload.text(said).strip().upper()
    return text if not text or (len(text) == 3 and text.isascii() and text.isalpha()) else None


def _number(said: Any) -> str:
    """An order's or a parcel's number as text: whole numbers and short texts."""
    if isinstance(said, bool) or not isinstance(said, int | str):
        return ""
    number = payload.text(str(said)).strip()
    return number if 0 < len(number) <= 64 else ""


def _line(said: Any) -> str:
    return " ".join(payload.text(said).split())[:300] if isinstance(said, str) else ""


def _items(said: Any) -> tuple[str, ...]:
    """What was ordered, a line each: texts, or tables with a name and a quantity."""
    if not isinstance(said, list):
        return ()
    lines = []
    for one in said[:_MOST_ITEMS]:
        if isinstance(one, dict):
            name, quantity = _line(one.get("name") or one.get("title")), one.get("quantity", one.get("qty"))
            counted = isinstance(quantity, int) and not isinstance(quantity, bool) and quantity > 1
            lines.append(f"{name} × {quantity}" if counted else name)
        else:
            lines.append(_line(one))
    return tuple(line for line in lines if line)
