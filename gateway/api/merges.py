"""Two that are one, and one that is two: merging, splitting, undoing, and pairs of contacts that may be one person."""

from collections.abc import Callable
from typing import Final, TypeVar

from gateway.api import shapes
from gateway.api.asking import lost_race, show
from gateway.api.bodies import AcceptBody, BatchBody, MergeBody, MergeDealsBody, NoBody, SplitBody
from gateway.api.calls import Answer, Calls
from gateway.api.context import ApiContext
from gateway.api.deals import tagged
from gateway.api.errors import Refusal, invalid, not_found
from gateway.api.paging import cut, open_cursor
from gateway.api.values import Cursor, Id, Limit, Word
from gateway.assigning import ACT
from gateway.clock import Instant
from gateway.unions import words_of
from state import contacts, deals, duplicates, merges, merging, parting, splitting, staff
from state.database import Connection
from state.merges import Cause, Refused
from state.records import Deal, Duplicate, Person

calls = Calls()
T = TypeVar("T")
_AT_ONCE: Final = 100
"""Merges of a batch that one call undoes, each in a commit of its own."""


@calls.on("POST", "/deals/{deal_id}/merge")
async def merge_deals(ctx: ApiContext, who: Person, deal_id: Id, body: MergeDealsBody) -> Answer:
    """Join two open deals: an order leads a request, else this one does, or the one in `lead`; their contacts become one person.
    The answer is the deal that leads.
    """
    for number in (deal_id, body.from_):
        await _must_be_there(ctx, number)
    if deal_id == body.from_:
        raise invalid("from", "a deal cannot be joined to itself")
    if body.lead not in (None, deal_id, body.from_):
        raise invalid("lead", "must be one of the two deals")
    cause, firmly, words = _by_hand(who, body.batch), body.lead is not None, words_of(ctx.house.playbook)
    kept, gone = (body.from_, deal_id) if body.lead == body.from_ else (deal_id, body.from_)
    try:
        await _do(
            ctx,
            lambda c, now: _act(
                c,
                who,
                merging.merge_deals(c, ctx.db.ids, kept, gone, now, words, cause, firmly=firmly),
                deal=merges.into(c, deal_id),
            ),
            deal_id,
        )
    except Refusal as refused:
        if refused.code != "closed":
            raise
        raise await _closed(ctx, deal_id, body.from_) from None
    return tagged(await show(ctx, await ctx.db.read(lambda c: merges.into(c, deal_id))))


@calls.on("POST", "/contacts/{contact_id}/merge")
async def merge_contacts(ctx: ApiContext, who: Person, contact_id: Id, body: MergeBody) -> shapes.MergeShape:
    """Another contact is the same person: all that is theirs becomes this one's."""
    for number in (contact_id, body.from_):
        if await ctx.db.read(lambda c, n=number: contacts.find_profile(c, n)) is None:  # type: ignore[misc]  # mypy takes no default in a lambda
            raise not_found()
    if contact_id == body.from_:
        raise invalid("from", "a contact cannot be joined to itself")
    cause = _by_hand(who, body.batch)
    merge = await _do(
        ctx,
        lambda c, now: _act(
            c,
            who,
            merging.join(c, ctx.db.ids, contact_id, body.from_, now, words_of(ctx.house.playbook), cause),
            contact=contact_id,
        ),
    )
    if not merge:
        raise Refusal(409, "moved", "one of the contacts is part of another")
    return await _noted(ctx, merge)


@calls.on("POST", "/deals/{deal_id}/split")
async def split_deal(ctx: ApiContext, who: Person, deal_id: Id, body: SplitBody) -> Answer:
    """Take lines, or an address with what was said at it, into a deal of its own. The answer is the new deal."""
    if (body.entries is None) == (body.identity is None):
        raise invalid("entries", "name either lines or an identity")
    deal = await _must_be_there(ctx, deal_id)
    path = ctx.house.funnel(deal.funnel)
    taken = splitting.Taken(
        tuple(body.entries or ()), body.identity, funnel=path.name, stage=path.stages[0].name, slot=path.slot
    )
    made = await _do(
        ctx,
        lambda c, now: _act(
            c,
            who,
            splitting.split(c, ctx.db.ids, deal_id, taken, now, words_of(ctx.house.playbook), _by_hand(who)),
            deal=deal_id,
        ),
        deal_id,
    )
    return tagged(await show(ctx, made))


