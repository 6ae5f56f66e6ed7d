"""What the customer's page does when the network or the shop goes away: nothing is lost and nothing comes twice."""

import asyncio
from collections.abc import Callable

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.shop import PATIENCE_S, Server, Shop

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def write(page: Page, text: str) -> None:
    await page.fill("textarea", text)
    await page.press("textarea", "Enter")


def visitor(shop: Shop) -> str:
    return next(iter(shop.items))


def said(shop: Shop) -> list[str]:
    return [item["text"] for items in shop.items.values() for item in items if item["from"] == "customer"]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await asyncio.sleep(0.02)


async def test_a_message_whose_answer_was_lost_is_sent_again_and_kept_once(visit: Visit, shop: Shop) -> None:
    shop.lose_acks = 2
    async with visit() as page:
        await write(page, "Здравствуйте")
        mine = page.locator('parley-bubble[data-from="customer"]')
        await expect(mine).to_have_attribute("data-status", "sent")
        await expect(mine).to_have_count(1)
        await write(page, "Ещё одно")
        await expect(page.locator('parley-bubble[data-status="sent"]', has_text="Ещё одно")).to_have_count(1)
        assert said(shop) == ["Здравствуйте", "Ещё одно"]


async def test_what_is_written_while_the_shop_restarts_arrives_afterwards_in_order(
    visit: Visit, shop: Shop, server: Server
) -> None:
    shop.talks = False
    async with visit() as page:
        await write(page, "До")
        await expect(page.locator('parley-bubble[data-status="sent"]')).to_have_count(1)
        await server.stop()
        await shop.say(visitor(shop), "Сказано, пока связи не было")
        for text in ("раз", "два", "три"):
            await write(page, text)
        await expect(page.locator('parley-bubble[data-status="pending"]')).to_have_count(3)
        await expect(page.locator("parley-strip")).to_contain_text("Связь прервалась")
        await server.start()
        # The page may be trying by itself at this very moment: then there is nothing to press.
        await page.get_by_role("button", name="Сейчас").evaluate_all("all => all.forEach(one => one.click())")
        await expect(page.locator('parley-bubble[data-status="pending"]')).to_have_count(0)
        await expect(page.get_by_text("Сказано, пока связи не было")).to_have_count(1)
        await expect(page.locator("parley-strip")).to_be_empty()
        assert said(shop) == ["До", "раз", "два", "три"]
        await expect(page.locator("parley-bubble")).to_have_count(5)


async def test_what_was_not_acknowledged_survives_a_reload(visit: Visit, shop: Shop, server: Server) -> None:
    shop.talks = False
    async with visit() as page:
        await write(page, "До")
        await expect(page.locator('parley-bubble[data-status="sent"]')).to_have_count(1)
        shop.no_sockets = True
        await page.route("**/chat/items*", lambda route: route.abort())
        await shop.drop_sockets()
        await write(page, "После")
        await page.reload()
        await expect(page.locator('parley-bubble[data-status="pending"]')).to_contain_text("После")
        shop.no_sockets = False
        await expect(page.locator('parley-bubble[data-status="sent"]', has_text="После")).to_have_count(1)
        assert said(shop) == ["До", "После"]


