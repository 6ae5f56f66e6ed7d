"""Who works here, over the API: presence, absence, those who leave; and who may say so."""

import asyncio
from dataclasses import replace
from typing import Any

from bots.kit.staffing import Assign
from state import people
from tests.api.conftest import ADMIN, PATIENCE_S, Shop


async def me(shop: Shop, token: str) -> int:
    return int((await shop.get("/me", token))["id"])


async def test_somebody_who_goes_away_is_not_there_until_they_are_back(shop: Shop):
    anna = shop.token()
    number = await me(shop, anna)
    status, there = await shop.call("POST", "/me/presence", anna, json={"state": "away"})
    assert (status, there["there"]) == (200, False)
    assert [one["there"] for one in (await shop.get("/people"))["items"] if one["id"] == number] == [False]
    assert (await shop.call("POST", "/me/presence", anna, json={"state": "back"}))[1]["there"] is True


async def test_a_console_says_that_somebody_sits_there(shop: Shop):
    anna = shop.token()
    number = await me(shop, anna)
    before = next(one for one in (await shop.get("/people"))["items"] if one["id"] == number)
    assert before["seen_at"] is None
    status, here = await shop.call("POST", "/me/presence", anna, json={"state": "here"})
    assert (status, here["there"]) == (200, True)
    after = next(one for one in (await shop.get("/people"))["items"] if one["id"] == number)
    assert after["seen_at"] is not None


async def test_groups_and_room_are_the_heads_to_set(shop: Shop):
    anna = shop.token()
    number = await me(shop, anna)
    assert (await shop.call("PATCH", f"/people/{number}", anna, json={"capacity": 5}))[0] == 403
    status, one = await shop.call(
        "PATCH", f"/people/{number}", shop.token("head"), json={"capacity": 5, "groups": ["sales"]}
    )
    assert (status, one["capacity"], one["groups"]) == (200, 5, ["sales"])
    status, told = await shop.call("PATCH", f"/people/{number}", shop.token("head"), json={"calendar": "nights"})
    assert (status, told["error"]["field"]) == (422, "calendar")


async def test_who_is_given_more_room_is_given_what_waits(shop: Shop):
    book = shop.ctx.house.playbook
    shop.ctx.house.playbook = replace(
        book, hours=None, assign={"sales": Assign("sales", among=("Анна",))},
        sources={**book.sources, "message": replace(book.source("message"), responsible="sales")},
    )  # fmt: skip
    number, head = await person(shop, "Анна"), shop.token("head")
    for room, held in ((1, 1), (2, 2), (0, 3)):
        assert (await shop.call("PATCH", f"/people/{number}", head, json={"capacity": room}))[0] == 200
        if room == 1:
            for customer in ("c1", "c2", "c3"):
                await shop.say("Здравствуйте", customer)
        async with asyncio.timeout(PATIENCE_S):
            while (await shop.get(f"/people/{number}"))["open_deals"] != held:
                await asyncio.sleep(0.02)


async def test_a_group_that_no_rule_knows_is_kept_with_a_word_about_it(shop: Shop):
    number = await person(shop, "Анна")
    status, one = await shop.call("PATCH", f"/people/{number}", json={"groups": ["sales", "slaes"]})
    assert (status, one["groups"]) == (200, ["sales", "slaes"])
    assert len(one["warnings"]) == 1
    assert "Did you mean 'sales'?" in one["warnings"][0]
    assert "warnings" not in (await shop.call("PATCH", f"/people/{number}", json={"groups": ["phones"]}))[1]


async def test_whoever_is_deactivated_loses_their_token_and_their_deals(shop: Shop):
    anna, boris = shop.token(), shop.token()
    gone, heir = await me(shop, anna), await me(shop, boris)
    await shop.say("Здравствуйте")
    deal = (await shop.get("/deals"))["items"][0]["id"]
    await shop.call("POST", f"/deals/{deal}/take", anna)
    name = next(one["name"] for one in (await shop.get("/people"))["items"] if one["id"] == heir)
    status, one = await shop.call("PATCH", f"/people/{gone}", json={"active": False, "hand_over_to": name})
    assert (status, one["active"]) == (200, False)
    assert (await shop.call("GET", "/me", anna))[0] == 401
    async with asyncio.timeout(PATIENCE_S):
        while ((await shop.get(f"/deals/{deal}"))["responsible"] or {}).get("id") != heir:
            await asyncio.sleep(0.01)


async def test_a_wrong_person_or_moment_is_refused_with_its_field(shop: Shop):
    assert (await shop.call("PATCH", "/people/999999", json={"capacity": 5}))[0] == 404
    status, body = await shop.call("POST", "/me/presence", json={"state": "here", "until": "2030-01-01T00:00:00Z"})
    assert (status, body["error"]["field"]) == (422, "until")


