"""Twilio's posts, good and bad: each row is named by its number in the catalogue of bad inputs (B)."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.channels import stop_words, twilio_posts, twilio_signature
from gateway.channels.base import Denied, Front, Malformed, Post
from gateway.channels.twilio import TwilioChannel
from gateway.events import Ignored, MessageReceived, ReachChanged, Received, Sender, StatusReported, Unusable
from tests import payloads
from tests.channels import benches
from tests.channels.benches import CUSTOMER, PUBLIC, SMS, WHATSAPP, twilio_channel, twilio_post
from tests.standins.twilio import AUTH_TOKEN, TwilioStandin

STATUS = "/hooks/twilio/status"
ANNA = Sender("whatsapp", WHATSAPP, CUSTOMER, "Анна", CUSTOMER)


@pytest.fixture
async def whatsapp(twilio: TwilioStandin, http: aiohttp.ClientSession) -> TwilioChannel:
    return twilio_channel("whatsapp", twilio, http)


@pytest.fixture
async def front(twilio: TwilioStandin, http: aiohttp.ClientSession, whatsapp: TwilioChannel) -> Front:
    return benches.front(whatsapp, twilio_channel("sms", twilio, http))


def read(front: Front, post: Post) -> Received:
    assert front.verify(post) is None
    parsed = front.owner(post).parse(post)
    assert not isinstance(parsed, Malformed)
    assert len(parsed) == 1
    return parsed[0]


def said(front: Front, name: str = "whatsapp_text", **changes: str) -> Any:
    return read(front, twilio_post(payloads.twilio(name, **changes))).meaning


def status(front: Front, name: str, query: str = "part=17", **changes: str) -> Received:
    return read(front, twilio_post(payloads.twilio(name, **changes), STATUS, query))


# -- signatures --------------------------------------------------------------------------------------------------------


def json_post(body: bytes, query: str) -> Post:
    made = base64.b64encode(
        hmac.new(AUTH_TOKEN.encode(), f"{PUBLIC}{STATUS}?{query}".encode(), hashlib.sha1).digest()
    ).decode()
    return Post(STATUS, query, (("content-type", "application/json"), ("x-twilio-signature", made)), body)


FORM = payloads.twilio("whatsapp_text")
GOOD = twilio_post(FORM)
BODY = b'{"MessageSid":"SM1"}'


@pytest.mark.parametrize(
    "post",
    [
        pytest.param(replace(GOOD, headers=GOOD.headers[:1]), id="B39 no signature"),
        pytest.param(twilio_post(FORM, signature=""), id="B39 empty signature"),
        pytest.param(replace(GOOD, headers=(*GOOD.headers, GOOD.headers[1])), id="B39 two signatures"),
        pytest.param(twilio_post(FORM, signature="\xff"), id="B40 signature of a high byte"),
        pytest.param(twilio_post(FORM, signature="\udcff"), id="B40 signature of raw bytes"),
        pytest.param(twilio_post(FORM, public="http://shop.example"), id="B41 signed for http"),
        pytest.param(replace(twilio_post(FORM, query="a=1&b=2"), query="b=2&a=1"), id="B42 query order changed"),
        pytest.param(replace(twilio_post(FORM, query="a=%20"), query="a=+"), id="B42 query re-encoded"),
        pytest.param(replace(GOOD, path=STATUS), id="signed for another path"),
        pytest.param(replace(GOOD, body=GOOD.body + b"+"), id="B44 a space more"),
        pytest.param(replace(GOOD, body=GOOD.body.replace(b"ToCity=&", b"") + b"&x="), id="B45 a blank field more"),
        pytest.param(twilio_post({**FORM, "AccountSid": "AC" + "9" * 32}), id="B50 another account"),
        pytest.param(
            twilio_post([*FORM.items(), ("AccountSid", "AC" + "9" * 32)]), id="B50 another account beside ours"
        ),
        pytest.param(json_post(BODY, ""), id="B48 JSON without bodySHA256"),
        pytest.param(json_post(BODY, "bodySHA256=" + "0" * 64), id="B49 JSON with a wrong bodySHA256"),
        pytest.param(json_post(b"[]", "bodySHA256=" + hashlib.sha256(b"[]").hexdigest()), id="JSON that is a list"),
        pytest.param(replace(GOOD, body=b"&".join([b"a=1"] * 5_000)), id="5,000 fields"),
        pytest.param(replace(GOOD, body=b"\xff\xfe%zz"), id="bytes that are no form"),
        pytest.param(replace(GOOD, body=b""), id="nothing"),
    ],
)
async def test_a_post_that_is_not_twilios_is_denied(front: Front, post: Post) -> None:
    denied = front.verify(post)
    assert isinstance(denied, Denied)
    assert denied.status == 403


async def test_a_wrong_scheme_comes_with_a_hint(front: Front) -> None:
    """B41 valid signature for http:// while the public address is https."""
    denied = front.verify(twilio_post(FORM, public="http://shop.example"))
    assert isinstance(denied, Denied)
    assert "PARLEY_PUBLIC_URL says https" in denied.hint


