"""What a rehearsal looks at: when something comes due next, and whole rows as they are. Never asked by a worker."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, literal_column, or_, select

from state.dialects import Ready
from state.inbox import identity_key
from state.records import Instant
from state.tables import contacts, deals, entries, identities, lanes, metadata, parts, points

_LANES: Final = Ready(lambda _: select(func.min(lanes.c.due_at)).where(lanes.c.due_at > bindparam("after")))
_PARTS: Final = Ready(
    lambda _: select(func.min(parts.c.due_at)).where(
        parts.c.state == literal_column("'queued'"), parts.c.due_at > bindparam("after")
    )
)


def next_due(conn: Connection, after: Instant) -> Instant | None:
    """When the next lane or part behind this moment comes due."""
    times = (one.value(conn, after=after) for one in (_LANES, _PARTS))
    return min((at for at in times if at is not None), default=None)


def rows(conn: Connection, table: str, **equal: Any) -> list[dict[str, Any]]:
    """Of one table, those with these values, in the order in which they were made."""
    found = metadata.tables[table]
    wanted = [
        found.c[name].in_(value) if isinstance(value, list) else found.c[name] == value for name, value in equal.items()
    ]
    order = [found.c.id] if "id" in found.c else list(found.primary_key)
    return [dict(row._mapping) for row in conn.execute(select(found).where(*wanted).order_by(*order))]  # noqa: SLF001


def who_is(conn: Connection, addresses: Iterable[tuple[str, str, str]], keys: Iterable[str]) -> int | None:
    """The contact that has one of these addresses, or else one of these phones and mailboxes; joined ones are followed."""
    wanted = [identity_key(*one) for one in addresses]
    found = conn.execute(select(identities.c.contact_id).where(identities.c.key.in_(wanted)).order_by(identities.c.id))
    contact = found.scalars().first()
    if contact is None:
        known = select(points.c.contact_id).where(or_(points.c.key.in_(list(keys)))).order_by(points.c.key)
        contact = conn.execute(known).scalars().first()
    while contact is not None:
        kept = conn.execute(select(contacts.c.merged_into).where(contacts.c.id == contact)).scalar()
        if kept is None:
            return int(contact)
        contact = kept
    return None


def open_deals(conn: Connection, n: int) -> list[tuple[int, int]]:
    """The latest, with their contacts."""
    found = select(deals.c.id, deals.c.contact_id).where(deals.c.closed_at.is_(None))
    return [(row.id, row.contact_id) for row in conn.execute(found.order_by(deals.c.id.desc()).limit(n))]


def messages_of(conn: Connection, deal: int) -> list[int]:
    found = select(entries.c.id).where(entries.c.deal_id == deal, entries.c.kind == "message")
    return list(conn.execute(found.order_by(entries.c.id)).scalars())
