"""Reports of the business over the API: numbers, the deals behind each of them, and the same as CSV.

Heads see all. A manager sees their own workload, a marketer what bots and funnels come to: numbers, never whose they are. For
whoever has no right to a report there is none of that name.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from aiohttp import web
from pydantic import Field
from typing_extensions import TypedDict

from gateway import reports
from gateway.api.asking import checked
from gateway.api.calls import Calls, Query
from gateway.api.context import ApiContext
from gateway.api.errors import SAFE, Refusal, invalid, not_found
from gateway.api.paging import cut, open_cursor
from gateway.api.values import Cursor, Day, Id, Limit, Word, clean
from gateway.clock import iso
from gateway.filters import must_occur
from gateway.numbers import instants, period
from gateway.reports import Asked, Kind, Line, Report
from gateway.reports.sheet import as_csv, line_key, line_name
from state.facts import Narrow
from state.records import Person

calls = Calls()

Name = Literal["conversion", "leads", "stages", "losses", "sources", "answers", "workload", "bots"]
Way = Literal["cohort", "snapshot", "manager", "channel"]
Since = Annotated[Day | None, Query("from")]
Until = Annotated[Day | None, Query("to")]
By = Annotated[Way | None, Query("by")]
Manager = Id | Literal["me"]
LineName = Annotated[str, Field(max_length=400)]


class ColumnShape(TypedDict):
    name: str
    unit: Literal["count", "percent", "money", "seconds"]


class LineShape(TypedDict):
    key: dict[str, str | int | None]
    """Empty: all lines together."""
    title: str
    values: dict[str, int | float | None]
    rows: dict[str, str]
    """Where the deals behind each number are."""
    hint: str


ReportShape = TypedDict(
    "ReportShape",
    {
        "report": str,
        "by": str,
        "title": str,
        "formula": str,
        "zone": str,
        "currency": str,
        "from": str,
        "to": str,
        "columns": list[ColumnShape],
        "lines": list[LineShape],
        "csv": str,
    },
)


class FactShape(TypedDict):
    deal: int
    at: str | None
    ref: int


class FactsShape(TypedDict):
    items: list[FactShape]
    next: str | None


@calls.on("GET", "/reports/{report}")
async def get_report(
    ctx: ApiContext, who: Person, report: Name, by: By = None, since: Since = None, until: Until = None,
    funnel: Word = "", source: Word = "", channel: Word = "", manager: Manager | None = None,
) -> ReportShape:  # fmt: skip
    """Numbers of a period, line by line; `rows` lead to the deals behind each."""
    asked = await _asked(ctx, who, report, by, since, until, funnel, source, channel, manager)
    made = await ctx.db.read(lambda c: reports.make(c, asked.kind, asked.asked))
    return _shape(made, asked)


@calls.on("GET", "/reports/{report}/csv")
async def get_report_csv(
    ctx: ApiContext, who: Person, report: Name, by: By = None, since: Since = None, until: Until = None,
    funnel: Word = "", source: Word = "", channel: Word = "", manager: Manager | None = None,
) -> web.StreamResponse:  # fmt: skip
    """The same as a table for spreadsheets."""
    asked = await _asked(ctx, who, report, by, since, until, funnel, source, channel, manager)
    made = await ctx.db.read(lambda c: reports.make(c, asked.kind, asked.asked))
    name = "-".join(filter(None, (report, asked.kind.way, asked.asked.first.isoformat(), asked.asked.last.isoformat())))
    headers = {**SAFE, "Content-Disposition": f'attachment; filename="{name}.csv"'}
    return web.Response(text=as_csv(made), content_type="text/csv", charset="utf-8", headers=headers)


@calls.on("GET", "/reports/{report}/rows")
async def get_report_rows(
    ctx: ApiContext, who: Person, report: Name, what: Word, line: LineName | None = None, by: By = None, since: Since = None,
    until: Until = None, funnel: Word = "", source: Word = "", channel: Word = "", manager: Manager | None = None,
    limit: Limit = 50, cursor: Cursor | None = None,
) -> FactsShape:  # fmt: skip
    """The deals behind one number, the latest first. Without `line`: behind that of all lines."""
    asked = await _asked(ctx, who, report, by, since, until, funnel, source, channel, manager)
    if asked.kind.column(what) is None:
        raise invalid("what", "is no number of this report")
    key = line_key(asked.kind, clean(line)) if line is not None else ()
    if key is None or (not key and not asked.kind.total):
        raise invalid("line", "is no line of this report")
    scope = ("facts", report, asked.kind.way, asked.query, key, what)
    before = open_cursor(cursor, *scope)
    below = before[1] if before else None
    found = await ctx.db.read(lambda c: reports.behind(c, asked.kind, asked.asked, key, what, limit + 1, below))
    page, onward = cut(found, limit, lambda row: (0, row.ref), *scope)
    return {"items": [{"deal": row.deal, "at": iso(row.at), "ref": row.ref} for row in page], "next": onward}


# -- what is asked -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asked:
    kind: Kind
    asked: Asked
    query: tuple[tuple[str, str], ...]
    """As links go on asking."""
    blind: bool
    """Who asks sees no deals."""


async def _asked(
    ctx: ApiContext, who: Person, report: str, by: str | None, since: Any, until: Any, funnel: str, source: str, channel: str,
    manager: Manager | None,
) -> _Asked:  # fmt: skip
    ways = reports.REPORTS[report]
    kind = ways.get(by) if by is not None else next(iter(ways.values()))
    if kind is None:
        raise invalid(
            "by", "must be one of " + ", ".join(filter(None, ways)) if "" not in ways else "there is one way only"
        )
    if who.role not in kind.roles:
        raise not_found()
    person = who.id if manager == "me" else manager
    if who.role == "manager":
        if person not in (None, who.id):
            raise Refusal(403, "forbidden", "managers see their own numbers")
        person = who.id
    shop, now = ctx.house.playbook, ctx.clock.now()
    first, last = period(since, until, shop.zone, now)
    if first > last:
        raise invalid("from", "must not be after 'to'")
    if funnel or source:
        await checked(ctx, lambda c: must_occur(c, ctx.house, funnel=funnel, source=source))
    begin, end = instants(first, last, shop.zone)
    narrow = Narrow(begin, end, now, funnel, source, channel, person)
    told = {
        "by": kind.way,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "funnel": funnel,
        "source": source,
        "channel": channel,
    }
    told["manager"] = "" if person is None else str(person)
    query = tuple((name, value) for name, value in told.items() if value)
    return _Asked(kind, Asked(shop, first, last, narrow), query, who.role == "marketer")


def _shape(made: Report, asked: _Asked) -> ReportShape:
    kind = made.kind
    at = f"/api/v1/reports/{kind.name}"
    shop = asked.asked.playbook
    return {
        "report": kind.name, "by": kind.way, "title": kind.title, "formula": kind.formula, "zone": shop.zone, "currency": shop.currency,
        "from": asked.asked.first.isoformat(), "to": asked.asked.last.isoformat(),
        "columns": [{"name": one.name, "unit": one.unit} for one in kind.columns],
        "lines": [_line(line, asked, at) for line in made.lines],
        "csv": f"{at}/csv?{urlencode(asked.query)}",
    }  # fmt: skip


def _line(line: Line, asked: _Asked, at: str) -> LineShape:
    where = [("line", line_name(line.key))] if line.key else []
    links = {
        one.name: f"{at}/rows?{urlencode([*asked.query, *where, ('what', one.name)])}"
        for one in asked.kind.columns
        if line.values[one.name] is not None
    }
    return {
        "key": dict(zip(asked.kind.dims, line.key, strict=False)),
        "title": line.title,
        "values": {one.name: line.values[one.name] for one in asked.kind.columns},
        "rows": {} if asked.blind else links,
        "hint": line.hint,
    }
