"""Calls: which deal one belongs to, and what it means for whoever waited. Who was spoken with has been answered."""

from bots.kit.conditions import as_number
from gateway import events as ev
from gateway.assigning import has_called
from gateway.entering import enter
from gateway.ledger import Ledger
from gateway.router import Attach, Open, route
from state.records import Deal
from state.strangers import NO_CUSTOMER

Ignored = str
NOBODY_SAYS_WHO = 0


def hear_call(ledger: Ledger, event: ev.CallEnded) -> Ignored:
    if ledger.identity(event.sender.channel, event.sender.account, event.sender.address) is None:
        return "unknown_sender"
    if event.not_a_customer:
        return _no_customer(ledger)
    missed, ours = event.status == "missed", event.direction == "out"
    if not missed:
        _reached(ledger, event)
    entrance = ledger.house.entrance("call")
    match route(ledger.rows.deals, ledger.house.funnel(entrance.funnel).slot, "call", opens=missed and not ours):
        case Attach(joined):
            deal = joined
        case Open(why):
            deal = enter(ledger, "call", why, entrance)
        case _:
            return "no_open_deal"  # who was called or spoken to has a manager already: they make the deal by hand
    ledger.happens(deal, "call", "unanswered" if missed and ours else event.status)
    _keep(ledger, deal, event)
    if missed and not ours:
        deal.waiting_since = deal.waiting_since or ledger.now
        ledger.touch(deal, bump=False)
        _call_back(ledger, deal, event.sender.phone)
    return ""


def _call_back(ledger: Ledger, deal: Deal, phone: str) -> None:
    """One task, however often they call before anybody does; also where the funnel has others: it ends by itself."""
    waiting = next((task for task in ledger.open_tasks(deal) if task.kind == "call_back"), None)
    if waiting is None:
        ledger.create_task(deal, "call_back", ledger.words.line("task_call"), "robot", details={"phone": phone})
        return
    calls = int(as_number(waiting.details.get("calls")) or 1) + 1
    text = ledger.words.line("task_call_again", calls=calls)
    ledger.renew_task(deal, waiting, text, {**waiting.details, "phone": phone, "calls": calls})


def _reached(ledger: Ledger, event: ev.CallEnded) -> None:
    """Whoever was to call back has spoken with them, whoever called."""
    for deal in ledger.rows.deals:
        if deal.closed_at is None:
            ledger.finish_tasks(deal, "call_back", ledger.words.line("call_answered", seconds=event.duration_s))


def _keep(ledger: Ledger, deal: Deal, event: ev.CallEnded) -> None:
    """Into the timeline; a call that was answered, whoever called whom, ends the wait and counts as acting."""
    missed, ours = event.status == "missed", event.direction == "out"
    one = ledger.look.roster().called(event.manager) if event.manager else None
    data = {
        "status": event.status, "direction": event.direction, "duration_s": event.duration_s,
        "recording_url": event.recording_url, "manager": event.manager, "by": one.id if one else None,
    }  # fmt: skip
    text = (
        ledger.words.line("call_unanswered")
        if missed and ours
        else ledger.words.line("call_missed")
        if missed
        else ledger.words.line("call_answered", seconds=event.duration_s)
    )
    person = one.person if one is not None and ours else None
    told = ledger.write_entry(
        deal, "call", author="manager" if ours else "customer", text=text, direction=event.direction, data=data, person=person,
        identity=ledger.identity(event.sender.channel, event.sender.account, event.sender.address),
    )  # fmt: skip
    if not missed:
        ledger.spoken_with(deal, told, one.id if one is not None else NOBODY_SAYS_WHO)
    if ours or not missed:
        has_called(ledger, deal, event.manager)


def _no_customer(ledger: Ledger) -> Ignored:
    """A wrong number leaves no dirt: a deal that only a call has opened ends."""
    for deal in ledger.rows.deals:
        if deal.closed_at is None and deal.source == "call" and deal.route_id is None:
            ledger.close_deal(deal, "lost", NO_CUSTOMER, "robot")
    return NO_CUSTOMER