async def test_two_open_tabs_show_one_conversation_without_doubles(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        await expect(page.locator("parley-chat.empty")).to_be_visible()
        other = await page.context.new_page()
        await other.goto(page.url)
        shop.lose_acks = 1
        await write(page, "Здравствуйте")
        await expect(page.locator('parley-bubble[data-from="bot"]')).to_have_count(1)
        await expect(other.locator("parley-bubble")).to_have_count(2)
        await other.reload()
        await expect(other.locator("parley-bubble")).to_have_count(2)
        assert said(shop) == ["Здравствуйте"]


async def test_where_no_socket_gets_through_the_page_polls(visit: Visit, shop: Shop) -> None:
    shop.no_sockets = True
    async with visit() as page:
        await write(page, "Здравствуйте")
        await expect(page.locator(".chip:enabled")).to_have_count(5)
        await page.locator(".chip").first.click()
        await expect(page.get_by_text("Пришлите VIN")).to_be_visible()
        await expect(page.locator("parley-strip")).to_be_empty()
        await expect(page.locator("parley-bubble")).to_have_count(4)
        assert said(shop) == ["Здравствуйте", "Подбор запчастей"]


async def test_without_internet_the_page_says_so_and_keeps_what_is_written(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        await write(page, "Здравствуйте")
        await expect(page.locator(".chip")).to_have_count(5)
        await page.context.set_offline(True)
        await expect(page.locator("parley-strip")).to_contain_text("Нет интернета")
        await shop.drop_sockets()
        await write(page, "Из метро")
        await expect(page.locator('parley-bubble[data-status="pending"]')).to_have_count(1)
        await page.context.set_offline(False)
        await expect(page.locator('parley-bubble[data-status="pending"]')).to_have_count(0)
        await expect(page.locator("parley-strip")).to_be_empty()
        assert said(shop) == ["Здравствуйте", "Из метро"]


async def test_a_network_that_blinks_leaves_no_warning_behind(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        await expect(page.locator("parley-chat.empty")).to_be_visible()
        await until(lambda: len(shop.sockets) == 1)
        await page.evaluate("dispatchEvent(new Event('offline'))")
        await expect(page.locator("parley-strip")).to_contain_text("Нет интернета")
        await page.evaluate("dispatchEvent(new Event('online'))")
        await expect(page.locator("parley-strip")).to_be_empty()
        await until(lambda: len(shop.sockets) == 1)


async def test_a_line_that_is_open_but_dead_is_found_out(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        await until(lambda: len(shop.sockets) == 1)
        shop.deaf = True
        await write(page, "Здравствуйте")
        await until(lambda: any(frame["type"] == "message" for frame in shop.frames))
        shop.deaf = False
        await page.evaluate("const now = Date.now; Date.now = () => now() + 20_000")
        await expect(page.locator('parley-bubble[data-status="sent"]').first).to_be_visible()
        assert said(shop) == ["Здравствуйте"]


async def test_a_stranger_gets_a_new_cookie_and_an_empty_conversation(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        await write(page, "Здравствуйте")
        await expect(page.locator(".chip")).to_have_count(5)
        await page.context.clear_cookies()
        await shop.drop_sockets()
        await expect(page.locator("parley-chat.empty")).to_be_visible()
        await write(page, "Это снова я")
        await expect(page.locator(".chip")).to_have_count(5)
    assert len(shop.items) == 2


async def test_the_shop_is_told_what_was_seen_only_when_it_was(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        await write(page, "Здравствуйте")
        await expect(page.locator(".chip")).to_have_count(5)
        last = shop.items[visitor(shop)][-1]["id"]
        await until(lambda: shop.seen.get(visitor(shop)) == last)
        await page.evaluate(
            "Object.defineProperty(document, 'hidden', {get: () => true, configurable: true});"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
        unseen = await shop.say(visitor(shop), "Вы ещё здесь?")
        await expect(page).to_have_title("(1) " + shop.name)
        assert shop.seen[visitor(shop)] == last
        await page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
        await until(lambda: shop.seen[visitor(shop)] == unseen["id"])
        await expect(page).to_have_title(shop.name)


async def test_client_ids_are_uuids_even_without_a_secure_origin(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        await page.evaluate("crypto.randomUUID = undefined")
        await write(page, "Здравствуйте")
        await expect(page.locator('parley-bubble[data-status="sent"]').first).to_be_visible()
    sent = next(frame for frame in shop.frames if frame["type"] == "message")
    assert len(sent["id"]) == 36
    assert sent["id"][14] == "4"


async def test_a_page_that_may_not_remember_anything_still_talks(visit: Visit, shop: Shop) -> None:
    async with visit("/") as page:
        await page.add_init_script(
            "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }})"
        )
        await page.goto(page.url + "chat")
        await write(page, "Здравствуйте")
        await expect(page.locator(".chip")).to_have_count(5)
