"""What follows from an event: the one pure function between the inbox and the outbox.

It reads the ledger, calls its verbs and returns why an event came to nothing, if it did. No I/O, no clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, assert_never

from bots.kit.beginnings import STARTS
from bots.kit.events import MessageReceived as Heard
from bots.kit.events import TimerFired, WebAnswered
from bots.robots.facts import PROVED
from gateway import events as ev
from gateway import filling, staff_room
from gateway.assigning import ACT, LEAVE, WAIT, check_action, leave, look_again, relieve
from gateway.calls import hear_call
from gateway.entering import deal_for, last_deal
from gateway.guard import IDLE, wake
from gateway.ledger import ROBOT, Ledger
from gateway.mailroom import hear_mail
from gateway.obey import start_run, walk
from gateway.orders import hear_order, hear_parcel, hear_payment, hear_visit
from gateway.robots import take_turn
from gateway.router import active
from gateway.starting import begin
from gateway.verdicts import CHANNEL_PAUSE_MS, RETRIES
from state.joining import RECKON
from state.lanes import BELOW
from state.records import Deal, Entry, Identity, Run, Timer

_HEARD_STEP_MS = 60_000
"""How exactly the customer's last message is remembered: the window it opens has a margin of five such steps."""

_LOST = ("blocked", "opted_out", "not_found")
"""Nothing more can reach this address."""

Ignored = str
"""Machine word of why an event changed nothing; empty: it was processed."""


def decide(ledger: Ledger, event: ev.Event) -> Ignored:
    """Let one event of this lane have its effect."""
    match event:
        case ev.MessageReceived():
            return hear_message(ledger, event)
        case ev.MailReceived():
            return hear_mail(ledger, event)
        case ev.MessageEdited():
            return hear_edit(ledger, event)
        case ev.ReachChanged():
            return hear_reach(ledger, event)
        case ev.AddressChanged():
            return hear_address(ledger, event)
        case ev.FormSubmitted():
            return hear_form(ledger, event)
        case ev.CallEnded():
            return hear_call(ledger, event)
        case ev.OrderChanged():
            return hear_order(ledger, event)
        case ev.PaymentReceived():
            return hear_payment(ledger, event)
        case ev.ParcelMoved():
            return hear_parcel(ledger, event)
        case ev.SiteVisited():
            return hear_visit(ledger, event)
        case ev.StatusReported():
            return hear_status(ledger, event)
        case ev.PartSettled():
            return hear_settled(ledger, event)
        case ev.EndpointAnswered():
            return hear_answer(ledger, event)
        case ev.StaffAsked():
            return staff_room.obey(ledger, event)
        case _:
            assert_never(event)


# -- messages --------------------------------------------------------------------------------------------------------


def hear_message(ledger: Ledger, event: ev.MessageReceived) -> Ignored:
    sender = event.sender
    identity = ledger.identity(sender.channel, sender.account, sender.address)
    if identity is None:
        return "unknown_sender"
    if identity.person_id is not None or event.start.startswith(staff_room.CODE):
        heard = staff_room.hear(ledger, identity, event)
        if heard is not None:
            return heard
    _meet(ledger, identity, event)
    if event.button or event.callback:
        pressed = _press(ledger, identity, event)
        if pressed is not None:
            return pressed
    channel, link = identity.channel, event.start
    source = f"{channel}:{link}" if link else channel
    names = f"link_{link}" if link else channel, channel
    deal, opened = deal_for(ledger, source, *names, language=sender.language)
    entry = _keep_message(ledger, deal, identity, event, event.text)
    ledger.happens(deal, "message")
    run = ledger.rows.runs.get(deal.id)
    if run is None and opened:
        run = _first_words(ledger, deal, identity, event.text.strip())
    if run is not None:
        _pass_on(ledger, deal, run, identity, event, entry)
    return ""


def _meet(ledger: Ledger, identity: Identity, event: ev.MessageReceived) -> None:
    """What a message tells about its sender, whatever it says."""
    if identity.heard_at is None or ledger.now - identity.heard_at > _HEARD_STEP_MS:
        identity.heard_at = ledger.now
        ledger.touch_identity(identity)
    if identity.barred in ("blocked", "not_found"):
        identity.barred = ""
        ledger.touch_identity(identity)
    if event.sender.name and identity.name != event.sender.name:
        identity.name = event.sender.name
        ledger.touch_identity(identity)
    contact = ledger.contact
    phone = event.phone or event.sender.phone
    if (event.sender.name and not contact.name) or (phone and not contact.phone):
        contact.name = contact.name or event.sender.name
        contact.phone = contact.phone or phone
        ledger.touch_contact()
    if event.phone:
        ledger.prove_point("phone", event.phone)


