"""E-mail over a real SMTP server: what it gets to read, and what each of its moods comes to."""

import asyncio
import ssl
from email import policy

import pytest
import trustme

from gateway.channels.base import ChannelDown, Outgoing, Refused, Retry, Sent, Throttled, Unknown, Unreachable
from gateway.channels.mail_answers import LATER_MS
from gateway.channels.mail_letters import LEAVE
from tests.channels.benches import MAIL_CUSTOMER, THREADS, close_channels, mail_channel
from tests.standins.smtp import SmtpStandin

OUT = Outgoing(7, MAIL_CUSTOMER, text="Здравствуйте, Анна!\n.\nДо встречи", subject="Ваш заказ", automatic=True)


@pytest.fixture
async def smtp():
    async with SmtpStandin() as standin:
        yield standin
        await close_channels()


async def test_a_mail_is_plain_text_in_utf_8_with_lines_that_any_server_takes(smtp: SmtpStandin):
    assert isinstance(await mail_channel(smtp).send(OUT), Sent)
    (letter,) = smtp.letters
    assert smtp.texts == [OUT.text]
    assert (letter["Subject"], letter["From"]) == ("Ваш заказ", "Магазин «Деталь» <shop@example.com>")
    assert letter.get_content_type() == "text/plain"
    raw = letter.as_bytes(policy=policy.SMTP)
    assert raw.isascii()
    assert max(len(line) for line in raw.splitlines()) < 200


@pytest.mark.parametrize(
    "subject",
    ["Заказ\r\nBcc: spy@example.net", "a\nX: y", "a\u2028Bcc: x", "a\0b", "=?utf-8?q?=0ABcc:x?=", "x" * 5_000],
)
async def test_nothing_breaks_out_of_a_header(smtp: SmtpStandin, subject: str):
    out = Outgoing(7, MAIL_CUSTOMER, text="да", subject=subject, answers=("<a@b>\r\nBcc: spy@example.net", "<ok@x>"))
    assert isinstance(await mail_channel(smtp).send(out), Sent)
    (letter,) = smtp.letters
    assert not {"bcc", "x"} & {name.lower() for name in letter.keys()}  # noqa: SIM118 - a mail is no dict
    assert letter["In-Reply-To"] == "<ok@x>"
    assert smtp.ledger.calls[0].to == MAIL_CUSTOMER


@pytest.mark.parametrize(
    "address",
    ["a@b", "a b@example.org", "a@example.org>\r\nRCPT TO:<spy@example.net", "<a@example.org>", "a,b@example.org", ""],
)
async def test_what_is_no_address_is_refused_before_anything_is_said(smtp: SmtpStandin, address: str):
    outcome = await mail_channel(smtp).send(Outgoing(7, address, text="да"))
    assert isinstance(outcome, Refused)
    assert smtp.connections == 0


async def test_an_address_in_other_letters_is_written_to(smtp: SmtpStandin):
    assert isinstance(await mail_channel(smtp).send(Outgoing(7, "анна@пример.рф", text="да")), Sent)
    assert smtp.ledger.calls[0].to == "анна@xn--e1afmkfd.xn--p1ai"


async def test_machines_are_told_what_no_person_wrote_and_how_to_leave(smtp: SmtpStandin):
    channel = mail_channel(smtp)
    await channel.send(OUT)
    await channel.send(Outgoing(8, MAIL_CUSTOMER, text="Это Анна из магазина", subject="Re: Колодки"))
    automatic, personal = smtp.letters
    assert automatic["Auto-Submitted"] == "auto-generated"
    seal = THREADS.find([automatic["List-Unsubscribe"]])
    assert seal is not None
    assert f"mailto:shop@example.com?subject={LEAVE}:{seal.word}" in automatic["List-Unsubscribe"]
    assert seal.part == 7
    assert personal["Auto-Submitted"] is personal["List-Unsubscribe"] is None


async def test_a_part_has_one_message_id_however_often_it_goes_out(smtp: SmtpStandin):
    channel = mail_channel(smtp)
    smtp.faults.add("drop")
    first, second = await channel.send(OUT), await channel.send(OUT)
    assert isinstance(first, Unknown)
    ids = [letter["Message-ID"] for letter in smtp.letters]
    assert ids[0] == ids[1]
    assert second == Sent(ids[0])
    other = await channel.send(Outgoing(7, MAIL_CUSTOMER, text="Другие слова", subject="Ваш заказ"))
    assert other != second  # the number of yesterday's part, given once more after a backup was brought back


