"""A channel moves a customer to another address (A35): the same customer, the same deal, and what waits goes along."""

import asyncio

from gateway.channels.base import Retry
from gateway.desk import Take, Write
from gateway.events import AddressChanged, FormSubmitted, MessageReceived, Sender
from tests.shop import Shop


def moved(shop: Shop, old: str = "1", new: str = "-100500") -> AddressChanged:
    return AddressChanged(shop.sender(old), new)


async def test_the_next_message_from_the_new_address_is_the_same_customers_in_the_same_deal(shop: Shop) -> None:
    await shop.write("Здравствуйте")
    await shop.hear(moved(shop))
    await shop.settle()
    await shop.write("1", who="-100500")
    assert (len(await shop.all("contacts")), len(await shop.all("deals"))) == (1, 1)
    (identity,) = await shop.all("identities")
    assert (identity["address"], identity["key"]) == ("-100500", "telegram:100:-100500")
    assert [r["status"] for r in await shop.all("runs")] == ["running"]
    assert shop.paper.sent[-1].address == "-100500"
    assert await shop.balanced()


async def test_what_was_queued_for_the_old_address_goes_to_the_new_one(shop: Shop) -> None:
    await shop.write("Здравствуйте")
    await shop.ask(Take())
    shop.paper.answers.append(Retry("busy"))
    await shop.ask(Write("Первое"))
    await shop.ask(Write("Второе"))
    await shop.hear(moved(shop))
    await shop.later(seconds=30)
    assert shop.paper.texts("-100500") == ["Первое", "Второе"]
    assert {p["state"] for p in await shop.all("parts")} <= {"sent", "blocked"}


async def test_a_repeat_of_the_news_changes_nothing(shop: Shop) -> None:
    await shop.write("Здравствуйте")
    for _ in range(3):
        await shop.hear(moved(shop))
        await shop.settle()
    await shop.write("1", who="-100500")
    assert (len(await shop.all("identities")), len(await shop.all("deals"))) == (1, 1)
    assert await shop.balanced()


async def test_words_and_news_that_arrive_together_are_one_customers(shop: Shop) -> None:
    """The old address's last word, the news, and the new address's first word are heard in one turn."""
    await shop.write("Здравствуйте")
    await shop.hear(
        MessageReceived(shop.sender("1"), "1"),
        moved(shop),
        MessageReceived(shop.sender("1"), "ещё слово"),
        MessageReceived(shop.sender("-100500"), "и ещё одно"),
    )
    await shop.settle()
    open_deals = [d for d in await shop.all("deals") if d["closed_at"] is None]
    assert len(open_deals) == 1
    (identity,) = await shop.all("identities")
    assert identity["address"] == "-100500"
    said = [e for e in await shop.all("entries") if e["author"] == "customer"]
    assert {e["text"] for e in said} == {"Здравствуйте", "1", "ещё слово", "и ещё одно"}
    assert {e["deal_id"] for e in said} == {open_deals[0]["id"]}
    assert {e["contact_id"] for e in said} == {identity["contact_id"]}
    assert len([r for r in await shop.all("runs") if r["status"] == "running"]) == 1
    await shop.write("позовите менеджера", who="-100500")
    assert len([d for d in await shop.all("deals") if d["closed_at"] is None]) == 1
    assert await shop.balanced()


async def test_an_address_that_has_spoken_already_is_the_same_person(shop: Shop) -> None:
    """The new address was quicker than the news: two contacts with a deal each become one, of one identity."""
    await shop.write("Здравствуйте")
    await shop.write("Это снова я", who="-100500")
    assert len(await shop.all("contacts")) == 2
    older, younger = (c["id"] for c in await shop.all("contacts"))
    await shop.hear(moved(shop))
    await shop.settle()
    assert [c["merged_into"] for c in await shop.all("contacts")] == [None, older]
    (identity,) = await shop.all("identities")
    assert (identity["address"], identity["contact_id"]) == ("-100500", older)
    (deal,) = [d for d in await shop.all("deals") if d["closed_at"] is None]
    assert (deal["contact_id"], deal["route_id"]) == (older, identity["id"])
    assert {e["identity_id"] for e in await shop.all("entries") if e["author"] == "customer"} == {identity["id"]}
    await shop.write("1", who="-100500")
    assert {e["contact_id"] for e in await shop.all("entries") if e["text"] == "1"} == {older}
    assert younger not in {r["contact_id"] for r in await shop.all("runs") if r["status"] == "running"}
    assert await shop.balanced()


async def test_an_address_of_the_same_contact_takes_the_old_ones_place(shop: Shop) -> None:
    """Both addresses were joined by a phone before the news came."""
    for who in ("1", "-100500"):
        await shop.write("Здравствуйте", who=who)
        await shop.write("мой телефон", who=who, phone="+79161234567")
    assert {i["contact_id"] for i in await shop.all("identities")} == {(await shop.all("contacts"))[0]["id"]}
    await shop.hear(moved(shop))
    await shop.settle()
    (identity,) = await shop.all("identities")
    assert identity["address"] == "-100500"
    await shop.write("позовите менеджера", who="-100500")
    assert len([d for d in await shop.all("deals") if d["closed_at"] is None]) == 1


async def test_the_news_and_a_proof_of_a_third_contact_in_one_turn_make_one_person(shop: Shop) -> None:
    """The contact was joined to another earlier in the turn: its proof is not lost."""
    phone = "+79161234567"
    await shop.hear(FormSubmitted(Sender("form", "vin", phone, "Иван", phone), "vin", {"vin": "X"}))
    await shop.settle()
    await shop.write("Здравствуйте", who="-100500")
    await shop.write("Здравствуйте", who="1")
    await shop.hear(moved(shop), MessageReceived(shop.sender("1"), "мой телефон", phone=phone))
    await shop.settle()
    alive = [c["id"] for c in await shop.all("contacts") if c["merged_into"] is None]
    assert len(alive) == 1
    assert {i["contact_id"] for i in await shop.all("identities")} == set(alive)
    assert len([d for d in await shop.all("deals") if d["closed_at"] is None]) == 1
    assert await shop.balanced()


async def test_news_of_somebody_unknown_is_ignored(shop: Shop) -> None:
    await shop.hear(moved(shop))
    await asyncio.sleep(0)
    assert [(r["state"], r["reason"]) for r in await shop.all("inbox")] == [("ignored", "unknown_sender")]
