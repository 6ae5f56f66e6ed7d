"""Orders, payments and parcels: which deal they belong to, and what they leave in it. What follows, triggers say.

An order finds its request: the contact's open inquiry becomes the order's deal. A second order of one customer has a
deal beside it, in a slot of its own.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from bots.kit.words import as_text
from bots.kit.worth import PAID, RECEIVED, TOTAL, WORD, received, worth
from gateway import events as ev
from gateway import filling
from gateway.assigning import ACT
from gateway.clock import Instant, iso
from gateway.entering import enter
from gateway.ledger import Ledger
from gateway.wording import Wording
from state.chains import led_by
from state.merges import JOINED
from state.records import Deal

Ignored = str
ORDER_AT: Final = "order_at"
"""When the latest of its news happened at the sender, in UTC as the API writes it."""
PARCEL_AT: Final = "parcel_at"

_NUMBERS = frozenset({"order", "parcel"})
"""Channels on which a contact is only a number of the shop's."""


def hear_order(ledger: Ledger, event: ev.OrderChanged) -> Ignored:
    deal = _deal_of_order(ledger, event.number, "order")
    ours = _is_ours(ledger, event.currency)
    older = _is_older(ledger, deal, ORDER_AT, event.happened_at)
    late = older or (event.event == "placed" and deal.fields.get("order_status") not in (None, "", "placed"))
    told = {
        "order": event.number, "order_status": "" if late else event.event, "total": event.total if ours else None, "currency": event.currency if ours else "",
        "office": event.office, "items": "\n".join(event.items), "tracking": event.tracking,
    }  # fmt: skip
    total = _money(ledger.words, event.total, "" if ours else event.currency)
    text = ledger.words.line(
        "order", number=event.number, what=", ".join(filter(None, (ledger.words.order_events[event.event], total)))
    )
    data = {
        "event": event.event, "order": event.number, "total": event.total, "currency": event.currency, **_points(event.sender),
    }  # fmt: skip
    ledger.write_entry(deal, "order", author="robot", text=text, data=data)
    filling.keep(
        ledger, deal,
        {name: value for name, value in told.items() if value not in (None, "") and not (older and deal.fields.get(name))},
    )  # fmt: skip
    _know(ledger, event.sender)
    if not late:  # every order is placed first: told behind other news it is none, and neither is what is older
        ledger.happens(deal, "order", event.event)
    if event.event == "paid" or event.paid:
        _take_the_word(ledger, deal)
    elif event.paid is False and deal.fields.get(WORD) == "yes":
        _doubt_the_word(ledger, deal, event.number, late=late)
    elif event.paid is False and not older and not received(deal.fields):
        ledger.set_field(deal, PAID, "no")
    if event.event == "paid":
        _money_came(ledger, deal, event.number)
    if total and not ours:
        _of_another_currency(ledger, deal, event.number, total)
    if deal.outcome == "lost" and not older and event.event not in ("cancelled", "paid"):
        _ask_about_the_lost(ledger, deal, event.number, event.event)
    _keep_pace(ledger, deal, event.number)
    return ""


def _is_older(ledger: Ledger, deal: Deal, name: str, at: Instant) -> bool:
    """Whether something that happened later has been told already; else this is the latest from here on.

    A sender whose clock is ahead tells nothing of the future. Who does not say when is believed as it comes.
    """
    if not at:
        return False
    said, known = iso(min(at, ledger.now)) or "", as_text(deal.fields.get(name))
    if said < known:
        return True
    ledger.set_field(deal, name, said)
    return False


def hear_payment(ledger: Ledger, event: ev.PaymentReceived) -> Ignored:
    """Several may come for one order, and some may go back: it is paid when what is left makes up its sum."""
    deal = _deal_of_order(ledger, event.number, "payment")
    back, ours = event.amount < 0, _is_ours(ledger, event.currency)
    amount = _money(ledger.words, abs(event.amount), "" if ours else event.currency)
    text = ledger.words.line("refund" if back else "payment", number=event.number, total=amount)
    data = {
        "event": "refund" if back else "payment", "order": event.number, "amount": event.amount, "currency": event.currency, **_points(event.sender),
    }  # fmt: skip
    ledger.write_entry(deal, "order", author="robot", text=text, data=data)
    ledger.set_field(deal, "order", event.number)
    _know(ledger, event.sender)
    if not ours:
        _of_another_currency(ledger, deal, event.number, amount)
    elif back:
        _give_back(ledger, deal, -event.amount)
    else:
        ledger.set_field(deal, RECEIVED, (received(deal.fields) or 0) + event.amount)
        if worth(deal.fields, ledger.house.worth) is None and deal.fields.get(PAID) != "yes":
            _ask_for_the_sum(ledger, deal, event.number, amount)
    if back and ours:
        ledger.happens(deal, "refund")
    elif not back:
        _money_came(ledger, deal, event.number)
    _keep_pace(ledger, deal, event.number)
    return ""


