"""The two halls, opened once: hundreds of posts go into each."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from gateway.app import App
from gateway.settings import Settings
from tests import servers
from tests.inputs.halls import ADMIN, FORM_KEY, HOOK, PUBLIC, SECRET, SMS, WHATSAPP, Hall
from tests.shop import furnished
from tests.standins.telegram import TOKEN, TelegramStandin
from tests.standins.twilio import ACCOUNT, AUTH_TOKEN, TwilioStandin


@asynccontextmanager
async def open_hall(folder: Path, url: str) -> AsyncIterator[Hall]:
    async with TelegramStandin() as telegram, TwilioStandin(public=PUBLIC) as twilio, aiohttp.ClientSession() as http:
        given: dict[str, Any] = {
            "data_dir": folder, "database_url": url, "public_url": PUBLIC, "telegram_token": TOKEN,
            "telegram_secret": SECRET, "admin_token": ADMIN, "form_key": FORM_KEY, "hook_token": HOOK, "telegram_api_base": telegram.base, "telegram_rate": 0, "telegram_chat_rate": 0,
            "twilio_account_sid": ACCOUNT, "twilio_auth_token": AUTH_TOKEN, "twilio_api_base": twilio.base,
            "twilio_whatsapp_from": WHATSAPP, "twilio_sms_from": SMS, "twilio_whatsapp_rate": 0, "twilio_sms_rate": 0,
        }  # fmt: skip
        app = App(Settings(**given), house=furnished())
        await app.start(port=0, workers=False)  # the webhook is not to be set with the provider
        workers = [asyncio.create_task(job) for job in (app.intake.run(), app.turns.run(), app.delivery.run())]
        twilio.gateway = f"http://127.0.0.1:{app.port}"
        try:
            yield Hall(app, http, telegram, twilio)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            await app.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def hall_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hall]:
    folder = tmp_path_factory.mktemp("hall")
    async with open_hall(folder, f"sqlite:///{folder / 'parley.db'}") as hall:
        yield hall


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def hall_on_postgres(tmp_path_factory: pytest.TempPathFactory, postgres_server: str) -> AsyncIterator[Hall]:
    async with open_hall(tmp_path_factory.mktemp("hall"), servers.fresh_database(postgres_server)) as hall:
        yield hall


@pytest.fixture(params=["sqlite", "postgres"])
def chosen(request: pytest.FixtureRequest) -> Hall:
    found: Hall = request.getfixturevalue(f"hall_on_{request.param}")
    return found


@pytest_asyncio.fixture(loop_scope="session")
async def hall(chosen: Hall, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Hall]:
    """The running gateway; after each test the books must balance, and nothing that was logged holds a secret."""
    yield chosen
    assert await chosen.balanced(), await chosen.tallies()
    logged = "\n".join(record.getMessage() for when in ("setup", "call") for record in caplog.get_records(when))
    assert [secret for secret in (TOKEN, SECRET, AUTH_TOKEN, ADMIN, FORM_KEY, HOOK) if secret in logged] == []
