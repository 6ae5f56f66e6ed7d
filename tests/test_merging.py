"""Merges are events that can be undone: both sides come back as they were, each with what came by its own route since."""

import os
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.desk import Move, OpenDeal, Take, Write
from gateway.events import AddressChanged, MessageReceived, Sender
from gateway.ledger import Ledger
from gateway.unions import settle, words_of
from state import lanes, parting, splitting
from state.merges import Refused
from state.splitting import Taken
from tests.merged import (
    CAUSE,
    act,
    contact_of,
    merge,
    merge_deals,
    must_hold,
    open_deals,
    picture,
    says,
    stops,
    two_channels,
    undo,
)
from tests.shop import ANNA, BORIS, Shop

SEEDS = int(os.environ.get("PARLEY_TEST_SEEDS", "5"))


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    made = two_channels(database_url)
    yield made
    await made.db.close()


async def _met(shop: Shop) -> tuple[int, int]:
    for who in "tw":
        await says(shop, who, "Здравствуйте")
    return await contact_of(shop, "t"), await contact_of(shop, "w")


# -- random histories --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_a_merge_that_is_undone_at_once_leaves_both_sides_as_they_were(shop: Shop, seed: int) -> None:
    drawn = random.Random(seed)
    one, other = await _met(shop)
    for n in range(drawn.randrange(7)):
        await act(shop, drawn.randrange(9), drawn.choice("tw"), drawn.randrange(100) + n)
    before = await picture(shop)
    kept, gone = drawn.sample((one, other), 2)
    number = await merge(shop, kept, gone)
    assert len([d for d in await shop.all("deals") if d["closed_at"] is None]) <= 1
    await undo(shop, number)
    after = await picture(shop)
    for table, rows in before.items():
        assert after[table] == rows, table
    await must_hold(shop)


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_whatever_happens_in_between_each_side_has_its_own_again(shop: Shop, seed: int) -> None:
    drawn = random.Random(1_000 + seed)
    one, other = await _met(shop)
    for n in range(drawn.randrange(5)):
        await act(shop, drawn.randrange(9), drawn.choice("tw"), drawn.randrange(100) + n)
    barred = drawn.choice(("", "", "t", "w"))
    number = await merge(shop, *drawn.sample((one, other), 2))
    if barred:
        await stops(shop, barred)
    for n in range(drawn.randrange(7)):
        await act(shop, drawn.randrange(9), drawn.choice("tw"), drawn.randrange(100) + n)
    said = sorted((e["id"], e["text"]) for e in await shop.all("entries") if e["kind"] == "message")
    await undo(shop, number)
    await must_hold(shop)
    still = {(e["id"], e["text"]) for e in await shop.all("entries") if e["kind"] == "message"}
    assert still >= set(said)  # a bot may have gone on
    assert (await contact_of(shop, "t"), await contact_of(shop, "w")) == (one, other)
    barred_now = {i["address"] for i in await shop.all("identities") if i["barred"] == "opted_out"}
    assert barred_now == set(barred)
    for who, contact in (("t", one), ("w", other)):
        await says(shop, who, f"это {who}")
        (line,) = [e for e in await shop.all("entries") if e["text"] == f"это {who}"]
        assert line["contact_id"] == contact
    await must_hold(shop)


# -- who speaks --------------------------------------------------------------------------------------------------------


async def test_a_bot_falls_silent_where_the_deal_that_joins_it_is_a_persons(shop: Shop) -> None:
    one, other = await _met(shop)
    (younger,) = await open_deals(shop, other)
    await shop.ask(Take(), younger["id"])
    await merge(shop, one, other)
    (deal,) = await open_deals(shop, one)
    assert (deal["owner"], deal["responsible_id"]) == ("person", ANNA.id)
    said = sum(len(c.sent) for c in shop.channels.values())
    await says(shop, "t", "1")
    await shop.later(hours=30)
    assert sum(len(c.sent) for c in shop.channels.values()) == said
    assert [r for r in await shop.all("runs") if r["status"] == "running"] == []


async def test_whoever_takes_the_joined_deal_holds_both_when_they_are_parted(shop: Shop) -> None:
    one, other = await _met(shop)
    number = await merge(shop, one, other)
    (deal,) = await open_deals(shop, one)
    await shop.ask(Take(), deal["id"], who=BORIS)
    await undo(shop, number)
    both = [*await open_deals(shop, one), *await open_deals(shop, other)]
    assert [(d["owner"], d["responsible_id"]) for d in both] == [("person", BORIS.id)] * 2
    said = sum(len(c.sent) for c in shop.channels.values())
    for who in "tw":
        await says(shop, who, "1")
    await shop.later(hours=30)
    assert sum(len(c.sent) for c in shop.channels.values()) == said


