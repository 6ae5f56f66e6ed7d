"""Tasks are honest: kinds, time that works, a result, a contact or a reason; and somebody hears of those that nobody does."""

from dataclasses import replace
from typing import Any

import pytest

from bots.kit.duties import Overdue, TaskKind
from bots.kit.hours import Hours
from bots.kit.playbook import load_playbook
from bots.kit.spans import Span
from gateway.desk import Edit, Take, Write
from gateway.duties import EditTask, FinishTask, GiveTask
from gateway.events import CallEnded, FormSubmitted, Sender
from gateway.overdue import EVERY_MS, go_round
from gateway.refusals import Conflict, Invalid
from state import deals as deal_rows
from state import people
from state.records import Task
from tests.shop import ANNA, BORIS, Shop

HOUR = 3_600_000
WEEKDAYS = Hours("UTC", (((540, 1_080),),) * 5 + ((),) * 2)
BASE = "playbook: Лавка\nfunnels:\n  retail:\n    stages: {new: Новые}\n    won: Да\n    lost: Нет\n"


both_databases = pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)


@pytest.fixture(params=["sqlite"])
def database_url(database_url: str) -> str:
    """SQLite, where a test does not ask for `both_databases`."""
    return database_url


async def task_of(shop: Shop, number: int = 0) -> Task:
    rows = await shop.all("tasks")
    found = await shop.db.read(lambda c: deal_rows.find_task(c, number or rows[-1]["id"]))
    assert found is not None
    return found


async def given(shop: Shop, **more: Any) -> Task:
    await shop.write("Здравствуйте")
    return await task_of(shop, await shop.ask(GiveTask("Позвонить про колодки", kind="call", **more)))


# -- kinds ---------------------------------------------------------------------------------------------------------------


def test_a_playbook_adds_kinds_and_changes_those_that_are_there():
    text = BASE + (
        "task_kinds:\n  supplier: {title: Спросить поставщика, due: 1h working}\n  notice: {contact: yes}\n  call: Набрать\n"
        "overdue: {remind: 15m, after: 1d working, to: anna}\n"
    )
    shop, wrong = load_playbook("лавка", {"playbook.yaml": text})
    assert shop is not None
    assert not wrong
    assert shop.task_kind("supplier") == TaskKind("supplier", "Спросить поставщика", due=Span(HOUR, working=True))
    assert (shop.task_kind("notice").contact, shop.task_kind("call").title, shop.task_kind("call").contact) == (
        True, "Набрать", True,
    )  # fmt: skip
    assert shop.task_kind("answer").contact
    assert not shop.task_kind("never heard of").contact
    assert shop.overdue == Overdue(Span(900_000), Span(0, working=True, days=1), "anna")


@pytest.mark.parametrize(
    "line", ["task_kinds: {x: {due: soon}}", "task_kinds: {x: {contact: maybe}}", "overdue: {when: 1d}"]
)
def test_what_is_wrong_with_kinds_is_found(line: str):
    shop, wrong = load_playbook("лавка", {"playbook.yaml": BASE + line + "\n"})
    assert shop is None
    assert {one.line for one in wrong} == {7}


def test_a_word_for_nobody_of_the_team_is_warned_of():
    text = BASE + "team: {anna: {name: Анна, groups: [sales]}}\noverdue: {to: WHO}\n"
    for who, warned in (("head", 0), ("anna", 0), ("sales", 0), ("Анна", 0), ("boris", 1)):
        _, wrong = load_playbook("лавка", {"playbook.yaml": text.replace("WHO", who)})
        assert len(wrong) == warned, who


async def test_a_task_is_due_in_working_time_as_it_is_said_or_as_its_kind_has_it(shop: Shop):
    kinds = {
        **shop.house.playbook.task_kinds,
        "call": TaskKind("call", "Звонок", contact=True, due=Span(HOUR, working=True)),
    }
    shop.house.playbook = replace(shop.house.playbook, hours=WEEKDAYS, task_kinds=kinds)
    shop.clock.at += int(7.5 * HOUR)  # Monday, half past five
    evening = shop.clock.at
    task = await given(shop)
    assert task.due_at == evening + 16 * HOUR  # half an hour today, half an hour tomorrow from nine
    other = await task_of(shop, await shop.ask(GiveTask("Проверить", due_in=Span(2 * HOUR))))
    assert other.due_at == evening + 2 * HOUR
    third = await task_of(shop, await shop.ask(GiveTask("Узнать", due_in=Span(0, working=True, days=5))))
    assert third.due_at == evening + 7 * 24 * HOUR  # Monday, half past five


