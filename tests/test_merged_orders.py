"""Requests and orders that are one deal and two again: the order leads, and what came for it is its own; on both databases."""

import os
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.desk import Edit, Move, OpenDeal, Take
from gateway.events import CallEnded, Sender
from gateway.shop_hooks import TOLD
from state.invariants import joined_to_nothing
from state.merges import Refused
from state.order_news import BROUGHT
from tests.merged import act, contact_of, merge, merge_deals, must_hold, open_deals, says, two_channels, undo
from tests.shop import Shop

SEEDS = int(os.environ.get("PARLEY_TEST_SEEDS", "5"))
NUMBER = "5002"


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    made = two_channels(database_url)
    yield made
    await made.db.close()


async def told(shop: Shop, what: str, **body: Any) -> None:
    await shop.hear(TOLD[what](body, "RU"))
    await shop.settle()


async def ordered(shop: Shop, event: str = "placed", **more: Any) -> None:
    await told(shop, "orders", event=event, order={"number": NUMBER, **more})


async def paid(shop: Shop, amount: Any) -> None:
    await told(shop, "payments", order=NUMBER, amount=amount)


async def request(shop: Shop, who: str = "t") -> dict[str, Any]:
    """Of somebody of whom the order says nothing."""
    await says(shop, who, "Здравствуйте")
    (deal,) = await open_deals(shop, await contact_of(shop, who))
    return deal


async def order(shop: Shop, number: str = NUMBER) -> dict[str, Any]:
    await told(shop, "orders", event="placed", order={"number": number, "total": 40_000})
    return next(deal for deal in await shop.all("deals") if deal["fields"].get("order") == number)


async def both(shop: Shop, leading: dict[str, Any], other: dict[str, Any], *, firmly: bool = False) -> int:
    """The merge that can be undone: of their contacts."""
    await merge_deals(shop, leading["id"], other["id"], firmly=firmly)
    return max(m["id"] for m in await shop.all("merges") if m["parent_id"] is None)


def seen(deal: dict[str, Any]) -> tuple[Any, ...]:
    fields = deal["fields"]
    return deal["stage"], deal["closed_at"] is None, fields.get("paid"), fields.get("paid_sum"), fields.get("order")


# -- which one leads ---------------------------------------------------------------------------------------------------


async def test_an_order_leads_whichever_deal_it_was_joined_to(shop: Shop):
    one, two = await request(shop), await order(shop)
    await merge_deals(shop, one["id"], two["id"])
    (left,) = [deal for deal in await shop.all("deals") if deal["closed_at"] is None]
    assert (left["id"], left["stage"], left["slot"]) == (two["id"], "order_placed", "retail")
    await must_hold(shop)


async def test_whoever_says_which_leads_is_obeyed(shop: Shop):
    one, two = await request(shop), await order(shop)
    await merge_deals(shop, one["id"], two["id"], firmly=True)
    (left,) = [deal for deal in await shop.all("deals") if deal["closed_at"] is None]
    assert (left["id"], left["stage"], left["fields"]["order"]) == (one["id"], "left_request", NUMBER)


@pytest.mark.parametrize("kept", [0, 1])
async def test_an_order_leads_also_where_contacts_turn_out_to_be_one(shop: Shop, kept: int):
    one, two = await request(shop), await order(shop)
    contacts = [one["contact_id"], two["contact_id"]]
    number = await merge(shop, contacts[kept], contacts[1 - kept])
    (left,) = await open_deals(shop, contacts[kept])
    assert (left["id"], left["stage"]) == (two["id"], "order_placed")
    await must_hold(shop)
    await paid(shop, 40_000)
    await undo(shop, number)
    await must_hold(shop)
    back = {deal["id"]: deal for deal in await shop.all("deals")}
    assert [back[deal["id"]]["contact_id"] for deal in (one, two)] == contacts
    assert seen(back[one["id"]]) == ("left_request", True, None, None, None)
    assert seen(back[two["id"]]) == ("order_in_work", True, "yes", 40_000, NUMBER)
    await ordered(shop, "ready")
    assert (await shop.deal(two["id"]))["stage"] == "ready"


