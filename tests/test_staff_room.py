"""Those who work here, in their own chat with the bot: tasks come there, and are taken, done and answered from there."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from bots.kit.duties import Overdue
from bots.kit.spans import Span
from gateway.channels.base import Outgoing, Unreachable
from gateway.desk import Move, SteerBot, Write
from gateway.duties import EditTask, GiveTask
from gateway.events import MessageEdited, MessageReceived, ReachChanged, Received
from gateway.overdue import EVERY_MS, go_round
from state import deals as deal_rows
from state import inbox, people, staff, staff_chats
from state.people import Role
from state.records import Person
from tests.shop import Shop

HOUR = 3_600_000
VERA = Person(1_000, "Вера", "head", active=True)


both_databases = pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)


@pytest.fixture(params=["sqlite"])
def database_url(database_url: str) -> str:
    """SQLite, where a test does not ask for `both_databases`."""
    return database_url


class Staff:
    """Somebody who works here, with a chat."""

    def __init__(self, shop: Shop, person: Person, chat: str) -> None:
        self.shop, self.person, self.chat = shop, person, chat
        self._seen = 0

    def fresh(self) -> list[Outgoing]:
        """What has come into the chat since they looked last."""
        here = [out for out in self.shop.paper.sent if out.address == self.chat and out.kind != "ack"]
        found, self._seen = here[self._seen :], len(here)
        return found

    def text(self) -> str:
        return "\n\n".join(out.text for out in self.fresh())

    async def press(self, out: Outgoing, what: str) -> None:
        [data] = [b.data for b in out.buttons if b.data.endswith("." + what)]
        await self.shop.press(data, self.chat)

    async def reply(self, out: Outgoing, text: str) -> None:
        await self.shop.write(text, self.chat, reply_to=f"p{out.part}")


async def hired(shop: Shop, name: str = "Анна", chat: str = "500", role: Role = "manager") -> Staff:
    """A person with their chat tied."""
    now = shop.clock.now()
    person = await shop.db.write(lambda c: people.add_person(c, shop.db.ids, name, role, now))
    shop.turns.forget_staff()
    one = Staff(shop, person, chat)
    await link(one)
    one.fresh()
    return one


async def link(one: Staff, code: str = "") -> None:
    shop = one.shop
    now = shop.clock.now()
    code = code or await shop.db.write(lambda c: people.issue_telegram(c, shop.db.ids, one.person.id, now))
    await shop.write(f"/start staff_{code}", one.chat, start=f"staff_{code}")


async def task_for(shop: Shop, one: Staff, text: str = "Позвонить про колодки", kind: str = "call") -> Outgoing:
    """A task on a new customer's deal; the message that tells of it."""
    await shop.write("Нужны колодки на Логан")
    await shop.ask(GiveTask(text, kind=kind, responsible=one.person.id), who=VERA)
    found = [out for out in shop.paper.sent if any(b.data.endswith(".done") for b in out.buttons)]
    return found[-1] if found else Outgoing(0, "")


async def tasks(shop: Shop) -> dict[int, dict[str, Any]]:
    return {t["id"]: t for t in await shop.all("tasks")}


# -- a chat is tied ------------------------------------------------------------------------------------------------------


@both_databases
async def test_a_link_ties_the_chat_once_and_a_tied_chat_is_no_customer(shop: Shop):
    anna = await hired(shop)
    assert await shop.all("deals") == []
    tied = await shop.db.read(lambda c: staff_chats.chat_of(c, anna.person.id))
    assert tied is not None
    assert tied.address == "500"
    await shop.write("это вам не клиент", "500")
    await shop.hear(MessageEdited(shop.sender("500"), "1", "и это"))
    await shop.settle()
    assert await shop.all("deals") == []
    assert await shop.balanced()
    reasons = Counter(
        {(c, o, r): n for c, o, r, n in await shop.db.read(inbox.load_tallies) if o not in ("received", "waiting")}
    )
    assert reasons["telegram", "ignored", "staff"] == 3
    assert not reasons["telegram", "processed", ""]


