"""The playbook over the API: all that a console needs to draw itself, and what it draws is accepted."""

from tests.api.conftest import Shop
from tests.shop import furnished


async def test_a_console_learns_what_there_is_to_choose_from(shop: Shop):
    book = await shop.get("/playbook", shop.token())
    funnel = next(one for one in book["funnels"] if one["name"] == "retail")
    stages = {one["name"]: one for one in funnel["stages"]}
    assert next(iter(stages)) == "left_request"
    assert (stages["won"]["outcome"], stages["lost"]["outcome"], stages["in_work"]["outcome"]) == ("won", "lost", None)
    assert stages["in_work"]["age"] == "30m working"
    assert stages["in_work"]["criteria"]
    assert "price" in {one["name"] for one in book["reasons"]}
    kinds = {one["name"]: one for one in book["task_kinds"]}
    assert (kinds["talk"]["contact"], kinds["other"]["contact"]) == (True, False)
    assert {"vin", "car"} <= {one["name"] for one in book["clarifications"]}
    assert book["channels"] == [
        {"channel": "web", "account": "site", "window_hours": None, "text": 4096},
        {"channel": "whatsapp", "account": "site", "window_hours": 24, "text": 1600},
    ]
    assert (book["language"], book["region"], book["zone"]) == ("ru", "RU", "Europe/Moscow")


async def test_rules_groups_and_robots_are_those_of_the_playbook_and_tags_those_in_use(shop: Shop):
    read = furnished()
    shop.ctx.house.playbook = read.playbook
    deal = await shop.open_deal()
    await shop.call("PATCH", f"/deals/{deal['id']}", json={"tags_add": ["по знакомству"]})
    anna = (await shop.get("/me", shop.token(name="Анна")))["id"]
    await shop.call("PATCH", f"/people/{anna}", json={"groups": ["ночные"]})
    book = await shop.get("/playbook", shop.token("marketer"))
    rules = {one["name"]: one for one in book["rules"]}
    assert (rules["site"]["how"], rules["site"]["act"], rules["site"]["then"]) == ("evenly", "1h working", "head")
    assert {"sales", "phones", "ночные"} <= set(book["groups"])
    assert {"по знакомству", "звонок", "перезвонить"} <= set(book["tags"])
    retail = next(one for one in book["funnels"] if one["name"] == "retail")
    assert "called_back" in retail["triggers"]
    assert any(one["robots"] for one in retail["stages"])


async def test_every_kind_of_task_that_is_shown_can_be_given(shop: Shop):
    deal = await shop.open_deal()
    for kind in (await shop.get("/playbook"))["task_kinds"]:
        body = {"text": "а", "kind": kind["name"]}
        assert (await shop.call("POST", f"/deals/{deal['id']}/tasks", json=body))[0] == 200, kind
