"""Facts of who works: how long customers waited for a person, deals and tasks that somebody has.

A wait begins with what the customer said when nobody owed them an answer yet, or when a bot hands over; a person's message, or a call
that was answered, ends it. One that a bot's words have ended is no person's, and a robot's message ends none.
"""

from typing import Any, Final

from sqlalchemy import func, literal, literal_column, or_, select

from state.facts import Facts, Narrow, counted, flag, none
from state.origins import came_by
from state.report_tables import waits
from state.strangers import NO_CUSTOMER
from state.tables import deals, identities, tasks

_d = deals.c
_w = waits.c
_t = tasks.c
_OPEN: Final[Any] = literal_column("'open'")  # as the index says it


def waited(narrow: Narrow, dims: tuple[str, ...]) -> Facts:
    """Waits that began in the period: those that are over, and those of customers who wait now. A row's ref is twice an id."""
    answered, person = _w.person_id.is_not(None), func.coalesce(func.nullif(_w.person_id, 0), _d.responsible_id)
    over = select(
        (_w.entry_id * 2).label("ref"), _w.deal_id.label("deal"), _w.began_at.label("at"), _d.funnel, _w.channel, person.label("person"),
        flag(answered, "answered"), flag(~answered, "unanswered"), literal(0).label("waiting"), _w.began_at.label("began"),
        _w.ended_at.label("ended"),
    ).join(deals, _d.id == _w.deal_id)  # fmt: skip
    began = _w.began_at >= narrow.since, _w.began_at < narrow.until
    # A deal that was joined since had its waits all the same: they are no one else's.
    there = or_(_d.closed_at.is_(None), _d.reason != NO_CUSTOMER)
    channel = func.coalesce(identities.c.channel, "phone")
    still = (
        select(
            (_d.id * 2 + 1).label("ref"), _d.id.label("deal"), _d.waiting_since.label("at"), _d.funnel, channel.label("channel"),
            _d.responsible_id.label("person"), literal(0).label("answered"), literal(1).label("unanswered"), literal(1).label("waiting"),
            _d.waiting_since.label("began"), none().label("ended"),
        )
        .select_from(deals.outerjoin(identities, identities.c.id == _d.route_id))
        .where(
            _d.closed_at.is_(None), _d.owner != "bot", _d.waiting_since >= narrow.since, _d.waiting_since < narrow.until,
            *_narrowed(narrow, channel, _d.responsible_id),
        )
    )  # fmt: skip
    counts = {"waits": "", "answered": "answered", "unanswered": "unanswered", "waiting": "waiting"}
    return Facts.of((over.where(*began, there, *_narrowed(narrow, _w.channel, person)), still), dims, counts)


def _narrowed(narrow: Narrow, channel: Any, person: Any) -> list[Any]:
    """A wait's own channel and person count, not those that the deal has by now."""
    wanted = ((_d.funnel, narrow.funnel), (channel, narrow.channel))
    where = [column == value for column, value in wanted if value]
    where += [came_by(narrow.source)] if narrow.source else []
    return where if narrow.manager is None else [*where, person == narrow.manager]


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
    ).where(_t.state == _OPEN, _t.due_at < narrow.until, *_of_tasks(narrow, _t.responsible_id))  # fmt: skip
    return Facts(found, ("person",), {"due": "", "overdue": "late"})


def done(narrow: Narrow) -> Facts:
    """Tasks that somebody has done in the period for customers, by who it was."""
    stranger = select(_d.id).where(_d.id == _t.deal_id, _d.reason == NO_CUSTOMER).exists()
    found = select(
        _t.id.label("ref"), _t.deal_id.label("deal"), _t.done_at.label("at"), _t.done_by.label("person"),
        flag(_t.done_at > _t.due_at, "late"),
    ).where(
        _t.state == "done", _t.done_by.is_not(None), _t.done_at >= narrow.since, _t.done_at < narrow.until,
        ~stranger, *_of_tasks(narrow, _t.done_by),
    )  # fmt: skip
    return Facts(found, ("person",), {"done": "", "done_late": "late"})


def _of_tasks(narrow: Narrow, person: Any) -> list[Any]:
    where = [person == narrow.manager] if narrow.manager is not None else []
    if narrow.funnel or narrow.source or narrow.channel:
        where.append(_t.deal_id.in_(select(_d.id).where(*counted(narrow, manager=False))))
    return where
