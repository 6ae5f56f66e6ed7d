"""Rows that have had their days: each kind's keep is stated here and nowhere else."""

from typing import Final

from sqlalchemy import Connection, delete, func, literal_column, select

from state.records import Instant
from state.tables import changes, inbox, parts, tokens

_DAY: Final = 86_400_000
CHANGES_KEPT: Final = 7 * _DAY
"""How far back a console may resume the stream."""
TOKENS_KEPT: Final = 7 * _DAY
_AT_ONCE: Final = 5_000


def forget(conn: Connection, now: Instant) -> None:
    """Delete a bounded number of rows past their keep; the rest goes next time."""
    old = select(changes.c.id).where(changes.c.at < now - CHANGES_KEPT).limit(_AT_ONCE)
    conn.execute(delete(changes).where(changes.c.id.in_(old)))
    conn.execute(delete(tokens).where(tokens.c.kind != "api", tokens.c.expires_at < now - TOKENS_KEPT))


def part_counts(conn: Connection) -> list[tuple[str, str, int]]:
    """(channel, state, count) of parts not older than the newest 100,000: a gauge must not cost a table scan."""
    newest = conn.execute(select(func.max(parts.c.id))).scalar() or 0
    grouped = select(parts.c.channel, parts.c.state, func.count()).where(parts.c.id > newest - 100_000)
    return [(c, s, n) for c, s, n in conn.execute(grouped.group_by(parts.c.channel, parts.c.state))]


def oldest_waiting(conn: Connection) -> Instant | None:
    return conn.execute(
        select(func.min(inbox.c.received_at)).where(
            inbox.c.state == literal_column("'waiting'"),
            inbox.c.contact_id.is_not(None),  # what waits for its message (state/early.py) is in nobody's way
        )
    ).scalar()
