"""What else can be looked up: what is ahead, oneself, and what could not be used."""

from typing import Literal

from typing_extensions import TypedDict

from bots.kit.beginnings import STARTS, bot_of
from gateway.api import shapes
from gateway.api.calls import Calls
from gateway.api.context import ApiContext
from gateway.api.errors import not_found
from gateway.api.paging import cut, open_cursor
from gateway.api.values import Cursor, Id, Limit
from gateway.clock import iso
from gateway.guard import IDLE
from gateway.ledger import ROBOT
from state import deals, quarantine, tasks
from state.records import Person
from state.tasks import Ahead

calls = Calls()


class AheadShape(TypedDict):
    at: str | None
    kind: Literal["bot", "robot", "assign", "idle", "message", "task"]
    """`bot`: one goes on or begins; `robot`: a stage's; `assign`: somebody is looked for; `idle`: a person is asked what is next."""
    deal: int | None
    """Null: a task of the shop's own."""
    bot: str | None
    robot: str | None
    """Its name in the funnel's stage."""
    task: int | None
    text: str


class Upcoming(TypedDict):
    items: list[AheadShape]
    next: None


@calls.on("GET", "/me")
async def me(who: Person) -> shapes.MeShape:
    """Whom the token speaks for."""
    return {"id": who.id, "name": who.name, "role": who.role}


@calls.on("GET", "/upcoming")
async def upcoming(ctx: ApiContext, deal: Id | None = None, limit: Limit = 100) -> Upcoming:
    """What the system is going to do, and which tasks come due; soonest first."""
    if deal is not None and await ctx.db.read(lambda c: deals.find(c, deal)) is None:
        raise not_found()
    now = ctx.clock.now()
    found = await ctx.db.read(lambda c: tasks.upcoming(c, now, limit, deal))
    return {"items": [_ahead(one) for one in found], "next": None}


def _ahead(one: Ahead) -> AheadShape:
    kind, bot, robot, text = _told(one)
    return {
        "at": iso(one.at), "kind": kind, "deal": one.deal or None, "bot": bot or None, "robot": robot or None, "task": one.task,
        "text": text,
    }  # fmt: skip


_Kind = Literal["bot", "robot", "assign", "idle", "message", "task"]


def _told(one: Ahead) -> tuple[_Kind, str, str, str]:
    """Kind, bot, robot and text. A timer is told of by its name; that of a run has the bot's own word for it."""
    if one.kind != "timer":
        return one.kind, "", "", one.text
    if one.bot:
        return "bot", one.bot, "", one.text
    word, _, rest = one.text.partition(":")
    name = rest.partition(":")[0]
    if one.text.startswith(STARTS):
        return "bot", bot_of(one.text), "", word
    if one.text.startswith(ROBOT):
        return "robot", "", name, name
    return ("idle", "", "", word) if one.text == IDLE else ("assign", "", "", name)


@calls.on("GET", "/clarifications")
async def list_clarifications(ctx: ApiContext) -> shapes.Clarifications:
    """What a bot can be sent to ask a customer for, in the playbook's order."""
    items: list[shapes.ClarificationShape] = [
        {"item": one.item, "title": one.title, "script": one.script, "funnel": one.funnel, "stage": one.stage or None}
        for one in ctx.house.playbook.clarifications.values()
    ]
    return {"items": items, "next": None}


@calls.on("GET", "/calendars")
async def list_calendars(ctx: ApiContext) -> shapes.Calendars:
    """Who works when, and whether now: the shop's own calendar, `hours`, comes first."""
    now = ctx.clock.now()
    calendars = ctx.house.playbook.calendars.items()
    standing = [(name, hours, *ctx.house.shift(hours, now)) for name, hours in calendars]
    return {
        "items": [shapes.calendar(name, hours, now, until, is_open) for name, hours, until, is_open in standing],
        "next": None,
    }


@calls.on("GET", "/quarantine")
async def list_quarantine(ctx: ApiContext, limit: Limit = 50, cursor: Cursor | None = None) -> shapes.Quarantine:
    """Events that were authentic and could not be used, newest first."""
    before = open_cursor(cursor, "quarantine")
    found = await ctx.db.read(lambda c: quarantine.find_kept(c, limit + 1, before[1] if before else None))
    page, onward = cut(found, limit, lambda kept: (0, kept.id), "quarantine")
    return {"items": [shapes.kept(kept) for kept in page], "next": onward}
