"""Contacts as people look them up, and as people enter them by hand."""

from dataclasses import dataclass, fields

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from state.cards import Card, Wanted, find_cards
from state.ids import Ids
from state.inbox import add_mailboxes, point_keys
from state.records import Contact, Identity, Instant
from state.tables import contacts, identities, lanes, points


@dataclass(frozen=True, slots=True)
class Profile:
    contact: Contact
    identities: list[Identity]
    deals: list[Card]
    """Newest first, at most fifty."""


def find_profile(conn: Connection, contact_id: int) -> Profile | None:
    row = conn.execute(
        select(*(contacts.c[f.name] for f in fields(Contact))).where(contacts.c.id == contact_id)
    ).first()
    if row is None:
        return None
    rows = conn.execute(
        select(*(identities.c[f.name] for f in fields(Identity)))
        .where(identities.c.contact_id == contact_id)
        .order_by(identities.c.id)
    )
    found = find_cards(conn, Wanted(contact=contact_id), 50)
    return Profile(Contact(*row), [Identity(*one) for one in rows], found)


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
