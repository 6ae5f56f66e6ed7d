"""Tasks that a robot gives for as long as a deal is where it is: they end with the stage, unless somebody works on them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bots.kit.playbook import load_playbook
from bots.kit.spans import Span
from gateway.desk import Move
from gateway.duties import EditTask, FinishTask
from gateway.refusals import Conflict
from state import deals as deal_rows
from tests.shop import Shop, open_shop
from tests.test_staff_room import hired as hired_in_telegram

BOOK = """
playbook: Shop
language: ru
zone: Europe/Moscow
currency: RUB
funnels:
  orders:
    title: Заказы
    stages:
      asked:
        title: Спросили
        age: 1h
        robots:
          call: {do: [{task: {kind: call, text: Позвонить, ends: with stage}}, {task: {kind: other, text: Подобрать}}]}
      paying:
        title: Оплата
        robots:
          why: {in: 1h, do: [{task: {kind: call, text: Почему не оплачено, ends: with stage}}]}
      making:
        title: Собираем
        robots:
          on: {do: [{move: sent}, {task: {kind: other, text: Проследить, ends: with stage}}]}
      sent: Отправлен
    won: Да
    lost: Нет
    triggers:
      called: {on: call missed, do: [{task: {kind: call, text: Перезвонить, ends: with stage}}]}
  other: {title: Другое, stages: {one: Один, two: Два}, won: Да, lost: Нет}
sources: {message: {funnel: orders}}
reasons: {price: Дорого}
"""


@pytest.fixture
async def shop(database_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    (tmp_path / "playbook.yaml").write_text(BOOK, encoding="utf-8")
    made = open_shop(database_url, playbook=str(tmp_path))
    yield made
    await made.db.close()


async def tasks(shop: Shop, state: str = "open") -> set[str]:
    return {task["text"] for task in await shop.all("tasks") if task["state"] == state and task["kind"] != "answer"}


async def called(shop: Shop, text: str) -> Any:
    (number,) = [task["id"] for task in await shop.all("tasks") if task["text"] == text]
    found = await shop.db.read(lambda c: deal_rows.find_task(c, number))
    assert found is not None
    return found


async def test_they_end_when_the_deal_leaves_the_stage_and_say_why(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.later(hours=1.1)
    late = "Сделка стоит на этапе «Спросили» дольше положенного: продвиньте её или закройте"
    assert await tasks(shop) == {"Позвонить", "Подобрать", late}
    await shop.ask(Move("paying"))
    assert await tasks(shop) == {"Подобрать"}, "what nobody said it of stays"
    for text in ("Позвонить", late):
        ended = await called(shop, text)
        assert (ended.state, ended.done_by, ended.done_at) == ("done", None, shop.clock.now())
        assert ended.result == "Сделка ушла с этапа «Спросили», задача больше не нужна"
    told = [entry for entry in await shop.all("entries") if entry["data"].get("event") == "ended"]
    assert sorted(entry["data"]["task"] for entry in told) == sorted(
        [(await called(shop, t)).id for t in ("Позвонить", late)]
    )
    assert "Снята задача «Позвонить»: сделка ушла с этапа «Спросили»" in [entry["text"] for entry in told]


@pytest.mark.parametrize("to", [Move("won"), Move("lost", reason="price")])
async def test_they_end_with_the_deal(shop: Shop, to: Move):
    await shop.write("Здравствуйте")
    await shop.ask(to)
    assert await tasks(shop, "done") == {"Позвонить"}
    assert await tasks(shop) == {"Подобрать"}


async def test_one_that_somebody_has_put_off_or_passed_on_is_theirs(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.ask(EditTask(await called(shop, "Позвонить"), due_in=Span(3_600_000)))
    (told,) = [entry["data"] for entry in await shop.all("entries") if entry["data"].get("event") == "edited"]
    assert set(told) == {"event", "task", "by", "due_at"}
    await shop.ask(Move("paying"))
    assert "Позвонить" in await tasks(shop)


async def test_one_by_which_somebody_took_the_deal_is_theirs(shop: Shop):
    anna = await hired_in_telegram(shop)
    await shop.write("Здравствуйте")
    (told,) = [out for out in anna.fresh() if "Позвонить" in out.text]
    await anna.press(told, "take")
    assert (await shop.deal())["stage"] == "paying"
    assert "Позвонить" in await tasks(shop)
    assert (await called(shop, "Позвонить")).responsible_id == anna.person.id


async def test_whoever_presses_one_that_has_ended_is_told_why(shop: Shop):
    anna = await hired_in_telegram(shop)
    await shop.write("Здравствуйте")
    (told,) = [out for out in anna.fresh() if "Позвонить" in out.text]
    await shop.ask(Move("paying"))
    await anna.press(told, "done")
    assert "Сделка ушла с этапа «Спросили»" in anna.text()


async def test_one_that_was_done_before_is_left_alone(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.ask(FinishTask(await called(shop, "Позвонить"), "Договорились", "встретились"))
    await shop.ask(Move("paying"))
    assert (await called(shop, "Позвонить")).result == "Договорились"
    with pytest.raises(Conflict):
        await shop.ask(FinishTask(await called(shop, "Позвонить"), "Ещё раз", "так"))


async def test_one_that_is_given_behind_a_move_is_of_the_stage_it_led_to(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.ask(Move("making"))
    assert (await shop.deal())["stage"] == "sent"
    assert "Проследить" in await tasks(shop)
    await shop.ask(Move("won"))
    assert "Проследить" in await tasks(shop, "done")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("text: Позвонить, ends: with stage", "text: Позвонить, ends: tomorrow", "a task ends 'with stage', not 'tomorrow'"),
        ("won: Да\n    lost: Нет\n    triggers", "won: {title: Да, robots: {r: {do: [{task: {text: x, ends: with stage}}]}}}\n    lost: Нет\n    triggers", "a deal never leaves 'won'"),
        ("[{move: sent}, {task: {kind: other, text: Проследить, ends: with stage}}]", "[{task: {kind: other, text: Проследить, ends: with stage}}, {move: sent}]", "the task would end at once"),
    ],
)  # fmt: skip
def test_one_that_could_not_end_or_would_at_once_is_told_with_its_remedy(old: str, new: str, said: str):
    assert old in BOOK
    playbook, problems = load_playbook("shop", {"playbook.yaml": BOOK.replace(old, new)})
    assert playbook is None
    assert any(said in str(problem) for problem in problems), problems
