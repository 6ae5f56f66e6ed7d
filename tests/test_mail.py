"""Mails in a customer's conversation, on both databases: where they join, who hears them, where the answer goes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from gateway.app import App
from gateway.channels.base import Outgoing, Sent, Throttled, Unknown, Unreachable
from gateway.channels.limits import LIMITS
from gateway.desk import Clarify, Invalid, Move, OpenDeal, Take, Write
from gateway.events import FormSubmitted, MailReceived, MessageReceived, ReachChanged, Sender, StatusReported
from gateway.settings import Settings
from state import contacts, tables
from tests import payloads
from tests.channels.benches import MAIL_CUSTOMER, THREADS, close_channels, mail_channel
from tests.shop import ANNA, PaperChannel, Shop, furnished, open_shop
from tests.standins.smtp import SmtpStandin

PHONE = "+79161234567"


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    """Telegram, and e-mail, on paper."""
    channels = [PaperChannel(), PaperChannel("email", "mail", limits=LIMITS["email"])]
    made = open_shop(database_url, channels=channels, still=True)
    yield made
    await made.db.close()


def mails(shop: Shop) -> list[Outgoing]:
    return shop.channels["email:mail"].sent


async def arrives(shop: Shop, text: str, who: str = MAIL_CUSTOMER, **more: Any) -> None:
    """A mail, and everything that follows from it at once."""
    await shop.hear(MailReceived(Sender("email", "mail", who, more.pop("name", ""), email=who), text=text, **more))
    await shop.settle()


async def form(shop: Shop, *, phone: str = PHONE, email: str = MAIL_CUSTOMER) -> None:
    sender = Sender("form", "vin", phone or email, "Анна", phone, email)
    await shop.hear(FormSubmitted(sender, "vin", {"phone": phone, "email": email}))
    await shop.settle()


async def identities(shop: Shop) -> list[tuple[str, str, int]]:
    return [(i["channel"], i["address"], i["contact_id"]) for i in await shop.all("identities")]


# -- who can be written to -------------------------------------------------------------------------------------------


async def test_an_address_from_a_form_can_be_written_to(shop: Shop):
    await form(shop)
    await shop.ask(Write("Добрый день, это Анна", channel="email", subject="Ваша заявка"))
    assert [(o.address, o.text, o.subject, o.automatic) for o in mails(shop)] == [
        (MAIL_CUSTOMER, "Добрый день, это Анна", "Ваша заявка", False)
    ]
    assert [p["state"] for p in await shop.all("parts")] == ["sent"]


async def test_an_address_that_a_manager_enters_can_be_written_to(shop: Shop):
    ids, now = shop.db.ids, shop.clock.now()
    contact = await shop.db.write(lambda c: contacts.find_or_create(c, ids, "Анна", "", MAIL_CUSTOMER, now))
    again = await shop.db.write(lambda c: contacts.find_or_create(c, ids, "Анна", PHONE, MAIL_CUSTOMER, now))
    assert contact == again
    deal = await shop.ask(OpenDeal(), contact=contact)
    await shop.ask(Write("Добрый день", channel="email"), deal=deal)
    assert [(o.address, o.subject) for o in mails(shop)] == [(MAIL_CUSTOMER, f"Ваше обращение № {deal}")]


async def test_an_address_stays_with_whom_it_is(shop: Shop):
    await arrives(shop, "Здравствуйте")
    await form(shop, phone=PHONE)
    assert len([one for one in await identities(shop) if one[0] == "email"]) == 1
    assert len(await shop.all("contacts")) == 1


async def test_a_stage_s_bot_writes_by_mail_where_there_is_no_other_way_and_never_to_an_address_stated_later(
    shop: Shop,
):
    await form(shop, email="")
    await form(shop)
    await form(shop, email="other@example.net")
    await shop.ask(Move("paying"))
    await shop.later(seconds=5)
    assert mails(shop)
    assert {(o.address, o.automatic) for o in mails(shop)} == {(MAIL_CUSTOMER, True)}


async def test_of_two_addresses_never_heard_from_the_one_known_first_is_written_to(shop: Shop):
    await form(shop)
    await form(shop, email="other@example.net")
    await shop.ask(Write("Добрый день", channel="email"))
    assert [o.address for o in mails(shop)] == [MAIL_CUSTOMER]


# -- where a mail goes -----------------------------------------------------------------------------------------------


async def test_a_mail_of_nobody_known_opens_a_deal_where_the_playbook_says_and_no_bot_answers_it(shop: Shop):
    await arrives(shop, "Нужны колодки", name="Анна", subject="Колодки", message_id="<a@x>")
    deal = await shop.deal()
    assert (deal["source"], deal["stage"], deal["tags"]) == ("mail", "left_request", ["письмо"])
    assert mails(shop) == []
    assert [t["kind"] for t in await shop.all("tasks")] == ["answer"]
    (contact,) = await shop.all("contacts")
    assert (contact["name"], contact["email"]) == ("Анна", MAIL_CUSTOMER)
    assert deal["waiting_since"] is not None
    assert await shop.balanced()


async def test_the_answer_to_a_mail_stands_in_its_thread(shop: Shop):
    await arrives(shop, "Нужны колодки", subject="Колодки", message_id="<a@x>", answers=("<0@x>",))
    await shop.ask(Write("Есть Bosch"))
    await shop.ask(Write("И TRW"))
    first, second = mails(shop)
    assert (first.subject, first.answers) == ("Re: Колодки", ("<0@x>", "<a@x>"))
    assert second.answers == ("<0@x>", f"p{first.part}", "<a@x>")
    await arrives(shop, "Беру", subject="Re: Колодки", message_id="<b@x>", part=first.part)
    await shop.ask(Write("Записали"))
    assert (mails(shop)[-1].subject, mails(shop)[-1].answers[-1]) == ("Re: Колодки", "<b@x>")
    assert len(await shop.all("deals")) == 1


async def test_a_mail_from_a_known_address_joins_the_contacts_open_deal(shop: Shop):
    await form(shop)
    await arrives(shop, "Я заполняла заявку")
    assert len(await shop.all("deals")) == 1
    assert len(await shop.all("contacts")) == 1
    await shop.ask(Write("Видим"))
    assert [o.address for o in mails(shop)] == [MAIL_CUSTOMER]


async def test_an_answer_from_another_mailbox_joins_its_thread_and_is_answered_where_the_thread_is(shop: Shop):
    await form(shop)
    await shop.ask(Write("Добрый день", channel="email"))
    await arrives(shop, "Пишу с рабочей почты", who="work@example.net", part=mails(shop)[0].part)
    assert len(await shop.all("deals")) == len(await shop.all("contacts")) == 1
    entry = (await shop.all("entries"))[-1]
    assert (entry["data"]["from"], entry["data"]["flags"]) == ("work@example.net", ["other_address"])
    await shop.ask(Write("Видим"))
    assert [o.address for o in mails(shop)] == [MAIL_CUSTOMER] * 2
    assert [one for one in await identities(shop) if one[1] == "work@example.net"] == []


async def test_a_seal_of_a_part_that_is_not_there_leaves_the_mail_to_its_sender(shop: Shop):
    await arrives(shop, "Здравствуйте", part=999)
    assert len(await shop.all("deals")) == 1
    assert [row["state"] for row in await shop.all("inbox")] == ["processed"]


async def test_a_thread_of_a_closed_deal_goes_on_in_a_new_one(shop: Shop):
    await form(shop)
    await shop.ask(Write("Добрый день", channel="email"))
    await shop.ask(Move("lost", "price"))
    await arrives(shop, "А теперь беру", part=mails(shop)[0].part)
    assert [d["closed_at"] is None for d in await shop.all("deals")] == [False, True]
    assert len(await shop.all("contacts")) == 1


async def test_the_timeline_keeps_the_whole_mail_beside_what_is_new(shop: Shop):
    await arrives(
        shop, "Беру", whole="Беру\n\n> Bosch?", files=("счёт.pdf",), subject="Re: Колодки", flags=("dmarc_fail",)
    )
    (entry,) = [e for e in await shop.all("entries") if e["kind"] == "message"]
    assert entry["text"] == "Беру"
    assert entry["data"] == {
        "subject": "Re: Колодки",
        "whole": "Беру\n\n> Bosch?",
        "files": ["счёт.pdf"],
        "flags": ["dmarc_fail"],
    }


# -- whose word it is ------------------------------------------------------------------------------------------------


async def test_a_bot_that_asks_by_mail_hears_the_answer(shop: Shop):
    await arrives(shop, "Нужны колодки")
    await shop.ask(Clarify("quantity"))
    asked = mails(shop)[-1]
    assert asked.automatic
    await arrives(shop, "2", whole="2\n\n> Сколько нужно?", part=asked.part)
    await shop.later(seconds=5)
    assert (await shop.deal())["fields"]["quantity"] == 2


async def test_a_mail_does_not_answer_a_bot_on_a_channel_that_vouches_for_its_writer(shop: Shop):
    """A false sender must neither steer a bot nor draw a conversation to an address of their own."""
    await form(shop, email="")
    await shop.write("Здравствуйте")
    await shop.hear(MessageReceived(shop.sender(), phone=PHONE))  # Telegram proves that it is the form's customer
    await shop.settle()
    await shop.later(seconds=5)
    await form(shop, email="spy@example.net")  # somebody who knows the phone states an address
    before = (await shop.all("runs"))[-1]["state"]
    await arrives(shop, "1", who="spy@example.net")
    await shop.later(seconds=5)
    assert (await shop.all("runs"))[-1]["state"] == before
    assert "письмо" in (await shop.all("tasks"))[-1]["text"]
    (deal,) = [d for d in await shop.all("deals") if d["closed_at"] is None]
    await shop.ask(Write("Ваш заказ на Северной, 14"), deal=deal["id"])
    assert mails(shop) == []
    assert shop.paper.texts()[-1] == "Ваш заказ на Северной, 14"


async def test_a_second_address_does_not_draw_a_conversation_by_mail_to_itself(shop: Shop):
    await form(shop)
    await arrives(shop, "Здравствуйте")
    await form(shop, email="spy@example.net")
    await arrives(shop, "Пишите сюда", who="spy@example.net")
    await shop.ask(Write("Добрый день"))
    await shop.ask(Write("И ещё", channel="email"))
    assert [o.address for o in mails(shop)] == [MAIL_CUSTOMER] * 2


async def test_a_stated_address_joins_nobody_to_anybody(shop: Shop):
    await form(shop)
    await arrives(shop, "Здравствуйте", who="boris@example.net")
    await arrives(shop, "Здравствуйте", who=MAIL_CUSTOMER)
    assert len([c for c in await shop.all("contacts") if c["merged_into"] is None]) == 2
    points = {p["key"]: p["verified_at"] for p in await shop.all("points")}
    assert points == {f"phone:{PHONE}": None, f"email:{MAIL_CUSTOMER}": None, "email:boris@example.net": None}


# -- what does not arrive --------------------------------------------------------------------------------------------


async def bounced(shop: Shop, part: int, meaning: Any = "not_found") -> None:
    await shop.hear(StatusReported(f"p{part}", "failed", part, "5.1.1", meaning))
    await shop.settle()


async def test_a_bounce_marks_the_part_and_the_address_and_a_person_learns_of_it(shop: Shop):
    await form(shop)
    await shop.ask(Write("Добрый день", channel="email"))
    await bounced(shop, mails(shop)[0].part)
    assert [p["state"] for p in await shop.all("parts")] == ["failed"]
    assert [i["barred"] for i in await shop.all("identities") if i["channel"] == "email"] == ["not_found"]
    assert "unreachable" in [t["kind"] for t in await shop.all("tasks")]
    with pytest.raises(Invalid):
        await shop.ask(Write("Ещё раз", channel="email"))
    await arrives(shop, "Почта снова работает")
    await shop.ask(Write("Отлично", channel="email"))
    assert mails(shop)[-1].text == "Отлично"


async def test_a_bounce_of_a_closed_deals_mail_still_marks_the_address(shop: Shop):
    await form(shop)
    await shop.ask(Write("Добрый день", channel="email"))
    await shop.ask(Move("lost", "price"))
    await bounced(shop, mails(shop)[0].part)
    assert [i["barred"] for i in await shop.all("identities") if i["channel"] == "email"] == ["not_found"]


async def test_a_full_mailbox_fails_the_part_and_leaves_the_address_be(shop: Shop):
    await form(shop)
    await shop.ask(Write("Добрый день", channel="email"))
    await bounced(shop, mails(shop)[0].part, "fatal")
    assert [i["barred"] for i in await shop.all("identities") if i["channel"] == "email"] == [""]
    assert "undelivered" in [t["kind"] for t in await shop.all("tasks")]


async def test_who_has_left_gets_no_more_mails_whatever_address_said_so(shop: Shop):
    await form(shop)
    await shop.ask(Write("Добрый день", channel="email"))
    part = mails(shop)[0].part
    await shop.hear(ReachChanged(Sender("email", "mail", "work@example.net"), "opted_out", part=part))
    await shop.settle()
    assert [i["barred"] for i in await shop.all("identities") if i["channel"] == "email"] == ["opted_out"]
    await arrives(shop, "И не пишите мне")
    with pytest.raises(Invalid):
        await shop.ask(Write("Хорошо", channel="email"))


async def test_a_refused_address_is_not_written_to_again(shop: Shop):
    shop.channels["email:mail"].answers = [Unreachable("not_found", "550 5.1.1")]
    await form(shop)
    await shop.ask(Write("Добрый день", channel="email"))
    assert [i["barred"] for i in await shop.all("identities") if i["channel"] == "email"] == ["not_found"]


# -- over a real server ----------------------------------------------------------------------------------------------


@pytest.fixture
async def smtp() -> AsyncIterator[SmtpStandin]:
    async with SmtpStandin() as standin:
        yield standin
        await close_channels()


@pytest.fixture
async def mailing(database_url: str, smtp: SmtpStandin) -> AsyncIterator[Shop]:
    made = open_shop(database_url, still=True)
    made.channels["email:mail"] = mail_channel(smtp, made.clock.now)  # type: ignore[assignment]
    made.house.channels = {key: c.limits for key, c in made.channels.items()}
    yield made
    await made.db.close()


async def test_a_mail_whose_answer_was_lost_goes_out_once_more_and_can_be_told_for_a_repeat(
    mailing: Shop, smtp: SmtpStandin
):
    smtp.faults.add("drop")
    await form(mailing)
    await mailing.ask(Write("Добрый день", channel="email"))
    await mailing.later(seconds=5)
    (part,) = await mailing.all("parts")
    assert (part["state"], part["repeats"]) == ("sent", 1)
    assert [letter["Message-ID"] for letter in smtp.letters] == [part["provider_id"]] * 2


async def test_a_gateway_that_died_while_it_sent_sends_the_same_mail_once_more(mailing: Shop, smtp: SmtpStandin):
    await form(mailing)
    smtp.gate.clear()
    ask = mailing.turns.ask(
        *[(await mailing.deal())[k] for k in ("contact_id", "id")], Write("Добрый день", channel="email"), ANNA
    )
    asked = asyncio.ensure_future(ask)
    await asyncio.sleep(0)
    await mailing.turns.once()
    await asked
    await mailing.delivery.once()
    await asyncio.sleep(0.05)
    for task in list(mailing.delivery._sending):  # killed: what was said to the server is known to nobody
        task.cancel()
    await asyncio.gather(*mailing.delivery._sending, return_exceptions=True)
    mailing.delivery._results.clear()
    smtp.gate.set()
    await asyncio.sleep(0.05)
    mailing.delivery = type(mailing.delivery)(mailing.db, mailing.channels, mailing.live, mailing.clock)
    assert await mailing.delivery.recover(lease_ms=0) == 1
    await mailing.later(seconds=5)
    (part,) = await mailing.all("parts")
    assert (part["state"], part["repeats"]) == ("sent", 1)
    assert {letter["Message-ID"] for letter in smtp.letters} == {part["provider_id"]}


async def test_a_greylisting_server_gets_the_mail_minutes_later_and_once(mailing: Shop, smtp: SmtpStandin):
    smtp.faults.add("error", code=450, text="4.2.0 greylisted")
    await form(mailing)
    await mailing.ask(Write("Добрый день", channel="email"))
    await mailing.later(minutes=3)
    assert smtp.letters == []
    await mailing.later(minutes=4)
    assert smtp.texts == ["Добрый день"]
    assert [(p["state"], p["repeats"]) for p in await mailing.all("parts")] == [("sent", 0)]


async def test_a_customers_reply_to_what_we_sent_finds_its_deal_by_the_wire_alone(mailing: Shop, smtp: SmtpStandin):
    await form(mailing)
    await mailing.ask(Write("Есть Bosch и TRW", channel="email", subject="Колодки"))
    seal = THREADS.find([smtp.letters[0]["Message-ID"]])
    assert seal is not None
    await arrives(mailing, "Bosch", who="work@example.net", part=seal.part, message_id="<c@x>", subject="Re: Колодки")
    await mailing.ask(Write("Записали"))
    assert (smtp.letters[1]["To"], smtp.letters[1]["In-Reply-To"]) == (MAIL_CUSTOMER, "<c@x>")
    assert smtp.letters[1]["Subject"] == "Re: Колодки"
    assert len(await mailing.all("deals")) == 1


async def test_the_settings_open_both_ways(tmp_path: Path, smtp: SmtpStandin):
    """A mail comes in by the hook, the answer leaves by the server, and its answer comes back to the same deal."""
    settings = Settings(
        data_dir=tmp_path, smtp_url=smtp.url, email_from="Shop@Example.com", hook_token="hook", email_plus=True
    )  # type: ignore[arg-type]
    app = App(settings, house=furnished(still=True))
    await app.start(port=0)
    try:
        async with ClientSession(f"http://127.0.0.1:{app.port}", headers={"Authorization": "Bearer hook"}) as http:

            async def post(body: bytes, kind: str) -> str:
                async with http.post("/hooks/mail", data=body, headers={"Content-Type": kind}) as answer:
                    return str((await answer.json())["status"])

            inquiry = orjson.dumps(payloads.mail("inquiry"))
            assert [await post(inquiry, "application/json") for _ in range(2)] == ["accepted", "duplicate"]
            while not (found := await app.db.read(lambda c: c.execute(select(tables.deals)).all())):
                await asyncio.sleep(0.01)
            await app.turns.ask(found[0].contact_id, found[0].id, Write("Есть Bosch и TRW"), ANNA)
            await smtp.ledger.wait_for(1)
            sent = smtp.letters[0]
            assert (sent["To"], sent["Subject"]) == (MAIL_CUSTOMER, "Re: Колодки на Октавию")
            assert sent["In-Reply-To"] == "<a1.first@mail.example.org>"
            reply = payloads.eml("reply_gmail", id=sent["Message-ID"]).replace(b"<anna@", b"<work@")
            assert await post(reply, "message/rfc822") == "accepted"
            said = (
                select(tables.entries.c.text).where(tables.entries.c.author == "customer").order_by(tables.entries.c.id)
            )
            while len(texts := await app.db.read(lambda c: list(c.execute(said).scalars()))) < 2:
                await asyncio.sleep(0.01)
            assert texts[1] == "Да, беру две штуки."
            assert len(await app.db.read(lambda c: c.execute(select(tables.deals)).all())) == 1
            assert await post(b"no mail", "message/rfc822") == "quarantined"
    finally:
        await app.stop()


async def test_a_pause_holds_the_mails_of_all_and_loses_none(shop: Shop):
    shop.channels["email:mail"].answers = [Throttled(30_000, "account"), Sent("a")]
    await form(shop)
    await shop.ask(Take())
    await shop.ask(Write("Добрый день", channel="email"))
    await shop.later(seconds=31)
    assert [p["state"] for p in await shop.all("parts")] == ["sent"]


async def test_a_mail_twice_unknown_is_left_to_a_person(shop: Shop):
    shop.channels["email:mail"].answers = [Unknown("lost"), Unknown("lost")]
    await form(shop)
    await shop.ask(Write("Добрый день", channel="email"))
    await shop.later(seconds=5)
    assert [p["state"] for p in await shop.all("parts")] == ["unknown"]
    assert "undelivered" in [t["kind"] for t in await shop.all("tasks")]
