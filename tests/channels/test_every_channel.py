"""One list of demands for every channel: a new one is a new line in CHANNELS and a bench."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.channels.base import Denied, Outgoing, Retry, Sent, Throttled, Unknown
from gateway.events import MessageReceived, Unusable
from tests.channels.benches import Bench, bench

CHANNELS = ("telegram", "whatsapp", "sms")


@pytest.fixture(params=CHANNELS)
async def on(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with bench(request.param) as made:
        yield made


def received(on: Bench, post: Any) -> Any:
    assert on.channel.verify(post) is None
    parsed = on.channel.parse(post)
    assert isinstance(parsed, tuple)
    assert len(parsed) == 1
    return parsed[0]


async def test_a_message_is_received(on: Bench) -> None:
    got = received(on, on.said)
    assert isinstance(got.meaning, MessageReceived)
    assert got.meaning.text == on.words
    assert (got.meaning.sender.channel, got.meaning.sender.account) == (on.channel.name, on.channel.account)
    assert got.meaning.sender.address == on.address
    assert got.raw == on.said.body


async def test_the_same_message_again_has_the_same_key(on: Bench) -> None:
    assert received(on, on.said).external_id == received(on, on.said).external_id


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
    """F129: where it points, somebody would answer 200."""
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
