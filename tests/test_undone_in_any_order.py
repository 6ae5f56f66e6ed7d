"""Merges of several customers, undone singly in any order: everybody is as they were; on both databases.

A merge that others rest on is taken out from under them: what is left is what there would be had it never been.
"""

import os
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from gateway.desk import Edit, Move, OpenDeal, Take, Write
from gateway.events import AddressChanged, CallEnded, FormSubmitted, Sender
from gateway.shop_hooks import TOLD
from gateway.unions import words_of
from state import splitting, tables
from state.merges import Refused
from state.splitting import Taken
from tests.merged import (
    CAUSE,
    SPEAKERS,
    act,
    contact_of,
    merge,
    merge_deals,
    must_hold,
    picture,
    says,
    two_channels,
    undo,
)
from tests.shop import ANNA, BORIS, Shop

SEEDS = int(os.environ.get("PARLEY_TEST_SEEDS", "5"))
WHO = "twvk"
PHONES = {who: f"+7916000000{n}" for n, who in enumerate(WHO)}


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    made = two_channels(database_url)
    yield made
    await made.db.close()


# -- histories ---------------------------------------------------------------------------------------------------------


async def heard(shop: Shop, event: Any) -> None:
    await shop.hear(event)
    await shop.settle()


async def meet(shop: Shop, drawn: random.Random, who: str) -> None:
    """Somebody comes: by a message, a form, a call or an order. Each way leaves another kind of deal."""
    phone = PHONES[who]
    match drawn.randrange(5):
        case 0 | 1:
            await says(shop, who, "Здравствуйте")
        case 2:
            fields = {"name": f"Клиент {who}", "phone": phone, "text": f"Нужно {who}"}
            await heard(shop, FormSubmitted(Sender("form", "site", phone, fields["name"], phone=phone), "site", fields))
        case 3:
            await heard(shop, CallEnded(Sender("call", "calls", phone, phone=phone), "missed", "in"))
        case 4:
            order = {"number": f"7{WHO.index(who)}", "total": 40_000}
            await heard(shop, TOLD["orders"]({"event": "placed", "order": order, "customer": {"phone": phone}}, "RU"))


async def lives_on(shop: Shop, drawn: random.Random, n: int) -> None:
    """One thing of any of them, whoever they are part of."""
    who = drawn.choice(WHO)
    phone = PHONES[who]
    match drawn.randrange(8):
        case 0:
            fields = {"name": f"Клиент {who}", "phone": phone, "text": f"Ещё {n}"}
            await heard(shop, FormSubmitted(Sender("form", "site", phone, fields["name"], phone=phone), "site", fields))
        case 1:
            status = drawn.choice(["missed", "answered"])
            await heard(shop, CallEnded(Sender("call", "calls", phone, phone=phone), status, "in"))
        case 2:
            order = {"number": f"8{WHO.index(who)}", "total": 30_000}
            await heard(shop, TOLD["orders"]({"event": "placed", "order": order, "customer": {"phone": phone}}, "RU"))
        case 3:
            body = {"order": f"{drawn.choice('78')}{WHO.index(who)}", "amount": drawn.choice([10_000, 40_000, -10_000])}
            await heard(shop, TOLD["payments"](body, "RU"))
        case _:
            if await known(shop, who):
                await act(shop, drawn.randrange(9), who, n)


async def known(shop: Shop, who: str) -> bool:
    return bool(await shop.rows(select(tables.identities.c.id).where(tables.identities.c.address == who)))


async def somebody_acts(shop: Shop, drawn: random.Random, n: int) -> None:
    deals = [deal for deal in await shop.all("deals") if deal["closed_at"] is None]
    deal = drawn.choice(deals)
    command = drawn.choice([Take(), Write(f"Ответ {n}"), Edit(fields={"city": f"Город {n}"}, tags=(f"метка {n % 3}",))])
    try:
        await shop.ask(command, deal["id"], who=(ANNA, BORIS)[n % 2])
    except Exception:  # noqa: BLE001 - another holds it, or there is no way to write
        return


