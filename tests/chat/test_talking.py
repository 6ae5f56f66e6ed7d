"""A customer talks to the shop over the page's wire, and comes back after whatever went wrong."""

import asyncio

import aiohttp
import pytest

from gateway.desk import Take, Write
from tests.chat.conftest import PATIENCE_S, Customer, Line, Open, Shop

VIN = "WVWZZZ1JZXW000001"


async def to_the_menu(customer: Customer) -> tuple[Line, dict]:
    line = await customer.line()
    assert await line.hello() == []
    await line.send("c1", "Здравствуйте")
    return line, await line.item("Что вас интересует?")


async def test_the_bot_answers_over_the_socket_in_the_order_of_what_was_said(shop: Shop, customer: Customer):
    line, menu = await to_the_menu(customer)
    ack = await line.frame("ack")
    assert (menu["from"], menu["status"]) == ("bot", "sent")
    assert menu["buttons"][0]["label"] == "1. Подобрать запчасти"
    items = await customer.items()
    assert [i["from"] for i in items] == ["customer", "bot", "bot"]
    assert (items[0]["id"], items[0]["client_id"], items[0]["at"]) == (ack["item"], "c1", ack["at"])


async def test_a_message_is_on_disk_before_it_is_acknowledged(open_shop: Open, http: aiohttp.ClientSession):
    shop = await open_shop(workers=False)
    customer = Customer(http, shop)
    await customer.open()
    line = await customer.line()
    await line.send("c1", "Здравствуйте")
    await line.quiet()
    assert await shop.rows("inbox") == []
    keeping = asyncio.create_task(shop.app.intake.run())
    ack = await line.frame("ack")
    # Nobody takes turns in this shop: the message is safe, and has no place in the conversation yet.
    assert (ack["id"], ack["item"], ack["at"]) == ("c1", None, None)
    assert [r["state"] for r in await shop.rows("inbox")] == ["waiting"]
    await line.hello()
    await shop.app.turns.once()
    await line.ws.send_json({"type": "hello", "after": 0})
    assert [i["client_id"] for i in (await line.frame("history"))["items"]] == ["c1"]
    keeping.cancel()


async def test_a_pressed_button_answers_the_question_and_reads_as_its_label(shop: Shop, customer: Customer):
    line, menu = await to_the_menu(customer)
    parts = menu["buttons"][0]
    await line.send("c2", parts["label"], button=parts["data"])
    assert (await line.item("1."))["from"] == "customer"
    await line.item("Пришлите VIN")
    assert (await shop.rows("deals"))[0]["fields"] == {"topic": "Подобрать запчасти"}


async def test_a_typed_digit_means_the_same_as_the_button(shop: Shop, customer: Customer):
    line, _ = await to_the_menu(customer)
    await line.send("c2", "1")
    await line.item("Пришлите VIN")


async def test_a_button_of_a_question_long_answered_is_heard_as_words(shop: Shop, customer: Customer):
    line, menu = await to_the_menu(customer)
    await line.send("c2", "1")
    await line.item("Пришлите VIN")
    old = menu["buttons"][3]
    await line.send("c3", old["label"], button=old["data"])
    await line.item("Какие детали нужны")


async def test_an_old_button_without_words_is_acknowledged_and_changes_nothing(shop: Shop, customer: Customer):
    line, menu = await to_the_menu(customer)
    await line.send("c2", "1")
    await line.item("Пришлите VIN")
    await line.send("c3", "", button=menu["buttons"][3]["data"])
    assert (await line.frame("ack", id="c3"))["item"] is None
    assert [r["reason"] for r in await shop.rows("inbox")][-1] == "stale_button"


async def test_to_the_hand_off_and_a_managers_answer_under_her_name(shop: Shop, customer: Customer):
    line, _ = await to_the_menu(customer)
    for n, (said, answer) in enumerate(
        [("1", "Пришлите VIN"), (VIN, "Какие детали"), ("тормозные колодки", "Сколько штук"), ("2", "Спасибо!")]
    ):
        await line.send(f"m{n}", said)
        await line.item(answer)
    (task,) = await shop.rows("tasks")
    assert task["details"]["vin"] == VIN
    anna = await shop.manager("Анна Ветрова")
    await shop.command(Take(), anna)
    await shop.command(Write("Добрый день! Колодки есть."), anna)
    said = await line.item("Добрый день!")
    assert (said["from"], said["name"]) == ("manager", "Анна Ветрова")


