"""The audit: what is wrong in the shop and whose it is to mend, what they say of it, and whether it gets better.

Managers see and settle what is theirs; heads see everything, and agree or not that something cannot be fixed.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from aiohttp import web
from pydantic import Field
from typing_extensions import TypedDict

from gateway import audit_export
from gateway.api.asking import checked
from gateway.api.calls import Calls
from gateway.api.context import ApiContext
from gateway.api.deals import Responsible, whose
from gateway.api.errors import SAFE, Refusal, invalid, not_found
from gateway.api.paging import cut, open_cursor
from gateway.api.values import Body, Cursor, Flag, Id, Limit, Line, Word
from gateway.auditor import TOPIC
from gateway.clock import iso
from gateway.filters import must_be_check
from gateway.spreadsheets import XLSX
from state import audits, findings, people
from state.audits import AuditRun
from state.findings import Listed, Tally, Which
from state.records import Person

calls = Calls()

Status = Literal["not_handled", "fixed", "cannot_fix"]
Severity = Literal["critical", "normal"]
_OFFENDERS: Final = 50


class WhoShape(TypedDict):
    id: int
    name: str


class CheckShape(TypedDict):
    name: str
    title: str
    severity: str
    what: str
    not_handled: int
    fixed: int
    """Said to be fixed, and not looked at again yet."""
    cannot_fix: int


class Checks(TypedDict):
    items: list[CheckShape]
    next: None


class RunShape(TypedDict):
    id: int
    state: str
    checks: list[str]
    """Empty: all."""
    scheduled: bool
    asked_at: str | None
    started_at: str | None
    ended_at: str | None
    looked_at: int
    """Deals, tasks and pairs."""


class FindingShape(TypedDict):
    id: int
    check: str
    title: str
    severity: str
    manager: WhoShape | None
    deal: int | None
    contact: int | None
    task: int | None
    customer: str
    sum: int | None
    funnel: str
    stage: str
    what: str
    since: str | None
    status: str
    reason: str
    confirmed: bool
    """A head agrees that it cannot be fixed."""
    settled_at: str | None
    first_at: str | None
    repeats: int
    gone_at: str | None


class Findings(TypedDict):
    items: list[FindingShape]
    next: str | None


class NumbersShape(TypedDict):
    """One number a run, in the order of `runs`."""

    found: list[int]
    fresh: list[int]
    repeats: list[int]
    fixed: list[int]
    excused: list[int]


class CheckTrend(NumbersShape):
    check: str
    title: str


class ManagerTrend(NumbersShape):
    manager: WhoShape | None


class Offender(TypedDict):
    manager: WhoShape | None
    check: str
    title: str
    repeats: int
    found: int
    """In the newest run."""


class Trend(TypedDict):
    runs: list[RunShape]
    checks: list[CheckTrend]
    managers: list[ManagerTrend]
    offenders: list[Offender]


class RunBody(Body):
    checks: Annotated[list[Word], Field(max_length=100)] = Field(default_factory=list)
    """Empty: all of the playbook."""


class SettleBody(Body):
    status: Status
    reason: Line = ""
    """Why it cannot be fixed. A head who sends none agrees with the one that is there."""


@calls.on("GET", "/audit/checks")
async def list_checks(ctx: ApiContext, who: Person) -> Checks:
    """What is looked for, critical ones first, and how much of it there is: for managers, of theirs."""
    counted = await ctx.db.read(lambda c: findings.counts(c, _only(who)))
    return {
        "items": [
            {
                "name": one.name, "title": one.title, "severity": one.severity, "what": one.what,
                "not_handled": counted.get(one.name, {}).get("not_handled", 0), "fixed": counted.get(one.name, {}).get("fixed", 0),
                "cannot_fix": counted.get(one.name, {}).get("cannot_fix", 0),
            }
            for one in ctx.house.playbook.checks.values()
        ],
        "next": None,
    }  # fmt: skip


@calls.on("POST", "/audit/runs", status=202)
async def ask_for_a_run(ctx: ApiContext, who: Person, body: RunBody) -> RunShape:
    """Look the shop through, beside everything else; one at a time."""
    for name in body.checks:
        _known(ctx, name, "checks")
    now = ctx.clock.now()
    run = await ctx.db.write(
        lambda c: audits.ask(c, ctx.db.ids, now, checks=list(dict.fromkeys(body.checks)), by=who.id), "audit"
    )
    if run is None:
        other = await ctx.db.read(audits.under_way)
        raise Refusal(409, "under_way", "an audit waits to begin already", current=_run(other) if other else None)
    ctx.live.wake(TOPIC)
    return _run(run)


@calls.on("GET", "/audit/runs/{run_id}")
async def show_run(ctx: ApiContext, run_id: Id) -> RunShape:
    """How far it is: `waiting`, `running`, `done`, or `stopped` where its process died."""
    run = await ctx.db.read(lambda c: audits.find(c, run_id))
    if run is None:
        raise not_found()
    return _run(run)


@calls.on("GET", "/audit/findings")
async def list_findings(
    ctx: ApiContext,
    who: Person,
    manager: Responsible | None = None,
    check: Word = "",
    status: Status | None = None,
    severity: Severity | None = None,
    gone: Flag = False,
    limit: Limit = 50,
    cursor: Cursor | None = None,
) -> Findings:
    """What is wrong, critical ones first; `gone`: what has been wrong and is not found any more."""
    which = _which(who, manager, check, status or "", severity or "", gone=gone)
    if check:
        await checked(ctx, lambda c: must_be_check(c, ctx.house, check))
    scope = ("findings", which)
    after = open_cursor(cursor, *scope)
    found = await ctx.db.read(lambda c: findings.page(c, which, limit + 1, after))
    listed, onward = cut(found, limit, findings.position, *scope)
    return {"items": [_finding(ctx, one) for one in listed], "next": onward}


@calls.on("POST", "/audit/findings/{finding_id}")
async def settle_finding(ctx: ApiContext, who: Person, finding_id: Id, body: SettleBody) -> FindingShape:
    """Fixed (the next run looks again), cannot be fixed (why; a head agrees by sending the same), or not handled after all."""
    found = await ctx.db.read(lambda c: findings.find(c, finding_id))
    if found is None or (_only(who) is not None and found.person_id != who.id):
        raise not_found()
    reason, now, is_head = body.reason.strip(), ctx.clock.now(), _only(who) is None
    if body.status == "cannot_fix" and not reason and not (is_head and found.status == "cannot_fix"):
        raise invalid("reason", "say why it cannot be fixed")
    if body.status == "cannot_fix" and not reason:
        done = await ctx.db.write(lambda c: findings.confirm(c, finding_id, who.id, now), "audit")
    else:
        confirmed = body.status == "cannot_fix" and is_head
        done = await ctx.db.write(
            lambda c: findings.settle(c, finding_id, body.status, reason, who.id, now, confirmed=confirmed), "audit"
        )
    shown = _finding(ctx, await _listed(ctx, finding_id))
    if not done:
        raise Refusal(409, "gone", "the last audit has not found it any more", current=shown)
    return shown


@calls.on("GET", "/audit/trend")
async def trend(
    ctx: ApiContext, who: Person, manager: Responsible | None = None, check: Word = "", runs: Limit = 30
) -> Trend:
    """The last runs, oldest first: how much each check found, and of whom; and who has the same again."""
    person = _only(who) if _only(who) is not None else whose(manager, who)
    if check:
        await checked(ctx, lambda c: must_be_check(c, ctx.house, check))
    ended = await ctx.db.read(lambda c: audits.latest(c, runs))
    if manager == "none":
        person = 0 if _only(who) is None else person
    told = await ctx.db.read(lambda c: findings.tallies(c, [run.id for run in ended], person, check))
    names = await ctx.db.read(lambda c: people.find_people(c, {one.person_id for one in told}))
    return {
        "runs": [_run(run) for run in ended],
        "checks": [
            {
                "check": name,
                "title": _title(ctx, name),
                **_numbers(ended, [one for one in told if one.check_name == name]),
            }
            for name in dict.fromkeys(one.check_name for one in told)
        ],
        "managers": [
            {"manager": _who(names.get(number)), **_numbers(ended, [one for one in told if one.person_id == number])}
            for number in sorted({one.person_id for one in told})
        ],
        "offenders": _offenders(ctx, ended, told, names),
    }


@calls.on("GET", "/audit/export.xlsx")
async def export_workbook(
    ctx: ApiContext, who: Person, manager: Responsible | None = None, check: Word = "", status: Status = "not_handled"
) -> web.StreamResponse:
    """A workbook, one sheet a check."""
    if check:
        _known(ctx, check, "check")
    which = _which(who, manager, check, status, "")
    async with ctx.exports:
        body = await audit_export.workbook_bytes(ctx.db, ctx.house, which)
    return web.Response(body=body, content_type=XLSX, headers=_named("audit.xlsx"))


@calls.on("GET", "/audit/export.csv")
async def export_csv(
    ctx: ApiContext, who: Person, check: Word, manager: Responsible | None = None, status: Status = "not_handled"
) -> web.StreamResponse:
    """One check, for spreadsheets."""
    _known(ctx, check, "check")
    which = _which(who, manager, check, status, "")
    async with ctx.exports:
        body = await audit_export.csv_bytes(ctx.db, ctx.house, which)
    return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=_named("audit.csv"))


def _named(file: str) -> dict[str, str]:
    return {**SAFE, "Content-Disposition": f'attachment; filename="{file}"'}


def _only(who: Person) -> int | None:
    """Whose findings they may see; None: everybody's."""
    return who.id if who.role == "manager" else None


