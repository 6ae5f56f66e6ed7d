"""Those who work here, in their own chat with the bot: they take deals, finish tasks and write to customers from there.

Their messages are no customer's. `hear` runs in the lane of their chat and only passes on; `obey` runs in the lane of
the customer, so that of two who press at once one is first, and the answer goes back as a message.
"""

from typing import Final

from gateway import desk, pager
from gateway.duties import FinishTask
from gateway.events import MessageReceived, Received, StaffAsked
from gateway.ledger import Ledger
from gateway.pager import PRESS, Words
from gateway.refusals import Conflict, Invalid
from gateway.starting import way_to
from gateway.translate import arrival
from state.records import Deal, Identity, Person, Task
from state.staff_chats import WORKERS, Chat, Chats, Note
from state.strangers import NO_CUSTOMER

CODE: Final = "staff_"
"""How the deep link's word begins that ties a chat."""
STAFF: Final = "staff"
"""Why their messages are not among those of customers."""
_STOP: Final = "/stop"
_REPLY: Final = "/r"
_FRESH_MS: Final = 3_600_000
"""So long the next message is taken for the answer to what was asked last, also where it is no reply."""


def hear(ledger: Ledger, identity: Identity, event: MessageReceived) -> str | None:
    """One message or press from such a chat, or a link that makes it one. None: it is a customer's after all."""
    chats = ledger.look.chats
    if chats is None or identity.channel != "telegram":
        return None
    if event.start.startswith(CODE):
        return _tie(ledger, chats, identity, event.start.removeprefix(CODE))
    found = chats.whose(identity.id)
    if found is None:
        return None
    person, chat = found
    if identity.barred:
        identity.barred = ""
        ledger.touch_identity(identity)
    if event.callback or event.button:
        _press(ledger, chats, chat, event)
    elif event.text.strip() == _STOP:
        ledger.writes.ties.append((identity.id, None))
        identity.person_id = None
        _say(ledger, chat, ledger.words.in_chat("untied"))
    elif person.role not in WORKERS:
        _say(ledger, chat, ledger.words.in_chat("not_for_role"))
    elif "forwarded" in event.flags or not event.text.strip():
        _say(ledger, chat, ledger.words.in_chat("text_only"))
    else:
        _words(ledger, chats, chat, event)
    return STAFF


def _tie(ledger: Ledger, chats: Chats, identity: Identity, code: str) -> str:
    person = chats.use_code(code, ledger.now)
    chat = Chat(
        identity.id, identity.contact_id, identity.channel, identity.account, identity.address, "", person.id if person else 0
    )  # fmt: skip
    if person is None:
        _say(ledger, chat, ledger.words.in_chat("bad_code"))
        return "bad_code"
    if person.role not in WORKERS:
        _say(ledger, chat, ledger.words.in_chat("not_for_role"))
        return "bad_code"
    ledger.writes.ties.append((identity.id, person.id))
    identity.person_id = person.id
    for deal in ledger.rows.deals:
        if deal.closed_at is None and deal.route_id == identity.id:
            _leave_the_chat(ledger, deal)
    _say(ledger, chat, ledger.words.in_chat("welcome", who=person.name))
    return STAFF


def _leave_the_chat(ledger: Ledger, deal: Deal) -> None:
    """No bot and no colleague talks to a customer there any more: elsewhere, or not at all where they only tried it out."""
    other = way_to(ledger, deal)
    if other is None:
        ledger.close_deal(deal, "lost", NO_CUSTOMER, "robot")
        return
    if run := ledger.rows.runs.get(deal.id):
        ledger.stop_run(deal, run, ledger.words.line("why_staff"))
    deal.route_id = other.id
    ledger.touch(deal)


# -- in the lane of their chat -----------------------------------------------------------------------------------------


