"""Corrections of a deal that several people make at once."""

import asyncio

from tests.api.conftest import Shop, both_databases


@both_databases
async def test_single_tags_are_added_and_removed_whatever_others_do_meanwhile(shop: Shop) -> None:
    deal = await shop.open_deal()
    at = f"/deals/{deal['id']}"
    asked = [shop.call("PATCH", at, json={"tags_add": [tag]}) for tag in ("срочно", "опт", "срочно")]
    assert [status for status, _ in await asyncio.gather(*asked)] == [200] * 3
    _, now = await shop.call("PATCH", at, json={"tags_add": ["новый"], "tags_remove": ["опт", "чужой"]})
    assert sorted(now["tags"]) == ["новый", "срочно"]
    for body, field in (
        ({"tags": [], "tags_add": ["а"]}, "tags"),
        ({"tags_add": ["а"], "tags_remove": ["а"]}, "tags_remove"),
        ({"tags_add": [f"т{n}" for n in range(49)]}, "tags_add"),
        ({"tags_add": [""]}, "tags_add"),
    ):
        status, refused = await shop.call("PATCH", at, json=body)
        assert (status, refused["error"]["field"]) == (422, field)
    assert sorted((await shop.get(at))["tags"]) == ["новый", "срочно"]
