"""Rows that have had their days: each kind's keep is stated here and nowhere else."""

from typing import Final

from sqlalchemy import Connection, delete, func, literal_column, select, tuple_

from state import firings, steps
from state.records import Instant
from state.tables import changes, inbox, parts, tokens

_DAY: Final = 86_400_000
CHANGES_KEPT: Final = 7 * _DAY
"""How far back a console may resume the stream."""
TOKENS_KEPT: Final = 7 * _DAY
_AT_ONCE: Final = 5_000
RECEIPT_WITHIN: Final = 3_600_000
"""A provider that sends receipts and has sent none for so long may have lost our address."""
_COUNTED: Final = 100_000


def forget(conn: Connection, now: Instant) -> None:
    """Delete a bounded number of rows past their keep; the rest goes next time."""
    old = select(changes.c.id).where(changes.c.at < now - CHANGES_KEPT).limit(_AT_ONCE)
    conn.execute(delete(changes).where(changes.c.id.in_(old)))
    conn.execute(delete(tokens).where(tokens.c.kind != "api", tokens.c.expires_at < now - TOKENS_KEPT))
    steps.forget(conn, now)
    firings.forget(conn, now)


def part_counts(conn: Connection) -> list[tuple[str, str, int]]:
    """(channel, state, count) of parts not older than the newest 100,000: a gauge must not cost a table scan."""
    newest = conn.execute(select(func.max(parts.c.id))).scalar() or 0
    grouped = select(parts.c.channel, parts.c.state, func.count()).where(parts.c.id > newest - _COUNTED)
    return [(c, s, n) for c, s, n in conn.execute(grouped.group_by(parts.c.channel, parts.c.state))]


def unconfirmed(conn: Connection, accounts: list[tuple[str, str]], now: Instant) -> dict[str, int]:
    """By channel: parts that a provider took over an hour and less than a day ago and has said nothing of since.

    `accounts` are those (channel, account) whose providers send receipts. Among the newest parts, as above.
    """
    if not accounts:
        return {}
    newest = conn.execute(select(func.max(parts.c.id))).scalar() or 0
    silent = select(parts.c.channel, func.count()).where(
        parts.c.id > newest - _COUNTED,
        parts.c.state == literal_column("'sent'"),
        tuple_(parts.c.channel, parts.c.account).in_(accounts),
        parts.c.settled_at.between(now - _DAY, now - RECEIPT_WITHIN),
    )
    found = dict.fromkeys((channel for channel, _ in accounts), 0)
    return found | dict(conn.execute(silent.group_by(parts.c.channel)).all())


def oldest_waiting(conn: Connection) -> Instant | None:
    return conn.execute(
        select(func.min(inbox.c.received_at)).where(
            inbox.c.state == literal_column("'waiting'"),
            inbox.c.contact_id.is_not(None),  # what waits for its message (state/early.py) is in nobody's way
        )
    ).scalar()
