"""Deals as other programs see them: shapes, pages, searches and what managers do."""

from dataclasses import replace

import pytest

from bots.kit.hours import Hours
from gateway.events import Received, Unusable
from tests.api.conftest import Shop, both_databases

DEAL = {
    "id", "funnel", "stage", "title", "source", "tags", "fields", "contact", "responsible", "bot", "waiting_since", "opened_at",
    "closed_at", "outcome", "reason", "version",
}  # fmt: skip


@both_databases
async def test_a_first_message_is_a_deal_with_a_bot_at_its_first_question(shop: Shop) -> None:
    deal = await shop.deal()
    assert set(deal) >= DEAL
    assert (deal["funnel"], deal["stage"], deal["source"], deal["version"] > 0) == (
        "retail",
        "left_request",
        "web",
        True,
    )
    (address,) = deal["contact"]["identities"]
    assert (address["channel"], address["address"], address["id"] > 0) == ("web", "ivan", True)
    assert (deal["contact"]["name"], deal["contact"]["phone"], deal["responsible"]) == ("Иван", None, None)
    assert deal["bot"]["name"] == "qualifier"
    assert deal["bot"]["status"] == "running"
    assert deal["bot"]["waits_until"] == "2025-11-01T22:26:40.000Z"
    assert deal["opened_at"] == "2025-11-01T12:26:40.000Z"
    assert (deal["closed_at"], deal["outcome"], deal["reason"]) == (None, None, None)


@both_databases
async def test_the_timeline_is_oldest_first_and_pages_without_gaps_or_repeats(shop: Shop) -> None:
    deal = await shop.deal()
    for n in range(7):
        await shop.call("POST", f"/deals/{deal['id']}/notes", json={"text": f"заметка {n}"})
    whole = (await shop.get(f"/deals/{deal['id']}/timeline?limit=200"))["items"]
    paged, cursor = [], ""
    while True:
        page = await shop.get(f"/deals/{deal['id']}/timeline?limit=3{cursor}")
        paged += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert paged == whole
    assert [e["at"] for e in whole] == sorted(e["at"] for e in whole)
    first = next(e for e in whole if e["kind"] == "message")
    assert (first["direction"], first["author"], first["text"], first["status"]) == (
        "in",
        "customer",
        "здравствуйте",
        None,
    )
    bot = next(e for e in whole if e["author"] == "bot" and e["kind"] == "message")
    assert (bot["direction"], bot["channel"], bot["status"], bot["error"], bot["media"]) == (
        "out",
        "web",
        "queued",
        None,
        [],
    )
    assert {"message", "bot", "note", "system"} <= {e["kind"] for e in whole}


@both_databases
async def test_deals_page_newest_first_and_a_new_one_does_not_shift_the_pages(shop: Shop) -> None:
    opened = []
    for _ in range(5):
        shop.clock.advance(1000)
        opened.append((await shop.open_deal())["id"])
    first = await shop.get("/deals?limit=2")
    shop.clock.advance(1000)
    await shop.open_deal()
    second = await shop.get(f"/deals?limit=2&cursor={first['next']}")
    third = await shop.get(f"/deals?limit=2&cursor={second['next']}")
    ids = [d["id"] for page in (first, second, third) for d in page["items"]]
    assert ids == opened[::-1]
    assert third["next"] is None


@both_databases
async def test_deals_are_found_by_each_of_their_filters(shop: Shop) -> None:
    token = shop.token(name="Ольга")
    mine = await shop.open_deal(token, name="Пётр Сергеев", phone="8 916 123-45-67")
    other = await shop.open_deal(name="100% Bob_by", email="bob@example.com")
    await shop.call("POST", f"/deals/{other['id']}/move", json={"stage": "lost", "reason": "price"})

    async def found(query: str, token: str = token) -> list[int]:
        return [d["id"] for d in (await shop.get(f"/deals?{query}", token))["items"]]

    assert await found("phone=8+(916)+123-45-67") == [mine["id"]]
    assert await found("phone=1234567") == [mine["id"]]
    assert await found("phone=9165554433") == []
    assert await found("open=true") == [mine["id"]]
    assert await found("open=false") == [other["id"]]
    assert await found("responsible=me") == [mine["id"]]
    assert await found(f"responsible={mine['responsible']['id']}") == [mine["id"]]
    assert await found("responsible=none") == []
    assert await found("funnel=retail&stage=lost") == [other["id"]]
    assert await found("q=сергеев") == [mine["id"]]
    assert await found("q=%D0%9F%D0%81%D0%A2%D0%A0") == [mine["id"]]
    assert await found("q=%25") == [other["id"]]
    assert await found("q=_") == [other["id"]]
    assert await found("q=example.com") == [other["id"]]


