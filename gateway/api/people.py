"""Who works here: groups, shifts, room, presence; and what becomes of the deals of those who are away or have left."""

from collections import Counter
from typing import Annotated, Literal, NotRequired

import structlog
from aiohttp import web
from pydantic import Field
from typing_extensions import TypedDict

from gateway import leaving, vocabulary
from gateway.api.bodies import NoBody
from gateway.api.calls import Calls
from gateway.api.context import ApiContext
from gateway.api.errors import Refusal, invalid, not_found
from gateway.api.values import Body, Id, Line, Moment, Word
from gateway.clock import iso
from gateway.refusals import Invalid
from gateway.roster import FOREVER, Roster
from state import people as kept_people
from state import staff
from state.database import Connection
from state.people import Role
from state.records import Person

calls = Calls()
log = structlog.get_logger()


class ColleagueShape(TypedDict):
    id: int
    name: str
    role: str
    active: bool
    program: bool
    """Behind a token of its own: it is never there, and no deals are given to it."""
    groups: list[str]
    calendar: str
    capacity: int
    """Open deals; 0: any number."""
    away: bool
    away_until: str | None
    """Null of one who is away: until further notice."""
    seen_at: str | None
    there: bool
    open_deals: int
    warnings: NotRequired[list[str]]
    """Of what was just changed: groups that no rule of the playbook knows."""


class Colleagues(TypedDict):
    items: list[ColleagueShape]
    next: None


class PresenceShape(TypedDict):
    there: bool
    away: bool
    away_until: str | None
    given: int
    """Deals of the pool that are looked at again."""


class HandOverShape(TypedDict):
    deals: int
    """Whose responsible is being changed, or whose tasks."""


class SigninShape(TypedDict):
    link: str
    """To be opened once, within a day, by the person alone; those given out before are worth nothing any more."""
    expires_at: str | None


class PersonBody(Body):
    name: Line | None = None
    role: Role | None = None
    groups: Annotated[list[Word], Field(max_length=50)] | None = None
    calendar: Word | None = None
    capacity: Annotated[int, Field(ge=0, le=100_000)] | None = None
    active: bool | None = None
    hand_over_to: Word | Id = ""
    """With `active: false`: a rule, a group, a role, a name or a number; else as new deals are given."""


class PresenceBody(Body):
    state: Literal["here", "away", "back"]
    until: Moment | None = None


class AbsenceBody(Body):
    until: Moment | None = None
    """None: until further notice."""
    hand_over: bool = False
    to: Word | Id = ""
    """A rule, a group, a role, a name or a number; else as new deals are given."""


@calls.on("GET", "/people")
async def list_people(ctx: ApiContext) -> Colleagues:
    """Everybody who works here, who is there now, and how much each has."""
    found = await ctx.db.read(staff.colleagues)
    roster = Roster(found, await ctx.db.read(staff.load), {}, ctx.house.playbook.shifts)
    now = ctx.clock.now()
    return {"items": [_colleague(one, roster, now) for one in found], "next": None}


@calls.on("GET", "/people/{person_id}")
async def get_person(ctx: ApiContext, person_id: Id) -> ColleagueShape:
    """One of those who work here, or have."""
    return _shown(ctx, await _found(ctx, person_id), await ctx.db.read(staff.load))


@calls.on("PATCH", "/people/{person_id}")
async def edit_person(ctx: ApiContext, who: Person, person_id: Id, body: PersonBody) -> ColleagueShape:
    """Correct a person; an admin only by another. One who is deactivated loses every token, and what they had goes to others."""
    await _touched(ctx, who, person_id)
    given = {
        n: getattr(body, n) for n in ("name", "role", "groups", "calendar", "capacity") if n in body.model_fields_set
    }
    for name, value in given.items():
        if value is None or (name == "name" and not str(value).strip()):
            raise invalid(name, "must not be empty")
    if body.calendar and body.calendar not in ctx.house.playbook.calendars:
        raise invalid("calendar", "must be one of " + ", ".join(ctx.house.playbook.calendars))
    if body.active is False and person_id == who.id:
        raise invalid("active", "nobody can deactivate themselves")
    if body.role == "admin" and who.role != "admin":
        raise invalid("role", "only an admin can make another")
    heir, now = await _heir(ctx, body.hand_over_to, person_id, "hand_over_to"), ctx.clock.now()

    def job(conn: Connection) -> None:
        if given:
            staff.edit(conn, person_id, now, **given)
        if body.active is False:
            leaving.leave(conn, person_id, heir, now)
        elif body.active:
            staff.edit(conn, person_id, now, active=1)

    await ctx.db.write(job, "people")
    changed = await _changed(ctx, person_id)
    known = vocabulary.groups(ctx.house)
    if unknown := [group for group in given.get("groups", ()) if group not in known]:
        changed["warnings"] = [
            f"{vocabulary.no_such('group', group, sorted(known))} No rule gives it anything" for group in unknown
        ]
    return changed


