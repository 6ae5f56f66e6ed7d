"""A database that somebody else holds, and ids that are long."""

import asyncio
import sqlite3
import time

import aiohttp
import pytest

from gateway.app import App
from gateway.settings import Settings
from tests import payloads
from tests.faults.gateways import ECHO
from tests.inputs.halls import FORM_KEY, HOOK, SECRET
from tests.standins.telegram import TOKEN, TelegramStandin


async def _open(tmp_path, url: str, telegram: TelegramStandin) -> App:
    given = {
        "data_dir": tmp_path, "database_url": url, "public_url": "https://shop.example", "playbook": str(ECHO),
        "telegram_token": TOKEN, "telegram_secret": SECRET, "telegram_api_base": telegram.base,
        "admin_token": "a" * 20, "hook_token": HOOK, "form_key": FORM_KEY,
    }  # fmt: skip
    app = App(Settings(**given))
    await app.start(port=0, workers=False)
    return app


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_while_another_process_holds_the_file_nobody_waits_for_longer_than_a_provider_does(
    tmp_path, database_url: str
) -> None:
    """F13: 30 posts while the lock is held. Each must hear something (503) within seconds: Twilio hangs up after 15 s,
    Telegram after 60. A batch that meets the lock is tried again post by post, two seconds each, one behind the other."""
    async with TelegramStandin() as telegram, aiohttp.ClientSession() as http:
        app = await _open(tmp_path, database_url, telegram)
        workers = [asyncio.create_task(job) for job in (app.intake.run(), app.turns.run())]
        url = f"http://127.0.0.1:{app.port}/hooks/telegram"
        holder = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        took: list[tuple[int, float]] = []

        async def post(n: int) -> None:
            begun = time.monotonic()
            update = payloads.telegram("text_message", update_id=50_000 + n)
            headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
            try:
                async with http.post(url, json=update, headers=headers, timeout=aiohttp.ClientTimeout(total=15)) as r:
                    took.append((r.status, time.monotonic() - begun))
            except TimeoutError:
                took.append((0, time.monotonic() - begun))

        try:
            await asyncio.gather(*(post(n) for n in range(30)))
        finally:
            holder.execute("ROLLBACK")
            holder.close()
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            await app.stop()
    silent = sum(1 for status, _ in took if status == 0)
    assert {status for status, _ in took} <= {503, 0}
    assert not silent, (
        f"{silent} of {len(took)} heard nothing in 15 s; the others took up to {max(t for s, t in took if s):.1f} s"
    )


async def test_two_messages_whose_ids_differ_only_in_their_end_are_two_messages(tmp_path, database_url: str) -> None:
    """Ids are cut at 200 characters: the second message is answered 200 "duplicate", and is gone."""
    async with TelegramStandin() as telegram, aiohttp.ClientSession() as http:
        app = await _open(tmp_path, database_url, telegram)
        workers = [asyncio.create_task(job) for job in (app.intake.run(), app.turns.run())]
        headers = {"Authorization": f"Bearer {HOOK}"}
        answers = []
        try:
            for end in "ab":
                body = {"id": "m" * 200 + end, "from": {"id": "c1"}, "text": f"слово {end}"}
                async with http.post(
                    f"http://127.0.0.1:{app.port}/hooks/messages/shop", json=body, headers=headers
                ) as r:
                    answers.append((r.status, (await r.json()).get("status")))
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            await app.stop()
    assert answers == [(200, "accepted"), (200, "accepted")] or answers[1][0] == 422
