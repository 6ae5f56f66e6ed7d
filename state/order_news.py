"""What came for an order while its deal was part of another: it goes with the order's number, back to the order's deal.

Its news, payments and parcels, the fields and the stage that followed from them, and what robots did about them. Whatever
people and customers did meanwhile is not told here (state/parted.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from state import report_tables as r
from state import tables as t
from state.records import Deal, Instant

BROUGHT: Final = (
    "order", "order_status", "total", "currency", "paid", "paid_word", "paid_sum", "office", "items", "tracking", "parcel",
    "order_at", "parcel_at",
)  # fmt: skip
"""Fields that the shop's own systems and carriers fill."""
_CAUSES: Final = ("order", "payment", "refund", "parcel")
_CLOCKS: Final = ("robot:", "start:")
"""Timers that are of one stay in a stage: `robot:name:stay:…`, `start:bot:stay`."""
_OF_OTHERS: Final = ("answer", "call_back")
"""Tasks that no order makes."""


@dataclass(slots=True)
class News:
    """Of an order whose deal is parted from the leading one."""

    lines: list[int]
    tasks: list[int]
    fields: dict[str, Any]
    moves: list[int] = field(default_factory=list)
    """Lines of `lines` that tell of a stage; the first one left where the request stands again."""
    stood: tuple[str, Instant] = ("", 0)
    """Where, and since when."""
    begun: Instant = 0
    """When the order began to move the deal."""


def find(conn: Connection, one: Deal, two: Deal, data: dict[str, Any]) -> News | None:
    """Since `two` was joined to `one`; None: nothing has come for it."""
    number = _number(data["kept"]["fields"], data["gone"]["fields"])
    if not number or str(one.fields.get("order") or "") != number:
        return None
    e = t.entries.c
    columns = (e.id, e.at, e.kind, e.author, e.identity_id, e.data)
    since = conn.execute(select(*columns).where(e.deal_id == one.id, e.id > data["line"]).order_by(e.id)).all()
    since = [line for line in since if line.id not in set(data["entries"])]
    parcels = {str(two.fields.get("tracking") or ""), str(one.fields.get("tracking") or "")} - {""}
    own = [line for line in since if _is_of(line, number, parcels)]
    if not own:
        return None
    at = {line.at for line in own}
    begins = (line for line in since if line.id > own[0].id and line.author == "robot" and line.at in at)
    begin = next((line for line in begins if _is_move(line)), None)
    moves = [line for line in since if begin is not None and _is_move(line) and line.id >= begin.id]
    stages = {one.stage, *(str(line.data.get("to", "")) for line in moves)}
    moments = at | set(_turns(conn, one.id, own[0].at, stages if moves else frozenset()))
    done = [line for line in since if line.id > own[0].id and line.at in moments and _is_doing(line, one, two)]
    tasks = [int(line.data["task"]) for line in done if line.kind == "task" and line.data.get("task")]
    lines = sorted({line.id for line in (*own, *moves, *done)})
    before = [line for line in since if line.kind == "stage" and begin is not None and line.id < begin.id]
    stood = (str(before[-1].data["to"]), before[-1].at) if before else (data["kept"]["stage"], data["kept"]["stage_at"])
    return News(
        lines, tasks, _fields(conn, one, data, since), [line.id for line in moves], stood, begin.at if begin else 0
    )


def _number(kept: dict[str, Any], gone: dict[str, Any]) -> str:
    """Of the order that was joined to a request; empty: it was none, or the leading deal is an order itself."""
    if kept.get("order") not in (None, "") and any(
        kept.get(name) for name in ("order_status", "paid_sum", "paid_word")
    ):
        return ""
    return str(gone.get("order") or "")


def _is_of(line: Any, number: str, parcels: Iterable[str]) -> bool:
    if line.kind == "order":
        return bool(str(line.data.get("order")) == number)
    return line.kind == "parcel" and str(line.data.get("tracking")) in parcels


def _is_move(line: Any) -> bool:
    return bool(line.kind == "stage" or (line.kind == "system" and line.data.get("event") == "closed"))


def _is_doing(line: Any, one: Deal, two: Deal) -> bool:
    """What robots did about it. What they said stays with the customer to whom it was said."""
    if line.author != "robot" or line.data.get("kind") in _OF_OTHERS:
        return False
    return line.kind in ("note", "task") or (line.kind == "message" and one.contact_id == two.contact_id)


