"""What came of a robot's deeds is kept with its turn: whatever did not do what it says is told, with its reason."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bots.kit.playbook import load_playbook
from gateway.amiss import sentence
from gateway.channels.base import Limits
from gateway.desk import Edit, Move
from gateway.events import ReachChanged
from gateway.wording.russian import RUSSIAN
from tests.shop import PaperChannel, Shop, furnished, open_shop

BOOK = """
playbook: Shop
language: ru
zone: Europe/Moscow
currency: RUB
fields: {price: {title: Цена, kind: money}, town: Город, came: {title: Пришёл, kind: date}, due: {title: Ждать до, kind: date}}
team: {lena: {name: Лена, groups: [desk]}}
assign: {sales: {how: evenly, among: [desk]}, anybody: {how: to all}}
endpoints: {crm: {url: "https://crm.example.com/hook", send: [price]}}
templates: {old: {text: "Давно не виделись, {name or здравствуйте}"}}
funnels:
  orders:
    title: Заказы
    stages:
      new: Новый
      skipped: {title: Мимо, robots: {r: {do: [{message: {text: "Привет, это магазин", by: [sms], else: skip}}]}}}
      asked: {title: Лично, robots: {r1: {do: [{message: {text: Привет, by: [sms]}}]}}}
      window: {title: Окно, robots: {r2: {do: [{message: {text: Привет, by: [telegram], else: skip}}]}}}
      approval: {title: Шаблон, robots: {r3: {do: [{message: {text: Привет, template: old, by: [telegram]}}]}}}
      empty: {title: Пусто, robots: {r4: {do: [{message: "Цена {price}, {town}"}]}}}
      bots: {title: Боты, robots: {r5: {do: [{start: hello}, {start: hello}]}}}
      hooks: {title: Наружу, robots: {r6: {do: [{webhook: crm}]}}}
      ends: {title: Концы, robots: {r7: {do: [{close: price}, {start: hello}]}}}
      people: {title: Люди, robots: {r8: {do: [{responsible: sales}]}}}
      others: {title: Другие, robots: {r9: {do: [{responsible: lena}, {task: {text: Собрать, to: sales}}, {tell head: Смотрите}]}}}
      open_to_all: {title: Всем, robots: {r10: {do: [{responsible: anybody}, {task: {text: Кто первый, to: anybody}}]}}}
      twice: {title: Дважды, robots: {r11: {every: 1h, do: [{task: Узнать решение}]}}}
      second: {title: Вторая, robots: {r12: {do: [{open: {funnel: mail}}, {open: {funnel: mail}}]}}}
      gone: {title: Удалить, robots: {r13: {do: [{delete: price}]}}}
      half: {title: Наполовину, robots: {r14: {do: [{message: {text: Привет, by: [sms], else: skip}}, {tag: пробовали}]}}}
      same: {title: Так и есть, robots: {r15: {do: [{tag: важно}, {tag: важно}, {set: {town: Тверь}}, {set: {town: Тверь}}]}}}
      fields: {title: Поля, robots: {r16: {do: [{set: {price: "{town}"}}, {set: {due: {from: came, in: 1d}}}]}}}
    won: Да
    lost: Нет
    triggers:
      shout: {on: tag громко, do: [{message: {text: Привет, by: [sms], else: skip}}]}
  mail: {title: Почта, group: mail, stages: {sent: Отправлено}, won: Да, lost: Нет}
sources: {message: {funnel: orders}, form: {funnel: orders}}
reasons: {price: Дорого, silence: Молчит}
"""
HELLO = "script: Привет\nsteps:\n  a:\n    ask: Что нужно?\n    answer: {text: {then: b}}\n  b: {end: done}\n"


@pytest.fixture
async def shop(database_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    (tmp_path / "playbook.yaml").write_text(BOOK, encoding="utf-8")
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/hello.yaml").write_text(HELLO, encoding="utf-8")
    made = open_shop(database_url, channels=[PaperChannel()], playbook=str(tmp_path))
    yield made
    await made.db.close()


async def came_of(shop: Shop, stage: str) -> tuple[str, list[list[str]]]:
    """How the turn of the stage's robot ended, and which of its deeds did not do what they say."""
    await shop.write("Здравствуйте")
    await shop.ask(Move(stage))
    return await last_turn(shop)


async def last_turn(shop: Shop) -> tuple[str, list[list[str]]]:
    turn = (await shop.all("firings"))[-1]
    return turn["outcome"], turn["deeds"]


async def lines(shop: Shop) -> list[str]:
    return [entry["text"] for entry in await shop.all("entries") if entry["data"].get("event") == "robot"]


async def test_a_message_that_nobody_got_is_no_deed_and_leaves_a_word(shop: Shop):
    assert await came_of(shop, "skipped") == ("nothing", [["message", "unreachable", "", ""]])
    assert await lines(shop) == ["Сообщение клиенту не отправлено: написать некуда. «Привет, это магазин»"]
    (entry,) = [entry for entry in await shop.all("entries") if entry["data"].get("event") == "robot"]
    assert (entry["author"], entry["data"]) == (
        "robot", {"event": "robot", "rule": "r", "deed": "message", "why": "unreachable"},
    )  # fmt: skip


async def test_a_message_that_a_person_has_to_write_instead_says_so(shop: Shop):
    assert await came_of(shop, "asked") == ("fired", [["message", "unreachable", "task", ""]])
    assert await lines(shop) == [], "the task tells of it"


