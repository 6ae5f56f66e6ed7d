"""All are full, and then somebody has room: the pool looks at once, who came first before the others. On both databases."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, update

from bots.kit.staffing import Assign
from bots.robots.effects import DeleteDeal
from bots.robots.rules import Robot
from gateway.app import App
from gateway.desk import Edit, Move, Take
from gateway.events import FormSubmitted, Sender
from gateway.settings import Settings
from gateway.turns import Turns
from gateway.unions import words_of
from state import lanes, merging, people, staff, tables
from state.database import Database
from state.merges import Cause
from tests.databases import Shelf
from tests.funnels.test_assigning import edited, hired, inquiries, ruled
from tests.funnels.test_robots import NOON, SCHOOL
from tests.shop import ANNA, PaperChannel, Shop, open_shop


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    made = opened(database_url)
    yield made
    await made.db.close()


def opened(url: str) -> Shop:
    made = open_shop(url, channels=[PaperChannel("chat")], playbook=SCHOOL, at=NOON, always_open=False)
    ruled(made)
    return made


async def whose(shop: Shop) -> dict[int, int | None]:
    """Of open deals, by the customer's number: who has it."""
    contacts = {one["id"]: int(one["address"]) for one in await all_identities(shop)}
    return {
        contacts[deal["contact_id"]]: deal["responsible_id"]
        for deal in await shop.all("deals")
        if deal["closed_at"] is None and deal["contact_id"] in contacts
    }


async def all_identities(shop: Shop) -> list[dict[str, Any]]:
    return [{"id": one["contact_id"], "address": one["address"]} for one in await shop.all("identities")]


async def deal_of(shop: Shop, customer: int) -> int:
    """Their latest one."""
    contact = next(one["id"] for one in await all_identities(shop) if one["address"] == str(customer))
    return [deal["id"] for deal in await shop.all("deals") if deal["contact_id"] == contact][-1]


async def waiting(shop: Shop) -> set[int]:
    return {customer for customer, person in (await whose(shop)).items() if person is None}


async def full(shop: Shop) -> tuple[int, int]:
    """Anna has the first customer and Boris the second; neither takes another. The third, fourth and fifth wait, in this order."""
    anna, boris = await hired(shop, "Анна", "Борис", capacity=1)
    await inquiries(shop, "1", "2")
    for customer in "345":
        await shop.later(minutes=1)
        await inquiries(shop, customer)
    assert await whose(shop) == {1: anna.id, 2: boris.id, 3: None, 4: None, 5: None}
    return anna.id, boris.id


# -- what makes room -----------------------------------------------------------------------------------------------------


async def test_a_deal_that_is_closed_makes_room_for_the_one_that_has_waited_longest(shop: Shop):
    anna, boris = await full(shop)
    await shop.ask(Move("lost", "refused"), await deal_of(shop, 1))
    assert await whose(shop) == {2: boris, 3: anna, 4: None, 5: None}
    await shop.ask(Move("won"), await deal_of(shop, 2))
    assert await whose(shop) == {3: anna, 4: boris, 5: None}


async def test_what_was_in_the_pool_first_goes_first_whatever_it_looked_last(shop: Shop):
    anna, boris = await full(shop)
    oldest = await deal_of(shop, 3)
    await shop.db.write(
        lambda c: c.execute(update(tables.deals).where(tables.deals.c.id == oldest).values(opened_at=NOON + 10**7))
    )
    await shop.ask(Move("lost", "refused"), await deal_of(shop, 1))
    assert await whose(shop) == {2: boris, 3: None, 4: anna, 5: None}  # the third is the youngest by now


async def test_a_deal_that_is_given_to_another_makes_room(shop: Shop):
    anna, boris = await full(shop)
    await shop.ask(Edit(responsible=boris, name="Борис"), await deal_of(shop, 1))
    assert await whose(shop) == {1: boris, 2: boris, 3: anna, 4: None, 5: None}