@both_databases
async def test_what_comes_in_while_nobody_is_there_is_due_when_somebody_is(shop: Shop):
    """A task that the system gives is not overdue from birth: it counts from the next opening of the deal's funnel."""
    book = shop.house.playbook
    weekend = Hours("UTC", ((),) * 5 + (((600, 900),),) * 2)
    kinds = {**book.task_kinds, "call_back": TaskKind("call_back", "Перезвонить", contact=True, due=Span(HOUR))}
    funnels = tuple(replace(one, calendar="weekend") for one in book.funnels)
    shop.house.playbook = replace(
        book, hours=WEEKDAYS, calendars={"weekend": weekend}, funnels=funnels, task_kinds=kinds
    )
    saturday = shop.clock.at // (24 * HOUR) * 24 * HOUR + 5 * 24 * HOUR + 10 * HOUR
    await shop.hear(FormSubmitted(Sender("form", "call", "+79160000001", "Анна", "+79160000001"), "call", {}))
    await shop.hear(CallEnded(Sender("phone", "calls", "+79160000002", phone="+79160000002"), "missed", "in"))
    await shop.settle()
    due = {task["kind"]: task["due_at"] for task in await shop.all("tasks")}
    assert due == {"answer": saturday, "call_back": saturday + HOUR}


# -- done, with a word on the contact ------------------------------------------------------------------------------------


@both_databases
async def test_a_task_to_speak_with_the_customer_closed_without_that_asks_why_and_keeps_the_reason(shop: Shop):
    task = await given(shop)
    with pytest.raises(Conflict) as refused:
        await shop.ask(FinishTask(task, "Сделано"))
    assert refused.value.code == "no_contact"
    assert (await task_of(shop, task.id)).state == "open"
    await shop.ask(FinishTask(task, "Сделано", "встретились в магазине"))
    done = await task_of(shop, task.id)
    assert (done.state, done.result, done.details["no_contact"]) == ("done", "Сделано", "встретились в магазине")
    last = [e for e in await shop.all("entries") if e["kind"] == "task"][-1]
    assert last["data"]["no_contact"] == "встретились в магазине"
    assert "встретились в магазине" in last["text"]


async def test_a_message_by_a_person_is_contact_and_a_bots_is_none(shop: Shop):
    task = await given(shop)  # the bot has answered already
    assert shop.paper.texts()
    with pytest.raises(Conflict):
        await shop.ask(FinishTask(task, "Сделано"))
    await shop.ask(Write("Колодки есть"))
    await shop.ask(FinishTask(task, "Написали"))
    assert "no_contact" not in (await task_of(shop, task.id)).details


