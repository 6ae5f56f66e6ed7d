"""Marketers publish scripts through the API; two at once do not overwrite each other; everybody else looks on."""

import asyncio
from typing import Any

import pytest

from tests.api.conftest import ADMIN, Shop, both_databases

QUESTION = "Что вас интересует?"


async def now(shop: Shop, name: str = "qualifier") -> dict[str, Any]:
    found: dict[str, Any] = await shop.get(f"/scripts/{name}")
    return found


async def publish(shop: Shop, source: str, token: str = ADMIN, **more: Any) -> tuple[int, Any]:
    more = {"base": (await now(shop))["revision"]} | more
    return await shop.call("POST", "/scripts/qualifier/publish", token, json={"source": source, **more})


@both_databases
async def test_a_marketer_publishes_and_new_customers_meet_the_new_text(shop: Shop) -> None:
    before = await now(shop)
    assert (before["revision"], before["number"], before["author"]) == (1, 1, None)
    await shop.deal("old")
    token = shop.token("marketer", "Вера")
    status, done = await publish(
        shop, before["source"].replace(QUESTION, "Чем помочь?"), token, note="короче", label="Осень"
    )
    assert status == 200, done
    assert [c["what"] for c in done["changes"]] == ["step `menu`: the question now reads “Чем помочь?”"]
    assert done["standing"] == [
        {"version": before["version"], "step": "menu", "count": 1, "then": "finish", "to": None}
    ]
    assert f'-    ask: "{QUESTION}"' in done["diff"]
    after = await now(shop)
    assert (after["revision"], after["number"], after["author"]["name"]) == (2, 2, "Вера")
    await shop.deal("new")
    said = await shop.ctx.db.read(
        lambda c: c.exec_driver_sql("SELECT text FROM entries WHERE author='bot' ORDER BY id").scalars().all()
    )
    assert said[-1].endswith("Чем помочь?")
    items = (await shop.get("/scripts/qualifier/versions"))["items"]
    assert [(v["number"], v["note"], v["label"], v["live"]) for v in items] == [
        (2, "короче", "Осень", "stable"), (1, "from the playbook's files", "", None),
    ]  # fmt: skip
    assert (await shop.get("/scripts/qualifier/versions/1"))["source"] == before["source"]
    assert (await shop.get(f"/scripts/qualifier/versions/{items[0]['hash']}"))["source"] == after["source"]
    stand = (await shop.get("/scripts/qualifier/standing"))["items"]
    assert sorted((s["live"], s["step"], s["count"]) for s in stand if s["live"]) == [("stable", "menu", 1)]
    assert sum(s["count"] for s in stand) == 2


@both_databases
async def test_of_two_who_publish_at_once_one_wins_and_the_other_is_shown_the_difference(shop: Shop) -> None:
    base = await now(shop)
    texts = [base["source"].replace(QUESTION, words) for words in ("Чем помочь?", "Слушаем вас?")]
    answers = await asyncio.gather(*(publish(shop, text, base=base["hash"]) for text in texts))
    assert sorted(status for status, _ in answers) == [200, 409]
    won, lost = (next(body for status, body in answers if status == wanted) for wanted in (200, 409))
    error = lost["error"]
    assert error["code"] == "outdated"
    assert error["current"]["revision"] == 2
    assert [c["what"] for c in error["changes"]] == [c["what"] for c in won["changes"]]
    assert "+    ask:" in error["diff"]
    assert [v["number"] for v in (await shop.get("/scripts/qualifier/versions"))["items"]] == [2, 1]


async def test_mistakes_are_told_with_line_column_and_remedy_and_nothing_changes(shop: Shop) -> None:
    before = await now(shop)
    status, answer = await publish(shop, before["source"].replace("patience: 10h", "patince: 10h"))
    assert status == 422
    finding = answer["error"]["findings"][0]
    assert (finding["line"], finding["column"], finding["severity"]) == (5, 1, "error")
    assert finding["remedy"] == "Did you mean 'patience'?"
    assert await now(shop) == before


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"runs": "map", "map": {"menu": "nowhere"}}, "map"),
        ({"map": {"menu": "menu"}}, "map"),
        ({"rollout": 10, "runs": "hand_off"}, "runs"),
        ({"rollout": 101}, "rollout"),
        ({"runs": "burn"}, "runs"),
        ({"source": "steps:\x00"}, "source"),
    ],
)
async def test_what_cannot_be_is_refused_by_its_fields_name(shop: Shop, given: dict[str, Any], field: str) -> None:
    source = (await now(shop))["source"].replace(QUESTION, "Чем помочь?")
    status, answer = await publish(shop, **({"source": source} | given))
    assert (status, answer["error"]["field"]) == (422, field)
    assert (await now(shop))["revision"] == 1


async def test_whoever_names_no_base_is_told_to_and_not_that_somebody_was_quicker(shop: Shop) -> None:
    live = await now(shop)
    status, refused = await shop.call(
        "POST", "/scripts/qualifier/publish", json={"source": live["source"] + "# anew\n"}
    )
    assert (status, refused["error"]["code"], refused["error"]["field"]) == (409, "outdated", "base")
    assert f"({live['revision']} is the newest)" in refused["error"]["message"]


