"""Telegram is set up, asked for updates where nobody calls us, and gives customers' files by their handles."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from gateway.channels.telegram import TelegramChannel
from gateway.events import MessageReceived, Unusable
from gateway.fetch import Fetched, NotFetched
from gateway.ports import Port
from tests import payloads
from tests.channels.benches import PUBLIC, SECRET, close_channels, telegram_channel
from tests.standins.telegram import TOKEN, TelegramStandin

pytestmark = pytest.mark.usefixtures("aiogram_at_hand")


@pytest.fixture
async def channel(telegram: TelegramStandin) -> AsyncIterator[TelegramChannel]:
    made = telegram_channel(telegram)
    yield made
    await made.close()


async def test_the_webhook_is_set_and_nothing_that_waits_is_dropped(
    channel: TelegramChannel, telegram: TelegramStandin
) -> None:
    await channel.start()
    assert telegram.webhook["url"] == f"{PUBLIC}/hooks/telegram"
    assert telegram.webhook["secret_token"] == SECRET
    assert telegram.webhook["allowed_updates"] == ["message", "edited_message", "callback_query", "my_chat_member"]
    assert not any(call.params.get("drop_pending_updates") in ("true", True) for call in telegram.ledger.calls)
    assert channel.trouble == ""


async def test_setting_up_waits_for_a_provider_that_stumbles(
    channel: TelegramChannel, telegram: TelegramStandin
) -> None:
    telegram.faults.add("status", method="setWebhook", status=502)
    await channel.start()
    assert telegram.webhook["url"]


async def test_a_refused_token_is_said_and_not_shown(
    telegram: TelegramStandin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = "700001:REVOKED-Secret"
    channel = TelegramChannel(token, SECRET, api_base=telegram.base, public_url=PUBLIC)
    await channel.start()
    assert "refused" in channel.trouble
    assert "REVOKED" not in caplog.text + channel.trouble + repr(channel)
    await channel.close()


async def test_polling_removes_the_webhook_and_keeps_what_waited(telegram: TelegramStandin) -> None:
    await telegram.push(payloads.telegram("text_message"))
    telegram.webhook = {"url": "https://old.example/hook", "allowed_updates": None}
    channel = telegram_channel(telegram, mode="polling")
    await channel.start()
    received, offset = await channel.poll(0)
    assert [one.external_id for one in received] == ["u310000001"]
    assert isinstance(received[0].meaning, MessageReceived)
    assert offset == 310_000_002


async def test_what_was_not_committed_is_handed_out_again(telegram: TelegramStandin) -> None:
    channel = telegram_channel(telegram, mode="polling")
    await telegram.push(payloads.telegram("text_message"))
    first, offset = await channel.poll(0)
    again, _ = await channel.poll(0)
    assert [one.external_id for one in again] == [one.external_id for one in first]
    await telegram.push(payloads.telegram("photo", update_id=310_000_900))
    later, _ = await channel.poll(offset)
    assert [one.external_id for one in later] == ["u310000900"]


async def test_numbers_that_begin_anew_after_a_silent_week_are_heard(telegram: TelegramStandin) -> None:
    channel = telegram_channel(telegram, mode="polling", poll_s=0)
    await telegram.push(payloads.telegram("text_message"))
    _, offset = await channel.poll(0)
    assert await channel.poll(offset) == ([], offset)
    assert telegram._queue == [], "confirmed"
    await telegram.push(payloads.telegram("photo", update_id=5))
    received, onward = await channel.poll(offset)
    assert ([one.external_id for one in received], onward) == (["u5"], 6)
    restarted = telegram_channel(telegram, mode="polling", poll_s=0)
    again, _ = await restarted.poll(offset)
    assert [one.external_id for one in again] == ["u5"]


async def test_an_address_that_telegram_refuses_is_tried_again_later(
    channel: TelegramChannel, telegram: TelegramStandin, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("gateway.channels.telegram._rest", _rest(pauses))
    telegram.faults.add("error", method="setWebhook", code=400, text="Bad Request: bad webhook: Failed to resolve host")
    await channel.start()
    assert pauses == [60]
    assert telegram.webhook["url"]
    assert channel.trouble == ""


async def test_a_poison_update_does_not_stop_the_poll(telegram: TelegramStandin) -> None:
    channel = telegram_channel(telegram, mode="polling")
    telegram._queue = [{"update_id": 7, "message": []}, payloads.telegram("text_message", update_id=8)]
    received, offset = await channel.poll(0)
    assert isinstance(received[0].meaning, Unusable)
    assert (received[1].external_id, offset) == ("u8", 9)


async def test_a_second_poller_is_named_as_the_trouble(
    telegram: TelegramStandin, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    channel = telegram_channel(telegram, mode="polling")
    await channel.start()
    await telegram.push(payloads.telegram("text_message"))
    monkeypatch.setattr("gateway.channels.telegram._rest", _rest(pauses))
    for _ in range(3):
        telegram.faults.add("error", method="getUpdates", code=409)
        assert await channel.poll(42) == ([], 42)
    assert pauses == [1, 2, 4]
    assert "another receiver" in channel.trouble
    received, _ = await channel.poll(42)
    assert len(received) == 1
    assert channel.trouble == ""


async def test_a_webhook_set_by_another_server_is_removed_again(
    telegram: TelegramStandin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.channels.telegram._rest", _rest([]))
    channel = telegram_channel(telegram, mode="polling")
    await channel.start()
    await telegram.push(payloads.telegram("text_message"))
    telegram.webhook = {"url": "https://thief.example/hook", "allowed_updates": None}
    assert await channel.poll(0) == ([], 0)
    received, _ = await channel.poll(0)
    assert len(received) == 1


def _rest(pauses: list[float]) -> Callable[[float], Awaitable[None]]:
    async def rest(seconds: float) -> None:
        pauses.append(seconds)

    return rest


async def test_a_customers_file_is_fetched_by_its_handle(channel: TelegramChannel, telegram: TelegramStandin) -> None:
    telegram.add_file("F1", b"\xff\xd8\xff\xe0 not quite a picture", "photos/file_1.jpg")
    got = await channel.download("F1")
    assert isinstance(got, Fetched)
    assert (got.mime, got.inline) == ("image/jpeg", False)


async def test_a_file_that_is_gone_or_too_big_is_said_so(channel: TelegramChannel, telegram: TelegramStandin) -> None:
    telegram.add_file("BIG", b"x", size=3 * 10**9)
    for handle in ("NONE", "BIG"):
        got = await channel.download(handle)
        assert isinstance(got, NotFetched)
        assert got.cause == "gone"
        assert TOKEN not in got.reason


async def test_a_file_that_fails_shows_no_token() -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("getFile"):
            return web.json_response(
                {"ok": True, "result": {"file_id": "F", "file_unique_id": "u", "file_path": "a/b"}}
            )
        raise web.HTTPFound(f"https://elsewhere.example{request.path}")

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    port = Port(app)
    await port.open()
    try:
        standin = TelegramStandin()
        standin.base = f"http://127.0.0.1:{port.number}"
        channel = telegram_channel(standin)
        got = await channel.download("F")
        await close_channels()
    finally:
        await port.shut()
    assert isinstance(got, NotFetched)
    assert got.cause == "refused"
    assert TOKEN not in got.reason
