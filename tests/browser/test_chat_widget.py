"""The launcher on a shop's own page: one script tag, and neither page's styles touch the other's."""

from typing import Any

import pytest
from playwright.async_api import FrameLocator, Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def visitor(shop: Shop) -> str:
    return next(iter(shop.items))


async def open_chat(page: Page) -> FrameLocator:
    await page.get_by_role("button", name="Открыть чат").click()
    return page.frame_locator("iframe")


async def at_rest(it: Locator) -> None:
    """Whatever moves it has come to its end."""
    await it.evaluate("it => Promise.all(it.getAnimations().map(one => one.finished))")


async def test_one_script_tag_opens_the_chat_in_a_frame(visit: Visit, shop: Shop) -> None:
    async with visit("/") as page:
        assert await page.locator("iframe").count() == 0
        chat = await open_chat(page)
        await chat.locator("textarea").fill("Здравствуйте")
        await chat.locator(".send").click()
        await expect(chat.locator(".chip")).to_have_count(5)
        await expect(page.get_by_role("button", name="Закрыть чат")).to_have_attribute("aria-expanded", "true")
        await chat.get_by_role("button", name="Свернуть чат").click()
        await expect(page.locator("iframe")).to_be_hidden()
        await expect(page.get_by_role("button", name="Открыть чат")).to_be_focused()


async def test_the_shops_styles_do_not_reach_the_launcher(visit: Visit, shop: Shop) -> None:
    async with visit("/") as page:
        launcher = page.get_by_role("button", name="Открыть чат")
        style = await launcher.evaluate(
            "it => [getComputedStyle(it).backgroundColor, getComputedStyle(it).borderRadius]"
        )
        assert style == ["rgb(13, 106, 91)", "29px"]


async def test_an_answer_that_came_while_the_chat_was_closed_is_counted(visit: Visit, shop: Shop) -> None:
    async with visit("/") as page:
        chat = await open_chat(page)
        await chat.locator("textarea").fill("Здравствуйте")
        await chat.locator(".send").click()
        await expect(chat.locator(".chip")).to_have_count(5)
        await page.get_by_role("button", name="Закрыть чат").click()
        await shop.say(visitor(shop), "Вы ещё здесь?")
        await expect(page.get_by_role("button", name="Открыть чат, непрочитанных: 1")).to_be_visible()
        await page.reload()
        await expect(page.locator("iframe")).to_be_hidden()
        await shop.say(visitor(shop), "Ау")
        await expect(page.get_by_role("button", name="Открыть чат, непрочитанных")).to_be_visible()
        await page.locator("parley-widget .launcher").click()
        await expect(page.frame_locator("iframe").get_by_text("Ау")).to_be_in_viewport()
        await expect(page.locator("parley-widget .badge")).to_be_empty()


async def test_an_open_chat_stays_open_on_the_shops_next_page(visit: Visit, shop: Shop) -> None:
    async with visit("/") as page:
        await open_chat(page)
        await page.reload()
        await expect(page.frame_locator("iframe").locator("textarea")).to_be_visible()
        await page.frame_locator("iframe").locator("textarea").press("Escape")
        await expect(page.locator("iframe")).to_be_hidden()
        await page.reload()
        await expect(page.get_by_role("button", name="Открыть чат")).to_be_visible()


async def test_on_a_phone_the_chat_takes_the_whole_screen(visit: Visit, shop: Shop) -> None:
    phone: dict[str, Any] = {"viewport": {"width": 390, "height": 720}, "is_mobile": True, "has_touch": True}
    async with visit("/", **phone) as page:
        await page.get_by_role("button", name="Открыть чат").tap()
        frame = page.locator("iframe")
        await expect(frame).to_be_visible()
        await at_rest(frame)
        assert await frame.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 720}
        await page.frame_locator("iframe").get_by_role("button", name="Свернуть чат").tap()
        await expect(frame).to_be_hidden()


async def test_messages_from_other_windows_do_not_move_the_widget(visit: Visit, shop: Shop) -> None:
    async with visit("/") as page:
        await open_chat(page)
        await page.evaluate(
            """() => new Promise(heard => {
                postMessage({parley: 'close'}, '*');
                postMessage({parley: 'unread', count: 9}, '*');
                addEventListener('message', event => event.data === 'behind those' && heard());
                postMessage('behind those', '*');
            })"""
        )
        await expect(page.locator("iframe")).to_be_visible()
