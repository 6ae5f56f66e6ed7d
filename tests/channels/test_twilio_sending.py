"""What goes out through Twilio, what its answers mean, and how a lost answer is found again (F)."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bots.kit.events import Media
from gateway.channels import twilio_errors
from gateway.channels.base import (
    ChannelDown,
    Outgoing,
    Refused,
    Retry,
    Sent,
    Throttled,
    Unknown,
    Unreachable,
    WindowClosed,
)
from gateway.channels.twilio import TwilioChannel
from gateway.fetch import Fetched, NotFetched
from tests.channels.benches import CUSTOMER, PUBLIC, SMS, WHATSAPP, now_ms, twilio_channel
from tests.standins.twilio import TwilioStandin

HELLO = Outgoing(7, CUSTOMER, text="да")


@pytest.fixture
async def whatsapp(twilio: TwilioStandin, http: aiohttp.ClientSession) -> AsyncIterator[TwilioChannel]:
    made = twilio_channel("whatsapp", twilio, http)
    yield made
    assert made._fetcher is not None
    await made._fetcher.close()


@pytest.fixture
async def sms(twilio: TwilioStandin, http: aiohttp.ClientSession) -> TwilioChannel:
    return twilio_channel("sms", twilio, http)


async def test_whatsapp_and_sms_send_from_their_own_numbers(
    whatsapp: TwilioChannel, sms: TwilioChannel, twilio: TwilioStandin
) -> None:
    await whatsapp.send(HELLO)
    await sms.send(HELLO)
    assert [(c.to, c.params["From"]) for c in twilio.ledger.sent()] == [
        (f"whatsapp:{CUSTOMER}", f"whatsapp:{WHATSAPP}"),
        (CUSTOMER, SMS),
    ]


async def test_the_part_comes_back_with_every_status(whatsapp: TwilioChannel, twilio: TwilioStandin) -> None:
    await whatsapp.send(Outgoing(4711, CUSTOMER, text="да"))
    assert twilio.ledger.sent()[0].params["StatusCallback"] == f"{PUBLIC}/hooks/twilio/status?part=4711"


async def test_a_template_goes_by_its_name_and_variables(whatsapp: TwilioChannel, twilio: TwilioStandin) -> None:
    template = Outgoing(7, CUSTOMER, kind="template", template="HX01", variables={"1": "Анна"}, text="не уйдёт")
    assert isinstance(await whatsapp.send(template), Sent)
    params = twilio.ledger.sent()[0].params
    assert (params["ContentSid"], params["ContentVariables"]) == ("HX01", '{"1": "Анна"}')
    assert "Body" not in params


async def test_a_file_goes_by_a_public_address_or_not_at_all(
    twilio: TwilioStandin, http: aiohttp.ClientSession
) -> None:
    channel = twilio_channel("whatsapp", twilio, http, link_file=lambda file: f"https://shop.example/files/{file}")
    kept = Outgoing(7, CUSTOMER, kind="media", text="Вот", media=Media("photo", "stored:f1"))
    assert isinstance(await channel.send(kept), Sent)
    assert twilio.ledger.sent()[0].params["MediaUrl"] == "https://shop.example/files/f1"
    handle = await channel.send(Outgoing(8, CUSTOMER, kind="media", media=Media("photo", "AgACAgIAAxkBAAI")))
    assert isinstance(handle, Refused)


async def test_a_press_needs_no_answer(whatsapp: TwilioChannel, twilio: TwilioStandin) -> None:
    assert await whatsapp.send(Outgoing(0, CUSTOMER, kind="ack", callback="1")) == Sent("")
    assert twilio.ledger.calls == []


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        pytest.param({"do": "html"}, Unknown, id="F125 200 with a page"),
        pytest.param({"do": "empty"}, Unknown, id="F125 200 with {}"),
        pytest.param({"do": "half"}, Unknown, id="F125 JSON cut in half"),
        pytest.param({"do": "cut"}, Unknown, id="F18 torn in the middle of the answer"),
        pytest.param({"do": "drop"}, Unknown, id="F18 torn instead of an answer"),
        pytest.param({"do": "reset"}, Unknown, id="F18 torn after the request"),
        pytest.param({"do": "drip", "ms": 50}, Unknown, id="F18 slow drip"),
        pytest.param({"do": "slow", "ms": 1000}, Unknown, id="F18 no answer in time"),
        pytest.param({"do": "wrong_id", "value": {"a": 1}}, Unknown, id="F130 an id that is none"),
        pytest.param({"do": "status", "status": 500}, Retry, id="F17 500 with a page"),
        pytest.param({"do": "status", "status": 503}, Retry, id="F17 503"),
        pytest.param({"do": "error", "code": 20500}, Retry, id="F17 500 in Twilio's words"),
        pytest.param({"do": "redirect", "value": "http://127.0.0.1:9/"}, Retry, id="F129 301 to another host"),
        pytest.param({"do": "status", "status": 404}, Retry, id="404 from something in front"),
        pytest.param({"do": "error", "code": 20003}, ChannelDown, id="F128 credentials refused"),
        pytest.param({"do": "error", "code": 63016}, WindowClosed, id="B69 outside the window"),
        pytest.param({"do": "error", "code": 63018}, Throttled, id="B70 the sender is throttled"),
        pytest.param({"do": "error", "code": 21610}, Unreachable, id="B71 opted out"),
        pytest.param({"do": "error", "code": 63003}, Unreachable, id="not on WhatsApp"),
        pytest.param({"do": "error", "code": 21617}, Refused, id="too long"),
        pytest.param({"do": "error", "code": 99999}, Refused, id="F131 a code that is not in the table"),
    ],
)
async def test_each_answer_has_one_meaning(
    twilio: TwilioStandin, http: aiohttp.ClientSession, fault: dict[str, Any], kind: type
) -> None:
    channel = twilio_channel("whatsapp", twilio, http, timeout_s=0.4)
    twilio.faults.add(**fault)
    assert type(await channel.send(HELLO)) is kind
    assert len(twilio.ledger.calls) + len(twilio.ledger.refusals) == 1, "asked exactly once"


async def test_a_new_code_is_noted(
    whatsapp: TwilioChannel, twilio: TwilioStandin, caplog: pytest.LogCaptureFixture
) -> None:
    """F131 error code not in the table."""
    twilio.faults.add("error", code=99999, text="A new way to fail")
    outcome = await whatsapp.send(HELLO)
    assert isinstance(outcome, Refused)
    assert outcome.code == "99999"
    assert [r.levelname for r in caplog.records if "new error code 99999" in r.getMessage()] == ["WARNING"]


@pytest.mark.parametrize("code", sorted(twilio_errors.TABLE))
def test_every_code_of_the_table_has_an_outcome_and_a_meaning(code: str, caplog: pytest.LogCaptureFixture) -> None:
    assert "new" not in repr(twilio_errors.outcome(400, code, "", 1))
    assert twilio_errors.meaning(code) in {"window_closed", "opted_out", "blocked", "throttled", "fatal"}
    assert caplog.records == []


@pytest.mark.parametrize(
    ("retry_after", "pause_ms"), [(None, 1_000), (30, 30_000), ("soon", 1_000), (-1, 1_000), (10**9, 3_600_000)]
)
async def test_a_pause_is_read_whatever_it_looks_like(
    whatsapp: TwilioChannel, twilio: TwilioStandin, retry_after: Any, pause_ms: int
) -> None:
    """F126 Retry-After."""
    twilio.faults.add("throttle", retry_after=retry_after)
    outcome = await whatsapp.send(HELLO)
    assert isinstance(outcome, Throttled)
    assert (outcome.retry_after_ms, outcome.scope) == (pause_ms, "account")


async def test_bad_credentials_are_named_until_a_send_succeeds(whatsapp: TwilioChannel, twilio: TwilioStandin) -> None:
    twilio.faults.add("error", code=20003)
    await whatsapp.send(HELLO)
    assert "20003" in whatsapp.trouble
    await whatsapp.send(HELLO)
    assert whatsapp.trouble == ""


# -- lost answers ------------------------------------------------------------------------------------------------------


async def test_a_lost_answer_is_found_among_the_last_messages(whatsapp: TwilioChannel, twilio: TwilioStandin) -> None:
    twilio.faults.add("drop")
    assert isinstance(await whatsapp.send(HELLO), Unknown)
    assert await whatsapp.settle(HELLO) == Sent(twilio.ledger.sent()[0].provider_id)


async def test_what_never_arrived_is_not_found(whatsapp: TwilioChannel, twilio: TwilioStandin) -> None:
    twilio.faults.add("reset")
    assert isinstance(await whatsapp.send(HELLO), Unknown)
    await whatsapp.send(Outgoing(8, CUSTOMER, text="другое"))
    await whatsapp.send(Outgoing(9, "+79160000000", text="да"))
    assert await whatsapp.settle(HELLO) is None


async def test_the_customers_own_word_is_not_taken_for_ours(whatsapp: TwilioChannel, twilio: TwilioStandin) -> None:
    form = {"From": f"whatsapp:{WHATSAPP}", "To": f"whatsapp:{CUSTOMER}", "Body": "да", "MessageSid": "SM1"}
    await twilio.push(form)
    assert await whatsapp.settle(HELLO) is None


async def test_two_of_the_same_words_prove_nothing(whatsapp: TwilioChannel) -> None:
    await whatsapp.send(HELLO)
    await whatsapp.send(HELLO)
    assert await whatsapp.settle(HELLO) is None


async def test_an_old_message_is_not_taken_for_a_new_one(twilio: TwilioStandin, http: aiohttp.ClientSession) -> None:
    channel = twilio_channel("sms", twilio, http, now=lambda: now_ms() + 200_000)
    await channel.send(HELLO)
    assert await channel.settle(HELLO) is None


async def test_a_message_found_failed_says_why(sms: TwilioChannel, twilio: TwilioStandin) -> None:
    sent = await sms.send(HELLO)
    assert isinstance(sent, Sent)
    await twilio.push_status(sent.provider_id, "undelivered", 21610)
    assert isinstance(await sms.settle(HELLO), Unreachable)


async def test_nothing_is_known_while_twilio_is_away(sms: TwilioChannel, twilio: TwilioStandin) -> None:
    twilio.faults.add("html", method="Messages.list")
    assert await sms.settle(HELLO) is None
    await twilio.stop()
    assert await sms.settle(HELLO) is None


# -- files -------------------------------------------------------------------------------------------------------------


async def test_a_customers_file_is_fetched_with_our_key(whatsapp: TwilioChannel, twilio: TwilioStandin) -> None:
    address = twilio.add_media(b"OggS voice", "audio/ogg")
    assert await whatsapp.download(address) == Fetched(b"OggS voice", "audio/ogg", inline=True)


@pytest.mark.parametrize(
    "target",
    ["https://10.0.0.5/file", "http://media.twiliocdn.com/x", "https://evil.example/x", "file:///etc/passwd", ""],
)
async def test_a_redirect_to_where_we_do_not_go_is_not_followed(
    whatsapp: TwilioChannel, twilio: TwilioStandin, target: str
) -> None:
    """B58 media redirect to a private address."""
    twilio.media_redirect = target or f"{twilio.base}/elsewhere\\x"
    got = await whatsapp.download(twilio.add_media(b"x"))
    assert isinstance(got, NotFetched)
    assert got.cause == "refused"


async def test_a_file_of_nobodys_is_said_to_be_gone(whatsapp: TwilioChannel, twilio: TwilioStandin) -> None:
    """B61 media 404."""
    got = await whatsapp.download(twilio.add_media(b"x") + "0")
    assert isinstance(got, NotFetched)
    assert got.cause == "gone"


async def test_logs_hold_no_key(
    whatsapp: TwilioChannel, twilio: TwilioStandin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await whatsapp.start()
    await whatsapp.send(HELLO)
    await whatsapp.download(twilio.add_media(b"x"))
    assert "standin-auth-token" not in caplog.text
    assert "Basic " not in caplog.text