def _press(ledger: Ledger, chats: Chats, chat: Chat, event: MessageReceived) -> None:
    number, _, what = event.button.removeprefix(PRESS).partition(".")
    known = event.button.startswith(PRESS) and number.isascii() and number.isdecimal() and len(number) < 19
    task = chats.task(int(number)) if known else None
    identity = ledger.rows.identities[chat.identity_id]
    if event.callback:
        ledger.acknowledge(identity, event.callback, "" if task is not None else ledger.words.in_chat("gone"))
    if task is None:
        return
    if task.state != "open":
        _say(ledger, chat, _done_by(ledger, chats, task))
    elif what == "done":
        text = ledger.words.in_chat("ask_result", text=pager.quoted(task.text))
        _say(ledger, chat, text, task.id, task.deal_id, "result")
    elif what == "take" and task.deal_id:
        _pass(ledger, chat, "take", task.contact_id, task.deal_id, task.id, event)


def _words(ledger: Ledger, chats: Chats, chat: Chat, event: MessageReceived) -> None:
    note, text = _about(ledger, chats, chat, event), event.text.strip()
    to_customer = text == _REPLY or text.startswith((_REPLY + " ", _REPLY + "\n"))
    task = chats.task(note.task_id) if note is not None else None
    deal = chats.deal(note.deal_id) if note is not None and note.deal_id else None
    if note is None or (to_customer and not text.removeprefix(_REPLY).strip()):
        _say(ledger, chat, ledger.words.in_chat("help"))
    elif deal is not None and (to_customer or note.asks == "reply"):
        said = text.removeprefix(_REPLY).strip() if to_customer else text
        _pass(ledger, chat, "write", deal.contact_id, deal.id, note.task_id, event, said)
    elif note.asks not in ("result", "reason"):
        _say(ledger, chat, ledger.words.in_chat("help"))
    elif task is None:
        _say(ledger, chat, ledger.words.in_chat("gone"))
    elif not task.deal_id:
        _finish_the_shops(ledger, chats, chat, task, text)
    elif note.asks == "result":
        _pass(ledger, chat, "done", task.contact_id, task.deal_id, task.id, event, text)
    else:
        _pass(ledger, chat, "done", task.contact_id, task.deal_id, task.id, event, note.kept, text)


def _about(ledger: Ledger, chats: Chats, chat: Chat, event: MessageReceived) -> Note | None:
    """What they answer: the message they reply to; else what was asked last, a short while ago."""
    if event.reply_to:
        return chats.note(chat.identity_id, event.reply_to)
    last = chats.last_note(chat.identity_id)
    fresh = last is not None and last.asks in ("result", "reason") and ledger.now - last.at <= _FRESH_MS
    return last if fresh else None


def _finish_the_shops(ledger: Ledger, chats: Chats, chat: Chat, task: Task, result: str) -> None:
    """A task of no deal has no lane to go through."""
    if task.state != "open":
        _say(ledger, chat, _done_by(ledger, chats, task))
        return
    ledger.writes.done_tasks.append((task.id, result, chat.person))
    _say(ledger, chat, ledger.words.in_chat("finished", result=result))


def _pass(
    ledger: Ledger, chat: Chat, act: str, contact: int, deal: int, task: int, event: MessageReceived, text: str = "", reason: str = "",
) -> None:  # fmt: skip
    """To the customer's lane, in this turn's commit: acknowledged and not lost, and once however often it is told."""
    heard = event.message_id or event.callback
    asked = StaffAsked(contact, chat.identity_id, chat.person, act, deal, task, text, reason, heard)  # type: ignore[arg-type]  # an act of the panel: a word of StaffAsked
    received = Received(f"staff:{chat.identity_id}:{heard}", asked, b"")
    ledger.writes.passed.append(arrival("parley", "self", received))


# -- in the lane of the customer ---------------------------------------------------------------------------------------