@pytest.mark.parametrize("public", ["https://shop.example:99999", "not a url", "https://[::1", ""])
async def test_a_public_url_that_cannot_be_raises_nothing(twilio: TwilioStandin, http: Any, public: str) -> None:
    channel = twilio_channel("sms", twilio, http, public_url=public)
    assert isinstance(channel.verify(GOOD), Denied)


@given(st.binary(max_size=200), st.text(max_size=30), st.text(max_size=30), st.sampled_from(["application/json", "x"]))
def test_a_check_never_raises(body: bytes, query: str, signature: str, kind: str) -> None:
    post = Post(STATUS, query, (("content-type", kind), ("x-twilio-signature", signature)), body)
    assert isinstance(twilio_signature.verify(post, AUTH_TOKEN, "AC1", PUBLIC), Denied)


@pytest.mark.parametrize(
    "post",
    [
        pytest.param(twilio_post(FORM, public="https://shop.example:443"), id="B43 port added by a proxy"),
        pytest.param(twilio_post({**FORM, "Body": "да  \r\n "}), id="B44 trailing spaces and CRLF"),
        pytest.param(twilio_post({**FORM, "ToCity": "", "FromZip": ""}), id="B45 blank fields"),
        pytest.param(twilio_post({**FORM, "AddOns": '{"status":"successful"}'}), id="B46 an unknown field"),
        pytest.param(
            twilio_post([*FORM.items(), ("MediaUrl0", "https://b/"), ("MediaUrl0", "https://a/")]), id="B47 repeats"
        ),
        pytest.param(twilio_post(FORM, query="b=2&a=%20&c="), id="B42 a query as it came"),
        pytest.param(
            json_post(BODY, "a=1&bodySHA256=" + hashlib.sha256(BODY).hexdigest()), id="B49 JSON with its bodySHA256"
        ),
    ],
)
async def test_a_post_that_is_twilios_is_let_in(front: Front, post: Post) -> None:
    assert front.verify(post) is None


# -- whose post --------------------------------------------------------------------------------------------------------


async def test_the_front_tells_whatsapp_from_sms(front: Front) -> None:
    owners = [
        front.owner(twilio_post(payloads.twilio("whatsapp_text"))),
        front.owner(twilio_post(payloads.twilio("sms_text"))),
        front.owner(twilio_post(payloads.twilio("status_failed_63016"), STATUS)),
        front.owner(twilio_post(payloads.twilio("status_undelivered_21610"), STATUS)),
    ]
    assert [one.name for one in owners] == ["whatsapp", "sms", "whatsapp", "sms"]


@pytest.mark.parametrize(
    "to", ["whatsapp:+74950009999", "+74950009999", WHATSAPP, f"whatsapp:{SMS}", "", "messenger:1"]
)
async def test_a_number_that_is_not_ours_is_of_no_use(front: Front, to: str) -> None:
    """B54 To is a number we do not own."""
    assert said(front, To=to) == Unusable("not_our_number")


# -- messages ----------------------------------------------------------------------------------------------------------


async def test_a_message_is_read_whole(front: Front) -> None:
    assert said(front) == MessageReceived(
        ANNA, text="Добрый день! Есть масляный фильтр на Весту?", message_id="SM" + "0" * 31 + "1"
    )


async def test_spaces_of_a_text_are_kept(front: Front) -> None:
    """B44 body with trailing spaces and CRLF."""
    assert said(front, Body="  да \r\n").text == "  да \r\n"


@pytest.mark.parametrize("name", [n for n in payloads.names("twilio") if not n.startswith("status")])
async def test_every_captured_message_is_understood(front: Front, name: str) -> None:
    assert isinstance(said(front, name), MessageReceived | ReachChanged)


async def test_the_sid_is_the_key_whatever_else_differs(front: Front) -> None:
    """B51 same MessageSid twice, once with another Body."""
    first, second = (read(front, twilio_post({**FORM, "Body": body})) for body in ("да", "нет"))
    assert first.external_id == second.external_id == FORM["MessageSid"]


async def test_a_message_without_a_sid_is_of_no_use(front: Front) -> None:
    """B52 MessageSid missing."""
    form = {key: value for key, value in FORM.items() if "Sid" not in key or key == "AccountSid"}
    assert read(front, twilio_post(form)).meaning == Unusable("no_message_sid")
    assert read(front, twilio_post(form | {"MessageSid": "x" * 999})).meaning == Unusable("no_message_sid")


