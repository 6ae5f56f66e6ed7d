"""What the shop's own systems tell: orders, payments, parcels, visits. Pure translation of their plain JSON.

Money: a whole number is in minor units (kopecks), a text in major ones: "1250.00". A JSON number with a fraction is refused:
whoever writes 1250.5 writes 1250 for 1250.00 as well, a hundredth of it. What is there and of a wrong kind is never
passed over: it is spelled in a way that anybody understands, or the event is not used.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from gateway.channels import payload
from gateway.clock import Instant
from gateway.events import Event, Ignored, OrderChanged, ParcelMoved, PaymentReceived, Sender, SiteVisited, Unusable
from gateway.points import phone_of

ORDER_EVENTS: Final = (
    "placed", "paid", "in_work", "item_refused", "sync_lost", "ready", "handed_over", "sent", "cancelled",
)  # fmt: skip
PARCEL_STATUSES: Final = (
    "created", "accepted", "in_transit", "arrived", "collected", "money_received", "refused", "returned",
)  # fmt: skip
_CAME: Final = ("", "paid", "received", "succeeded", "success", "completed")
_WENT: Final = ("refunded", "refund", "returned")
_MOST_MONEY: Final = 10**13
_SUM: Final = re.compile(r"[+-]?[0-9]{1,13}(?:[.,][0-9]{1,2})?")
_MOST_ITEMS: Final = 50
_FIRST: Final = 946_684_800_000
_LAST: Final = 4_102_444_800_000
"""Milliseconds: the years 2000 to 2099."""

Told = Event | Ignored | Unusable


class _Wrong(Exception):
    """Something in it cannot be used; `str` is the reason."""


def order(data: Mapping[str, Any], region: str) -> Told:
    about = data.get("order")
    if not isinstance(about, dict):
        return Unusable("order_not_an_object" if about else "no_order")
    number = _number(about.get("number"))
    if not number:
        return Unusable("no_order_number")
    if data.get("event") not in ORDER_EVENTS:
        return Unusable("unknown_order_event")
    total = _money(about.get("total"), "bad_total")
    if total is not None and total < 0:
        return Unusable("bad_total")
    tracking = _number(about.get("tracking"))
    if not tracking and about.get("tracking") not in (None, ""):
        return Unusable("bad_tracking")
    return OrderChanged(
        sender_of("order", "orders", number, _who(data), region), number, data["event"], total, _currency(about.get("currency")),
        _truth(about.get("paid"), "bad_paid"), _line(about.get("office"), "bad_office"), _items(about.get("items")), tracking,
        _moment(data.get("at")),
    )  # fmt: skip


def payment(data: Mapping[str, Any], region: str) -> Told:
    """`{id, order, amount, currency?, status?, customer?}`: money that has come in for an order, or went back."""
    number, amount = _number(data.get("order")), _money(data.get("amount"), "bad_amount")
    if not number:
        return Unusable("no_order_number")
    if not amount:
        return Unusable("bad_amount")
    status = _line(data.get("status"), "unknown_payment_status").lower()
    if status not in (*_CAME, *_WENT):
        return Unusable("unknown_payment_status")
    sender = sender_of("order", "orders", number, _who(data), region)
    return PaymentReceived(sender, number, -abs(amount) if status in _WENT else amount, _currency(data.get("currency")))


def parcel(data: Mapping[str, Any], _region: str) -> Told:
    tracking = _number(data.get("tracking"))
    if not tracking:
        return Unusable("no_tracking")
    if data.get("status") not in PARCEL_STATUSES:
        return Unusable("unknown_parcel_status")
    return ParcelMoved(
        Sender("parcel", "parcels", tracking),
        tracking,
        data["status"],
        _line(data.get("note"), "bad_note"),
        _moment(data.get("at")),
    )


def visit(data: Mapping[str, Any], region: str) -> Told:
    """`{id, page, phone?|email?}`: a known customer is looking at a page of the site."""
    phone, email = phone_of(data.get("phone"), region), payload.email(data.get("email"))
    page = _line(data.get("page"), "no_page")
    if not page:
        return Unusable("no_page")
    if not (phone or email):
        return Ignored("unknown_visitor")
    return SiteVisited(Sender("visit", "visits", phone or email, "", phone, email), page)


def _heedful(read: Callable[[Mapping[str, Any], str], Told]) -> Callable[[Mapping[str, Any], str], Told]:
    def told(data: Mapping[str, Any], region: str) -> Told:
        try:
            return read(data, region)
        except _Wrong as wrong:
            return Unusable(str(wrong))

    return told


TOLD: Final[Mapping[str, Callable[[Mapping[str, Any], str], Told]]] = {
    "orders": _heedful(order),
    "payments": _heedful(payment),
    "parcels": _heedful(parcel),
    "visits": _heedful(visit),
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
    if who is not None and not isinstance(who, dict):
        raise _Wrong("bad_customer")
    return data if who is None else who


def _money(said: Any, reason: str) -> int | None:
    """Minor units; None: none is named."""
    if said is None:
        return None
    if isinstance(said, float):
        raise _Wrong("ambiguous_money")
    if isinstance(said, str) and _SUM.fullmatch(exact := re.sub("[ \u00a0\u202f]", "", said)):
        said = int(Decimal(exact.replace(",", ".")) * 100)
    if isinstance(said, bool) or not isinstance(said, int) or abs(said) > _MOST_MONEY:
        raise _Wrong(reason)
    return said


def _truth(said: Any, reason: str) -> bool | None:
    """None: it is not said."""
    if said in (None, ""):
        return None
    read = payload.truth(said)
    if read is None:
        raise _Wrong(reason)
    return read


def _currency(said: Any) -> str:
    """Three letters; empty where none is named."""
    text = _line(said, "bad_currency").upper()
    if text and not (len(text) == 3 and text.isascii() and text.isalpha()):
        raise _Wrong("bad_currency")
    return text


def _number(said: Any) -> str:
    """An order's or a parcel's number as text: whole numbers and short texts."""
    if isinstance(said, bool) or not isinstance(said, int | str):
        return ""
    number = payload.text(str(said)).strip()
    return number if 0 < len(number) <= 64 else ""


def _line(said: Any, reason: str) -> str:
    """One line; numbers are words as well."""
    if said is None:
        return ""
    if isinstance(said, bool) or not isinstance(said, int | str):
        raise _Wrong(reason)
    return " ".join(payload.text(str(said)).split())[:300]


def _moment(said: Any) -> Instant:
    """ISO 8601 with its offset, or seconds or milliseconds since 1970; 0: nothing is said, or nothing that is one moment.

    It only orders news, so an event is used without it.
    """
    if isinstance(said, int | float) and not isinstance(said, bool):
        at = said * 1000 if said < _FIRST else said
        return int(at) if _FIRST <= at <= _LAST else 0
    try:
        told = datetime.fromisoformat(said.strip()) if isinstance(said, str) and len(said) < 50 else None
        at = told.timestamp() * 1000 if told is not None and told.tzinfo is not None else 0
    except (ValueError, OverflowError):
        return 0
    return int(at) if _FIRST <= at <= _LAST else 0


def _items(said: Any) -> tuple[str, ...]:
    """What was ordered, a line each: texts, or tables with a name and a quantity; or one text of several lines."""
    listed = said.splitlines() if isinstance(said, str) else said
    if listed is None:
        return ()
    if not isinstance(listed, list):
        raise _Wrong("bad_items")
    return tuple(line for one in listed[:_MOST_ITEMS] if (line := _item(one)))


def _item(one: Any) -> str:
    if not isinstance(one, dict):
        return _line(one, "bad_items")
    name, quantity = _line(one.get("name") or one.get("title"), "bad_items"), one.get("quantity", one.get("qty"))
    if quantity is None:
        return name
    if isinstance(quantity, float):
        return f"{name} × {quantity:g}"
    counted = payload.whole(quantity)
    if counted is None:
        raise _Wrong("bad_items")
    return f"{name} × {counted}" if counted > 1 else name