def _keep_pace(ledger: Ledger, deal: Deal, number: str) -> None:
    """What is closed and the same order's (its parcel or its return goes on in a deal of its own) says the same of the money."""
    names: tuple[str, ...] = (TOTAL, RECEIVED, PAID, WORD)
    money = {name: deal.fields[name] for name in names if name in deal.fields}
    first = _first(ledger, deal)
    for other in [one for one in ledger.rows.deals if one is not deal and one.closed_at is not None]:
        if _is_of(other, number) and _first(ledger, other) is first and not money.items() <= other.fields.items():
            other.fields = {**other.fields, **money}
            ledger.touch(other)


def _first(ledger: Ledger, deal: Deal) -> Deal:
    """Of those that robots have led from one to the other."""
    before = next((one for one in ledger.rows.deals if deal.why == led_by(one.id)), None)
    return deal if before is None else _first(ledger, before)


def _is_of(deal: Deal, number: str) -> bool:
    return as_text(deal.fields.get("order")).strip() == number


def _take_the_word(ledger: Ledger, deal: Deal) -> None:
    """The shop's own system says that all is paid, whatever payments we know of."""
    ledger.set_field(deal, PAID, "yes")
    ledger.set_field(deal, WORD, "yes")


def _doubt_the_word(ledger: Ledger, deal: Deal, number: str, *, late: bool) -> None:
    """It was said before that all is paid, and no money has gone back: news that are out of order, or a matter for a person."""
    text = ledger.words.line("task_unpaid_again", number=number)
    if not late and all(task.text != text for task in ledger.open_tasks(deal)):
        ledger.create_task(deal, "check_payment", text, "robot")


def _ask_about_the_lost(ledger: Ledger, deal: Deal, number: str, what: str) -> None:
    """A deal that was given up goes on in the shop's own system: no trigger hears of it any more."""
    text = ledger.words.line("task_order_lost", number=number, what=ledger.words.order_events[what])
    if all(task.text != text for task in ledger.open_tasks(deal)):
        ledger.create_task(deal, "next_step", text, "robot")


def _give_back(ledger: Ledger, deal: Deal, amount: int) -> None:
    """What was paid without our knowing of the payments is what the deal is worth."""
    whole = worth(deal.fields, ledger.house.worth) if deal.fields.get(PAID) == "yes" else None
    had = received(deal.fields)
    had = had if had is not None else whole
    ledger.set_field(deal, WORD, "")
    if had is None:
        ledger.set_field(deal, PAID, "partly" if deal.fields.get(PAID) == "yes" else "no")
        return
    if amount > had:
        ledger.write_entry(deal, "note", author="robot", text=ledger.words.line("refund_over"))
    ledger.set_field(deal, RECEIVED, max(0, had - amount))


def _is_ours(ledger: Ledger, currency: str) -> bool:
    return currency in ("", ledger.house.playbook.currency)


def _of_another_currency(ledger: Ledger, deal: Deal, number: str, sum_: str) -> None:
    text = ledger.words.line("task_foreign", number=number, total=sum_)
    if all(task.text != text for task in ledger.open_tasks(deal)):
        ledger.create_task(deal, "check_payment", text, "robot")


def _ask_for_the_sum(ledger: Ledger, deal: Deal, number: str, sum_: str) -> None:
    if not any(task.kind == "check_sum" for task in ledger.open_tasks(deal)):
        ledger.create_task(deal, "check_sum", ledger.words.line("task_unknown_sum", number=number, total=sum_), "robot")