def _keep_message(
    ledger: Ledger, deal: Deal, identity: Identity, event: ev.MessageReceived, text: str, pressed: str = ""
) -> Entry:
    data: dict[str, object] = {}
    if event.message_id:
        data["message_id"] = event.message_id
    if event.reply_to:
        data["reply_to"] = event.reply_to
    if event.location:
        data["location"] = list(event.location)
    if event.phone:
        data["phone"] = event.phone
    if event.flags:
        data["flags"] = list(event.flags)
    if pressed:
        data["button"] = pressed
    media = [{"kind": m.kind, "ref": m.ref, "name": m.name, "mime": m.mime, "size": m.size} for m in event.media]
    if not text:
        text = (
            ledger.words.line("phone_shared", phone=event.phone)
            if event.phone
            else ledger.words.line("location")
            if event.location
            else ""
        )
    entry = ledger.write_entry(
        deal, "message", author="customer", text=text, data=data, direction="in", identity=identity, media=media,
        client_id=_client_id(event),
    )  # fmt: skip
    ledger.wait_for_us(deal, identity)
    return entry


def _client_id(event: ev.MessageReceived) -> str | None:
    return event.message_id if event.sender.channel == "web" else None


def _first_words(ledger: Ledger, deal: Deal, identity: Identity, words: str) -> Run | None:
    """A new deal: the qualifier takes it where we can answer, else a person must."""
    script = ledger.house.starts_on_message(ledger.contact.id, ledger.now)
    if script is None or not ledger.house.can_send(identity.channel, identity.account):
        ledger.ask_for(
            deal, "answer", ledger.words.line("task_message", source=ledger.words.source_title(identity.channel))
        )
        return None
    if identity.barred:
        ledger.create_task(deal, "answer", ledger.words.line("task_opted_out"), "robot")
        return None
    return start_run(ledger, deal, identity, script, words)


def _pass_on(
    ledger: Ledger, deal: Deal, run: Run, identity: Identity, event: ev.MessageReceived, entry: Entry, choice: str = ""
) -> None:
    """A bot keeps files by the address that managers open them at; the channel's own handles stay in the timeline."""
    if run.status == "running":
        text = "" if choice else event.text
        media = tuple(replace(m, ref=f"/api/v1/entries/{entry.id}/media/{n}") for n, m in enumerate(event.media))
        walk(ledger, deal, run, identity, Heard(text, choice, media, event.phone, event.location))


def _press(ledger: Ledger, identity: Identity, event: ev.MessageReceived) -> Ignored | None:
    """A button: good only for the question that is open now, in the run that asked it.

    None: it is not, but it came with words of its own and is heard as a message.
    """
    found = _open_question(ledger, event.button)
    if event.callback:
        ledger.acknowledge(identity, event.callback, "" if found else _stale_press(ledger, event))
    if found is None:
        return "stale_button" if event.callback or not event.text else None
    deal, run, choice = found
    entry = _keep_message(ledger, deal, identity, event, event.text or choice, pressed=choice)
    _pass_on(ledger, deal, run, identity, event, entry, choice)
    return ""


def _stale_press(ledger: Ledger, event: ev.MessageReceived) -> str:
    last = last_deal(ledger)
    told = last.fields.get("language") if last is not None else event.sender.language
    return ledger.house.to_customer("stale_button", told)


def _open_question(ledger: Ledger, button: str) -> tuple[Deal, Run, str] | None:
    run_id, _, rest = button.partition(".")
    turn, _, choice = rest.partition(".")
    for deal in ledger.rows.deals:
        run = ledger.rows.runs.get(deal.id)
        if run is not None and choice and run_id == str(run.id) and turn == str(run.state.get("turn")):
            return deal, run, choice
    return None


def hear_edit(ledger: Ledger, event: ev.MessageEdited) -> Ignored:
    sender = event.sender
    identity = ledger.identity(sender.channel, sender.account, sender.address)
    if identity is None:
        return "unknown_sender"
    if identity.person_id is not None:
        return staff_room.STAFF  # what was done is done: to change it, they say it anew
    deal = active(ledger.rows.deals, ledger.house.slot)
    if deal is None:
        return "no_open_deal"
    data = {"event": "edited", "message_id": event.message_id}
    ledger.write_entry(deal, "note", author="customer", text=ledger.words.line("edited", text=event.text), data=data)
    return ""


def look_through(ledger: Ledger, deal: Deal, _: Timer) -> None:
    """It was joined, parted or split behind this lane."""
    ledger.reckon(deal)
    relieve(ledger, deal)
    ledger.loose[deal.id] = deal


