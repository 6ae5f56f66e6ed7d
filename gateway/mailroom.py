"""What follows from a mail: it joins the deal that it answers, else the contact's; and it never takes a conversation over.

An address proves nothing. So a conversation that is held where a channel vouches for the writer stays there, with its bot
and its replies, whatever a mail says; only one that is by mail with this very address, or nowhere yet, goes on by mail.
"""

from dataclasses import asdict, replace
from typing import Final

from bots.kit.events import MessageReceived as Heard
from gateway import events as ev
from gateway.entering import deal_for
from gateway.ledger import Ledger
from gateway.obey import walk
from state.records import Deal, Entry, Identity

_MOST_TOLD: Final = 20


def hear_mail(ledger: Ledger, event: ev.MailReceived) -> str:
    identity = ledger.addressed(event.part) or ledger.identity(
        event.sender.channel, event.sender.account, event.sender.address
    )
    if identity is None:
        return "unknown_sender"
    _meet(ledger, identity, event)
    deal, opened = _thread(ledger, event), False
    if deal is None:
        deal, opened = deal_for(ledger, "mail", "mail")
    ours = _held_here(ledger, deal, identity)
    entry = _keep(ledger, deal, identity, event)
    if ours:
        ledger.wait_for_us(deal, identity)
        identity.heard_at = ledger.now
        ledger.touch_identity(identity)
    elif deal.waiting_since is None:
        deal.waiting_since = ledger.now
        ledger.touch(deal, bump=False)
    ledger.happens(deal, "mail")
    run = ledger.rows.runs.get(deal.id)
    if opened:  # no bot answers of itself: the address may be anybody's who never wrote to us
        ledger.ask_for(deal, "answer", ledger.words.line("task_message", source=ledger.words.source_title("mail")))
    elif run is not None and ours and (event.text or event.media):
        media = tuple(replace(m, ref=f"/api/v1/entries/{entry.id}/media/{n}") for n, m in enumerate(event.media))
        walk(ledger, deal, run, identity, Heard(event.text, media=media))
    elif run is not None:
        ledger.create_task(deal, "answer", ledger.words.line("task_mail"), "robot")
    return ""


def _thread(ledger: Ledger, event: ev.MailReceived) -> Deal | None:
    """The open deal of the mail that it answers."""
    known = ledger.rows.parts.get(event.part)
    return next((d for d in ledger.rows.deals if known and d.id == known[0] and d.closed_at is None), None)


def _held_here(ledger: Ledger, deal: Deal, identity: Identity) -> bool:
    """Whether the conversation is by mail with this address, or there is no other way to have it."""
    route = ledger.route_of(deal)
    if route is None or route.id == identity.id:
        return True
    return bool(route.barred) or not ledger.house.can_send(route.channel, route.account)


def _meet(ledger: Ledger, identity: Identity, event: ev.MailReceived) -> None:
    """Somebody reads this mailbox. Names and addresses are filled in where nothing is known, never changed."""
    its_own = identity.address == event.sender.address
    if identity.barred in ("blocked", "not_found") and its_own:
        identity.barred = ""
        ledger.touch_identity(identity)
    if event.sender.name and not identity.name and its_own:
        identity.name = event.sender.name
        ledger.touch_identity(identity)
    contact = ledger.contact
    if its_own and ((event.sender.name and not contact.name) or not contact.email):
        contact.name = contact.name or event.sender.name
        contact.email = contact.email or event.sender.address
        ledger.touch_contact()


def _keep(ledger: Ledger, deal: Deal, identity: Identity, event: ev.MailReceived) -> Entry:
    """In the timeline stands what is new; all of it, and who is said to have written it, stands beside.

    A file that came along and is not kept is told of: nobody believes that they have seen all of the mail.
    """
    other = identity.address != event.sender.address
    data: dict[str, object] = {
        "subject": event.subject, "message_id": event.message_id, "answers": list(event.answers), "whole": event.whole,
        "files": list(event.files), "flags": [*event.flags, *(["other_address"] if other else [])],
        "from": event.sender.address if other else "",
    }  # fmt: skip
    text = (
        event.text or ("" if event.media else event.whole) or event.subject
    )  # a photo needs no words, least of all ours
    if not (text or event.media):
        text = ledger.words.line("mail_files", names=", ".join(event.files))
    entry = ledger.write_entry(
        deal, "message", author="customer", text=text, direction="in", identity=identity,
        data={name: value for name, value in data.items() if value}, media=[asdict(m) for m in event.media],
    )  # fmt: skip
    if event.left:
        told = "; ".join(ledger.words.mail_left(name, why) for name, why in event.left[:_MOST_TOLD])
        left = [{"name": name, "why": why} for name, why in event.left[:_MOST_TOLD]]
        ledger.write_line(deal, "system", "mail_left", files=told, data={"event": "mail_left", "files": left})
    return entry
