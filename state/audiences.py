"""Audiences as they go out: contacts that robots have gathered, each once, with what reaches them and what must not."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from state.group_tables import audience_members
from state.records import Instant
from state.strangers import is_stranger
from state.tables import contacts, deals, identities

_OF: Final = deals.c.id == audience_members.c.deal_id


@dataclass(frozen=True, slots=True)
class Audience:
    name: str
    members: int
    first_at: Instant
    last_at: Instant


@dataclass(frozen=True, slots=True)
class Member:
    contact_id: int
    name: str
    phone: str
    email: str
    deal_id: int
    """The first that brought them here."""
    at: Instant
    reached: tuple[str, ...]
    """Channels on which they have written to us, or can be written to."""
    barred: tuple[str, ...]
    """Channels on which they have forbidden it, or nothing arrives."""


def audiences(conn: Connection) -> list[Audience]:
    at = audience_members.c.at
    several = (
        select(audience_members.c.audience, func.count(deals.c.contact_id.distinct()), func.min(at), func.max(at))
        .where(~is_stranger(deals.c.contact_id))
        .join(deals, _OF)
    )
    grouped = several.group_by(audience_members.c.audience).order_by(audience_members.c.audience)
    return [Audience(*row) for row in conn.execute(grouped)]


def members(conn: Connection, audience: str, limit: int, above: int = 0) -> list[Member]:
    """By contact, those behind `above`. A contact that was joined with another is that other."""
    gathered = (
        select(deals.c.contact_id, func.min(audience_members.c.deal_id), func.min(audience_members.c.at))
        .join(deals, _OF)
        .where(audience_members.c.audience == audience, deals.c.contact_id > above, ~is_stranger(deals.c.contact_id))
        .group_by(deals.c.contact_id)
        .order_by(deals.c.contact_id)
        .limit(limit)
    )
    rows = list(conn.execute(gathered))
    ids = [row[0] for row in rows]
    known = select(contacts.c.id, contacts.c.name, contacts.c.phone, contacts.c.email).where(contacts.c.id.in_(ids))
    who = {row[0]: row[1:] for row in conn.execute(known)}
    ways: dict[int, dict[str, bool]] = {}
    said = select(identities.c.contact_id, identities.c.channel, identities.c.barred).where(
        identities.c.contact_id.in_(ids), identities.c.person_id.is_(None)
    )
    for contact, channel, barred in conn.execute(said):
        reachable = ways.setdefault(contact, {})
        reachable[channel] = reachable.get(channel, False) or not barred
    found = []
    for contact, deal, at in rows:
        channels = sorted(ways.get(contact, {}).items())
        open_, shut = (tuple(name for name, can in channels if can is wanted) for wanted in (True, False))
        found.append(Member(contact, *who[contact], deal, at, open_, shut))
    return found
