"""Merges and their undoing in two processes, against what others do to the same contacts at the same instant."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.desk import Take
from gateway.events import MessageReceived, Received, Sender
from gateway.intake import Intake
from gateway.turns import Turns
from gateway.unions import words_of
from state import merging, outbox, parting
from state.database import Database
from state.merges import Refused
from tests.databases import Shelf
from tests.merged import CAUSE, act, contact_of, merge, must_hold, open_deals, says, two_channels, undo
from tests.shop import ANNA, Shop


@pytest.fixture
async def shop(shelf: Shelf) -> AsyncIterator[Shop]:
    with shelf.lent() as url:
        made = two_channels(url)
        yield made
        await made.db.close()


@pytest.fixture
async def other(shop: Shop) -> AsyncIterator[Database]:
    """The other process's way to the same database."""
    db = Database(shop.db.url)
    yield db
    await db.close()


async def _met(shop: Shop) -> tuple[int, int]:
    for who in "tw":
        await says(shop, who, "Здравствуйте")
    return await contact_of(shop, "t"), await contact_of(shop, "w")


async def _kept_meanwhile(shop: Shop, other: Database, text: str) -> Intake:
    intake = Intake(other, shop.live, shop.clock, shop.house.words)
    word = MessageReceived(Sender("whatsapp", "300", "w"), text, message_id=text)
    accepted = asyncio.ensure_future(intake.accept("whatsapp", "300", [Received(text, word, b"{}")]))
    await asyncio.sleep(0)
    await intake.once()
    assert await accepted == ["new"]
    return intake


async def test_of_two_merges_in_opposite_directions_one_stands(shop: Shop, other: Database) -> None:
    one, two = await _met(shop)
    theirs = Turns(other, shop.house, shop.live, shop.clock)
    answers = await asyncio.gather(
        shop.turns.together(
            lambda c, now: merging.join(c, shop.db.ids, one, two, now, words_of(shop.house.playbook), CAUSE)
        ),
        theirs.together(lambda c, now: merging.join(c, other.ids, two, one, now, words_of(shop.house.playbook), CAUSE)),
    )
    assert sorted(map(bool, answers)) == [False, True]
    assert len([m for m in await shop.all("merges") if m["kind"] == "contacts"]) == 1
    await shop.settle()
    await must_hold(shop)


async def test_a_merge_is_undone_once_however_many_press(shop: Shop, other: Database) -> None:
    one, two = await _met(shop)
    number = await merge(shop, one, two)
    theirs = Turns(other, shop.house, shop.live, shop.clock)

    async def press(turns: Turns, db: Database) -> str:
        try:
            await turns.together(
                lambda c, now: parting.undo(c, db.ids, number, now, words_of(shop.house.playbook), CAUSE)
            )
        except Refused as refused:
            return refused.code
        return "done"

    told = await asyncio.gather(*(press(*by) for by in [(shop.turns, shop.db), (theirs, other)] * 3))
    assert sorted(told) == ["done", *["undone"] * 5]
    await shop.settle()
    await must_hold(shop)


async def test_a_word_kept_while_they_are_parted_is_heard_by_its_own_side(shop: Shop, other: Database) -> None:
    """The other process had seen whose address it was before this one's commit."""
    one, two = await _met(shop)
    number = await merge(shop, one, two)
    with shop.db.engine.connect() as conn:
        parted = conn.begin()
        parting.undo(conn, shop.db.ids, number, shop.clock.now(), words_of(shop.house.playbook), CAUSE)
        intake = await _kept_meanwhile(shop, other, "успел")
        parted.commit()
    await asyncio.gather(*intake._waking)
    await shop.settle()
    assert {e["contact_id"] for e in await shop.all("entries") if e["text"] == "успел"} == {two}
    assert {r["state"] for r in await shop.all("inbox")} == {"processed"}
    await must_hold(shop)