async def test_a_message_from_before_the_task_was_set_is_no_contact(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.ask(Write("Добрый день"))
    await shop.later(minutes=5)
    task = await task_of(shop, await shop.ask(GiveTask("Позвонить", kind="call")))
    with pytest.raises(Conflict):
        await shop.ask(FinishTask(task, "Сделано"))


@both_databases
async def test_a_message_that_never_reached_the_customer_is_no_contact(shop: Shop):
    from gateway.channels.base import Refused  # noqa: PLC0415

    task = await given(shop)
    shop.paper.answers = [Refused("400", "no")]
    await shop.ask(Write("Колодки есть"))
    with pytest.raises(Conflict):
        await shop.ask(FinishTask(task, "Сделано"))


@both_databases
async def test_calls_count_where_somebody_of_the_shop_took_or_made_them(shop: Shop):
    task = await given(shop)
    await shop.hear(CallEnded(shop.sender(), "missed", "in"))
    await shop.settle()
    with pytest.raises(Conflict):
        await shop.ask(FinishTask(task, "Поговорили"))
    for status, direction in (("answered", "in"), ("answered", "out"), ("missed", "out")):
        await shop.later(minutes=1)
        task = await task_of(shop, await shop.ask(GiveTask("Ещё раз", kind="call")))
        await shop.hear(CallEnded(shop.sender(), status, direction, duration_s=30))  # type: ignore[arg-type]
        await shop.settle()
        await shop.ask(FinishTask(task, "Поговорили"))
        assert (await task_of(shop, task.id)).state == "done"


async def test_a_task_that_means_something_else_asks_for_no_contact(shop: Shop):
    await shop.write("Здравствуйте")
    task = await task_of(shop, await shop.ask(GiveTask("Заказать коробки")))
    await shop.ask(FinishTask(task, "Заказаны"))
    assert (await task_of(shop, task.id)).state == "done"


# -- passed on, put off --------------------------------------------------------------------------------------------------


@both_databases
async def test_a_task_is_passed_on_and_put_off_and_the_timeline_says_so(shop: Shop):
    task = await given(shop)
    edit = EditTask(task, BORIS.id, BORIS.name, due_in=Span(HOUR), text="Позвонить завтра")
    await shop.ask(edit)
    now = await task_of(shop, task.id)
    assert (now.responsible_id, now.due_at, now.text) == (BORIS.id, shop.clock.now() + HOUR, "Позвонить завтра")
    last = [e for e in await shop.all("entries") if e["kind"] == "task"][-1]
    assert (last["data"]["event"], last["person_id"]) == ("edited", ANNA.id)
    assert "Борис" in last["text"]
    await shop.ask(EditTask(task, release=True))
    assert (await task_of(shop, task.id)).responsible_id is None


async def test_what_changes_nothing_writes_nothing_and_what_is_done_stays(shop: Shop):
    task = await given(shop)
    before = len(await shop.all("entries"))
    await shop.ask(EditTask(task, text=task.text, due_at=task.due_at))
    assert len(await shop.all("entries")) == before
    with pytest.raises(Invalid):
        await shop.ask(EditTask(task, text="  "))
    await shop.ask(FinishTask(task, "Сделано", "не нужно"))
    with pytest.raises(Conflict) as refused:
        await shop.ask(EditTask(task, text="ещё раз"))
    assert refused.value.code == "done"


# -- not done ------------------------------------------------------------------------------------------------------------


async def staffed(shop: Shop) -> tuple[int, int]:
    """A manager and a head, as rows."""

    def make(conn: Any) -> tuple[int, int]:
        anna = people.add_person(conn, shop.db.ids, "Анна", "manager", shop.clock.now())
        vera = people.add_person(conn, shop.db.ids, "Вера", "head", shop.clock.now())
        return anna.id, vera.id

    return await shop.db.write(make)


async def round_(shop: Shop) -> bool:
    return await shop.db.write(lambda c: go_round(c, shop.db.ids, shop.house, shop.clock.now()))


async def notices(shop: Shop) -> list[dict[str, Any]]:
    return [t for t in await shop.all("tasks") if t["kind"] == "overdue"]


@both_databases
async def test_the_head_hears_once_a_day_of_each_person_who_has_tasks_overdue(shop: Shop):
    anna, vera = await staffed(shop)
    shop.house.playbook = replace(shop.house.playbook, overdue=Overdue(after=Span(HOUR)))
    await given(shop, responsible=anna, due_at=shop.clock.now() + HOUR)
    await shop.ask(GiveTask("И ещё", responsible=anna, due_at=shop.clock.now() + HOUR))
    await shop.later(minutes=110)
    await round_(shop)
    assert not await notices(shop)  # not overdue for long enough
    await shop.later(minutes=15)
    await round_(shop)
    [notice] = await notices(shop)
    assert (notice["responsible_id"], notice["deal_id"], notice["details"]["count"]) == (vera, 0, 2)
    assert "Анна" in notice["text"]
    for _ in range(5):
        await shop.later(minutes=30)
        await round_(shop)
    assert len(await notices(shop)) == 1
    await shop.later(hours=24)
    await round_(shop)
    [again] = await notices(shop)  # yesterday's is still open: it is renewed, not doubled
    assert again["due_at"] > notice["due_at"]


async def test_a_task_that_was_due_on_friday_is_the_heads_after_a_working_day(shop: Shop):
    anna, vera = await staffed(shop)
    shop.house.playbook = replace(shop.house.playbook, hours=WEEKDAYS, overdue=Overdue())
    shop.clock.at += 4 * 24 * HOUR  # Friday, ten o'clock
    await given(shop, responsible=anna, due_at=shop.clock.now() + HOUR)
    await shop.later(hours=72.9)
    await round_(shop)
    assert not await notices(shop)
    await shop.later(hours=0.2)
    await round_(shop)
    assert [notice["responsible_id"] for notice in await notices(shop)] == [vera]


async def test_a_notice_that_was_done_comes_again_the_next_day_and_stops_with_the_tasks(shop: Shop):
    anna, vera = await staffed(shop)
    shop.house.playbook = replace(shop.house.playbook, overdue=Overdue(after=Span(HOUR)))
    task = await given(shop, responsible=anna, due_at=shop.clock.now())
    await shop.later(hours=2)
    await round_(shop)
    from state import tasks  # noqa: PLC0415

    [first] = await notices(shop)
    await shop.db.write(lambda c: tasks.finish_the_shops(c, first["id"], "поговорила", vera, shop.clock.now()))
    await shop.later(hours=1)
    await round_(shop)
    assert len(await notices(shop)) == 1
    await shop.later(hours=24)
    await round_(shop)
    assert len(await notices(shop)) == 2
    await shop.ask(FinishTask(task, "Сделано", "отказался"))
    await shop.later(hours=24)
    await round_(shop)
    assert len(await notices(shop)) == 2


async def test_nobody_is_told_while_the_shop_is_shut_and_days_off_make_nothing_late(shop: Shop):
    anna, _ = await staffed(shop)
    shop.house.playbook = replace(shop.house.playbook, hours=WEEKDAYS)
    await shop.later(hours=4 * 24)  # Friday, ten
    await given(shop, responsible=anna, due_at=shop.clock.now() + 7 * HOUR)
    await shop.later(hours=50)
    assert not await round_(shop)  # Sunday: one hour of work has passed
    await shop.later(hours=24 - 2)
    assert not await round_(shop)  # Monday, ten
    await shop.later(hours=7)
    assert await round_(shop)
    assert len(await notices(shop)) == 1


@both_databases
async def test_of_two_processes_one_goes_round(shop: Shop):
    anna, _ = await staffed(shop)
    shop.house.playbook = replace(shop.house.playbook, overdue=Overdue(after=Span(HOUR)))
    await given(shop, responsible=anna, due_at=shop.clock.now())
    await shop.later(hours=2)
    assert [await round_(shop), await round_(shop)] == [True, False]
    shop.clock.at += EVERY_MS
    assert await round_(shop) is False


# -- whose tasks are when the deal is another's --------------------------------------------------------------------------


async def whose(shop: Shop) -> dict[str, int | None]:
    return {task["text"]: task["responsible_id"] for task in await shop.all("tasks") if task["state"] == "open"}


@pytest.mark.parametrize("by", ["taking", "handing over", "giving back"])
async def test_what_machines_have_given_goes_along_with_the_deal_and_what_a_colleague_has_asked_for_stays(
    shop: Shop, by: str
):
    await shop.write("позовите менеджера")
    deal = (await shop.deal())["id"]
    await shop.ask(Edit(responsible=ANNA.id, name=ANNA.name), deal, BORIS)  # it has a responsible, and nobody holds it
    await shop.ask(GiveTask("Спросить у склада", responsible=ANNA.id), deal, BORIS)
    await shop.ask(GiveTask("Для всех", nobodys=True), deal, BORIS)
    (handed,) = [text for text in await whose(shop) if "просит менеджера" in text]
    assert (await whose(shop))[handed] == ANNA.id
    match by:
        case "taking":
            await shop.ask(Take(), deal, BORIS)
        case "handing over":
            await shop.ask(Edit(responsible=BORIS.id, name=BORIS.name), deal, ANNA)
        case _:
            await shop.ask(Edit(release=True), deal, ANNA)
    heir = None if by == "giving back" else BORIS.id
    now = await whose(shop)
    assert (now[handed], now["Спросить у склада"], now["Для всех"]) == (heir, ANNA.id, heir)