@pytest.mark.parametrize(
    ("given_from", "address", "phone"),
    [
        pytest.param("whatsapp:+7 916 123-45-67", "+79161234567", "+79161234567", id="B53 spaces"),
        pytest.param("whatsapp:+7 916", "+7916", "", id="B53 too short to call"),
        pytest.param("whatsapp: 79161234567", "+79161234567", "+79161234567", id="B53 the plus came as a space"),
        pytest.param("whatsapp:BSUID.1a2b-3c", "BSUID.1a2b-3c", "", id="B53 an opaque id"),
    ],
)
async def test_senders_are_told_apart_by_their_plain_address(
    front: Front, given_from: str, address: str, phone: str
) -> None:
    got = said(front, From=given_from)
    assert (got.sender.address, got.sender.phone) == (address, phone)


@pytest.mark.parametrize("nobody", ["", "whatsapp:", "whatsapp:\u200b", "+79161234567"])
async def test_a_message_from_nobody_is_of_no_use(front: Front, nobody: str) -> None:
    """B53 From empty, or of another channel than To."""
    assert said(front, From=nobody) == Unusable("no_sender")


async def test_a_short_code_is_an_address_without_a_phone(front: Front) -> None:
    got = said(front, "sms_text", From="12345")
    assert (got.sender.address, got.sender.phone) == ("12345", "")


async def test_our_own_voice_is_ignored(front: Front) -> None:
    """B55 From equals To."""
    assert said(front, From=f"whatsapp:{WHATSAPP}") == Ignored("self")


@pytest.mark.parametrize(
    ("count", "files", "flags"),
    [
        pytest.param("2", 2, (), id="as it should be"),
        pytest.param("999", 2, ("bad_media_count",), id="B56 999 announced"),
        pytest.param("-1", 0, ("bad_media_count",), id="B56 -1"),
        pytest.param("ten", 0, ("bad_media_count",), id="B56 ten"),
        pytest.param("9" * 5000, 0, ("bad_media_count",), id="B56 5,000 digits"),
        pytest.param("1", 1, (), id="fewer announced"),
    ],
)
async def test_media_are_counted_by_what_is_there(front: Front, count: str, files: int, flags: tuple[str, ...]) -> None:
    got = said(front, "whatsapp_media_two", NumMedia=count)
    assert (len(got.media), got.flags) == (files, flags)


async def test_media_kinds_come_from_their_types(front: Front) -> None:
    assert [one.kind for one in said(front, "whatsapp_media_two").media] == ["photo", "photo"]
    assert [one.kind for one in said(front, "whatsapp_voice").media] == ["voice"]
    assert [one.kind for one in said(front, "whatsapp_document").media] == ["document"]


async def test_a_press_carries_its_data_and_its_words(front: Front) -> None:
    """B62 ButtonPayload and ListId: data for who knows it, text for who does not."""
    button, entry = said(front, "whatsapp_button"), said(front, "whatsapp_list")
    assert (button.button, button.text, bool(button.reply_to)) == ("m:1:1", "Заказать", True)
    assert (entry.button, entry.text) == ("m:1:3", "Доставка")
    unknown = said(front, "whatsapp_button", ButtonPayload="nobody-knows")
    assert (unknown.button, unknown.text) == ("nobody-knows", "Заказать")


async def test_a_button_that_says_stop_is_a_button(front: Front) -> None:
    assert isinstance(said(front, "whatsapp_button", Body="Стоп"), MessageReceived)


async def test_a_place_is_read_and_a_bad_one_is_text(front: Front) -> None:
    """B73 Latitude=NaN."""
    good, bad = said(front, "whatsapp_location"), said(front, "whatsapp_location", Latitude="NaN")
    assert (good.location, good.flags) == ((55.751244, 37.618423), ())
    assert (bad.location, bad.flags, bad.text) == (None, ("bad_location",), "Здесь\nКрасная площадь, Москва")


async def test_nul_does_not_survive(front: Front) -> None:
    assert said(front, Body="а\0б").text == "аб"


# -- stop and start ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", ["STOP", "sToP", "Стоп", "STOP.", " стоп!!! ", "«Отписаться»", "ВІДПИСАТИСЯ", "stop\n"]
)
async def test_the_word_alone_opts_out(front: Front, body: str) -> None:
    """B63 STOP in any case, language and punctuation."""
    assert said(front, Body=body) == ReachChanged(ANNA, "opted_out", body)


@pytest.mark.parametrize("body", ["stop please", "не присылайте больше", "Стоп, а какая цена?", "отпишите меня от вас"])
async def test_the_word_among_others_is_only_a_hint(front: Front, body: str) -> None:
    """B63 `stop please`."""
    got = said(front, Body=body)
    assert (got.text, got.flags) == (body, ("stop_hint",))