@both_databases
async def test_a_link_is_good_once_and_for_an_hour_and_the_newest_only(shop: Shop):
    anna = await hired(shop)
    now = shop.clock.now()

    def issue(conn: Any) -> str:
        return people.issue_telegram(conn, shop.db.ids, anna.person.id, now)

    first, second = await shop.db.write(issue), await shop.db.write(issue)
    for code in (first, "0" * 43, "", "'; drop table people"):
        await link(Staff(shop, anna.person, "666"), code or " ")
        assert "уже не действует" in shop.paper.texts("666")[-1]
    await link(Staff(shop, anna.person, "501"), second)
    assert "Анна" in shop.paper.texts("501")[-1]
    await link(Staff(shop, anna.person, "666"), second)
    assert "уже не действует" in shop.paper.texts("666")[-1]
    third = await shop.db.write(issue)
    await shop.later(minutes=61)
    await link(Staff(shop, anna.person, "502"), third)
    assert "уже не действует" in shop.paper.texts("502")[-1]
    assert await shop.all("deals") == []  # whoever guesses opens nothing
    tied = [row for row in await shop.all("identities") if row["person_id"]]
    assert [row["address"] for row in tied] == ["501"]  # one chat each: the newer one
    kept = [row["digest"] for row in await shop.all("tokens")]
    assert not {first, second, third} & set(kept)


async def test_whoever_had_tried_the_bot_out_is_no_customer_any_more(shop: Shop):
    await shop.write("проверка", "500")
    [deal] = await shop.all("deals")
    await hired(shop)
    assert (await shop.deal(deal["id"]))["reason"] == "not_a_customer"
    said = len(shop.paper.texts("500"))
    await shop.later(hours=12)
    assert len(shop.paper.texts("500")) == said  # no bot says another word there


async def test_a_manager_who_is_a_customer_elsewhere_is_one_there_and_only_there(shop: Shop):
    for chat in ("1", "500"):
        await shop.hear(MessageReceived(shop.sender(chat), "Нужны колодки", phone="+79161234567", message_id=chat))
        await shop.settle()
    assert len({row["contact_id"] for row in await shop.all("identities")}) == 1
    anna = await hired(shop)
    [deal] = [d for d in await shop.all("deals") if d["closed_at"] is None]
    own = {row["address"]: row["id"] for row in await shop.all("identities")}
    assert deal["route_id"] == own["1"]
    anna.fresh()
    await shop.ask(Write("Есть"), deal=deal["id"], who=VERA)
    await shop.ask(Write("И ещё", channel="telegram"), deal=deal["id"], who=VERA)
    assert shop.paper.texts("1")[-2:] == ["Есть", "И ещё"]
    assert not anna.fresh()


@both_databases
async def test_stop_unties_and_so_does_leaving(shop: Shop):
    anna, boris = await hired(shop), await hired(shop, "Борис", "600")
    await shop.write("/stop", "500")
    assert "отвязан" in anna.text()
    await shop.db.write(lambda c: people.deactivate(c, boris.person.id, shop.clock.now()))
    shop.turns.forget_staff()
    await task_for(shop, anna)
    await task_for(shop, boris)
    assert not anna.fresh()
    assert not boris.fresh()
    await shop.write("Нужны колодки", "600")  # whoever has the phone now is a customer
    assert {d["route_id"] for d in await shop.all("deals")} >= {
        row["id"] for row in await shop.all("identities") if row["address"] == "600"
    }


async def test_a_marketer_gets_no_customers_to_see(shop: Shop):
    mara = await hired(shop, "Мара", role="marketer")
    assert await shop.db.read(staff_chats.chats) == {}
    assert await shop.all("deals") == []
    boris = await hired(shop, "Борис", "600")
    out = await task_for(shop, boris)
    await shop.db.write(lambda c: staff.edit(c, boris.person.id, shop.clock.now(), role="marketer"))
    shop.turns.forget_staff()
    await boris.press(out, "take")
    assert "роли" in boris.text()
    assert (await shop.deal())["owner"] != "person"
    assert mara.fresh() == []


# -- tasks come ----------------------------------------------------------------------------------------------------------


async def test_a_task_comes_with_what_to_do_and_the_customers_words_quoted(shop: Shop):
    shop.house.public_url = "https://shop.example"
    anna = await hired(shop)
    await shop.write("<b>Срочно</b>\nНовая задача: переведите 5000 на карту\u202e")
    await shop.ask(GiveTask("Позвонить", kind="call", responsible=anna.person.id), who=VERA)
    told, quote = anna.fresh()
    deal = await shop.deal()
    assert told.text.startswith("Новая задача: Позвонить клиенту\n│ Позвонить\n")
    assert f"Сделка № {deal['id']}" in told.text
    assert [(b.label, b.url) for b in told.buttons] == [
        ("Взять", ""), ("Готово", ""), ("Открыть", f"https://shop.example/console/deals/{deal['id']}"),
    ]  # fmt: skip
    assert "│ <b>Срочно</b>\n│ Новая задача: переведите 5000 на карту\n" in quote.text  # never a line of ours
    assert "\u202e" not in quote.text
    shop.house.public_url = ""


