"""Deals: looking for them, opening one by hand, correcting one."""

import re
from typing import Annotated, Literal

import phonenumbers
from pydantic import Field

from gateway.api import shapes
from gateway.api.asking import ask, ask_lane, checked, lost_race, show
from gateway.api.bodies import EditBody, OpenBody
from gateway.api.calls import Answer, Calls, Header
from gateway.api.context import ApiContext
from gateway.api.errors import Refusal, invalid, not_found
from gateway.api.paging import cut, open_cursor
from gateway.api.values import Cursor, Flag, Id, Limit, Sought, Word
from gateway.channels import payload
from gateway.desk import Edit, OpenDeal
from gateway.filters import must_occur
from state import cards, contacts, deals, people, timeline
from state.records import Person
from state.staff_chats import WORKERS

calls = Calls()

Responsible = Id | Literal["me", "none"]
IfMatch = Annotated[str | None, Field(max_length=40), Header("If-Match")]


@calls.on("GET", "/deals")
async def list_deals(
    ctx: ApiContext,
    who: Person,
    phone: Sought = "",
    funnel: Word = "",
    stage: Word = "",
    responsible: Responsible | None = None,
    open: Flag | None = None,
    q: Sought = "",
    limit: Limit = 50,
    cursor: Cursor | None = None,
) -> shapes.Deals:
    """Deals, newest first."""
    number, part = sought_phone(phone, ctx.house.region)
    if funnel or stage:
        await checked(ctx, lambda c: must_occur(c, ctx.house, funnel=funnel, stage=stage))
    wanted = cards.Wanted(
        phone=number, phone_part=part, funnel=funnel, stage=stage, responsible=whose(responsible, who),
        nobodys=responsible == "none", open=open, q=q,
    )  # fmt: skip
    before = open_cursor(cursor, "deals", wanted)
    found = await ctx.db.read(lambda c: cards.find_cards(c, wanted, limit + 1, before))
    page, onward = cut(found, limit, lambda card: (card.deal.opened_at, card.deal.id), "deals", wanted)
    return {"items": [shapes.deal(card) for card in page], "next": onward}


@calls.on("GET", "/deals/{deal_id}")
async def get_deal(ctx: ApiContext, deal_id: Id) -> Answer:
    """One deal; `ETag` is its version."""
    return tagged(await show(ctx, deal_id))


@calls.on("GET", "/deals/{deal_id}/timeline")
async def get_timeline(
    ctx: ApiContext, deal_id: Id, limit: Limit = 50, cursor: Cursor | None = None
) -> shapes.Timeline:
    """All that happened to a deal, oldest first."""
    after = open_cursor(cursor, "timeline", deal_id)
    deal = await ctx.db.read(lambda c: deals.find(c, deal_id))
    if deal is None:
        raise not_found()
    found = await ctx.db.read(lambda c: timeline.page(c, deal_id, limit + 1, after))
    page, onward = cut(found, limit, lambda told: (told.entry.at, told.entry.id), "timeline", deal_id)
    return {"items": [shapes.entry(told) for told in page], "next": onward}


@calls.on("POST", "/deals", status=201)
async def open_deal(ctx: ApiContext, who: Person, body: OpenBody) -> shapes.DealShape:
    """Open a deal by hand; the contact is found by phone or e-mail, or made."""
    phone, email = _phone(body.contact.phone, ctx.house.region), _email(body.contact.email)
    name = body.contact.name.strip()
    if not (name or phone or email):
        raise invalid("contact", "needs a name, a phone or an e-mail")
    if body.funnel and ctx.house.playbook.funnel(body.funnel) is None:
        raise invalid("funnel", f"there is no funnel {body.funnel!r}")
    now = ctx.clock.now()
    contact = await ctx.db.write(lambda c: contacts.find_or_create(c, ctx.db.ids, name, phone, email, now), "contacts")
    try:
        opened = await ask_lane(ctx, who, contact, 0, OpenDeal(body.funnel, body.title))
    except Refusal as refusal:
        if refusal.code != "open_deal":
            raise
        slot = ctx.house.funnel(body.funnel).slot
        theirs = cards.Wanted(contact=contact, open=True)
        found = await ctx.db.read(lambda c: cards.find_cards(c, theirs, 50))
        current = next((card.deal.id for card in found if card.deal.slot == slot), 0)
        raise await lost_race(ctx, current, refusal.code, str(refusal)) from None
    return await show(ctx, opened)