_OF_DEALS: Final[Mapping[str, Callable[[Ledger, Deal, Timer], None]]] = {
    WAIT: look_again,
    ACT: check_action,
    LEAVE: leave,
    IDLE: wake,
    RECKON: look_through,
}
"""Timers of a deal that no stage and no run has set."""


# -- timers ----------------------------------------------------------------------------------------------------------


def fire(ledger: Ledger, timer: Timer) -> None:
    """A timer of this lane has come due: a run's, or one that begins a run. One whose time is over does nothing."""
    ledger.cut_timer(timer.key)
    run = ledger.rows.runs.get(timer.deal_id)
    deal = next((d for d in ledger.rows.deals if d.id == timer.deal_id), None)
    if deal is not None and deal.closed_at is None and timer.name.startswith(STARTS):
        begin(ledger, deal, timer)
        return
    if deal is not None:
        ledger.loose[deal.id] = deal
    if deal is not None and not timer.run_id and (see_to := _OF_DEALS.get(timer.name.partition(":")[0] + ":")):
        see_to(ledger, deal, timer)
        return
    if deal is not None and timer.name.startswith(ROBOT):
        take_turn(ledger, deal, timer)
        return
    if deal is None or run is None or run.id != timer.run_id:
        return
    if identity := ledger.route_of(deal):
        walk(ledger, deal, run, identity, TimerFired(timer.name))


# -- can we still be heard? ------------------------------------------------------------------------------------------


def hear_reach(ledger: Ledger, event: ev.ReachChanged) -> Ignored:
    sender = event.sender
    identity = ledger.addressed(event.part) or ledger.identity(sender.channel, sender.account, sender.address)
    if identity is None:
        return "unknown_sender"
    lost = event.change in ("blocked", "opted_out")
    identity.barred = event.change if lost else ""
    if event.text:
        identity.heard_at = ledger.now
    ledger.touch_identity(identity)
    if lost:
        ledger.writes.dropped.append((identity.id, event.change))
    if identity.person_id is not None:
        return staff_room.STAFF
    deal = active(ledger.rows.deals, ledger.house.slot)
    if deal is not None:
        ledger.write_line(deal, "system", event.change, data={"event": event.change, "channel": identity.channel})
        if lost:
            _out_of_reach(ledger, deal, event.change)
    return ""


def _out_of_reach(ledger: Ledger, deal: Deal, cause: str) -> None:
    why = "opted_out" if cause == "opted_out" else "unreachable"
    if run := ledger.rows.runs.get(deal.id):
        ledger.stop_run(deal, run, ledger.words.line("why_" + why), left="unreachable")
    ledger.create_task(deal, "unreachable", ledger.words.line("task_" + why), "robot")


def hear_address(ledger: Ledger, event: ev.AddressChanged) -> Ignored:
    sender = event.sender
    identity = ledger.identity(sender.channel, sender.account, sender.address)
    if identity is None:
        return "unknown_sender"
    if identity.address != event.address:
        ledger.move_identity(identity, event.address)
    return ""


# -- forms -----------------------------------------------------------------------------------------------------------


def hear_form(ledger: Ledger, event: ev.FormSubmitted) -> Ignored:
    identity = ledger.identity(event.sender.channel, event.sender.account, event.sender.address)
    if identity is None:
        return "unknown_sender"
    kept = last_deal(ledger) if not ledger.house.entrance(event.form, "form").opens else None
    if kept is not None:
        return _keep_form(ledger, kept, identity, event)
    deal, opened = deal_for(ledger, f"form:{event.form}", event.form, "form")
    _keep_form(ledger, deal, identity, event)
    if event.sender.email and not ledger.contact.email:
        ledger.contact.email = event.sender.email
        ledger.touch_contact()
    deal.waiting_since = deal.waiting_since or ledger.now
    ledger.touch(deal, bump=False)
    if opened:
        ledger.ask_for(deal, "answer", ledger.words.line("task_form", form=event.form), event.fields)
    return ""


def _keep_form(ledger: Ledger, deal: Deal, identity: Identity, event: ev.FormSubmitted) -> Ignored:
    """What it says goes into the timeline whole, and into fields that are empty; never what only our own systems know, or
    the playbook keeps from forms.
    """
    told = "\n".join(f"{name}: {value}" for name, value in event.fields.items())
    text = ledger.words.line("form", form=event.form) + ("\n" + told if told else "")
    data = {"form": event.form, "fields": event.fields}
    entry = ledger.write_entry(
        deal, "message", author="customer", text=text, direction="in", identity=identity, data=data
    )
    ledger.set_field(deal, "form", event.form)
    shut = PROVED | {one.name for one in ledger.house.playbook.fields.values() if not one.by_forms}
    fresh = {name: one for name, one in event.fields.items() if name not in deal.fields and name not in shut}
    kept = filling.keep(ledger, deal, fresh)
    if kept != fresh:
        entry.data["kept"] = kept
    ledger.happens(deal, "form", event.form)
    return ""