@calls.on("GET", "/merges")
async def list_merges(
    ctx: ApiContext, deal: Id | None = None, contact: Id | None = None, batch: Word = "", limit: Limit = 50,
    cursor: Cursor | None = None,
) -> shapes.Merges:  # fmt: skip
    """What was joined to what, newest first."""
    scope = ("merges", deal, contact, batch)
    before = open_cursor(cursor, *scope)
    found = await ctx.db.read(lambda c: merges.page(c, limit + 1, before, deal=deal, contact=contact, batch=batch))
    page, onward = cut(found, limit, lambda noted: (noted.merge.at, noted.merge.id), *scope)
    return {"items": [shapes.merge(noted) for noted in page], "next": onward}


@calls.on("POST", "/merges/{merge_id}/undo")
async def undo_merge(ctx: ApiContext, who: Person, merge_id: Id, body: NoBody | None = None) -> shapes.MergeShape:  # noqa: ARG001 - the body is checked, whatever becomes of it
    """Part again what was joined: both sides as they were, each with what it has come by since on its own route."""
    if await ctx.db.read(lambda c: merges.find(c, merge_id)) is None:
        raise not_found()
    await _do(
        ctx, lambda c, now: parting.undo(c, ctx.db.ids, merge_id, now, words_of(ctx.house.playbook), _by_hand(who))
    )
    return await _noted(ctx, merge_id)


@calls.on("POST", "/merges/undo")
async def undo_batch(ctx: ApiContext, who: Person, body: BatchBody) -> shapes.UndoneShape:
    """Undo all merges of a batch, the latest first; each is undone whole or stays, and is told of with its reason."""
    standing = await ctx.db.read(lambda c: merges.standing(c, body.batch, _AT_ONCE + 1))
    undone: list[int] = []
    left: list[shapes.LeftShape] = []
    for merge_id in standing[:_AT_ONCE]:
        try:
            await _part(ctx, who, merge_id)
            undone.append(merge_id)
        except Refusal as refused:
            left.append({"id": merge_id, "code": refused.code, "message": str(refused)})
    return {"undone": undone, "left": left, "more": len(standing) > _AT_ONCE}


@calls.on("GET", "/duplicates")
async def list_duplicates(
    ctx: ApiContext, contact: Id | None = None, limit: Limit = 50, cursor: Cursor | None = None
) -> shapes.Duplicates:
    """Pairs of contacts that may be one person, with the reasons, newest first."""
    before = open_cursor(cursor, "duplicates", contact)
    found = await ctx.db.read(lambda c: _pairs(c, limit + 1, before[1] if before else None, contact))
    page, onward = cut(found, limit, lambda pair: (0, pair[0].id), "duplicates", contact)
    return {"items": [shapes.duplicate(one, both) for one, both in page], "next": onward}


@calls.on("POST", "/duplicates/{duplicate_id}/merge")
async def accept_duplicate(
    ctx: ApiContext, who: Person, duplicate_id: Id, body: AcceptBody | None = None
) -> shapes.MergeShape:
    """They are one person."""
    found = await _open_pair(ctx, duplicate_id)
    pair = await ctx.db.read(lambda c: [merging.became(c, one) for one in (found.contact_id, found.other_id)])
    kept = body.into if body is not None and body.into is not None else min(pair)
    if kept not in pair:
        raise invalid("into", "must be one of the two")
    gone = next((one for one in pair if one != kept), kept)
    cause = Cause("duplicate", who.id, author="manager")
    merge = await _do(
        ctx,
        lambda c, now: _act(
            c, who, merging.join(c, ctx.db.ids, kept, gone, now, words_of(ctx.house.playbook), cause), contact=kept
        ),
    )
    if not merge:
        raise Refusal(409, "moved", "one of the contacts is part of another")
    await _do(ctx, lambda c, now: duplicates.accept(c, duplicate_id, merge, now, who.id))
    return await _noted(ctx, merge)


