"""Two contacts turn out to be one person: the younger is joined to the older, in the caller's transaction.

What is moved is written into a `merge` entry, so that it can be moved back. An identity keeps its own route: a reply
still goes where the customer wrote from.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from state import inbox as inbox_rows
from state import lanes, steps
from state import tables as t
from state.ids import Ids
from state.records import Deal, Instant, LaneRows

_MOMENT_MS = 20
_OF_A_CONTACT = (t.identities, t.points, t.inbox, t.timers, t.runs, t.tasks, t.entries, t.parts, t.deals)


@dataclass(frozen=True, slots=True)
class Words:
    """The shop's own words for what the timeline says of it."""

    joined: Callable[[int], str]
    """Of the deal that was closed because of it; takes the number of the deal it went into."""
    stopped: str


def owner_of(conn: Connection, point: str) -> int | None:
    """Whose phone or e-mail this is (`phone:+7…`)."""
    return conn.execute(select(t.points.c.contact_id).where(t.points.c.key == point)).scalar()


def became(conn: Connection, contact: int) -> int:
    """Whom this contact is part of by now; itself, if it was never joined to another."""
    seen = contact
    while (into := conn.execute(select(t.contacts.c.merged_into).where(t.contacts.c.id == seen)).scalar()) is not None:
        seen = into
    return seen


def join_both(conn: Connection, ids: Ids, one: int, other: int, now: Instant, words: Words) -> None:
    """They are one person, whoever they have become by now: the younger goes into the older."""
    kept, gone = sorted((became(conn, one), became(conn, other)))
    if kept != gone:
        join(conn, ids, kept, gone, now, words)


def join(conn: Connection, ids: Ids, kept: int, gone: int, now: Instant, words: Words) -> None:
    """Everything of `gone` becomes `kept`'s. Both lanes are locked, in order; nothing is lost if one is gone already."""
    found = {r.contact.id: r for r in lanes.claim(conn, now, 0, only=sorted((kept, gone)))}
    into, out = found.get(kept), found.get(gone)
    if into is None or out is None or out.contact.merged_into or into.contact.merged_into:
        return
    for deal in out.deals:
        twin = next((d for d in into.deals if d.slot == deal.slot), None)
        if twin is not None:
            _join_deals(conn, ids, twin, deal, into, now, words)
    for table in _OF_A_CONTACT:
        conn.execute(update(table).where(table.c.contact_id == gone).values(contact_id=kept))
    person = into.contact
    filled = {name: getattr(person, name) or getattr(out.contact, name) for name in ("name", "phone", "email")}
    conn.execute(update(t.contacts).where(t.contacts.c.id == kept).values(filled))
    conn.execute(update(t.contacts).where(t.contacts.c.id == gone).values(merged_into=kept))
    conn.execute(update(t.lanes).where(t.lanes.c.contact_id == gone).values(due_at=None))
    conn.execute(update(t.lanes).where(t.lanes.c.contact_id == kept).values(due_at=now))


def pass_on(conn: Connection, gone: int, kept: int, now: Instant) -> None:
    """What another process still kept for `gone` while it was being joined goes where the rest went."""
    if inbox_rows.wake(conn, {kept}, now):  # somebody has that lane in hand: in a moment
        conn.execute(update(t.lanes).where(t.lanes.c.contact_id == gone).values(due_at=now + _MOMENT_MS))
        return
    for table in (t.identities, t.points, t.inbox):
        conn.execute(update(table).where(table.c.contact_id == gone).values(contact_id=kept))


