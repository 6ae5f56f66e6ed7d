"""Merging, splitting and undoing over the API, and pairs of contacts that may be one person."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from bots.kit.spans import Span
from bots.kit.staffing import Assign
from state.tables import timers
from tests.api.conftest import PATIENCE_S, Shop, both_databases
from tests.api.test_contacts import called as called_us


async def _two(shop: Shop) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both have seen what the bot said: nobody delivers here."""
    both = await shop.deal("ivan"), await shop.deal("olga", name="Ольга")
    await shop.ctx.db.write(lambda c: c.exec_driver_sql("UPDATE parts SET state = 'sent', open = 0"))
    return both


@both_databases
async def test_two_deals_become_one_and_two_again(shop: Shop) -> None:
    leading, other = await _two(shop)
    anna = shop.token("manager", "Анна")
    status, deal = await shop.call("POST", f"/deals/{leading['id']}/merge", anna, json={"from": other["id"]})
    assert status == 200, deal
    assert {i["address"] for i in deal["contact"]["identities"]} == {"ivan", "olga"}
    joined = await shop.get(f"/deals/{other['id']}", anna)
    assert (joined["outcome"], joined["reason"], joined["closed_at"] is None) == (None, "joined", False)
    merges = (await shop.get(f"/merges?deal={other['id']}", anna))["items"]
    assert {m["kind"] for m in merges} == {"contacts", "deals"}
    whole = next(m for m in merges if m["kind"] == "contacts")
    assert (whole["by"]["name"], whole["moved"]["identities"], whole["undone_at"]) == ("Анна", 1, None)
    assert (await shop.get(f"/merges?contact={leading['contact']['id']}", anna))["items"][0]["kind"] in (
        "contacts",
        "deals",
    )
    status, undone = await shop.call("POST", f"/merges/{whole['id']}/undo", anna)
    assert (status, undone["undone_by"]["name"]) == (200, "Анна")
    for was in (leading, other):
        now = await shop.get(f"/deals/{was['id']}", anna)
        assert {k: v for k, v in now.items() if k != "version"} == {k: v for k, v in was.items() if k != "version"}
    status, again = await shop.call("POST", f"/merges/{whole['id']}/undo", anna)
    assert (status, again["error"]["code"]) == (409, "undone")


@pytest.mark.parametrize(("lead", "leads"), [(None, "olga"), ("ivan", "ivan"), ("olga", "olga")])
@both_databases
async def test_an_order_leads_unless_it_is_said_which_does(shop: Shop, lead: str | None, leads: str) -> None:
    ivan, olga = await _two(shop)
    placed = '{"order": "7", "order_status": "placed"}'
    await shop.ctx.db.write(
        lambda c: c.exec_driver_sql(f"UPDATE deals SET fields = '{placed}' WHERE id = {olga['id']}")
    )
    numbers = {None: None, "ivan": ivan["id"], "olga": olga["id"]}
    body = {"from": olga["id"]} | ({"lead": numbers[lead]} if lead else {})
    status, deal = await shop.call("POST", f"/deals/{ivan['id']}/merge", json=body)
    assert (status, deal["id"]) == (200, numbers[leads])
    assert (deal["closed_at"], deal["fields"]["order"]) == (None, "7")
    assert {i["address"] for i in deal["contact"]["identities"]} == {"ivan", "olga"}


async def test_a_batch_is_undone_by_a_head_in_one_call(shop: Shop) -> None:
    one, other = await _two(shop)
    third = await shop.deal("petr", name="Пётр")
    for gone in (other, third):
        status, merge = await shop.call(
            "POST", f"/contacts/{one['contact']['id']}/merge", json={"from": gone["contact"]["id"], "batch": "import 7"}
        )
        assert status == 200, merge
    assert len((await shop.get("/merges?batch=import 7"))["items"]) == 4  # with those of their deals
    assert (await shop.call("POST", "/merges/undo", shop.token("manager"), json={"batch": "import 7"}))[0] == 403
    status, told = await shop.call("POST", "/merges/undo", shop.token("head"), json={"batch": "import 7"})
    assert (status, len(told["undone"]), told["left"], told["more"]) == (200, 2, [], False)
    for was in (one, other, third):
        now = await shop.get(f"/deals/{was['id']}")
        assert (now["contact"], now["closed_at"]) == (was["contact"], None)
    assert (await shop.call("POST", "/merges/undo", json={"batch": "import 7"}))[1]["undone"] == []


