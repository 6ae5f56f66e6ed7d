"""What contacts belong to: companies, and the audiences that robots gather for mailings."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Final

from aiohttp import web
from pydantic import Field
from typing_extensions import TypedDict

from bots.kit.hours import zone_of
from gateway.api import shapes
from gateway.api.calls import Calls
from gateway.api.context import ApiContext
from gateway.api.errors import SAFE, Refusal, invalid, not_found
from gateway.api.paging import cut, open_cursor
from gateway.api.values import Body, Cursor, Id, Limit, Line, Sought, Word
from gateway.clock import iso
from gateway.spreadsheets import BOM, csv_text
from state import audiences, companies
from state.audiences import Member
from state.cards import Card, Wanted, find_cards
from state.database import Connection

calls = Calls()

_PAGE: Final = 2_000
"""Members that are read and written at a time."""


class CompanyRow(TypedDict):
    id: int
    name: str
    tax_id: str | None
    created_at: str | None
    deals: int


class CompanyShape(TypedDict):
    id: int
    name: str
    tax_id: str | None
    created_at: str | None
    contacts: list[shapes.Who]
    """Whose deals they are."""
    deals: list[shapes.DealShape]
    """Newest first, at most fifty."""


class Companies(TypedDict):
    items: list[CompanyRow]
    next: str | None


class CompanyBody(Body):
    name: Line | None = None
    tax_id: Annotated[str, Field(max_length=40)] | None = None
    """Empty: there is none."""


class AudienceShape(TypedDict):
    name: str
    members: int
    first_at: str | None
    last_at: str | None
    csv: str


class MemberShape(TypedDict):
    contact: int
    name: str
    phone: str | None
    email: str | None
    deal: int
    """The first that brought them here."""
    at: str | None
    channels: list[str]
    barred: list[str]
    """Channels on which they have forbidden it, or where nothing arrives."""


class Audiences(TypedDict):
    items: list[AudienceShape]
    next: None


class Members(TypedDict):
    items: list[MemberShape]
    next: str | None


@calls.on("GET", "/companies")
async def list_companies(ctx: ApiContext, q: Sought = "", limit: Limit = 50, cursor: Cursor | None = None) -> Companies:
    """Legal entities that deals were made for, newest first; `q` is a part of the name, or a tax number."""
    before = open_cursor(cursor, "companies", q)
    found = await ctx.db.read(lambda c: companies.page(c, q, limit + 1, before[1] if before else None))
    page, onward = cut(found, limit, lambda row: (0, row[0].id), "companies", q)
    items: list[CompanyRow] = [
        {"id": one.id, "name": one.name, "tax_id": one.tax_id or None, "created_at": iso(one.created_at), "deals": n}
        for one, n in page
    ]
    return {"items": items, "next": onward}


@calls.on("GET", "/companies/{company_id}")
async def get_company(ctx: ApiContext, company_id: Id) -> CompanyShape:
    """One, with its people and its deals."""
    return await _shown(ctx, company_id)


async def _shown(ctx: ApiContext, company_id: int) -> CompanyShape:
    def look(conn: Connection) -> tuple[companies.Entity, list[Card]] | None:
        found = companies.find(conn, company_id)
        if found is None:
            return None
        shown = find_cards(conn, Wanted(deals=tuple(found.deals)), len(found.deals)) if found.deals else []
        return found, shown

    seen = await ctx.db.read(look)
    if seen is None:
        raise not_found()
    found, shown = seen
    one = found.company
    return {
        "id": one.id, "name": one.name, "tax_id": one.tax_id or None, "created_at": iso(one.created_at),
        "contacts": [{"id": who.id, "name": who.name} for who in found.contacts], "deals": [shapes.deal(card) for card in shown],
    }  # fmt: skip


@calls.on("PATCH", "/companies/{company_id}")
async def correct_company(ctx: ApiContext, company_id: Id, body: CompanyBody) -> CompanyShape:
    """Correct its name or its tax number; 409 names the other company that has this number."""
    if body.name is not None and not body.name.strip():
        raise invalid("name", "must not be empty")
    if body.tax_id and not companies.tax_id_of(body.tax_id):
        raise invalid("tax_id", "must be a tax number: four digits or more, and fewer letters")
    if body.name is not None or body.tax_id is not None:
        try:
            known = await ctx.db.write(lambda c: companies.correct(c, company_id, body.name, body.tax_id), "companies")
        except companies.Taken as taken:
            raise Refusal(409, "tax_id_taken", str(taken), company=taken.company_id) from None
        if not known:
            raise not_found()
    return await _shown(ctx, company_id)


@calls.on("GET", "/audiences")
async def list_audiences(ctx: ApiContext) -> Audiences:
    """Lists of contacts that robots have gathered."""
    found = await ctx.db.read(audiences.audiences)
    items: list[AudienceShape] = [
        {
            "name": one.name, "members": one.members, "first_at": iso(one.first_at), "last_at": iso(one.last_at),
            "csv": f"/api/v1/audiences/{one.name}/csv",
        }
        for one in found
    ]  # fmt: skip
    return {"items": items, "next": None}


@calls.on("GET", "/audiences/{name}")
async def list_members(ctx: ApiContext, name: Word, limit: Limit = 50, cursor: Cursor | None = None) -> Members:
    """Who is in one, each once, by contact."""
    above = open_cursor(cursor, "audience", name)
    found = await ctx.db.read(lambda c: audiences.members(c, name, limit + 1, above[1] if above else 0))
    if not found and above is None:
        raise not_found()
    page, onward = cut(found, limit, lambda one: (0, one.contact_id), "audience", name)
    return {"items": [_member(one) for one in page], "next": onward}


@calls.on("GET", "/audiences/{name}/csv")
async def export_members(ctx: ApiContext, request: web.Request, name: Word) -> web.StreamResponse:
    """The same as a table for mailings, written as it is read."""
    pages = _pages(ctx, name)
    first = await anext(pages, None)
    if first is None:
        raise not_found()
    answer = web.StreamResponse(headers={**SAFE, "Content-Disposition": 'attachment; filename="audience.csv"'})
    answer.content_type, answer.charset = "text/csv", "utf-8"
    await answer.prepare(request)
    await answer.write(
        (BOM + csv_text([ctx.house.words.audience_columns], ctx.house.playbook.language) + first).encode()
    )
    async for page in pages:
        await answer.write(page.encode())
    await answer.write_eof()
    return answer


async def _pages(ctx: ApiContext, name: str) -> AsyncIterator[str]:
    above, zone = 0, zone_of(ctx.house.playbook.zone)
    while found := await ctx.db.read(lambda c: audiences.members(c, name, _PAGE, above)):  # noqa: B023 - read at once
        rows = [
            (
                one.contact_id, one.name, one.phone, one.email, ", ".join(one.reached), ", ".join(one.barred), one.deal_id,
                datetime.fromtimestamp(one.at / 1000, zone).replace(tzinfo=None),
            )
            for one in found
        ]  # fmt: skip
        yield csv_text(rows, ctx.house.playbook.language)
        above = found[-1].contact_id


def _member(one: Member) -> MemberShape:
    return {
        "contact": one.contact_id, "name": one.name, "phone": one.phone or None, "email": one.email or None, "deal": one.deal_id,
        "at": iso(one.at), "channels": list(one.reached), "barred": list(one.barred),
    }  # fmt: skip