def _which(
    who: Person, manager: Any, check: str, status: str, severity: str, *, gone: bool = False
) -> Which:  # fmt: skip
    mine = _only(who)
    if mine is None:
        return Which(whose(manager, who), manager == "none", check, status, severity, gone)
    if manager is not None and whose(manager, who) != mine:
        raise not_found()
    return Which(mine, nobodys=False, check=check, status=status, severity=severity, gone=gone)


def _known(ctx: ApiContext, name: str, field: str) -> None:
    if name not in ctx.house.playbook.checks:
        raise invalid(field, f"there is no check {name!r}")


def _title(ctx: ApiContext, name: str) -> str:
    check = ctx.house.playbook.checks.get(name)
    return check.title if check is not None else name


async def _listed(ctx: ApiContext, finding_id: int) -> Listed:
    one: Listed | None = await ctx.db.read(lambda c: findings.find_listed(c, finding_id))
    if one is None:
        raise not_found()
    return one


def _run(run: AuditRun) -> RunShape:
    return {
        "id": run.id, "state": run.state, "checks": run.checks, "scheduled": run.by_id is None, "asked_at": iso(run.asked_at),
        "started_at": iso(run.started_at), "ended_at": iso(run.ended_at), "looked_at": run.looked_at,
    }  # fmt: skip


