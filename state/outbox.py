"""The outbox: one row per part, from queued to settled. What left is never sent again by accident.

`claim` marks parts as being sent in a commit of its own before anything leaves, so that a crash in between is seen
as `unknown` and never as "not sent". One part per identity is open at a time: order holds across crashes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import orjson
from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    update,
)

from state.dialects import Bulk, Ready, Values, inserting
from state.records import Instant, Part
from state.tables import changes, deals, identities, parts


@dataclass(slots=True)
class Claimed:
    """A part that may go next, with what decides whether it still may."""

    part: Part
    deal_epoch: int | None
    barred: str
    heard_at: Instant | None


@dataclass(slots=True)
class Verdict:
    """What becomes of a part after an attempt (or instead of one)."""

    part: Part
    state: str
    open: bool
    due_at: Instant
    provider_id: str = ""
    error: str = ""
    repeats: int = 0
    """Added to the part's count of possible repeats."""
    uncounted: int = 0
    """1 where it was only asked to wait: that was no attempt."""
    bar: str = ""
    """Bar the identity with this word, and block what is queued for it."""
    shut: bool = False
    """The provider says that the 24-hour window is closed."""
    tell: str = ""
    """The lane must hear of it, with this cause: someone may have to act."""


# In plain words, so that both databases can tell that the partial indexes hold all that is asked for.
_IS_QUEUED: Any = literal_column("'queued'")
_IS_OPEN: Any = literal_column("1")
_part = parts.alias("p")
_ahead = parts.alias("ahead")
_COLUMNS = [_part.c[f.name] for f in fields(Part)]
_PAYLOAD = [f.name for f in fields(Part)].index("payload")
_NEXT_IN_LINE = Ready(
    lambda among: (
        select(*_COLUMNS, deals.c.epoch, identities.c.barred, identities.c.heard_at)
        .select_from(_part)
        .outerjoin(deals, deals.c.id == _part.c.deal_id)
        .join(identities, identities.c.id == _part.c.identity_id)
        .where(
            _part.c.state == _IS_QUEUED,
            _part.c.due_at <= bindparam("now"),
            not_(among(_part.c.channel + ":" + _part.c.account, "paused")),
            ~exists().where(
                and_(_ahead.c.identity_id == _part.c.identity_id, _ahead.c.open == _IS_OPEN, _ahead.c.id < _part.c.id)
            ),
        )
        .order_by(_part.c.priority, _part.c.id)
        .limit(bindparam("n"))
        .with_for_update(of=_part, skip_locked=True)  # SQLite leaves it out
    )
)
# The share lock on the deal makes a take-over wait until this claim is committed, never overtake it.
_SHARE_DEALS = Ready(
    lambda among: select(deals.c.id, deals.c.epoch).where(among(deals.c.id, "ids")).with_for_update(read=True)
)
_SENDING = Ready(
    lambda among: (
        update(parts)
        .where(among(parts.c.id, "ids"))
        .values(state="sending", claimed_at=bindparam("at"), attempts=parts.c.attempts + 1)
    )
)
# Spelled out, in plain words: neither lists nor constants may become bound values of a statement for many rows.
_in_play = or_(*(parts.c.state == literal_column(f"'{state}'") for state in ("queued", "sending", "unknown")))


def _settling(_: str, values: Values) -> Any:
    provider_id = values("b_pid")
    return (
        update(parts)
        .where(
            parts.c.id == values("b_id"),
            # A verdict on an earlier attempt than the last comes from a process that was taken for dead. It knows only
            # one thing that still counts: that the part is out, and need not go once more.
            or_(
                parts.c.attempts == values("b_attempts"),
                and_(values("b_state") == literal_column("'sent'"), _in_play),
            ),
            # With this very id and to go once more: a callback was quicker, and said that this message came to nothing.
            or_(
                parts.c.provider_id == literal_column("''"),
                parts.c.provider_id != provider_id,
                and_(parts.c.state != _IS_QUEUED, parts.c.attempts == values("b_attempts")),
            ),
        )
        .values(
            state=case((_in_play, values("b_state")), else_=parts.c.state),
            open=case((_in_play, values("b_open")), else_=parts.c.open),
            due_at=values("b_due"),
            provider_id=case((provider_id == literal_column("''"), parts.c.provider_id), else_=provider_id),
            error=values("b_error"),
            repeats=parts.c.repeats + values("b_repeats"),
            attempts=parts.c.attempts - values("b_uncounted"),
            settled_at=values("b_at"),
        )
    )


