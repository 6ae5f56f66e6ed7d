"""Scripts: which are live, their versions compared, who stands where, and publishing them."""

import asyncio
from typing import Annotated, Any

from pydantic import Field

from bots.kit.script import Script
from gateway import library
from gateway.api import script_shapes as shapes
from gateway.api.bodies import OrderBody, PublishBody, RollbackBody, RolloutBody
from gateway.api.calls import Calls, Query
from gateway.api.context import ApiContext
from gateway.api.errors import Refusal, invalid, not_found
from gateway.api.paging import cut, open_cursor
from gateway.api.values import Cursor, Limit, clean
from gateway.library import Faulty, Order, Outdated, Publisher, Unfit
from state import people, scripts
from state.records import Person
from state.scripts import Live

calls = Calls()

Name = Annotated[str, Field(pattern="^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
Which = Annotated[str, Field(pattern="^([0-9a-f]{64}|[1-9][0-9]{0,8})$")]
"""A version's hash or number."""


@calls.on("GET", "/scripts")
async def list_scripts(ctx: ApiContext) -> shapes.Scripts:
    """The scripts that new conversations begin with."""
    found = await ctx.db.read(scripts.live)
    return {"items": [await _shape(ctx, one) for one in found.values()], "next": None}


@calls.on("GET", "/scripts/{name}")
async def get_script(ctx: ApiContext, name: Name) -> shapes.WholeScriptShape:
    """One script, with the text that an editor goes on from."""
    now = await _live(ctx, name)
    script = await _script(ctx, name, now.newest)
    return {**await _shape(ctx, now), "source": script.source, "hash": script.hash}


@calls.on("GET", "/scripts/{name}/versions")
async def list_versions(
    ctx: ApiContext, name: Name, limit: Limit = 50, cursor: Cursor | None = None
) -> shapes.Versions:
    """Everything that was ever published of it, newest first."""
    before = open_cursor(cursor, "versions", name)
    now = await _live(ctx, name)
    found = await ctx.db.read(lambda c: scripts.versions(c, name, limit + 1, before[1] if before else None))
    page, onward = cut(found, limit, lambda one: (0, one[0].number), "versions", name)
    return {"items": [shapes.version(one, author, now) for one, author in page], "next": onward}


@calls.on("GET", "/scripts/{name}/versions/{which}")
async def get_version(ctx: ApiContext, name: Name, which: Which) -> shapes.WholeVersionShape:
    """One version with its text, by number or hash."""
    now = await _live(ctx, name)
    found = await ctx.db.read(lambda c: scripts.find_version(c, name, _key(which)))
    if found is None:
        raise not_found()
    kept = await ctx.db.read(lambda c: scripts.source(c, found.hash))
    authors = await ctx.db.read(lambda c: people.find_people(c, [found.author_id] if found.author_id else []))
    shown = shapes.version(found, authors.get(found.author_id or 0), now)
    return {**shown, "source": kept[1] if kept else ""}


@calls.on("GET", "/scripts/{name}/compare")
async def compare_versions(
    ctx: ApiContext, name: Name, since: Annotated[Which, Query("from")], to: Which | None = None
) -> shapes.DifferenceShape:
    """What differs between any two versions, in plain words and line by line; `to` is by default the newest."""
    now = await _live(ctx, name)
    old, new = await _picked(ctx, name, since), await _picked(ctx, name, to or now.newest)
    difference, diff = await asyncio.to_thread(library.differ, old, new)
    return {"from": old.hash, "to": new.hash, **shapes.difference(difference, diff)}


@calls.on("GET", "/scripts/{name}/standing")
async def who_stands_where(ctx: ApiContext, name: Name) -> shapes.Standings:
    """How many customers stand at which step of which version."""
    now = await _live(ctx, name)
    found = await ctx.db.read(lambda c: scripts.standing(c, name))
    return {"items": [shapes.standing(one, now) for one in found], "next": None}


@calls.on("POST", "/scripts/{name}/publish")
async def publish(ctx: ApiContext, who: Person, name: Name, body: PublishBody) -> shapes.PublishedShape:
    """Publish a new text. With mistakes: 422 and where they are; after somebody else: 409 and what they changed."""
    if clean(body.source) != body.source:
        raise invalid("source", "has characters that cannot be kept")
    going = _publisher(ctx).publish(
        name, body.source, who, body.base, label=body.label, note=body.note, percent=body.rollout, order=_order(body)
    )
    return await _done(ctx, name, going, based=body.base is not None)


@calls.on("POST", "/scripts/{name}/rollback")
async def roll_back(ctx: ApiContext, who: Person, name: Name, body: RollbackBody) -> shapes.PublishedShape:
    """Publish an earlier version anew: all new runs begin with it."""
    await _live(ctx, name)
    going = _publisher(ctx).roll_back(name, body.to, who, body.base, note=body.note, order=_order(body))
    return await _done(ctx, name, going, based=body.base is not None)


@calls.on("POST", "/scripts/{name}/rollout")
async def roll_out(ctx: ApiContext, who: Person, name: Name, body: RolloutBody) -> shapes.PublishedShape:
    """Another share of the contacts for what is being rolled out; 100: all."""
    await _live(ctx, name)
    going = _publisher(ctx).roll_out(name, body.percent, who, body.base, _order(body))
    return await _done(ctx, name, going, based=body.base is not None)


# -- what these share --------------------------------------------------------------------------------------------------


def _publisher(ctx: ApiContext) -> Publisher:
    return Publisher(ctx.db, ctx.house, ctx.live, ctx.clock.now())


def _order(body: OrderBody) -> Order:
    return Order(body.runs, dict(body.map))


async def _done(ctx: ApiContext, name: str, going: Any, *, based: bool) -> shapes.PublishedShape:
    """The publication's report, or why not."""
    try:
        report = await going
    except Faulty as wrong:
        findings = [shapes.finding(problem) for problem in wrong.problems]
        raise Refusal(422, "invalid", str(wrong), field="source", findings=findings) from None
    except Unfit as wrong:
        raise invalid(wrong.name, str(wrong)) from None
    except Outdated as late:
        current = await _shape(ctx, late.now) if late.now else None
        changes = shapes.difference(late.difference, late.diff)
        if not based and late.now is not None:
            raise Refusal(409, "outdated", _no_base(late.now), current=current, field="base", **changes) from None
        raise Refusal(409, "outdated", str(late), current=current, **changes) from None
    return shapes.published(report, await _shape(ctx, await _live(ctx, name)))


def _no_base(now: Live) -> str:
    return f"there is a script {now.name!r}: send as `base` the revision that you began from ({now.revision} is the newest), or its hash"


async def _live(ctx: ApiContext, name: str) -> Live:
    found = await ctx.db.read(lambda c: scripts.find_live(c, name))
    if found is None:
        raise not_found()
    return found


async def _shape(ctx: ApiContext, now: Live) -> shapes.ScriptShape:
    newest = await ctx.db.read(lambda c: scripts.find_version(c, now.name, now.stable))
    authors = await ctx.db.read(lambda c: people.find_people(c, [now.author_id] if now.author_id else []))
    script = await library.know(ctx.db, ctx.house, now.stable, now.name)
    return shapes.script(now, newest, script, authors.get(now.author_id or 0))


async def _script(ctx: ApiContext, name: str, digest: str) -> Script:
    found = await library.know(ctx.db, ctx.house, digest, name)
    if found is None:
        raise not_found()
    return found


async def _picked(ctx: ApiContext, name: str, which: str) -> Script:
    found = await ctx.db.read(lambda c: scripts.find_version(c, name, _key(which)))
    if found is None:
        raise not_found()
    return await _script(ctx, name, found.hash)


def _key(which: str) -> str | int:
    return which if len(which) == 64 else int(which)
