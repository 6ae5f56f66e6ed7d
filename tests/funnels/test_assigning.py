"""Who gets a deal: by a rule, on their shift, with room; again when they do not act or leave. On both databases."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bots.kit.spans import Span
from bots.kit.staffing import Assign
from gateway.assigning import LEAVE
from gateway.desk import Take
from state import people, staff
from state.records import Person
from tests.funnels.test_robots import NOON, SCHOOL
from tests.shop import PaperChannel, Shop, open_shop

HOUR = 3_600_000


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    made = open_shop(database_url, channels=[PaperChannel("chat")], playbook=SCHOOL, at=NOON, always_open=False)
    yield made
    await made.db.close()


def ruled(shop: Shop, **rule: Any) -> None:
    book = shop.house.playbook
    sources = {**book.sources, "message": replace(book.sources["message"], responsible="sales")}
    shop.house.playbook = replace(book, sources=sources, assign={"sales": Assign("sales", **rule)})


async def hired(shop: Shop, *names: str, **more: Any) -> list[Person]:
    people = []
    for n, name in enumerate(names):
        person = Person(100 + n, name, more.get("role", "manager"), active=True)

        def add(conn: Any, who: Person = person) -> None:
            room, groups = more.get("capacity", 0), more.get("groups", ())
            staff.add_member(conn, who, groups, "", room, shop.clock.now())

        await shop.db.write(add)
        people.append(person)
    shop.turns.forget_staff()
    return people


async def edited(shop: Shop, person: Person, **values: Any) -> int:
    looking = await shop.db.write(lambda c: staff.edit(c, person.id, shop.clock.now(), **values))
    shop.turns.forget_staff()
    return looking


async def holders(shop: Shop) -> list[int | None]:
    return [deal["responsible_id"] for deal in await shop.all("deals")]


async def inquiries(shop: Shop, *who: str) -> None:
    for one in who:
        await shop.write("Хочу учиться", one)


async def test_deals_go_to_whoever_has_least(shop: Shop):
    ruled(shop)
    anna, boris = await hired(shop, "Анна", "Борис")
    await inquiries(shop, "1", "2", "3", "4")
    assert await holders(shop) == [anna.id, boris.id, anna.id, boris.id]


async def test_a_program_gets_no_deals_and_takes_nobodys_turn(shop: Shop):
    ruled(shop, how="in order")

    def add(conn: Any) -> int:
        return people.add_person(conn, shop.db.ids, "crm", "manager", shop.clock.now(), program=True).id

    program = await shop.db.write(add)
    await inquiries(shop, "1")
    assert await holders(shop) == [None]  # it is nobody who could be there
    (anna,) = await hired(shop, "Анна")
    await shop.db.write(lambda c: staff.wake_waiting(c, shop.clock.now()))
    await inquiries(shop, "2", "3")
    assert program not in await holders(shop)
    assert set(await holders(shop)) == {anna.id}


async def test_in_order_goes_on_where_it_was_also_after_a_restart(shop: Shop):
    ruled(shop, how="in order")
    anna, boris = await hired(shop, "Анна", "Борис")
    await inquiries(shop, "1")
    shop.turns.forget_staff()
    await inquiries(shop, "2", "3")
    assert await holders(shop) == [anna.id, boris.id, anna.id]


async def test_to_all_leaves_it_to_whoever_takes_it(shop: Shop):
    ruled(shop, how="to all")
    await hired(shop, "Анна")
    await inquiries(shop, "1")
    assert await holders(shop) == [None]


async def test_who_is_full_or_away_gets_none_and_the_pool_waits_for_them(shop: Shop):
    ruled(shop)
    anna, boris = await hired(shop, "Анна", "Борис", capacity=1)
    await edited(shop, boris, away_until=NOON + HOUR)
    await inquiries(shop, "1", "2")
    assert await holders(shop) == [anna.id, None]
    await shop.later(hours=1.1)
    assert await holders(shop) == [anna.id, boris.id]


async def test_where_the_rule_says_so_the_head_is_given_what_nobody_is_there_for(shop: Shop):
    ruled(shop, among=("Анна",), absent="head")
    (anna,) = await hired(shop, "Анна")
    head = Person(200, "Глава", "head", active=True)
    await shop.db.write(lambda c: staff.add_member(c, head, (), "", 0, NOON))
    await inquiries(shop, "1")
    await edited(shop, anna, away_until=NOON + HOUR)
    await inquiries(shop, "2")
    assert await holders(shop) == [anna.id, head.id]


async def test_out_of_the_shift_the_pool_waits_for_the_morning(database_url: str):
    night = NOON + 10 * HOUR
    shop = open_shop(database_url, channels=[PaperChannel("chat")], playbook=SCHOOL, at=night, always_open=False)
    ruled(shop)
    (anna,) = await hired(shop, "Анна")
    await inquiries(shop, "1")
    assert await holders(shop) == [None]
    await shop.later(hours=12.1)
    assert await holders(shop) == [anna.id]
    await shop.db.close()


async def test_each_is_there_in_their_own_shift(database_url: str, tmp_path: Path):
    folder = Path(shutil.copytree(SCHOOL, tmp_path / "school"))
    with (folder / "playbook.yaml").open("a", encoding="utf-8") as book:
        book.write("\ncalendars:\n  evening: {week: {mon-sun: 16:00-23:00}}\n")
    shop = open_shop(
        database_url, channels=[PaperChannel("chat")], playbook=str(folder), at=NOON + HOUR, always_open=False
    )
    ruled(shop)
    anna, boris = await hired(shop, "Анна", "Борис")
    await edited(shop, anna, calendar="evening")
    await inquiries(shop, "1", "2")
    assert await holders(shop) == [boris.id, boris.id]
    await shop.later(hours=3.5)  # half past four
    await inquiries(shop, "3")
    assert (await holders(shop))[2] == anna.id
    await shop.db.close()


async def test_a_silent_console_means_that_nobody_sits_there(shop: Shop):
    ruled(shop)
    anna, boris = await hired(shop, "Анна", "Борис")
    await edited(shop, anna, seen_at=NOON - HOUR)  # today, and not since
    await inquiries(shop, "1")
    assert await holders(shop) == [boris.id]


async def test_whoever_comes_back_is_given_what_waits(shop: Shop):
    ruled(shop)
    (anna,) = await hired(shop, "Анна")
    await edited(shop, anna, away_until=NOON + 100 * HOUR)
    await inquiries(shop, "1", "2")
    assert await edited(shop, anna, away_until=None) == 2
    await shop.settle()
    assert await holders(shop) == [anna.id, anna.id]


async def test_who_does_not_act_in_time_loses_the_deal_to_another_and_in_the_end_to_the_head(shop: Shop):
    ruled(shop, act=Span(HOUR, working=True))
    anna, boris = await hired(shop, "Анна", "Борис")
    head = Person(200, "Глава", "head", active=True)
    await shop.db.write(lambda c: staff.add_member(c, head, (), "", 0, NOON))
    ruled(shop, act=Span(HOUR, working=True), among=("Анна", "Борис"))
    await inquiries(shop, "1")
    assert await holders(shop) == [anna.id]
    await shop.later(hours=1.1)
    assert await holders(shop) == [boris.id]
    await shop.later(hours=2.1)
    assert await holders(shop) == [head.id]
    told = [e["text"] for e in await shop.all("entries") if e["data"].get("event") == "not_acted"]
    assert len(told) == 3


async def test_who_may_take_a_working_day_has_the_week_end_off(shop: Shop):
    ruled(shop, act=Span(0, working=True, days=1))
    anna, boris = await hired(shop, "Анна", "Борис")
    await shop.later(hours=96)  # Friday noon
    await inquiries(shop, "1")
    await shop.later(hours=71.9)
    assert await holders(shop) == [anna.id]
    await shop.later(hours=0.2)
    assert await holders(shop) == [boris.id]


async def test_who_took_the_deal_has_acted(shop: Shop):
    ruled(shop, act=Span(HOUR))
    anna, _ = await hired(shop, "Анна", "Борис")
    await inquiries(shop, "1")
    await shop.ask(Take(), who=anna)
    await shop.later(hours=5)
    assert await holders(shop) == [anna.id]


async def test_what_somebody_had_who_has_left_finds_others_with_its_tasks(shop: Shop):
    ruled(shop)
    anna, boris = await hired(shop, "Анна", "Борис")
    await inquiries(shop, "1", "2", "3")
    await edited(shop, anna, active=0)
    assert await shop.db.write(lambda c: staff.hand_over(c, anna.id, f"{LEAVE}{anna.id}:sales", shop.clock.now())) == 2
    await shop.settle()
    assert await holders(shop) == [boris.id] * 3
    assert {task["responsible_id"] for task in await shop.all("tasks")} == {boris.id}