def _join_deals(
    conn: Connection, ids: Ids, kept: Deal, gone: Deal, into: LaneRows, now: Instant, words: Words
) -> None:  # fmt: skip
    """The talk that is being had goes on in the older deal, unless a person or a bot already has that one."""
    moved = list(conn.execute(select(t.entries.c.id).where(t.entries.c.deal_id == gone.id)).scalars())
    busy = kept.owner == "person" or kept.id in into.runs
    talk = update(t.runs).where(t.runs.c.deal_id == gone.id, t.runs.c.status == "running")
    if busy:
        steps.end_all(conn, gone.id, "joined", now)
        conn.execute(talk.values(status="stopped", reason=words.stopped, ended_at=now, waits_until=None))
        conn.execute(t.timers.delete().where(t.timers.c.deal_id == gone.id))
        stopped = update(t.parts).where(
            t.parts.c.deal_id == gone.id, t.parts.c.state == "queued", t.parts.c.author == "bot"
        )
        conn.execute(stopped.values(state="blocked", open=0, error=words.stopped, settled_at=now))
    else:
        conn.execute(talk.values(deal_id=kept.id))
        conn.execute(update(t.timers).where(t.timers.c.deal_id == gone.id).values(deal_id=kept.id))
    closed = update(t.deals).where(t.deals.c.id == gone.id)
    conn.execute(closed.values(closed_at=now, reason="merged", waiting_since=None, version=gone.version + 1))
    owner = kept.owner if busy else gone.owner
    epoch = kept.epoch if busy else max(kept.epoch, gone.epoch)
    _carry_words(conn, gone, None if busy else epoch)
    if not busy:
        _carry_words(conn, kept, epoch)
    conn.execute(
        update(t.deals).where(t.deals.c.id == kept.id).values(
            fields=gone.fields | kept.fields, tags=list(dict.fromkeys([*kept.tags, *gone.tags])), owner=owner, epoch=epoch,
            route_id=gone.route_id or kept.route_id, waiting_since=kept.waiting_since or gone.waiting_since, version=kept.version + 1,
        )
    )  # fmt: skip
    _free_client_ids(conn, gone.id, kept.id)
    for table in (t.entries, t.tasks, t.parts):
        _move(conn, table, gone.id, kept.id)
    text = words.joined(kept.id)
    data = {
        "event": "merged",
        "from_deal": gone.id,
        "into_deal": kept.id,
        "from_contact": gone.contact_id,
        "entries": moved,
    }
    for deal in (gone, kept):
        _write(conn, ids, deal, now, text, data)


def _carry_words(conn: Connection, deal: Deal, epoch: int | None) -> None:
    """What a bot still has under way was decided under the deal's own epoch. It may be said (again) under `epoch`; never,
    where that is None or a person had taken over before.
    """
    p = t.parts.c
    open_ = update(t.parts).where(p.deal_id == deal.id, p.open == 1, p.author == "bot")
    if epoch is not None:
        conn.execute(open_.where(p.epoch != deal.epoch).values(epoch=0))
        conn.execute(open_.where(p.epoch == deal.epoch).values(epoch=epoch))
    else:
        conn.execute(open_.values(epoch=0))


def _free_client_ids(conn: Connection, gone: int, kept: int) -> None:
    """A composer's own ids need only differ within a deal; where both deals have one, the moved line gives it up."""
    e, twin = t.entries, t.entries.alias()
    taken = select(twin.c.client_id).where(twin.c.deal_id == kept, twin.c.client_id.is_not(None))
    conn.execute(update(e).where(e.c.deal_id == gone, e.c.client_id.in_(taken)).values(client_id=None))


def _move(conn: Connection, table: Table, gone: int, kept: int) -> None:
    conn.execute(update(table).where(table.c.deal_id == gone).values(deal_id=kept))


def _write(conn: Connection, ids: Ids, deal: Deal, now: Instant, text: str, data: dict[str, Any]) -> None:
    entry = ids.take("entry")
    conn.execute(
        insert(t.entries).values(
            id=entry, deal_id=deal.id, contact_id=deal.contact_id, at=now, kind="merge", direction="", channel="", identity_id=None,
            author="system", person_id=None, text=text, media=[], data=data, client_id=None,
        )
    )  # fmt: skip
    conn.execute(insert(t.changes).values(at=now, kind="merge", deal_id=deal.id, ref_id=entry))