_SETTLE = Bulk(
    _settling,
    {
        "b_id": parts.c.id, "b_attempts": parts.c.attempts, "b_uncounted": parts.c.attempts, "b_state": parts.c.state,
        "b_open": parts.c.open, "b_due": parts.c.due_at, "b_pid": parts.c.provider_id, "b_error": parts.c.error,
        "b_repeats": parts.c.repeats, "b_at": parts.c.settled_at,
    },
    of_dicts=True,
)  # fmt: skip
_NEXT_DUE = Ready(
    lambda _: select(func.min(parts.c.due_at)).where(parts.c.state == _IS_QUEUED, parts.c.due_at > bindparam("now"))
)
_CHANGED = inserting(changes, "at", "kind", "deal_id", "ref_id")
_BAR = update(identities).where(identities.c.id == bindparam("b_id")).values(barred=bindparam("b_why"))
_DROP = (
    update(parts)
    .where(parts.c.identity_id == bindparam("b_identity"), parts.c.state == _IS_QUEUED, parts.c.open == _IS_OPEN)
    .values(state="blocked", open=0, error=bindparam("b_why"), settled_at=bindparam("b_at"))
)


def candidates(conn: Connection, now: Instant, n: int, paused: Sequence[str] = ()) -> list[Claimed]:
    """Up to `n` parts that are due and first in their identity's line, replies before broadcasts.

    `paused` are accounts (`channel:account`) that nothing may go out on for now.
    """
    found = _NEXT_IN_LINE.rows(conn, now=now, n=n, paused=list(paused))
    claimed = [_claimed(row) for row in found]
    if conn.dialect.name != "sqlite" and claimed:
        ids = sorted({c.part.deal_id for c in claimed})
        epochs: dict[int, int] = dict(_SHARE_DEALS.rows(conn, ids=ids))
        claimed = [Claimed(c.part, epochs.get(c.part.deal_id), c.barred, c.heard_at) for c in claimed]
    return claimed


def _claimed(row: Any) -> Claimed:
    *columns, epoch, barred, heard_at = row
    columns[_PAYLOAD] = orjson.loads(columns[_PAYLOAD])
    return Claimed(Part(*columns), epoch, barred, heard_at)


def mark_sending(conn: Connection, ids: Sequence[int], now: Instant) -> None:
    if ids:
        _SENDING.run(conn, ids=list(ids), at=now)


def _one_each(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """One word about each part: that it is out, else the one on its last attempt, else the first."""
    best: dict[int, Verdict] = {}
    for v in verdicts:
        have = best.setdefault(v.part.id, v)
        if (v.state == "sent", v.part.attempts) > (have.state == "sent", have.part.attempts):
            best[v.part.id] = v
    return list(best.values())


def settle(conn: Connection, verdicts: Sequence[Verdict], now: Instant) -> None:
    """Write what became of parts. A status that a callback has already raised is left where it is."""
    if not verdicts:
        return
    verdicts = _one_each(verdicts)
    rows = [
        {
            "b_id": v.part.id, "b_state": v.state, "b_open": int(v.open), "b_due": v.due_at, "b_pid": v.provider_id,
            "b_error": v.error, "b_repeats": v.repeats, "b_at": None if v.open else now, "b_attempts": v.part.attempts,
            "b_uncounted": v.uncounted,
        }
        for v in sorted(verdicts, key=_part_id)  # in the order that receipts are written in (lanes.save)
    ]  # fmt: skip
    _SETTLE.write(conn, rows)
    for v in verdicts:
        if v.bar:
            conn.execute(_DROP, {"b_identity": v.part.identity_id, "b_why": v.bar, "b_at": now})
    for v in verdicts:
        if v.bar:
            conn.execute(_BAR, {"b_id": v.part.identity_id, "b_why": v.bar})
        if v.shut:
            shut = update(identities).where(identities.c.id == v.part.identity_id)
            conn.execute(shut.values(heard_at=None))
    told = [
        {"at": now, "kind": "message", "deal_id": v.part.deal_id, "ref_id": v.part.entry_id}
        for v in verdicts
        if v.part.entry_id and not (v.open and v.state == "queued")  # an ack or a call is nothing said
    ]
    if told:
        _CHANGED.write(conn, told)


def _part_id(verdict: Verdict) -> int:
    return verdict.part.id


def drop_queued(conn: Connection, identity_id: int, why: str, now: Instant) -> None:
    conn.execute(_DROP, {"b_identity": identity_id, "b_why": why, "b_at": now})


def stranded(conn: Connection, before: Instant) -> list[Part]:
    """Parts claimed before `before` and never settled: whoever sent them died in between."""
    found = select(*_COLUMNS).where(
        _part.c.open == _IS_OPEN,
        or_(_part.c.state == "sending", _part.c.state == "unknown"),
        _part.c.claimed_at < before,
    )
    return [Part(*row) for row in conn.execute(found)]


def load(conn: Connection, ids: Sequence[int]) -> dict[int, Part]:
    found = select(*_COLUMNS).where(_part.c.id.in_(list(ids)))
    return {row[0]: Part(*row) for row in conn.execute(found)}


def next_due(conn: Connection, now: Instant) -> Instant | None:
    """When the next part that is put off comes due."""
    found: Instant | None = _NEXT_DUE.value(conn, now=now)
    return found
