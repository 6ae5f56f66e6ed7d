"""The shapes that the API answers with, and how rows become them. Names here are a promise to other programs."""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from bots.kit.duties import WITH_STAGE
from bots.kit.hours import Hours
from gateway.clock import Instant, iso
from state.cards import Card
from state.companies import Company
from state.contacts import Profile
from state.merges import Noted
from state.quarantine import Kept
from state.records import Contact, Duplicate, Identity, Person, Run
from state.tasks import Duty
from state.timeline import Change, Fate, Told

_YEAR_MS = 366 * 86_400_000

Status = Literal["queued", "sent", "delivered", "read", "failed", "unknown", "blocked"]


class Who(TypedDict):
    id: int
    name: str


class Address(TypedDict):
    id: int
    """By which it is split off."""
    channel: str
    address: str
    barred: str | None
    """Why nothing can be sent there: `blocked`, `opted_out`, `not_found`."""


class ContactShape(TypedDict):
    id: int
    name: str
    phone: str | None
    email: str | None
    identities: list[Address]


class BotShape(TypedDict):
    name: str
    step: str | None
    status: Literal["running", "stopped", "finished", "timed_out", "handed_off"]
    waits_until: str | None


class DealShape(TypedDict):
    id: int
    funnel: str
    stage: str
    title: str
    source: str
    why: str
    tags: list[str]
    fields: dict[str, Any]
    contact: ContactShape
    company: Who | None
    """The legal entity that it is for."""
    responsible: Who | None
    owner: Literal["bot", "person", "pool"]
    bot: BotShape | None
    waiting_since: str | None
    stage_at: str | None
    opened_at: str | None
    closed_at: str | None
    outcome: Literal["won", "lost"] | None
    reason: str | None
    version: int


class MediaShape(TypedDict):
    kind: str
    name: str
    mime: str
    size: int
    url: str
    """Ours: `GET /api/v1/entries/{id}/media/{n}`. Where a provider keeps the file is nobody's business."""


class EntryShape(TypedDict):
    id: int
    at: str | None
    kind: Literal["message", "bot", "stage", "task", "call", "note", "order", "parcel", "merge", "system"]
    author: str
    person: Who | None
    text: str
    data: dict[str, Any]
    direction: NotRequired[Literal["in", "out"]]
    channel: NotRequired[str]
    media: NotRequired[list[MediaShape]]
    status: NotRequired[Status | None]
    error: NotRequired[str | None]
    repeat: NotRequired[bool]
    client_id: NotRequired[str | None]


class TaskShape(TypedDict):
    id: int
    deal: int | None
    kind: str
    text: str
    details: dict[str, Any]
    responsible: Who | None
    due_at: str | None
    state: Literal["open", "done"]
    result: str | None
    created_by: str
    created_at: str | None
    done_at: str | None
    ends: str | None
    """`with stage`: by itself, once the deal has left its stage, unless somebody works on it."""


class ProfileShape(ContactShape):
    created_at: str | None
    deals: list[DealShape]


class ClarificationShape(TypedDict):
    item: str
    title: str
    script: str
    funnel: str
    stage: str | None


class CalendarShape(TypedDict):
    name: str
    zone: str
    open: bool
    changes_at: str | None
    """When it opens or closes next; null: not within a year."""
    holidays: str | None
    """The country whose public holidays are off, and its part."""


class MeShape(TypedDict):
    id: int
    name: str
    role: str


class KeptShape(TypedDict):
    id: int
    channel: str
    account: str
    external_id: str
    reason: str
    attempts: int
    received_at: str | None
    contact: int | None
    raw: str


class ChangeShape(TypedDict):
    id: int
    at: str | None
    kind: str
    deal: int
    ref: int


class MovedShape(TypedDict):
    """How much was moved."""

    entries: int
    tasks: int
    deals: int
    identities: int


class MergeShape(TypedDict):
    id: int
    kind: Literal["contacts", "deals", "split"]
    at: str | None
    by: Who | None
    why: str
    batch: str | None
    contact: int
    from_contact: int | None
    deal: int | None
    from_deal: int | None
    parent: int | None
    moved: MovedShape
    undone_at: str | None
    undone_by: Who | None


class Merges(TypedDict):
    items: list[MergeShape]
    next: str | None


class LeftShape(TypedDict):
    id: int
    code: str
    message: str


class UndoneShape(TypedDict):
    undone: list[int]
    left: list[LeftShape]
    """What could not be undone, and why."""
    more: bool
    """There are others: call again."""


class ReasonShape(TypedDict):
    kind: Literal["phone", "email", "order", "name"]
    value: str


class DuplicateShape(TypedDict):
    id: int
    contacts: list[ContactShape]
    reasons: list[ReasonShape]
    state: Literal["open", "merged", "dismissed"]
    found_at: str | None
    merge: int | None


class Duplicates(TypedDict):
    items: list[DuplicateShape]
    next: str | None


class Deals(TypedDict):
    items: list[DealShape]
    next: str | None


class Timeline(TypedDict):
    items: list[EntryShape]
    next: str | None


class Tasks(TypedDict):
    items: list[TaskShape]
    next: str | None


class Clarifications(TypedDict):
    items: list[ClarificationShape]
    next: None


class Calendars(TypedDict):
    items: list[CalendarShape]
    next: None


class Quarantine(TypedDict):
    items: list[KeptShape]
    next: str | None


def who(person: Person | None) -> Who | None:
    return None if person is None else {"id": person.id, "name": person.name}


def contact(one: Contact, identities: list[Identity]) -> ContactShape:
    return {
        "id": one.id,
        "name": one.name,
        "phone": one.phone or None,
        "email": one.email or None,
        "identities": [
            {"id": i.id, "channel": i.channel, "address": i.address, "barred": i.barred or None} for i in identities
        ],
    }