async def test_what_the_bot_had_not_sent_when_a_person_took_over_is_never_shown(
    open_shop: Open, http: aiohttp.ClientSession
):
    shop = await open_shop(workers=False)
    customer = Customer(http, shop)
    await customer.open()
    keeping = asyncio.create_task(shop.app.intake.run())
    posting = asyncio.create_task(customer.post("c1", "Здравствуйте"))
    await shop.comes(lambda: _has(shop, "inbox"))
    await shop.app.turns.once()
    await posting
    assert [i["from"] for i in await customer.items()] == ["customer"]
    anna = await shop.manager()
    taking = asyncio.create_task(shop.command(Take(), anna))
    while not taking.done():
        await shop.app.turns.once()
        await asyncio.sleep(0.01)
    await shop.app.delivery.once()
    assert [i["from"] for i in await customer.items()] == ["customer"]
    assert {p["state"] for p in await shop.rows("parts")} == {"blocked"}
    keeping.cancel()


async def test_an_answer_that_was_held_up_is_not_missed_by_a_page_that_knows_a_later_item(
    open_shop: Open, http: aiohttp.ClientSession
):
    shop = await open_shop(workers=False)
    customer = Customer(http, shop)
    await customer.open()
    keeping = asyncio.create_task(shop.app.intake.run())
    for n in (1, 2):
        posting = asyncio.create_task(customer.post(f"c{n}", f"Здравствуйте {n}"))
        await shop.comes(lambda n=n: _has(shop, "inbox", n))
        await shop.app.turns.once()
        _, ack = await posting
        await asyncio.sleep(1.1)  # so that a moment's difference between clocks explains nothing
    for _ in range(6):
        await shop.app.delivery.once()
        await shop.app.delivery.settled()
    assert "Здравствуйте, спасибо" in (await customer.items(ack["item"]))[0]["text"]
    keeping.cancel()


async def _has(shop: Shop, table: str, n: int = 1) -> bool:
    return len(await shop.rows(table)) >= n


async def test_after_a_restart_the_conversation_is_there_and_an_unanswered_message_is_not_doubled(
    shop: Shop, customer: Customer
):
    line, menu = await to_the_menu(customer)
    await line.send("c2", "1")
    last = await line.item("Пришлите VIN")
    await line.ws.close()
    await shop.restart()
    line = await customer.line()
    assert await line.hello(last["id"]) == []
    await line.send("c2", "1")
    ack = await line.frame("ack", id="c2")
    before = await line.hello(0)
    assert [i["id"] for i in before if i["client_id"] == "c2"] == [ack["item"]]
    assert [i["client_id"] for i in before if i["from"] == "customer"] == ["c1", "c2"]
    assert menu["id"] in [i["id"] for i in before]
    await line.send("c3", VIN)
    await line.item("Какие детали")


async def test_the_page_is_told_goodbye_when_the_shop_stops_and_what_was_acknowledged_is_handled(
    shop: Shop, customer: Customer
):
    line, _ = await to_the_menu(customer)
    await line.send("c2", "1")
    await line.frame("ack", id="c2")
    stopping = asyncio.create_task(shop.restart())
    while (message := await line.ws.receive(timeout=PATIENCE_S)).type is aiohttp.WSMsgType.TEXT:
        pass
    assert message.type is aiohttp.WSMsgType.CLOSE
    assert message.data == aiohttp.WSCloseCode.GOING_AWAY
    await stopping
    assert (await customer.items())[-1]["text"].startswith("Пришлите VIN")


async def test_two_tabs_hear_everything_once(shop: Shop, customer: Customer):
    first, _ = await to_the_menu(customer)
    second = await customer.line()
    assert len(await second.hello()) == 3
    await first.send("c2", "1")
    for line in (first, second):
        await line.item("Пришлите VIN")
    await first.frame("ack", id="c2")
    await second.quiet()
    assert [f["type"] for f in second.kept] == []