def _who(person: Person | None) -> WhoShape | None:
    return {"id": person.id, "name": person.name} if person is not None else None


def _finding(ctx: ApiContext, one: Listed) -> FindingShape:
    f = one.finding
    return {
        "id": f.id, "check": f.check_name, "title": _title(ctx, f.check_name), "severity": f.severity,
        "manager": {"id": f.person_id, "name": one.manager} if f.person_id is not None else None, "deal": f.deal_id,
        "contact": f.contact_id, "task": f.task_id, "customer": audit_export.customer(one, ctx.house),
        "sum": audit_export.sum_of(ctx.house, one), "funnel": one.funnel, "stage": one.stage, "what": f.what,
        "since": iso(f.since), "status": f.status, "reason": f.reason, "confirmed": f.confirmed_at is not None,
        "settled_at": iso(f.settled_at), "first_at": iso(f.first_at), "repeats": f.repeats, "gone_at": iso(f.gone_at),
    }  # fmt: skip


def _numbers(ended: Sequence[AuditRun], told: Sequence[Tally]) -> NumbersShape:
    numbers: Any = {}
    for name in ("found", "fresh", "repeats", "fixed", "excused"):
        by_run: Counter[int] = Counter()
        for one in told:
            by_run[one.run_id] += getattr(one, name)
        numbers[name] = [by_run[run.id] for run in ended]
    shaped: NumbersShape = numbers
    return shaped


def _offenders(
    ctx: ApiContext, ended: Sequence[AuditRun], told: Sequence[Tally], names: dict[int, Person]
) -> list[Offender]:
    newest = ended[-1].id if ended else 0
    repeats: Counter[tuple[int, str]] = Counter()
    found: Counter[tuple[int, str]] = Counter()
    for one in told:
        repeats[one.person_id, one.check_name] += one.repeats
        found[one.person_id, one.check_name] += one.found if one.run_id == newest else 0
    return [
        {
            "manager": _who(names.get(number)), "check": check, "title": _title(ctx, check), "repeats": n,
            "found": found[number, check],
        }
        for (number, check), n in repeats.most_common(_OFFENDERS)
        if n
    ]  # fmt: skip