async def test_what_cannot_be_merged_is_refused_with_its_reason(shop: Shop) -> None:
    one, other = await _two(shop)
    for path, body, expected in (
        (f"/deals/{one['id']}/merge", {"from": one["id"]}, (422, "invalid")),
        (f"/deals/{one['id']}/merge", {"from": 99_999}, (404, "not_found")),
        (f"/deals/{one['id']}/merge", {"from": other["id"], "lead": 99_999}, (422, "invalid")),
        (f"/contacts/{one['contact']['id']}/merge", {"from": one["contact"]["id"]}, (422, "invalid")),
        (f"/contacts/{one['contact']['id']}/merge", {"from": 99_999}, (404, "not_found")),
        (f"/deals/{one['id']}/split", {}, (422, "invalid")),
        (f"/deals/{one['id']}/split", {"entries": [99_999]}, (422, "invalid")),
        (f"/deals/{one['id']}/split", {"identity": 99_999}, (422, "invalid")),
        ("/merges/99999/undo", {}, (404, "not_found")),
        ("/duplicates/99999/merge", {}, (404, "not_found")),
        ("/duplicates/99999/dismiss", {}, (404, "not_found")),
    ):
        status, refused = await shop.call("POST", path, json=body)
        assert (status, refused["error"]["code"]) == expected, path
    await shop.call("POST", f"/deals/{other['id']}/move", json={"stage": "lost", "reason": "price"})
    status, refused = await shop.call("POST", f"/deals/{one['id']}/merge", json={"from": other["id"]})
    assert (status, refused["error"]["code"]) == (409, "closed")
    assert refused["error"]["current"]["id"] == other["id"]  # it is that one
    assert f"deal {other['id']} is closed" in refused["error"]["message"]


async def test_whoever_acts_on_a_deal_that_was_joined_is_shown_the_one_that_goes_on(shop: Shop) -> None:
    one, other = await _two(shop)
    await shop.call("POST", f"/deals/{one['id']}/merge", json={"from": other["id"]})
    at = f"/deals/{other['id']}"
    for method, path, body in (
        ("POST", f"{at}/tasks", {"text": "Позвонить"}),
        ("POST", f"{at}/notes", {"text": "Просил подождать"}),
        ("POST", f"{at}/take", {}),
        ("POST", f"{at}/messages", {"text": "Здравствуйте"}),
        ("PATCH", at, {"title": "Колодки"}),
        ("POST", f"/deals/{one['id']}/merge", {"from": other["id"]}),
    ):
        status, refused = await shop.call(method, path, json=body)
        assert (status, refused["error"]["code"], refused["error"]["current"]["id"]) == (409, "joined", one["id"]), path


# -- splitting ---------------------------------------------------------------------------------------------------------


@both_databases
async def test_lines_are_taken_into_a_deal_of_their_own_and_back(shop: Shop) -> None:
    deal = await shop.deal("ivan")
    await shop.say("и ещё нужен возврат", "ivan")
    lines = (await shop.get(f"/deals/{deal['id']}/timeline"))["items"]
    line = next(e for e in lines if e["text"] == "и ещё нужен возврат")
    status, new = await shop.call("POST", f"/deals/{deal['id']}/split", json={"entries": [line["id"]]})
    assert status == 200, new
    assert new["contact"]["id"] == deal["contact"]["id"]
    assert (new["owner"], new["stage"], new["closed_at"]) == ("pool", "left_request", None)
    texts = [e["text"] for e in (await shop.get(f"/deals/{new['id']}/timeline"))["items"]]
    assert "и ещё нужен возврат" in texts
    assert [t["deal"] for t in (await shop.get("/tasks?state=open"))["items"]] == [new["id"]]
    await shop.say("спасибо", "ivan")  # goes where it went before
    assert "спасибо" in [e["text"] for e in (await shop.get(f"/deals/{deal['id']}/timeline"))["items"]]
    (split,) = (await shop.get(f"/merges?deal={new['id']}"))["items"]
    assert (await shop.call("POST", f"/merges/{split['id']}/undo"))[0] == 200
    back = [e["text"] for e in (await shop.get(f"/deals/{deal['id']}/timeline"))["items"]]
    assert "и ещё нужен возврат" in back
    assert (await shop.get(f"/deals/{new['id']}"))["reason"] == "joined"
    assert (await shop.get("/tasks?state=open"))["items"] == [], "there is one talk again"


