"""What the fault tests share: processes that start quickly, and a client's session."""

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from tests.faults.gateways import Nursery, open_nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with open_nursery() as made:
        yield made


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session