async def test_a_deal_that_is_released_makes_room_and_is_not_offered_by_the_rule(shop: Shop):
    anna, boris = await full(shop)
    await shop.ask(Edit(release=True), await deal_of(shop, 1))
    assert await whose(shop) == {1: None, 2: boris, 3: anna, 4: None, 5: None}


async def test_a_deal_that_another_takes_makes_room(shop: Shop):
    anna, boris = await full(shop)
    await shop.ask(Take(), await deal_of(shop, 1), ANNA)  # whom no rule knows
    assert await whose(shop) == {1: ANNA.id, 2: boris, 3: anna, 4: None, 5: None}


async def test_a_deal_that_goes_on_in_another_funnel_for_the_same_person_makes_none(shop: Shop):
    anna, boris = await full(shop)
    await shop.ask(Move("ready", fields={"goal": "Переезд"}), await deal_of(shop, 1))
    assert [(d["funnel"], d["responsible_id"]) for d in await shop.all("deals")][-1] == ("sales", anna)
    assert await whose(shop) == {1: anna, 2: boris, 3: None, 4: None, 5: None}


async def test_two_deals_that_become_one_make_room(shop: Shop):
    anna, boris = await full(shop)
    one, other = [(await shop.deal(await deal_of(shop, n)))["contact_id"] for n in (2, 1)]
    cause, now = Cause("by hand", ANNA.id, author="manager"), shop.clock.now()
    await shop.turns.together(
        lambda c, _: merging.join(c, shop.db.ids, one, other, now, words_of(shop.house.playbook), cause)
    )
    await shop.settle()
    held = [d["responsible_id"] for d in await shop.all("deals") if d["closed_at"] is None]
    assert sorted(held, key=str) == sorted([anna, boris, None, None], key=str)
    assert await waiting(shop) == {4, 5}


async def test_two_customers_who_turn_out_to_be_one_make_room(shop: Shop):
    anna, boris = await full(shop)
    for customer in "12":
        await shop.write("Мой номер", customer, phone="+79161234567")
    held = [d["responsible_id"] for d in await shop.all("deals") if d["closed_at"] is None]
    assert sorted(held, key=str) == sorted([anna, boris, None, None], key=str)
    assert await waiting(shop) == {4, 5}


async def test_a_deal_that_a_robot_deletes_makes_room(shop: Shop):
    anna, boris = await hired(shop, "Анна", "Борис", capacity=1)
    await shop.hear(FormSubmitted(Sender("form", "lesson", "+79161234567", "Анна", "+79161234567"), "lesson", {}))
    await shop.settle()
    await inquiries(shop, "2", "3")
    board = shop.house.playbook.board
    gone = Robot("gone", "leads", "talking", actions=(DeleteDeal("refused"),))
    shop.house.playbook = replace(
        shop.house.playbook, board=replace(board, robots={**board.robots, ("leads", "talking"): (gone,)})
    )
    [first, _, _] = await shop.all("deals")
    assert first["responsible_id"] == anna.id
    await shop.ask(Move("talking"), first["id"])
    assert [d["responsible_id"] for d in await shop.all("deals")] == [boris.id, anna.id]


async def test_more_room_is_given_at_once(shop: Shop):
    anna, _ = await full(shop)
    one = people.Person(anna, "Анна", "manager", active=True)
    assert await edited(shop, one, name="Анна А.") == 0
    assert await edited(shop, one, capacity=3) == 3
    await shop.settle()
    assert await waiting(shop) == {5}


async def test_room_of_somebody_who_is_not_there_wakes_nobody(shop: Shop):
    anna, boris = await full(shop)
    await edited(shop, people.Person(anna, "Анна", "manager", active=True), away_until=NOON + 10**9)
    before = [timer["due_at"] for timer in await shop.all("timers") if timer["name"].startswith("assign:")]
    await shop.ask(Move("lost", "refused"), await deal_of(shop, 1))
    assert await waiting(shop) == {3, 4, 5}
    assert [t["due_at"] for t in await shop.all("timers") if t["name"].startswith("assign:")] == before
    await shop.ask(Move("lost", "refused"), await deal_of(shop, 2))
    assert (await whose(shop))[3] == boris