async def test_the_bot_that_goes_on_asks_where_it_was_asking(shop: Shop) -> None:
    """Two bots meet: the leading deal's goes on, in the leading deal's channel, though the other wrote later."""
    one, other = await _met(shop)
    for who in "tw":
        await says(shop, who, "1")
        await shop.later(seconds=5)
    telegram, whatsapp = shop.channels.values()
    await merge(shop, one, other)
    (deal,) = await open_deals(shop, one)
    before = len(telegram.sent), len(whatsapp.sent)
    await shop.later(hours=5)  # it reminds
    assert len(telegram.sent) > before[0]
    assert len(whatsapp.sent) == before[1]
    assert deal["owner"] == "bot"


async def test_what_a_manager_answers_goes_back_with_the_side_whose_route_it_went_by(shop: Shop) -> None:
    one, other = await _met(shop)
    number = await merge(shop, one, other)
    (deal,) = await open_deals(shop, one)
    await says(shop, "w", "мне бы колодки")
    await shop.ask(Write("Есть в наличии", channel="whatsapp"), deal["id"])
    await shop.ask(Write("А вам что?", channel="telegram"), deal["id"])
    await undo(shop, number)
    lines = {e["text"]: e["contact_id"] for e in await shop.all("entries")}
    assert (lines["мне бы колодки"], lines["Есть в наличии"], lines["А вам что?"]) == (other, other, one)


async def test_a_bot_that_has_heard_both_sides_goes_on_with_neither(shop: Shop) -> None:
    """What it has learned of the one must not be said to the other: both talks are a person's."""
    one, other = await _met(shop)
    number = await merge(shop, one, other)
    await says(shop, "w", "у меня вопрос")
    await undo(shop, number)
    both = [*await open_deals(shop, one), *await open_deals(shop, other)]
    assert [d["owner"] for d in both] == ["pool", "pool"]
    assert {t["deal_id"] for t in await shop.all("tasks") if t["state"] == "open"} == {d["id"] for d in both}
    said = sum(len(c.sent) for c in shop.channels.values())
    await shop.later(hours=12)
    assert sum(len(c.sent) for c in shop.channels.values()) == said


async def test_a_bot_that_was_stopped_does_not_wake_where_somebody_has_spoken_since(shop: Shop) -> None:
    """The other deal's bot was stopped because the leading one is a person's."""
    one, other = await _met(shop)
    await shop.ask(Take(), (await open_deals(shop, one))[0]["id"])
    number = await merge(shop, one, other)
    await says(shop, "w", "у меня вопрос")
    await undo(shop, number)
    ((theirs,), (first,)) = await open_deals(shop, other), await open_deals(shop, one)
    assert (theirs["owner"], first["owner"]) == ("pool", "person")
    assert theirs["waiting_since"] is not None
    assert theirs["id"] in [t["deal_id"] for t in await shop.all("tasks") if t["state"] == "open"]


# -- what waits, and what is moved --------------------------------------------------------------------------------------


async def test_words_that_wait_while_they_are_parted_are_heard_by_their_own_side(shop: Shop) -> None:
    one, other = await _met(shop)
    number = await merge(shop, one, other)
    for who in "tw":
        channel, account = ("telegram", "100") if who == "t" else ("whatsapp", "300")
        await shop.hear(MessageReceived(Sender(channel, account, who), f"слово {who}", message_id=f"late{who}"))
    await undo(shop, number)
    lines = {e["text"]: e["contact_id"] for e in await shop.all("entries")}
    assert (lines["слово t"], lines["слово w"]) == (one, other)
    assert await shop.balanced()


async def test_words_said_before_and_after_the_parting_are_heard_in_their_order(shop: Shop) -> None:
    one, other = await _met(shop)
    number = await merge(shop, one, other)
    sender = Sender("whatsapp", "300", "w")
    await shop.hear(MessageReceived(sender, "раз", message_id="1st"))
    await shop.turns.together(
        lambda c, now: parting.undo(c, shop.db.ids, number, now, words_of(shop.house.playbook), CAUSE)
    )
    await shop.hear(MessageReceived(sender, "два", message_id="2nd"))
    await shop.settle()
    assert [e["text"] for e in await shop.all("entries") if e["text"] in ("раз", "два")] == ["раз", "два"]
    assert {e["contact_id"] for e in await shop.all("entries") if e["text"] in ("раз", "два")} == {other}


