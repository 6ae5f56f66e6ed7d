"""What the web chat's door asks of memory: a visitor's conversation as they may see it.

A visitor is one identity of one account of the web channel; everything here is asked for by that identity's key, so
nothing of anybody else's can come back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, Text, and_, bindparam, cast, func, not_, or_, select

from state.records import Instant
from state.tables import changes, entries, identities, inbox, parts, people

MOST_LINES: Final = 200
_MOST_HELD: Final = 20
_GONE_OUT: Final = frozenset({"sending", "sent", "delivered", "read", "unknown"})
_SKEW_MS: Final = 1_000
"""Clocks of processes that share a database may differ by so much."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One part of a message of ours that has gone out."""

    payload: dict[str, Any]
    state: str


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the conversation. `whole`: all the parts of a message of ours have gone out, or it is theirs."""

    id: int
    at: Instant
    direction: str
    author: str
    person: str | None
    text: str
    media: list[dict[str, Any]]
    client_id: str | None
    parts: tuple[Shown, ...] = ()
    whole: bool = True


_LINE = (
    entries.c.id, entries.c.at, entries.c.direction, entries.c.author, people.c.name, entries.c.text, entries.c.media,
    entries.c.client_id,
)  # fmt: skip
_MINE = entries.c.identity_id == select(identities.c.id).where(identities.c.key == bindparam("key")).scalar_subquery()
_SAID = (_MINE, entries.c.kind == "message", entries.c.direction != "")
_LATER = or_(entries.c.at > bindparam("at"), and_(entries.c.at == bindparam("at"), entries.c.id > bindparam("after")))
_NEWEST = (
    select(*_LINE)
    .select_from(entries)
    .outerjoin(people, people.c.id == entries.c.person_id)
    .where(*_SAID)
    .order_by(entries.c.at.desc(), entries.c.id.desc())
    .limit(bindparam("most"))
)
_NEWEST_LATER = _NEWEST.where(_LATER)
_NEWEST_HELD = _NEWEST.where(not_(_LATER), entries.c.direction == "out")
_LAST = select(entries.c.at, entries.c.direction).where(*_SAID, entries.c.id == bindparam("after"))
_PARTS = (
    select(parts.c.entry_id, parts.c.state, parts.c.payload, parts.c.claimed_at)
    .where(parts.c.entry_id.in_(bindparam("ids", expanding=True)))
    .order_by(parts.c.id)
)


def lines_after(conn: Connection, key: str, after: int, limit: int = MOST_LINES) -> list[Line]:
    """What the visitor has not seen if `after` is the newest they know, oldest first; all where `after` is not theirs.

    The order is that of time: processes that share a database give out ids in blocks. A message of ours stands where
    it was decided and is seen when it goes out: one that was held up may turn up before `after`, and is given then.
    """
    last = conn.execute(_LAST, {"key": key, "after": after}).first() if after > 0 else None
    wanted = {"key": key, "after": after, "at": last.at if last else 0, "most": limit}
    rows = [tuple(row) for row in conn.execute(_NEWEST_LATER if last else _NEWEST, wanted)]
    held: list[tuple[Any, ...]] = []
    if last and last.direction == "in":  # what is ours goes out in its own order: nothing can be held up before it
        held = [tuple(row) for row in conn.execute(_NEWEST_HELD, wanted | {"most": _MOST_HELD})]
    went = _parts_of(conn, [row[0] for row in (*rows, *held) if row[2] == "out"])
    shown = [_line(row, went.get(row[0], []), None) for row in rows]
    shown += [_line(row, went.get(row[0], []), last.at if last else None) for row in held]
    return sorted((line for line in shown if line), key=lambda line: (line.at, line.id))


def _parts_of(conn: Connection, entry_ids: Sequence[int]) -> dict[int, list[Any]]:
    by_entry: dict[int, list[Any]] = {}
    if entry_ids:
        for row in conn.execute(_PARTS, {"ids": entry_ids}):
            by_entry.setdefault(row.entry_id, []).append(row)
    return by_entry


def _line(row: tuple[Any, ...], its: list[Any], since: Instant | None) -> Line | None:
    """As the visitor sees it; None while any of it may still be held back, where all of it was, or if it went before `since`."""
    if row[2] == "in":
        return replace(Line(*row), client_id=(row[7] or "").partition(":")[2] or None)  # without whose it is
    out = [part for part in its if part.state in _GONE_OUT]
    if not out or any(part.state == "queued" for part in its):
        return None
    if since is not None and max(part.claimed_at or 0 for part in out) < since - _SKEW_MS:
        return None
    return replace(Line(*row), parts=tuple(Shown(part.payload, part.state) for part in out), whole=len(out) == len(its))


_OWN = (
    select(entries.c.id, entries.c.at)
    .where(
        _MINE,
        entries.c.client_id == cast(entries.c.identity_id, Text) + ":" + bindparam("client_id", type_=Text),
        entries.c.direction == "in",
    )
    .limit(1)
)
_TURNED = select(inbox.c.key).where(inbox.c.key.in_(bindparam("keys", expanding=True)), inbox.c.state != "waiting")


def find_own(conn: Connection, key: str, client_id: str) -> tuple[int, Instant] | None:
    """The entry that the visitor's message became, and when; None while its turn has not come, or if it came to nothing."""
    found = conn.execute(_OWN, {"key": key, "client_id": client_id}).first()
    return (found.id, found.at) if found else None


def turned(conn: Connection, keys: Iterable[str]) -> set[str]:
    """Of these inbox keys, those whose turn has been taken, whatever came of it."""
    return set(conn.execute(_TURNED, {"keys": list(keys)}).scalars())


def newest_change(conn: Connection) -> int:
    return int(conn.execute(select(func.max(changes.c.id))).scalar() or 0)


def spoken_to(conn: Connection, channel: str, after: int) -> set[str]:
    """Addresses of a channel whose conversations have changed since change `after`."""
    found = (
        select(identities.c.address)
        .select_from(changes)
        .join(entries, entries.c.id == changes.c.ref_id)
        .join(identities, identities.c.id == entries.c.identity_id)
        .where(changes.c.id > after, changes.c.kind == "message", entries.c.channel == channel)
        .distinct()
    )
    return set(conn.execute(found).scalars())


def unread_parts(conn: Connection, key: str, entry: int) -> list[int]:
    """Parts that went out to the visitor up to this entry of theirs and are not known to be read."""
    last = conn.execute(_LAST, {"key": key, "after": entry}).first()
    if last is None:
        return []
    seen = select(entries.c.id).where(_MINE, entries.c.direction == "out", entries.c.at <= last.at)
    newest = list(
        conn.execute(seen.order_by(entries.c.at.desc(), entries.c.id.desc()).limit(30), {"key": key}).scalars()
    )
    found = select(parts.c.id).where(parts.c.entry_id.in_(newest), parts.c.state.in_(sorted(_GONE_OUT - {"read"})))
    return list(conn.execute(found.order_by(parts.c.id)).scalars()) if newest else []