async def test_a_number_that_the_customer_has_typed_makes_no_order(shop: Shop):
    one, other = await request(shop), await request(shop, "w")
    await shop.ask(Move("offer_manager"), one["id"])
    typed = await shop.deal(other["id"])
    await shop.db.write(
        lambda c: c.exec_driver_sql(f'UPDATE deals SET fields = \'{{"order": "77"}}\' WHERE id = {typed["id"]}')
    )
    await merge_deals(shop, one["id"], typed["id"])
    (left,) = [deal for deal in await shop.all("deals") if deal["closed_at"] is None]
    assert (left["id"], left["stage"]) == (one["id"], "offer_manager")


# -- what came for the order -------------------------------------------------------------------------------------------


async def test_a_payment_goes_with_its_order_when_they_are_two_again(shop: Shop):
    one, two = await request(shop), await order(shop)
    number = await both(shop, one, two, firmly=True)
    await paid(shop, "400.00")
    joined = await shop.deal(one["id"])
    assert seen(joined) == ("order_in_work", True, "yes", 40_000, NUMBER)
    await undo(shop, number)
    back, order_ = await shop.deal(one["id"]), await shop.deal(two["id"])
    assert {k: back[k] for k in ("stage", "stage_at", "fields", "title", "contact_id")} == {
        k: one[k] for k in ("stage", "stage_at", "fields", "title", "contact_id")
    }
    assert seen(order_) == ("order_in_work", True, "yes", 40_000, NUMBER)
    lines = [e for e in await shop.all("entries") if e["deal_id"] == two["id"]]
    assert any(e["data"].get("event") == "payment" for e in lines)
    assert any(e["kind"] == "stage" for e in lines)
    assert [(s["deal_id"], s["stage"], s["next"]) for s in await shop.all("stays")] == [
        (two["id"], "order_placed", "order_in_work")
    ]
    timers = {
        (t["deal_id"], t["name"].split(":")[1]) for t in await shop.all("timers") if t["name"].startswith("robot:")
    }
    assert (two["id"], "weekly_control") in timers
    assert not any(deal == one["id"] and name == "weekly_control" for deal, name in timers)
    await must_hold(shop)
    await shop.later(hours=24 * 8)
    assert [t["deal_id"] for t in await shop.all("tasks") if t["kind"] == "control"] == [two["id"]]


async def test_the_rest_of_an_orders_news_find_its_deal_when_they_are_two_again(shop: Shop):
    one, two = await request(shop), await order(shop)
    number = await both(shop, one, two, firmly=True)
    await ordered(shop, "sent", tracking="RA1")
    assert (await shop.deal(one["id"]))["outcome"] == "won"
    await undo(shop, number)
    back, order_ = await shop.deal(one["id"]), await shop.deal(two["id"])
    assert (seen(back), back["outcome"]) == (("left_request", True, None, None, None), None)
    assert (order_["stage"], order_["outcome"], order_["fields"]["tracking"]) == ("won", "won", "RA1")
    assert ("tracking" in back["fields"], "delivery" in back["fields"]) == (False, False)
    await must_hold(shop)
    await told(shop, "parcels", tracking="RA1", status="arrived")
    assert "arrived" not in [deal["stage"] for deal in await open_deals(shop, one["contact_id"])]
    await says(shop, "t", "1")
    await must_hold(shop)


async def test_what_the_request_came_to_by_itself_stays_its_own(shop: Shop):
    one, two = await request(shop), await order(shop)
    number = await both(shop, one, two, firmly=True)
    await shop.ask(Take(), one["id"])
    await shop.ask(Edit(fields={"city": "Тверь"}), one["id"])
    taken = await shop.deal(one["id"])
    await paid(shop, 40_000)
    await shop.hear(CallEnded(Sender("phone", "calls", "+79160000000", phone="+79160000000"), "missed", "in"))
    await shop.settle()
    await undo(shop, number)
    back, order_ = await shop.deal(one["id"]), await shop.deal(two["id"])
    assert (back["stage"], back["stage_at"], back["fields"].get("city")) == (
        "clarification",
        taken["stage_at"],
        "Тверь",
    )
    assert (order_["stage"], order_["fields"].get("city")) == ("order_in_work", None)
    await must_hold(shop)