def deal(card: Card) -> DealShape:
    d: Any = card.deal  # columns are plain text; the shapes above name the words they hold
    return {
        "id": d.id, "funnel": d.funnel, "stage": d.stage, "title": d.title, "source": d.source, "why": d.why, "tags": d.tags,
        "fields": d.fields, "contact": contact(card.contact, card.identities), "company": entity(card.company),
        "responsible": who(card.responsible), "owner": d.owner, "bot": _bot(card.run), "waiting_since": iso(d.waiting_since), "stage_at": iso(d.stage_at),
        "opened_at": iso(d.opened_at), "closed_at": iso(d.closed_at), "outcome": d.outcome, "reason": d.reason or None,
        "version": d.version,
    }  # fmt: skip


def entity(one: Company | None) -> Who | None:
    return None if one is None else {"id": one.id, "name": one.name}


def _bot(latest: Run | None) -> BotShape | None:
    if latest is None:
        return None
    run: Any = latest
    return {"name": run.bot, "step": run.state.get("step"), "status": run.status, "waits_until": iso(run.waits_until)}


def entry(told: Told) -> EntryShape:
    e: Any = told.entry
    shape: EntryShape = {
        "id": e.id, "at": iso(e.at), "kind": e.kind, "author": e.author, "person": who(told.person), "text": e.text, "data": e.data,
    }  # fmt: skip
    if e.kind != "message":
        return shape
    status, error, repeat = fate(told.parts)
    shape |= {
        "direction": e.direction, "channel": e.channel, "media": [media(e.id, n, one) for n, one in enumerate(e.media)],
        "status": status, "error": error, "client_id": e.client_id,
    }  # fmt: skip
    if repeat:
        shape["repeat"] = True
    return shape


def media(entry_id: int, n: int, one: dict[str, Any]) -> MediaShape:
    return {
        "kind": one.get("kind") or "document", "name": one.get("name") or "", "mime": one.get("mime") or "",
        "size": one.get("size") or 0, "url": media_url(entry_id, n),
    }  # fmt: skip


def media_url(entry_id: int, n: int) -> str:
    return f"/api/v1/entries/{entry_id}/media/{n}"


_ENDED: tuple[Status, ...] = ("failed", "blocked", "unknown")
_CLIMB: tuple[Status, ...] = ("queued", "sent", "delivered", "read")


def fate(parts: list[Fate]) -> tuple[Status | None, str | None, bool]:
    """Status of a whole message: what went wrong beats everything, else it is as far as its least advanced part.

    None for one that was never ours to send. The last value: some of it may have reached the customer twice.
    """
    repeat = any(part.repeats > 0 for part in parts)
    for status in _ENDED:
        if errors := [part.error for part in parts if part.state == status]:
            return status, next((e for e in errors if e), None), repeat
    states = ["queued" if part.state == "sending" else part.state for part in parts]
    return next((status for status in _CLIMB if status in states), None), None, repeat


def task(duty: Duty) -> TaskShape:
    t: Any = duty.task
    return {
        "id": t.id, "deal": t.deal_id or None, "kind": t.kind, "text": t.text, "details": t.details, "responsible": who(duty.responsible),
        "due_at": iso(t.due_at), "state": t.state, "result": t.result or None, "created_by": t.created_by,
        "created_at": iso(t.created_at), "done_at": iso(t.done_at),
        "ends": WITH_STAGE if t.ends else None,
    }  # fmt: skip


def profile(found: Profile) -> ProfileShape:
    base = contact(found.contact, found.identities)
    return {**base, "created_at": iso(found.contact.created_at), "deals": [deal(card) for card in found.deals]}


def merge(noted: Noted) -> MergeShape:
    m: Any = noted.merge
    counted: Any = {name: len(m.data.get(name, ())) for name in ("entries", "tasks", "deals", "identities")}
    return {
        "id": m.id, "kind": m.kind, "at": iso(m.at), "by": who(noted.by), "why": m.why, "batch": m.batch or None, "contact": m.contact_id,
        "from_contact": m.from_contact_id, "deal": m.deal_id, "from_deal": m.from_deal_id, "parent": m.parent_id, "moved": counted,
        "undone_at": iso(m.undone_at), "undone_by": who(noted.undone_by),
    }  # fmt: skip


def duplicate(one: Duplicate, both: list[Profile]) -> DuplicateShape:
    d: Any = one
    return {
        "id": d.id, "contacts": [contact(p.contact, p.identities) for p in both],
        "reasons": [{"kind": kind, "value": value} for kind, value in d.reasons], "state": d.state, "found_at": iso(d.found_at),
        "merge": d.merge_id,
    }  # fmt: skip


def calendar(name: str, hours: Hours, now: Instant, until: Instant, is_open: bool) -> CalendarShape:
    return {
        "name": name, "zone": hours.zone, "open": is_open, "changes_at": iso(until) if until - now < _YEAR_MS else None,
        "holidays": str(hours.holidays) if hours.holidays else None,
    }  # fmt: skip


def kept(one: Kept) -> KeptShape:
    return {
        "id": one.id, "channel": one.channel, "account": one.account, "external_id": one.external_id, "reason": one.reason,
        "attempts": one.attempts, "received_at": iso(one.received_at), "contact": one.contact_id,
        "raw": one.raw[:10_000].decode("utf-8", "replace"),
    }  # fmt: skip


def change(one: Change) -> ChangeShape:
    return {"id": one.id, "at": iso(one.at), "kind": one.kind, "deal": one.deal_id, "ref": one.ref_id}