@both_databases
async def test_a_base_and_a_version_that_no_database_can_look_for_are_none(shop: Shop) -> None:
    source = (await now(shop))["source"].replace(QUESTION, "Чем помочь?")
    for base in ("\x00", "\x00" * 64, "\x00" + "0" * 63):
        for call, body in (("publish", {"source": source}), ("rollback", {"to": 1}), ("rollout", {"percent": 5})):
            status, answer = await shop.call("POST", f"/scripts/qualifier/{call}", json={**body, "base": base})
            assert (status, answer["error"]["code"]) == (409, "outdated")
        status, answer = await shop.call("POST", "/scripts/qualifier/rollback", json={"to": base, "base": 1})
        assert (status, answer["error"]["field"]) == (422, "to")
    assert (await now(shop))["revision"] == 1


async def test_only_marketers_and_admins_publish_and_everybody_reads(shop: Shop) -> None:
    source = (await now(shop))["source"]
    for role in ("manager", "head"):
        token = shop.token(role)
        for call in ("publish", "rollback", "rollout"):
            assert (await shop.call("POST", f"/scripts/qualifier/{call}", token, json={}))[0] == 403
        for path in ("", "/versions", "/versions/1", "/compare?from=1", "/standing"):
            assert (await shop.call("GET", f"/scripts/qualifier{path}", token))[0] == 200
    assert (await publish(shop, source, shop.token("marketer")))[1]["changed"] is False


async def test_any_two_versions_are_compared_and_one_is_rolled_back_as_a_new_one(shop: Shop) -> None:
    first = await now(shop)
    await publish(shop, first["source"].replace(QUESTION, "Чем помочь?"))
    await publish(shop, first["source"].replace(QUESTION, "Слушаем вас?"))
    found = await shop.get("/scripts/qualifier/compare?from=2&to=1")
    assert [c["what"] for c in found["changes"]] == [f"step `menu`: the question now reads “{QUESTION}”"]
    assert (await shop.get("/scripts/qualifier/compare?from=1"))["to"] == (await now(shop))["version"]
    body = {"to": 1, "base": 3}
    status, done = await shop.call("POST", "/scripts/qualifier/rollback", json=body)
    assert (status, done["script"]["version"], done["script"]["revision"]) == (200, first["version"], 4)
    assert (await shop.call("POST", "/scripts/qualifier/rollback", json=body))[0] == 409
    newest = (await shop.get("/scripts/qualifier/versions"))["items"][0]
    assert (newest["number"], newest["hash"], newest["note"]) == (4, first["version"], "back to version 1")


async def test_a_version_is_rolled_out_share_by_share(shop: Shop) -> None:
    first = await now(shop)
    status, done = await publish(shop, first["source"].replace(QUESTION, "Чем помочь?"), rollout=10)
    assert status == 200
    assert done["script"]["version"] == first["version"]
    assert done["script"]["candidate"]["percent"] == 10
    assert (await now(shop))["hash"] == done["script"]["candidate"]["version"]  # an editor goes on from the newest
    status, _ = await shop.call("POST", "/scripts/qualifier/rollout", json={"percent": 100, "base": 1})
    assert status == 409
    status, done = await shop.call("POST", "/scripts/qualifier/rollout", json={"percent": 100, "base": 2})
    assert (status, done["script"]["candidate"], done["script"]["number"]) == (200, None, 2)
    status, refused = await shop.call("POST", "/scripts/qualifier/rollout", json={"percent": 50, "base": 3})
    assert (status, refused["error"]["field"]) == (422, "percent")


@both_databases
async def test_customers_at_a_renamed_step_are_moved_while_the_shop_works(shop: Shop) -> None:
    await shop.deal("ivan")
    shop.clock.at += 60_000  # what they said first has settled
    source = (await now(shop))["source"]
    renamed = source.replace("\n  menu:\n", "\n  topics:\n").replace("then: menu", "then: topics")
    status, done = await publish(shop, renamed, runs="map")
    assert status == 200, done
    assert [(s["step"], s["then"], s["to"]) for s in done["standing"]] == [("menu", "move", "topics")]
    async with asyncio.timeout(20):
        while [s["step"] for s in (await shop.get("/scripts/qualifier/standing"))["items"]] != ["topics"]:
            await asyncio.sleep(0.02)
    await shop.say("1")
    stand = (await shop.get("/scripts/qualifier/standing"))["items"]
    assert [s["count"] for s in stand] == [1]
    assert stand[0]["step"] != "topics"


@pytest.mark.parametrize(
    "path", ["nobody", "..%2Fsecret", "a%0A", "nobody/versions", "qualifier/versions/99", "qualifier/versions/0"]
)
async def test_what_is_not_there_is_not_found(shop: Shop, path: str) -> None:
    assert (await shop.call("GET", f"/scripts/{path}"))[0] == 404