async def test_money_for_an_order_that_was_joined_to_another_is_its_own_and_somebodys_business(shop: Shop):
    two, other = await order(shop), await order(shop, "5003")
    number = await both(shop, other, two, firmly=True)
    await paid(shop, 40_000)
    assert [task["deal_id"] for task in await shop.all("tasks") if task["kind"] == "check_payment"] == [two["id"]]
    assert (await shop.deal(other["id"]))["fields"].get("paid_sum") is None
    assert await shop.db.read(lambda c: list(joined_to_nothing(c))) == []
    await undo(shop, number)
    assert seen(await shop.deal(two["id"]))[2:] == ("yes", 40_000, NUMBER)
    await must_hold(shop)


async def test_without_news_of_it_an_order_is_where_it_was(shop: Shop):
    one, two = await request(shop), await order(shop)
    number = await both(shop, one, two, firmly=True)
    await shop.ask(Move("offer_manager"), one["id"])
    await undo(shop, number)
    back, order_ = await shop.deal(one["id"]), await shop.deal(two["id"])
    assert (back["stage"], order_["stage"]) == ("offer_manager", "order_placed")
    assert (back["fields"].get("total"), order_["fields"]["total"]) == (None, 40_000)
    await must_hold(shop)


async def test_three_who_are_one_are_parted_in_any_order_and_the_order_keeps_its_own(shop: Shop):
    one, two, three = await request(shop), await order(shop), await request(shop, "w")
    contacts = [deal["contact_id"] for deal in (one, two, three)]
    first = await merge(shop, contacts[0], contacts[1])
    second = await merge(shop, contacts[2], contacts[0])
    await paid(shop, 40_000)
    await undo(shop, first)
    await must_hold(shop)
    await undo(shop, second)
    await must_hold(shop)
    back = {deal["id"]: deal for deal in await shop.all("deals")}
    assert [back[deal["id"]]["contact_id"] for deal in (one, two, three)] == contacts
    assert [back[deal["id"]]["closed_at"] for deal in (one, two, three)] == [None] * 3
    assert [seen(back[deal["id"]])[2] for deal in (one, two, three)] == [None, "yes", None]


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_whatever_happens_in_between_the_orders_news_are_the_orders(shop: Shop, seed: int):
    drawn = random.Random(2_000 + seed)
    one, two = await request(shop), await order(shop)
    apart = await order(shop, "5003")
    await request(shop, "w")
    if drawn.random() < 0.5:
        pair = drawn.sample([one, two], 2)
        number = await both(shop, *pair, firmly=drawn.random() < 0.5)
    else:
        number = await merge(shop, *drawn.sample([one["contact_id"], two["contact_id"]], 2))
    for n in range(drawn.randrange(1, 9)):
        match drawn.randrange(4):
            case 0:
                amount = drawn.choice([10_000, 40_000, -5_000])
                for order_ in (NUMBER, "5003"):  # the other one is joined to nothing
                    await told(shop, "payments", order=order_, amount=amount)
            case 1:
                event = drawn.choice(["in_work", "ready", "item_refused", "paid", "handed_over", "cancelled"])
                for order_ in (NUMBER, "5003"):
                    await told(shop, "orders", event=event, order={"number": order_})
            case _:
                await act(shop, drawn.randrange(9), drawn.choice("tw"), n)
    lines = [e["id"] for e in await shop.all("entries") if e["kind"] == "order" and e["data"]["order"] == NUMBER]
    await undo(shop, number)
    await must_hold(shop)
    back = {deal["id"]: deal for deal in await shop.all("deals")}
    assert {e["deal_id"] for e in await shop.all("entries") if e["id"] in lines} == {two["id"]}
    assert not set(BROUGHT) & set(back[one["id"]]["fields"])
    fields, alone = (
        {name: deal["fields"].get(name) for name in BROUGHT if name != "order"}
        for deal in (back[two["id"]], back[apart["id"]])
    )
    assert fields == alone
    assert [back[deal["id"]]["contact_id"] for deal in (one, two)] == [one["contact_id"], two["contact_id"]]
    await says(shop, "t", "это я")
    await must_hold(shop)
    told_ = {(e["deal_id"], e["id"]) for e in await shop.all("entries")}
    assert {(s["deal_id"], s["entry_id"]) for s in await shop.all("stays")} <= told_


