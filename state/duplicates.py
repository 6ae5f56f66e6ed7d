"""Pairs of contacts that may be one person: found when something is said that another contact said, too.

Nobody is looked through for it: a claim is compared with the same claim by its key. A pair that a person has dismissed,
or parted, is not brought up again.
"""

from collections.abc import Callable, Iterable
from dataclasses import fields
from operator import itemgetter
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from state.claims import Claim
from state.dialects import Ready, inserting, skipping
from state.ids import Ids
from state.merges import became
from state.records import Duplicate, Instant
from state.strangers import is_stranger
from state.tables import claims, duplicates, points

How = Literal["no", "suggest", "automatic"]
MOST: Final = 5
"""So many others with the same claim are compared: a number that a crowd gives says nothing of who is who."""
_KNOWN = Ready(lambda among: select(points.c.key, points.c.contact_id).where(among(points.c.key, "keys")))
_SAID = Ready(
    lambda among: (
        select(claims.c.key, claims.c.contact_id)
        .where(among(claims.c.key, "keys"))
        .order_by(claims.c.at, claims.c.contact_id)
        .limit(1_000)
    )
)
_KEEP = inserting(claims, "key", "contact_id", "at", conflict=skipping("key", "contact_id"))
_COLUMNS = [duplicates.c[f.name] for f in fields(Duplicate)]


def look(
    conn: Connection, ids: Ids, said: Iterable[Claim], how: Callable[[str], How], now: Instant
) -> list[tuple[int, int, str]]:
    """Keep these claims; whoever shares one is suggested, or comes back to be joined: (one, other, kind).

    A batch in which nobody shares anything costs one look-up, and two more statements where something was claimed.
    """
    looked_at = [claim for claim in dict.fromkeys(said) if how(claim.key.partition(":")[0]) != "no"]
    if not looked_at:
        return []
    keys = list({claim.key for claim in looked_at})
    if fresh := [{"key": c.key, "contact_id": c.contact, "at": now} for c in looked_at if not c.proved]:
        _KEEP.write(conn, sorted(fresh, key=itemgetter("key", "contact_id")))
    sharers: dict[str, list[int]] = {}
    for key, contact in [*(_KNOWN.rows(conn, keys=keys) if fresh else ()), *_SAID.rows(conn, keys=keys)]:
        sharers.setdefault(key, []).append(contact)
    to_join: list[tuple[int, int, str]] = []
    for claim in looked_at:
        kind, _, value = claim.key.partition(":")
        for other in _others(conn, sharers.get(claim.key, []), claim.contact):
            mine = became(conn, claim.contact)
            if how(kind) == "suggest":
                suggest(conn, ids, mine, other, kind, value, now)
            elif not parted(conn, mine, other):
                to_join.append((mine, other, kind))
    return to_join


def _others(conn: Connection, sharers: list[int], claimer: int) -> list[int]:
    found = [one for one in dict.fromkeys(sharers) if one != claimer][:MOST]
    return sorted({became(conn, one) for one in found} - {became(conn, claimer)}) if found else []


def suggest(conn: Connection, ids: Ids, one: int, other: int, kind: str, value: str, now: Instant) -> None:
    """One line a pair, however many reasons; settled is settled."""
    contact, second = sorted((one, other))
    known = _pair(conn, contact, second)
    if known is None:
        dialect = sqlite_insert if conn.dialect.name == "sqlite" else pg_insert
        row = dialect(duplicates).values(
            id=ids.take("duplicate"), contact_id=contact, other_id=second, reasons=[[kind, value]], state="open", found_at=now,
        )  # fmt: skip
        conn.execute(row.on_conflict_do_nothing(index_elements=["contact_id", "other_id"]))
    elif known.state == "open" and [kind, value] not in known.reasons:
        reasons = [*known.reasons, [kind, value]]
        conn.execute(update(duplicates).where(duplicates.c.id == known.id).values(reasons=reasons))


def parted(conn: Connection, one: int, other: int) -> bool:
    """Whether a person has said that these are two."""
    known = _pair(conn, *sorted((one, other)))
    return known is not None and known.state == "dismissed"


def _pair(conn: Connection, contact: int, other: int) -> Duplicate | None:
    found = select(*_COLUMNS).where(duplicates.c.contact_id == contact, duplicates.c.other_id == other)
    row = conn.execute(found).first()
    return Duplicate(*row) if row else None


def merged(conn: Connection, kept: int, gone: int, merge: int, now: Instant, by: int | None) -> None:
    """They are one now: what was suggested of them, and of others that are part of them, is settled."""
    d = duplicates.c
    about = select(d.id, d.contact_id, d.other_id).where(
        or_(d.contact_id == gone, d.other_id == gone), d.state == "open"
    )
    for row, *pair in conn.execute(about).all():
        if {became(conn, one) for one in pair} == {kept}:
            settled = {"state": "merged", "merge_id": merge, "settled_at": now, "settled_by": by}
            conn.execute(update(duplicates).where(d.id == row).values(settled))


def separate(conn: Connection, ids: Ids, one: int, other: int, now: Instant, by: int | None) -> None:
    """A person has parted them: they are two, whatever they have in common."""
    contact, second = sorted((one, other))
    settled: dict[str, Any] = {"state": "dismissed", "merge_id": None, "settled_at": now, "settled_by": by}
    known = _pair(conn, contact, second)
    if known is not None:
        conn.execute(update(duplicates).where(duplicates.c.id == known.id).values(settled))
        return
    row = {"id": ids.take("duplicate"), "contact_id": contact, "other_id": second, "reasons": [], "found_at": now}
    conn.execute(insert(duplicates).values(row | settled))


def find(conn: Connection, duplicate_id: int) -> Duplicate | None:
    row = conn.execute(select(*_COLUMNS).where(duplicates.c.id == duplicate_id)).first()
    return Duplicate(*row) if row else None


def page(
    conn: Connection, limit: int, before: int | None = None, *, state: str = "open", contact: int | None = None
) -> list[Duplicate]:
    """Newest first; `before` is the id of the last one already seen."""
    d = duplicates.c
    found = select(*_COLUMNS).where(d.state == state)
    if state == "open":
        found = found.where(*of_customers())
    if contact is not None:
        found = found.where(or_(d.contact_id == contact, d.other_id == contact))
    if before is not None:
        found = found.where(d.id < before)
    return [Duplicate(*row) for row in conn.execute(found.order_by(d.id.desc()).limit(limit))]


def of_customers() -> tuple[ColumnElement[bool], ...]:
    """Nobody is asked whether a wrong number is a customer."""
    return ~is_stranger(duplicates.c.contact_id), ~is_stranger(duplicates.c.other_id)


def accept(conn: Connection, duplicate_id: int, merge: int, now: Instant, by: int) -> None:
    """It is settled by this merge, also where the two have become part of others before."""
    settled = {"state": "merged", "merge_id": merge, "settled_at": now, "settled_by": by}
    conn.execute(update(duplicates).where(duplicates.c.id == duplicate_id).values(settled))


def dismiss(conn: Connection, duplicate_id: int, now: Instant, by: int) -> bool:
    """False where it was settled before."""
    open_one = update(duplicates).where(duplicates.c.id == duplicate_id, duplicates.c.state == "open")
    return conn.execute(open_one.values(state="dismissed", settled_at=now, settled_by=by)).rowcount == 1
