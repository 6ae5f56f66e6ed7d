"""What goes out to Telegram, and what its answers mean: rows are named by the catalogue of answers (F)."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bots.kit.events import Media
from gateway.channels import telegram_answers
from gateway.channels.base import (
    Button,
    ChannelDown,
    Outgoing,
    Refused,
    Retry,
    Sent,
    Throttled,
    Unknown,
    Unreachable,
)
from gateway.channels.telegram import TelegramChannel
from tests.channels.benches import SECRET, telegram_channel
from tests.standins.telegram import TOKEN, TelegramStandin

HELLO = Outgoing(7, "5001", text="да")


@pytest.fixture
async def channel(telegram: TelegramStandin) -> AsyncIterator[TelegramChannel]:
    made = telegram_channel(telegram)
    yield made
    assert made._fetcher is not None
    await made._fetcher.close()


# -- what goes out -----------------------------------------------------------------------------------------------------


async def test_a_menu_becomes_buttons(channel: TelegramChannel, telegram: TelegramStandin) -> None:
    buttons = (Button("m:1:1", "1. Подбор"), Button("m:1:2", "2. Доставка"))
    assert isinstance(await channel.send(Outgoing(7, "5001", text="Что вас интересует?", buttons=buttons)), Sent)
    rows = telegram.ledger.sent()[0].params["reply_markup"]["inline_keyboard"]
    assert [[(b["text"], b["callback_data"]) for b in row] for row in rows] == [
        [("1. Подбор", "m:1:1")],
        [("2. Доставка", "m:1:2")],
    ]


async def test_the_phone_is_asked_for_with_telegrams_own_button(
    channel: TelegramChannel, telegram: TelegramStandin
) -> None:
    await channel.send(Outgoing(7, "5001", text="Ваш номер?", ask_phone="Отправить номер"))
    markup = telegram.ledger.sent()[0].params["reply_markup"]
    assert markup["keyboard"] == [[{"text": "Отправить номер", "request_contact": True}]]


@pytest.mark.parametrize(
    ("media", "method", "field"),
    [
        (Media("photo", "AgACAgIAAxkBAAI"), "sendPhoto", "photo"),
        (Media("document", "https://shop.example/price.pdf"), "sendDocument", "document"),
        (Media("voice", "AwACAgIAAxkBAAI"), "sendVoice", "voice"),
        (Media("video", "BAACAgIAAxkBAAI"), "sendVideo", "video"),
    ],
)
async def test_files_go_by_handle_or_address(
    channel: TelegramChannel, telegram: TelegramStandin, media: Media, method: str, field: str
) -> None:
    assert isinstance(await channel.send(Outgoing(7, "5001", kind="media", text="Вот", media=media)), Sent)
    call = telegram.ledger.sent()[0]
    assert (call.method, call.params[field], call.params["caption"]) == (method, media.ref, "Вот")


async def test_a_stored_file_is_uploaded(telegram: TelegramStandin) -> None:
    async def load(file: str) -> bytes | None:
        return b"%PDF-1.7 price" if file == "f1" else None

    channel = telegram_channel(telegram, load_file=load)
    kept = Outgoing(
        7, "5001", kind="media", text="Прайс", buttons=(Button("m:1:1", "Ок"),),
        media=Media("document", "stored:f1", "../прайс.pdf", "application/pdf\r\nX: y"),
    )  # fmt: skip
    assert isinstance(await channel.send(kept), Sent)
    params = telegram.ledger.sent()[0].params
    assert params["document"] == {"name": "прайс.pdf", "type": "application/octet-stream", "size": 14}
    assert params["chat_id"] == "5001"
    assert json.loads(params["reply_markup"])["inline_keyboard"]
    lost = await channel.send(Outgoing(8, "5001", kind="media", media=Media("document", "stored:f2")))
    assert isinstance(lost, Refused)


async def test_a_press_is_answered(channel: TelegramChannel, telegram: TelegramStandin) -> None:
    assert isinstance(await channel.send(Outgoing(0, "5001", kind="ack", callback="2147")), Sent)
    assert [(c.method, c.to) for c in telegram.ledger.calls] == [("answerCallbackQuery", "2147")]


@pytest.mark.parametrize(
    "out", [Outgoing(7, "@shop", text="да"), Outgoing(7, "", text="да"), Outgoing(7, "5001", text=" ")]
)
async def test_what_cannot_be_sent_is_not_asked_for(
    channel: TelegramChannel, telegram: TelegramStandin, out: Outgoing
) -> None:
    assert isinstance(await channel.send(out), Refused)
    assert telegram.ledger.calls == []
    assert telegram.ledger.refusals == []


# -- what the answers mean ---------------------------------------------------------------------------------------------


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
        pytest.param({"do": "status", "status": 500}, Retry, id="F17 500 with a page"),
        pytest.param({"do": "status", "status": 502}, Retry, id="F17 502"),
        pytest.param({"do": "status", "status": 503}, Retry, id="F17 503"),
        pytest.param({"do": "error", "code": 500}, Retry, id="F17 500 in Telegram's words"),
        pytest.param({"do": "redirect", "value": "http://127.0.0.1:9/"}, Retry, id="F129 301 to another host"),
        pytest.param({"do": "error", "code": 401}, ChannelDown, id="F128 401"),
        pytest.param({"do": "error", "code": 404, "text": "Not Found"}, ChannelDown, id="F128 404 is the token too"),
        pytest.param({"do": "error", "code": 400, "text": "Bad Request: message is too long"}, Refused, id="400"),
        pytest.param({"do": "error", "code": 400, "text": "Bad Request: can't parse entities: x"}, Refused, id="F127"),
        pytest.param({"do": "status", "status": 404}, Retry, id="404 from something in front"),
    ],
)
async def test_each_answer_has_one_meaning(telegram: TelegramStandin, fault: dict[str, Any], kind: type) -> None:
    channel = telegram_channel(telegram, timeout_s=0.4)
    telegram.faults.add(**fault)
    assert type(await channel.send(HELLO)) is kind
    assert len(telegram.ledger.calls) + len(telegram.ledger.refusals) == 1, "asked exactly once"


@pytest.mark.parametrize(
    ("code", "words", "cause"),
    [
        pytest.param(400, "Bad Request: chat not found", "not_found", id="F128 chat not found"),
        pytest.param(403, "Forbidden: bot was blocked by the user", "blocked", id="F128 blocked"),
        pytest.param(403, "Forbidden: user is deactivated", "not_found", id="F128 deactivated"),
        pytest.param(403, "Forbidden: bot can't initiate conversation with a user", "not_found", id="never started"),
    ],
)
async def test_a_customer_who_is_gone_is_gone(
    channel: TelegramChannel, telegram: TelegramStandin, code: int, words: str, cause: str
) -> None:
    telegram.faults.add("error", code=code, text=words)
    outcome = await channel.send(HELLO)
    assert isinstance(outcome, Unreachable)
    assert outcome.cause == cause


@pytest.mark.parametrize(
    ("retry_after", "pause_ms"),
    [
        pytest.param(None, 1_000, id="F126 missing"),
        pytest.param("5", 5_000, id="F126 as text"),
        pytest.param(-1, 1_000, id="F126 negative"),
        pytest.param(10**9, 3_600_000, id="F126 10**9"),
        pytest.param(10**30, 3_600_000, id="F126 10**30"),
        pytest.param(30, 30_000, id="F16 30"),
        pytest.param("soon", 1_000, id="F126 words"),
        pytest.param([5], 1_000, id="F126 a list"),
        pytest.param(2.5, 2_000, id="F126 a fraction"),
        pytest.param(True, 1_000, id="F126 true"),
    ],
)
async def test_a_pause_is_read_whatever_it_looks_like(
    channel: TelegramChannel, telegram: TelegramStandin, retry_after: Any, pause_ms: int
) -> None:
    telegram.faults.add("throttle", retry_after=retry_after)
    outcome = await channel.send(HELLO)
    assert isinstance(outcome, Throttled)
    assert outcome.retry_after_ms == pause_ms
    assert ("capped" in outcome.reason) == (pause_ms == 3_600_000)


async def test_one_chats_flood_control_is_that_chats() -> None:
    body = json.dumps({"ok": False, "error_code": 429, "description": "Too Many", "parameters": {"retry_after": 3}})
    outcome = telegram_answers.outcome(429, body.encode())
    assert outcome == Throttled(3000, "address", "429 Too Many")


async def test_two_chats_slowed_at_once_are_the_accounts_trouble(
    channel: TelegramChannel, telegram: TelegramStandin
) -> None:
    telegram.faults.add("throttle", times=3, retry_after=30)
    scopes = []
    for address in ("5001", "5001", "5002"):
        outcome = await channel.send(Outgoing(7, address, text="да"))
        assert isinstance(outcome, Throttled)
        scopes.append(outcome.scope)
    assert scopes == ["address", "address", "account"]


async def test_a_name_that_does_not_resolve_is_tried_again() -> None:
    channel = TelegramChannel(TOKEN, SECRET, api_base="http://nowhere.invalid")
    assert isinstance(await channel.send(HELLO), Retry)


async def test_a_server_that_takes_no_connections_is_tried_again() -> None:
    refusing = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = refusing.sockets[0].getsockname()[1]
    refusing.close()
    await refusing.wait_closed()
    channel = TelegramChannel(TOKEN, SECRET, api_base=f"http://127.0.0.1:{port}")
    assert isinstance(await channel.send(HELLO), Retry)


def test_sending_and_parsing_never_load_the_typed_client() -> None:
    """It costs seconds and a hundred megabytes."""
    code = "import sys, gateway.channels.telegram; print([m for m in ('aiogram', 'pydantic', 'twilio') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
