"""The customer's chat page, in a real browser against a shop that speaks its wire."""

import asyncio
import re
import struct
import zlib
from typing import Any

import pytest
from playwright.async_api import FilePayload, Page, expect

from tests.browser.conftest import Visit
from tests.browser.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 720},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}


async def write(page: Page, text: str) -> None:
    await page.fill("textarea", text)
    await page.press("textarea", "Enter")


def visitor(shop: Shop) -> str:
    return next(iter(shop.items))


def picture() -> FilePayload:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + b"\x40\xa0\x60" * 60 for _ in range(40))
    head = struct.pack(">IIBBBBB", 60, 40, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return {"name": "тех паспорт.png", "mimeType": "image/png", "buffer": data}


async def test_a_message_is_ticked_once_the_shop_has_it(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        await write(page, "Здравствуйте")
        mine = page.locator('parley-bubble[data-from="customer"]')
        await expect(mine).to_have_attribute("data-status", "sent")
        await expect(mine.get_by_role("img", name="Отправлено")).to_be_visible()
        assert [item["text"] for item in shop.items[visitor(shop)] if item["from"] == "customer"] == ["Здравствуйте"]


async def test_pressing_a_chip_sends_its_data_and_says_its_label(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        await write(page, "Здравствуйте")
        await page.get_by_role("button", name="Подбор запчастей").click()
        await expect(page.locator('parley-bubble[data-from="customer"]').last).to_contain_text("Подбор запчастей")
        await expect(page.get_by_text("Пришлите VIN")).to_be_visible()
    sent = [frame for frame in shop.frames if frame["type"] == "message"][-1]
    assert (sent["text"], sent["button"]) == ("Подбор запчастей", "topic:0")


async def test_an_answered_question_shows_its_answer_and_cannot_be_answered_again(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        await write(page, "Здравствуйте")
        await page.locator(".chip").first.click()
        await expect(page.locator(".chip:disabled")).to_have_count(5)
        await expect(page.locator(".chip.chosen")).to_have_text("Подбор запчастей")
        await shop.ask(visitor(shop))
        await expect(page.locator(".chip:enabled")).to_have_count(5)
        await page.reload()
        await expect(page.locator(".chip:enabled")).to_have_count(5)
        await expect(page.locator(".chip.chosen")).to_have_text("Подбор запчастей")


async def test_an_answer_in_words_closes_the_question_only_when_the_shop_replies(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        await write(page, "Здравствуйте")
        await expect(page.locator(".chip:enabled")).to_have_count(5)
        shop.talks = False
        await write(page, "минутку")
        await expect(page.locator('parley-bubble[data-status="sent"] >> text=минутку')).to_be_visible()
        await expect(page.locator(".chip:enabled")).to_have_count(5)
        await shop.say(visitor(shop), "Слушаю вас")
        await expect(page.locator(".chip:disabled")).to_have_count(5)


HOSTILE = (
    "<img src=x onerror=\"document.title='взломано'\"> <script>document.title='взломано'</script> </script> "
    "javascript:alert(1) data:text/html,<b>x https://good.example/a?b=1&c=2, https://shop.example@evil.example/ "
    'http://q.example/"onmouseover=alert(1) (https://wiki.example/A_(b))'
)


@pytest.mark.parametrize("sender", ["customer", "bot", "manager"])
async def test_hostile_text_is_shown_as_text(visit: Visit, shop: Shop, sender: str) -> None:
    async with visit() as page:
        await write(page, HOSTILE if sender == "customer" else "привет")
        await expect(page.locator('parley-bubble[data-status="sent"]').first).to_be_visible()
        if sender != "customer":
            buttons = [{"data": '"><img src=x onerror=alert(1)>', "label": "<b>жирно</b>"}]
            await shop.say(visitor(shop), HOSTILE, sender=sender, name="<img src=x>", buttons=buttons)
        bubble = page.locator("parley-bubble", has_text="onerror")
        await expect(bubble.locator(".text")).to_have_text(HOSTILE)
        links = await bubble.locator("a").evaluate_all("all => all.map(a => [a.href, a.rel, a.target])")
        safe = ["noopener noreferrer nofollow ugc", "_blank"]
        assert links == [
            ["https://good.example/a?b=1&c=2", *safe],
            ["http://q.example/", *safe],
            ["https://wiki.example/A_(b)", *safe],
        ]
        assert await page.locator("parley-bubble img, parley-bubble script, parley-bubble b").count() == 0
        assert "взломано" not in await page.title()


async def test_hostile_media_addresses_lead_nowhere(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        await write(page, "привет")
        media = [{"url": "javascript:alert(1)", "kind": kind, "name": "счёт.pdf"} for kind in ("document", "photo")]
        await shop.say(visitor(shop), "Счёт", media=media)
        await expect(page.locator(".paper")).to_have_count(2)
        assert await page.locator("parley-bubble a, parley-bubble img").count() == 0


async def test_a_refused_message_says_why_and_can_be_sent_again(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        shop.refuse_next = "throttled"
        await write(page, "Здравствуйте")
        failed = page.locator('parley-bubble[data-status="failed"]')
        await expect(failed).to_contain_text("Слишком часто")
        await page.reload()
        await expect(failed).to_contain_text("Слишком часто")
        await failed.get_by_role("button", name="Повторить").click()
        await expect(page.locator('parley-bubble[data-status="sent"]')).to_have_count(2)
    first, second = [frame["id"] for frame in shop.frames if frame["type"] == "message"]
    assert first == second


async def test_a_refused_message_can_be_deleted(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        shop.refuse_next = "throttled"
        await write(page, "Здравствуйте")
        await page.get_by_role("button", name="Удалить").click()
        await expect(page.locator("parley-bubble")).to_have_count(0)
        await page.reload()
        await expect(page.locator("parley-chat.empty")).to_be_visible()


async def test_a_photo_is_previewed_sent_and_can_be_looked_at(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        await page.set_input_files("#files", picture())
        await expect(page.locator("parley-tray .tile img")).to_be_visible()
        await write(page, "Вот фото")
        await expect(page.get_by_text("фото получили")).to_be_visible()
        photo = page.locator('parley-bubble[data-from="customer"] .photo img')
        await expect(photo).to_have_js_property("naturalWidth", 60)
        await expect(page.locator("parley-tray .tile")).to_have_count(0)
        await photo.click()
        await expect(page.locator("dialog.viewer img")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.locator("dialog.viewer")).to_have_count(0)
        await page.reload()
        await expect(photo).to_have_js_property("naturalWidth", 60)


async def test_send_pressed_during_an_upload_waits_for_it(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        on_its_way, may_arrive = asyncio.Event(), asyncio.Event()

        async def hold(route: Any) -> None:
            on_its_way.set()
            await may_arrive.wait()
            await route.continue_()

        await page.route("**/chat/files", hold)
        await page.set_input_files("#files", picture())
        await on_its_way.wait()
        await write(page, "Вот фото")
        await asyncio.sleep(0.3)
        await expect(page.locator("parley-bubble")).to_have_count(0)
        may_arrive.set()
        await expect(page.get_by_text("фото получили")).to_be_visible()


async def test_a_pasted_picture_is_attached(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        await page.evaluate(
            """bytes => {
                const data = new DataTransfer();
                data.items.add(new File([new Uint8Array(bytes)], "снимок.png", {type: "image/png"}));
                const paste = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
                document.querySelector("textarea").dispatchEvent(paste);
            }""",
            list(picture()["buffer"]),
        )
        await expect(page.locator("parley-tray .tile")).to_have_count(1)


async def test_a_dropped_picture_is_attached(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        await page.evaluate(
            """bytes => {
                const data = new DataTransfer();
                data.items.add(new File([new Uint8Array(bytes)], "снимок.png", {type: "image/png"}));
                for (const name of ["dragenter", "dragover", "drop"])
                    document.body.dispatchEvent(new DragEvent(name, {dataTransfer: data, bubbles: true, cancelable: true}));
            }""",
            list(picture()["buffer"]),
        )
        await expect(page.locator("parley-tray .tile")).to_have_count(1)
        await expect(page.locator(".veil")).to_have_count(0)


async def test_a_file_of_a_wrong_kind_is_refused_with_the_reason_and_can_be_removed(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        await page.set_input_files("#files", {"name": "x.png", "mimeType": "image/png", "buffer": b"<svg onload=x>"})
        await expect(page.locator("parley-tray")).to_contain_text("не принимаются")
        await expect(page.get_by_role("button", name="Отправить")).to_be_disabled()
        await page.get_by_role("button", name=re.compile("Убрать файл")).click()
        await expect(page.locator("parley-tray .tile")).to_have_count(0)


async def test_a_text_over_the_limit_is_not_lost_and_not_sent(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        await write(page, "я" * 4001)
        await expect(page.locator("parley-composer")).to_contain_text("4001 / 4000")
        await expect(page.get_by_role("button", name="Отправить")).to_be_disabled()
        await page.reload()
        await expect(page.locator("textarea")).to_have_value("я" * 4001)


async def test_a_long_text_is_folded_and_never_wider_than_the_page(visit: Visit, shop: Shop) -> None:
    async with visit(**PHONE) as page:
        await page.fill("textarea", "строка\n" * 60 + "слитно" * 100)
        await page.click(".send")
        await page.get_by_role("button", name="Показать полностью").click()
        await expect(page.locator(".text.folded")).to_have_count(0)
        await expect(page.get_by_role("button", name="Свернуть")).to_have_attribute("aria-expanded", "true")
        assert await page.evaluate("document.querySelector('.scroller').scrollWidth <= innerWidth")


async def test_a_phone_gets_the_whole_screen_and_no_zooming_field(visit: Visit, shop: Shop) -> None:
    async with visit(**PHONE) as page:
        box = await page.locator("parley-chat").bounding_box()
        assert box == {"x": 0, "y": 0, "width": 390, "height": 720}
        assert await page.locator("textarea").evaluate("field => getComputedStyle(field).fontSize") == "16px"
        await page.fill("textarea", "раз")
        await page.press("textarea", "Enter")
        await expect(page.locator("parley-bubble")).to_have_count(0)
        await page.tap(".send")
        await page.locator(".chip").first.tap()
        await expect(page.get_by_text("Пришлите VIN")).to_be_in_viewport()
        sizes = await page.locator(".round:visible").evaluate_all("all => all.map(one => one.offsetHeight)")
        assert min(sizes) >= 44


async def test_the_log_speaks_of_what_is_new_but_not_of_history(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        log = page.get_by_role("log")
        await expect(log).to_have_attribute("aria-live", "polite")
        await write(page, "Здравствуйте")
        await expect(page.get_by_role("group", name="Варианты ответа")).to_be_visible()
        text = await page.locator("parley-bubble").first.inner_text()
        assert text.startswith("Вы:")


async def test_the_whole_talk_works_without_a_mouse(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        await expect(page.locator("textarea")).to_be_focused()
        await page.keyboard.type("Здравствуйте")
        await page.keyboard.press("Enter")
        await expect(page.locator(".chip")).to_have_count(5)
        for _ in range(8):
            await page.keyboard.press("Shift+Tab")
            if (
                await page.locator(".chip:focus").count()
                and "Мой заказ" in await page.locator(".chip:focus").inner_text()
            ):
                break
        await page.keyboard.press("Enter")
        await expect(page.locator(".chip.chosen")).to_have_text("Мой заказ")
        await expect(page.locator("textarea")).to_be_focused()


async def test_new_messages_do_not_tear_the_reader_away_from_old_ones(visit: Visit, shop: Shop) -> None:
    async with visit() as page:
        await write(page, "Здравствуйте")
        await expect(page.locator(".chip")).to_have_count(5)
        for number in range(30):
            await shop.say(visitor(shop), f"Строка {number}", sender="manager", name="Анна")
        await expect(page.get_by_text("Строка 29")).to_be_in_viewport()
        await page.locator(".scroller").evaluate("it => it.scrollTo(0, 0)")
        await expect(page.locator(".newer")).to_be_visible()
        await shop.say(visitor(shop), "Самое новое", sender="manager", name="Анна")
        await expect(page.get_by_text("Самое новое")).not_to_be_in_viewport()
        await page.get_by_role("button", name="К новым сообщениям").click()
        await expect(page.get_by_text("Самое новое")).to_be_in_viewport()
        await expect(page.locator(".newer")).to_be_hidden()


@pytest.mark.parametrize(
    ("lang", "placeholder"),
    [
        ("ru", "Напишите сообщение…"),
        ("uk", "Напишіть повідомлення…"),
        ("en", "Write a message…"),
        ("de", "Write a message…"),
    ],
)
async def test_the_page_speaks_the_language_it_is_asked_for(visit: Visit, lang: str, placeholder: str) -> None:
    async with visit(f"/chat?lang={lang}") as page:
        await expect(page.locator("textarea")).to_have_attribute("placeholder", placeholder)


async def test_what_is_drawn_comes_in_the_dark_too(visit: Visit) -> None:
    async with visit(color_scheme="dark") as page:
        background = await page.locator("parley-chat").evaluate("it => getComputedStyle(it).backgroundColor")
        assert background == "rgb(26, 33, 31)"