# -- two orders --------------------------------------------------------------------------------------------------------


async def of(shop: Shop, number: str, phone: str, total: int) -> dict[str, Any]:
    await told(shop, "orders", event="placed", order={"number": number, "total": total}, customer={"phone": phone})
    return next(deal for deal in await shop.all("deals") if deal["fields"].get("order") == number)


async def test_two_orders_stay_two_where_their_customers_turn_out_to_be_one(shop: Shop):
    """One's money pays nothing of the other, and what comes later is for whose number it bears."""
    one, two = await of(shop, "1", "+79161234567", 100_000), await of(shop, "2", "+79160000009", 200_000)
    await told(shop, "payments", order="2", amount=150_000)
    number = await merge(shop, one["contact_id"], two["contact_id"])
    here = {deal["id"]: deal for deal in await open_deals(shop, one["contact_id"])}
    assert [seen(here[deal["id"]]) for deal in (one, two)] == [
        (one["stage"], True, None, None, "1"),
        (one["stage"], True, "partly", 150_000, "2"),
    ]
    assert len({deal["slot"] for deal in here.values()}) == 2
    await must_hold(shop)
    await told(shop, "payments", order="2", amount=50_000)
    assert seen(await shop.deal(two["id"])) == ("order_in_work", True, "yes", 200_000, "2")
    assert seen(await shop.deal(one["id"])) == (one["stage"], True, None, None, "1")
    await undo(shop, number)
    await must_hold(shop)
    back = {deal["id"]: deal for deal in await shop.all("deals")}
    assert [(back[d["id"]]["contact_id"], back[d["id"]]["slot"]) for d in (one, two)] == [
        (one["contact_id"], "retail"),
        (two["contact_id"], "retail"),
    ]


async def test_the_same_order_at_two_contacts_is_one_order(shop: Shop):
    one = await of(shop, "1", "+79161234567", 100_000)
    two = await request(shop)
    await shop.ask(Edit(fields={"order": "1", "paid": "yes"}), two["id"])
    await merge(shop, one["contact_id"], two["contact_id"])
    assert len(await open_deals(shop, one["contact_id"])) == 1
    await must_hold(shop)


async def test_anothers_request_goes_into_a_second_order_that_stands_beside_the_first(shop: Shop):
    first, second = await of(shop, "1", "+79161234567", 1_000), await of(shop, "2", "+79161234567", 1_000)
    assert first["contact_id"] == second["contact_id"]
    theirs = await request(shop)
    number = await both(shop, second, theirs)
    here = await open_deals(shop, first["contact_id"])
    assert sorted((deal["id"], deal["slot"]) for deal in here) == [
        (first["id"], "retail"),
        (second["id"], second["slot"]),
    ]
    await must_hold(shop)
    await undo(shop, number)
    await must_hold(shop)
    assert (await shop.deal(theirs["id"]))["contact_id"] == theirs["contact_id"]


async def test_what_one_orders_money_paid_of_another_is_unpaid_when_a_person_takes_them_apart(shop: Shop):
    one, two = await of(shop, "1", "+79161234567", 100_000), await of(shop, "2", "+79161234567", 200_000)
    await told(shop, "payments", order="2", amount=150_000)
    with pytest.raises(Refused, match="both are orders"):
        await merge_deals(shop, one["id"], two["id"])
    await merge_deals(shop, one["id"], two["id"], firmly=True)
    assert (await shop.deal(one["id"]))["fields"]["paid"] == "yes"
    (number,) = [m["id"] for m in await shop.all("merges")]
    await undo(shop, number)
    back = {deal["id"]: deal["fields"] for deal in await shop.all("deals")}
    assert (back[one["id"]].get("paid"), back[one["id"]].get("paid_sum")) == (None, None)
    assert (back[two["id"]]["paid"], back[two["id"]]["paid_sum"]) == ("partly", 150_000)


