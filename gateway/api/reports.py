"""Reports: what a script's steps came to, and the deals behind each number."""

from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import Field
from typing_extensions import TypedDict

from gateway.api.calls import Calls, Query
from gateway.api.context import ApiContext
from gateway.api.errors import invalid, not_found
from gateway.api.paging import cut, open_cursor
from gateway.api.values import Cursor, Day, Limit, Word
from gateway.clock import iso
from gateway.numbers import GroupNumbers, Report, StepNumbers, instants, period, report
from state import numbers
from state.numbers import Cohort

calls = Calls()

Since = Annotated[Day | None, Query("from")]
Until = Annotated[Day | None, Query("to")]
Arm = Annotated[str, Field(max_length=130, pattern=r"^[\w-]{1,64}:[\w-]{1,64}$")]
"""The step that splits and the step that was drawn."""
What = Literal[
    "reached", "answered", "passed", "misunderstood", "left", "handed_off", "waiting", "missed", "won", "running", "finished",
    "timed_out", "stopped",
]  # fmt: skip
_OF_RUNS: Final = ("reached", "won", "running", "finished", "handed_off", "timed_out", "stopped")
_OF_STEPS: Final = ("reached", "answered", "passed", "misunderstood", "left", "handed_off", "waiting", "missed", "won")


class ExitShape(TypedDict):
    exit: str
    result: str
    n: int


class PhraseShape(TypedDict):
    text: str
    n: int
    customers: int


class StepShape(TypedDict):
    step: str
    reached: int
    answered: int
    passed: int
    misunderstood: int
    left: int
    handed_off: int
    waiting: int
    again: int
    customers: int
    median_s: float | None
    won: int
    exits: list[ExitShape]
    phrases: list[PhraseShape]


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
        "steps": list[StepShape],
    },
)


class BehindShape(TypedDict):
    deal: int
    at: str | None


class Behind(TypedDict):
    items: list[BehindShape]
    next: str | None


@calls.on("GET", "/reports/scripts/{name}")
async def script_report(
    ctx: ApiContext,
    name: Word,
    since: Since = None,
    until: Until = None,
    version: Word = "",
    channel: Word = "",
    arm: Arm | None = None,
    money: Word = "sum",
) -> ScriptReport:
    """What the runs of a script that began in a period came to, step by step, down to deals that were won."""
    cohort, first, last = await _cohort(ctx, name, since, until, version, channel, arm)
    script = ctx.house.scripts.get(name)
    order = list(script.steps) if script else []
    found = await ctx.db.read(lambda c: report(c, cohort, order, money))
    return {"script": name, "from": first.isoformat(), "to": last.isoformat(), **_report(found)}  # type: ignore[typeddict-item]


@calls.on("GET", "/reports/scripts/{name}/rows")
async def script_rows(
    ctx: ApiContext,
    name: Word,
    what: What,
    step: Word = "",
    word: Word = "",
    since: Since = None,
    until: Until = None,
    version: Word = "",
    channel: Word = "",
    arm: Arm | None = None,
    limit: Limit = 50,
    cursor: Cursor | None = None,
) -> Behind:
    """The deals behind one number of the report, newest first. `word` is an exit, or a phrase that was not understood."""
    if what not in (_OF_STEPS if step else _OF_RUNS):
        raise invalid("what", "is counted by step: name the step" if not step else "is not counted by step")
    cohort, *_ = await _cohort(ctx, name, since, until, version, channel, arm)
    before = open_cursor(cursor, "behind", cohort, step, what, word)
    found = await ctx.db.read(
        lambda c: numbers.deals_behind(
            c, cohort, step=step, what=what, word=word, limit=limit + 1, below=before[1] if before else None
        )
    )
    page, onward = cut(found, limit, lambda one: (0, one[0]), "behind", cohort, step, what, word)
    return {"items": [{"deal": deal, "at": iso(at)} for deal, at in page], "next": onward}


async def _cohort(
    ctx: ApiContext, name: str, since: date | None, until: date | None, version: str, channel: str, arm: str | None
) -> tuple[Cohort, date, date]:
    if name not in ctx.house.scripts and not await ctx.db.read(lambda c: numbers.is_known(c, name)):
        raise not_found()
    zone = ctx.house.playbook.zone
    first, last = period(since, until, zone, ctx.clock.now())
    if first > last:
        raise invalid("from", "must not be after 'to'")
    drawn = tuple(arm.split(":", 1)) if arm else None
    return Cohort(name, *instants(first, last, zone), version, channel, drawn), first, last  # type: ignore[arg-type]


def _report(found: Report) -> dict[str, Any]:
    return {
        "total": {**_ends(found.total), "customers": found.customers, "deals": found.deals},
        "versions": [{**_ends(one), "version": one.key[0], "first_at": iso(one.first)} for one in found.versions],
        "arms": [{**_ends(one), "split": one.key[0], "arm": one.key[1]} for one in found.arms],
        "steps": [_step(one) for one in found.steps],
    }


def _ends(group: GroupNumbers) -> dict[str, Any]:
    return {"runs": group.runs, **group.ends, "won": group.won, "sum": group.amount}


def _step(one: StepNumbers) -> dict[str, Any]:
    return {
        "step": one.step, "reached": one.reached, "answered": one.answered, "passed": one.passed, "misunderstood": one.misunderstood,
        "left": one.left, "handed_off": one.handed_off, "waiting": one.waiting, "again": one.again, "customers": one.customers,
        "median_s": one.median_s, "won": one.won,
        "exits": [{"exit": exit_.word, "result": exit_.result, "n": exit_.n} for exit_ in one.exits],
        "phrases": [{"text": phrase.text, "n": phrase.n, "customers": phrase.customers} for phrase in one.phrases],
    }  # fmt: skip