@both_databases
async def test_a_search_is_literal_and_capped(shop: Shop) -> None:
    deal = await shop.open_deal(name="Анна")
    assert [d["id"] for d in (await shop.get("/deals", params={"q": "анн"}))["items"]] == [deal["id"]]
    for strange in ("%", "_", "\\", "x" * 5_000, "\u202e\u2066анна", "'; DROP TABLE deals;--", "a\x00b", "*"):
        assert (await shop.get("/deals", params={"q": strange}))["items"] == [], strange


@both_databases
async def test_a_managers_message_takes_the_talk_from_the_bot(shop: Shop) -> None:
    deal = await shop.deal()
    token = shop.token(name="Ольга")
    status, message = await shop.call("POST", f"/deals/{deal['id']}/messages", token, json={"text": "Добрый день!"})
    assert status == 200
    assert message["kind"] == "message"
    assert (message["author"], message["person"]["name"], message["status"]) == ("manager", "Ольга", "queued")
    now = await shop.get(f"/deals/{deal['id']}")
    assert (now["owner"], now["responsible"]["name"], now["bot"]["status"], now["waiting_since"]) == (
        "person",
        "Ольга",
        "stopped",
        None,
    )
    said = (await shop.get(f"/deals/{deal['id']}/timeline?limit=200"))["items"]
    assert {e["status"] for e in said if e["kind"] == "message" and e["author"] == "bot"} == {"blocked"}


@both_databases
async def test_the_same_client_id_again_is_the_same_message(shop: Shop) -> None:
    deal = await shop.deal()
    first = await shop.call("POST", f"/deals/{deal['id']}/messages", json={"text": "Да", "client_id": "c1"})
    again = await shop.call("POST", f"/deals/{deal['id']}/messages", json={"text": "Да", "client_id": "c1"})
    assert again == first
    assert first[1]["client_id"] == "c1"


@pytest.mark.parametrize(
    ("states", "status", "repeat"),
    [
        (["sent", "delivered"], "sent", False),
        (["delivered", "read"], "delivered", False),
        (["read", "read"], "read", False),
        (["read", "sending"], "queued", False),
        (["read", "failed"], "failed", False),
        (["blocked", "sent"], "blocked", False),
        (["unknown", "delivered"], "unknown", True),
    ],
)
async def test_a_message_is_as_far_as_its_slowest_part(
    shop: Shop, states: list[str], status: str, repeat: bool
) -> None:
    deal = await shop.deal()
    _, message = await shop.call("POST", f"/deals/{deal['id']}/messages", json={"text": "а" * 6_000})

    def set_parts(conn: object) -> None:
        ids = (
            conn.exec_driver_sql("SELECT id FROM parts WHERE entry_id = ? ORDER BY id", (message["id"],))
            .scalars()
            .all()
        )  # type: ignore[attr-defined]
        assert len(ids) == len(states)
        for part, state in zip(ids, states, strict=True):
            row = (state, "63016" if state in ("failed", "blocked") else "", int(repeat), part)
            conn.exec_driver_sql("UPDATE parts SET state = ?, error = ?, repeats = ? WHERE id = ?", row)  # type: ignore[attr-defined]

    await shop.ctx.db.write(set_parts)
    entry = (await shop.get(f"/deals/{deal['id']}/timeline?limit=200"))["items"][-1]
    assert (entry["id"], entry["status"], entry.get("repeat", False)) == (message["id"], status, repeat)
    assert entry["error"] == ("63016" if status in ("failed", "blocked") else None)


@both_databases
async def test_an_edit_changes_only_what_it_names(shop: Shop) -> None:
    deal, olga = await shop.open_deal(), shop.token(name="Ольга")
    person = await shop.get("/me", olga)
    edit = {
        "title": "Колодки",
        "fields": {"vin": "XTA21099", "сумма": 150_000, "срочно": True, "пусто": None},
        "tags": ["опт", "опт"],
    }
    status, now = await shop.call("PATCH", f"/deals/{deal['id']}", json=edit)
    assert status == 200
    assert (now["title"], now["tags"], now["fields"]["vin"], now["fields"]["сумма"]) == (
        "Колодки",
        ["опт"],
        "XTA21099",
        150_000,
    )
    _, now = await shop.call("PATCH", f"/deals/{deal['id']}", json={"responsible": person["id"]})
    assert (now["title"], now["responsible"]) == ("Колодки", {"id": person["id"], "name": "Ольга"})
    _, now = await shop.call("PATCH", f"/deals/{deal['id']}", json={"responsible": None})
    assert (now["responsible"], now["owner"]) == (None, "pool")


