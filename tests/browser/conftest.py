"""A real Chromium looking at a gateway or the shop in memory. Where there is no browser these tests are skipped, with the way to one."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.browser.shop import Server, Shop

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
]


class Visit(Protocol):
    """Opens the chat as a customer with a browser of their own; fails the test if the page complained of anything."""

    def __call__(self, path: str = "/chat", **context: Any) -> AbstractAsyncContextManager[Page]: ...


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no browser here: `apt-get install chromium` brings one")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        expect.set_options(timeout=15_000)
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def server() -> AsyncIterator[Server]:
    running = Server(Shop())
    await running.start()
    yield running
    await running.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def shop(server: Server) -> Shop:
    return server.shop


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, server: Server) -> Visit:
    return visiting(browser, lambda: server.address)


def visiting(browser: Browser, address: Callable[[], str]) -> Visit:
    @asynccontextmanager
    async def open_chat(path: str = "/chat", **settings: Any) -> AsyncIterator[Page]:
        defaults = {"locale": "ru-RU", "timezone_id": "Europe/Moscow", "viewport": {"width": 1100, "height": 800}}
        context: BrowserContext = await browser.new_context(**(defaults | settings))
        context.set_default_timeout(15_000)
        complaints: list[str] = []
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
        try:
            await page.goto(path if "://" in path else address() + path)
            yield page
        finally:
            await context.close()
        assert [line for line in complaints if not _of_the_network(line)] == []

    return open_chat


def _of_the_network(line: str) -> bool:
    """Chromium itself reports every refused connection and status; tests that cut the line expect those."""
    return line.startswith(("WebSocket connection to", "Failed to load resource"))