def obey(ledger: Ledger, event: StaffAsked) -> str:
    """Do it as the person whose chat it is at this moment, or tell them why not."""
    chats = ledger.look.chats
    found = chats.whose(event.identity) if chats is not None else None
    if chats is None or found is None or found[0].id != event.person:
        return "untied"
    person, chat = found
    if person.role not in WORKERS:
        _say(ledger, chat, ledger.words.in_chat("not_for_role"))
        return "forbidden"
    deal = next((d for d in ledger.rows.deals if d.id == event.deal), None) or chats.deal(event.deal)
    task = _task_now(ledger, chats, event.task)
    if deal is None or deal.contact_id != ledger.contact.id:
        _say(ledger, chat, ledger.words.in_chat("gone"))
        return "gone"
    try:
        match event.act:
            case "take":
                _take(ledger, chats, chat, deal, task, person)
            case "done":
                _finish(ledger, chats, chat, deal, task, event, person)
            case _:
                _write(ledger, chat, deal, event, person)
    except Conflict as refused:
        _say(ledger, chat, _why(ledger, chats, deal, refused))
    except Invalid as wrong:
        why = {"text": "window", "channel": "no_channel"}.get(wrong.name)
        _say(ledger, chat, ledger.words.in_chat(why) if why else ledger.words.in_chat("refused", why=str(wrong)))
    return ""


def _take(ledger: Ledger, chats: Chats, chat: Chat, deal: Deal, task: Task | None, person: Person) -> None:
    theirs = (None, deal.responsible_id, person.id)
    wanting = desk.take(ledger, deal, person, task)
    _say(ledger, chat, " ".join(filter(None, (ledger.words.in_chat("taken", id=deal.id), wanting))))
    if task is not None and task.state == "open" and task.responsible_id not in theirs:
        _say(ledger, chat, ledger.words.in_chat("task_of", who=chats.name(task.responsible_id)))


def _finish(
    ledger: Ledger, chats: Chats, chat: Chat, deal: Deal, task: Task | None, event: StaffAsked, person: Person
) -> None:  # fmt: skip
    if task is None:
        _say(ledger, chat, ledger.words.in_chat("gone"))
        return
    if task.state != "open":
        _say(ledger, chat, _done_by(ledger, chats, task))
        return
    try:
        desk.obey_manager(ledger, deal, FinishTask(task, event.text, event.reason), person)
    except Conflict as refused:
        if refused.code != "no_contact":
            raise
        text = ledger.words.in_chat("ask_reason", text=pager.quoted(task.text))
        _say(ledger, chat, text, task.id, deal.id, "reason", event.text)
        return
    _say(ledger, chat, ledger.words.in_chat("finished", result=event.text))


def _write(ledger: Ledger, chat: Chat, deal: Deal, event: StaffAsked, person: Person) -> None:
    desk.obey_manager(ledger, deal, desk.Write(event.text), person)
    said = next(e for e in reversed(ledger.writes.entries) if e.deal_id == deal.id and e.kind == "message")
    # To be answered like the customer's own words: one may go on writing.
    _say(
        ledger,
        chat,
        ledger.words.in_chat("written", channel=ledger.words.source_title(said.channel)),
        event.task,
        deal.id,
        "reply",
    )


def _task_now(ledger: Ledger, chats: Chats, task_id: int) -> Task | None:
    """As this turn has left it."""
    task = chats.task(task_id) if task_id else None
    if task is not None:
        for done, result, by in ledger.writes.done_tasks:
            if done == task.id:
                task.state, task.result, task.done_by = "done", result, by
    return task


def _why(ledger: Ledger, chats: Chats, deal: Deal, refused: Conflict) -> str:
    if refused.code == "taken" and deal.responsible_id is not None:
        return ledger.words.in_chat("taken_by", id=deal.id, who=chats.name(deal.responsible_id))
    if refused.code == "closed":
        return ledger.words.in_chat("closed", id=deal.id)
    return ledger.words.in_chat("refused", why=str(refused))


def _done_by(ledger: Ledger, chats: Chats, task: Task) -> str:
    who = chats.name(task.done_by) if task.done_by is not None else task.result or "—"
    return ledger.words.in_chat("done_by", who=who)


def _say(
    ledger: Ledger, chat: Chat, text: str, task: int = 0, deal: int = 0, asks: str = "", kept: str = ""
) -> None:  # fmt: skip
    if ledger.house.can_send(chat.channel, chat.account):
        pager.put(ledger.writes, ledger.ids, chat, Words(text, task, deal, asks, kept), ledger.now)