@both_databases
async def test_what_is_split_off_a_persons_deal_is_not_lost_and_a_missed_call_goes_on_waiting(shop: Shop) -> None:
    """Nobody waits in what was taken out: a quiet timer holds it. The wait that the call began is the first deal's."""
    await called_us(shop, "+79161112233")
    called = (await shop.get("/deals"))["items"][0]
    assert (await shop.call("POST", f"/deals/{called['id']}/take"))[0] == 200
    _, note = await shop.call("POST", f"/deals/{called['id']}/notes", json={"text": "про другой вопрос"})
    waits = (await shop.get(f"/deals/{called['id']}"))["waiting_since"]
    assert waits is not None
    status, new = await shop.call("POST", f"/deals/{called['id']}/split", json={"entries": [note["id"]]})
    assert status == 200, new
    assert (await shop.get(f"/deals/{called['id']}"))["waiting_since"] == waits
    held = select(timers.c.name).where(timers.c.deal_id == new["id"])
    async with asyncio.timeout(PATIENCE_S):
        while await shop.ctx.db.read(lambda c: list(c.execute(held).scalars())) != ["idle:"]:
            await asyncio.sleep(0.01)
    split = next(m for m in (await shop.get(f"/merges?deal={new['id']}"))["items"] if m["kind"] == "split")
    assert (await shop.call("POST", f"/merges/{split['id']}/undo"))[0] == 200
    assert (await shop.get(f"/deals/{called['id']}"))["waiting_since"] == waits


@both_databases
async def test_an_address_that_is_somebody_elses_becomes_a_contact_of_its_own(shop: Shop) -> None:
    one, other = await _two(shop)
    await shop.call("POST", f"/deals/{one['id']}/merge", json={"from": other["id"]})
    lines = (await shop.get(f"/deals/{one['id']}/timeline"))["items"]
    await shop.say("это Ольга", "olga")
    shown = (await shop.get(f"/deals/{one['id']}"))["contact"]["identities"]
    identities = {address["address"]: address["id"] for address in shown}
    status, new = await shop.call("POST", f"/deals/{one['id']}/split", json={"identity": identities["olga"]})
    assert status == 200, new
    assert [i["address"] for i in new["contact"]["identities"]] == ["olga"]
    assert new["contact"]["id"] != one["contact"]["id"]
    said = [e["text"] for e in (await shop.get(f"/deals/{new['id']}/timeline"))["items"] if e["kind"] == "message"]
    assert said[0] == "здравствуйте"
    assert said[-1] == "это Ольга"
    await shop.say("ещё раз Ольга", "olga")
    assert "ещё раз Ольга" in [e["text"] for e in (await shop.get(f"/deals/{new['id']}/timeline"))["items"]]
    status, refused = await shop.call("POST", f"/deals/{new['id']}/split", json={"identity": identities["olga"]})
    assert (status, refused["error"]["field"]) == (422, "identity")
    split = next(m for m in (await shop.get(f"/merges?deal={new['id']}"))["items"] if m["kind"] == "split")
    assert (await shop.call("POST", f"/merges/{split['id']}/undo"))[0] == 200
    now = await shop.get(f"/deals/{one['id']}")
    assert {i["address"] for i in now["contact"]["identities"]} == {"ivan", "olga"}
    assert len((await shop.get(f"/deals/{one['id']}/timeline"))["items"]) > len(lines)


@both_databases
@pytest.mark.parametrize("by_the_responsible", [True, False])
async def test_who_joins_a_deal_that_they_answer_for_has_acted_in_it(shop: Shop, by_the_responsible: bool) -> None:
    book = shop.ctx.house.playbook
    given = {"message": replace(book.sources["message"], responsible="sales")}
    rules = {"sales": Assign("sales", act=Span(3_600_000))}
    shop.ctx.house.playbook = replace(book, sources={**book.sources, **given}, assign=rules)
    anna, boris = shop.token("manager", "Анна"), shop.token("manager", "Борис")
    leading, other = await _two(shop)
    by = anna if by_the_responsible else boris
    assert leading["responsible"]["name"] == "Анна"
    status, deal = await shop.call("POST", f"/deals/{leading['id']}/merge", by, json={"from": other["id"]})
    assert (status, deal["responsible"]["name"]) == (200, "Анна")
    shop.clock.at += 3_660_000
    shop.ctx.live.wake("turns")
    async with asyncio.timeout(PATIENCE_S):
        while await shop.ctx.db.read(
            lambda c: c.exec_driver_sql("SELECT 1 FROM timers WHERE due_at < 1762003660000").all()
        ):
            await asyncio.sleep(0.01)
    found = await shop.get(f"/deals/{leading['id']}")
    assert found["responsible"]["name"] == ("Анна" if by_the_responsible else "Борис")


