"""Facts of deals on their way through a funnel: how far they came, where they stood at a moment, how long they stayed.

What a deal that was joined to another had been through is the leading deal's way as well.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, and_, case, cast, distinct, func, literal, or_, select

from state.facts import Facts, Narrow, counted, flag, leading, opened
from state.money import total
from state.report_tables import stays
from state.tables import deals

Stages = Mapping[str, Sequence[str]]
"""By funnel: its stages in order, without the lost one."""

LOST: Final = 1 << 60
_MOST: Final = 60
"""Stages of a funnel that are told apart."""

_d = deals.c


def mark(stages: Stages, funnel: str, stage: str) -> int:
    """The bit of a stage: those of later ones are higher. 0: it is none of the funnel's."""
    names = stages.get(funnel, ())
    return LOST if stage == "lost" else 1 << min(names.index(stage), _MOST - 1) if stage in names else 0


def _marks(stages: Stages, funnel: Any, stage: Any) -> Any:
    """The same for columns."""
    each = {
        name: case({one: mark(stages, name, one) for one in (*names, "lost")}, value=stage, else_=0)
        for name, names in stages.items()
    }
    return case(each, value=funnel, else_=0) if each else literal(0)


def ways(conn: Connection, narrow: Narrow, stages: Stages, *, at_once: bool) -> Any:
    """Each deal that was opened in the period: `seen` has the marks of all the stages it has ever stood in, `far` without the lost one.

    `at_once`: all are told before anything is asked of them. For those who ask for `seen` several times, and need every one.
    """
    own = select(_all(conn, _marks(stages, _d.funnel, stays.c.stage))).where(stays.c.deal_id == _d.id)
    lead, was = leading(), deals.alias("was")
    joined = (  # what was joined to it brings its way along
        select(lead.c.lead.label("deal"), was.c.funnel, was.c.stage)
        .join(was, was.c.id == lead.c.deal)
        .union_all(
            select(lead.c.lead, was.c.funnel, stays.c.stage).select_from(
                lead.join(was, was.c.id == lead.c.deal).join(stays, stays.c.deal_id == was.c.id)
            )
        )
        .subquery("through")
    )
    j = joined.c
    bits = _all(conn, _marks(stages, j.funnel, j.stage))
    brought = select(j.deal, j.funnel, bits.label("bits")).group_by(j.deal, j.funnel).subquery("brought")
    seen = _marks(stages, _d.funnel, _d.stage)
    for more in (own.scalar_subquery(), brought.c.bits):
        seen = seen.bitwise_or(cast(func.coalesce(more, 0), BigInteger))
    found = (
        select(_d.id.label("deal"), _d.opened_at.label("at"), _d.funnel, _d.outcome, _d.reason, _d.closed_at, seen.label("seen"))
        .select_from(deals.outerjoin(brought, and_(brought.c.deal == _d.id, brought.c.funnel == _d.funnel)))
        .where(*opened(narrow))
    )  # fmt: skip
    one = found.cte("ways").prefix_with("MATERIALIZED") if at_once else found.subquery("ways")
    return select(*one.c, (one.c.seen % LOST).label("far")).subquery("cohort")


def _all(conn: Connection, marks: Any) -> Any:
    """The marks of several rows as one number."""
    return func.sum(distinct(marks)) if conn.dialect.name == "sqlite" else func.bit_or(marks)


def cohort(conn: Connection, narrow: Narrow, stages: Stages, *, at_once: bool = True) -> Facts:
    """The deals that were opened in the period, by the way they went and what became of them."""
    w = ways(conn, narrow, stages, at_once=at_once).c
    lost, won = w.outcome == "lost", w.outcome == "won"
    columns = {
        "lost": lost, "won": won, "open": w.closed_at.is_(None), "converted": and_(won, w.reason == "converted"),
        "lost_later": and_(lost, w.far >= 2),
    }  # fmt: skip
    flags = [flag(condition, name) for name, condition in columns.items()]
    found = select(w.deal.label("ref"), w.deal, w.at, w.funnel, w.seen, *flags)
    return Facts(found, ("funnel", "seen"), {"opened": "", **{name: name for name in columns}})


def of_cohort(conn: Connection, narrow: Narrow, stages: Stages, what: str, bit: int) -> Facts:
    """Those of the cohort that have `reached` a stage by its mark, or `came` to it or further."""
    w = ways(conn, narrow, stages, at_once=False).c
    met = w.far >= bit if what == "came" else w.seen.bitwise_and(bit) != 0
    found = select(w.deal.label("ref"), w.deal, w.at, w.funnel, flag(met, "met"))
    return Facts(found, ("funnel",), {what: "met"})


def standing(conn: Connection, narrow: Narrow, at: int) -> Facts:
    """Which deals were open at a moment, and where."""
    there = _d.opened_at <= at, or_(_d.closed_at.is_(None), _d.closed_at > at), *counted(narrow)
    own = (_d.id.label("ref"), _d.id.label("deal"), _d.funnel, total(conn).label("worth"))
    still = select(*own, _d.stage, _d.stage_at.label("at")).where(_d.stage_at <= at, *there)
    stay = and_(stays.c.deal_id == _d.id, stays.c.entered_at <= at, stays.c.left_at > at)
    before = (
        select(*own, stays.c.stage, stays.c.entered_at.label("at")).join(stays, stay).where(_d.stage_at > at, *there)
    )
    return Facts.of((still, before), ("funnel", "stage"), {"open": ""}, {"sum": ("", "worth")})


def stayed(narrow: Narrow) -> Facts:
    """Stays in stages that were over in the period; those of a joined deal are about the leading one."""
    was, lead = deals.alias("was"), leading()
    began, ended = stays.c.entered_at.label("began"), stays.c.left_at.label("ended")
    own = (stays.c.entry_id.label("ref"), _d.id.label("deal"), stays.c.left_at.label("at"))
    over = stays.c.left_at >= narrow.since, stays.c.left_at < narrow.until, *counted(narrow)
    arms = (
        select(*own, _d.funnel, stays.c.stage, began, ended).join(deals, _d.id == stays.c.deal_id).where(*over),
        select(*own, was.c.funnel, stays.c.stage, began, ended)
        .select_from(
            lead.join(stays, stays.c.deal_id == lead.c.deal)
            .join(was, was.c.id == lead.c.deal)
            .join(deals, _d.id == lead.c.lead)
        )
        .where(*over),
    )
    return Facts.of(arms, ("funnel", "stage"), {"stays": ""})
