"""Stand-ins of both providers and a folder of its own for each walk."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.faults.conftest import http, nursery
from tests.faults.gateways import Nursery, always_open
from tests.faults.scenes import Scene
from tests.standins.telegram import TelegramStandin
from tests.standins.twilio import TwilioStandin

__all__ = ["http", "nursery"]


@pytest.fixture
async def scene(
    tmp_path: Path, database_url: str, http: aiohttp.ClientSession, nursery: Nursery
) -> AsyncIterator[Scene]:
    """Nothing runs yet: `start` it."""
    async with TelegramStandin() as telegram, TwilioStandin() as twilio:
        made = Scene(tmp_path, database_url, http, nursery, telegram, twilio, playbook=always_open(tmp_path))
        yield made
        made.end()


@pytest.fixture
async def whatsapp_scene(
    tmp_path: Path, database_url: str, http: aiohttp.ClientSession, nursery: Nursery
) -> AsyncIterator[Scene]:
    """The same without Telegram, and so without the seconds in which the gateway has it set up."""
    async with TwilioStandin() as twilio:
        made = Scene(tmp_path, database_url, http, nursery, None, twilio, playbook=always_open(tmp_path))
        yield made
        made.end()