async def test_a_phone_that_proves_who_somebody_is_is_theirs_again_and_proves_it_no_more(shop: Shop) -> None:
    """A merge that a channel's proof has brought about is undone by a person, who knows better."""
    phone = "+79161234567"
    await says(shop, "t", "Здравствуйте")
    await says(shop, "w", "Здравствуйте")
    one, other = await contact_of(shop, "t"), await contact_of(shop, "w")
    await says(shop, "w", "мой телефон", phone=phone)
    before = await picture(shop)
    await says(shop, "t", "и мой", phone=phone)
    whole = next(m for m in await shop.all("merges") if m["kind"] == "contacts")
    assert (whole["why"], whole["by_id"]) == ("phone", None)
    await undo(shop, whole["id"])
    after = await picture(shop)
    assert [c for c in after["contacts"] if c["id"] == other] == [c for c in before["contacts"] if c["id"] == other]
    assert after["points"] == before["points"]
    await says(shop, "t", "мой, мой", phone=phone)
    assert (await contact_of(shop, "t"), await contact_of(shop, "w")) == (one, other)
    await must_hold(shop)


async def test_what_the_one_who_stays_has_not_said_of_themselves_is_borrowed_only(shop: Shop) -> None:
    one, other = await _met(shop)
    await says(shop, "w", "мой телефон", phone="+79161234567")
    number = await merge(shop, one, other)
    assert [c["phone"] for c in await shop.all("contacts")] == ["+79161234567"] * 2
    await undo(shop, number)
    assert {c["id"]: c["phone"] for c in await shop.all("contacts")} == {one: "", other: "+79161234567"}


async def test_an_event_that_lies_in_the_wrong_lane_goes_to_its_own(shop: Shop) -> None:
    """Another process had looked up whose address it is just before they were parted."""
    one, other = await _met(shop)
    await shop.hear(MessageReceived(Sender("whatsapp", "300", "w"), "слово", message_id="late"))
    await shop.db.write(lambda c: c.exec_driver_sql(f"UPDATE inbox SET contact_id = {one} WHERE state = 'waiting'"))
    await shop.db.write(lambda c: c.exec_driver_sql(f"UPDATE lanes SET due_at = 0 WHERE contact_id = {one}"))
    await shop.settle()
    assert {e["contact_id"] for e in await shop.all("entries") if e["text"] == "слово"} == {other}
    assert {r["state"] for r in await shop.all("inbox")} == {"processed"}
    assert await shop.balanced()


async def test_a_deal_that_the_other_side_opened_meanwhile_is_theirs(shop: Shop) -> None:
    one, other = await _met(shop)
    number = await merge(shop, one, other)
    (deal,) = await open_deals(shop, one)
    await shop.ask(Move("lost", "price"), deal["id"])
    await says(shop, "w", "я снова тут")
    (newer,) = await open_deals(shop, one)
    await undo(shop, number)
    theirs = await open_deals(shop, other)
    assert newer["id"] in [d["id"] for d in theirs]
    assert len(theirs) == 2  # and the one that had been joined is open again, beside it
    assert await open_deals(shop, one) == []
    await must_hold(shop)


async def test_merges_of_three_are_undone_in_any_order(shop: Shop) -> None:
    one, other = await _met(shop)
    await says(shop, "t", "привет")
    await shop.write("Здравствуйте", who="3")
    third = await contact_of(shop, "3")
    before = await picture(shop)
    first = await merge(shop, one, other)
    second = await merge(shop, third, one)
    await undo(shop, first)
    await must_hold(shop)
    await undo(shop, second)
    await must_hold(shop)
    after = await picture(shop)
    for table in ("contacts", "identities", "points", "entries"):
        rows = [r for r in after[table] if r in before[table] or table != "entries"]
        assert rows == before[table], table
    assert [(d["id"], d["contact_id"], d["closed_at"], d["slot"]) for d in after["deals"]] == [
        (d["id"], d["contact_id"], d["closed_at"], d["slot"]) for d in before["deals"]
    ]


async def test_what_a_channel_itself_has_made_one_address_cannot_be_parted(shop: Shop) -> None:
    await says(shop, "t", "Здравствуйте")
    await shop.write("это снова я", who="-100500")
    await shop.hear(AddressChanged(Sender("telegram", "100", "t"), "-100500"))
    await shop.settle()
    whole = next(m for m in await shop.all("merges") if m["kind"] == "contacts")
    with pytest.raises(Refused, match="only one left"):
        await undo(shop, whole["id"])
    assert len([c for c in await shop.all("contacts") if c["merged_into"] is None]) == 1