def hear_parcel(ledger: Ledger, event: ev.ParcelMoved) -> Ignored:
    """Several orders may have gone in one parcel."""
    theirs = [deal for deal in ledger.rows.deals if as_text(deal.fields.get("tracking")) == event.tracking]
    latest = _latest(theirs)
    if latest is None:
        return "unknown_parcel"
    fresh = [deal for deal in theirs if deal is latest or deal.closed_at is None]
    older = [deal.id for deal in fresh if _is_older(ledger, deal, PARCEL_AT, event.happened_at)]
    fresh = [deal for deal in fresh if deal.fields.get("parcel") != event.status]
    text = ledger.words.line("parcel", number=event.tracking, what=ledger.words.parcel_statuses[event.status])
    data = {"event": event.status, "tracking": event.tracking, "note": event.note}
    for deal in fresh:
        ledger.write_entry(deal, "parcel", author="robot", text=text, data=data)
        if deal.id in older:
            continue
        ledger.set_field(deal, "parcel", event.status)
        ledger.happens(deal, "parcel", event.status)
    return "" if fresh else "same_status"


def hear_visit(ledger: Ledger, event: ev.SiteVisited) -> Ignored:
    """Of interest only where a trigger waits for it: every page that a customer opens is no event of a deal."""
    for deal in ledger.rows.deals:
        if deal.closed_at is None:
            ledger.happens(deal, "visit", event.page)
    return "" if ledger.happened else "no_trigger"


def _deal_of_order(ledger: Ledger, number: str, source: str) -> Deal:
    """The order's own deal; else the request that it came of; else a new one where orders enter."""
    own = _latest(deal for deal in ledger.rows.deals if _is_of(deal, number))
    if own is not None:
        return own
    entrance = ledger.house.entrance("order")
    slot = ledger.house.funnel(entrance.funnel).slot
    request = ledger.deal_in(slot) or ledger.deal_in(
        ledger.house.slot
    )  # a lead, where orders have a funnel of their own
    if request is not None and request.fields.get("order"):
        request = None  # an order of its own: this one has a deal beside it
    if request is not None and request.responsible_id is not None:
        entrance = replace(entrance, responsible="")
    why = f"opened: order {number} " + ("has no request" if request is None else f"found its request {request.id}")
    deal = enter(ledger, source, why, entrance, apart=True)
    deal.title = ledger.words.line("order_title", number=number)
    if request is not None:
        _find_request(ledger, deal, request, number)
    return deal


def _find_request(ledger: Ledger, deal: Deal, request: Deal, number: str) -> None:
    """The order leads, and what was said and gathered before comes along. 'No, separate' undoes the merge."""
    if run := ledger.rows.runs.get(request.id):
        ledger.stop_run(request, run, ledger.words.line("why_order", number=number))
    if request.responsible_id is not None:
        deal.responsible_id = request.responsible_id
        if acting := ledger.rows.timers.get(f"deal:{request.id}:{ACT}"):
            ledger.set_deal_timer(
                deal, ACT, acting.name, acting.due_at
            )  # whoever has not acted yet has not by ordering
    deal.route_id = request.route_id  # robots of its stage may speak before the two are one
    merge = ledger.join_deals(deal, request, "order")
    data = {"event": "order_joined", "order": number, "merge": merge, "from": request.id}
    ledger.write_line(deal, "system", "order_joined", number=number, data=data)


def _points(sender: ev.Sender) -> dict[str, str]:
    """By which it was told whose it is."""
    return {name: value for name, value in (("phone", sender.phone), ("email", sender.email)) if value}


def _know(ledger: Ledger, sender: ev.Sender) -> None:
    """What the order tells of its customer, where nobody knew. Its first news may have told nothing."""
    contact = ledger.contact
    others = [
        one for one in ledger.rows.identities.values() if one.channel not in _NUMBERS and one.address != sender.email
    ]
    known = bool(contact.phone or contact.email or others)
    fresh = [
        (name, value)
        for name, value in (("name", sender.name), ("phone", sender.phone), ("email", sender.email))
        if value and not getattr(contact, name)
    ]
    for name, value in fresh:
        setattr(contact, name, value)
        if name != "name":
            ledger.state_point(name, value, known=known)
    if fresh:
        ledger.touch_contact()


def _latest(deals: Iterable[Deal]) -> Deal | None:
    """The open one first; one that was joined to another only where that one is not there."""
    return max(deals, key=lambda d: (d.closed_at is None, d.reason != JOINED, d.opened_at, d.id), default=None)


def _money_came(ledger: Ledger, deal: Deal, number: str) -> None:
    """No trigger hears of a deal that was given up, or of an order that was joined to another: somebody has to."""
    if deal.outcome == "lost" or deal.reason == JOINED:
        ledger.create_task(deal, "check_payment", ledger.words.line("task_paid_lost", number=number), "robot")


def _money(words: Wording, minor: int | None, currency: str = "") -> str:
    return " ".join(filter(None, (words.money(minor), currency))) if minor is not None else ""
