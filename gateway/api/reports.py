"""Reports: what a script's steps came to, and the deals behind each number."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import Field
from typing_extensions import TypedDict

from gateway.api.calls import Calls, Query
from gateway.api.context import ApiContext
from gateway.api.errors import invalid, not_found
from gateway.api.paging import cut, open_cursor
from gateway.api.values import Cursor, Day, Limit, Word
from gateway.clock import iso
from gateway.numbers import Asked, BadPeriod, GroupNumbers, StepNumbers, report
from state import numbers
from state.numbers import Cohort

calls = Calls()

What = Literal[
    "reached", "answered", "passed", "misunderstood", "left", "handed_off", "waiting", "missed", "won", "running", "finished",
    "timed_out", "stopped",
]  # fmt: skip
_OF_RUNS: Final = ("reached", "won", "running", "finished", "handed_off", "timed_out", "stopped")
_OF_STEPS: Final = ("reached", "answered", "passed", "misunderstood", "left", "handed_off", "waiting", "missed", "won")


@dataclass(frozen=True, slots=True)
class Narrow(Asked):
    """The parameters that say which runs."""

    since: Annotated[Day | None, Query("from")] = None
    until: Annotated[Day | None, Query("to")] = None
    version: Word = ""
    channel: Word = ""
    arm: Annotated[str, Field(max_length=130, pattern=r"^([\w-]{1,64}:[\w-]{1,64})?$")] = ""
    """The step that splits and the step that was drawn."""


class EndsShape(TypedDict):
    runs: int
    running: int
    finished: int
    handed_off: int
    timed_out: int
    stopped: int
    won: int
    sum: float


class TotalShape(EndsShape):
    customers: int
    deals: int


class VersionShape(EndsShape):
    version: str
    first_at: str | None


class ArmShape(EndsShape):
    split: str
    arm: str


# `from` is no name that a class body can have.
ScriptReport = TypedDict(
    "ScriptReport",
    {
        "script": str,
        "from": str,
        "to": str,
        "total": TotalShape,
        "versions": list[VersionShape],
        "arms": list[ArmShape],
        "steps": list[StepNumbers],
    },
)


class BehindShape(TypedDict):
    deal: int
    at: str | None


class Behind(TypedDict):
    items: list[BehindShape]
    next: str | None


@calls.on("GET", "/reports/scripts/{name}")
async def script_report(ctx: ApiContext, name: Word, which: Narrow, money: Word = "sum") -> ScriptReport:
    """What the runs of a script that began in a period came to, step by step, down to deals that were won."""
    cohort, first, last = await _cohort(ctx, name, which)
    script = ctx.house.scripts.get(name)
    order = list(script.steps) if script else []
    found = await ctx.db.read(lambda c: report(c, cohort, order, money))
    return {
        "script": name, "from": first.isoformat(), "to": last.isoformat(),
        "total": {**_ends(found.total), "customers": found.customers, "deals": found.deals},
        "versions": [{**_ends(one), "version": one.key[0], "first_at": iso(one.first)} for one in found.versions],
        "arms": [{**_ends(one), "split": one.key[0], "arm": one.key[1]} for one in found.arms],
        "steps": found.steps,
    }  # fmt: skip


@calls.on("GET", "/reports/scripts/{name}/rows")
async def script_rows(
    ctx: ApiContext, name: Word, what: What, which: Narrow, step: Word = "", word: Word = "", limit: Limit = 50,
    cursor: Cursor | None = None,
) -> Behind:  # fmt: skip
    """The deals behind one number of the report, newest first. `word` is an exit, or a phrase that was not understood."""
    if what not in (_OF_STEPS if step else _OF_RUNS):
        raise invalid("what", "is counted by step: name the step" if not step else "is not counted by step")
    cohort, *_ = await _cohort(ctx, name, which)
    before = open_cursor(cursor, "behind", cohort, step, what, word)
    found = await ctx.db.read(
        lambda c: numbers.deals_behind(
            c, cohort, step=step, what=what, word=word, limit=limit + 1, below=before[1] if before else None
        )
    )
    page, onward = cut(found, limit, lambda one: (0, one[0]), "behind", cohort, step, what, word)
    return {"items": [{"deal": deal, "at": iso(at)} for deal, at in page], "next": onward}


async def _cohort(ctx: ApiContext, name: str, which: Narrow) -> tuple[Cohort, date, date]:
    if name not in ctx.house.scripts and not await ctx.db.read(lambda c: numbers.is_known(c, name)):
        raise not_found()
    try:
        return which.cohort(name, ctx.house.playbook.zone, ctx.clock.now())
    except BadPeriod:
        raise invalid("from", "must not be after 'to'") from None


def _ends(group: GroupNumbers) -> EndsShape:
    return {
        "runs": group.runs, "running": group.ends["running"], "finished": group.ends["finished"],
        "handed_off": group.ends["handed_off"], "timed_out": group.ends["timed_out"], "stopped": group.ends["stopped"],
        "won": group.won, "sum": group.amount,
    }  # fmt: skip
