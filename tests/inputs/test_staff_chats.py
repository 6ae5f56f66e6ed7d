"""A manager's chat with the bot, the whole way: link, task, buttons, replies; and what others do with it."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from state import people
from tests import payloads
from tests.inputs.halls import Hall

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("aiogram_at_hand")]

Call = Callable[..., Awaitable[tuple[int, Any]]]


async def hired(hall: Hall, name: str, role: people.Role = "manager") -> Call:
    """Calls of the API as this new person."""
    db, now = hall.app.db, hall.app.clock.now()

    def make(conn: Any) -> str:
        return people.issue_api(conn, db.ids, people.add_person(conn, db.ids, name, role, now).id, now)

    token = await db.write(make)

    async def call(method: str, path: str, **body: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"}
        async with hall.http.request(method, f"{hall.base}/api/v1{path}", headers=headers, json=body or None) as answer:
            return answer.status, json.loads(await answer.read())

    return call


async def tell(hall: Hall, chat: int, text: str, **more: Any) -> None:
    update = hall.update(chat=chat, text=text, message_id=hall.number(), **more)
    assert await hall.tell(update) == 200
    await hall.settled()


async def press(hall: Hall, chat: int, data: str) -> None:
    update = payloads.telegram(
        "button_pressed", update_id=20_000 + hall.number(), chat=chat, data=data, id=f"c{hall.number()}"
    )
    assert await hall.tell(update) == 200
    await hall.settled()


async def customer(hall: Hall) -> tuple[int, dict[str, Any]]:
    chat = hall.newcomer()
    await tell(hall, chat, "Нужны <b>колодки</b>")
    (identity,) = await hall.rows("identities", address=str(chat))
    (deal,) = await hall.rows("deals", contact_id=identity["contact_id"])
    return chat, deal


def said(hall: Hall, chat: int) -> list[Any]:
    return hall.telegram.ledger.sent(chat)


async def test_a_manager_ties_a_chat_and_works_from_it(hall: Hall) -> None:
    anna = await hired(hall, "Анна")
    status, given = await anna("POST", "/me/telegram")
    assert status == 200
    code = given["command"].removeprefix("/start ")
    assert given["link"] == f"https://t.me/standin_bot?start={code}"
    chat = hall.newcomer()
    await tell(hall, chat, f"/start {code}")
    assert "Анна" in said(hall, chat)[-1].text
    assert await anna("GET", "/me/telegram") == (200, {"tied": True, "reachable": True})
    who, deal = await customer(hall)
    boss = await hired(hall, "Вера", "head")
    me = (await anna("GET", "/me"))[1]["id"]
    status, task = await boss(
        "POST", f"/deals/{deal['id']}/tasks", text="Позвонить", kind="call", responsible=me, due_in="1h working"
    )
    assert status == 200
    await hall.settled()
    told, quote = said(hall, chat)[-2:]
    assert "parse_mode" not in told.params
    labels = [button["text"] for row in told.params["reply_markup"]["inline_keyboard"] for button in row]
    assert labels == ["Взять", "Готово", "Открыть"]
    assert "│ Нужны <b>колодки</b>" in quote.text

    await press(hall, chat, f"s.{task['id']}.take")
    assert (await anna("GET", f"/deals/{deal['id']}"))[1]["responsible"]["id"] == me
    await tell(hall, chat, "Есть, 2 500", reply_to_message={"message_id": int(quote.provider_id)})
    assert said(hall, who)[-1].text == "Есть, 2 500"
    await press(hall, chat, f"s.{task['id']}.done")
    asks = said(hall, chat)[-1]
    forwarded = payloads.telegram("text_forwarded", update_id=30_000 + hall.number(), chat=chat)
    assert await hall.tell(forwarded) == 200
    await hall.settled()
    assert (await hall.rows("tasks", id=task["id"]))[0]["state"] == "open"  # somebody else's words are no result
    await tell(hall, chat, "Договорились", reply_to_message={"message_id": int(asks.provider_id)})
    assert "Задача закрыта" in said(hall, chat)[-1].text
    (row,) = await hall.rows("tasks", id=task["id"])
    assert (row["state"], row["result"], row["done_by"]) == ("done", "Договорились", me)

    assert (await anna("DELETE", "/me/telegram"))[0] == 200
    count = len(said(hall, chat))
    await boss("POST", f"/deals/{deal['id']}/tasks", text="Ещё", responsible=me)
    await hall.settled()
    assert len(said(hall, chat)) == count  # a lost phone hears nothing more


async def test_a_group_ties_nothing_and_a_stranger_presses_in_vain(hall: Hall) -> None:
    anna = await hired(hall, "Анна")
    _, given = await anna("POST", "/me/telegram")
    group = hall.update(chat=-100_500, text=given["command"])
    group["message"]["chat"]["type"] = "supergroup"
    assert await hall.tell(group) == 200
    assert (await hall.last())["reason"] == "group"
    assert (await anna("GET", "/me/telegram"))[1]["tied"] is False
    _, deal = await customer(hall)
    _, task = await anna("POST", f"/deals/{deal['id']}/tasks", text="Проверить")
    stranger = hall.newcomer()
    await press(hall, stranger, f"s.{task['id']}.done")
    await tell(hall, stranger, "Готово")
    (row,) = await hall.rows("tasks", id=task["id"])
    assert row["state"] == "open"


async def test_a_marketer_gets_no_link(hall: Hall) -> None:
    mara = await hired(hall, "Мара", "marketer")
    assert (await mara("POST", "/me/telegram"))[0] == 404


async def test_tasks_over_the_api_ask_for_a_contact_are_passed_on_and_listed_where_overdue(hall: Hall) -> None:
    anna, boris = await hired(hall, "Анна"), await hired(hall, "Борис")
    _, deal = await customer(hall)
    his = (await boris("GET", "/me"))[1]["id"]
    _, task = await anna("POST", f"/deals/{deal['id']}/tasks", text="Позвонить", kind="call")
    for length in ("soon", "251d working"):
        assert (await anna("POST", f"/deals/{deal['id']}/tasks", text="Ещё", due_in=length))[0] == 422
    assert (await anna("POST", f"/deals/{deal['id']}/tasks", text="Ещё", due_in="3d 1h working"))[0] == 200
    status, refused = await anna("POST", f"/tasks/{task['id']}/done", result="Сделано")
    assert (status, refused["error"]["code"], refused["error"]["missing"]) == (409, "no_contact", ["message", "call"])
    assert refused["error"]["current"]["state"] == "open"
    status, edited = await anna("PATCH", f"/tasks/{task['id']}", responsible=his, due_at="2020-01-01T10:00:00Z")
    assert (status, edited["responsible"]["name"], edited["due_at"]) == (200, "Борис", "2020-01-01T10:00:00.000Z")
    status, late = await boris("GET", "/tasks?overdue=true&responsible=me")
    assert [t["id"] for t in late["items"]] == [task["id"]]
    for body in ({"responsible": 999_999_999}, {"due_in": "1h", "due_at": "2030-01-01T10:00:00Z"}, {"text": " "}):
        assert (await anna("PATCH", f"/tasks/{task['id']}", **body))[0] == 422
    assert (await anna("PATCH", "/tasks/999999999", text="x"))[0] == 404
    status, done = await boris("POST", f"/tasks/{task['id']}/done", result="Сделано", no_contact_reason="приходил сам")
    assert (status, done["details"]["no_contact"]) == (200, "приходил сам")
    assert (await anna("PATCH", f"/tasks/{task['id']}", text="x"))[0] == 409