async def joins(shop: Shop, drawn: random.Random) -> None:
    """Any two that are two yet: contacts, or deals, whosever they are."""
    contacts = [contact["id"] for contact in await shop.all("contacts") if contact["merged_into"] is None]
    deals = [deal["id"] for deal in await shop.all("deals") if deal["closed_at"] is None]
    try:
        if drawn.random() < 0.6 and len(contacts) > 1:
            await merge(shop, *drawn.sample(contacts, 2))
        elif len(deals) > 1:
            await merge_deals(shop, *drawn.sample(deals, 2), firmly=drawn.random() < 0.3)
    except Refused:
        return  # both are orders


async def standing(shop: Shop) -> list[int]:
    return [m["id"] for m in await shop.all("merges") if m["undone_at"] is None and m["kind"] != "split"]


async def undo_all(shop: Shop, drawn: random.Random) -> None:
    """Each by itself, whichever comes; what another rests on in a way that cannot be put back is undone after that."""
    refused: set[int] = set()
    said: set[str] = set()
    while left := [number for number in await standing(shop) if number not in refused]:
        number = drawn.choice(left)
        try:
            await undo(shop, number)
            refused = set()
        except Refused as why:
            said.add(why.code)
            refused.add(number)
        await must_hold(shop)
    assert (refused, said - {"later"}) == (set(), set())


async def differences(shop: Shop, before: dict[str, Any]) -> dict[str, Any]:
    after = await picture(shop)
    return {
        f"{table} {row.get('id', row.get('key'))}": {k: (v, new.get(k)) for k, v in row.items() if v != new.get(k)}
        for table, rows in before.items()
        for row, new in zip(rows, [*after[table], *({} for _ in rows)], strict=False)
        if row != new
    }


@pytest.mark.parametrize("seed", range(SEEDS * 2))
async def test_where_nothing_came_in_between_everybody_is_as_they_were(shop: Shop, seed: int) -> None:
    drawn = random.Random(4_000 + seed)
    for who in WHO:
        await meet(shop, drawn, who)
    for n in range(drawn.randrange(8)):
        if drawn.random() < 0.5:
            await lives_on(shop, drawn, n)
        else:
            await somebody_acts(shop, drawn, n)
    begun = set(await standing(shop))
    before = await picture(shop)
    for _ in range(drawn.randrange(2, 5)):
        await joins(shop, drawn)
    while left := [number for number in await standing(shop) if number not in begun]:
        await undo(shop, drawn.choice(left))
        await must_hold(shop)
    stages = [
        sum(line["kind"] == "stage" for line in lines) for lines in (before["entries"], await shop.all("entries"))
    ]
    if stages[0] == stages[1]:  # else robots led one of two orders on by what the other had brought
        assert await differences(shop, before) == {}


@pytest.mark.parametrize("seed", range(SEEDS * 2))
async def test_whatever_came_in_between_nothing_of_anybodys_is_anothers(shop: Shop, seed: int) -> None:
    drawn = random.Random(5_000 + seed)
    for who in WHO:
        await meet(shop, drawn, who)
    for n in range(drawn.randrange(4, 14)):
        match drawn.randrange(6):
            case 0 | 1:
                await joins(shop, drawn)
            case 2 | 3 | 4:
                await lives_on(shop, drawn, n)
            case 5:
                await somebody_acts(shop, drawn, n)
        await must_hold(shop)
    await undo_all(shop, drawn)
    deals = await shop.all("deals")
    assert [contact["id"] for contact in await shop.all("contacts") if contact["merged_into"] is not None] == []
    assert [deal["id"] for deal in deals if deal["reason"] == "joined"] == []
    taken = {(deal["contact_id"], deal["slot"]) for deal in deals if deal["closed_at"] is None}
    apart = [(contact, slot) for contact, slot in taken if "#" in slot]
    assert [one for one in apart if (one[0], one[1].partition("#")[0]) not in taken] == []
    await orders_have_their_own(shop)


# -- what rests on it --------------------------------------------------------------------------------------------------


async def three(shop: Shop) -> list[dict[str, Any]]:
    """Their deals, led by nobody."""
    for who in "twv":
        await says(shop, who, "Здравствуйте")
    return await shop.all("deals")