@both_databases
async def test_an_edit_of_an_old_version_is_refused_with_the_current_one(shop: Shop) -> None:
    deal = await shop.open_deal()
    _, now = await shop.call("PATCH", f"/deals/{deal['id']}", json={"title": "Раз"})
    for given in (
        {"headers": {"If-Match": f'"{deal["version"]}"'}, "json": {"title": "Два"}},
        {"json": {"title": "Два", "version": deal["version"]}},
    ):
        status, refused = await shop.call("PATCH", f"/deals/{deal['id']}", **given)
        assert (status, refused["error"]["code"], refused["error"]["current"]) == (409, "stale", now)
    status, _ = await shop.call(
        "PATCH", f"/deals/{deal['id']}", json={"title": "Два"}, headers={"If-Match": f'"{now["version"]}"'}
    )
    assert status == 200


@both_databases
async def test_a_lost_deal_needs_a_reason_and_then_takes_no_more_messages(shop: Shop) -> None:
    deal = await shop.deal()
    status, refused = await shop.call("POST", f"/deals/{deal['id']}/move", json={"stage": "lost"})
    assert (status, refused["error"]["field"]) == (422, "reason")
    status, refused = await shop.call(
        "POST", f"/deals/{deal['id']}/move", json={"stage": "lost", "reason": "bogus", "fields": {"vin": "1"}}
    )
    assert (status, refused["error"]["field"]) == (422, "reason")
    assert "price" in refused["error"]["message"]
    assert "vin" not in (await shop.get(f"/deals/{deal['id']}"))["fields"]
    _, lost = await shop.call("POST", f"/deals/{deal['id']}/move", json={"stage": "lost", "reason": "price"})
    assert (lost["outcome"], lost["reason"], lost["closed_at"] is not None) == ("lost", "price", True)
    status, refused = await shop.call("POST", f"/deals/{deal['id']}/messages", json={"text": "Подождите!"})
    assert (status, refused["error"]["code"], refused["error"]["current"]["outcome"]) == (409, "closed", "lost")


@both_databases
async def test_a_reply_outside_the_window_names_the_ways_out(shop: Shop) -> None:
    deal = await shop.deal("+79161234567", channel="whatsapp", phone="+79161234567")
    await shop.call("POST", f"/deals/{deal['id']}/take")
    shop.clock.advance(25 * 3_600_000)
    status, refused = await shop.call("POST", f"/deals/{deal['id']}/messages", json={"text": "Добрый день!"})
    assert (status, refused["error"]["field"]) == (422, "text")
    assert "template" in refused["error"]["message"]


@both_databases
async def test_a_bot_can_be_stopped_and_started_again(shop: Shop) -> None:
    deal = await shop.deal()
    _, stopped = await shop.call("POST", f"/deals/{deal['id']}/bot", json={"action": "stop"})
    assert stopped["bot"]["status"] == "stopped"
    _, started = await shop.call("POST", f"/deals/{deal['id']}/bot", json={"action": "start", "bot": "qualifier"})
    assert (started["bot"]["status"], started["owner"]) == ("running", "bot")
    status, refused = await shop.call("POST", f"/deals/{deal['id']}/bot", json={"action": "start"})
    assert (status, refused["error"]["code"]) == (409, "bot_running")
    status, refused = await shop.call("POST", f"/deals/{deal['id']}/bot", json={"action": "dance"})
    assert (status, refused["error"]["field"]) == (422, "action")