async def test_a_mail_stands_in_its_thread(smtp: SmtpStandin):
    ids = tuple(f"<{n}@example.org>" for n in range(40))
    await mail_channel(smtp).send(Outgoing(7, MAIL_CUSTOMER, text="да", answers=ids))
    (letter,) = smtp.letters
    assert letter["In-Reply-To"] == ids[-1]
    assert letter["References"].split() == list(ids[-12:])


async def test_where_the_server_knows_plus_addresses_answers_and_bounces_bring_the_seal_back(smtp: SmtpStandin):
    await mail_channel(smtp, plus=True).send(OUT)
    (letter,) = smtp.letters
    for address in (smtp.senders[0], letter["Reply-To"]):
        seal = THREADS.find([str(address)])
        assert seal is not None
        assert seal.part == 7


# -- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "said", "outcome"),
    [
        (550, "5.1.1 user unknown", Unreachable),
        (550, "no such user here", Unreachable),
        (553, "mailbox name not allowed", Unreachable),
        (550, "5.2.1 mailbox disabled", Unreachable),
        (550, "5.7.1 blocked by policy", Refused),
        (554, "5.7.1 relay access denied", Refused),
        (552, "5.2.2 mailbox full", Refused),
        (450, "4.2.0 greylisted", Retry),
        (451, "4.3.0 local error", Retry),
        (452, "4.5.3 too many recipients", Throttled),
        (421, "4.7.0 try again later", Throttled),
    ],
)
async def test_a_refused_recipient_means_what_the_server_says(smtp: SmtpStandin, code: int, said: str, outcome: type):
    channel = mail_channel(smtp)
    smtp.faults.add("error", code=code, text=said)
    assert isinstance(await channel.send(OUT), outcome)
    assert smtp.letters == []
    assert isinstance(await channel.send(OUT), Sent)


async def test_a_temporary_refusal_is_asked_about_again_only_after_minutes(smtp: SmtpStandin):
    smtp.faults.add("error", code=450, text="4.2.0 greylisted")
    outcome = await mail_channel(smtp).send(OUT)
    assert outcome == Retry("450 4.2.0 greylisted", left=False, after_ms=LATER_MS)


@pytest.mark.parametrize(
    ("status", "said", "outcome"),
    [
        (554, "5.7.1 looks like spam", Refused),
        (552, "5.3.4 too large", Refused),
        (451, "4.3.0 not now", Retry),
        (550, "5.1.1 gone", Unreachable),
    ],
)
async def test_a_refused_text_was_not_taken(smtp: SmtpStandin, status: int, said: str, outcome: type):
    smtp.faults.add("status", status=status, text=said)
    assert isinstance(await mail_channel(smtp).send(OUT), outcome)
    assert smtp.letters == []


async def test_a_server_that_does_not_take_our_sender_shuts_the_channel(smtp: SmtpStandin):
    channel = mail_channel(smtp)
    smtp.faults.add("error", method="MAIL", code=553, text="5.7.1 sender not owned by user")
    assert isinstance(await channel.send(OUT), ChannelDown)
    assert "5.7.1" in channel.trouble
    assert isinstance(await channel.send(OUT), Sent)
    assert channel.trouble == ""


# -- connections -----------------------------------------------------------------------------------------------------


async def test_one_connection_serves_mail_after_mail_also_after_a_refusal(smtp: SmtpStandin):
    channel = mail_channel(smtp)
    for n in range(3):
        smtp.faults.add("error", skip=1, code=550, text="5.1.1 unknown")
        await channel.send(Outgoing(n, MAIL_CUSTOMER, text="да"))
    assert smtp.connections == 1


async def test_a_kept_connection_that_the_server_has_closed_costs_nobody_a_mail(smtp: SmtpStandin):
    channel = mail_channel(smtp)
    await channel.send(OUT)
    smtp.hang_up()
    assert isinstance(await channel.send(OUT), Sent)
    assert smtp.connections == 2


@pytest.mark.parametrize("fault", ["drop", "reset", "half", "html"])
async def test_a_lost_answer_to_the_text_is_unknown(smtp: SmtpStandin, fault: str):
    smtp.faults.add(fault)  # type: ignore[arg-type]
    channel = mail_channel(smtp)
    assert isinstance(await channel.send(OUT), Unknown)
    assert isinstance(await channel.send(OUT), Sent)