# -- what else is joined to the order ----------------------------------------------------------------------------------


def stands(deal: dict[str, Any]) -> tuple[Any, ...]:
    return (
        deal["owner"],
        deal["responsible_id"],
        deal["waiting_since"],
        deal["contact_id"],
        deal["closed_at"],
        deal["reason"],
    )


async def test_undone_at_once_the_order_is_as_it_was_though_its_own_request_is_part_of_it(shop: Shop):
    """Another customer's talk was joined to it by mistake: nobody waits there, and no manager holds it."""
    mine = await request(shop)
    theirs = await request(shop, "w")
    await shop.ask(Take(), theirs["id"])
    await told(shop, "orders", event="placed", order={"number": "77"}, customer={"phone": "+79161234567"})
    leading = next(deal for deal in await shop.all("deals") if deal["fields"].get("order") == "77")
    await merge_deals(shop, leading["id"], mine["id"])
    before = {deal["id"]: stands(deal) for deal in await shop.all("deals")}
    await merge_deals(shop, leading["id"], theirs["id"])
    number = max(m["id"] for m in await shop.all("merges") if m["parent_id"] is None)
    await undo(shop, number)
    await must_hold(shop)
    assert {deal["id"]: stands(deal) for deal in await shop.all("deals")} == before


async def test_a_merge_of_contacts_gives_back_also_what_it_joined_of_one_of_them(shop: Shop):
    """Their request goes into our mail deal; our order, of the request's slot, becomes part of the same deal. Undone, all three are apart."""
    one = await of(shop, "1", "+79161234567", 100_000)
    mail = await shop.ask(OpenDeal("mail"), contact=one["contact_id"])
    theirs = await request(shop, "w")
    before = {deal["id"]: stands(deal) for deal in await shop.all("deals")}
    await merge_deals(shop, theirs["id"], mail)
    assert len([d for d in await shop.all("deals") if d["closed_at"] is None]) == 1
    number = max(m["id"] for m in await shop.all("merges") if m["parent_id"] is None)
    await undo(shop, number)
    await must_hold(shop)
    assert {deal["id"]: stands(deal) for deal in await shop.all("deals")} == before


# -- what one of two has come by that has no talk ----------------------------------------------------------------------


async def two_leads(shop: Shop) -> list[dict[str, Any]]:
    """Known by their phones only."""
    for phone in ("+79160000001", "+79160000002"):
        await shop.hear(CallEnded(Sender("call", "calls", phone, phone=phone), "missed", "in"))
        await shop.settle()
    return await shop.all("deals")


async def test_a_call_that_came_since_goes_back_with_its_phone(shop: Shop):
    one, two = await two_leads(shop)
    for deal in (one, two):
        await shop.hear(
            CallEnded(
                Sender("call", "calls", f"+7916000000{deal['id']}", phone=f"+7916000000{deal['id']}"), "answered", "in"
            )
        )
    await shop.settle()
    number = await merge(shop, one["contact_id"], two["contact_id"])
    await shop.hear(CallEnded(Sender("call", "calls", "+79160000002", phone="+79160000002"), "missed", "in"))
    await shop.settle()
    await undo(shop, number)
    await must_hold(shop)
    missed = [e for e in await shop.all("entries") if e["kind"] == "call" and e["data"]["status"] == "missed"]
    assert [e["deal_id"] for e in missed] == [one["id"], two["id"], two["id"]]
    assert [t["deal_id"] for t in await shop.all("tasks") if t["kind"] == "call_back" and t["state"] == "open"] == [
        two["id"]
    ]
    waits = {deal["id"]: deal["waiting_since"] for deal in await shop.all("deals")}
    assert waits[one["id"]] is None
    assert waits[two["id"]] is not None


