"""Who works here: groups, shifts, room, presence; and what becomes of the deals of those who are away or have left."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from gateway.api.calls import Calls
from gateway.api.context import ApiContext
from gateway.api.errors import invalid, not_found
from gateway.api.values import Body, Id, Line, Moment, Word
from gateway.assigning import LEAVE, WAIT
from gateway.clock import iso
from gateway.roster import FOREVER, Roster
from state import people as kept_people
from state import staff
from state.database import Connection
from state.people import Role
from state.records import Person

calls = Calls()


class ColleagueShape(TypedDict):
    id: int
    name: str
    role: str
    active: bool
    groups: list[str]
    calendar: str
    capacity: int
    """Open deals; 0: any number."""
    away_until: str | None
    seen_at: str | None
    there: bool
    open_deals: int


class Colleagues(TypedDict):
    items: list[ColleagueShape]
    next: None


class PresenceShape(TypedDict):
    there: bool
    away_until: str | None
    given: int
    """Deals of the pool that are looked at again."""


class HandOverShape(TypedDict):
    deals: int
    """Whose responsible is being changed, or whose tasks."""


class PersonBody(Body):
    name: Line | None = None
    role: Role | None = None
    groups: Annotated[list[Word], Field(max_length=50)] | None = None
    calendar: Word | None = None
    capacity: Annotated[int, Field(ge=0, le=100_000)] | None = None
    active: bool | None = None
    hand_over_to: Word = ""
    """With `active: false`: a rule, a group or a name; else as new deals are given."""


class PresenceBody(Body):
    state: Literal["here", "away", "back"]
    until: Moment | None = None


class AbsenceBody(Body):
    until: Moment | None = None
    """None: until further notice."""
    hand_over: bool = False
    to: Word = ""


@calls.on("GET", "/people")
async def list_people(ctx: ApiContext) -> Colleagues:
    """Everybody who works here, who is there now, and how much each has."""
    found = await ctx.db.read(staff.colleagues)
    roster = Roster(found, await ctx.db.read(staff.load), {}, ctx.house.playbook.shifts)
    now = ctx.clock.now()
    return {"items": [_colleague(one, roster, now) for one in found], "next": None}


@calls.on("PATCH", "/people/{person_id}")
async def edit_person(ctx: ApiContext, who: Person, person_id: Id, body: PersonBody) -> ColleagueShape:
    """Correct a person. One who is deactivated loses every token, and what they had goes to others."""
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
    heir, now = _heir(ctx, body.hand_over_to), ctx.clock.now()

    def job(conn: Connection) -> None:
        if given:
            staff.edit(conn, person_id, **given)
        if body.active is False:
            kept_people.deactivate(conn, person_id, now)
            staff.hand_over(conn, person_id, f"{LEAVE}{person_id}:{heir}", now)
        elif body.active:
            staff.edit(conn, person_id, active=1)
            staff.wake_waiting(conn, WAIT, now)

    before = await ctx.db.read(lambda c: staff.colleague(c, person_id))
    if before is None:
        raise not_found()
    await ctx.db.write(job, "people")
    return await _changed(ctx, person_id)


@calls.on("POST", "/me/presence")
async def presence(ctx: ApiContext, who: Person, body: PresenceBody) -> PresenceShape:
    """`here` is the console's heartbeat; `away` and `back` are said by people, and what waits in the pool is given out."""
    now = ctx.clock.now()
    if body.until is not None and (body.state != "away" or body.until <= now):
        raise invalid("until", "is a moment to come, of those who go away")

    def job(conn: Connection) -> int:
        fresh = staff.seen(conn, who.id, now)
        if body.state == "away":
            staff.edit(conn, who.id, away_until=body.until or FOREVER)
        elif body.state == "back":
            staff.edit(conn, who.id, away_until=None)
        came = body.state == "back" or (body.state == "here" and fresh)
        return staff.wake_waiting(conn, WAIT, now) if came else 0

    given = await ctx.db.write(job, "people")
    me = await _changed(ctx, who.id)
    return {"there": me["there"], "away_until": me["away_until"], "given": given}


@calls.on("POST", "/people/{person_id}/absence")
async def absence(ctx: ApiContext, person_id: Id, body: AbsenceBody) -> HandOverShape:
    """Somebody is away for a while; with `hand_over`, what they have goes to others at once."""
    heir, now = _heir(ctx, body.to), ctx.clock.now()
    if body.until is not None and body.until <= now:
        raise invalid("until", "must be to come")
    if await ctx.db.read(lambda c: staff.colleague(c, person_id)) is None:
        raise not_found()

    def job(conn: Connection) -> int:
        staff.edit(conn, person_id, away_until=body.until or FOREVER)
        return staff.hand_over(conn, person_id, f"{LEAVE}{person_id}:{heir}", now) if body.hand_over else 0

    handed = await ctx.db.write(job, "people")
    await _changed(ctx, person_id)
    return {"deals": handed}


def _heir(ctx: ApiContext, word: str) -> str:
    """Who gets the deals: whoever is named, else as the playbook gives out new ones."""
    shop = ctx.house.playbook
    usual = shop.source("message").responsible or next(iter(shop.assign), "manager")
    if ":" in word:
        raise invalid("to", "is a rule, a group or a name")
    return word or usual


async def _changed(ctx: ApiContext, person_id: int) -> ColleagueShape:
    ctx.turns.forget_staff()
    ctx.live.wake("turns")
    found = await ctx.db.read(lambda c: staff.colleague(c, person_id))
    if found is None:
        raise not_found()
    roster = Roster([found], await ctx.db.read(staff.load), {}, ctx.house.playbook.shifts)
    return _colleague(found, roster, ctx.clock.now())


def _colleague(one: staff.Colleague, roster: Roster, now: int) -> ColleagueShape:
    away = one.away_until if one.away_until is not None and one.away_until > now else None
    return {
        "id": one.id, "name": one.name, "role": one.role, "active": one.active, "groups": list(one.groups), "calendar": one.calendar,
        "capacity": one.capacity, "away_until": None if away is None else iso(min(away, FOREVER - 1)),
        "seen_at": iso(one.seen_at) if one.seen_at is not None else None, "there": roster.is_there(one, now),
        "open_deals": roster.open_deals[one.id],
    }  # fmt: skip
