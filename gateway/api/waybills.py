"""Waybills over the carrier's API: the recipient's city and office from its directory, the waybill from the deal's card."""

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from bots.kit.words import as_text
from gateway.api import shapes
from gateway.api.asking import ask, show
from gateway.api.calls import Calls
from gateway.api.context import ApiContext
from gateway.api.errors import Refusal, invalid, not_found
from gateway.api.values import Body, Id, Line, Sought
from gateway.desk import Edit
from gateway.novaposhta import NAME, CarrierError, NotToldError, NovaPoshta, Order
from gateway.points import phone_of
from state import contacts, deals
from state.records import Person

calls = Calls()


class CityShape(TypedDict):
    ref: str
    name: str
    area: str


class Cities(TypedDict):
    items: list[CityShape]
    next: None


class OfficeShape(TypedDict):
    ref: str
    number: str
    name: str


class Offices(TypedDict):
    items: list[OfficeShape]
    next: None


class WaybillShape(TypedDict):
    number: str
    cost: int | None
    """What the delivery costs, in minor units."""
    arrives: str
    deal: shapes.DealShape


Money = Annotated[int, Field(ge=0, le=10**9)]


class WaybillBody(Body):
    """What is missing is taken from the deal's fields (`city`, `warehouse`, `budget`, `cod`) and its customer."""

    name: Line | None = None
    phone: Line | None = None
    city: Line | None = None
    office: Line | None = None
    cost: Money | None = None
    """Declared value, minor units."""
    cod: Money | None = None
    """Cash on delivery that the carrier is to bring back, minor units; 0: none."""
    weight: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Grams."""
    description: Line | None = None


@calls.on("GET", "/carriers/novaposhta/cities")
async def find_cities(ctx: ApiContext, q: Sought) -> Cities:
    """Settlements whose name begins so, from the carrier's directory."""
    found = await _told(_carrier(ctx).cities(q))
    return {"items": [{"ref": one.ref, "name": one.name, "area": one.area} for one in found], "next": None}


@calls.on("GET", "/carriers/novaposhta/offices")
async def find_offices(ctx: ApiContext, city: Sought, q: Sought = "") -> Offices:
    """Parcel offices of a settlement (`ref` of it) by number, street or words."""
    found = await _told(_carrier(ctx).offices(city, q))
    return {"items": [{"ref": one.ref, "number": one.number, "name": one.name} for one in found], "next": None}


@calls.on("POST", "/deals/{deal_id}/waybill", status=201)
async def make_waybill(ctx: ApiContext, who: Person, deal_id: Id, body: WaybillBody | None = None) -> WaybillShape:
    """Have the carrier make a waybill of the deal's card; its number becomes the deal's `tracking`, and triggers hear of it."""
    carrier, wanted = _carrier(ctx), body or WaybillBody()
    shipping = ctx.house.playbook.shipping.get(NAME)
    if shipping is None:
        raise Refusal(409, "no_sender", "the playbook does not say who sends: add shipping.novaposhta")
    deal = await ctx.db.read(lambda c: deals.find(c, deal_id))
    profile = await ctx.db.read(lambda c: contacts.find_profile(c, deal.contact_id)) if deal else None
    if deal is None or profile is None:
        raise not_found()
    if as_text(deal.fields.get("tracking")).strip():
        raise Refusal(409, "has_waybill", "the deal has a waybill already", current=await show(ctx, deal_id))
    order = Order(
        name=_needed("name", wanted.name, profile.contact.name),
        phone=phone_of(_needed("phone", wanted.phone, profile.contact.phone), ctx.house.region).removeprefix("+"),
        city=_needed("city", wanted.city, deal.fields.get("city")),
        office=_needed("office", wanted.office, deal.fields.get("warehouse")),
        cost=_sum(wanted.cost, deal.fields.get("budget", deal.fields.get("total"))) or 0,
        cod=_sum(wanted.cod, deal.fields.get("cod")) or 0,
        weight=wanted.weight or shipping.weight,
        description=wanted.description or shipping.description or deal.title,
    )
    if not order.phone:
        raise invalid("phone", "is not a phone number")
    if not order.cost:
        raise invalid("cost", "is needed: the declared value")
    made = await _told(carrier.make(order, shipping, ctx.clock.now(), ctx.house.playbook.zone))
    try:
        await ask(ctx, who, deal_id, Edit(fields={"tracking": made.number, "waybill_ref": made.ref}))
    except Refusal as refused:  # it is there, whatever has become of the deal meanwhile
        raise Refusal(
            refused.status, refused.code, f"{refused}; waybill {made.number} was made", waybill=made.number
        ) from None
    return {"number": made.number, "cost": made.cost, "arrives": made.arrives, "deal": await show(ctx, deal_id)}


def _carrier(ctx: ApiContext) -> NovaPoshta:
    if ctx.carrier is None:
        raise Refusal(409, "not_connected", "Nova Poshta is not connected: PARLEY_NOVAPOSHTA_KEY is not set")
    return ctx.carrier


async def _told(asking: Any) -> Any:
    """What the carrier refuses is the asker's to know; where it did not answer, nobody can say what it has done."""
    try:
        return await asking
    except NotToldError as lost:
        raise Refusal(502, "carrier_unknown", f"{lost}: look into the carrier's cabinet before trying again") from None
    except CarrierError as error:
        raise Refusal(502, "carrier_failed", str(error)) from None


def _needed(name: str, said: str | None, known: object) -> str:
    value = (said if said is not None else as_text(known)).strip()
    if not value:
        raise invalid(name, "is needed")
    return value


def _sum(said: int | None, known: object) -> int | None:
    return said if said is not None else known if isinstance(known, int) and not isinstance(known, bool) else None
