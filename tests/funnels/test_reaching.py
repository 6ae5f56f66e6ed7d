"""Robots write to a phone that was left in a form or a call, by several channels at once, and to nobody else; on both databases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from gateway.channels.base import Limits
from gateway.channels.limits import LIMITS
from gateway.correcting import CorrectContact
from gateway.desk import OpenDeal, Take, Write
from gateway.events import CallEnded, FormSubmitted, MessageReceived, Sender
from gateway.refusals import Invalid
from state import contacts, inbox
from state.records import Identity
from tests.funnels.test_orders import ordered
from tests.shop import PaperChannel, Shop, open_shop

PHONE = "+79161234567"
WHATSAPP = Limits(text=1600, caption=1024, unit="chars", buttons=0, label=0, window_hours=24)


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    channels = [
        PaperChannel("whatsapp", "7000", limits=WHATSAPP),
        PaperChannel("email", "mail", limits=LIMITS["email"]),
    ]
    made = open_shop(database_url, channels=channels)
    yield made
    await made.db.close()


async def form(shop: Shop, phone: str = PHONE, email: str = "") -> None:
    await shop.hear(FormSubmitted(Sender("form", "parts", phone or email, "Анна", phone, email), "parts", {"vin": "X"}))
    await shop.settle()


async def call(shop: Shop, phone: str = PHONE, **more: Any) -> None:
    await shop.hear(CallEnded(Sender("phone", "calls", phone, phone=phone), more.pop("status", "missed"), "in", **more))
    await shop.settle()


async def addresses(shop: Shop, channel: str) -> list[tuple[str, int]]:
    return [(one["address"], one["contact_id"]) for one in await shop.all("identities") if one["channel"] == channel]


def sent(shop: Shop, channel: str) -> list[str]:
    return [one.template or one.text for key, c in shop.channels.items() if key.startswith(channel) for one in c.sent]


async def test_a_phone_from_a_form_is_an_address_on_whatsapp_where_something_approved_goes_to_it(shop: Shop):
    await form(shop)
    (contact,) = await shop.all("contacts")
    assert await addresses(shop, "whatsapp") == [(PHONE, contact["id"])]
    assert len(sent(shop, "whatsapp")) == 1
    await form(shop)
    assert await addresses(shop, "whatsapp") == [(PHONE, contact["id"])]
    assert len(sent(shop, "whatsapp")) == 2


async def test_who_answers_there_is_the_same_customer_in_the_same_deal(shop: Shop):
    await form(shop)
    await shop.hear(MessageReceived(Sender("whatsapp", "7000", PHONE, "Анна", PHONE), "Да, удобно"))
    await shop.settle()
    assert len(await shop.all("contacts")) == 1
    assert len(await shop.all("deals")) == 1


async def test_nothing_becomes_an_address_where_nothing_may_go_to_it(shop: Shop):
    shop.house.playbook = replace(shop.house.playbook, templates={})
    await form(shop)
    assert await addresses(shop, "whatsapp") == []
    assert sent(shop, "whatsapp") == []


async def test_an_address_that_is_somebody_elses_stays_theirs_and_is_not_written_to(shop: Shop):
    await shop.hear(
        MessageReceived(Sender("whatsapp", "7000", PHONE, "Борис"), "Здравствуйте")
    )  # nothing vouches for it
    await shop.settle()
    before = len(sent(shop, "whatsapp"))
    await form(shop)
    first, second = await shop.all("contacts")
    assert await addresses(shop, "whatsapp") == [(PHONE, first["id"])]
    assert second["phone"] == PHONE
    assert len(sent(shop, "whatsapp")) == before


async def test_two_who_left_the_same_phone_at_one_moment_are_one_and_get_one_address(shop: Shop):
    forms = [FormSubmitted(Sender("form", name, PHONE, "Анна", PHONE), name, {"vin": "X"}) for name in ("parts", "vin")]
    await shop.hear(*forms)
    await shop.settle()
    assert len(await addresses(shop, "whatsapp")) == 1
    assert len(await shop.all("contacts")) == 1
    assert await shop.balanced()


async def test_a_message_goes_by_the_first_channel_and_by_those_besides(shop: Shop):
    await form(shop, email="anna@example.com")
    assert [len(sent(shop, channel)) for channel in ("whatsapp", "email")] == [1, 1]
    await form(shop, phone="", email="boris@example.com")
    assert [len(sent(shop, channel)) for channel in ("whatsapp", "email")] == [1, 2]


async def test_who_asked_for_silence_is_not_written_to_by_the_phone_they_left(shop: Shop):
    await form(shop)
    await shop.db.write(
        lambda c: c.exec_driver_sql("update identities set barred = 'opted_out' where channel = 'whatsapp'")
    )
    await form(shop)
    assert len(sent(shop, "whatsapp")) == 1


async def test_calls_of_ours_that_nobody_took_open_nothing_and_apologise_for_nothing(shop: Shop):
    ours = CallEnded(Sender("phone", "calls", PHONE, phone=PHONE), "missed", "out")
    await shop.hear(ours)
    await shop.settle()
    assert await shop.all("deals") == []
    await call(shop)
    assert len(sent(shop, "whatsapp")) == 1
    await shop.hear(ours)
    await shop.settle()
    assert len(sent(shop, "whatsapp")) == 1
    assert [e["text"] for e in await shop.all("entries") if e["kind"] == "call"] == [
        "Пропущенный звонок",
        "Клиент не взял трубку",
    ]


async def test_who_calls_again_and_again_is_answered_once_until_somebody_has_spoken_to_them(shop: Shop):
    await call(shop)
    await call(shop)
    assert len(sent(shop, "whatsapp")) == 1
    await call(shop, status="answered", duration_s=30)
    await call(shop)
    assert len(sent(shop, "whatsapp")) == 2


async def test_here_is_where_the_conversation_is_although_a_phone_was_left_too(database_url: str):
    telegram, whatsapp = PaperChannel("telegram"), PaperChannel("whatsapp", "7000", limits=WHATSAPP)
    shop = open_shop(database_url, channels=[telegram, whatsapp])
    await shop.write("Здравствуйте", phone=PHONE)
    before = len(telegram.sent)
    await ordered(shop, "ready", phone=PHONE)
    assert "собран" in telegram.sent[before].text
    assert whatsapp.sent == []
    await shop.db.close()


# -- people --------------------------------------------------------------------------------------------------------------


async def opened(shop: Shop, phone: str = PHONE) -> int:
    """A deal that a manager has opened by hand, for somebody on the phone."""
    now = shop.clock.now()
    contact = await shop.db.write(lambda c: contacts.find_or_create(c, shop.db.ids, "Анна", phone, "", now))
    deal = await shop.ask(OpenDeal(), contact=contact)
    await shop.ask(Take(), deal)
    return deal


async def refused(shop: Shop, deal: int, **message: str) -> tuple[str, str]:
    with pytest.raises(Invalid) as wrong:
        await shop.ask(Write(**message), deal)
    return wrong.value.name, str(wrong.value)


async def test_a_manager_writes_to_the_phone_of_a_deal_opened_by_hand_within_the_rule_of_the_window(shop: Shop):
    deal = await opened(shop)
    assert (await refused(shop, deal, text="Здравствуйте", channel="whatsapp"))[0] == "text"  # they have not written
    assert await addresses(shop, "whatsapp") == []
    await shop.ask(Write(template="call_missed", channel="whatsapp"), deal)
    assert [part.template for part in shop.channels["whatsapp:7000"].sent] == ["HX00000000000000000000000000000006"]
    (contact,) = await shop.all("contacts")
    assert await addresses(shop, "whatsapp") == [(PHONE, contact["id"])]
    await shop.hear(MessageReceived(Sender("whatsapp", "7000", PHONE, "Анна", PHONE), "Да"))
    await shop.settle()
    await shop.ask(Write("Отлично"), deal)
    assert sent(shop, "whatsapp")[-1] == "Отлично"
    assert len(await shop.all("contacts")) == 1


async def test_who_writes_to_a_phone_names_the_channel_and_is_told_which(shop: Shop):
    deal = await opened(shop)
    assert await refused(shop, deal, text="а") == (
        "channel", "no address to write to; by their phone: name the channel whatsapp",
    )  # fmt: skip
    name, told = await refused(shop, deal, text="а", channel="watsapp")
    assert (name, "there is no channel 'watsapp'" in told, "whatsapp" in told) == ("channel", True, True)
    assert "nothing can be sent over sms" in (await refused(shop, deal, text="а", channel="sms"))[1]
    nameless = await opened(shop, phone="")
    told = (await refused(shop, nameless, text="а", channel="whatsapp"))[1]
    assert told == "the customer has no phone, and so no address on this channel"


async def test_a_phone_that_is_another_contacts_on_the_channel_is_not_written_to(shop: Shop):
    deal = await opened(shop)
    await shop.db.write(
        lambda c: inbox.add_identities(c, [Identity(77, 900, "whatsapp", "7000", PHONE, "", "", None, 1)])
    )
    assert "another contact's" in (await refused(shop, deal, template="call_missed", channel="whatsapp"))[1]


async def test_after_a_correction_messages_go_to_the_right_number_and_no_more_to_the_wrong_one(shop: Shop):
    deal = await opened(shop, phone="+79160000000")
    await shop.ask(Write(template="call_missed", channel="whatsapp"), deal)
    await shop.ask(Write(template="call_missed", channel="whatsapp"), deal)
    assert {part.address for part in shop.channels["whatsapp:7000"].sent} == {"+79160000000"}
    (contact,) = await shop.all("contacts")
    await shop.ask(CorrectContact(phone=PHONE), contact=contact["id"])
    await shop.ask(Write(template="call_missed", channel="whatsapp"), deal)
    assert shop.channels["whatsapp:7000"].sent[-1].address == PHONE
    await call(shop)
    assert shop.channels["whatsapp:7000"].sent[-1].address == PHONE  # a robot's
    assert sorted(await addresses(shop, "whatsapp")) == [("+79160000000", contact["id"]), (PHONE, contact["id"])]