async def test_room_in_one_team_is_none_in_another(shop: Shop):
    _, boris = await full(shop)
    book = shop.house.playbook
    shop.house.playbook = replace(
        book,
        assign={**book.assign, "sales": Assign("sales", among=("Борис",)), "other": Assign("other", among=("Анна",))},
    )
    await shop.ask(Move("lost", "refused"), await deal_of(shop, 1))
    assert await waiting(shop) == {3, 4, 5}
    await shop.ask(Move("lost", "refused"), await deal_of(shop, 2))
    assert (await whose(shop))[3] == boris


async def test_whoever_writes_after_somebody_has_room_again_does_not_go_to_the_pool(shop: Shop):
    anna, boris = await hired(shop, "Анна", "Борис", capacity=1)
    await inquiries(shop, "1", "2")
    await shop.ask(Move("lost", "refused"), await deal_of(shop, 1))
    await inquiries(shop, "3")  # in the very second in which who works here is not asked again
    assert await whose(shop) == {2: boris.id, 3: anna.id}


async def test_who_was_given_a_deal_of_the_pool_by_hand_and_releases_it_is_not_given_it_again(shop: Shop):
    anna, boris = await full(shop)
    third = await deal_of(shop, 3)
    await shop.ask(Edit(responsible=ANNA.id, name="Глава"), third)
    await shop.ask(Edit(release=True), third)
    await shop.ask(Move("lost", "refused"), await deal_of(shop, 1))
    assert await whose(shop) == {2: boris, 3: None, 4: anna, 5: None}


async def test_a_deal_that_waits_by_a_rule_that_is_gone_is_given_as_new_ones_are(shop: Shop):
    anna, boris = await full(shop)
    book = shop.house.playbook
    sources = {**book.sources, "message": replace(book.sources["message"], responsible="retail")}
    shop.house.playbook = replace(book, sources=sources, assign={"retail": Assign("retail")})
    await shop.db.write(lambda c: staff.wake_waiting(c, shop.clock.now()))  # as a start does
    await shop.settle()
    assert await waiting(shop) == {3, 4, 5}
    await shop.ask(Move("lost", "refused"), await deal_of(shop, 1))
    assert await whose(shop) == {2: boris, 3: anna, 4: None, 5: None}


async def test_when_somebody_is_back_the_deal_that_came_first_goes_first_whoever_was_known_before(shop: Shop):
    (anna,) = await hired(shop, "Анна", capacity=1)
    await inquiries(shop, "9")
    await shop.ask(Move("lost", "refused"), await deal_of(shop, 9))
    await edited(shop, anna, away_until=NOON + 3_600_000)
    for customer in "29":
        await shop.later(minutes=5)
        await inquiries(shop, customer)
    assert await whose(shop) == {2: None, 9: None}
    await shop.later(hours=1)
    assert await whose(shop) == {2: anna.id, 9: None}


# -- what it costs -------------------------------------------------------------------------------------------------------


def listened(shop: Shop) -> list[str]:
    """What is asked of the database about the pool from here on."""
    said: list[str] = []

    def note(_conn: Any, _cursor: Any, sql: str, *_: Any) -> None:
        if "substr(timers.name" in sql:
            said.append(sql)

    for engine in {shop.db._engine, shop.db._on_loop}:
        event.listen(engine, "before_cursor_execute", note)
    return said


async def test_the_pool_is_not_asked_after_while_nobody_makes_room(shop: Shop):
    await full(shop)
    said = listened(shop)
    await shop.write("Ау?", "1")
    await inquiries(shop, "6")
    assert said == []
    await shop.ask(Move("lost", "refused"), await deal_of(shop, 1))
    assert len(said) > 1