async def test_a_message_behind_the_shut_window_without_an_approved_template_says_so(shop: Shop):
    shop.house.channels = {
        "telegram:100": Limits(text=4096, caption=1024, unit="utf16", buttons=0, label=0, window_hours=24)
    }
    await shop.write("Здравствуйте")
    await shop.later(hours=25)
    await shop.ask(Move("window"))
    assert await last_turn(shop) == ("nothing", [["message", "window_shut", "", ""]])
    await shop.ask(Move("approval"))
    assert await last_turn(shop) == ("fired", [["message", "window_shut", "task", ""]])
    assert len(await lines(shop)) == 1
    shop.house.playbook = replace(shop.house.playbook, templates={})  # it has lost it since
    await shop.ask(Move("new"))
    await shop.ask(Move("approval"))
    assert await last_turn(shop) == ("fired", [["message", "no_template", "task", ""]])


async def test_who_has_blocked_us_is_told_from_who_has_no_address(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.hear(ReachChanged(shop.sender(), "blocked"))
    await shop.ask(Move("window"))
    assert await last_turn(shop) == ("nothing", [["message", "barred", "", ""]])


async def test_a_message_without_a_value_says_which(shop: Shop):
    assert await came_of(shop, "empty") == ("fired", [["message", "empty_value", "task", "price, town"]])


async def test_too_many_messages_say_so(shop: Shop):
    book = shop.house.playbook
    shop.house.playbook = replace(book, loop_guard=replace(book.loop_guard, messages=1, equal=0))
    assert await came_of(shop, "asked") == ("fired", [["message", "loop", "task", ""]])


async def test_a_bot_that_met_another_says_whom(shop: Shop):
    assert await came_of(shop, "bots") == ("fired", [["start", "busy", "task", "hello"]])


async def test_a_bot_that_has_nowhere_to_write_or_no_script_says_so(shop: Shop):
    script = shop.house.scripts.pop("hello")
    assert await came_of(shop, "bots") == ("fired", [["start", "no_script", "task", "hello"]] * 2)
    shop.house.channels = {}
    shop.house.scripts["hello"] = script
    await shop.ask(Move("new"))
    await shop.ask(Move("bots"))
    assert await last_turn(shop) == ("fired", [["start", "unreachable", "task", "hello"]] * 2)


async def test_a_webhook_whose_endpoint_is_not_there_says_so(shop: Shop):
    assert await came_of(shop, "hooks") == ("fired", [["webhook", "no_endpoint", "task", "crm"]])


async def test_a_bot_that_is_started_in_a_deal_that_is_closed_says_so(shop: Shop):
    assert await came_of(shop, "ends") == ("fired", [["start", "closed", "task", "hello"]])


async def test_a_rule_that_finds_nobody_says_so(shop: Shop):
    assert await came_of(shop, "people") == ("nothing", [["responsible", "nobody", "", "sales"]])
    assert await lines(shop) == ["Ответственный не найден (sales)"]


async def test_a_task_that_nobody_was_found_for_says_who_was_meant(shop: Shop):
    assert await came_of(shop, "others") == (
        "fired",
        [
            ["responsible", "nobody", "", "lena"],
            ["task", "nobody", "task", "sales"],
            ["tell", "nobody", "task", "head"],
        ],
    )


async def test_what_is_for_whoever_comes_first_has_found_everybody(shop: Shop):
    assert await came_of(shop, "open_to_all") == ("fired", [])


async def test_a_task_that_is_still_open_is_not_given_again_and_says_so(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.ask(Move("twice"))
    await shop.later(hours=2.1)
    turns = [(turn["outcome"], turn["deeds"]) for turn in await shop.all("firings")]
    assert turns == [("fired", []), ("nothing", [["task", "already", "", ""]])]
    assert await lines(shop) == [], "there the task is"


async def test_a_second_deal_that_is_there_already_says_which(shop: Shop):
    outcome, deeds = await came_of(shop, "second")
    assert (outcome, deeds) == ("fired", [["open", "already", "", str((await shop.all("deals"))[1]["id"])]])


async def test_a_deal_that_a_customer_has_written_in_is_closed_instead_and_says_so(shop: Shop):
    assert await came_of(shop, "gone") == ("fired", [["delete", "written", "close", ""]])


async def test_of_several_deeds_one_that_came_to_nothing_is_told_beside_those_that_did(shop: Shop):
    assert await came_of(shop, "half") == ("fired", [["message", "unreachable", "", ""]])
    assert (await shop.deal())["tags"] == ["пробовали"]


async def test_what_is_so_already_is_as_it_says(shop: Shop):
    assert await came_of(shop, "same") == ("fired", [])


async def test_a_field_that_does_not_take_what_is_put_into_it_says_so_and_the_note_tells_of_it(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.ask(Edit(fields={"town": "Тверь"}))
    await shop.ask(Move("fields"))
    assert await last_turn(shop) == ("nothing", [["set", "unfit", "", "price"], ["set", "no_date", "", "due"]])
    assert await lines(shop) == []
    assert len([entry for entry in await shop.all("entries") if entry["data"].get("event") == "unfit"]) == 2


async def test_a_trigger_says_so_as_well(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.ask(Edit(tags=("громко",)))
    assert await last_turn(shop) == ("nothing", [["message", "unreachable", "", ""]])


@pytest.mark.parametrize("word", RUSSIAN.amiss)
def test_every_reason_has_a_sentence_for_people(word: str):
    deed, why = word.split(" ")
    said = sentence(furnished(), deed, why, "task", "about")
    assert said.endswith(". Вместо этого поставлена задача")
    assert "{" not in said


def test_a_bot_that_is_to_begin_in_a_closed_deal_is_warned_of():
    text = BOOK.replace(
        "won: Да\n    lost: Нет\n    triggers",
        "won: {title: Да, robots: {r17: {do: [{start: hello}]}}}\n    lost: Нет\n    triggers",
    )
    playbook, problems = load_playbook("shop", {"playbook.yaml": text})
    assert playbook is not None
    assert [(one.severity, one.code) for one in problems] == [("warning", "never_starts")]
