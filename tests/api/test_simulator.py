"""The simulator over the API: the whole conversation from its lines, the same each time, bounded, for those who write scripts."""

import asyncio
import time
from typing import Any

import pytest

from bots.kit.talk import check, read_talk
from gateway.trials import MOST_EVENTS
from tests.api.conftest import Shop

DRAFT = """\
script: Проба
fields: {topic: Тема}
steps:
  menu:
    ask: "{name or Друг}, что нужно?"
    save: topic
    choices: {parts: {label: Запчасти, then: done}, other: {label: Другое, then: done}}
  done: {tag: готово, move: clarification, say: "Спасибо!", hand_off: {task: Ответить, show: [topic]}}
"""


async def tried(shop: Shop, token: str = "", /, **body: Any) -> Any:
    status, answer = await shop.call("POST", "/simulator", token or shop.token("marketer"), json=body)
    assert status == 200, answer
    return answer


async def test_a_draft_is_tried_from_its_first_line_to_its_last(shop: Shop):
    answer = await tried(
        shop, source=DRAFT, channel="whatsapp", name="Анна", fields={"order": 7}, acts=["здравствуйте", "/+1m", "1"]
    )
    hello, _, chosen = answer["acts"]
    assert hello["lines"][0]["text"] == "Анна, что нужно?\n1. Запчасти\n2. Другое"
    assert hello["lines"][0]["parts"] == [{"text": "Анна, что нужно?\n\n1. Запчасти\n2. Другое", "buttons": []}]
    assert hello["clock"] == "2025-01-15 11:00:02"
    assert [line["speaker"] for line in chosen["lines"]] == ["tag", "stage", "bot", "handed off"]
    assert {line["step"] for line in chosen["lines"]} == {"done"}
    assert chosen["why"][0] == {"step": "menu", "because": "named", "seen": "1", "text": "menu: '1' names a choice"}
    state = answer["state"]
    assert (state["status"], state["stage"], state["tags"]) == ("handed_off", "clarification", ["готово"])
    assert state["fields"] == {"order": 7, "topic": "Запчасти"}
    assert answer["findings"] == []


async def test_what_is_set_and_what_waits_is_shown(shop: Shop):
    acts = ["/hours closed", "/window closed", "/fail", "/channel telegram"]
    state = (await tried(shop, source=DRAFT, acts=acts))["state"]
    assert (state["hours"], state["window"], state["failing"], state["channel"]) == (
        "closed",
        "closed",
        True,
        "telegram",
    )
    answer = await tried(shop, script="qualifier", channel="telegram", acts=["здравствуйте"])
    assert answer["state"]["timers"] == [
        {"name": "patience", "at": "2025-01-15T18:00:00.000Z", "clock": "2025-01-15 21:00:00"}
    ]
    assert answer["acts"][0]["lines"][1]["parts"][0]["buttons"][0] == "1. Подобрать запчасти"


async def test_the_same_lines_give_the_same_answer_and_keep_nothing(shop: Shop):
    acts = ["здравствуйте", "3", "/burst", "в Тверь", "улица Мира", "/burst", "/+11h"]
    token = shop.token("marketer")
    assert await tried(shop, token, script="qualifier", acts=acts) == await tried(
        shop, token, script="qualifier", acts=acts
    )
    assert (await shop.get("/deals"))["items"] == []


async def test_the_talk_that_is_answered_holds(shop: Shop):
    answer = await tried(shop, script="qualifier", name="анна", acts=["здравствуйте", "1", "[photo sts.jpg]", "/+11h"])
    talk, problems = read_talk(answer["talk"])
    assert problems == []
    assert talk is not None
    house = shop.ctx.house
    assert check(talk, house.scripts["qualifier"], house.playbook, house.scripts) == []


async def test_the_whole_shop_answers_with_a_draft_in_its_place(shop: Shop):
    acts = ["/hours closed", "здравствуйте", "/stage paying"]
    answer = await tried(shop, shop=True, acts=acts)
    assert [line["speaker"] for line in answer["acts"][1]["lines"]][:2] == ["script", "bot"]
    assert (answer["state"]["script"], answer["state"]["stage"]) == ("offline", "paying")
    assert "rules: yes\n" in answer["talk"]
    answer = await tried(shop, shop=True, script="offline", source=DRAFT, acts=acts)
    assert answer["acts"][1]["lines"][1]["text"].startswith("Друг, что нужно?")
    answer = await tried(shop, shop=True, stage="offer_bot", acts=["/now"])
    assert (answer["state"]["script"], answer["state"]["timers"][0]["name"]) == ("", "start:offer_followup")


