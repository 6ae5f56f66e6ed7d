"""Facts of who works: how long customers waited for a person, deals and tasks that somebody has.

A wait begins with what the customer said when nobody owed them an answer yet, or when a bot hands over; a person's message, or a call
that was answered, ends it. One that a bot's words have ended is no person's, and a robot's message ends none.
"""

from typing import Any

from sqlalchemy import func, literal, or_, select, union_all

from state.facts import NO_CUSTOMER, Facts, Narrow, counted, flag, none
from state.report_tables import waits
from state.tables import deals, identities, tasks

_d = deals.c
_w = waits.c
_t = tasks.c


def waited(narrow: Narrow, dims: tuple[str, ...]) -> Facts:
    """Waits that began in the period: those that are over, and those of customers who wait now. A row's ref is twice an id."""
    over = select(
        (_w.entry_id * 2).label("ref"), _w.deal_id.label("deal"), _w.began_at.label("at"), _d.funnel, _w.channel,
        func.coalesce(func.nullif(_w.person_id, 0), _d.responsible_id).label("person"), flag(_w.person_id.is_not(None), "answered"),
        literal(0).label("waiting"), _w.began_at.label("began"), _w.ended_at.label("ended"),
    ).join(deals, _d.id == _w.deal_id)  # fmt: skip
    began = _w.began_at >= narrow.since, _w.began_at < narrow.until
    # A deal that was joined since had its waits all the same: they are no one else's.
    over = over.where(*began, or_(_d.closed_at.is_(None), _d.reason != NO_CUSTOMER), *_narrowed(narrow))
    channel = func.coalesce(identities.c.channel, "phone").label("channel")
    still = (
        select(
            (_d.id * 2 + 1).label("ref"), _d.id.label("deal"), _d.waiting_since.label("at"), _d.funnel, channel,
            _d.responsible_id.label("person"), literal(0).label("answered"), literal(1).label("waiting"),
            _d.waiting_since.label("began"), none().label("ended"),
        )
        .select_from(deals.outerjoin(identities, identities.c.id == _d.route_id))
        .where(
            _d.closed_at.is_(None), _d.owner != "bot", _d.waiting_since >= narrow.since, _d.waiting_since < narrow.until,
            *_narrowed(narrow),
        )
    )  # fmt: skip
    one = union_all(over, still).subquery().c
    found = select(
        one.ref, one.deal, one.at, one.funnel, one.channel, one.person, one.answered, one.waiting,
        (1 - one.answered).label("unanswered"), one.began, one.ended,
    )  # fmt: skip
    if narrow.channel:
        found = found.where(one.channel == narrow.channel)
    if narrow.manager is not None:
        found = found.where(one.person == narrow.manager)
    counts = {"waits": "", "answered": "answered", "unanswered": "unanswered", "waiting": "waiting"}
    return Facts(found, dims, counts)


def _narrowed(narrow: Narrow) -> list[Any]:
    """A wait's own channel and person count, not those that the deal has by now."""
    where = [_d.funnel == narrow.funnel] if narrow.funnel else []
    return [*where, _d.source == narrow.source] if narrow.source else where


def held(narrow: Narrow) -> Facts:
    """Deals that are open now, by who is responsible."""
    found = select(
        _d.id.label("ref"), _d.id.label("deal"), _d.stage_at.label("at"), _d.responsible_id.label("person")
    ).where(_d.closed_at.is_(None), *counted(narrow))
    return Facts(found, ("person",), {"open": ""})


def owed(narrow: Narrow) -> Facts:
    """Open tasks that are due before the period's end, by whose they are."""
    found = select(
        _t.id.label("ref"), _t.deal_id.label("deal"), _t.due_at.label("at"), _t.responsible_id.label("person"),
        flag(_t.due_at < narrow.now, "late"),
    ).where(_t.state == "open", _t.due_at < narrow.until, *_of_tasks(narrow, _t.responsible_id))  # fmt: skip
    return Facts(found, ("person",), {"due": "", "overdue": "late"})


def done(narrow: Narrow) -> Facts:
    """Tasks that somebody has done in the period, by who it was."""
    found = select(
        _t.id.label("ref"), _t.deal_id.label("deal"), _t.done_at.label("at"), _t.done_by.label("person"),
        flag(_t.done_at > _t.due_at, "late"),
    ).where(
        _t.state == "done", _t.done_by.is_not(None), _t.done_at >= narrow.since, _t.done_at < narrow.until,
        *_of_tasks(narrow, _t.done_by),
    )  # fmt: skip
    return Facts(found, ("person",), {"done": "", "done_late": "late"})


def _of_tasks(narrow: Narrow, person: Any) -> list[Any]:
    where = [person == narrow.manager] if narrow.manager is not None else []
    if narrow.funnel or narrow.source or narrow.channel:
        where.append(_t.deal_id.in_(select(_d.id).where(*counted(narrow, manager=False))))
    return where
