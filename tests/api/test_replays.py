"""Replay over the API and from the terminal: the report by step, and nobody's data for those who may not see deals."""

import asyncio
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from bots.kit.talk import check, read_talk
from gateway.playbooks import BOTS, find_folder
from tests.api.conftest import Shop, both_databases
from tests.api.own_shop import parley
from tests.shop import open_shop

HELLO = (
    "Здравствуйте, {name|first|proper or спасибо, что написали}!",
    "Добрый день, {name|first|proper or спасибо, что написали}!",
)
CAR = ("Пришлите VIN автомобиля", "Пришлите VIN машины")


def draft(shop: Shop, *changes: tuple[str, str]) -> str:
    source = shop.ctx.house.scripts["qualifier"].source
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return source


async def replayed(shop: Shop, role: str, *changes: tuple[str, str], **more: Any) -> Any:
    body = {"source": draft(shop, *changes), **more}
    status, answer = await shop.call("POST", "/scripts/qualifier/replay", shop.token(role), json=body)
    assert status == 200, answer
    return answer


@both_databases
async def test_the_report_says_which_talks_would_go_otherwise_and_where(shop: Shop):
    for who in ("ivan", "petr", "olga"):
        await shop.deal(who)
    await shop.say("1", "ivan")
    await shop.say("1", "petr")
    report = await replayed(shop, "head", CAR)
    assert (report["talks"], report["same"], report["different"], report["unplayable"]) == (3, 1, 2, [])
    (group,) = report["groups"]
    (change,) = group["changes"]
    assert (group["step"], group["count"], change["count"], len(change["deals"])) == ("car", 2, 2, 2)
    assert change["before"][0]["text"].startswith("Пришлите VIN автомобиля")
    assert change["now"][0] == {
        "speaker": "bot",
        "step": "car",
        "text": change["before"][0]["text"].replace("автомобиля", "машины"),
    }
    assert (await replayed(shop, "head", CAR, last=1))["talks"] == 1
    assert (await replayed(shop, "head"))["different"] == 0


async def test_who_may_not_see_deals_sees_nobodys_data(shop: Shop):
    await shop.deal("ivan", name="Секретов")
    report = await replayed(shop, "marketer", HELLO)
    (change,) = report["groups"][0]["changes"]
    assert change["deals"] == []
    assert "Секретов" not in json.dumps(report, ensure_ascii=False)
    assert change["before"][0]["text"] == "…"
    assert change["before"][1]["text"].startswith("Что вас интересует?\n1. Подобрать запчасти\n")
    seen = (await replayed(shop, "head", HELLO))["groups"][0]["changes"][0]
    assert seen["before"][0]["text"].startswith("Здравствуйте, Секретов!")
    assert seen["deals"]


async def test_managers_and_strangers_replay_nothing(shop: Shop):
    body = {"source": draft(shop)}
    assert (await shop.call("POST", "/scripts/qualifier/replay", shop.token("manager"), json=body))[0] == 403
    assert (await shop.call("POST", "/scripts/qualifier/replay", None, json=body))[0] == 401


async def test_what_cannot_be_replayed_is_named(shop: Shop):
    assert (await shop.call("POST", "/scripts/nobody/replay", json={"source": draft(shop)}))[0] == 404
    status, answer = await shop.call("POST", "/scripts/qualifier/replay", json={"source": "script: X\n"})
    assert (status, answer["error"]["code"]) == (422, "bad_script")
    assert answer["error"]["findings"]
    status, answer = await shop.call("POST", "/scripts/qualifier/replay", json={"source": draft(shop), "last": 501})
    assert (status, answer["error"]["field"]) == (422, "last")


async def test_a_talk_that_does_not_come_out_as_it_did_is_said_to_be_so(shop: Shop):
    deal = await shop.deal("ivan")
    await shop.ctx.db.write(lambda c: c.exec_driver_sql("UPDATE entries SET text = 'иначе' WHERE author = 'bot'"))
    report = await replayed(shop, "head", CAR)
    (why,) = report["unplayable"]
    assert (why["reason"], why["count"], why["deals"], report["different"]) == ("differs", 1, [deal["id"]], 0)
    assert (await replayed(shop, "marketer", CAR))["unplayable"][0]["deals"] == []