@calls.on("POST", "/me/presence")
async def presence(ctx: ApiContext, who: Person, body: PresenceBody) -> PresenceShape:
    """`here` is the console's heartbeat; `away` and `back` are said by people, and what waits in the pool is given out."""
    now = ctx.clock.now()
    if body.until is not None and (body.state != "away" or body.until <= now):
        raise invalid("until", "is a moment to come, of those who go away")

    def job(conn: Connection) -> int:
        fresh = staff.seen(conn, who.id, now)
        if body.state == "back":
            return leaving.come_back(conn, who.id, now)
        if body.state == "away":
            return leaving.go_away(conn, who.id, body.until, "", now)
        return staff.wake_waiting(conn, now) if fresh else 0

    return _present(await ctx.db.write(job, "people"), await _changed(ctx, who.id))


@calls.on("POST", "/people/{person_id}/absence")
async def absence(ctx: ApiContext, who: Person, person_id: Id, body: AbsenceBody) -> HandOverShape:
    """Somebody is away for a while; with `hand_over`, what they have goes to others at once."""
    await _touched(ctx, who, person_id)
    heir, now = await _heir(ctx, body.to, person_id, "to"), ctx.clock.now()
    if body.until is not None and body.until <= now:
        raise invalid("until", "must be to come")
    if body.to != "" and not body.hand_over:
        raise invalid("to", "belongs to hand_over")
    word = heir if body.hand_over else ""
    handed = await ctx.db.write(lambda c: leaving.go_away(c, person_id, body.until, word, now), "people")
    await _changed(ctx, person_id)
    return {"deals": handed}


@calls.on("DELETE", "/people/{person_id}/absence")
async def end_absence(ctx: ApiContext, who: Person, person_id: Id) -> PresenceShape:
    """Somebody is back; what waits in the pool is given out."""
    await _touched(ctx, who, person_id)
    now = ctx.clock.now()
    given = await ctx.db.write(lambda c: leaving.come_back(c, person_id, now), "people")
    return _present(given, await _changed(ctx, person_id))


@calls.on("POST", "/people/{person_id}/link")
async def link_person(
    ctx: ApiContext, request: web.Request, who: Person, person_id: Id, body: NoBody | None = None  # noqa: ARG001 - the body is checked, whatever becomes of it
) -> SigninShape:  # fmt: skip
    """A link that signs somebody who works here in, once. An admin's only for an admin."""
    one = await _touched(ctx, who, person_id)
    if one.program:
        raise Refusal(409, "program", "a program has a token and does not sign in")
    if not one.active:
        raise Refusal(409, "left", "they do not work here any more")
    now = ctx.clock.now()
    token = await ctx.db.write(lambda c: kept_people.another_signin(c, ctx.db.ids, person_id, now), "people")
    log.info("signin_link", person=person_id, by=who.id)
    base = ctx.house.public_url.rstrip("/") or f"{request.scheme}://{request.host}"
    return {"link": f"{base}/signin?token={token}", "expires_at": iso(now + kept_people.SIGNIN_MS)}


async def _found(ctx: ApiContext, person_id: int) -> staff.Colleague:
    one: staff.Colleague | None = await ctx.db.read(lambda c: staff.colleague(c, person_id))
    if one is None:
        raise not_found()
    return one


async def _touched(ctx: ApiContext, who: Person, person_id: int) -> staff.Colleague:
    """Whom somebody wants to change: only an admin changes an admin."""
    one = await _found(ctx, person_id)
    if one.role == "admin" and who.role != "admin":
        raise Refusal(403, "forbidden", "only an admin changes an admin")
    return one


async def _heir(ctx: ApiContext, named: str | int, gone: int, field: str) -> str:
    heirs = leaving.Heirs(ctx.house.playbook, await ctx.db.read(staff.colleagues))
    try:
        return heirs.word(named, gone, field)
    except Invalid as nobody:
        raise invalid(nobody.name, str(nobody)) from None


async def _changed(ctx: ApiContext, person_id: int) -> ColleagueShape:
    ctx.turns.forget_staff()
    ctx.live.wake("turns")
    shown: ColleagueShape = await get_person(ctx, person_id)
    return shown


def _present(given: int, one: ColleagueShape) -> PresenceShape:
    return {"there": one["there"], "away": one["away"], "away_until": one["away_until"], "given": given}


def _shown(ctx: ApiContext, one: staff.Colleague, load: "Counter[int]") -> ColleagueShape:
    return _colleague(one, Roster([one], load, {}, ctx.house.playbook.shifts), ctx.clock.now())


def _colleague(one: staff.Colleague, roster: Roster, now: int) -> ColleagueShape:
    away = one.away_until if one.away_until is not None and one.away_until > now else None
    return {
        "id": one.id, "name": one.name, "role": one.role, "active": one.active, "program": one.program, "groups": list(one.groups),
        "calendar": one.calendar, "capacity": one.capacity, "away": away is not None,
        "away_until": None if away is None or away >= FOREVER else iso(away),
        "seen_at": iso(one.seen_at) if one.seen_at is not None else None, "there": roster.is_there(one, now),
        "open_deals": roster.open_deals[one.id],
    }  # fmt: skip
