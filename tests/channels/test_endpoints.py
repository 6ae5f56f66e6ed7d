"""Endpoints of the shop's own: asked with what is declared, believed in what is declared, and never trusted further."""

import asyncio
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from aiohttp import web

from bots.kit.business import Endpoint
from gateway.channels.base import Denied, Malformed, Outgoing, Post, Retry, Sent, Unknown
from gateway.channels.endpoints import MOST_BYTES, EndpointChannel
from gateway.events import EndpointAnswered, Received
from gateway.fetch import Fetcher
from gateway.ports import Port

CALL = Outgoing(7, "", "call", variables={"car": "Лада", "secret": "нет"}, callback="3.2")


@dataclass
class Stock:
    """The shop's server. `answer` is what it says."""

    answer: Any = field(default_factory=lambda: {"price": 1500, "other": 1})
    status: int = 200
    wait_s: float = 0.0
    asked: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    signed: list[str] = field(default_factory=list)

    async def reply(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((await request.json(), request.headers["Idempotency-Key"]))
        if "X-Parley-Signature" in request.headers:
            self.signed.append(request.headers["X-Parley-Signature"])
        await asyncio.sleep(self.wait_s)
        if isinstance(self.answer, bytes):
            return web.Response(body=self.answer, status=self.status)
        if self.status == 302:
            raise web.HTTPFound("/elsewhere")
        return web.json_response(self.answer, status=self.status)


@pytest.fixture
async def stock() -> Stock:
    return Stock()


@pytest.fixture
async def heard() -> list[Received]:
    return []


@pytest.fixture
async def channel(stock: Stock, heard: list[Received]) -> AsyncIterator[EndpointChannel]:
    app = web.Application()
    app.router.add_post("/price", stock.reply)
    port = Port(app, grace_s=0.1)
    await port.open()
    base = f"http://127.0.0.1:{port.number}"

    async def hear(answer: Received) -> None:
        heard.append(answer)

    endpoint = Endpoint("stock", f"{base}/price", ("car",), ("price", "note", "there"), 300)
    made = EndpointChannel(endpoint, Fetcher([], trusted=[base], max_bytes=MOST_BYTES), hear)
    yield made
    await made.close()
    await port.shut()


async def test_only_what_is_declared_is_told_and_kept(
    channel: EndpointChannel, stock: Stock, heard: list[Received]
) -> None:
    assert await channel.send(CALL) == Sent("")
    assert stock.asked == [({"car": "Лада"}, "7")]
    assert heard[0].external_id == "call:7"
    assert heard[0].meaning == EndpointAnswered(7, "3.2", ok=True, fields={"price": 1500})


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"price": 12.5, "there": True, "note": "да"}, {"price": 12.5, "there": True, "note": "да"}),
        ({"price": {"a": 1}, "note": ["x"], "there": None}, {}),
        ({"price": 10**30, "note": "x" * 9_000}, {"note": "x" * 4_000}),
        (b'{"price": NaN}', None),
        (b'{"price": 1e999}', None),
        (b'{"note": "\\u0000a\\ud800"}', {"note": "a\ufffd"}),
        (b"[1]", None),
        (b"<html>", None),
        (b"", None),
        (b"[" * 50_000, None),
        (b'{"note": "' + b"x" * MOST_BYTES + b'"}', None),
    ],
    ids=range(11),
)
async def test_whatever_it_says_only_simple_values_come_through(
    channel: EndpointChannel, stock: Stock, heard: list[Received], said: Any, kept: dict[str, Any] | None
) -> None:
    stock.answer = said
    assert await channel.send(CALL) == Sent("")
    assert heard[0].meaning == EndpointAnswered(7, "3.2", ok=kept is not None, fields=kept or {})


@pytest.mark.parametrize("status", [201, 302, 404, 500])
async def test_any_other_status_is_a_failure(
    channel: EndpointChannel, stock: Stock, heard: list[Received], status: int
) -> None:
    stock.status = status
    assert await channel.send(CALL) == Sent("")
    assert heard[0].meaning == EndpointAnswered(7, "3.2", ok=False, fields={})
    assert len(stock.asked) == 1


async def test_silence_is_a_failure_when_its_time_is_over(
    channel: EndpointChannel, stock: Stock, heard: list[Received]
) -> None:
    stock.wait_s = 2
    assert await channel.send(CALL) == Sent("")
    assert heard[0].meaning == EndpointAnswered(7, "3.2", ok=False, fields={})


async def test_an_answer_that_could_not_be_kept_is_asked_for_once_more(stock: Stock, channel: EndpointChannel) -> None:
    async def hear(_: Received) -> None:
        raise OSError("disk full")

    channel._hear = hear
    assert isinstance(await channel.send(CALL), Unknown)


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "http://stock.example/", "https://stock.example:8443/", "https://localhost/", "file:///etc/passwd"]
)  # fmt: skip
async def test_nothing_inside_can_be_asked(heard: list[Received], url: str) -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        return ["10.0.0.5"]

    async def hear(answer: Received) -> None:
        heard.append(answer)

    fetcher = Fetcher(["127.0.0.1", "stock.example", "localhost"], resolve=resolve)
    made = EndpointChannel(Endpoint("stock", url, (), (), 500), fetcher, hear)
    assert await made.send(CALL) == Sent("")
    assert heard[0].meaning == EndpointAnswered(7, "3.2", ok=False, fields={})
    assert isinstance(made.verify(Post("/", "", (), b"")), Denied)
    assert isinstance(made.parse(Post("/", "", (), b"")), Malformed)
    await made.close()


# -- webhooks ----------------------------------------------------------------------------------------------------------

HOOK = Outgoing(8, "", "call", variables={"car": "Лада", "phone": "+7"})


async def test_a_webhook_is_signed_and_nobody_waits_for_what_it_says(
    channel: EndpointChannel, stock: Stock, heard: list[Received]
) -> None:
    channel._key = b"key"
    assert await channel.send(HOOK) == Sent("")
    assert stock.asked == [({"car": "Лада"}, "8")]
    body = orjson.dumps({"car": "Лада"})
    assert stock.signed == ["sha256=" + hmac.new(b"key", body, "sha256").hexdigest()]
    assert heard == []


@pytest.mark.parametrize("status", [404, 500, 302])
async def test_a_webhook_that_is_not_taken_is_tried_again(channel: EndpointChannel, stock: Stock, status: int) -> None:
    stock.status = status
    answer = await channel.send(HOOK)
    assert isinstance(answer, Retry)
    assert answer.after_ms >= 30_000