def _turns(conn: Connection, deal: int, since: Instant, stages: Iterable[str]) -> list[Instant]:
    """When robots and triggers acted on the order: on its news, or in a stage that these have led to."""
    f = t.firings.c
    found = conn.execute(select(f.at, f.stage, f.cause).where(f.deal_id == deal, f.at >= since)).all()
    return [turn.at for turn in found if turn.cause.startswith(_CAUSES) or (not turn.cause and turn.stage in stages)]


def _fields(conn: Connection, one: Deal, data: dict[str, Any], since: Sequence[Any]) -> dict[str, Any]:
    """Those that have changed since: an order's own whoever changed them, of the others what no person, form or bot wrote."""
    after = data["after"]["fields"]
    told: set[str] = set()
    for line in since:
        if line.data.get("event") == "changed" or "form" in line.data:
            told |= set(line.data.get("fields") or ())
    for state in conn.execute(select(t.runs.c.state).where(t.runs.c.deal_id == one.id)).scalars():
        told |= set(state.get("answers") or ())
    changed = {name: value for name, value in one.fields.items() if after.get(name) != value}
    return {name: value for name, value in changed.items() if name in BROUGHT or name not in told}


# -- the stage ---------------------------------------------------------------------------------------------------------


def give_stage(
    conn: Connection, one: Deal, two: Deal, contacts: tuple[int, int], news: News, data: dict[str, Any]
) -> dict[str, Any]:
    """The order's deal is where its news have led: the answer is that of its row, nothing where they have led nowhere.

    The clocks of that stage go along, and the leading deal's of before come back; `one` is from here on where it was.
    `contacts`: whose the two deals are.
    """
    if not news.moves:
        return {}
    contact, other = contacts
    row: dict[str, Any] = {}
    lasts = t.timers.c.contact_id == one.contact_id, t.timers.c.deal_id == one.id, t.timers.c.run_id == 0
    for timer in conn.execute(select(t.timers).where(*lasts)).mappings().all():
        if _stay(timer["name"]) == str(one.stage_at):
            gone = t.timers.c.contact_id == timer["contact_id"], t.timers.c.key == timer["key"]
            conn.execute(delete(t.timers).where(*gone))
            if one.funnel == two.funnel:
                key = timer["key"].replace(f"deal:{one.id}:", f"deal:{two.id}:", 1)
                conn.execute(insert(t.timers).values({**timer, "contact_id": other, "deal_id": two.id, "key": key}))
    _give_stays(conn, one, two, news)
    if one.funnel == two.funnel:
        row = {"stage": one.stage, "stage_at": one.stage_at}
        row |= {"closed_at": one.closed_at, "outcome": one.outcome, "reason": one.reason}
        row |= {"waiting_since": None} if one.closed_at is not None else {}
    one.stage, one.stage_at = news.stood
    one.closed_at, one.outcome, one.reason = None, None, ""
    for timer in data.get("clocks", ()):
        if _stay(timer["name"]) == str(one.stage_at):
            key = t.timers.c.contact_id == contact, t.timers.c.key == timer["key"]
            conn.execute(delete(t.timers).where(*key))
            conn.execute(insert(t.timers).values({**timer, "contact_id": contact}))
    return row


def is_over(timer: dict[str, Any], deal: int, row: dict[str, Any]) -> bool:
    """Of a timer that the merge had put away: the order's deal, whose row this is now, has no use for it any more."""
    if timer["deal_id"] != deal or not row:
        return False
    return bool(row["closed_at"]) or _stay(timer["name"]) not in ("", str(row["stage_at"]))


def _stay(name: str) -> str:
    """Which stay in a stage a timer is of."""
    return name.split(":")[2] if name.startswith(_CLOCKS) else ""


def _give_stays(conn: Connection, one: Deal, two: Deal, news: News) -> None:
    """The leading deal has not left its stage; the order's has left its own. In another funnel these were no stages of it."""
    s = r.stays.c
    mine = s.deal_id == one.id, s.entry_id.in_(news.moves)
    if one.funnel != two.funnel:
        conn.execute(delete(r.stays).where(*mine))
        return
    first = {"stage": two.stage, "entered_at": two.stage_at}
    conn.execute(update(r.stays).where(s.deal_id == one.id, s.entry_id == news.moves[0]).values(first))
    conn.execute(update(r.stays).where(*mine).values(deal_id=two.id))
    f = t.firings.c
    conn.execute(
        update(t.firings)
        .where(f.deal_id == one.id, f.at >= news.begun, f.stage != news.stood[0])
        .values(deal_id=two.id)
    )