# -- duplicates --------------------------------------------------------------------------------------------------------


async def _say_the_same(shop: Shop, **fields: str) -> tuple[dict[str, Any], dict[str, Any]]:
    one, other = await _two(shop)
    for deal in (one, other):
        assert (await shop.call("PATCH", f"/deals/{deal['id']}", json={"fields": fields}))[0] == 200
    return one, other


@both_databases
async def test_who_says_the_same_phone_or_mail_is_suggested_once_with_all_reasons(shop: Shop) -> None:
    one, other = await _say_the_same(shop, phone="8 916 123-45-67", email="Ivan@Example.org")
    (pair,) = (await shop.get("/duplicates"))["items"]
    assert [c["id"] for c in pair["contacts"]] == [one["contact"]["id"], other["contact"]["id"]]
    assert sorted((r["kind"], r["value"]) for r in pair["reasons"]) == [
        ("email", "ivan@example.org"),
        ("phone", "+79161234567"),
    ]
    status, merge = await shop.call("POST", f"/duplicates/{pair['id']}/merge", json={"into": other["contact"]["id"]})
    assert (status, merge["contact"], merge["from_contact"]) == (200, other["contact"]["id"], one["contact"]["id"])
    assert (await shop.get("/duplicates"))["items"] == []
    assert (await shop.call("POST", f"/duplicates/{pair['id']}/merge"))[0] == 409
    await shop.call("POST", f"/merges/{merge['id']}/undo")
    await shop.call("PATCH", f"/deals/{one['id']}", json={"fields": {"phone": "8 916 123-45-68"}})
    await shop.call("PATCH", f"/deals/{other['id']}", json={"fields": {"phone": "+79161234568"}})
    assert (await shop.get("/duplicates"))["items"] == []  # somebody has said that they are two


async def test_a_pair_that_was_dismissed_is_not_brought_up_again(shop: Shop) -> None:
    one, other = await _say_the_same(shop, order="A-4711")
    (pair,) = (await shop.get(f"/duplicates?contact={one['contact']['id']}"))["items"]
    assert pair["reasons"] == [{"kind": "order", "value": "a-4711"}]
    status, settled = await shop.call("POST", f"/duplicates/{pair['id']}/dismiss")
    assert (status, settled["state"]) == (200, "dismissed")
    assert (await shop.call("POST", f"/duplicates/{pair['id']}/dismiss"))[0] == 409
    for deal in (one, other):
        await shop.call("PATCH", f"/deals/{deal['id']}", json={"fields": {"phone": "+79161234567"}})
    assert (await shop.get("/duplicates"))["items"] == []


@pytest.mark.parametrize(
    ("rules", "fields", "suggested", "merged"),
    [
        ({"phone": "automatic"}, {"phone": "+79161234567"}, 0, 1),
        ({"phone": "no"}, {"phone": "+79161234567"}, 0, 0),
        ({}, {"city": "Тверь"}, 0, 0),
        ({"name": "suggest"}, {"city": "Тверь"}, 1, 0),
        ({}, {"phone": "нет телефона", "email": "нет", "order": "не помню"}, 0, 0),
    ],
)
async def test_what_is_done_about_duplicates_is_the_playbooks(
    shop: Shop, rules: dict[str, Any], fields: dict[str, str], suggested: int, merged: int
) -> None:
    shop.ctx.house.playbook = replace(shop.ctx.house.playbook, duplicates=rules)
    deals = [await shop.deal("ivan", name="Иван Петров"), await shop.deal("olga", name="иван  петров")]
    for deal in deals:
        await shop.call("PATCH", f"/deals/{deal['id']}", json={"fields": fields})
    assert len((await shop.get("/duplicates"))["items"]) == suggested
    assert len([m for m in (await shop.get("/merges"))["items"] if m["kind"] == "contacts"]) == merged


async def test_a_proved_phone_joins_by_itself_where_the_playbook_does_not_only_want_it_suggested(shop: Shop) -> None:
    one = await shop.deal("ivan")
    await shop.call("PATCH", f"/deals/{one['id']}", json={"fields": {"phone": "+79161234567"}})
    await shop.say("здравствуйте", "+79161234567", channel="whatsapp", name="Иван", phone="+79161234567")
    (pair,) = (await shop.get("/duplicates"))["items"]
    assert pair["reasons"] == [{"kind": "phone", "value": "+79161234567"}]
