"""Contacts as people look them up, and as people enter them by hand."""

from dataclasses import dataclass, fields

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from state.cards import Card, find_cards, having_phone, saying
from state.cards import Wanted as WantedDeals
from state.ids import Ids
from state.inbox import add_mailboxes, point_keys
from state.records import Contact, Identity, Instant
from state.strangers import is_stranger
from state.tables import contacts, identities, lanes, points

_CONTACT = [contacts.c[f.name] for f in fields(Contact)]
_IDENTITY = [identities.c[f.name] for f in fields(Identity)]


@dataclass(frozen=True, slots=True)
class Profile:
    contact: Contact
    identities: list[Identity]
    deals: list[Card]
    """Newest first, at most fifty."""


def find_profile(conn: Connection, contact_id: int) -> Profile | None:
    row = conn.execute(select(*_CONTACT).where(contacts.c.id == contact_id)).first()
    if row is None:
        return None
    rows = conn.execute(select(*_IDENTITY).where(identities.c.contact_id == contact_id).order_by(identities.c.id))
    found = find_cards(conn, WantedDeals(contact=contact_id), 50)
    return Profile(Contact(*row), [Identity(*one) for one in rows], found)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which contacts. Empty values do not narrow."""

    phone: str = ""
    """E.164, or with `phone_part` any run of digits within a phone."""
    phone_part: bool = False
    q: str = ""
    """Found literally in name, phone or e-mail, in any case of letters."""


@dataclass(frozen=True, slots=True)
class Known:
    contact: Contact
    identities: list[Identity]


def page(conn: Connection, wanted: Wanted, limit: int, before: int | None = None) -> list[Known]:
    """Newest first; `before` is the id of the last one already seen. Those that are part of another are not listed, nor are
    those of whom nothing but a wrong number is known.
    """
    found = select(*_CONTACT).where(contacts.c.merged_into.is_(None), ~is_stranger(contacts.c.id))
    if wanted.phone:
        found = found.where(having_phone(contacts.c.id, wanted.phone, part=wanted.phone_part))
    if wanted.q:
        found = found.where(saying(wanted.q, contacts.c.name, contacts.c.phone, contacts.c.email))
    if before is not None:
        found = found.where(contacts.c.id < before)
    listed = [Contact(*row) for row in conn.execute(found.order_by(contacts.c.id.desc()).limit(limit))]
    theirs = select(*_IDENTITY).where(identities.c.contact_id.in_([one.id for one in listed]))
    addresses: dict[int, list[Identity]] = {}
    for row in conn.execute(theirs.order_by(identities.c.id)) if listed else ():
        addresses.setdefault(row[1], []).append(Identity(*row))
    return [Known(one, addresses.get(one.id, [])) for one in listed]


def find_or_create(conn: Connection, ids: Ids, name: str, phone: str, email: str, now: Instant) -> int:
    """The contact that this phone (E.164) or else this e-mail leads to; a new one where neither is known.

    A known contact is left as it is, apart from a point or an address it did not have: its row belongs to its lane.
    """
    keys = point_keys({"phone": phone, "email": email})
    dialect = sqlite_insert if conn.dialect.name == "sqlite" else pg_insert
    known = _known(conn, keys)
    fresh = known is None
    contact = ids.take("contact") if known is None else known
    for key in keys:
        point = dialect(points).values(key=key, contact_id=contact, verified_at=None)
        won = conn.execute(point.on_conflict_do_nothing(index_elements=["key"]).returning(points.c.key)).scalar()
        if won is None and fresh and (found := _known(conn, [key])) is not None:  # somebody else was quicker
            conn.execute(delete(points).where(points.c.contact_id == contact, points.c.key.in_(keys)))
            return found
    if fresh:
        row = {"id": contact, "name": name, "phone": phone, "email": email, "created_at": now, "merged_into": None}
        conn.execute(insert(contacts).values(**row))
        conn.execute(insert(lanes).values(contact_id=contact, due_at=None, pace=[]))
    if email:
        add_mailboxes(conn, ids, {email: contact}, now)
    return contact


def _known(conn: Connection, keys: list[str]) -> int | None:
    if not keys:
        return None
    found = dict(conn.execute(select(points.c.key, points.c.contact_id).where(points.c.key.in_(keys))).all())
    return next((found[key] for key in keys if key in found), None)
