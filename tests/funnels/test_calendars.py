"""A funnel that names a calendar goes by it: its robots, its reports, and what is told of its late tasks. On both databases."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from bots.kit.duties import Overdue
from bots.kit.spans import Span
from gateway.desk import Move, Write
from gateway.duties import GiveTask
from gateway.overdue import go_round
from gateway.reports import REPORTS, Asked, make
from state import people, staff, staff_chats, tables
from state.facts import Narrow
from state.people import Role
from state.records import Person
from tests.funnels.test_robots import SCHOOL, moscow, turns
from tests.shop import ANNA, PaperChannel, Shop, open_shop

HOUR = 3_600_000
MONDAY = 24
"""Of November 2025."""
DESK = (
    "\ncalendars:\n  desk:\n    week: {mon-fri: 12:00-16:00}\n    holidays: RU\n"
    '    except: {"2025-11-25": closed, "2025-11-26": 14:00-15:00}\n'
    "  night: {week: {mon-sun: 22:00-02:00}}\n"
)


@pytest.fixture
def playbook(tmp_path: Path) -> str:
    """The leads have a desk of their own, the shop is open from ten to seven."""
    folder = Path(shutil.copytree(SCHOOL, tmp_path / "desk"))
    book = folder / "playbook.yaml"
    text = book.read_text("utf-8").replace("    group: leads\n", "    group: leads\n    calendar: desk\n")
    book.write_text(text + DESK, "utf-8")
    return str(folder)


@pytest.fixture
async def shop(database_url: str, playbook: str) -> AsyncIterator[Shop]:
    """Half an hour before the desk closes."""
    made = open_shop(
        database_url, channels=[PaperChannel("telegram")], playbook=playbook, at=moscow(2025, 11, MONDAY, 15, 30),
        always_open=False,
    )  # fmt: skip
    yield made
    await made.db.close()


# -- robots --------------------------------------------------------------------------------------------------------------


async def test_a_robots_working_hour_is_the_funnels_also_over_its_days_off(shop: Shop):
    await shop.write("Хочу учиться")
    due = moscow(2025, 11, 26, 14, 30)  # thirty minutes on Monday, none on Tuesday, thirty from two o'clock on
    assert [task["due_at"] for task in await shop.all("tasks") if task["kind"] == "call"] == [due]
    await shop.later(hours=46.9)
    assert not await turns(shop, "late")
    await shop.later(hours=0.2)
    assert [(one["rule"], one["at"]) for one in await shop.all("firings") if one["rule"] == "late"] == [("late", due)]


async def test_a_robot_that_waits_for_the_shop_to_open_waits_for_its_funnels_people(shop: Shop):
    await shop.write("Хочу учиться")
    await shop.ask(Move("talking"))  # every two days, while somebody is there
    await shop.later(hours=24 * 5)
    assert [one["at"] for one in await shop.all("firings") if one["rule"] == "nag"] == [
        moscow(2025, 11, 27, 12)  # on Wednesday the desk is shut from three on
    ]


# -- reports -------------------------------------------------------------------------------------------------------------


async def told(shop: Shop, report: str, way: str, key: Any) -> dict[str, Any]:
    until = shop.clock.now() + HOUR
    asked = Asked(
        shop.house.playbook, date(2025, 11, 24), date(2025, 12, 1), Narrow(until - 14 * 24 * HOUR, until, until)
    )
    lines = await shop.db.read(lambda c: make(c, REPORTS[report][way], asked).lines)
    return next(line.values for line in lines if line.key == key)


async def test_time_in_a_stage_and_to_an_answer_are_of_the_funnels_own_hours(shop: Shop):
    await shop.write("Хочу учиться")
    await shop.later(hours=47)  # Wednesday, half past two
    await shop.ask(Write("Здравствуйте!"))
    await shop.ask(Move("talking"))
    answers = await told(shop, "answers", "manager", (ANNA.id,))
    assert (answers["median_s"], answers["calendar_median_s"]) == (3_600.0, 47 * 3_600.0)
    stages = await told(shop, "stages", "", ("leads", "new"))
    assert (stages["median_s"], stages["calendar_median_s"]) == (3_600.0, 47 * 3_600.0)


async def test_the_next_funnels_time_is_its_own_again(shop: Shop):
    await shop.write("Хочу учиться")
    await shop.ask(Move("ready", fields={"goal": "Переезд"}))
    _, deal = await shop.all("deals")
    assert deal["funnel"] == "sales"  # without a calendar: the shop's, from ten to seven
    await shop.later(hours=47)
    await shop.ask(Move("paid"), deal["id"])
    assert (await told(shop, "stages", "", ("sales", "offer")))["median_s"] == (3.5 + 9 + 4.5) * 3_600.0


# -- what is late --------------------------------------------------------------------------------------------------------


async def hired(shop: Shop, name: str, role: Role = "manager", calendar: str = "") -> Person:
    """With a chat of their own."""

    def make(conn: Any) -> tuple[Person, str]:
        one = people.add_person(conn, shop.db.ids, name, role, shop.clock.now())
        staff.edit(conn, one.id, shop.clock.now(), calendar=calendar)
        return one, people.issue_telegram(conn, shop.db.ids, one.id, shop.clock.now())

    one, code = await shop.db.write(make)
    shop.turns.forget_staff()
    await shop.write(f"/start staff_{code}", name, start=f"staff_{code}")
    assert await shop.db.read(lambda c: staff_chats.chat_of(c, one.id)) is not None
    return one


async def round_at(shop: Shop, *when: int) -> None:
    """What is due on the way happens; then one process goes round."""
    await shop.later(seconds=(moscow(2025, 11, *when) - shop.clock.now()) / 1000)
    await shop.db.write(lambda c: go_round(c, shop.db.ids, shop.house, shop.clock.now()))
    await shop.settle()


def reminders(shop: Shop, who: Person) -> int:
    return len([text for text in shop.paper.texts(who.name) if text.startswith("Задача просрочена")])


async def late_task(shop: Shop, who: Person | None) -> None:
    """Due at once; reminded of after half an hour of working time, the head's after an hour."""
    shop.house.playbook = replace(
        shop.house.playbook, overdue=Overdue(Span(HOUR // 2, working=True), Span(HOUR, working=True), "head")
    )
    await shop.write("Хочу учиться")
    await shop.db.write(lambda c: c.execute(update(tables.tasks).values(state="done")))
    task = GiveTask("Позвонить", responsible=who.id if who else None, due_at=shop.clock.now(), nobodys=who is None)
    await shop.ask(task)


async def notices(shop: Shop) -> list[tuple[int | None, int]]:
    """(whose they are, of how many tasks they tell)."""
    return [(t["responsible_id"], t["details"]["count"]) for t in await shop.all("tasks") if t["kind"] == "overdue"]


async def test_who_has_no_shift_is_reminded_in_the_hours_of_the_deals_funnel(shop: Shop):
    anna = await hired(shop, "Анна")
    await late_task(shop, anna)
    await round_at(shop, MONDAY, 16, 20)  # the half hour is over, and so is the desk's day: the shop's goes on
    await round_at(shop, MONDAY, 18, 30)
    await round_at(shop, 25, 12, 30)
    await round_at(shop, 26, 13, 50)
    assert reminders(shop, anna) == 0
    await round_at(shop, 26, 14, 5)
    assert reminders(shop, anna) == 1


async def test_who_has_a_shift_is_reminded_in_it_whatever_the_funnels_hours_are(shop: Shop):
    anna = await hired(shop, "Анна", calendar="night")
    await late_task(shop, anna)
    await round_at(shop, MONDAY, 18, 30)
    await round_at(shop, MONDAY, 22, 20)  # twenty minutes of the shift
    assert reminders(shop, anna) == 0
    await round_at(shop, MONDAY, 22, 40)
    assert reminders(shop, anna) == 1


async def test_of_nobodys_task_those_are_told_who_are_there_for_its_funnel(shop: Shop):
    anna, boris = await hired(shop, "Анна"), await hired(shop, "Борис", calendar="night")
    await late_task(shop, None)
    await round_at(shop, MONDAY, 18, 30)
    assert (reminders(shop, anna), reminders(shop, boris)) == (0, 0)
    await round_at(shop, 26, 14, 5)
    assert (reminders(shop, anna), reminders(shop, boris)) == (1, 0)


async def test_the_head_hears_of_a_funnels_late_task_after_its_working_time_and_while_it_is_open(shop: Shop):
    anna, head = await hired(shop, "Анна"), await hired(shop, "Вера", "head")
    await late_task(shop, anna)
    for when in ((MONDAY, 18, 30), (25, 12, 30), (26, 14, 20)):
        await round_at(shop, *when)
    assert not await notices(shop)  # fifty minutes of the desk's time
    await round_at(shop, 26, 15, 30)
    assert not await notices(shop)  # the hour is over, and the desk is shut
    await round_at(shop, 27, 12, 0)
    assert await notices(shop) == [(head.id, 1)]


async def test_a_head_with_a_shift_hears_in_it_of_time_that_was_somebody_elses(shop: Shop):
    anna, head = await hired(shop, "Анна"), await hired(shop, "Вера", "head", "night")
    await late_task(shop, anna)
    await round_at(shop, 26, 14, 40)
    assert not await notices(shop)
    await round_at(shop, 26, 22, 0)
    assert await notices(shop) == [(head.id, 1)]


async def test_tasks_of_a_funnel_without_a_calendar_go_by_the_shops_hours(shop: Shop):
    anna, head = await hired(shop, "Анна"), await hired(shop, "Вера", "head")
    await late_task(shop, None)
    await shop.ask(Move("ready", fields={"goal": "Переезд"}))
    deal = (await shop.all("deals"))[-1]
    assert deal["funnel"] == "sales"
    await shop.ask(GiveTask("Счёт", responsible=anna.id, due_at=shop.clock.now()), deal["id"])
    await round_at(shop, MONDAY, 16, 10)
    assert reminders(shop, anna) == 1
    await round_at(shop, MONDAY, 16, 40)
    assert await notices(shop) == [(head.id, 1)]


async def test_tasks_of_no_deal_go_by_the_shops_hours_and_not_by_the_first_funnels(shop: Shop):
    anna = await hired(shop, "Анна")
    await late_task(shop, anna)
    await shop.db.write(lambda c: c.execute(update(tables.tasks).values(deal_id=0, contact_id=0)))
    await round_at(shop, MONDAY, 16, 10)
    assert reminders(shop, anna) == 1