async def test_where_nobody_waits_room_costs_one_look_into_an_index(shop: Shop):
    await hired(shop, "Анна", capacity=1)
    await inquiries(shop, "1")
    said = listened(shop)
    await shop.ask(Move("lost", "refused"), await deal_of(shop, 1))
    (asked,) = said
    if shop.db.sqlite:
        plan = await shop.db.read(
            lambda c: [row[-1] for row in c.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", (1, 0))]
        )
        assert [step for step in plan if "ix_timers_pool" in step] == plan
    else:

        def explained(c: Any) -> str:
            c.exec_driver_sql("SET LOCAL enable_seqscan = off")
            return "\n".join(row[0] for row in c.exec_driver_sql(f"EXPLAIN {asked}", {"param_1": 1}))

        assert "ix_timers_pool" in await shop.db.read(explained)


# -- what is missed ------------------------------------------------------------------------------------------------------


async def test_room_that_nobody_told_of_is_found_in_ten_minutes(shop: Shop):
    anna, boris = await full(shop)
    await shop.later(minutes=20)
    number = await deal_of(shop, 1)
    await shop.db.write(
        lambda c: c.execute(update(tables.deals).where(tables.deals.c.id == number).values(closed_at=1, outcome="lost"))
    )  # behind the gateway's back
    await shop.settle()
    assert await waiting(shop) == {3, 4, 5}
    await shop.later(minutes=10.1)
    assert sorted((await whose(shop)).values(), key=str) == sorted([boris, anna, None, None], key=str)


async def test_what_made_room_is_done_also_where_the_pool_cannot_be_woken(shop: Shop):
    anna, boris = await full(shop)
    gone = True

    def fail(_conn: Any, _cursor: Any, sql: str, *_: Any) -> None:
        if gone and "substr(timers.name" in sql and "ORDER BY" in sql:
            raise RuntimeError("the connection is gone")

    for engine in {shop.db._engine, shop.db._on_loop}:
        event.listen(engine, "before_cursor_execute", fail)
    await shop.ask(Move("lost", "refused"), await deal_of(shop, 1))  # is not refused for it
    assert await whose(shop) == {2: boris, 3: None, 4: None, 5: None}
    gone = False
    await shop.later(minutes=10.1)
    assert sorted((await whose(shop)).values(), key=str) == sorted([anna, boris, None, None], key=str)


async def test_the_pool_looks_every_ten_minutes_also_where_another_shift_is_to_come(shop: Shop):
    anna, _ = await hired(shop, "Анна", "Борис", capacity=1)
    await edited(shop, people.Person(anna.id + 1, "Борис", "manager", active=True), away_until=NOON + 5 * 3_600_000)
    await inquiries(shop, "1", "2")
    await shop.later(minutes=1)
    number = await deal_of(shop, 1)
    await shop.db.write(
        lambda c: c.execute(update(tables.deals).where(tables.deals.c.id == number).values(closed_at=1, outcome="lost"))
    )
    await shop.later(minutes=10.1)
    assert await whose(shop) == {2: anna.id}


async def test_who_has_gone_to_the_pool_looks_once_more_in_a_moment(shop: Shop):
    """Another process may have closed a deal that this one still counted."""
    anna, _ = await full(shop)
    await shop.later(minutes=1)
    await inquiries(shop, "6")
    number = await deal_of(shop, 1)
    await shop.db.write(
        lambda c: c.execute(update(tables.deals).where(tables.deals.c.id == number).values(closed_at=1, outcome="lost"))
    )
    await shop.later(seconds=5.1)
    assert (await whose(shop))[6] == anna


async def test_a_start_looks_by_the_playbook_that_there_is_now(database_url: str, tmp_path: Any):
    """Another rule gives more room than the one before did."""
    shop = opened(database_url)
    ruled(shop, capacity=1)
    (anna,) = await hired(shop, "Анна")
    await inquiries(shop, "1", "2")
    await shop.later(minutes=1)
    assert (await whose(shop))[2] is None
    ruled(shop, capacity=2)
    app = App(Settings(data_dir=tmp_path, database_url=database_url), clock=shop.clock, house=shop.house)
    await app.start(port=0, workers=False)
    try:
        await app.turns.once()
        assert await whose(shop) == {1: anna.id, 2: anna.id}
    finally:
        await app.stop()
        await shop.db.close()


# -- two at once ---------------------------------------------------------------------------------------------------------


@pytest.fixture
async def two(shelf: Shelf) -> AsyncIterator[tuple[Shop, Turns]]:
    """A shop and the turns of another process on the same PostgreSQL."""
    with shelf.lent() as url:
        shop, db = opened(url), Database(url)
        yield shop, Turns(db, shop.house, shop.live, shop.clock, shard=1)
        await db.close()
        await shop.db.close()


async def asked(turns: Turns, shop: Shop, deal: int, command: Any) -> "asyncio.Task[int]":
    found = await shop.deal(deal)
    task = asyncio.ensure_future(turns.ask(found["contact_id"], deal, command, ANNA))
    await asyncio.sleep(0)
    return task


@pytest.mark.parametrize("attempt", range(5))
async def test_two_deals_that_two_processes_close_at_once_make_room_for_two(two: tuple[Shop, Turns], attempt: int):
    shop, other = two
    anna, boris = await full(shop)
    first, second = await deal_of(shop, 1), await deal_of(shop, 2)
    answers = [
        await asked(turns, shop, deal, Move("lost", "refused"))
        for turns, deal in ((shop.turns, first), (other, second))
    ]
    await asyncio.gather(shop.turns.once(), other.once())
    await asyncio.gather(*answers)
    for _ in range(6):
        await asyncio.gather(shop.turns.once(), other.once())
    now = await whose(shop)
    assert sorted([now[3], now[4]], key=str) == [anna, boris], (attempt, now)
    assert now[5] is None
    told = [(e["deal_id"]) for e in await shop.all("entries") if e["data"].get("event") == "assigned"]
    assert len(told) == len(set(told))


async def test_who_hands_out_the_pool_waits_for_another_process_that_does(two: tuple[Shop, Turns]):
    """It has claimed the oldest, and given it to Anna in a commit that is still to come."""
    shop, other = two
    anna, boris = await full(shop)
    first, oldest = await deal_of(shop, 1), await shop.deal(await deal_of(shop, 3))
    room = update(tables.deals).where(tables.deals.c.id == first).values(closed_at=1, outcome="lost")
    await shop.db.write(lambda c: c.execute(room))
    now = shop.clock.now()
    await shop.db.write(lambda c: staff.wake_waiting(c, now))
    with shop.db.engine.connect() as theirs:
        turn = theirs.begin()
        lanes.claim(theirs, now, 1)
        staff.hand_out_alone(theirs)
        given = update(tables.deals).where(tables.deals.c.id == oldest["id"]).values(responsible_id=anna)
        theirs.execute(given)
        taking = asyncio.ensure_future(other.once())
        await asyncio.sleep(0.3)
        assert not taking.done()
        turn.commit()
    await taking
    assert await whose(shop) == {2: boris, 3: anna, 4: None, 5: None}


async def test_who_hands_out_the_pool_knows_what_another_process_has_just_given(two: tuple[Shop, Turns]):
    shop, other = two
    await full(shop)
    first, second = await deal_of(shop, 1), await deal_of(shop, 2)
    tasks = []
    for deal in (first, second):
        tasks.append(await asked(other, shop, deal, Move("lost", "refused")))
        await other.once()
    await asyncio.gather(*tasks)
    # Both have room, three look at once; this process still counts Anna and Boris as full, or as empty.
    for _ in range(4):
        await asyncio.gather(shop.turns.once(), other.once())
    held = [deal["responsible_id"] for deal in await shop.all("deals") if deal["closed_at"] is None]
    assert len([one for one in held if one is None]) == 1
    assert len(set(held)) == 3