@both_databases
async def test_tasks_are_listed_by_whose_and_when(shop: Shop) -> None:
    deal, olga = await shop.open_deal(), shop.token(name="Ольга")
    person = await shop.get("/me", olga)
    for n, due in enumerate(("2026-03-01T10:00:00+03:00", "2026-01-01T10:00:00Z", "2026-02-01T10:00:00Z")):
        body = {"text": f"дело {n}", "kind": "call", "due_at": due, "responsible": person["id"]}
        assert (await shop.call("POST", f"/deals/{deal['id']}/tasks", json=body))[0] == 200
    mine = await shop.get("/tasks?responsible=me&state=open", olga)
    assert [t["text"] for t in mine["items"]] == ["дело 1", "дело 2", "дело 0"]
    task = mine["items"][0]
    assert task["due_at"] == "2026-01-01T10:00:00.000Z"
    assert (task["deal"], task["kind"], task["created_by"], task["state"], task["result"]) == (
        deal["id"],
        "call",
        "manager",
        "open",
        None,
    )
    early = await shop.get("/tasks?due_before=2026-01-15T00:00:00Z", olga)
    assert [t["text"] for t in early["items"]] == ["дело 1"]
    pages, cursor = [], ""
    for _ in range(3):
        page = await shop.get(f"/tasks?responsible={person['id']}&limit=1{cursor}", olga)
        pages += page["items"]
        cursor = f"&cursor={page['next']}"
    assert pages == mine["items"]
    for nothing in ("  ", ""):
        status, refused = await shop.call("POST", f"/tasks/{task['id']}/done", olga, json={"result": nothing})
        told = refused["error"]
        assert (status, told["field"], told["message"]) == (422, "result", "must not be empty")
    status, done = await shop.call(
        "POST",
        f"/tasks/{task['id']}/done",
        olga,
        json={"result": "дозвонились", "no_contact_reason": "с личного номера"},
    )
    assert (status, done["state"], done["result"]) == (200, "done", "дозвонились")
    assert [t["id"] for t in (await shop.get("/tasks?state=done", olga))["items"]] == [task["id"]]


@both_databases
async def test_a_deal_by_hand_finds_the_contact_it_is_for(shop: Shop) -> None:
    deal = await shop.deal("+79161234567", channel="whatsapp", phone="+79161234567")
    status, refused = await shop.call("POST", "/deals", json={"contact": {"phone": "8 916 123 45 67"}})
    assert (status, refused["error"]["code"], refused["error"]["current"]["id"]) == (409, "open_deal", deal["id"])
    await shop.call("POST", f"/deals/{deal['id']}/move", json={"stage": "lost", "reason": "price"})
    status, opened = await shop.call("POST", "/deals", json={"contact": {"phone": "8 916 123 45 67"}, "title": "Снова"})
    assert status == 201
    assert opened["contact"]["id"] == deal["contact"]["id"]
    assert (opened["source"], opened["title"], opened["responsible"]["name"]) == ("manual", "Снова", "admin")
    contact = await shop.get(f"/contacts/{deal['contact']['id']}")
    assert [d["id"] for d in contact["deals"]] == [opened["id"], deal["id"]] or {d["id"] for d in contact["deals"]} == {
        opened["id"],
        deal["id"],
    }


@both_databases
async def test_what_is_ahead_is_listed_soonest_first(shop: Shop) -> None:
    deal = await shop.deal()
    await shop.call("POST", f"/deals/{deal['id']}/tasks", json={"text": "Позвонить", "due_at": "2025-11-01T12:30:00Z"})
    ahead = (await shop.get(f"/upcoming?deal={deal['id']}"))["items"]
    assert [a["at"] for a in ahead] == sorted(a["at"] for a in ahead)
    assert ("task", "Позвонить") in {(a["kind"], a["text"]) for a in ahead}
    assert ("bot", "qualifier") in {(a["kind"], a["bot"]) for a in ahead}
    assert (await shop.get("/upcoming"))["items"] == ahead


async def test_scripts_and_oneself_are_told(shop: Shop) -> None:
    scripts = (await shop.get("/scripts", shop.token("marketer")))["items"]
    assert ("qualifier", "Первые вопросы") in [(s["name"], s["title"]) for s in scripts]
    me = await shop.get("/me", shop.token("head", "Анна"))
    assert (me["name"], me["role"]) == ("Анна", "head")


@both_databases
async def test_a_manager_has_a_bot_ask_for_one_item_of_the_list(shop: Shop) -> None:
    items = (await shop.get("/clarifications", shop.token()))["items"]
    assert [one["item"] for one in items] == ["vin", "car", "part", "photo", "quantity", "address", "payment", "office"]
    assert items[0] == {
        "item": "vin", "title": "VIN", "script": "clarify_vin", "funnel": "retail", "stage": "clarification",
    }  # fmt: skip
    deal = await shop.deal()
    status, now = await shop.call(
        "POST", f"/deals/{deal['id']}/clarify", shop.token("manager", "Анна"), json={"item": "vin"}
    )
    assert status == 200, now
    assert (now["stage"], now["owner"], now["responsible"]["name"]) == ("clarification", "bot", "Анна")
    ahead = (await shop.get(f"/upcoming?deal={deal['id']}"))["items"]
    assert {one["bot"] for one in ahead if one["kind"] == "bot"} == {"clarify_vin"}