@pytest.mark.parametrize(
    "body",
    [
        "стопор двери",
        "Стопы болят",
        "нужен стоп-сигнал на 2110",
        "Стоп сигналы есть?",
        "да стоп " * 40,
        "да",
        "",
        "-",
        "конец",
    ],
)
async def test_other_words_are_no_hint(body: str) -> None:
    assert stop_words.wish(body, carrier=False) == ""


@pytest.mark.parametrize("body", ["START", "Старт", "unstop"])
async def test_start_opts_in(front: Front, body: str) -> None:
    """B64 START after stop."""
    assert said(front, Body=body) == ReachChanged(ANNA, "opted_in", body)


async def test_twilios_own_verdict_counts_whatever_the_words(front: Front) -> None:
    """B65 OptOutType=STOP with an odd body."""
    assert said(front, Body="мимо 🙈", OptOutType="STOP").change == "opted_out"
    assert said(front, Body="STOP", OptOutType="start").change == "opted_in"
    assert isinstance(said(front, Body="помощь", OptOutType="HELP"), MessageReceived)


async def test_the_carriers_words_bind_in_sms_only(front: Front) -> None:
    assert isinstance(said(front, "sms_text", Body="cancel"), ReachChanged)
    assert isinstance(said(front, Body="cancel"), MessageReceived)


# -- statuses ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        pytest.param("status_sent", ("sent", "", ""), id="B66 sent"),
        pytest.param("status_delivered", ("delivered", "", ""), id="B66 delivered"),
        pytest.param("status_read", ("read", "", ""), id="B67 read"),
        pytest.param("status_failed_63016", ("failed", "63016", "window_closed"), id="B69 63016"),
        pytest.param("status_failed_63018", ("failed", "63018", "throttled"), id="B70 63018"),
        pytest.param("status_undelivered_21610", ("failed", "21610", "opted_out"), id="B71 21610"),
        pytest.param("status_undelivered_30008", ("failed", "30008", "fatal"), id="30008"),
    ],
)
async def test_a_status_is_read_with_its_part(front: Front, name: str, meaning: tuple[str, str, str]) -> None:
    got = status(front, name)
    sid = payloads.twilio(name)["MessageSid"]
    assert got.meaning == StatusReported(sid, meaning[0], 17, *meaning[1:])  # type: ignore[arg-type]
    assert got.external_id == f"{sid}:{payloads.twilio(name)['MessageStatus']}"


@pytest.mark.parametrize(
    ("query", "part"),
    [("", 0), ("part=x", 0), ("part=-1", 0), ("part=1&part=2", 0), ("part=" + "9" * 30, 0), ("a=1&part=5", 5)],
)
async def test_a_part_that_cannot_be_is_none(front: Front, query: str, part: int) -> None:
    got = status(front, "status_sent", query).meaning
    assert isinstance(got, StatusReported)
    assert got.part == part


async def test_a_status_nobody_knows_changes_nothing(front: Front) -> None:
    """B68 MessageStatus=exploded."""
    assert status(front, "status_sent", MessageStatus="exploded").meaning == Ignored("unknown_status")
    assert status(front, "status_unknown_word").meaning == Ignored("unknown_status")
    assert status(front, "status_queued").meaning == Ignored("on_its_way")
    assert status(front, "status_sent", MessageStatus="", SmsStatus="").meaning == Unusable("no_status")


async def test_an_error_code_of_letters_is_kept(front: Front) -> None:
    """B72 ErrorCode=abc."""
    got = status(front, "status_failed_63016", ErrorCode="abc").meaning
    assert isinstance(got, StatusReported)
    assert (got.code, got.meaning) == ("abc", "fatal")


async def test_a_status_of_an_unknown_number_still_finds_its_part(front: Front) -> None:
    """B67 the sid and the part say what it is about, not the number."""
    got = status(front, "status_delivered", From="+10000000001").meaning
    assert isinstance(got, StatusReported)
    assert got.part == 17


@given(st.dictionaries(st.sampled_from(
    ["MessageSid", "From", "To", "Body", "NumMedia", "MediaUrl0", "Latitude", "Longitude", "ButtonPayload", "MessageStatus",
     "ErrorCode", "OptOutType", "ProfileName"]), st.text(max_size=30)), st.sampled_from([STATUS, "/hooks/twilio/messages"]))  # fmt: skip
def test_no_form_whatever_raises(changes: dict[str, str], path: str) -> None:
    body = urlencode({**FORM, **{k: v.encode("utf-8", "replace").decode() for k, v in changes.items()}}).encode()
    assert twilio_posts.translate(Post(path, json.dumps(changes), (), body), "whatsapp", WHATSAPP).external_id