async def test_an_order_that_came_since_is_whose_phone_it_was_told_with(shop: Shop):
    one, two = await two_leads(shop)
    number = await merge(shop, one["contact_id"], two["contact_id"])
    placed = await of(shop, NUMBER, "+79160000002", 100_000)
    await paid(shop, "1000.00")
    await undo(shop, number)
    await must_hold(shop)
    back = {deal["id"]: deal for deal in await shop.all("deals")}
    assert back[placed["id"]]["contact_id"] == two["contact_id"]
    assert (back[one["id"]]["contact_id"], back[one["id"]]["closed_at"]) == (one["contact_id"], None)
    await paid(shop, "-100.00")
    assert (await shop.deal(placed["id"]))["fields"]["paid_sum"] == 90_000


async def test_what_robots_have_made_of_a_deal_goes_back_with_it(shop: Shop):
    one, two = await two_leads(shop)
    await shop.ask(Move("lost", reason="price"), one["id"])
    number = await merge(shop, one["contact_id"], two["contact_id"])
    await told(
        shop, "orders", event="placed", order={"number": NUMBER, "total": 40_000}, customer={"phone": "+79160000002"}
    )
    await ordered(shop, "sent", tracking="RB123456789RU")
    mail = next(deal for deal in await shop.all("deals") if deal["funnel"] == "mail")
    await undo(shop, number)
    await must_hold(shop)
    assert (await shop.deal(mail["id"]))["contact_id"] == two["contact_id"]


async def test_what_was_to_be_done_in_the_requests_stage_ends_when_its_order_leads_and_is_due_again_when_parted(
    shop: Shop,
):
    one = await request(shop)
    await shop.ask(Take(), one["id"])
    await shop.ask(Move("in_work"), one["id"])
    await shop.later(minutes=40)
    late = [task for task in await shop.all("tasks") if task["ends"] == "stage" and task["deal_id"] == one["id"]]
    assert [task["state"] for task in late] == ["open"]
    two = await order(shop)
    number = await both(shop, two, one)
    tasks = {task["id"]: task for task in await shop.all("tasks")}
    assert (tasks[late[0]["id"]]["state"], tasks[late[0]["id"]]["deal_id"]) == ("done", two["id"])
    await undo(shop, number)
    tasks = {task["id"]: task for task in await shop.all("tasks")}
    assert tasks[late[0]["id"]] == late[0]


async def test_two_deals_of_one_contact_have_their_slots_again_when_it_is_parted(shop: Shop):
    """The first, which was joined, and the second beside it: undone, neither has taken the other's place."""
    mine = await request(shop)
    first = await of(shop, "1", "+79160000002", 1_000)
    second = await of(shop, "2", "+79160000002", 1_000)
    before = {deal["id"]: deal["slot"] for deal in await shop.all("deals")}
    assert len(set(before.values())) == 2
    number = await merge(shop, mine["contact_id"], first["contact_id"])
    await undo(shop, number)
    await must_hold(shop)
    assert {deal["id"]: deal["slot"] for deal in await shop.all("deals")} == before
    assert before[second["id"]] != "retail"


async def test_each_of_two_orders_that_were_one_is_paid_by_its_own_money_only(shop: Shop):
    one, two = await order(shop, "11"), await order(shop, "13")
    await told(shop, "payments", order="13", amount=5_000)
    number = await both(shop, one, two, firmly=True)
    await told(shop, "payments", order="11", amount=40_000)
    await undo(shop, number)
    first, second = await shop.deal(one["id"]), await shop.deal(two["id"])
    assert (seen(first)[2:], seen(second)[2:]) == (("yes", 40_000, "11"), ("partly", 5_000, "13"))


@pytest.mark.parametrize("leads", [True, False])
async def test_what_an_order_costs_is_asked_again_when_only_the_other_has_told_it(shop: Shop, leads: bool):
    await told(shop, "payments", order="11", amount=40_000)
    (paid_for,) = await shop.all("deals")
    (asked,) = [task for task in await shop.all("tasks") if task["kind"] == "check_sum"]
    other = await order(shop, "13")
    number = await both(shop, *((paid_for, other) if leads else (other, paid_for)), firmly=True)
    assert [task["state"] for task in await shop.all("tasks") if task["id"] == asked["id"]] == ["done"]
    await undo(shop, number)
    assert [task for task in await shop.all("tasks") if task["id"] == asked["id"]] == [asked]
