"""Has those who work here hear of their tasks in their own chat with the bot: what is said, with which buttons, to whom.

Their messages are parts of the outbox like any others, in the commit of what they tell. Customers' words in them are
quoted line by line, and nothing in them is markup: the channel sends plain text.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bots.kit.hours import Hours
from gateway.clock import Instant
from gateway.house import House
from gateway.parts import split
from gateway.roster import Roster
from state import lanes, staff_chats
from state.database import Connection
from state.ids import Ids
from state.records import Part, Task
from state.staff_chats import Brief, Chat

PRESS: Final = "s."
"""How the data of their buttons begins; those of customers' questions begin with a number."""
_LONGEST: Final = 3_500
_LONGEST_WORDS: Final = 900
_MOST_DETAILS: Final = 12


@dataclass(frozen=True, slots=True)
class Words:
    """One message to one of them, and what it is about."""

    text: str
    task: int = 0
    deal: int = 0
    asks: str = ""
    kept: str = ""
    due_at: Instant | None = None
    buttons: tuple[tuple[str, ...], ...] = ()
    """(data, label) or (data, label, address)."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Who may be told: chats by person, and who is there, read where it is asked for."""

    chats: Mapping[int, Chat]
    roster: Callable[[], Roster]


def put(writes: lanes.Writes, ids: Ids, chat: Chat, words: Words, now: Instant) -> None:
    """Into the outbox, with a note of what it is about."""
    payload: dict[str, Any] = {"kind": "text", "text": split(words.text, _LONGEST, "utf16")[0]}
    if words.buttons:
        payload["buttons"] = [list(button) for button in words.buttons]
    part = Part(
        ids.take("part"), 0, 0, chat.contact_id, chat.identity_id, chat.channel, chat.account, chat.address, payload, "robot", "service",
        None, 0, now,
    )  # fmt: skip
    writes.parts.append(part)
    if words.task or words.deal:
        writes.notes.append(
            {
                "part_id": part.id, "identity_id": chat.identity_id, "task_id": words.task, "deal_id": words.deal, "asks": words.asks,
                "kept": words.kept, "due_at": words.due_at, "at": now,
            }
        )  # fmt: skip


def call(conn: Connection, told: lanes.Writes, staff: Staff, house: House, ids: Ids, now: Instant) -> None:
    """What the turns of a batch have given whom to do: in the same commit, behind their rows."""
    if not staff.chats:
        return
    writes = lanes.Writes()
    for what, task_id, by in _news(conn, told):
        about = staff_chats.brief(conn, task_id)
        if about is not None and about.task.state == "open":
            for chat in recipients(about.task, staff, house, now, without=by):
                announce(writes, ids, chat, what, about, house, now)
    if writes.parts:
        lanes.add_parts(conn, writes)


def _news(conn: Connection, told: lanes.Writes) -> Iterator[tuple[str, int, int | None]]:
    """(what, task, who knows because they did it)."""
    givers = {
        e.data["task"]: e.person_id for e in told.entries if e.kind == "task" and e.data.get("event") == "created"
    }
    seen = set()
    for task in told.tasks:
        if task.state == "open":
            seen.add(task.id)
            yield "new", task.id, givers.get(task.id)
    for what, task_id, by in told.news:
        if task_id not in seen:
            seen.add(task_id)
            yield what, task_id, by
    for one in told.handed_tasks:
        if one.taker is None or one.knows:
            continue
        for task_id in staff_chats.handed(conn, one.deal, one.taker):
            if task_id not in seen:
                seen.add(task_id)
                yield "handed", task_id, None


def recipients(
    task: Task, staff: Staff, house: House, now: Instant, *, without: int | None = None, usual: Hours | None = None
) -> Sequence[Chat]:
    """Whose it is; where it is nobody's, those who are there: in their own shift, else in the `usual` hours."""
    if task.responsible_id is not None:
        found = [staff.chats.get(task.responsible_id)]
    else:
        roster = staff.roster()
        found = [
            staff.chats.get(one.id)
            for one in roster.people
            if one.id in staff.chats and roster.is_there(one, now, usual)
        ]
    return [
        chat
        for chat in found
        if chat is not None
        and chat.person != without
        and not chat.barred
        and house.can_send(chat.channel, chat.account)
    ]


def announce(
    writes: lanes.Writes, ids: Ids, chat: Chat, what: str, about: Brief, house: House, now: Instant
) -> None:  # fmt: skip
    """One task to one of them; behind it the customer's last words, which an answer goes to."""
    task, deal = about.task, about.deal
    asks, due = ("overdue", task.due_at) if what == "overdue" else ("", None)
    put(
        writes, ids, chat,
        Words(_told(what, about, house), task.id, task.deal_id, asks, "", due, _buttons(chat, about, house)), now,
    )  # fmt: skip
    if deal is not None and about.heard is not None and about.heard.text.strip() and what != "overdue":
        quote = (
            house.words.in_chat("quote", words=quoted(about.heard.text)) + "\n\n" + house.words.in_chat("reply_hint")
        )
        put(writes, ids, chat, Words(quote, task.id, deal.id, "reply"), now)


def _told(what: str, about: Brief, house: House) -> str:
    task, deal, contact = about.task, about.deal, about.contact
    lines = [f"{house.words.in_chat(what)}: {house.playbook.task_kind(task.kind).title}", quoted(task.text)]
    if contact is not None:
        who = ", ".join(filter(None, (_one_line(contact.name), contact.phone, contact.email)))
        lines += [house.words.in_chat("customer", who=who)] if who else []
    if deal is not None:
        stage = house.funnel(deal.funnel).stage(deal.stage)
        lines.append(house.words.in_chat("deal", id=deal.id, stage=stage.title if stage else deal.stage))
    if task.due_at is not None and task.due_at != task.created_at:
        lines.append(house.words.in_chat("due", at=house.clock_text(task.due_at)))
    for name, value in list(task.details.items())[:_MOST_DETAILS]:
        if isinstance(value, str | int | float) and str(value).strip():
            lines.append(f"{_one_line(house.field_title(name))}: {_one_line(str(value))}")
    return "\n".join(lines)


def _buttons(chat: Chat, about: Brief, house: House) -> tuple[tuple[str, ...], ...]:
    task, deal = about.task, about.deal
    found: list[tuple[str, ...]] = []
    if deal is not None and deal.closed_at is None and not (
        deal.owner == "person" and deal.responsible_id == chat.person and task.responsible_id == chat.person
    ):  # fmt: skip
        found.append((f"{PRESS}{task.id}.take", house.words.in_chat("take")))
    found.append((f"{PRESS}{task.id}.done", house.words.in_chat("done")))
    if house.public_url.startswith("https://"):  # Telegram takes no other address
        path = f"/console/deals/{deal.id}" if deal is not None else "/console"
        found.append(("", house.words.in_chat("open"), house.public_url.rstrip("/") + path))
    return tuple(found)


def quoted(text: str) -> str:
    """Somebody else's words, so that none of their lines can pass for one of ours."""
    kept = split(text.strip(), _LONGEST_WORDS, "utf16")[0] if text.strip() else ""
    return "\n".join(f"│ {_plain(one)}" for one in kept.splitlines())


def _one_line(text: str) -> str:
    return " ".join(_plain(text).split())[:200]


def _plain(text: str) -> str:
    """Without signs that are not seen, or that turn what is read around."""
    return "".join(sign for sign in text if sign.isprintable())
