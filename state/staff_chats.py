"""Chats of those who work here with the shop's own bot: whose they are, and what each message to them is about.

A chat is tied by a code of one use (state/people.py). One person has one chat; a chat that is tied is no customer's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from state import deals as kept_deals
from state import people
from state.dialects import Chosen
from state.records import Contact, Deal, Entry, Instant, Person, Task
from state.tables import contacts, entries, identities, parts, staff_notes, tasks
from state.tables import people as people_rows

WORKERS: Final = ("manager", "head", "admin")
"""Roles that see customers; a marketer does not."""


@dataclass(frozen=True, slots=True)
class Chat:
    """Where somebody who works here is written to."""

    identity_id: int
    contact_id: int
    channel: str
    account: str
    address: str
    barred: str
    person: int


@dataclass(frozen=True, slots=True)
class Note:
    """What a message to them is about, and what it asks for."""

    part_id: int
    task_id: int
    deal_id: int
    asks: str
    kept: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Brief:
    """All that a message about a task says."""

    task: Task
    deal: Deal | None
    contact: Contact | None
    heard: Entry | None
    """The customer's last words."""


_CHAT: Final = [
    *(identities.c[n] for n in ("id", "contact_id", "channel", "account", "address", "barred")),
    identities.c.person_id,
]
_TIED: Final = Chosen(
    _CHAT,
    lambda found, among: found.join(people_rows, people_rows.c.id == identities.c.person_id).where(
        identities.c.person_id.is_not(None), people_rows.c.active == 1, among(people_rows.c.role, "roles")
    ),
)
_NOTE: Final = [staff_notes.c[f.name] for f in fields(Note)]


def chats(conn: Connection) -> dict[int, Chat]:
    """By person: everybody who may see customers and has a chat."""
    return {row[-1]: Chat(*row) for row in _TIED.rows(conn, roles=list(WORKERS))}


def chat_of(conn: Connection, person_id: int) -> Chat | None:
    row = conn.execute(select(*_CHAT).where(identities.c.person_id == person_id)).first()
    return Chat(*row) if row else None


def tie(conn: Connection, identity_id: int, person_id: int | None, now: Instant) -> None:
    """The chat is theirs, and no other one is any more; without a person it is a customer's again."""
    if person_id is not None:
        people.untie(conn, person_id, now)
    conn.execute(update(identities).where(identities.c.id == identity_id).values(person_id=person_id))


def add_notes(conn: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    conn.execute(insert(staff_notes), list(rows))


class Chats:
    """What a turn may ask about them, on its own connection."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def use_code(self, code: str, now: Instant) -> Person | None:
        """Whom the code ties; it is used up then, in this turn's commit."""
        return people.use_telegram(self._conn, code, now)

    def whose(self, identity_id: int) -> tuple[Person, Chat] | None:
        """Whose chat this is at this moment, whatever the lane was told when it began."""
        found = select(*_CHAT).where(identities.c.id == identity_id, identities.c.person_id.is_not(None))
        row = self._conn.execute(found).first()
        person = people.find_people(self._conn, [row[-1]]).get(row[-1]) if row else None
        return (person, Chat(*row)) if row and person and person.active else None

    def task(self, task_id: int) -> Task | None:
        return kept_deals.find_task(self._conn, task_id)

    def deal(self, deal_id: int) -> Deal | None:
        return kept_deals.find(self._conn, deal_id)

    def name(self, person_id: int) -> str:
        found = people.find_people(self._conn, [person_id]).get(person_id)
        return found.name if found else str(person_id)

    def note(self, identity_id: int, message_id: str) -> Note | None:
        """What the message of ours with the provider's id is about."""
        found = select(*_NOTE).join(parts, parts.c.id == staff_notes.c.part_id)
        row = self._conn.execute(
            found.where(staff_notes.c.identity_id == identity_id, parts.c.provider_id == message_id)
        ).first()
        return Note(*row) if row else None

    def last_note(self, identity_id: int) -> Note | None:
        """The newest message about a task."""
        newest = select(*_NOTE).where(staff_notes.c.identity_id == identity_id)
        row = self._conn.execute(newest.order_by(staff_notes.c.part_id.desc()).limit(1)).first()
        return Note(*row) if row else None


def brief(conn: Connection, task_id: int) -> Brief | None:
    task = kept_deals.find_task(conn, task_id)
    if task is None:
        return None
    deal = kept_deals.find(conn, task.deal_id) if task.deal_id else None
    contact = heard = None
    if deal is not None:
        row = conn.execute(
            select(*(contacts.c[f.name] for f in fields(Contact))).where(contacts.c.id == deal.contact_id)
        ).first()
        contact = Contact(*row) if row else None
        newest = select(*(entries.c[f.name] for f in fields(Entry))).where(
            entries.c.deal_id == deal.id, entries.c.kind == "message", entries.c.direction == "in"
        )
        row = conn.execute(newest.order_by(entries.c.id.desc()).limit(1)).first()
        heard = Entry(*row) if row else None
    return Brief(task, deal, contact, heard)


def handed(conn: Connection, deal_id: int, person_id: int) -> list[int]:
    """Open tasks of this deal that are this person's."""
    found = select(tasks.c.id).where(
        tasks.c.deal_id == deal_id, tasks.c.state == "open", tasks.c.responsible_id == person_id
    )
    return list(conn.execute(found).scalars())