async def test_what_is_not_on_the_list_cannot_be_asked_for(shop: Shop) -> None:
    deal = await shop.deal()
    status, refused = await shop.call("POST", f"/deals/{deal['id']}/clarify", json={"item": "horoscope"})
    assert (status, refused["error"]["field"]) == (422, "item")
    assert (await shop.call("POST", "/deals/999999/clarify", json={"item": "vin"}))[0] == 404


@both_databases
async def test_a_bot_that_a_stage_will_begin_is_among_what_is_ahead(shop: Shop) -> None:
    deal = await shop.deal()
    await shop.call("POST", f"/deals/{deal['id']}/take")
    await shop.call("POST", f"/deals/{deal['id']}/move", json={"stage": "offer_bot"})
    [ahead] = [one for one in (await shop.get(f"/upcoming?deal={deal['id']}"))["items"] if one["kind"] == "bot"]
    assert (ahead["bot"], ahead["text"]) == ("offer_followup", "start")


async def test_quarantine_is_shown_to_those_who_mend_it(shop: Shop) -> None:
    await shop.ctx.intake.accept("telegram", "1", [Received(f"q{n}", Unusable("no_id"), b"\xff{") for n in range(3)])
    kept = await shop.get("/quarantine?limit=2", shop.token("head"))
    assert [k["external_id"] for k in kept["items"]] == ["q2", "q1"]
    assert (kept["items"][0]["reason"], kept["items"][0]["channel"]) == ("no_id", "telegram")
    rest = await shop.get(f"/quarantine?limit=2&cursor={kept['next']}")
    assert [k["external_id"] for k in rest["items"]] == ["q0"]


@both_databases
async def test_a_task_outlives_its_deal_until_a_person_says_what_came_of_it(shop: Shop) -> None:
    deal = await shop.deal()
    _, task = await shop.call("POST", f"/deals/{deal['id']}/tasks", json={"text": "Вернуть деньги"})
    await shop.call("POST", f"/deals/{deal['id']}/move", json={"stage": "lost", "reason": "price"})
    assert [t["state"] for t in (await shop.get("/tasks?state=open"))["items"]] == ["open"]
    status, done = await shop.call("POST", f"/tasks/{task['id']}/done", json={"result": "Вернули"})
    assert (status, done["state"], done["result"]) == (200, "done", "Вернули")


@both_databases
async def test_who_helps_out_is_named_and_does_not_take_the_deal(shop: Shop) -> None:
    anna, boris = shop.token(name="Анна"), shop.token(name="Борис")
    deal = await shop.deal()
    at = f"/deals/{deal['id']}"
    await shop.call("POST", f"{at}/take", anna)
    for action in ("start", "stop", "start"):
        await shop.call("POST", f"{at}/bot", anna, json={"action": action})
    await shop.call("POST", f"{at}/messages", boris, json={"text": "Добрый день"})
    await shop.call("PATCH", at, boris, json={"title": "Колодки", "fields": {"vin": "1"}, "tags": ["срочно"]})
    assert (await shop.get(at))["responsible"]["name"] == "Анна"
    lines = [e["text"] for e in (await shop.get(f"{at}/timeline?limit=200"))["items"]]
    assert "Борис: изменено: название, поля (VIN), метки" in lines
    before = len(lines)
    await shop.call("PATCH", at, boris, json={"title": "Колодки"})
    assert len((await shop.get(f"{at}/timeline?limit=200"))["items"]) == before
    person = await shop.get("/me", boris)
    await shop.call("PATCH", at, anna, json={"responsible": person["id"]})
    last = (await shop.get(f"{at}/timeline?limit=200"))["items"][-1]
    assert last["text"] == "Анна: изменено: ответственный теперь Борис"