async def test_what_was_taken_by_a_person_stays_with_whose_it_was(shop: Shop) -> None:
    """The first merge lies under the second: a person's hold that came with it goes with it."""
    one, two, three_ = await three(shop)
    await shop.ask(Take(), two["id"], who=BORIS)
    before = await picture(shop)
    first = await merge(shop, one["contact_id"], two["contact_id"])
    second = await merge(shop, one["contact_id"], three_["contact_id"])
    await undo(shop, first)
    deals = {deal["id"]: deal for deal in await shop.all("deals")}
    assert deals[one["id"]]["owner"] == "bot"
    assert (deals[two["id"]]["owner"], deals[two["id"]]["responsible_id"]) == ("person", BORIS.id)
    assert deals[three_["id"]]["reason"] == "joined"
    await undo(shop, second)
    assert await differences(shop, before) == {}


async def test_what_has_made_one_of_what_is_two_falls_with_it(shop: Shop) -> None:
    one, two, _ = await three(shop)
    await shop.ask(OpenDeal("mail"), contact=two["contact_id"])
    beside = (await shop.all("deals"))[-1]
    number = await merge(shop, one["contact_id"], two["contact_id"])
    by_hand = await merge_deals(shop, one["id"], beside["id"])
    await undo(shop, number)
    await must_hold(shop)
    deals = {deal["id"]: deal for deal in await shop.all("deals")}
    assert [deals[d["id"]]["contact_id"] for d in (one, two, beside)] == [
        one["contact_id"],
        two["contact_id"],
        two["contact_id"],
    ]
    assert [deals[d["id"]]["closed_at"] for d in (one, two, beside)] == [None] * 3
    assert by_hand not in await standing(shop)
    told = {e["deal_id"] for e in await shop.all("entries") if e["data"].get("event") == "parted"}
    assert told == {one["id"], two["id"], beside["id"]}


async def test_what_is_closed_meanwhile_stays_closed_with_what_is_still_part_of_it(shop: Shop) -> None:
    one, two, three_ = await three(shop)
    first = await merge(shop, one["contact_id"], two["contact_id"])
    await merge(shop, one["contact_id"], three_["contact_id"])
    await shop.ask(Move("lost", reason="price"), one["id"])
    await undo(shop, first)
    await must_hold(shop)
    deals = {deal["id"]: deal for deal in await shop.all("deals")}
    assert (deals[one["id"]]["outcome"], deals[one["id"]]["stage"]) == ("lost", "lost")
    assert (deals[two["id"]]["closed_at"], deals[two["id"]]["owner"]) == (None, "pool")
    assert deals[three_["id"]]["reason"] == "joined"
    said = {e["deal_id"] for e in await shop.all("entries") if e["contact_id"] == one["contact_id"] and e["direction"]}
    assert said == {one["id"]}  # also the third one's


async def test_an_order_that_has_led_a_request_on_is_taken_off_by_its_own_undoing_first(shop: Shop) -> None:
    one, two, _ = await three(shop)
    first = await merge(shop, one["contact_id"], two["contact_id"])
    await heard(shop, TOLD["orders"]({"event": "placed", "order": {"number": "9", "total": 40_000}}, "RU"))
    order = (await shop.all("deals"))[-1]
    await merge_deals(shop, one["id"], order["id"], firmly=True)
    await heard(shop, TOLD["payments"]({"order": "9", "amount": 40_000}, "RU"))
    before = await picture(shop)
    with pytest.raises(Refused, match=r"undo merge \d+ first") as refused:
        await undo(shop, first)
    assert refused.value.code == "later"
    assert await differences(shop, before) == {}
    named = int(str(refused.value).split()[-2])
    await undo(shop, named)
    await undo(shop, first)
    await must_hold(shop)


async def test_more_than_can_be_put_back_at_once_is_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("state.resting.MOST", 1)
    deals = await three(shop)
    await says(shop, "k", "Здравствуйте")
    deals = await shop.all("deals")
    numbers = [await merge(shop, deals[0]["contact_id"], deal["contact_id"]) for deal in deals[1:]]
    with pytest.raises(Refused, match="2 merges were made of it since") as refused:
        await undo(shop, numbers[0])
    assert refused.value.code == "later"
    await undo(shop, numbers[1])
    await undo(shop, numbers[0])
    await must_hold(shop)


