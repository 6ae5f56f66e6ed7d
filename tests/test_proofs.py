"""Phones that prove who somebody is: one person for each, however many proofs come and wherever they meet."""

import asyncio
from typing import Any

import pytest

from gateway.events import FormSubmitted, MessageReceived, Received, Sender
from gateway.translate import arrival
from state import inbox
from state.database import Database
from tests.shop import PaperChannel, Shop, open_shop

PHONE, SECOND, THIRD = "+79161234567", "+79161234568", "+79161234569"


def form(phone: str) -> FormSubmitted:
    return FormSubmitted(Sender("form", "vin", phone, "Иван", phone), "vin", {"vin": phone})


async def alive(shop: Shop) -> list[int]:
    return [c["id"] for c in await shop.all("contacts") if c["merged_into"] is None]


async def test_two_phones_of_two_contacts_that_one_customer_proves_in_one_turn_make_all_three_one(shop: Shop) -> None:
    for phone in (PHONE, SECOND):
        await shop.hear(form(phone))
    await shop.settle()
    await shop.write("Здравствуйте")
    await shop.hear(
        MessageReceived(shop.sender(), "первый", phone=PHONE), MessageReceived(shop.sender(), "второй", phone=SECOND)
    )
    await shop.settle()
    (one,) = await alive(shop)
    assert {p["contact_id"] for p in await shop.all("points")} == {one}
    assert {i["contact_id"] for i in await shop.all("identities")} == {one}
    assert len([d for d in await shop.all("deals") if d["closed_at"] is None]) == 1
    assert await shop.balanced()


async def test_two_customers_who_prove_one_phone_after_another_in_one_batch_are_one(shop: Shop) -> None:
    for who in ("1", "2", "3"):
        await shop.write("Здравствуйте", who=who)
    words: list[Any] = [MessageReceived(shop.sender(w), "мой телефон", phone=PHONE) for w in ("1", "2", "3")]
    words += [MessageReceived(shop.sender(w), "и этот", phone=THIRD) for w in ("3", "1")]
    await shop.hear(*words)
    await shop.settle()
    (one,) = await alive(shop)
    assert {i["contact_id"] for i in await shop.all("identities")} == {one}
    assert len([d for d in await shop.all("deals") if d["closed_at"] is None]) == 1
    assert await shop.balanced()


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_two_newcomers_with_one_phone_at_one_instant_in_two_processes_are_one_contact(database_url: str) -> None:
    """WhatsApp in one process, SMS in the other, and neither has committed when both have looked."""
    shop = open_shop(database_url, channels=[PaperChannel("whatsapp", "300"), PaperChannel("sms", "300")])
    other = Database(database_url)
    now = shop.clock.now()

    def first_word(channel: str) -> inbox.Arrival:
        who = Sender(channel, "300", PHONE, "Иван", PHONE)
        return arrival(channel, "300", Received(f"{channel}1", MessageReceived(who, "Здравствуйте"), b"{}"))

    await shop.db.write(lambda c: None)  # each has its ids
    await other.write(lambda c: None)
    with shop.db.engine.connect() as conn:
        quick = conn.begin()
        assert inbox.keep(conn, shop.db.ids, [first_word("whatsapp")], now) == ["new"]
        late = asyncio.ensure_future(other.write(lambda c: inbox.keep(c, other.ids, [first_word("sms")], now)))
        await asyncio.sleep(0.3)
        assert not late.done()  # it waits to learn whose phone this is
        quick.commit()
    assert await late == ["new"]
    await shop.settle()
    (contact,) = await shop.all("contacts")
    assert {i["contact_id"] for i in await shop.all("identities")} == {contact["id"]}
    assert [p["contact_id"] for p in await shop.all("points")] == [contact["id"]]
    assert [lane["contact_id"] for lane in await shop.all("lanes")] == [contact["id"]]
    assert len(await shop.all("deals")) == 1
    assert await shop.balanced()
    await shop.db.close()
    await other.close()