async def test_a_deals_conversation_is_kept_as_a_masked_talk_by_those_who_see_deals(shop: Shop):
    deal = await shop.deal("ivan", name="Секретов")
    await shop.say("1", "ivan")
    answer = await shop.get(f"/deals/{deal['id']}/talk")
    assert answer["script"] == "qualifier"
    assert "Секретов" not in answer["talk"]
    assert "script: qualifier\nname: Клиент\n" in answer["talk"]
    talk, _ = read_talk(answer["talk"])
    house = shop.ctx.house
    assert talk is not None
    assert check(talk, house.scripts["qualifier"], house.playbook, house.scripts) == []
    assert (await shop.call("GET", f"/deals/{deal['id']}/talk?bot=offline"))[0] == 404
    assert (await shop.call("GET", f"/deals/{deal['id']}/talk", shop.token("marketer")))[0] == 404
    await shop.ctx.db.write(lambda c: c.exec_driver_sql("DELETE FROM entries WHERE kind = 'bot'"))
    status, wrong = await shop.call("GET", f"/deals/{deal['id']}/talk")
    assert (status, wrong["error"]["code"]) == (422, "not_a_talk")


# -- from the terminal -------------------------------------------------------------------------------------------------


@pytest.fixture
def talked(home: Path, migrated_file: Path) -> Path:
    """A shop whose bot has talked to two customers."""
    (home / "data").mkdir()
    shutil.copy(migrated_file, home / "data" / "parley.db")

    async def talk() -> None:
        shop = open_shop(f"sqlite:///{home / 'data' / 'parley.db'}")
        await shop.write("Здравствуйте", "1")
        await shop.write("1", "1")
        await shop.write("Здравствуйте", "2")
        (home / "draft.yaml").write_text(
            shop.house.scripts["qualifier"].source.replace(*CAR).replace("after: 3h", "after: 2h"), encoding="utf-8"
        )
        await shop.db.close()

    asyncio.run(talk())
    return home


def said(result: Result) -> str:
    assert not isinstance(result.exception, Exception) or isinstance(result.exception, SystemExit), result.exception
    return result.output


def test_the_terminal_tells_the_same(talked: Path) -> None:
    result = parley("replay", "qualifier", "--draft", "draft.yaml")
    assert result.exit_code == 1
    assert said(result).startswith(
        "2 talks: 1 the same, 1 otherwise, 0 not replayable\n\nstep car: 1\n  1, as in deals "
    )
    assert "    before  bot: Пришлите VIN автомобиля" in result.output
    assert "    now     bot: Пришлите VIN машины" in result.output


def test_the_shops_script_as_it_is_goes_as_it_went(talked: Path) -> None:
    result = parley("replay", "qualifier")
    assert (result.exit_code, said(result)) == (0, "2 talks: 2 the same, 0 otherwise, 0 not replayable\n")


def test_programs_get_json(talked: Path) -> None:
    report = json.loads(said(parley("replay", "qualifier", "--draft", "draft.yaml", "--last", "2", "--json")))
    assert (report["talks"], report["different"], report["groups"][0]["step"]) == (2, 1, "car")


def test_what_is_asked_wrongly_is_said(talked: Path) -> None:
    (talked / "bad.yaml").write_text("script: X\nsteps:\n  a: {then: b}\n", encoding="utf-8")
    assert parley("replay", "nobody").exit_code == 2
    assert parley("replay", "qualifier", "--last", "0").exit_code == 2
    assert parley("replay", "qualifier", "--draft", "gone.yaml").exit_code == 2
    result = parley("replay", "qualifier", "--draft", "bad.yaml")
    assert result.exit_code == 2
    assert "there is no step 'b'" in result.output


def test_a_conversation_is_kept_beside_its_script(talked: Path) -> None:
    shutil.copytree(find_folder("autoparts"), talked / "shop")
    (talked / "shop" / "scripts" / "qualifier.yaml").write_text(
        (BOTS / "qualifier" / "qualifier.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    (talked / "parley.toml").write_text('playbook = "shop"\n', encoding="utf-8")
    with sqlite3.connect(talked / "data" / "parley.db") as db:
        first = str(db.execute("SELECT min(id) FROM deals").fetchone()[0])
    printed = said(parley("talk", "save", first, "--print", "--about", "Выбирает запчасти"))
    assert printed.startswith("# Выбирает запчасти\nscript: qualifier\nname: Клиент\n")
    result = parley("talk", "save", first, "--name", "real_one")
    assert result.exit_code == 0, result.output
    kept = (talked / "shop" / "scripts" / "talks" / "real_one.talk").read_text(encoding="utf-8")
    assert kept.partition("script:")[2] == printed.partition("script:")[2]
    assert "ended:" not in kept, "it is still going on"
    assert "there is a talk" in parley("talk", "save", first, "--name", "real_one").output
    assert "no conversation" in parley("talk", "save", "99999999").output
    assert parley("talk", "save", first, "--name", "../x").exit_code == 2