async def test_what_one_has_said_in_the_others_deal_goes_to_a_deal_of_their_own(shop: Shop) -> None:
    """One of two had no open deal when they became one, and has written since, and nobody has answered."""
    one, two, _ = await three(shop)
    await shop.ask(Move("lost", reason="price"), two["id"])
    await shop.ask(Take(), one["id"])
    number = await merge(shop, one["contact_id"], two["contact_id"])
    await says(shop, "w", "Где мой заказ?")
    await says(shop, "t", "А цена?")
    await undo(shop, number)
    await must_hold(shop)
    (line,) = [e for e in await shop.all("entries") if e["text"] == "Где мой заказ?"]
    (new,) = [deal for deal in await shop.all("deals") if deal["id"] == line["deal_id"]]
    assert new["contact_id"] == two["contact_id"]
    assert (new["closed_at"], new["stage"], new["waiting_since"]) == (None, "left_request", line["at"])
    (answer,) = [e for e in await shop.all("entries") if e["text"] == "А цена?"]
    assert answer["deal_id"] == one["id"]
    told = [e["data"]["event"] for e in await shop.all("entries") if e["deal_id"] == new["id"] and e["kind"] == "merge"]
    assert told == ["split"]


async def test_what_falls_is_joined_anew_in_the_place_of_what_fell(shop: Shop) -> None:
    """Two orders' customers were one, and two others were joined to the one order. That one goes; they are the other's then."""
    phones = [PHONES[who] for who in "twvk"]
    await says(shop, "t", "Здравствуйте")
    fields = {"name": "Клиент w", "phone": phones[1], "text": "Нужно w"}
    await heard(shop, FormSubmitted(Sender("form", "site", phones[1], "Клиент w", phone=phones[1]), "site", fields))
    await heard(shop, CallEnded(Sender("call", "calls", phones[3], phone=phones[3]), "missed", "in"))
    for number in "12":
        await heard(shop, TOLD["orders"]({"event": "placed", "order": {"number": number, "total": 40_000}}, "RU"))
    before = await picture(shop)
    said, form, call, order, other = before["deals"]
    orders = await merge(shop, other["contact_id"], order["contact_id"])
    await merge_deals(shop, order["id"], form["id"])
    lowest = await merge(shop, said["contact_id"], call["contact_id"])
    await merge_deals(shop, order["id"], said["id"])
    await undo(shop, orders)
    await undo(shop, lowest)
    while left := await standing(shop):
        await undo(shop, left[0])
    await must_hold(shop)
    assert await differences(shop, before) == {}


async def test_what_was_there_in_the_moment_of_a_merge_has_not_come_since(shop: Shop) -> None:
    phone = PHONES["w"]
    fields = {"name": "Клиент w", "phone": phone, "text": "Нужно w"}
    await heard(shop, FormSubmitted(Sender("form", "site", phone, "Клиент w", phone=phone), "site", fields))
    (deal,) = await shop.all("deals")
    identity = next(i["id"] for i in await shop.all("identities") if i["channel"] == "form")
    await split(shop, deal["id"], Taken(identity=identity))
    one, other = await shop.all("contacts")
    before = await picture(shop)
    number = await merge(shop, other["id"], one["id"])
    await undo(shop, number)
    assert await differences(shop, before) == {}


async def test_a_deal_that_was_kept_apart_from_one_that_is_closed_keeps_its_slot(shop: Shop) -> None:
    for who in "tw":
        await says(shop, who, "Здравствуйте")
    one, two = await shop.all("deals")
    line = next(e["id"] for e in await shop.all("entries") if e["deal_id"] == one["id"] and e["direction"] == "in")
    await split(shop, one["id"], Taken(entries=(line,)))
    await shop.ask(Move("lost", reason="price"), one["id"])
    before = await picture(shop)
    number = await merge(shop, one["contact_id"], two["contact_id"])
    await undo(shop, number)
    assert await differences(shop, before) == {}


