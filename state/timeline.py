"""The timeline of a deal, and the stream of changes that consoles follow."""

from sqlalchemy import Connection, select

from state.tables import entries


def by_client_id(conn: Connection, deal_id: int, client_id: str) -> int | None:
    """The entry that this composer's message already became."""
    found = select(entries.c.id).where(entries.c.deal_id == deal_id, entries.c.client_id == client_id)
    return conn.execute(found).scalar()
