"""One list of demands for every channel: a new one is a new line in CHANNELS and a bench."""

import ast
import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway import channels
from gateway.channels.base import Denied, Malformed, Outgoing, Post, Retry, Sent, Throttled, Unknown
from gateway.channels.limits import LIMITS
from gateway.channels.web import WebChannel
from gateway.events import MailReceived, MessageReceived, Unusable
from tests.channels.benches import Bench, bench
from tests.shop import Shop
from tests.standins.serving import Standin

CHANNELS = ("telegram", "whatsapp", "sms", "email")
ON_THE_BENCH = {"EndpointChannel", "MailChannel", "TelegramChannel", "TwilioChannel", "WebChannel"}
"""Endpoints post nothing (test_endpoints.py); the last is its own provider, and what pages say is tried in tests/chat."""


@pytest.fixture(params=CHANNELS)
async def on(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with bench(request.param) as made:
        yield made


def test_no_channel_is_missing_here() -> None:
    """A class that verifies, translates, sends and settles is a channel; each must meet the demands below."""
    found = set()
    for file in Path(channels.__file__).parent.glob("*.py"):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.ClassDef) and file.name not in ("base.py", "paper.py"):
                verbs = {one.name for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
                found |= {node.name} if verbs >= {"verify", "parse", "send", "settle"} else set()
    assert found == ON_THE_BENCH
    assert set(LIMITS) - {"web"} == set(CHANNELS)


async def test_the_shops_own_chat_takes_no_posts_and_sends_by_ringing() -> None:
    rung: list[str] = []
    channel = WebChannel(rung.append)
    post = Post("/hooks/web", "", (), b"{}")
    assert isinstance(channel.verify(post), Denied)
    assert isinstance(channel.parse(post), Malformed)
    out = Outgoing(7, "0" * 32, text="да")
    assert await channel.send(out) == await channel.settle(out) == Sent("web:7")
    assert rung == ["visitor:" + "0" * 32] * 2
    assert channel.rates == ()


def received(on: Bench, post: Any) -> Any:
    assert on.channel.verify(post) is None
    parsed = on.channel.parse(post)
    assert isinstance(parsed, tuple)
    assert len(parsed) == 1
    return parsed[0]


async def test_a_message_is_received(on: Bench) -> None:
    got = received(on, on.said)
    assert isinstance(got.meaning, MessageReceived | MailReceived)
    assert got.meaning.text == on.words
    assert (got.meaning.sender.channel, got.meaning.sender.account) == (on.channel.name, on.channel.account)
    assert got.meaning.sender.address == on.address
    assert got.raw == on.said.body


async def test_the_same_message_again_has_the_same_key(on: Bench) -> None:
    assert received(on, on.said).external_id == received(on, on.said).external_id


async def kept(on: Bench, shop: Shop, *posts: Post) -> list[list[str]]:
    """What the intake answers to these posts, come at once; then everybody has had their turn."""
    channel = on.channel
    coming = [
        asyncio.ensure_future(shop.intake.accept(channel.name, channel.account, [received(on, post)])) for post in posts
    ]
    await asyncio.sleep(0)
    await shop.intake.once()
    await shop.settle()
    return await asyncio.gather(*coming)


async def test_the_same_message_again_has_one_effect(on: Bench, shop: Shop) -> None:
    assert await kept(on, shop, on.said, on.said) == [["new"], ["duplicate"]]
    assert await kept(on, shop, on.said) == [["duplicate"]]
    assert [row["state"] for row in await shop.all("inbox")] == ["processed"]
    assert [entry["text"] for entry in await shop.all("entries") if entry["author"] == "customer"] == [on.words]


async def test_garbage_is_kept_once_and_whole_and_a_person_is_told(on: Bench, shop: Shop) -> None:
    assert await kept(on, shop, on.garbage, on.garbage) == [["new"], ["duplicate"]]
    assert [(row["state"], row["raw"]) for row in await shop.all("inbox")] == [("quarantined", on.garbage.body)]
    assert [task["kind"] for task in await shop.all("tasks")] == ["quarantine"]


async def test_a_forgery_is_denied(on: Bench) -> None:
    assert isinstance(on.channel.verify(on.forged), Denied)


async def test_garbage_is_kept_with_a_reason_and_a_key(on: Bench) -> None:
    got = received(on, on.garbage)
    assert isinstance(got.meaning, Unusable)
    assert got.meaning.reason
    assert got.external_id == received(on, on.garbage).external_id
    assert got.raw == on.garbage.body


async def test_a_text_is_sent_once_and_whole(on: Bench) -> None:
    outcome = await on.channel.send(Outgoing(7, on.address, text="Здравствуйте, <b>Анна</b> & К°"))
    sent = on.standin.ledger.sent()
    assert isinstance(outcome, Sent)
    assert outcome.provider_id == sent[0].provider_id
    assert [call.text for call in sent] == ["Здравствуйте, <b>Анна</b> & К°"]
    assert "parse_mode" not in sent[0].params


async def test_a_throttled_send_says_for_how_long(on: Bench) -> None:
    on.standin.faults.add("throttle", retry_after=30)
    outcome = await on.channel.send(Outgoing(7, on.address, text="да"))
    assert isinstance(outcome, Throttled)
    assert outcome.retry_after_ms == 30_000
    assert on.standin.ledger.sent() == []


async def test_an_answer_that_never_came_is_unknown(on: Bench) -> None:
    on.standin.faults.add("drop")
    assert isinstance(await on.channel.send(Outgoing(7, on.address, text="да")), Unknown)


async def test_a_redirect_is_not_followed(on: Bench) -> None:
    """F129: where it points, somebody would answer 200. SMTP has none."""
    if not isinstance(on.standin, Standin):
        return
    on.standin.faults.add("redirect", value=f"{on.standin.base}/_log")
    assert isinstance(await on.channel.send(Outgoing(7, on.address, text="да")), Retry)


async def test_a_provider_that_is_not_there_is_asked_again_later(on: Bench) -> None:
    await on.standin.stop()
    assert isinstance(await on.channel.send(Outgoing(7, on.address, text="да")), Retry)


@pytest.mark.parametrize("fault", ["throttle", "status", "error", "reset", "html", "half", "drop", "redirect"])
async def test_no_secret_is_in_any_log_line_or_reason(on: Bench, fault: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    on.standin.faults.add(fault, code=401 if on.channel.name == "telegram" else 20003, value="http://127.0.0.1:9/")
    outcome = await on.channel.send(Outgoing(7, on.address, text="да"))
    denied = on.channel.verify(on.forged)
    await on.standin.stop()
    refused = await on.channel.send(Outgoing(7, on.address, text="да"))
    shown = "\n".join(
        [
            caplog.text,
            repr(outcome),
            repr(refused),
            repr(denied),
            repr(on.channel),
            str(vars(on.channel).get("trouble")),
        ]
    )
    assert [secret for secret in on.secrets if secret in shown] == []
