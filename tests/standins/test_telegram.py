"""The Telegram stand-in behaves as the Bot API does, and keeps what it accepted."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from gateway.ports import Port
from tests import payloads
from tests.standins.ledger import busiest_second
from tests.standins.process import standin_process
from tests.standins.telegram import TOKEN, TelegramStandin


@pytest.fixture
async def telegram(tmp_path: Path) -> AsyncIterator[TelegramStandin]:
    async with TelegramStandin(log=tmp_path / "telegram.jsonl") as standin:
        yield standin


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def call(http: aiohttp.ClientSession, telegram: TelegramStandin, method: str, **params: Any) -> Any:
    async with http.post(f"{telegram.base}/bot{TOKEN}/{method}", json=params) as response:
        return await response.json(content_type=None)


async def test_a_real_client_sends_texts_menus_and_files(telegram: TelegramStandin) -> None:
    # Here, because it takes seconds, and whoever runs another test should not wait for it.
    from aiogram import Bot  # noqa: PLC0415
    from aiogram.client.session.aiohttp import AiohttpSession  # noqa: PLC0415
    from aiogram.client.telegram import TelegramAPIServer  # noqa: PLC0415
    from aiogram.types import BufferedInputFile, InlineKeyboardButton, InlineKeyboardMarkup  # noqa: PLC0415

    session = AiohttpSession(api=TelegramAPIServer.from_base(telegram.base))
    async with Bot(TOKEN, session=session) as bot:
        assert (await bot.get_me()).username == "standin_bot"
        keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Да", callback_data="m:1:1")]])
        said = await bot.send_message(5, "Берёте?", reply_markup=keyboard)
        await bot.send_photo(5, BufferedInputFile(b"picture", "a.jpg"), caption="Вот")
        await bot.send_document(5, "BQACAgIAAxkBAAI1")
    assert telegram.ledger.texts(5) == ["Берёте?", "Вот", ""]
    assert telegram.ledger.sent(5)[0].provider_id == str(said.message_id)
    assert telegram.ledger.sent(5)[1].params["photo"]["size"] == len(b"picture")


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"text": "да"}, "chat_id is empty"),
        ({"chat_id": "нет", "text": "да"}, "chat not found"),
        ({"chat_id": 5, "text": " \n"}, "message text is empty"),
        ({"chat_id": 5, "text": "👍" * 2049}, "message is too long"),
        ({"chat_id": 5, "text": "<b>да", "parse_mode": "HTML"}, "can't parse entities"),
        ({"chat_id": 5, "text": "я <3 вас", "parse_mode": "HTML"}, "can't parse entities"),
        (
            {
                "chat_id": 5,
                "text": "?",
                "reply_markup": {"inline_keyboard": [[{"text": "а", "callback_data": "ы" * 33}]]},
            },
            "BUTTON_DATA_INVALID",
        ),
    ],
)
async def test_what_the_real_one_refuses_is_refused_in_its_words(
    telegram: TelegramStandin, http: aiohttp.ClientSession, params: dict[str, Any], words: str
) -> None:
    answer = await call(http, telegram, "sendMessage", **params)
    assert (answer["ok"], answer["error_code"]) == (False, 400)
    assert words in answer["description"]
    assert not telegram.ledger.calls


async def test_markup_does_not_count_towards_the_length(telegram: TelegramStandin, http: aiohttp.ClientSession) -> None:
    answer = await call(http, telegram, "sendMessage", chat_id=5, text=f"<b>{'я' * 4096}</b>", parse_mode="HTML")
    assert answer["ok"]


async def test_a_wrong_token_is_unauthorised(telegram: TelegramStandin, http: aiohttp.ClientSession) -> None:
    async with http.post(f"{telegram.base}/bot1:other/getMe") as response:
        assert response.status == 401


async def test_polling_hands_out_again_what_the_offset_has_not_confirmed(
    telegram: TelegramStandin, http: aiohttp.ClientSession
) -> None:
    for text in ("один", "два"):
        assert await telegram.push(payloads.telegram("text_message", text=text, update_id=len(text))) == -1
    first = await call(http, telegram, "getUpdates")
    again = await call(http, telegram, "getUpdates")
    assert first["result"] == again["result"]
    last = first["result"][-1]["update_id"]
    assert (await call(http, telegram, "getUpdates", offset=last + 1))["result"] == []
    assert (await call(http, telegram, "getWebhookInfo"))["result"]["pending_update_count"] == 0


async def test_a_long_poll_ends_when_an_update_comes(telegram: TelegramStandin, http: aiohttp.ClientSession) -> None:
    polling = asyncio.create_task(call(http, telegram, "getUpdates", timeout=30))
    await asyncio.sleep(0.05)
    await telegram.push(payloads.telegram("text_message"))
    assert len((await asyncio.wait_for(polling, 2))["result"]) == 1


async def test_a_second_poller_ends_the_first(telegram: TelegramStandin, http: aiohttp.ClientSession) -> None:
    first = asyncio.create_task(call(http, telegram, "getUpdates", timeout=30))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(call(http, telegram, "getUpdates", timeout=1))
    assert (await asyncio.wait_for(first, 2))["error_code"] == 409
    assert (await second)["ok"]


async def test_polling_while_a_webhook_is_set_is_a_conflict(
    telegram: TelegramStandin, http: aiohttp.ClientSession
) -> None:
    await call(http, telegram, "setWebhook", url="https://shop.example/hooks/telegram")
    assert (await call(http, telegram, "getUpdates"))["error_code"] == 409
    await call(http, telegram, "deleteWebhook")
    assert (await call(http, telegram, "getUpdates"))["ok"]


async def test_updates_go_to_the_webhook_with_the_secret_until_taken(
    telegram: TelegramStandin, http: aiohttp.ClientSession
) -> None:
    seen: list[tuple[str | None, int]] = []

    async def hook(request: web.Request) -> web.Response:
        seen.append((request.headers.get("X-Telegram-Bot-Api-Secret-Token"), (await request.json())["update_id"]))
        return web.Response(status=503 if len(seen) < 3 else 200)

    app = web.Application()
    app.router.add_post("/hooks/telegram", hook)
    port = Port(app)
    await port.open()
    url = f"http://127.0.0.1:{port.number}/hooks/telegram"
    await call(
        http, telegram, "setWebhook", url=url, secret_token="s3cret", allowed_updates=["message", "callback_query"]
    )
    assert await telegram.push_until_accepted(payloads.telegram("text_message", update_id=7)) == 3
    assert seen == [("s3cret", 7)] * 3
    assert await telegram.push(payloads.telegram("bot_blocked")) == -2
    await port.shut()


async def test_files_are_found_by_id_and_downloaded(telegram: TelegramStandin, http: aiohttp.ClientSession) -> None:
    telegram.add_file("doc", b"%PDF", "documents/a.pdf")
    telegram.add_file("huge", b"", "documents/b.bin", size=20_000_001)
    path = (await call(http, telegram, "getFile", file_id="doc"))["result"]["file_path"]
    async with http.get(f"{telegram.base}/file/bot{TOKEN}/{path}") as response:
        assert await response.read() == b"%PDF"
    assert "too big" in (await call(http, telegram, "getFile", file_id="huge"))["description"]
    assert not (await call(http, telegram, "getFile", file_id="?"))["ok"]


@pytest.mark.parametrize("after", [30, None, "5", 10**9])
async def test_throttling_names_any_wait_and_accepts_nothing(
    telegram: TelegramStandin, http: aiohttp.ClientSession, after: object
) -> None:
    telegram.faults.add("throttle", retry_after=after, to=5)
    other = await call(http, telegram, "sendMessage", chat_id=6, text="мимо")
    answer = await call(http, telegram, "sendMessage", chat_id=5, text="да")
    assert other["ok"]
    assert answer["error_code"] == 429
    assert answer.get("parameters", {}).get("retry_after") == after
    assert (await call(http, telegram, "sendMessage", chat_id=5, text="да"))["ok"]
    assert telegram.ledger.texts() == ["мимо", "да"]
    assert [refusal.to for refusal in telegram.ledger.refusals] == ["5"]


async def test_blocked_lasts_until_cleared(telegram: TelegramStandin, http: aiohttp.ClientSession) -> None:
    telegram.faults.add("error", code=403, times=None)
    for _ in range(2):
        answer = await call(http, telegram, "sendMessage", chat_id=5, text="да")
        assert answer["description"] == "Forbidden: bot was blocked by the user"
    telegram.faults.clear()
    assert (await call(http, telegram, "sendMessage", chat_id=5, text="да"))["ok"]


@pytest.mark.parametrize("deed", ["html", "empty", "half", "cut", "drop", "bad_gateway"])
async def test_a_spoilt_answer_follows_an_accepted_call(
    telegram: TelegramStandin, http: aiohttp.ClientSession, deed: Any
) -> None:
    telegram.faults.add(deed)
    try:
        answer = await call(http, telegram, "sendMessage", chat_id=5, text="да")
    except (aiohttp.ClientError, ValueError):
        answer = {}
    assert "result" not in answer
    assert telegram.ledger.texts() == ["да"]


async def test_a_reset_accepts_nothing(telegram: TelegramStandin, http: aiohttp.ClientSession) -> None:
    telegram.faults.add("reset")
    with pytest.raises(aiohttp.ClientError):
        await call(http, telegram, "sendMessage", chat_id=5, text="да")
    assert not telegram.ledger.calls


async def test_the_wrong_id_is_the_one_before(telegram: TelegramStandin, http: aiohttp.ClientSession) -> None:
    first = await call(http, telegram, "sendMessage", chat_id=5, text="раз")
    telegram.faults.add("wrong_id")
    second = await call(http, telegram, "sendMessage", chat_id=5, text="два")
    assert first["result"]["message_id"] == second["result"]["message_id"]
    assert len({sent.provider_id for sent in telegram.ledger.sent()}) == 2


async def test_stopped_it_refuses_connections_and_comes_back_at_the_same_address(
    telegram: TelegramStandin, http: aiohttp.ClientSession
) -> None:
    base = telegram.base
    await telegram.stop()
    with pytest.raises(aiohttp.ClientConnectorError):
        await call(http, telegram, "getMe")
    await telegram.start()
    assert telegram.base == base
    assert (await call(http, telegram, "getMe"))["ok"]


async def test_above_a_rate_calls_are_throttled(telegram: TelegramStandin, http: aiohttp.ClientSession) -> None:
    telegram.faults.add("throttle", over=3, times=None)
    answers = [await call(http, telegram, "sendMessage", chat_id=n, text="да") for n in range(1, 6)]
    assert [answer["ok"] for answer in answers] == [True, True, True, False, False]
    assert telegram.ledger.busiest_second() == 5
    assert telegram.ledger.busiest_second(1) == 1


def test_the_busiest_second_slides() -> None:
    assert busiest_second([]) == 0
    assert busiest_second([0, 900, 999, 1000, 1899]) == 4
    assert busiest_second([0, 1000, 2000]) == 1


async def test_waiting_in_vain_says_what_came(telegram: TelegramStandin, http: aiohttp.ClientSession) -> None:
    await call(http, telegram, "sendMessage", chat_id=5, text="одно")
    assert (await telegram.ledger.wait_for(1))[0].text == "одно"
    with pytest.raises(TimeoutError, match="1 of 2 sends came"):
        await telegram.ledger.wait_for(2, within_s=0.05)


def test_as_a_process_it_kills_after_the_log_and_outlives_the_killed(tmp_path: Path) -> None:
    with (
        standin_process("telegram", tmp_path / "log.jsonl") as standin,
        subprocess.Popen(["sleep", "60"]) as victim,
    ):
        standin.knobs({"do": "kill", "pid": victim.pid, "to": 5, "skip": 1})
        for text in ("раз", "два", "три"):
            standin._ask(f"/bot{TOKEN}/sendMessage", {"chat_id": 5, "text": text})
            if text == "раз":
                assert victim.poll() is None
        assert victim.wait(5) == -signal.SIGKILL
        assert [call.text for call in standin.calls()] == ["раз", "два", "три"]
        assert standin.summary()["busiest_second"]["overall"] == 3
        assert standin.push(update=payloads.telegram("text_message"))["statuses"] == [-1]
        os.kill(standin.pid, 0)


async def test_a_knob_that_does_not_exist_is_refused(telegram: TelegramStandin, http: aiohttp.ClientSession) -> None:
    for order in ({"faults": [{"do": "explode"}]}, {"faults": [{"do": "kill"}]}, {"settings": {"colour": 1}}):
        async with http.post(f"{telegram.base}/_knobs", json=order) as response:
            assert response.status == 400


def test_every_payload_is_an_update() -> None:
    for name in payloads.names("telegram"):
        update = payloads.telegram(name, update_id=1)
        assert update["update_id"] == 1
        assert len(update) == 2
