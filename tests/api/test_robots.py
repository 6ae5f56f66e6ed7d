"""Why a robot has acted on a deal, and why not: read from stored facts, over the API."""

from pathlib import Path
from typing import Any

from tests.api.conftest import Shop
from tests.shop import furnished

SCHOOL = str(Path(__file__).parent.parent / "funnels/playbook")


async def rules(shop: Shop, deal: int) -> dict[str, Any]:
    return {rule["rule"]: rule for rule in (await shop.get(f"/deals/{deal}/robots"))["items"]}


async def test_each_rule_says_what_has_come_of_it_and_what_keeps_it_now(shop: Shop):
    shop.ctx.house.playbook = furnished(SCHOOL).playbook
    await shop.say("Хочу учиться")
    deal = (await shop.get("/deals"))["items"][0]["id"]
    found = await rules(shop, deal)
    assert found["greet"]["standing"] == "fired"
    assert found["greet"]["history"][0]["stage"] == "new"
    assert (found["second"]["standing"], found["late"]["standing"]) == ("waiting", "waiting")
    assert found["late"]["due_at"] is not None
    assert (found["remind"]["standing"], found["nag"]["standing"]) == ("elsewhere",) * 2
    (city,) = found["answers"]["conditions"]
    assert (city["subject"], city["holds"]) == ("city", False)
    assert found["answers"]["history"][0]["seen"] == "city: "
    assert found["moved_city"]["standing"] == "deaf"
    await shop.call("POST", f"/deals/{deal}/move", json={"stage": "talking"})
    found = await rules(shop, deal)
    assert found["remind"]["standing"] == "no_date"
    assert (found["nag"]["standing"], found["late"]["standing"]) == ("waiting", "elsewhere")


async def test_of_a_deal_that_is_not_there_nothing_is_said(shop: Shop):
    assert (await shop.call("GET", "/deals/99/robots"))[0] == 404