# -- two deals of one contact ------------------------------------------------------------------------------------------


async def _with_an_order(shop: Shop) -> tuple[dict[str, Any], dict[str, Any]]:
    """A contact with an inquiry, and an order that was opened beside it; what a turn does by the ledger's verbs."""
    await says(shop, "t", "Здравствуйте")
    contact = await contact_of(shop, "t")
    (inquiry,) = await open_deals(shop, contact)

    def turn(conn: Any) -> None:
        (rows,) = lanes.claim(conn, shop.clock.now(), 0, only=[contact], ids=shop.db.ids)
        ledger = Ledger(rows, shop.db.ids, shop.house, lanes.Writes(), shop.clock.now())
        order = ledger.open_deal("order", "an order of the site", stage="order_placed", apart=True)
        ledger.set_field(order, "order", "4711")
        ledger.join_deals(order, rows.deals[0], "order")
        lanes.save(conn, ledger.writes, shop.clock.now(), ids=shop.db.ids)
        settle(conn, shop.db.ids, shop.house.playbook, ledger.writes, shop.clock.now())

    await shop.db.write(turn)
    await shop.settle()
    order = next(d for d in await shop.all("deals") if d["source"] == "order")
    return await shop.deal(inquiry["id"]), order


async def test_an_order_that_leads_has_the_inquirys_place_and_history(shop: Shop) -> None:
    inquiry, order = await _with_an_order(shop)
    assert (inquiry["reason"], inquiry["outcome"]) == ("joined", None)
    assert (order["slot"], order["stage"], order["owner"]) == (inquiry["slot"], "order_placed", "bot")
    await says(shop, "t", "1")
    assert {e["deal_id"] for e in await shop.all("entries") if e["kind"] == "message"} == {order["id"]}


async def test_no_separate_parts_an_order_from_its_inquiry_again(shop: Shop) -> None:
    inquiry, order = await _with_an_order(shop)
    (noted,) = await shop.all("merges")
    await undo(shop, noted["id"])
    both = {d["id"]: d for d in await shop.all("deals")}
    assert [both[n]["closed_at"] for n in (inquiry["id"], order["id"])] == [None, None]
    assert both[inquiry["id"]]["owner"] == "bot"
    assert len({d["slot"] for d in both.values()}) == 2
    await says(shop, "t", "1")
    assert {e["deal_id"] for e in await shop.all("entries") if e["text"] == "1"} == {inquiry["id"]}
    await must_hold(shop)


async def test_two_deals_of_two_contacts_become_one_as_their_contacts_do(shop: Shop) -> None:
    one, other = await _met(shop)
    (leading,), (joined,) = await open_deals(shop, other), await open_deals(shop, one)
    number = await merge_deals(shop, leading["id"], joined["id"])
    assert await contact_of(shop, "t") == other
    assert [d["id"] for d in await open_deals(shop, other)] == [leading["id"]]
    await undo(shop, number)
    assert (await contact_of(shop, "t"), await contact_of(shop, "w")) == (one, other)
    await must_hold(shop)


async def test_an_address_that_is_split_off_leaves_no_word_in_any_talk_that_is_still_had(shop: Shop) -> None:
    one, other = await _met(shop)
    await merge(shop, other, one)
    talk = next(deal["id"] for deal in await open_deals(shop, other))
    await shop.ask(OpenDeal("mail"), contact=other)
    beside = (await shop.all("deals"))[-1]["id"]
    await shop.ask(Write("Ваше письмо пришло", channel="telegram"), beside)
    route = next(i["id"] for i in await shop.all("identities") if i["address"] == "t")
    await shop.turns.together(
        lambda c, now: splitting.split(
            c, shop.db.ids, talk, Taken(identity=route), now, words_of(shop.house.playbook), CAUSE
        )
    )
    await shop.settle()
    await must_hold(shop)
    whose = await contact_of(shop, "t")
    (line,) = [e for e in await shop.all("entries") if e["text"] == "Ваше письмо пришло"]
    deals = {deal["id"]: deal for deal in await shop.all("deals")}
    assert (line["contact_id"], deals[line["deal_id"]]["contact_id"]) == (whose, whose)
    assert line["deal_id"] != beside
    assert deals[beside]["route_id"] != route