# -- what became of our parts ----------------------------------------------------------------------------------------


def hear_status(ledger: Ledger, event: ev.StatusReported) -> Ignored:
    known = ledger.rows.parts.get(event.part)
    if known is None:
        return "unknown_part"
    deal_id, state, attempts, identity_id, provider_id = known
    if attempts == 0 or (attempts == 1 and provider_id not in ("", event.provider_id)):
        return "other_message"  # that part has made no such message: the word is not about it
    if state not in BELOW[event.status] or _is_past(event, state, provider_id):
        return "late_status"
    deal = _open_deal(ledger, deal_id)
    if deal is not None:
        ledger.change(deal, "message")
    if event.status == "failed" and event.meaning == "throttled" and attempts < RETRIES:
        ledger.rows.parts[event.part] = (deal_id, "queued", attempts, identity_id, event.provider_id)
        ledger.writes.again.append((event.part, ledger.now + CHANNEL_PAUSE_MS, event.code, event.provider_id))
        return ""
    ledger.rows.parts[event.part] = (deal_id, event.status, attempts, identity_id, event.provider_id)
    ledger.writes.statuses.append((event.part, event.status, event.code, event.provider_id))
    identity = ledger.rows.identities.get(identity_id)
    if event.status == "failed" and deal is not None:
        cause = event.meaning if event.meaning in ("window_closed", *_LOST) else "failed"
        _not_delivered(ledger, deal, cause, event.code or event.status, identity)
    elif event.meaning in _LOST and identity is not None:
        identity.barred = event.meaning
        ledger.touch_identity(identity)
    return ""


def _is_past(event: ev.StatusReported, state: str, provider_id: str) -> bool:
    """Of a part that was sent more than once: about an attempt that another has taken the place of.

    That one of them has arrived counts whichever it was. An open part with a provider's id is to go once more because
    that very message came to nothing; and where one is out, another's failure is no news.
    """
    if state in BELOW["sent"]:
        return event.provider_id == provider_id != "" and event.status in ("sent", "failed")
    return event.provider_id != provider_id != "" and event.status == "failed"


def hear_settled(ledger: Ledger, event: ev.PartSettled) -> Ignored:
    deal = _open_deal(ledger, event.deal)
    if deal is None:
        return "no_open_deal"
    if event.channel == "endpoint":  # a webhook: the customer has nothing to do with it
        ledger.create_task(deal, "check_robots", ledger.words.line("task_webhook_failed", why=event.reason), "robot")
        return ""
    _not_delivered(ledger, deal, event.cause, event.reason, None)  # its address was marked when it was settled
    return ""


def hear_answer(ledger: Ledger, event: ev.EndpointAnswered) -> Ignored:
    """Good for the run that asked, at the turn in which it asked; the bot looks at the latter itself."""
    asked, _, turn = event.ask.partition(".")
    run = next((r for r in ledger.rows.runs.values() if str(r.id) == asked), None)
    deal = _open_deal(ledger, run.deal_id) if run is not None else None
    identity = ledger.route_of(deal) if deal is not None else None
    if run is None or deal is None or identity is None or not turn.isdecimal():
        return "late_answer"
    walk(ledger, deal, run, identity, WebAnswered(int(turn), event.ok, event.fields))
    return ""


def _open_deal(ledger: Ledger, deal_id: int) -> Deal | None:
    return next((d for d in ledger.rows.deals if d.id == deal_id and d.closed_at is None), None)


def _not_delivered(ledger: Ledger, deal: Deal, cause: str, reason: str, identity: Identity | None) -> None:
    """The customer has not seen it: the bot does not go on as if they had, and a person learns of it.

    `identity` is where the part went, to be marked; the conversation may have moved to another address since.
    """
    data = {"event": "undelivered", "cause": cause, "reason": reason}
    ledger.write_line(deal, "system", "undelivered", why=reason or cause, data=data)
    if cause in _LOST:
        if identity is not None:
            identity.barred = cause
            ledger.touch_identity(identity)
        _out_of_reach(ledger, deal, cause)
        return
    if cause == "window_closed" and identity is not None:
        identity.heard_at = None
        ledger.touch_identity(identity)
    if (run := ledger.rows.runs.get(deal.id)) and cause != "unknown":
        ledger.stop_run(deal, run, ledger.words.line("why_undelivered"), left="undelivered")
    ledger.create_task(deal, "undelivered", ledger.words.line("task_undelivered", why=reason or cause), "robot")
