"""What the fault tests share: processes that start quickly, and a client's session."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.faults.gateways import Nursery, open_nursery
from tests.faults.scenes import Scene
from tests.standins.telegram import TelegramStandin
from tests.standins.twilio import TwilioStandin


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with open_nursery() as made:
        yield made


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


@pytest.fixture
async def scene(
    tmp_path: Path, database_url: str, http: aiohttp.ClientSession, nursery: Nursery
) -> AsyncIterator[Scene]:
    """Telegram's customers and the echoing shop, on both databases; nothing runs yet."""
    async with TelegramStandin(log=tmp_path / "sends.jsonl") as telegram:
        made = Scene(tmp_path, database_url, http, nursery, telegram)
        yield made
        made.end()


@pytest.fixture
async def twilio_scene(
    tmp_path: Path, database_url: str, http: aiohttp.ClientSession, nursery: Nursery
) -> AsyncIterator[Scene]:
    """The same over WhatsApp."""
    async with TwilioStandin(log=tmp_path / "sends.jsonl") as twilio:
        made = Scene(tmp_path, database_url, http, nursery, None, twilio)
        yield made
        made.end()
