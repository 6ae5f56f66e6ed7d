"""Where a story is played: the rehearsal, its people and customers, which deal is meant, and what was sent since when."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from bots.kit.problems import did_you_mean, shown
from gateway.auditor import Auditor, begins_of
from gateway.channels.base import Outcome, Outgoing
from gateway.channels.paper import ACCOUNTS
from gateway.events import Event, Sender
from gateway.rehearsal import Rehearsal
from state import contacts, scenes
from state.records import Instant, Person

_FIRST: Final = {"uk": ("Ірина", "+380670000"), "ru": ("Ирина", "+79160000"), "en": ("Irene", "+447700900")}
_NAMELESS: Final = ""


class Unseen(Exception):
    """A sight that does not hold; the text says what there was instead."""


class Denied(Exception):
    """A manager's act was refused."""


@dataclass(slots=True)
class Customer:
    name: str
    phone: str
    email: str
    number: int
    addresses: set[tuple[str, str, str]] = field(default_factory=set)
    """Where they were heard from: channel, account, address."""
    declared: bool = False
    """Their e-mail address was said, so that orders and forms carry it."""

    def sender(self, channel: str) -> Sender:
        """As the channel would tell of them."""
        account = ACCOUNTS.get(channel, "hook")
        match channel:
            case "whatsapp" | "sms":
                found = Sender(channel, account, self.phone, self.name, self.phone)
            case "email":
                found = Sender(channel, account, self.email, self.name, email=self.email)
            case _:
                found = Sender(channel, account, f"{channel}-{self.number}", self.name)
        self.addresses.add((channel, account, found.address))
        return found


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as a customer got it."""

    part: int
    channel: str
    contact: int
    text: str
    template: str = ""
    told: bool = False


@dataclass(slots=True)
class Scene:
    rehearsal: Rehearsal
    folder: Path
    """The playbook's."""
    staff: dict[str, Person]
    customers: dict[str, Customer] = field(default_factory=dict)
    customer: str = _NAMELESS
    """Whom the story is about at the moment."""
    pick: tuple[Literal["", "order", "funnel", "stage"], str] = ("", "")
    faults: list[tuple[str, Outcome]] = field(default_factory=list)
    """What the next sends are answered, each on a channel or (empty) on any."""
    sent: list[tuple[str, str, Outgoing]] = field(default_factory=list)
    """Channel, account and message, since the last act."""
    told: set[int] = field(default_factory=set)
    """Parts of which a line has told."""
    refused: str = ""
    """With what the last act was refused."""
    last_part: int = 0
    waybills: list[dict[str, Any]] = field(default_factory=list)
    """What the carrier was asked to make."""

    @property
    def now(self) -> Instant:
        return self.rehearsal.clock.at

    @property
    def zone(self) -> str:
        return self.rehearsal.house.playbook.zone

    async def until(self, moment: Instant) -> None:
        """Time passes; audits that the playbook plans are done when their time comes."""
        shop = self.rehearsal.house.playbook
        for at in begins_of(shop.audit, shop.zone, self.now, moment) if shop.audit is not None else ():
            await self.rehearsal.until(at)
            await self.audit()
        await self.rehearsal.until(moment)
        await self.rehearsal.timekeeper.once()  # who is late by now
        await self.rehearsal.settle()

    async def audit(self) -> None:
        """The one that is asked for, or whose time has come."""
        whole = self.rehearsal
        await Auditor(whole.db, whole.house, whole.live, whole.clock).once()

    # -- customers ---------------------------------------------------------------------------------------------------

    def meet(self, name: str = "") -> Customer:
        """Whom a line is about, who is the one that the lines below are about, too."""
        if name != self.customer:
            self.pick = ("", "")
        self.customer = name
        found = self.customers.get(name)
        if found is None:
            own, phone = _FIRST.get(self.rehearsal.house.playbook.language, _FIRST["en"])
            number = len(self.customers) + 1
            found = self.customers[name] = Customer(
                name or own, f"{phone}{number:03}", f"customer{number}@example.com", number
            )
        return found

    async def contact(self) -> int | None:
        one = self.meet(self.customer)
        keys = [f"phone:{one.phone}", f"email:{one.email}"]
        return await self.rehearsal.look(lambda c: scenes.who_is(c, sorted(one.addresses), keys))

    async def known_contact(self) -> int:
        contact = await self.contact()
        if contact is None:
            raise Unseen("nobody has heard of the customer yet")
        return contact

    async def entered_contact(self) -> int:
        """Whom nobody has heard of yet is entered by hand, with what is known of them, as `POST /deals` does it."""
        contact = await self.contact()
        if contact is None:
            one, db, now = self.meet(self.customer), self.rehearsal.db, self.now
            email = one.email if one.declared else ""
            contact = await db.write(
                lambda c: contacts.find_or_create(c, db.ids, one.name, one.phone, email, now), "contacts"
            )
        return contact

    async def hear(self, channel: str, account: str, event: Event) -> None:
        await self.rehearsal.hear(channel, account, event)
        await self.rehearsal.settle()
        await self._hear_out()

    async def _hear_out(self) -> None:
        """Bots wait a moment for a customer who may still be speaking: nobody does here."""
        while settling := await self.rows("timers", name="settle"):
            await self.rehearsal.until(max(self.now, min(timer["due_at"] for timer in settling)))

    # -- what there is -----------------------------------------------------------------------------------------------

    async def rows(self, table: str, **equal: Any) -> list[dict[str, Any]]:
        return await self.rehearsal.look(lambda c: scenes.rows(c, table, **equal))

    async def deals(self) -> list[dict[str, Any]]:
        contact = await self.contact()
        return await self.rows("deals", contact_id=contact) if contact is not None else []

    async def deal(self) -> dict[str, Any]:
        """The one that is meant."""
        kind, which = self.pick
        if kind == "order":
            found = [deal for deal in await self.rows("deals") if str(deal["fields"].get("order")) == which]
        else:
            found = [deal for deal in await self.deals() if not kind or deal[kind] == which]
        if not found:
            raise Unseen(f"there is no deal {('of ' + kind + ' ' + which) if kind else 'of the customer'}")
        return max(found, key=lambda deal: (deal["closed_at"] is None, deal["opened_at"], deal["id"]))

    async def letters(self) -> list[Letter]:
        """What went out since the last act."""
        numbers = [out.part for _, _, out in self.sent]
        parts = {row["id"]: row for row in await self.rows("parts", id=numbers)}
        entries = await self.rows("entries", id=[row["entry_id"] for row in parts.values()])
        kept = {row["id"]: row["text"] for row in entries}
        return [
            Letter(
                out.part, channel, parts[out.part]["contact_id"] if out.part in parts else 0,
                kept[parts[out.part]["entry_id"]] if out.kind == "template" else self._text(out),
                self._template(out), out.part in self.told,
            )
            for channel, _, out in self.sent
            if out.kind not in ("ack", "call")
        ]  # fmt: skip

    def _template(self, out: Outgoing) -> str:
        listed = self.rehearsal.house.playbook.templates.values()
        return next((one.name for one in listed if out.template and out.template in one.ids.values()), "")

    def _text(self, out: Outgoing) -> str:
        """What the customer reads; of a provider's template the timeline knows it."""
        shown = [f"[{file.kind} {file.name}]" for file in (out.media, *out.files) if file]
        return "\n".join(
            [
                *shown,
                *([out.subject] if out.subject else []),
                out.text,
                *(f"[{button.label}]" for button in out.buttons),
            ]
        )

    def note(self, channel: str, account: str, out: Outgoing) -> Outcome | None:
        """A paper channel was asked to send something: what it answers."""
        if out.kind != "ack":
            place = next((n for n, (where, _) in enumerate(self.faults) if where in ("", channel)), None)
            if place is not None:
                return self.faults.pop(place)[1]
        self.sent.append((channel, account, out))
        if out.kind not in ("ack", "call"):
            self.last_part = out.part
        return None

    def person(self, name: str) -> Person:
        """By their key in the team, or by name."""
        if name not in self.staff:
            nobody = "Name them in the story's head: people: Анна, Глеб head"
            remedy = did_you_mean(name, self.staff) if self.staff else nobody
            raise Unseen(f"nobody called '{shown(name)}' works here. {remedy}")
        return self.staff[name]


Do = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a story, ready to be played."""

    line: int
    said: str
    do: Do
    kind: Literal["act", "sight", "refusal"]


@dataclass(frozen=True, slots=True)
class Story:
    title: str
    playbook: str
    """Name or path; empty: the one in whose folder it lies."""
    covers: tuple[str, ...]
    people: Sequence[tuple[str, str]]
    channels: tuple[str, ...]
    steps: tuple[Step, ...]
