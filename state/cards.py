"""Deals as they are shown: pages of them, and what a page needs beside the deals themselves, in a few statements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from state.companies import Company, of_deals
from state.merges import JOINED
from state.people import find_people
from state.records import Contact, Deal, Identity, Instant, Person, Run
from state.strangers import NO_CUSTOMER, is_stranger
from state.tables import contacts, deals, identities, points, runs

_DEAL = [deals.c[f.name] for f in fields(Deal)]
_CONTACT = [contacts.c[f.name] for f in fields(Contact)]
_IDENTITY = [identities.c[f.name] for f in fields(Identity)]
_RUN = [runs.c[f.name] for f in fields(Run)]


@dataclass(frozen=True, slots=True)
class Card:
    """A deal with everything that is shown on it."""

    deal: Deal
    contact: Contact
    identities: list[Identity]
    responsible: Person | None
    run: Run | None
    """The latest one, whatever became of it."""
    company: Company | None
    """The legal entity that it is for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deals. Empty values do not narrow."""

    phone: str = ""
    """E.164, or with `phone_part` any run of digits within a phone."""
    phone_part: bool = False
    funnel: str = ""
    stage: str = ""
    responsible: int | None = None
    nobodys: bool = False
    open: bool | None = None
    q: str = ""
    """Found literally in title, name, phone or e-mail, in any case of letters."""
    deals: tuple[int, ...] = field(default=())
    contact: int | None = None


def find_cards(conn: Connection, wanted: Wanted, limit: int, before: tuple[Instant, int] | None = None) -> list[Card]:
    """Newest first; `before` is (opened_at, id) of the last one already seen."""
    found = select(*_DEAL).join(contacts, contacts.c.id == deals.c.contact_id).where(*_narrowed(wanted))
    if before is not None:
        at, last = before
        found = found.where(or_(deals.c.opened_at < at, and_(deals.c.opened_at == at, deals.c.id < last)))
    found = found.order_by(deals.c.opened_at.desc(), deals.c.id.desc()).limit(limit)
    return cards_of(conn, [Deal(*row) for row in conn.execute(found)])


def find_card(conn: Connection, deal_id: int) -> Card | None:
    return next(iter(find_cards(conn, Wanted(deals=(deal_id,)), 1)), None)


def cards_of(conn: Connection, found: Sequence[Deal]) -> list[Card]:
    people = find_people(conn, [d.responsible_id for d in found if d.responsible_id is not None])
    who = {row[0]: Contact(*row) for row in _in(conn, _CONTACT, contacts.c.id, [d.contact_id for d in found])}
    addresses: dict[int, list[Identity]] = {}
    for row in _in(conn, _IDENTITY, identities.c.contact_id, who):
        addresses.setdefault(row[1], []).append(Identity(*row))
    latest: dict[int, Run] = {}
    for row in _in(conn, _RUN, runs.c.deal_id, [d.id for d in found]):
        run = Run(*row)
        if run.deal_id not in latest or _age(latest[run.deal_id]) < _age(run):
            latest[run.deal_id] = run
    entities = of_deals(conn, [d.id for d in found])
    return [
        Card(
            d, who[d.contact_id], sorted(addresses.get(d.contact_id, ()), key=lambda i: i.id),
            people.get(d.responsible_id) if d.responsible_id is not None else None, latest.get(d.id), entities.get(d.id),
        )
        for d in found
    ]  # fmt: skip


def _age(run: Run) -> tuple[bool, Instant, int]:
    return run.status == "running", run.started_at, run.id


def _in(conn: Connection, columns: Sequence[Any], key: Any, wanted: Iterable[int]) -> list[Any]:
    ids = sorted(set(wanted))
    return list(conn.execute(select(*columns).where(key.in_(ids)))) if ids else []


def _narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.phone:
        where.append(having_phone(deals.c.contact_id, wanted.phone, part=wanted.phone_part))
    if wanted.funnel:
        where.append(deals.c.funnel == wanted.funnel)
    if wanted.stage:
        where.append(deals.c.stage == wanted.stage)
    if wanted.responsible is not None:
        where.append(deals.c.responsible_id == wanted.responsible)
    if wanted.nobodys:
        where.append(deals.c.responsible_id.is_(None))
    if wanted.open is not None:
        where.append(deals.c.closed_at.is_(None) if wanted.open else deals.c.closed_at.is_not(None))
    if wanted.q:
        where.append(saying(wanted.q, deals.c.title, contacts.c.name, contacts.c.phone, contacts.c.email))
    if (wanted.q or wanted.phone) and wanted.open is not False and not wanted.stage:
        where.append(deals.c.reason != NO_CUSTOMER)  # to be found where somebody looks through what was closed
        where.append(~and_(deals.c.reason == JOINED, is_stranger(deals.c.contact_id)))
    if wanted.deals:
        where.append(deals.c.id.in_(wanted.deals))
    if wanted.contact is not None:
        where.append(deals.c.contact_id == wanted.contact)
    return where


def having_phone(contact: ColumnElement[int], phone: str, *, part: bool) -> ColumnElement[bool]:
    """`contact`: the column of the number. Every phone that we know is a point: a whole one's key is found at once."""
    if part:
        inside = contacts.c.phone.contains(phone, autoescape=True)
        return or_(inside, _has_point(contact, points.c.key.like("phone:%" + phone + "%")))
    return _has_point(contact, points.c.key == "phone:" + phone)


def _has_point(contact: ColumnElement[int], condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return contact.in_(select(points.c.contact_id).where(condition))


def saying(q: str, *columns: ColumnElement[str]) -> ColumnElement[bool]:
    """SQLite folds only ASCII letters: the usual spellings of a word are looked for instead, on both databases."""
    spellings = dict.fromkeys((q, q.lower(), q.upper(), q.capitalize(), q.title()))
    matches = [column.contains(one, autoescape=True) for column in columns for one in spellings]
    return or_(*matches)
