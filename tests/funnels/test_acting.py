"""Whoever answers for a deal has acted when they have done anything in it that leaves a line; else another is found."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from bots.kit.spans import Span
from bots.kit.staffing import Assign
from gateway.desk import Clarify, Command, Edit, Move, MoveRun, SteerBot, Take, Write, WriteNote
from gateway.duties import EditTask, FinishTask, GiveTask
from gateway.events import CallEnded, Sender
from gateway.shop_hooks import TOLD
from state import deals as deal_rows
from state.records import Person, Task
from tests.funnels.test_assigning import HOUR, hired, holders
from tests.shop import Shop, open_shop
from tests.test_staff_room import hired as hired_in_telegram
from tests.test_staff_room import task_for

ACT = Span(HOUR)
HEAD = Person(1, "Глава", "head", active=True)


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    made = open_shop(database_url, still=True)
    watched(made)
    yield made
    await made.db.close()


def watched(shop: Shop) -> None:
    book = shop.house.playbook
    sources = {**book.sources, **{one: replace(book.sources[one], responsible="sales") for one in ("message", "call")}}
    shop.house.playbook = replace(book, sources=sources, assign={"sales": Assign("sales", act=ACT)})


async def begun(shop: Shop) -> tuple[Person, Person, Task]:
    """Anna has been given a deal, with a task; Boris could have it as well."""
    anna, boris = await hired(shop, "Анна", "Борис")
    await shop.write("Здравствуйте")
    task = await shop.ask(
        GiveTask("Подобрать", kind="other", responsible=anna.id), who=Person(1, "Глава", "head", active=True)
    )
    assert await holders(shop) == [anna.id]
    found = await shop.db.read(lambda c: deal_rows.find_task(c, task))
    assert found is not None
    return anna, boris, found


ACTS: dict[str, Callable[[Task], Command]] = {
    "takes": lambda _: Take(),
    "writes": lambda _: Write("Добрый день"),
    "notes": lambda _: WriteNote("Жду поставщика"),
    "sets a field": lambda _: Edit(fields={"vin": "XTA210990Y1234567"}),
    "tags": lambda _: Edit(tags=("срочно",)),
    "names it": lambda _: Edit(title="Колодки на Логан"),
    "moves": lambda _: Move("in_work"),
    "gives a task": lambda _: GiveTask("Проверить"),
    "does a task": lambda task: FinishTask(task, "Подобрано"),
    "puts a task off": lambda task: EditTask(task, due_in=Span(HOUR)),
    "stops the bot": lambda _: SteerBot("stop"),
    "has the bot ask": lambda _: Clarify("vin"),
}


@pytest.mark.parametrize("act", ACTS)
async def test_whatever_the_responsible_does_in_the_deal_keeps_it_theirs(shop: Shop, act: str):
    anna, _, task = await begun(shop)
    await shop.ask(ACTS[act](task), who=anna)
    await shop.later(hours=1.1)
    assert await holders(shop) == [anna.id]
    assert not [e for e in await shop.all("entries") if e["data"].get("event") == "not_acted"]


NO_ACTS: dict[str, Callable[[Task], Command]] = {
    "nothing is changed": lambda _: Edit(fields={}),
    "where it stands already": lambda _: Move("left_request"),
    "a script was published": lambda _: MoveRun(1, "", "", ""),
}


@pytest.mark.parametrize("act", NO_ACTS)
async def test_what_leaves_no_line_is_no_act(shop: Shop, act: str):
    anna, boris, task = await begun(shop)
    await shop.ask(NO_ACTS[act](task), who=anna)
    await shop.later(hours=1.1)
    assert await holders(shop) == [boris.id]


async def test_what_a_colleague_does_is_not_done_by_the_responsible(shop: Shop):
    _, boris, _ = await begun(shop)
    await shop.ask(WriteNote("Видел этого клиента"), who=boris)
    await shop.later(hours=1.1)
    assert await holders(shop) == [boris.id]


async def test_whoever_writes_to_the_customer_ends_the_search(shop: Shop):
    anna, boris, _ = await begun(shop)
    await shop.ask(Write("Добрый день"), who=boris)
    await shop.later(hours=1.1)
    assert await holders(shop) == [anna.id], "who helps out does not take the deal"


async def test_where_another_is_found_their_time_begins_anew(shop: Shop):
    _, boris, _ = await begun(shop)
    await shop.later(hours=1.1)
    assert await holders(shop) == [boris.id]
    await shop.ask(WriteNote("Позвоню после обеда"), who=boris)
    await shop.later(hours=1.1)
    assert await holders(shop) == [boris.id]


async def test_that_somebody_else_has_moved_the_deal_on_is_nothing_that_the_responsible_did(shop: Shop):
    _, boris, _ = await begun(shop)
    await shop.later(minutes=1)
    await shop.ask(Move("in_work"), who=HEAD)
    await shop.later(hours=1.1)
    assert await holders(shop) == [boris.id]


async def test_a_deal_that_is_given_in_a_later_stage_is_watched_too(shop: Shop):
    """A robot may ask for a rule in any stage: that the deal has moved before says nothing of who has it now."""
    from gateway.assigning import assign  # noqa: PLC0415
    from gateway.ledger import Ledger  # noqa: PLC0415
    from state import lanes  # noqa: PLC0415

    anna, boris, _ = await begun(shop)
    await shop.later(minutes=1)
    await shop.ask(Move("in_work"), who=anna)
    await shop.later(hours=2)
    assert await holders(shop) == [anna.id], "she has moved it on"

    def again(conn: Any) -> None:
        (rows,) = lanes.load(conn, [1])
        ledger = Ledger(
            rows, shop.db.ids, shop.house, lanes.Writes(), shop.clock.now(), shop.turns._look(conn, shop.clock.now())
        )
        assign(ledger, rows.deals[0], "sales", without=frozenset({anna.id}))
        ledger.writes.lanes.append({"b_id": 1, "b_due": ledger.next_due(), "b_pace": rows.pace})
        lanes.save(conn, ledger.writes, shop.clock.now(), ids=shop.db.ids)

    await shop.db.write(again)
    assert await holders(shop) == [boris.id]
    await shop.later(hours=1.1)
    assert await holders(shop) == [anna.id]


@pytest.mark.parametrize(
    ("status", "direction", "by", "kept"),
    [("answered", "out", "", True), ("missed", "out", "Анна", True), ("answered", "in", "17", True), ("answered", "out", "Борис", False), ("missed", "in", "", False)],
)  # fmt: skip
async def test_a_call_is_an_act_of_the_responsible_unless_it_was_a_colleagues(
    shop: Shop, status: Any, direction: Any, by: str, kept: bool
):
    anna, boris = await hired(shop, "Анна", "Борис")
    who = Sender("phone", "calls", "+79160000001", phone="+79160000001")
    await shop.hear(CallEnded(who, "missed", "in"))
    await shop.settle()
    await shop.hear(CallEnded(who, status, direction, manager=by))
    await shop.settle()
    await shop.later(hours=1.1)
    assert await holders(shop) == [anna.id if kept else boris.id]


async def test_what_is_done_in_telegram_is_done(shop: Shop):
    one = await hired_in_telegram(shop)
    other = await hired_in_telegram(shop, "Борис", "501")
    told = await task_for(shop, one, kind="other")
    assert await holders(shop) == [one.person.id]
    await one.press(told, "done")
    await one.reply(one.fresh()[-1], "Подобрала")
    await shop.later(hours=1.1)
    assert await holders(shop) == [one.person.id] != [other.person.id]


async def test_what_was_to_be_done_comes_along_when_somebody_takes_the_deal(shop: Shop):
    """While another was looked for, it went from hand to hand."""
    anna, boris = await hired(shop, "Анна", "Борис")
    who = Sender("phone", "calls", "+79160000001", phone="+79160000001")
    await shop.hear(CallEnded(who, "missed", "in"))
    await shop.settle()
    await shop.ask(GiveTask("Спросить у склада", kind="other", responsible=555), who=HEAD)
    await shop.later(hours=1.1)
    assert await holders(shop) == [boris.id]
    await shop.ask(Take(), who=anna)
    whose = {task["kind"]: task["responsible_id"] for task in await shop.all("tasks")}
    assert whose == {"call_back": anna.id, "other": 555}, "and what somebody else was asked to do is still theirs"


async def test_who_did_nothing_has_not_acted_by_their_customers_order(shop: Shop):
    """The order leads its request, and its responsible is watched on."""
    anna, boris = await hired(shop, "Анна", "Борис")
    phone = "+79161234567"
    await shop.hear(CallEnded(Sender("call", "calls", phone, phone=phone), "missed", "in"))
    await shop.settle()
    (first,) = await holders(shop)
    about = {"event": "placed", "order": {"number": "7", "total": 100}, "customer": {"phone": phone}}
    await shop.hear(TOLD["orders"](about, "RU"))
    await shop.settle()
    await shop.later(hours=1.1)
    (deal,) = [deal for deal in await shop.all("deals") if deal["closed_at"] is None]
    assert deal["fields"]["order"] == "7"
    assert {first, deal["responsible_id"]} == {anna.id, boris.id}