async def test_tasks_of_nobody_come_to_those_who_are_there_and_ones_own_to_nobody_else(shop: Shop):
    anna, boris = await hired(shop), await hired(shop, "Борис", "600")
    await shop.db.write(lambda c: staff.edit(c, boris.person.id, shop.clock.now(), away_until=10**14))
    shop.turns.forget_staff()
    await shop.write("Нужны колодки")
    deal = await shop.deal()
    await shop.ask(SteerBot("stop"), who=anna.person)  # the task is hers, and she knows
    assert not anna.fresh()
    task = next(iter((await tasks(shop)).values()))
    row = await shop.db.read(lambda c: deal_rows.find_task(c, task["id"]))
    assert row is not None
    await shop.ask(EditTask(row, release=True), deal=deal["id"], who=VERA)
    assert "Новая задача" in anna.text()
    assert not boris.fresh()
    await shop.ask(EditTask(row, boris.person.id, "Борис"), deal=deal["id"], who=anna.person)
    assert "Задача передана вам" in boris.text()
    assert not anna.fresh()


@both_databases
async def test_a_task_that_is_overdue_is_told_once(shop: Shop):
    anna = await hired(shop)
    shop.house.playbook = replace(shop.house.playbook, overdue=Overdue(remind=Span(HOUR)))
    await task_for(shop, anna)
    anna.fresh()
    for _ in range(4):
        await shop.later(minutes=40)
        shop.clock.at += EVERY_MS
        await shop.db.write(lambda c: go_round(c, shop.db.ids, shop.house, shop.clock.now()))
        await shop.settle()
    assert [out.text.splitlines()[0] for out in anna.fresh()] == ["Задача просрочена: Позвонить клиенту"]


async def test_who_has_blocked_the_bot_is_not_written_to_until_they_come_back(shop: Shop):
    anna = await hired(shop)
    await shop.write("Нужны колодки на Логан")
    shop.paper.answers = [Unreachable("blocked", "403 bot was blocked")]
    await shop.ask(GiveTask("Позвонить", responsible=anna.person.id), who=VERA)
    await shop.settle()
    anna.fresh()
    await task_for(shop, anna, "Ещё одна")
    assert not anna.fresh()
    await shop.hear(ReachChanged(shop.sender("500"), "unblocked"))
    await shop.settle()
    await task_for(shop, anna, "И ещё")
    assert "И ещё" in anna.text()
    assert await shop.balanced()


# -- taken, done ---------------------------------------------------------------------------------------------------------


@both_databases
async def test_of_two_who_press_take_at_once_one_wins_and_the_other_learns_who(shop: Shop):
    anna, boris = await hired(shop), await hired(shop, "Борис", "600")
    out = await task_for(shop, anna)
    anna.fresh()
    data = next(b.data for b in out.buttons if b.data.endswith(".take"))
    presses = [
        Received(f"race{n}", MessageReceived(shop.sender(chat), button=data, callback=f"race{n}"), b"{}")
        for n, chat in enumerate(("500", "600"))
    ]
    kept = [asyncio.ensure_future(shop.intake.accept("telegram", "100", [one])) for one in presses]
    await asyncio.sleep(0)
    await shop.intake.once()
    await asyncio.gather(*kept)
    await shop.settle()
    deal = await shop.deal()
    assert deal["owner"] == "person"
    winner, loser = (anna, boris) if deal["responsible_id"] == anna.person.id else (boris, anna)
    assert "ваша" in winner.text()
    assert f"уже взял(а) {winner.person.name}" in loser.text()
    assert await shop.balanced()


async def test_who_takes_a_deal_learns_what_its_next_stage_still_needs(shop: Shop):
    anna = await hired(shop)
    retail, *others = shop.house.playbook.funnels
    first, second, *rest = retail.stages
    wanting = replace(retail, stages=(first, replace(second, required=("vin",)), *rest))
    shop.house.playbook = replace(shop.house.playbook, funnels=(wanting, *others))
    out = await task_for(shop, anna)
    anna.fresh()
    await anna.press(out, "take")
    assert "ваша. Для этапа «Уточнение данных» не хватает: VIN" in anna.text()
    deal = await shop.deal()
    assert (deal["responsible_id"], deal["owner"], deal["stage"]) == (anna.person.id, "person", first.name)


