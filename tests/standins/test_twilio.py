"""The Twilio stand-in behaves as the Messages API does, signs what it posts, and keeps what it accepted."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator

from gateway.ports import Port
from tests import payloads
from tests.standins.process import standin_process
from tests.standins.twilio import ACCOUNT, AUTH_TOKEN, TwilioStandin

PUBLIC = "https://shop.example"
WHATSAPP = {"To": "whatsapp:+79161234567", "From": "whatsapp:+74950000001"}
SMS = {"To": "+79161234567", "From": "+74950000002"}


class Gateway:
    """What a gateway sees: the posts, and whether their signature holds for the public address."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, str], bool]] = []

    async def take(self, request: web.Request) -> web.Response:
        form = await request.post()
        genuine = RequestValidator(AUTH_TOKEN).validate(
            PUBLIC + request.path_qs, form, request.headers["X-Twilio-Signature"]
        )
        self.seen.append((request.path_qs, {k: str(v) for k, v in form.items()}, genuine))
        return web.Response()

    async def reported(self, count: int) -> list[str]:
        for _ in range(200):
            if len(self.seen) >= count:
                break
            await asyncio.sleep(0.01)
        return [form["MessageStatus"] for _, form, _ in self.seen]


@pytest.fixture
async def gateway() -> AsyncIterator[tuple[Gateway, str]]:
    gateway = Gateway()
    app = web.Application()
    app.router.add_post("/{path:.*}", gateway.take)
    port = Port(app)
    await port.open()
    yield gateway, f"http://127.0.0.1:{port.number}"
    await port.shut()


@pytest.fixture
async def twilio(gateway: tuple[Gateway, str], tmp_path: Path) -> AsyncIterator[TwilioStandin]:
    async with TwilioStandin(log=tmp_path / "twilio.jsonl", gateway=gateway[1], public=PUBLIC) as standin:
        yield standin


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, AUTH_TOKEN)}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield session


async def create(http: aiohttp.ClientSession, twilio: TwilioStandin, host: str = "", **params: str) -> tuple[int, Any]:
    url = f"{twilio.base}{host}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    async with http.post(url, data=params) as response:
        return response.status, await response.json(content_type=None)


@pytest.mark.parametrize("host", ["", "/api.twilio.com"])
async def test_a_message_is_created_listed_and_fetched(
    twilio: TwilioStandin, http: aiohttp.ClientSession, host: str
) -> None:
    status, message = await create(http, twilio, host, Body="Готово", **WHATSAPP)
    assert (status, message["status"], message["body"]) == (201, "queued", "Готово")
    assert twilio.ledger.texts(WHATSAPP["To"]) == ["Готово"]
    base = f"{twilio.base}{host}/2010-04-01/Accounts/{ACCOUNT}"
    async with http.get(f"{base}/Messages.json", params={"To": WHATSAPP["To"]}) as response:
        assert [m["sid"] for m in (await response.json())["messages"]] == [message["sid"]]
    async with http.get(f"{base}/Messages/{message['sid']}.json") as response:
        assert (await response.json())["to"] == WHATSAPP["To"]
    async with http.get(f"{base}/Messages/SMother.json") as response:
        assert (await response.json())["code"] == 20404


async def test_without_the_right_password_nothing_is_accepted(twilio: TwilioStandin) -> None:
    wrong = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, "guess")}
    async with aiohttp.ClientSession(headers=wrong) as stranger:
        status, body = await create(stranger, twilio, Body="да", **SMS)
    assert (status, body["code"]) == (401, 20003)
    assert not twilio.ledger.calls


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"From": SMS["From"], "Body": "да"}, 21604),
        ({"To": SMS["To"], "Body": "да"}, 21603),
        ({**SMS, "Body": " "}, 21602),
        ({**SMS, "Body": "я" * 1601}, 21617),
        ({**SMS, "To": "8 916", "Body": "да"}, 21211),
        ({**SMS, "From": WHATSAPP["From"], "Body": "да"}, 21910),
        ({**SMS, "MediaUrl": "file:///etc/passwd"}, 21620),
    ],
)
async def test_what_the_real_one_refuses_is_refused_with_its_code(
    twilio: TwilioStandin, http: aiohttp.ClientSession, params: dict[str, str], code: int
) -> None:
    status, body = await create(http, twilio, **params)
    assert (status, body["code"]) == (400, code)
    assert not twilio.ledger.calls


@pytest.mark.parametrize(("code", "status"), [(63016, 400), (21610, 400), (21211, 400), (63018, 429)])
async def test_an_error_befalls_its_address_only(
    twilio: TwilioStandin, http: aiohttp.ClientSession, code: int, status: int
) -> None:
    twilio.faults.add("error", code=code, to=SMS["To"], times=None)
    assert (await create(http, twilio, Body="да", **{**SMS, "To": "+79160000000"}))[0] == 201
    for _ in range(2):
        answered, body = await create(http, twilio, Body="да", **SMS)
        assert (answered, body["code"], body["status"]) == (status, code, status)