async def test_a_word_kept_while_they_are_joined_goes_back_with_its_side(shop: Shop, other: Database) -> None:
    one, two = await _met(shop)
    with shop.db.engine.connect() as conn:
        joined = conn.begin()
        number = merging.join(conn, shop.db.ids, one, two, shop.clock.now(), words_of(shop.house.playbook), CAUSE)
        intake = await _kept_meanwhile(shop, other, "успел")
        joined.commit()
    await asyncio.gather(*intake._waking)
    await shop.settle()
    assert {e["contact_id"] for e in await shop.all("entries") if e["text"] == "успел"} == {one}
    await undo(shop, number)
    assert {e["contact_id"] for e in await shop.all("entries") if e["text"] == "успел"} == {two}
    await must_hold(shop)


async def test_a_merge_waits_for_a_claim_of_the_bots_words_and_the_claim_never_for_it(
    shop: Shop, other: Database
) -> None:
    """Parts, addresses, deals: both lock in this order."""
    one, two = await _met(shop)
    await shop.hear(MessageReceived(Sender("whatsapp", "300", "w"), "1", message_id="x"))
    await shop.turns.once()
    await shop.later(seconds=3) if not [p for p in await shop.all("parts") if p["state"] == "queued"] else None
    (deal,) = await open_deals(shop, two)
    theirs = Turns(other, shop.house, shop.live, shop.clock)
    now = shop.clock.now()
    await shop.db.write(lambda c: c.exec_driver_sql(
        "UPDATE parts SET state = 'queued', open = 1, due_at = 0 WHERE deal_id = " + str(deal["id"])
    ))  # fmt: skip
    with shop.db.engine.connect() as claiming, claiming.begin():
        assert outbox._NEXT_IN_LINE.rows(claiming, now=now, n=10, paused=[])
        joining = asyncio.ensure_future(
            theirs.together(
                lambda c, at: merging.join(c, other.ids, one, two, at, words_of(shop.house.playbook), CAUSE)
            )
        )
        await asyncio.sleep(0.4)
        assert not joining.done()
        claiming.exec_driver_sql("SET LOCAL deadlock_timeout TO '10s'; SET LOCAL lock_timeout TO '500ms'")
        assert outbox._SHARE_DEALS.rows(claiming, ids=[deal["id"]])
        identity = next(i["id"] for i in await shop.all("identities") if i["address"] == "w")
        claiming.execute(outbox._BAR, {"b_id": identity, "b_why": "blocked"})
    assert await joining
    assert next(i["barred"] for i in await shop.all("identities") if i["address"] == "w") == "blocked"


@pytest.mark.parametrize("seed", range(3))
async def test_a_take_over_beside_a_merge_and_its_undoing_silences_the_bot(
    shop: Shop, other: Database, seed: int
) -> None:
    one, two = await _met(shop)
    (deal,) = await open_deals(shop, (one, two)[seed % 2])
    theirs = Turns(other, shop.house, shop.live, shop.clock)
    for n in range(seed):
        await act(shop, n, "t", n)

    async def take() -> Any:
        asked = asyncio.ensure_future(theirs.ask(deal["contact_id"], deal["id"], Take(), ANNA))
        await asyncio.sleep(0)
        await theirs.once()
        return (await asyncio.gather(asked, return_exceptions=True))[0]

    joined, taken = await asyncio.gather(
        shop.turns.together(
            lambda c, now: merging.join(c, shop.db.ids, one, two, now, words_of(shop.house.playbook), CAUSE)
        ),
        take(),
    )
    await shop.settle()
    if not isinstance(taken, Exception):
        said = sum(len(c.sent) for c in shop.channels.values())
        led = [d for d in await shop.all("deals") if d["closed_at"] is None]
        assert [d["owner"] for d in led] == ["person"]
        await shop.later(hours=12)
        assert sum(len(c.sent) for c in shop.channels.values()) == said
    await undo(shop, joined)
    await must_hold(shop)
    if not isinstance(taken, Exception):
        own = next(d for d in await shop.all("deals") if d["id"] == deal["id"])
        assert (own["owner"], own["responsible_id"]) == ("person", ANNA.id)