async def test_what_was_on_the_screen_is_known_to_be_read_and_only_that(shop: Shop, customer: Customer):
    line, menu = await to_the_menu(customer)
    await line.send("c2", "1")
    await line.item("Пришлите VIN")
    await line.ws.send_json({"type": "seen", "id": menu["id"]})
    await line.ws.send_json({"type": "seen", "id": menu["id"]})

    async def read() -> bool:
        return [p["state"] for p in await shop.rows("parts")] == ["read", "read", "sent"]

    await shop.comes(read)
    assert [i["status"] for i in await customer.items() if i["from"] == "bot"] == ["read", "read", "sent"]


async def test_nobody_marks_anybody_elses_messages_as_read(shop: Shop, customer: Customer, http: aiohttp.ClientSession):
    _, menu = await to_the_menu(customer)
    stranger = Customer(http, shop)
    await stranger.open()
    line = await stranger.line()
    await line.ws.send_json({"type": "seen", "id": menu["id"]})
    assert await line.hello() == []
    assert [r["kind"] for r in await shop.rows("inbox")] == ["message"]


async def test_a_managers_long_text_is_one_item_with_every_word(shop: Shop, customer: Customer):
    line, _ = await to_the_menu(customer)
    text = "\n".join(f"{n}. Колодки тормозные, передние, в наличии" for n in range(200))
    await shop.command(Write(text), await shop.manager())
    item = await line.item("0. Колодки")
    assert item["text"] == text
    assert len([p for p in await shop.rows("parts") if p["entry_id"] == item["id"]]) > 1


async def test_words_a_socket_does_not_know_are_let_pass_and_bad_frames_are_refused(shop: Shop, customer: Customer):
    line = await customer.line()
    await line.ws.send_json({"type": "typing"})
    await line.ws.send_str("[" * 50_000)
    assert (await line.frame("error"))["code"] == "not_json"
    await line.ws.send_str('{"type": "message", "text": "без номера"}')
    assert (await line.frame("error"))["code"] == "no_id"
    await line.send("long", "я" * 4001)
    refused = await line.frame("error")
    assert (refused["id"], refused["code"], refused["limit"]) == ("long", "text_too_long", 4000)
    assert await line.hello() == []


async def test_a_flood_of_messages_is_slowed_down_and_what_was_taken_is_kept(shop: Shop, customer: Customer):
    answers = [await customer.post(f"c{n}", "раз") for n in range(70)]
    taken = [status for status, _ in answers].count(200)
    assert 60 <= taken < 70
    assert {body["error"]["code"] for status, body in answers if status != 200} == {"throttled"}
    assert len(await shop.rows("inbox")) == taken


@pytest.mark.parametrize("database_url", ["new sqlite", "new postgres"], indirect=True)
async def test_the_whole_way_on_both_databases(database_url: str, open_shop: Open, http: aiohttp.ClientSession):
    shop = await open_shop(database_url=database_url)
    customer = Customer(http, shop)
    await customer.open()
    line, menu = await to_the_menu(customer)
    await line.send("c2", menu["buttons"][0]["label"], button=menu["buttons"][0]["data"])
    await line.item("Пришлите VIN")
    await line.send("c2", menu["buttons"][0]["label"], button=menu["buttons"][0]["data"])
    await line.frame("ack", id="c2")
    await line.ws.close()
    await shop.restart()
    line = await customer.line()
    assert [i["client_id"] for i in await line.hello() if i["from"] == "customer"] == ["c1", "c2"]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_pages_of_one_process_hear_what_another_process_did(
    database_url: str, open_shop: Open, http: aiohttp.ClientSession
):
    one = await open_shop(database_url=database_url)
    other = await open_shop(database_url=database_url)
    customer = Customer(http, one)
    await customer.open()
    line, _ = await to_the_menu(customer)
    customer.shop = other
    status, ack = await customer.post("c2", "1")
    assert (status, ack["id"]) == (200, "c2")
    await line.item("Пришлите VIN")
    items = await customer.items()
    assert [i["from"] for i in items] == ["customer", "bot", "bot", "customer", "bot"]
    assert await customer.items(items[2]["id"]) == items[3:]
