"""Putting a manager's command through its lane, and saying why not when the lane refuses."""

import asyncio
from collections.abc import Callable
from typing import Final

from gateway.api import shapes
from gateway.api.context import ApiContext
from gateway.api.errors import Refusal, busy, invalid, not_found
from gateway.desk import Command
from gateway.refusals import Conflict, Invalid
from state import cards, deals, merges
from state.database import Connection
from state.records import Person

LANE_TIMEOUT_S: Final = 15.0


async def ask(ctx: ApiContext, who: Person, deal_id: int, command: Command) -> int:
    """Do it to this deal. 404 without one, 409 with its current state, 422 with the field's name."""
    deal = await ctx.db.read(lambda c: deals.find(c, deal_id))
    if deal is None:
        raise not_found()
    return await ask_lane(ctx, who, deal.contact_id, deal.id, command)


async def ask_lane(ctx: ApiContext, who: Person, contact_id: int, deal_id: int, command: Command) -> int:
    try:
        async with asyncio.timeout(LANE_TIMEOUT_S):
            return await ctx.turns.ask(contact_id, deal_id, command, who)
    except Conflict as conflict:
        raise await lost_race(ctx, deal_id, conflict.code, str(conflict)) from None
    except Invalid as wrong:
        raise invalid(wrong.name, str(wrong)) from None
    except TimeoutError:
        raise busy("the customer's lane is busy; look whether it has happened before you try again") from None


async def show(ctx: ApiContext, deal_id: int) -> shapes.DealShape:
    card = await ctx.db.read(lambda c: cards.find_card(c, deal_id))
    if card is None:
        raise not_found()
    return shapes.deal(card)


async def lost_race(ctx: ApiContext, deal_id: int, code: str, message: str) -> Refusal:
    """409 with the deal as it is now, so that the asker can see who was quicker; of one that is part of another, that other."""
    if code == "joined":
        deal_id = await ctx.db.read(lambda c: merges.into(c, deal_id))
        message = f"this deal is part of deal {deal_id} by now"
    card = await ctx.db.read(lambda c: cards.find_card(c, deal_id))
    return Refusal(409, code, message, current=shapes.deal(card) if card else None)


async def checked(ctx: ApiContext, look: Callable[[Connection], None]) -> None:
    """Filters that name something are looked at first: 422 with the filter's name."""
    try:
        await ctx.db.read(look)
    except Invalid as wrong:
        raise invalid(wrong.name, str(wrong)) from None
