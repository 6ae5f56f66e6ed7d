"""A customer in a real browser, and the whole gateway behind the page: from the first word to the manager's answer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from gateway.desk import Take, Write
from gateway.ports import Port
from gateway.settings import Settings
from tests.browser.conftest import Visit, visiting
from tests.browser.test_chat_page import picture
from tests.chat.conftest import Shop

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def shop_page() -> AsyncIterator["ShopPage"]:
    page = ShopPage()
    await page.start()
    yield page
    await page.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def gateway(tmp_path: Path, shop_page: "ShopPage") -> AsyncIterator[Shop]:
    shop = Shop(Settings(data_dir=tmp_path, chat_origins=shop_page.address))
    await shop.start()
    shop_page.widget = f"{shop.url}/chat/widget.js"
    yield shop
    await shop.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, gateway: Shop) -> Visit:
    return visiting(browser, lambda: gateway.url)


class ShopPage:
    """A page of the shop's own site, with the launcher on it."""

    def __init__(self) -> None:
        self.widget = ""
        self.address = ""
        app = web.Application()
        app.router.add_get("/", self.page)
        self._port = Port(app)

    async def start(self) -> None:
        await self._port.open()
        self.address = f"http://127.0.0.1:{self._port.number}"

    async def stop(self) -> None:
        await self._port.shut()

    async def page(self, _: web.Request) -> web.Response:
        text = f'<!doctype html><title>Магазин</title><link rel=icon href="data:,"><script src="{self.widget}" async></script>'
        return web.Response(text=text, content_type="text/html")


async def write(page: Page, text: str) -> None:
    await page.fill("textarea", text)
    await page.press("textarea", "Enter")


def said(page: Page, text: str) -> object:
    return expect(page.locator("parley-bubble", has_text=text))


async def test_from_the_first_word_to_the_hand_off_with_a_photo_and_the_managers_answer(visit: Visit, gateway: Shop):
    async with visit() as page:
        await write(page, "Здравствуйте")
        await page.get_by_role("button", name="Подобрать запчасти").click()
        await said(page, "Пришлите VIN").to_be_visible()
        await page.set_input_files("input[type=file]", picture())
        await expect(page.locator("parley-tray progress")).to_have_count(0)
        await page.locator(".send").click()
        await said(page, "Какие детали нужны").to_be_visible()
        photo = page.locator('parley-bubble[data-from="customer"] img')
        await expect(photo).to_have_js_property("naturalWidth", 60)
        await write(page, "тормозные колодки")
        await said(page, "Сколько штук").to_be_visible()
        await write(page, "2")
        await said(page, "Передаю менеджеру").to_be_visible()
        anna = await gateway.manager("Анна Ветрова")
        await gateway.command(Take(), anna)
        await gateway.command(Write("Добрый день! Колодки есть, 4 200 ₽."), anna)
        await expect(page.locator('parley-bubble[data-from="manager"] .name')).to_have_text("Анна Ветрова")
        before = await page.locator("parley-bubble .text").all_inner_texts()
        await page.reload()
        await said(page, "Колодки есть").to_be_visible()
        assert await page.locator("parley-bubble .text").all_inner_texts() == before
        await expect(photo).to_have_js_property("naturalWidth", 60)
    (task,) = await gateway.rows("tasks")
    assert task["details"]["parts"] == "тормозные колодки"

    async def read() -> bool:
        return {part["state"] for part in await gateway.rows("parts")} == {"read"}

    await gateway.comes(read)


async def test_a_typed_digit_answers_the_menu_like_its_button(visit: Visit, gateway: Shop):
    async with visit() as page:
        await write(page, "Здравствуйте")
        await expect(page.locator(".chip:enabled")).to_have_count(6)
        await write(page, "3")
        await said(page, "В какой город").to_be_visible()
        await expect(page.locator(".chip:enabled")).to_have_count(0)


async def test_what_is_written_while_the_gateway_is_away_arrives_once_and_is_answered(visit: Visit, gateway: Shop):
    async with visit() as page:
        await write(page, "Здравствуйте")
        await expect(page.locator(".chip:enabled")).to_have_count(6)
        port = gateway.app.port
        await gateway.stop()
        await write(page, "1")
        await expect(page.locator('parley-bubble[data-status="pending"]')).to_have_count(1)
        await gateway.restart_at(port)
        await said(page, "Пришлите VIN").to_be_visible()
        await expect(page.locator('parley-bubble[data-from="customer"]')).to_have_count(2)
        await expect(page.locator('parley-bubble[data-status="pending"]')).to_have_count(0)
    assert [e["text"] for e in await gateway.rows("entries") if e["direction"] == "in"] == ["Здравствуйте", "1"]


async def test_where_no_socket_gets_through_the_conversation_goes_on(visit: Visit, gateway: Shop):
    async with visit() as page:
        await page.add_init_script(
            "window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.({code: 1006})) } }"
        )
        await page.reload()
        await write(page, "Здравствуйте")
        await page.get_by_role("button", name="Доставка").click()
        await said(page, "В какой город").to_be_visible()
        await expect(page.locator("parley-bubble")).to_have_count(5)


async def test_on_the_shops_own_page_the_chat_opens_in_a_frame(visit: Visit, shop_page: ShopPage, gateway: Shop):
    async with visit(shop_page.address) as page:
        await page.get_by_role("button", name="Открыть чат").click()
        chat = page.frame_locator("iframe")
        await chat.locator("textarea").fill("Здравствуйте")
        await chat.locator(".send").click()
        await expect(chat.locator(".chip:enabled")).to_have_count(6)
        await page.reload()
        await expect(page.frame_locator("iframe").locator(".chip:enabled")).to_have_count(6)


async def test_a_page_that_is_not_the_shops_shows_no_chat(browser: Browser, shop_page: ShopPage, gateway: Shop):
    other = ShopPage()
    other.widget = shop_page.widget
    await other.start()
    context = await browser.new_context()
    page = await context.new_page()
    async with page.expect_console_message(lambda line: "frame-ancestors" in line.text):
        await page.goto(other.address)
        await page.locator("parley-widget .launcher").click()
    await expect(page.frame_locator("iframe").locator("textarea")).to_have_count(0)
    await context.close()
    await other.stop()