@calls.on("POST", "/duplicates/{duplicate_id}/dismiss")
async def dismiss_duplicate(
    ctx: ApiContext, who: Person, duplicate_id: Id, body: NoBody | None = None  # noqa: ARG001 - the body is checked, whatever becomes of it
) -> shapes.DuplicateShape:  # fmt: skip
    """They are two. They are not suggested again, and nothing joins them by itself."""
    await _open_pair(ctx, duplicate_id)
    if not await _do(ctx, lambda c, now: duplicates.dismiss(c, duplicate_id, now, who.id)):
        raise Refusal(409, "settled", "somebody has decided it already")
    settled = await ctx.db.read(lambda c: _pair(c, duplicate_id))
    if settled is None:
        raise not_found()
    return shapes.duplicate(*settled)


# -- what these share ------------------------------------------------------------------------------------------------


def _by_hand(who: Person, batch: str = "") -> Cause:
    return Cause("by hand", who.id, batch, author="manager")


def _act(conn: Connection, who: Person, done: T, *, deal: int = 0, contact: int = 0) -> T:
    """Whoever answers for a deal and joins or splits it has acted in it."""
    found = deals.find(conn, deal) if deal else None
    staff.note_act(conn, found.contact_id if found is not None else contact, who.id, ACT)
    return done


async def _part(ctx: ApiContext, who: Person, merge_id: int) -> None:
    await _do(
        ctx, lambda c, now: parting.undo(c, ctx.db.ids, merge_id, now, words_of(ctx.house.playbook), _by_hand(who))
    )


async def _do(ctx: ApiContext, job: Callable[[Connection, Instant], T], deal_id: int = 0) -> T:
    """Both lanes are taken for it. 409 with the deal as it is now where it cannot be."""
    try:
        return await ctx.turns.together(job)
    except Refused as refused:
        if refused.code in ("entries", "identity"):
            raise invalid(refused.code, str(refused)) from None
        raise await lost_race(ctx, deal_id, refused.code, str(refused)) from None


async def _closed(ctx: ApiContext, leading: int, other: int) -> Refusal:
    """Which of the two it is that cannot be merged any more, with that one as it is now."""
    for number in (other, leading):
        deal = await _must_be_there(ctx, number)
        if deal.closed_at is not None and deal.reason == merges.JOINED:
            return await lost_race(ctx, number, "joined", "")
        if deal.closed_at is not None:
            return await lost_race(ctx, number, "closed", f"deal {number} is closed: only open deals can be merged")
    return await lost_race(ctx, leading, "closed", "only open deals can be merged")


async def _must_be_there(ctx: ApiContext, deal_id: int) -> Deal:
    found = await ctx.db.read(lambda c: deals.find(c, deal_id))
    if found is None:
        raise not_found()
    return found


async def _noted(ctx: ApiContext, merge_id: int) -> shapes.MergeShape:
    found = await ctx.db.read(lambda c: merges.find(c, merge_id))
    if found is None:
        raise not_found()
    return shapes.merge((await ctx.db.read(lambda c: merges.noted(c, [found])))[0])


async def _open_pair(ctx: ApiContext, duplicate_id: int) -> Duplicate:
    found = await ctx.db.read(lambda c: duplicates.find(c, duplicate_id))
    if found is None:
        raise not_found()
    if found.state != "open":
        raise Refusal(409, "settled", "somebody has decided it already")
    return found


def _pairs(
    conn: Connection, limit: int, before: int | None, contact: int | None
) -> list[tuple[Duplicate, list[contacts.Profile]]]:
    found = duplicates.page(conn, limit, before, contact=contact)
    return [(one, _profiles(conn, one)) for one in found]


def _pair(conn: Connection, duplicate_id: int) -> tuple[Duplicate, list[contacts.Profile]] | None:
    one = duplicates.find(conn, duplicate_id)
    return None if one is None else (one, _profiles(conn, one))


def _profiles(conn: Connection, one: Duplicate) -> list[contacts.Profile]:
    """As they are by now: either may have become part of a third."""
    both = [contacts.find_profile(conn, merging.became(conn, who)) for who in (one.contact_id, one.other_id)]
    return [profile for profile in both if profile is not None]
