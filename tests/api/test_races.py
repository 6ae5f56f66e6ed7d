"""Whoever is quicker wins, once; everybody else is told how things stand now."""

import asyncio
from collections import Counter

from tests.api.conftest import ADMIN, Shop, both_databases


@both_databases
async def test_of_fifty_takers_exactly_one_wins_and_the_others_learn_who(shop: Shop) -> None:
    deal = await shop.deal()
    takers = [shop.token() for _ in range(50)]
    answers = await asyncio.gather(*(shop.call("POST", f"/deals/{deal['id']}/take", token) for token in takers))
    assert Counter(status for status, _ in answers) == {200: 1, 409: 49}
    winner = next(body["responsible"] for status, body in answers if status == 200)
    assert {body["error"]["current"]["responsible"]["id"] for status, body in answers if status == 409} == {
        winner["id"]
    }
    now = await shop.get(f"/deals/{deal['id']}")
    assert (now["responsible"], now["stage"], now["owner"]) == (winner, "clarification", "person")
    assert now["bot"]["status"] == "stopped"


@both_databases
async def test_taking_what_one_already_holds_changes_nothing(shop: Shop) -> None:
    deal, token = await shop.deal(), shop.token()
    _, first = await shop.call("POST", f"/deals/{deal['id']}/take", token)
    status, again = await shop.call("POST", f"/deals/{deal['id']}/take", token, json={})
    assert (status, again) == (200, first)


@both_databases
async def test_a_reply_sent_twice_at_once_is_one_message(shop: Shop) -> None:
    deal = await shop.deal()
    reply = {"text": "Добрый день!", "client_id": "composer-1"}
    answers = await asyncio.gather(*(shop.call("POST", f"/deals/{deal['id']}/messages", json=reply) for _ in range(10)))
    assert {status for status, _ in answers} == {200}
    assert len({body["id"] for _, body in answers}) == 1
    timeline = await shop.get(f"/deals/{deal['id']}/timeline?limit=200")
    assert [e["text"] for e in timeline["items"] if e["author"] == "manager" and e["kind"] == "message"] == [
        "Добрый день!"
    ]


@both_databases
async def test_a_task_is_done_once_and_the_second_is_told_its_result(shop: Shop) -> None:
    deal = await shop.open_deal()
    _, task = await shop.call("POST", f"/deals/{deal['id']}/tasks", json={"text": "Позвонить"})
    answers = await asyncio.gather(
        *(shop.call("POST", f"/tasks/{task['id']}/done", json={"result": f"дозвонился {n}"}) for n in range(8))
    )
    assert Counter(status for status, _ in answers) == {200: 1, 409: 7}
    results = {body["error"]["current"]["result"] for status, body in answers if status == 409}
    assert results == {next(body["result"] for status, body in answers if status == 200)}


@both_databases
async def test_two_edits_of_the_same_version_do_not_both_win(shop: Shop) -> None:
    deal = await shop.open_deal()
    match = {"If-Match": f'"{deal["version"]}"'}
    answers = await asyncio.gather(
        *(shop.call("PATCH", f"/deals/{deal['id']}", json={"title": f"Заказ {n}"}, headers=match) for n in range(8))
    )
    assert Counter(status for status, _ in answers) == {200: 1, 409: 7}


@both_databases
async def test_a_contact_entered_by_many_at_once_is_one_contact(shop: Shop) -> None:
    body = {"contact": {"name": "Пётр", "phone": "8 (916) 123-45-67", "email": "P@Example.com"}}
    answers = await asyncio.gather(*(shop.call("POST", "/deals", json=body) for _ in range(12)))
    assert Counter(status for status, _ in answers) == {201: 1, 409: 11}
    opened = next(b for status, b in answers if status == 201)
    assert {b["error"]["current"]["id"] for status, b in answers if status == 409} == {opened["id"]}
    found = await shop.get("/deals?phone=%2B79161234567")
    assert [d["id"] for d in found["items"]] == [opened["id"]]


@both_databases
async def test_a_message_racing_a_take_over_still_has_one_owner(shop: Shop) -> None:
    deal, mine, other = await shop.deal(), shop.token(), shop.token()
    (taken, _), (sent, _) = await asyncio.gather(
        shop.call("POST", f"/deals/{deal['id']}/take", mine),
        shop.call("POST", f"/deals/{deal['id']}/messages", other, json={"text": "Здравствуйте!"}),
    )
    assert sent == 200
    assert taken in (200, 409)
    assert (await shop.get(f"/deals/{deal['id']}", ADMIN))["owner"] == "person"