@both_databases
async def test_the_task_of_a_stopped_bot_or_of_a_deal_given_back_says_what_happened(shop: Shop) -> None:
    anna, deal = shop.token(name="Анна"), await shop.deal()
    at = f"/deals/{deal['id']}"
    await shop.call("POST", f"{at}/bot", anna, json={"action": "stop"})
    await shop.call("POST", f"{at}/take", anna)
    await shop.call("POST", f"{at}/messages", anna, json={"text": "Добрый день"})
    await shop.call("PATCH", at, anna, json={"responsible": None})
    await shop.call("POST", f"{at}/take", anna)
    await shop.say("Вы тут?")
    await shop.call("PATCH", at, anna, json={"responsible": None})
    assert [t["text"] for t in sorted((await shop.get("/tasks"))["items"], key=lambda t: t["id"])] == [
        "Бота остановил(а) Анна. Продолжите разговор с клиентом",
        "Анна: сделка возвращена в общую очередь. Решите, кто ею займётся",
        "Анна: сделка возвращена в общую очередь, клиент ждёт ответа. Ответьте ему",
    ]


async def test_the_console_learns_who_works_now_and_until_when(shop: Shop) -> None:
    items = (await shop.get("/calendars", shop.token("marketer")))["items"]
    assert items == [
        {"name": "hours", "zone": "Europe/Moscow", "open": True, "changes_at": "2025-11-01T13:00:00.000Z", "holidays": "RU"}
    ]  # fmt: skip
    shop.clock.advance(3_600_000)
    now = (await shop.get("/calendars"))["items"][0]  # over a Sunday, a Monday off for it, and a holiday
    assert (now["open"], now["changes_at"]) == (False, "2025-11-05T07:00:00.000Z")
    home = shop.ctx.house.playbook
    round_the_clock = Hours("Europe/Kyiv", (((0, 1_440),),) * 7)
    shop.ctx.house.playbook = replace(home, calendars={**home.calendars, "support": round_the_clock})
    assert (await shop.get("/calendars"))["items"][1] == {
        "name": "support", "zone": "Europe/Kyiv", "open": True, "changes_at": None, "holidays": None,
    }  # fmt: skip


@both_databases
async def test_a_field_takes_values_of_its_kind_only_and_says_what_is_wanted(shop: Shop) -> None:
    deal = await shop.deal()
    path = f"/deals/{deal['id']}"
    for name, said, wanted in (
        ("refund_sum", "много", "must be a sum of money"),
        ("remind_on", "как-нибудь", "must be a date: 2026-03-20"),
        ("delivery", "самокат", "must be one of: самовывоз, почта"),
        ("rating", "хорошо", "must be a number"),
    ):
        for call, body in (("PATCH", {}), ("POST", {"stage": "clarification"})):
            given = {**body, "fields": {"city": "Тверь", name: said}}
            status, refused = await shop.call(call, path if call == "PATCH" else f"{path}/move", json=given)
            assert (status, refused["error"]["code"], refused["error"]["field"]) == (422, "invalid", f"fields.{name}")
            assert wanted in refused["error"]["message"]
    for name, said in (
        ("refund_sum", 1.5), ("total", 1.5), ("total", 1500.0), ("total", True), ("total", -5), ("total", "-5 ₽"), ("paid_sum", -1),
        ("paid", True), ("paid", "да"), ("paid", 1),
    ):  # fmt: skip
        status, refused = await shop.call("PATCH", path, json={"fields": {"city": "Тверь", name: said}})
        assert (status, refused["error"]["field"]) == (422, f"fields.{name}"), (name, said)
    now = await shop.get(path)
    assert (now["version"], now["stage"], now["fields"].get("city")) == (deal["version"], deal["stage"], None)
    given = {"refund_sum": "3 500,50 ₽", "remind_on": "20.03.2026", "delivery": "Самовывоз", "rating": "5"}
    status, changed = await shop.call("PATCH", path, json={"fields": given})
    kept = {"refund_sum": 350_050, "remind_on": "2026-03-20", "delivery": "самовывоз", "rating": 5}
    assert (status, {name: changed["fields"][name] for name in kept}) == (200, kept)
    status, changed = await shop.call("PATCH", path, json={"fields": {"refund_sum": 3500}})
    assert (status, changed["fields"]["refund_sum"]) == (200, 3500)


async def test_the_description_says_how_fields_are_written(shop: Shop) -> None:
    async with shop.http.get(f"{shop.url}/api/openapi.json") as response:
        whole = await response.json()
    assert "hundredths as a whole number" in str(whole["components"]["schemas"]["EditBody"])
    assert "fields.budget" in whole["paths"]["/deals/{deal_id}"]["patch"]["responses"]["422"]["description"]