@pytest.mark.parametrize("fault", ["reset", "html"])
async def test_a_connection_lost_before_the_text_has_taken_nothing(smtp: SmtpStandin, fault: str):
    smtp.faults.add(fault, method="MAIL")  # type: ignore[arg-type]
    outcome = await mail_channel(smtp).send(OUT)
    assert isinstance(outcome, Retry)
    assert not outcome.left


async def test_no_server_is_asked_again_later(smtp: SmtpStandin):
    await smtp.stop()
    outcome = await mail_channel(smtp).send(OUT)
    assert isinstance(outcome, Retry)
    assert not outcome.left


async def test_a_slow_answer_to_the_text_is_unknown_and_to_the_rest_is_not(smtp: SmtpStandin):
    smtp.gate.clear()
    assert isinstance(await mail_channel(smtp, patience={"text_s": 0.05}).send(OUT), Unknown)
    smtp.gate.set()
    smtp.faults.add("slow", ms=20)
    assert isinstance(await mail_channel(smtp).send(OUT), Sent)
    smtp.faults.add("error", method="MAIL", code=450, ms=10_000)
    outcome = await mail_channel(smtp, patience={"before_s": 0.05}).send(OUT)
    assert isinstance(outcome, Retry)
    assert not outcome.left


async def test_at_most_four_at_once_and_who_finds_no_room_is_told_so_not_unknown(smtp: SmtpStandin):
    channel = mail_channel(smtp, patience={"room_s": 0.05})
    smtp.gate.clear()
    under_way = [asyncio.create_task(channel.send(Outgoing(n, f"a{n}@example.org", text="да"))) for n in range(4)]
    await asyncio.sleep(0.05)
    assert isinstance(await channel.send(OUT), Throttled)
    smtp.gate.set()
    assert [type(one) for one in await asyncio.gather(*under_way)] == [Sent] * 4
    assert smtp.connections == 4


async def test_a_send_that_was_given_up_leaves_no_connection_behind_in_the_middle_of_a_mail(smtp: SmtpStandin):
    channel = mail_channel(smtp)
    smtp.gate.clear()
    given_up = asyncio.create_task(channel.send(OUT))
    await asyncio.sleep(0.05)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    smtp.gate.set()
    assert isinstance(await channel.send(Outgoing(8, MAIL_CUSTOMER, text="второе")), Sent)
    assert smtp.texts[-1] == "второе"


# -- who we are, and who they are ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def _tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.mark.parametrize("starttls", [False, True], ids=["smtps", "starttls"])
async def test_tls_is_spoken_and_the_servers_name_is_checked(authority: trustme.CA, starttls: bool):
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    async with SmtpStandin(tls=_tls(authority), starttls=starttls, login=("shop", "secret")) as standin:
        assert isinstance(await mail_channel(standin, trust=trust).send(OUT), Sent)
        stranger = await mail_channel(standin).send(
            OUT
        )  # as the machine trusts, which has never heard of this authority
        assert isinstance(stranger, ChannelDown)
        assert "certificate" in stranger.reason
        assert len(standin.letters) == 1
        await close_channels()


async def test_starttls_that_a_server_does_not_know_is_not_done_without(smtp: SmtpStandin):
    smtp._starttls = True  # only what the address says
    channel = mail_channel(smtp)
    smtp._starttls = False
    assert isinstance(await channel.send(OUT), ChannelDown)
    assert smtp.letters == []


async def test_a_wrong_password_shuts_the_channel_and_is_in_no_reason(caplog: pytest.LogCaptureFixture):
    async with SmtpStandin(login=("shop", "right")) as standin:
        assert isinstance(await mail_channel(standin).send(OUT), Sent)
        standin._login = ("shop", "wr0ng")
        channel = mail_channel(standin)
        standin._login = ("shop", "right")
        outcome = await channel.send(OUT)
        assert isinstance(outcome, ChannelDown)
        assert "wr0ng" not in repr(outcome) + caplog.text + channel.trouble
        await close_channels()


async def test_without_a_server_nothing_goes_out():
    channel = mail_channel(None)
    assert not channel.sends
    assert isinstance(await channel.send(OUT), ChannelDown)