async def test_a_draft_with_mistakes_is_answered_with_all_of_them(shop: Shop):
    wrong = DRAFT.replace("then: done", "then: don")
    status, answer = await shop.call("POST", "/simulator", json={"source": wrong, "acts": ["1"]})
    assert status == 422
    assert (answer["error"]["code"], answer["error"]["field"]) == ("bad_script", "source")
    first = answer["error"]["findings"][0]
    assert (first["line"], first["severity"], first["remedy"]) == (7, "error", "Did you mean 'done'?")
    assert len(answer["error"]["findings"]) >= 2


async def test_a_draft_with_warnings_is_tried_and_they_are_told(shop: Shop):
    answer = await tried(shop, source=DRAFT.replace("{name or Друг}", "{name}"), acts=["привет"])
    assert [one["severity"] for one in answer["findings"]] == ["warning"]


async def test_what_cannot_be_tried_is_named(shop: Shop):
    async def wrong(**body: Any) -> tuple[str, str]:
        status, answer = await shop.call("POST", "/simulator", json=body)
        assert status == 422, answer
        return answer["error"]["field"], answer["error"]["message"]

    assert (await wrong())[0] == "script"
    assert await wrong(script="nobody") == ("script", "there is no such script")
    assert (await wrong(source=DRAFT, channel="pigeon"))[0] == "channel"
    field, said = await wrong(source=DRAFT, acts=["привет", "/wyh"])
    assert (field, said.partition(".")[0]) == ("acts", "line 2: there is no '/wyh'")
    assert (await wrong(source=DRAFT, acts=["а"] * 501))[0] == "acts"


async def test_those_who_write_scripts_try_them_and_managers_do_not(shop: Shop):
    for role, expected in (("marketer", 200), ("head", 200), ("admin", 200), ("manager", 403)):
        status, _ = await shop.call("POST", "/simulator", shop.token(role), json={"source": DRAFT})
        assert status == expected, role


ROUND = "script: Круг\nsteps:\n  a: {wait: 5s, then: b}\n  b: {say: Ау, then: c}\n  c: {wait: 5s, then: a}\n"


async def test_a_script_that_goes_round_for_ever_ends_soon(shop: Shop):
    began = time.monotonic()
    status, answer = await shop.call("POST", "/simulator", json={"source": ROUND, "acts": ["привет", "/+90d"]})
    assert (status, answer["error"]["field"]) == (422, "acts")
    assert "too much happens" in answer["error"]["message"] or "takes too long" in answer["error"]["message"]
    assert time.monotonic() - began < 10
    assert MOST_EVENTS <= 5_000


async def test_a_script_that_talks_without_end_ends_soon(shop: Shop):
    loud = ROUND.replace("Ау", '"' + "а" * 7_000 + '"')
    status, answer = await shop.call("POST", "/simulator", json={"source": loud, "acts": ["привет", "/+90d"]})
    assert (status, answer["error"]["field"]) == (422, "acts")


async def test_five_hundred_lines_are_played_while_others_are_served(shop: Shop):
    acts = ["здравствуйте", *["ну", "1", "/+1m"] * 166]
    trial = asyncio.create_task(tried(shop, script="qualifier", acts=acts))
    longest = 0.0
    while not trial.done():
        began = time.monotonic()
        await shop.get("/me")
        longest = max(longest, time.monotonic() - began)
    assert len((await trial)["acts"]) == 499
    assert longest < 1


@pytest.mark.parametrize(
    ("acts", "place"),
    [
        (["/+999999d"], 1),
        (["здравствуйте", "/+1d 999999d 999999d"], 2),
        (["/until 9999-12-31 23:59"], 1),
        (["/until 1901-01-01 0:00"], 1),
        (["/+" + "1s" * 1_900], 1),
    ],
)
async def test_a_jump_out_of_the_calendar_is_refused_at_its_line(shop: Shop, acts: list[str], place: int):
    """The clock's end (the year 9999) was an answer of 500."""
    status, answer = await shop.call(
        "POST", "/simulator", shop.token("marketer"), json={"script": "qualifier", "acts": acts}
    )
    assert status == 422, answer
    assert f"line {place}: " in answer["error"]["message"]


async def test_as_many_of_the_longest_jumps_as_there_may_be_still_have_a_day(shop: Shop):
    acts = ["/until 2999-12-31 23:59", *["/+3650d"] * 499]
    status, answer = await shop.call(
        "POST", "/simulator", shop.token("marketer"), json={"script": "qualifier", "acts": acts}
    )
    assert status == 200, answer
    assert answer["state"]["clock"].startswith("798")
