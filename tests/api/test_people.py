"""Who works here, over the API: presence, absence, those who leave; and who may say so."""

import asyncio

from tests.api.conftest import PATIENCE_S, Shop


async def me(shop: Shop, token: str) -> int:
    return int((await shop.get("/me", token))["id"])


async def test_somebody_who_goes_away_is_not_there_until_they_are_back(shop: Shop):
    anna = shop.token()
    number = await me(shop, anna)
    status, there = await shop.call("POST", "/me/presence", anna, json={"state": "away"})
    assert (status, there["there"]) == (200, False)
    assert [one["there"] for one in (await shop.get("/people"))["items"] if one["id"] == number] == [False]
    assert (await shop.call("POST", "/me/presence", anna, json={"state": "back"}))[1]["there"] is True


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
