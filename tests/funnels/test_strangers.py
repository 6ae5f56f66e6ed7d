"""A call of somebody who is no customer leaves no dirt, whoever marks it and whenever. On both databases."""

import shutil
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from gateway.desk import Move, Write
from gateway.duties import FinishTask, GiveTask
from gateway.events import CallEnded, Sender
from gateway.reports import REPORTS, Asked, make
from gateway.unions import words_of
from state import audiences, cards, contacts, deals, duplicates, merging, people, tables
from state.facts import Narrow
from state.merges import Cause
from tests.audit.shops import audit, found
from tests.funnels.test_robots import NOON, SCHOOL
from tests.shop import ANNA, PaperChannel, Shop, open_shop

DAY = 86_400_000
STRANGER = "+79160000001"
LOST = "      title: Отказ\n      robots:\n"
WHEN = Narrow(NOON - DAY, NOON + 30 * DAY, NOON + 30 * DAY)
WAYS = ("by a call", "by a call after one that was answered", "by a manager", "by a manager who has spoken with them")


@pytest.fixture
async def shop(database_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    """Whoever calls is put on a list, and so is whoever is lost: they are written to as well."""
    folder = Path(shutil.copytree(SCHOOL, tmp_path / "strangers"))
    text = (folder / "playbook.yaml").read_text("utf-8")
    assert LOST in text
    text = text.replace(
        LOST, f"{LOST}        bye: {{do: [{{audience: lost}}, {{sms: Вы звонили}}, {{task: Почему}}]}}\n"
    )
    text = text.replace(
        "          greet:", "          listed: {do: [{audience: callers}, {tag: звонил}]}\n          greet:"
    )
    text = text.replace("reasons: {", "reasons: {not_a_customer: Не клиент, ")
    text += (
        "checks:\n"
        "  lost: {title: Потеряна, what: deal, state: lost, within: 30d}\n"
        "  old: {title: Давно, what: task, older: 1h}\n"
        "idle: 1d\n"
    )
    (folder / "playbook.yaml").write_text(text, "utf-8")
    made = open_shop(
        database_url,
        channels=[PaperChannel("chat"), PaperChannel("sms")],
        playbook=str(folder),
        at=NOON,
        always_open=False,
    )
    await made.db.write(lambda c: people.add_person(c, made.db.ids, ANNA.name, "manager", NOON))
    yield made
    await made.db.close()


async def seen(shop: Shop) -> dict[str, Any]:
    """All that people look at."""
    await audit(shop)
    asked = Asked(shop.house.playbook, date(2025, 11, 23), date(2025, 12, 24), WHEN)

    def look(conn: Any) -> dict[str, Any]:
        reports = {
            (name, way): [(line.key, line.values) for line in make(conn, kind, asked).lines]
            for name, ways in REPORTS.items()
            for way, kind in ways.items()
        }
        words = [cards.Wanted(phone=STRANGER), cards.Wanted(phone="0000001", phone_part=True), cards.Wanted(q="Чужой")]
        return {
            **reports,
            "deals found": [[card.deal.id for card in cards.find_cards(conn, one, 10)] for one in words],
            "contacts": [one.contact.id for one in contacts.page(conn, contacts.Wanted(), 10)],
            "contacts found": [
                contacts.page(conn, contacts.Wanted(phone=STRANGER), 10), contacts.page(conn, contacts.Wanted(q="Чужой"), 10),
            ],
            "suggested": duplicates.page(conn, 10),
            "lists": audiences.audiences(conn),
            "on lists": [audiences.members(conn, name, 10) for name in ("callers", "lost")],
        }  # fmt: skip

    tasks = [task["text"] for task in await shop.all("tasks") if task["state"] == "open"]
    return {**await shop.db.read(look), "findings": await found(shop), "open tasks": tasks}


def task_ids(conn: Any) -> list[int]:
    return list(conn.execute(select(tables.tasks.c.id)).scalars())


async def calls(shop: Shop, status: Any, direction: Any = "in", **more: Any) -> None:
    sender = Sender("phone", "calls", STRANGER, "Чужой", STRANGER)
    await shop.hear(CallEnded(sender, status, direction, 30, manager=more.pop("manager", ""), **more))
    await shop.settle()


async def customer(shop: Shop) -> None:
    """A real one, who was answered and has bought."""
    await shop.write("Хочу учиться")
    await shop.later(minutes=5)
    await shop.ask(Write("Здравствуйте!"))
    await shop.ask(Move("talking"))
    await shop.later(hours=1)
    await shop.ask(Move("won"))
    await shop.db.write(lambda c: c.execute(update(tables.tasks).values(state="done")))


@pytest.mark.parametrize("way", WAYS)
async def test_a_stranger_is_nowhere_after_they_were_marked(shop: Shop, way: str):
    await customer(shop)
    clean = await seen(shop)
    await calls(shop, "missed")
    number = (await shop.all("deals"))[-1]["id"]
    one, other = (await shop.all("contacts"))[0]["id"], (await shop.all("contacts"))[-1]["id"]
    await shop.db.write(lambda c: duplicates.suggest(c, shop.db.ids, one, other, "name", "чужой", NOON))
    for text in ("Перезвонить самой", "Позвонить утром"):
        await shop.ask(GiveTask(text, "call", responsible=ANNA.id, due_at=shop.clock.now()), number)
    done = await shop.db.read(lambda c: deals.find_task(c, max(task_ids(c))))
    assert done is not None
    await shop.ask(FinishTask(done, "Не дозвонилась", "не берёт трубку"), number)
    await shop.later(hours=2)
    dirty = await seen(shop)
    assert {name for name in clean if clean[name] != dirty[name]} >= {
        ("conversion", "cohort"), ("sources", ""), ("answers", "manager"), ("workload", ""), "deals found", "contacts",
        "contacts found", "suggested", "lists", "on lists", "findings", "open tasks",
    }  # fmt: skip
    if way in ("by a call after one that was answered", "by a manager who has spoken with them"):
        await calls(shop, "answered", "out", manager="Анна")
    if way.startswith("by a call"):
        await calls(shop, "answered", not_a_customer=True)
    else:
        await shop.ask(Move("lost", "not_a_customer"), number)
    assert (await shop.deal(number))["reason"] == "not_a_customer"
    said = len(shop.channels["sms:100"].sent)
    after = await seen(shop)
    assert {name: after[name] for name in clean if clean[name] != after[name]} == {}
    await shop.later(hours=24 * 5)  # nothing comes of it later, either
    after = await seen(shop)
    assert {name: after[name] for name in clean if clean[name] != after[name]} == {}
    assert len(shop.channels["sms:100"].sent) == said


async def test_a_call_that_is_marked_when_it_comes_leaves_nothing_at_all(shop: Shop):
    await customer(shop)
    several = ("contacts", "deals", "tasks", "entries", "timers", "parts", "claims", "points", "identities")
    clean, kept = await seen(shop), {name: await shop.all(name) for name in several}
    await calls(shop, "answered", not_a_customer=True)
    await calls(shop, "missed", not_a_customer=True)
    assert {name: await shop.all(name) for name in several} == kept
    assert await seen(shop) == clean


async def test_a_stranger_who_was_joined_of_two_before_they_were_marked_is_nowhere_either(shop: Shop):
    await calls(shop, "missed")
    await shop.write("Продаём рекламу", "77")
    (one, kept), (_, gone) = [(deal["id"], deal["contact_id"]) for deal in await shop.all("deals")]
    cause, words = Cause("by hand", ANNA.id, author="manager"), words_of(shop.house.playbook)
    await shop.turns.together(lambda c, now: merging.join(c, shop.db.ids, kept, gone, now, words, cause))
    await shop.settle()
    assert [deal["reason"] for deal in await shop.all("deals")] == ["", "joined"]
    assert len((await seen(shop))["contacts"]) == 1
    await shop.ask(Move("lost", "not_a_customer"), one)
    now = await seen(shop)
    assert (now["contacts"], now["deals found"], now["contacts found"]) == ([], [[], [], []], [[], []])
    await shop.write("Теперь хочу учиться", "77")
    assert len((await seen(shop))["contacts"]) == 1


async def test_who_looks_through_what_was_closed_finds_the_call(shop: Shop):
    """Marks can be wrong."""
    await calls(shop, "missed")
    await calls(shop, "answered", not_a_customer=True)

    def look(conn: Any) -> list[int]:
        several = (
            cards.Wanted(phone=STRANGER),
            cards.Wanted(phone=STRANGER, open=False),
            cards.Wanted(q="Чужой", stage="lost"),
            cards.Wanted(),
        )
        return [len(cards.find_cards(conn, one, 10)) for one in several]

    assert await shop.db.read(look) == [0, 1, 1, 1]


async def test_a_stranger_who_comes_back_as_a_customer_is_one(shop: Shop):
    await calls(shop, "missed")
    await calls(shop, "answered", not_a_customer=True)
    await calls(shop, "missed")
    now = await seen(shop)
    assert len(now["contacts"]) == 1
    assert [len(one) for one in now["deals found"]] == [1, 1, 1]
    assert [(one.name, one.members) for one in now["lists"]] == [("callers", 1)]
    assert len([task for task in now["open tasks"] if "Перезвонить" in task]) == 1