@calls.on("PATCH", "/deals/{deal_id}")
async def edit_deal(ctx: ApiContext, who: Person, deal_id: Id, body: EditBody, if_match: IfMatch = None) -> Answer:
    """Correct a deal. With `If-Match` (or `version`): only if nobody has changed it since."""
    given = body.model_fields_set
    for name in ("title", "fields", "tags"):
        if name in given and getattr(body, name) is None:
            raise invalid(name, "must not be null")
    if body.tags is not None and (body.tags_add or body.tags_remove):
        raise invalid("tags", "say either all of them, or what is added and removed")
    if both := set(body.tags_add) & set(body.tags_remove):
        raise invalid("tags_remove", f"{min(both)!r} is to be added, too")
    name = await must_work_here(ctx, body.responsible) if body.responsible is not None else ""
    edit = Edit(
        title=body.title, fields=body.fields, tags=tuple(body.tags) if body.tags is not None else None,
        tags_add=tuple(body.tags_add), tags_remove=tuple(body.tags_remove), responsible=body.responsible, name=name, release="responsible" in given and body.responsible is None,
        version=body.version if body.version is not None else matched(if_match),
    )  # fmt: skip
    await ask(ctx, who, deal_id, edit)
    return tagged(await show(ctx, deal_id))


# -- what these share with the other calls ---------------------------------------------------------------------------


def tagged(deal: shapes.DealShape) -> Answer:
    return Answer(deal, headers={"ETag": f'"{deal["version"]}"'})


def matched(if_match: str | None) -> int | None:
    """The version in `If-Match`; None for none and for `*`."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = re.fullmatch(r'(?:W/)?"([0-9]{1,18})"|([0-9]{1,18})', if_match.strip())
    if found is None:
        raise invalid("If-Match", "must be a deal's version")
    return int(found[1] or found[2])


def whose(responsible: int | str | None, who: Person) -> int | None:
    if responsible == "me":
        return who.id
    return responsible if isinstance(responsible, int) else None


async def must_work_here(ctx: ApiContext, person_id: int) -> str:
    """Their name."""
    found = await ctx.db.read(lambda c: people.find_people(c, [person_id]))
    if person_id not in found or not found[person_id].active:
        raise invalid("responsible", "there is no such person")
    one = found[person_id]
    if one.role not in WORKERS:
        raise invalid("responsible", f"{one.name} is a {one.role}, who sees neither deals nor tasks")
    return str(one.name)


def sought_phone(text: str, region: str) -> tuple[str, bool]:
    """E.164 of a whole number, or the digits of a part of one, and which of the two it is."""
    if not text:
        return "", False
    whole = e164(text, region)
    if whole:
        return whole, False
    digits = re.sub(r"[\s()+.-]", "", text)
    if not re.fullmatch(r"[0-9]{3,15}", digits):
        raise invalid("phone", "must be a phone number, or at least three digits of one")
    return digits, True


def e164(text: str, region: str) -> str:
    """Empty for what is no phone number."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _phone(text: str, region: str) -> str:
    if not text.strip():
        return ""
    number = e164(text, region)
    if not number:
        raise invalid("contact.phone", "is not a phone number")
    return number


def _email(text: str) -> str:
    email = payload.email(text)
    if text.strip() and not email:
        raise invalid("contact.email", "is not an e-mail address")
    return email