async def test_a_deal_that_was_parted_beside_another_has_its_slot_when_that_one_goes(shop: Shop) -> None:
    """Also where another merge was undone from under the one by which that came."""
    one, two, three_ = await three(shop)
    for deal in (one, three_):
        await shop.ask(OpenDeal("mail"), contact=deal["contact_id"])
    await shop.ask(Move("lost", reason="price"), three_["id"])
    mail = (await shop.all("deals"))[-2]
    before = await picture(shop)
    lowest = await merge(shop, one["contact_id"], two["contact_id"])
    deals = await merge_deals(shop, one["id"], mail["id"])
    last = await merge(shop, one["contact_id"], three_["contact_id"])
    for number in (deals, lowest, last):
        await undo(shop, number)
    assert await differences(shop, before) == {}


async def test_an_order_that_goes_on_in_the_others_deal_is_not_theirs(shop: Shop) -> None:
    order = {"event": "placed", "order": {"number": "1", "total": 40_000}, "customer": {"phone": PHONES["w"]}}
    await heard(shop, TOLD["orders"](order, "RU"))
    await says(shop, "k", "Здравствуйте")
    one, two = await shop.all("deals")
    await shop.ask(Move("lost", reason="price"), one["id"])
    await shop.ask(Move("lost", reason="price"), two["id"])
    await shop.ask(OpenDeal("mail"), contact=two["contact_id"])
    number = await merge(shop, one["contact_id"], two["contact_id"])
    await heard(shop, TOLD["orders"](order | {"event": "sent", "order": {"number": "2", "total": 30_000}}, "RU"))
    (told,) = [e for e in await shop.all("entries") if e["kind"] == "order" and e["data"]["order"] == "2"]
    await undo(shop, number)
    await must_hold(shop)
    deal = await shop.deal(told["deal_id"])
    (whose,) = [i["contact_id"] for i in await shop.all("identities") if i["key"] == "order:orders:2"]
    assert (deal["contact_id"], whose) == (one["contact_id"], one["contact_id"])


async def split(shop: Shop, deal: int, taken: Taken) -> None:
    words = words_of(shop.house.playbook)
    await shop.turns.together(lambda c, now: splitting.split(c, shop.db.ids, deal, taken, now, words, CAUSE))
    await shop.settle()


@pytest.mark.parametrize("moved", ["wk", "kw", "tv"])
@pytest.mark.parametrize("came", ["twkv", "ktwv"])
async def test_whoever_came_by_an_address_that_moved_goes_with_whose_it_was(shop: Shop, came: str, moved: str) -> None:
    """The channel has made one of two addresses since; the merge that is undone is of the one whose address moved."""
    for who in came:
        await says(shop, who, "Здравствуйте")
    anna, boris, vera, kim = [await contact_of(shop, who) for who in "twvk"]
    number = await merge(shop, anna, boris)
    old, new = moved
    channel, account = SPEAKERS[old]
    await heard(shop, AddressChanged(Sender(channel, account, old), new))
    await says(shop, new, "Это снова я")
    await undo(shop, number)
    await must_hold(shop)
    into = {contact["id"]: contact["merged_into"] or contact["id"] for contact in await shop.all("contacts")}
    assert into[anna] != into[boris]
    assert (into[kim] == into[boris], into[vera] == into[anna]) == (moved != "tv", moved == "tv")
    holders = {i["id"]: i["contact_id"] for i in await shop.all("identities")}
    said = [e for e in await shop.all("entries") if e["identity_id"] is not None]
    assert [e for e in said if holders[e["identity_id"]] != e["contact_id"]] == []


async def orders_have_their_own(shop: Shop) -> None:
    """Each order is one deal of one customer, and is paid by its own money only."""
    deals = await shop.all("deals")
    numbers = {i["address"]: i["contact_id"] for i in await shop.all("identities") if i["channel"] == "order"}
    came: dict[str, int] = {}
    for line in await shop.all("entries"):
        if line["kind"] == "order" and line["data"].get("event") in ("payment", "refund"):
            came[line["data"]["order"]] = came.get(line["data"]["order"], 0) + line["data"]["amount"]
    for number, contact in numbers.items():
        own = [deal for deal in deals if deal["fields"].get("order") == number]
        assert [deal["contact_id"] for deal in own] == [contact], number
        assert own[0]["fields"].get("paid_sum", 0) == max(came.get(number, 0), 0), number
    strangers = [d["id"] for d in deals if d["fields"].get("paid_sum") and d["fields"].get("order") not in numbers]
    assert strangers == []