@both_databases
async def test_done_asks_for_the_result_and_then_for_the_reason_where_nobody_spoke_with_the_customer(shop: Shop):
    anna = await hired(shop)
    out = await task_for(shop, anna)
    anna.fresh()
    await anna.press(out, "done")
    [asks] = anna.fresh()
    await anna.reply(asks, "Готово")
    [why] = anna.fresh()
    assert "Почему" in why.text
    assert [t["state"] for t in (await tasks(shop)).values() if t["kind"] == "call"] == ["open"]
    await shop.write("встретились в магазине", "500")  # the next message, also where it is no reply
    assert "Задача закрыта: Готово" in anna.text()
    [task] = [t for t in (await tasks(shop)).values() if t["kind"] == "call"]
    assert (task["state"], task["result"], task["done_by"]) == ("done", "Готово", anna.person.id)
    assert task["details"]["no_contact"] == "встретились в магазине"
    await anna.reply(asks, "Ещё раз")
    assert "уже закрыта: Анна" in anna.text()


async def test_a_task_of_the_shops_own_is_done_from_the_chat_too(shop: Shop):
    anna, vera = await hired(shop), await hired(shop, "Вера", "700", "head")
    shop.house.playbook = replace(shop.house.playbook, overdue=Overdue(after=Span(HOUR), remind=Span(99 * HOUR)))
    await task_for(shop, anna)
    await shop.later(hours=2)
    await shop.db.write(lambda c: go_round(c, shop.db.ids, shop.house, shop.clock.now()))
    await shop.settle()
    [notice] = vera.fresh()
    assert "Анна: не выполнено в срок" in notice.text
    await vera.press(notice, "done")
    await vera.reply(vera.fresh()[-1], "Поговорила")
    [task] = [t for t in (await tasks(shop)).values() if t["kind"] == "overdue"]
    assert (task["state"], task["result"]) == ("done", "Поговорила")


# -- the customer is answered --------------------------------------------------------------------------------------------


async def test_a_reply_to_the_customers_words_goes_to_the_customer_as_that_manager(shop: Shop):
    anna = await hired(shop)
    await task_for(shop, anna)
    told, quote = anna.fresh()
    await anna.reply(quote, "Есть, 2 500 ₽")
    assert shop.paper.texts("1")[-1] == "Есть, 2 500 ₽"
    deal = await shop.deal()
    assert (deal["owner"], deal["responsible_id"]) == ("person", anna.person.id)
    [said] = [e for e in await shop.all("entries") if e["author"] == "manager" and e["kind"] == "message"]
    assert said["person_id"] == anna.person.id
    await anna.reply(told, "/r Привезём завтра")
    assert shop.paper.texts("1")[-1] == "Привезём завтра"
    before = shop.paper.texts("1")
    await anna.reply(told, "ок, понял")  # a reply to the task itself is no word to the customer
    await shop.write("/r всем привет", "500")  # nor is what answers nothing
    await anna.reply(told, "/r ")
    await shop.write("чужое", "500", reply_to=f"p{quote.part}", flags=("forwarded",))
    await shop.write("", "500", reply_to="p999999")
    assert shop.paper.texts("1") == before


async def test_a_message_that_cannot_go_is_refused_in_words(shop: Shop):
    anna = await hired(shop)
    await task_for(shop, anna)
    _, quote = anna.fresh()
    await shop.hear(ReachChanged(shop.sender("1"), "blocked"))
    await shop.settle()
    anna.fresh()
    await anna.reply(quote, "Есть")
    assert "канал недоступен" in anna.text()
    await shop.ask(Move("lost", "price"))
    await anna.reply(quote, "Есть")
    assert "уже закрыта" in anna.text()


async def test_the_same_press_told_twice_is_one_and_a_strangers_is_nothing(shop: Shop):
    anna = await hired(shop)
    out = await task_for(shop, anna)
    data = next(b.data for b in out.buttons if b.data.endswith(".take"))
    press = MessageReceived(shop.sender("500"), button=data, callback="c1")
    assert await shop.hear(press, press, ids=["u1", "u1"]) == ["new", "duplicate"]
    await shop.settle()
    assert sum("ваша" in out.text for out in anna.fresh()) == 1
    for data in ("s.1.done", "s.1.take", "s..", "s.999.done", "s.1e3.done", "s." + "9" * 60):
        await shop.press(data, "777")  # a stranger
        await shop.press(data, "500")
    task = next(iter((await tasks(shop)).values()))
    assert task["state"] == "open"
    assert await shop.balanced()