async def test_a_closed_window_lets_templates_through(twilio: TwilioStandin, http: aiohttp.ClientSession) -> None:
    twilio.faults.add("error", code=63016, times=None)
    assert (await create(http, twilio, Body="да", **WHATSAPP))[0] == 400
    assert (await create(http, twilio, ContentSid="HX" + "1" * 32, **WHATSAPP))[0] == 201


async def test_throttling_says_not_processed(twilio: TwilioStandin, http: aiohttp.ClientSession) -> None:
    twilio.faults.add("throttle", retry_after=2)
    status, body = await create(http, twilio, Body="да", **SMS)
    assert (status, body["code"]) == (429, 20429)
    assert not twilio.ledger.calls


async def test_inbound_posts_are_signed_for_the_public_address(
    twilio: TwilioStandin, gateway: tuple[Gateway, str]
) -> None:
    for name in payloads.names("twilio"):
        assert await twilio.push(payloads.twilio(name), "/hooks/twilio/messages?b=2&a=%20x") == 200
    assert all(genuine for _, _, genuine in gateway[0].seen)
    spaces = next(form for _, form, _ in gateway[0].seen if form.get("Body", "").startswith("  Да"))
    assert spaces["Body"] == "  Да,  \r\nберу  "
    await twilio.post("/hooks/twilio/messages", {"Body": "да"}, signature="forged")
    assert not gateway[0].seen[-1][2]


async def test_statuses_are_reported_to_the_callback_with_its_query(
    twilio: TwilioStandin, http: aiohttp.ClientSession, gateway: tuple[Gateway, str]
) -> None:
    twilio.statuses = ["sent", "delivered"]
    callback = f"{PUBLIC}/hooks/twilio/status?part=12#rc=5&rp=all"
    _, message = await create(http, twilio, Body="да", StatusCallback=callback, **WHATSAPP)
    assert await gateway[0].reported(2) == ["sent", "delivered"]
    assert [path for path, _, _ in gateway[0].seen] == ["/hooks/twilio/status?part=12"] * 2
    assert all(genuine for _, _, genuine in gateway[0].seen)
    await twilio.push_status(message["sid"], "undelivered", 21610)
    assert gateway[0].seen[-1][1]["ErrorCode"] == "21610"


async def test_a_status_may_come_before_the_answer(
    twilio: TwilioStandin, http: aiohttp.ClientSession, gateway: tuple[Gateway, str]
) -> None:
    twilio.statuses, twilio.early = ["delivered"], True
    await create(http, twilio, Body="да", StatusCallback=f"{PUBLIC}/hooks/twilio/status", **WHATSAPP)
    assert [form["MessageStatus"] for _, form, _ in gateway[0].seen] == ["delivered"]


async def test_an_accepted_message_can_fail_later(
    twilio: TwilioStandin, http: aiohttp.ClientSession, gateway: tuple[Gateway, str]
) -> None:
    twilio.faults.add("fail_later", code=63016)
    status, _ = await create(http, twilio, Body="да", **WHATSAPP)
    assert status == 201
    assert await gateway[0].reported(1) == ["failed"]
    assert gateway[0].seen[0][1]["ErrorCode"] == "63016"


async def test_a_message_the_gateway_missed_is_in_the_list(twilio: TwilioStandin, http: aiohttp.ClientSession) -> None:
    twilio.gateway = "http://127.0.0.1:1"
    form = payloads.twilio("whatsapp_text")
    assert await twilio.push(form) == 0
    url = f"{twilio.base}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    async with http.get(url, params={"To": form["To"], "PageSize": "1", "DateSent>": "2026-01-01"}) as response:
        listed = (await response.json())["messages"]
    assert [(m["sid"], m["direction"], m["body"]) for m in listed] == [(form["MessageSid"], "inbound", form["Body"])]
    async with http.get(url, params={"DateSent>": "2999-01-01"}) as response:
        assert (await response.json())["messages"] == []


async def test_media_needs_the_password(twilio: TwilioStandin, http: aiohttp.ClientSession) -> None:
    url = twilio.add_media(b"\x89PNG", "image/png")
    async with http.get(url) as response:
        assert (response.content_type, await response.read()) == ("image/png", b"\x89PNG")
    async with aiohttp.ClientSession() as stranger, stranger.get(url) as response:
        assert response.status == 401


async def test_an_answer_lost_after_acceptance_can_be_looked_up(
    twilio: TwilioStandin, http: aiohttp.ClientSession
) -> None:
    twilio.faults.add("drop")
    with pytest.raises(aiohttp.ClientError):
        await create(http, twilio, Body="да", **SMS)
    assert [m["body"] for m in twilio.messages] == ["да"]


def test_as_a_process_it_takes_knobs_and_keeps_a_log(tmp_path: Path) -> None:
    with standin_process("twilio", tmp_path / "log.jsonl", "--gateway", "http://127.0.0.1:1") as standin:
        standin.knobs({"do": "error", "code": 21610}, settings={"statuses": ["sent"]})
        assert standin.push(form=payloads.twilio("sms_text")) == {"status": 0}
        assert standin.summary()["calls"] == []
        assert standin.calls() == []