async def person(shop: Shop, name: str, role: people.Role = "manager", **more: Any) -> int:
    """Somebody who works here, without a token."""

    def add(conn: Any) -> int:
        made = people.add_person(conn, shop.ctx.db.ids, name, role, shop.clock.now(), **more)
        return made.id

    number = await shop.ctx.db.write(add)
    shop.ctx.turns.forget_staff()
    return int(number)


async def test_deals_are_handed_over_only_to_somebody_who_is_there_to_take_them(shop: Shop):
    anna = shop.token(name="Анна")
    gone, heir = await me(shop, anna), await person(shop, "Борис")
    await shop.say("Здравствуйте")
    deal = (await shop.get("/deals"))["items"][0]["id"]
    await shop.call("POST", f"/deals/{deal}/take", anna)
    for to in ("bogus", 999_999, "Анна", gone):
        status, told = await shop.call("POST", f"/people/{gone}/absence", json={"hand_over": True, "to": to})
        assert (status, told["error"]["field"]) == (422, "to"), to
    assert (await shop.get(f"/deals/{deal}"))["responsible"]["id"] == gone
    assert (await shop.get(f"/people/{gone}"))["away"] is False
    status, told = await shop.call("PATCH", f"/people/{gone}", json={"active": False, "hand_over_to": "bogus"})
    assert (status, told["error"]["field"]) == (422, "hand_over_to")
    assert (await shop.call("POST", f"/people/{gone}/absence", json={"hand_over": True, "to": heir}))[0] == 200
    async with asyncio.timeout(PATIENCE_S):
        while ((await shop.get(f"/deals/{deal}"))["responsible"] or {}).get("id") != heir:
            await asyncio.sleep(0.01)


async def test_an_absence_without_an_end_has_none_and_a_head_ends_it(shop: Shop):
    anna, head = shop.token(), shop.token("head")
    number = await me(shop, anna)
    assert (await shop.call("POST", f"/people/{number}/absence", head, json={}))[0] == 200
    one = await shop.get(f"/people/{number}", anna)
    assert (one["away"], one["away_until"], one["there"]) == (True, None, False)
    assert (await shop.call("DELETE", f"/people/{number}/absence", anna))[0] == 403
    status, back = await shop.call("DELETE", f"/people/{number}/absence", head)
    assert (status, back["away"], back["there"]) == (200, False, True)
    status, away = await shop.call(
        "POST", "/me/presence", anna, json={"state": "away", "until": "2040-01-01T00:00:00Z"}
    )
    assert (status, away["away"], away["away_until"]) == (200, True, "2040-01-01T00:00:00.000Z")
    assert (await shop.call("GET", "/people/999999"))[0] == 404


async def test_only_an_admin_touches_an_admin(shop: Shop):
    head, number = shop.token("head"), await person(shop, "Ада", "admin")
    asked = [
        await shop.call("PATCH", f"/people/{number}", head, json={"active": False}),
        await shop.call("PATCH", f"/people/{number}", head, json={"role": "manager"}),
        await shop.call("POST", f"/people/{number}/absence", head, json={}),
        await shop.call("DELETE", f"/people/{number}/absence", head),
        await shop.call("POST", f"/people/{number}/link", head),
    ]
    assert [status for status, _ in asked] == [403] * 5
    one = await shop.get(f"/people/{number}")
    assert (one["active"], one["role"], one["away"]) == (True, "admin", False)
    assert (await shop.call("PATCH", f"/people/{number}", json={"capacity": 3}))[0] == 200


async def test_a_head_makes_a_link_that_signs_somebody_in_once(shop: Shop):
    number, head = await person(shop, "Анна"), shop.token("head")
    status, first = await shop.call("POST", f"/people/{number}/link", head)
    _, made = await shop.call("POST", f"/people/{number}/link", head)
    assert status == 200
    assert made["link"].startswith(f"{shop.url}/signin?token=")

    def use(link: str) -> str | None:
        token = link.partition("token=")[2]
        return shop.ctx.db.write_now(lambda c: people.sign_in(c, shop.ctx.db.ids, token, shop.clock.now()))

    assert use(first["link"]) is None  # a newer one was made
    assert use(made["link"]) is not None
    assert use(made["link"]) is None
    assert (await shop.call("POST", f"/people/{number}/link", shop.token()))[0] == 403
    program = await person(shop, "crm", program=True)
    assert (await shop.call("POST", f"/people/{program}/link", head))[0] == 409
    await shop.call("PATCH", f"/people/{number}", json={"active": False})
    assert (await shop.call("POST", f"/people/{number}/link", head))[0] == 409


async def test_what_stands_behind_a_token_is_no_colleague_who_could_be_there(shop: Shop):
    program = await person(shop, "crm", program=True)
    status, here = await shop.call("POST", "/me/presence", json={"state": "here"})  # with the token of the settings
    assert (status, here["there"]) == (200, False)
    shown = {one["id"]: (one["program"], one["there"]) for one in (await shop.get("/people"))["items"]}
    assert shown[program] == (True, False)
    assert shown[await me(shop, ADMIN)] == (True, False)
