"""Contacts: looking for them, one with its deals, and putting one right."""

from typing import Annotated

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from gateway.api import shapes
from gateway.api.asking import ask_lane
from gateway.api.calls import Calls
from gateway.api.context import ApiContext
from gateway.api.deals import e164, sought_phone
from gateway.api.errors import Refusal, invalid, not_found
from gateway.api.paging import cut, open_cursor
from gateway.api.values import Body, Cursor, Id, Limit, Sought, clean
from gateway.channels import payload
from gateway.clock import iso
from gateway.correcting import CorrectContact
from state import contacts, merging, points
from state.inbox import MAIL, identity_key, point_keys
from state.records import Person

calls = Calls()


class ContactRow(shapes.ContactShape):
    created_at: str | None


class Contacts(TypedDict):
    items: list[ContactRow]
    next: str | None


class CorrectBody(Body):
    name: Annotated[str, AfterValidator(clean), Field(max_length=200)] | None = None
    phone: Annotated[str, Field(max_length=40)] | None = None
    """Empty: there is none."""
    email: Annotated[str, Field(max_length=254)] | None = None


@calls.on("GET", "/contacts")
async def list_contacts(
    ctx: ApiContext, phone: Sought = "", q: Sought = "", limit: Limit = 50, cursor: Cursor | None = None
) -> Contacts:
    """People who wrote, called or were entered, newest first. `q`: a part of the name, the phone or the e-mail."""
    number, part = sought_phone(phone, ctx.house.region)
    wanted = contacts.Wanted(number, part, q)
    before = open_cursor(cursor, "contacts", wanted)
    found = await ctx.db.read(lambda c: contacts.page(c, wanted, limit + 1, before[1] if before else None))
    page, onward = cut(found, limit, lambda one: (0, one.contact.id), "contacts", wanted)
    return {"items": [_row(one) for one in page], "next": onward}


@calls.on("GET", "/contacts/{contact_id}")
async def get_contact(ctx: ApiContext, contact_id: Id) -> shapes.ProfileShape:
    """A person, their addresses and their deals."""
    return await _shown(ctx, contact_id)


@calls.on("PATCH", "/contacts/{contact_id}")
async def correct_contact(ctx: ApiContext, who: Person, contact_id: Id, body: CorrectBody) -> shapes.ProfileShape:
    """Name, phone, e-mail. One that is another contact's is 409 with that `contact`: they may be one person, to be merged."""
    found = await _found(ctx, contact_id)
    if found.contact.merged_into is not None:
        raise await _moved(ctx, contact_id)
    for field in body.model_fields_set:
        if getattr(body, field) is None:
            raise invalid(field, "must not be null")
    phone, email = _phone(ctx, body.phone), payload.email(body.email) if body.email else body.email
    if body.email and not email:
        raise invalid("email", "is not an e-mail address")
    name = " ".join(body.name.split()) if body.name is not None else None
    try:
        await ask_lane(ctx, who, contact_id, 0, CorrectContact(name, phone, email))
    except Refusal as refused:
        if refused.code == "moved":
            raise await _moved(ctx, contact_id) from None
        if not refused.code.endswith("_taken"):
            raise
        kind = refused.code.removesuffix("_taken")
        other = await _owner(ctx, kind, phone if kind == "phone" else email)
        raise Refusal(409, refused.code, str(refused), field=kind, contact=other) from None
    return await _shown(ctx, contact_id)


async def _shown(ctx: ApiContext, contact_id: int) -> shapes.ProfileShape:
    return shapes.profile(await _found(ctx, contact_id))


async def _found(ctx: ApiContext, contact_id: int) -> contacts.Profile:
    found: contacts.Profile | None = await ctx.db.read(lambda c: contacts.find_profile(c, contact_id))
    if found is None:
        raise not_found()
    return found


async def _moved(ctx: ApiContext, contact_id: int) -> Refusal:
    kept = await ctx.db.read(lambda c: merging.became(c, contact_id))
    now = await _shown(ctx, kept)
    return Refusal(409, "moved", f"this contact is part of contact {kept} by now", current=now)


async def _owner(ctx: ApiContext, kind: str, value: str | None) -> int | None:
    """Whose it is: by what leads to contacts, else by an address of that mail."""
    for key in point_keys({kind: value}):
        found: int | None = await ctx.db.read(lambda c, k=key: points.owner(c, k))  # type: ignore[misc]  # mypy takes no default in a lambda
        if found is not None:
            return found
    return await ctx.db.read(lambda c: merging.speaker(c, identity_key(*MAIL, value or "")))


def _phone(ctx: ApiContext, text: str | None) -> str | None:
    if text is None:
        return None
    if not text.strip():
        return ""
    number = e164(text, ctx.house.region)
    if not number:
        raise invalid("phone", "is not a phone number")
    return number


def _row(one: contacts.Known) -> ContactRow:
    return {**shapes.contact(one.contact, one.identities), "created_at": iso(one.contact.created_at)}
