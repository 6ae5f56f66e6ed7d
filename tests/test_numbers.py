"""Numbers of a script say what the timeline says, whoever counts; versions, channels and arms are kept apart."""

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import pytest

from bots.kit.compiler import read_script
from bots.kit.events import MessageReceived as MessageHeard
from bots.kit.events import RunStarted
from bots.kit.run import Facts
from bots.kit.walk import begin, step
from gateway.desk import Move, SteerBot, Take
from gateway.events import MessageReceived
from gateway.playbooks import read_script_file
from gateway.trail import phrase
from gateway.turns import Turns
from state import chores, merging, numbers, steps, tables
from state.database import Database
from state.numbers import Cohort
from state.tally import Tally, tally
from tests.bots.stories import script_text
from tests.shop import PaperChannel, Shop, open_shop

PLAYBOOK = """\
playbook: Магазин
zone: Europe/Moscow
funnels:
  retail: {title: Розница, stages: {new: Новая, work: В работе}, won: Выдан, lost: Не состоялся}
bots:
  meets: {on: message}
reasons: {silence: Молчит, price: Дорого}
loop_guard: {messages: 0}
"""
MEETS = """\
script: Знакомство
patience: 2h
close: silence
tries: 2
gather: 0s
fields: {make: Марка, count: Сколько}
steps:
  topic:
    ask: О чём речь?
    hint: Не понял, о чём речь?
    choices:
      parts: {label: Запчасти, then: greet}
      order: {label: Заказ, then: person}
  greet: {split: {short: 50, long: 50}}
  short: {say: Коротко., then: count}
  long: {say: Длинно и подробно., then: count}
  count:
    ask: Сколько штук?
    hint: Не понял, сколько штук?
    not_understood: thanks
    answer: {number: {save: count, then: thanks}}
  thanks: {say: Спасибо., end: done}
  person: {hand_off: {task: Ответить про заказ}}
"""
EVER = 2**60
Opener = Callable[..., Shop]


@pytest.fixture
async def opened(database_url: str, tmp_path: Path) -> AsyncIterator[Opener]:
    """Opens a shop with this script."""
    shops: list[Shop] = []

    def open_with(text: str = MEETS, channels: tuple[PaperChannel, ...] = ()) -> Shop:
        write_script(tmp_path, text)
        (tmp_path / "playbook.yaml").write_text(PLAYBOOK, encoding="utf-8")
        shops.append(open_shop(database_url, channels=channels, playbook=str(tmp_path)))
        return shops[-1]

    yield open_with
    for shop in shops:
        await shop.db.close()


def write_script(folder: Path, text: str) -> None:
    (folder / "scripts").mkdir(exist_ok=True)
    (folder / "scripts" / "meets.yaml").write_text(text, encoding="utf-8")


async def ask(shop: Shop, question: Callable[..., Any], **narrow: Any) -> Any:
    cohort = Cohort("meets", narrow.pop("since", 0), narrow.pop("until", EVER), **narrow)
    return await shop.db.read(lambda c: question(c, cohort))


async def tallied(shop: Shop, **narrow: Any) -> Tally:
    return await ask(shop, lambda c, cohort: tally(c, cohort, numbers.won(c, cohort)), **narrow)


async def results(shop: Shop, **narrow: Any) -> dict[tuple[str, str], int]:
    total: Counter[tuple[str, str]] = Counter()
    for one in (await tallied(shop, **narrow)).counted:
        total[one.step, one.result] += one.n
    return dict(total)


# -- the crowd ---------------------------------------------------------------------------------------------------------

QUESTIONS = {"О чём речь?": "topic", "Сколько штук?": "count"}
HINTS = {"Не понял, о чём речь?": "topic", "Не понял, сколько штук?": "count"}
SAYINGS = (
    "Запчасти",
    "1",
    "Заказ",
    "2",
    "4 шт.",
    "непонятно что",
    "Ёлки-палки!",
    "а скока стоит",
    "позовите менеджера",
)


@dataclass
class Told:
    """What the timeline of all deals tells of the two questions, read by rules of its own."""

    results: Counter[tuple[str, str]] = field(default_factory=Counter)
    took: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    missed: dict[tuple[str, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    who: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))


def read_timeline(entries: list[dict[str, Any]]) -> Told:
    told = Told()
    by_deal = defaultdict(list)
    for entry in entries:
        by_deal[entry["deal_id"]].append(entry)
    for deal, lines in by_deal.items():
        step, asked, heard, tries = "", 0, None, 0
        for entry in lines:
            text, event = entry["text"], entry["data"].get("event")
            if entry["direction"] == "in":
                heard = entry
            elif text in QUESTIONS or text == "Спасибо.":
                if step and tries == 2 and text == "Спасибо." and not heard["text"].startswith("4"):
                    told.results[step, "misunderstood"] += 1
                    told.missed[step, phrase(heard["text"])].add(deal)
                    told.results[step, "missed"] += 1
                elif step:
                    told.results[step, "answered"] += 1
                    told.took[step].append(heard["at"] - asked)
                step, asked, tries = QUESTIONS.get(text, ""), entry["at"], 0
                if step:
                    told.who[step].add(deal)
            elif text in HINTS:
                tries += 1
                told.results[HINTS[text], "missed"] += 1
                told.missed[HINTS[text], phrase(heard["text"])].add(deal)
            elif entry["kind"] == "bot" and step and event in ("handed_off", "timed_out", "stopped"):
                if event == "handed_off" and entry["data"]["reason"] not in ("asked_for_person", "not_understood"):
                    told.results[step, "answered"] += 1  # the step after it, which says nothing, handed off
                    told.took[step].append(heard["at"] - asked)
                    step = ""
                    continue
                if event == "handed_off" and entry["data"]["reason"] == "not_understood":
                    told.results[step, "missed"] += 1
                    told.missed[step, phrase(heard["text"])].add(deal)
                told.results[step, "handed_off" if event == "handed_off" else "left"] += 1
                step = ""
        if step:
            told.results[step, "waiting"] += 1
    return told


async def live_through(shop: Shop, customers: int, seed: int) -> None:
    """Each customer says some things, at their own pace; managers take some deals, win some and lose some."""
    rng = Random(seed)
    people = [f"{seed}{n}" for n in range(customers)]
    for _ in range(4):
        for who in people:
            if rng.random() < 0.8:
                await shop.write(rng.choice(SAYINGS), who)
            await shop.later(seconds=rng.randint(1, 40))
    for deal in await shop.all("deals"):
        if deal["closed_at"] is None and rng.random() < 0.6:
            await shop.ask(rng.choice([Take(), Move("won"), Move("lost", "price")]), deal["id"])
    await shop.later(hours=1)
    for who in people[: customers // 4]:
        await shop.write("Здравствуйте", who + "0")
    await shop.later(minutes=90)


async def test_the_numbers_of_a_crowd_are_those_of_its_timeline(opened: Opener):
    shop = opened()
    await live_through(shop, 28, 1)
    told = read_timeline(await shop.all("entries"))
    found = {key: n for key, n in (await results(shop)).items() if key[0] in ("topic", "count")}
    assert found == dict(told.results)
    assert {"answered", "left", "handed_off", "misunderstood", "missed", "waiting"} == {what for _, what in found}
    assert (await tallied(shop)).medians == {step: median(all_) for step, all_ in told.took.items()}
    who = (await tallied(shop)).customers
    assert {step: who[step] for step in told.who} == {step: len(deals) for step, deals in told.who.items()}
    seen = {(p.step, p.text): p.customers for p in (await tallied(shop)).phrases}
    assert seen == {key: len(deals) for key, deals in told.missed.items() if len(deals) > 1 and key[1]}
    assert seen
    closed = [deal for deal in await shop.all("deals") if deal["outcome"] == "won"]
    assert {one.deal for one in await ask(shop, numbers.won)} == {deal["id"] for deal in closed} != set()


# -- a trail and what has been moved -----------------------------------------------------------------------------------

ROUND = """\
script: Круг
patience: 2h
close: silence
gather: 0s
fields: {a: А}
steps:
  one: {ask: Раз?, answer: {text: {save: a, then: two}}}
  two: {ask: Два?, answer: {text: {save: a, then: one}}}
"""


async def test_a_step_reached_often_is_one_customer_and_the_row_of_the_run_stays_small(opened: Opener):
    shop = opened(ROUND)
    for n in range(41):
        await shop.write(f"слово {n}")
        await shop.later(seconds=3)
    (run,) = await shop.all("runs")
    assert len(run["state"]["trail"][2]) <= steps.FULL
    moved = await shop.all("steps")
    assert [row["n"] for row in moved] == list(range(run["state"]["trail"][1]))
    assert len(moved) > 2
    assert await results(shop) == {("one", "answered"): 20, ("two", "answered"): 20, ("one", "waiting"): 1}
    assert (await tallied(shop)).customers == {"one": 1, "two": 1}
    assert (await tallied(shop)).medians == {"one": 3_000.0, "two": 3_000.0}


async def test_the_end_of_a_run_changes_no_number_but_that_of_the_step_where_it_stood(opened: Opener):
    shop = opened()
    for who in "12345":
        await shop.write("привет", who)
        await shop.later(seconds=20)
        await shop.write("запчасти", who)
    before = await results(shop)
    assert await shop.all("steps") == []
    for deal in await shop.all("deals"):
        await shop.ask(Take(), deal["id"])
    after = await results(shop)
    assert before.pop(("count", "waiting")) == after.pop(("count", "left")) == 5
    assert after == before
    words = {one.word for one in (await tallied(shop)).counted if one.result == "left"}
    assert words == {"taken"}
    assert all(run["state"]["trail"][2:4] == ["", ""] for run in await shop.all("runs"))


async def test_a_run_that_is_ended_by_a_joining_of_contacts_keeps_its_notes(opened: Opener):
    """Two conversations of one person: the talk of the second deal is stopped, and counts as left."""
    shop = opened()
    await shop.write("привет", "1")
    await shop.later(minutes=2)
    await shop.write("привет", "2")
    await shop.write("запчасти", "2")
    words = merging.Words(joined=str, stopped="")
    kept, gone = sorted(contact["id"] for contact in await shop.all("contacts"))
    await shop.db.write(lambda c: merging.join(c, shop.db.ids, kept, gone, shop.clock.now(), words))
    found = await results(shop)
    assert found["count", "left"] == 1
    assert found["topic", "answered"] == found["topic", "waiting"] == 1
    assert (await tallied(shop, version="")).customers == {"topic": 1, "greet": 1, "count": 1} | {
        one.step: 1 for one in (await tallied(shop)).counted if one.step in ("short", "long")
    }


async def test_a_run_that_began_before_trails_were_kept_goes_on_and_counts_nothing(opened: Opener):
    shop = opened()
    await shop.write("привет")
    await shop.later(minutes=2)
    (run,) = await shop.all("runs")
    state = {key: value for key, value in run["state"].items() if key != "trail"}
    await shop.db.write(lambda c: c.execute(tables.runs.update().values(state=state)))
    await shop.write("запчасти")
    await shop.write("4")
    assert (await shop.all("runs"))[0]["status"] == "finished"
    assert await results(shop) == {}


async def test_notes_past_their_keep_are_forgotten_and_others_stay(opened: Opener):
    shop = opened()
    await shop.write("привет", "1")
    await shop.write("менеджера", "1")
    shop.clock.advance(steps.KEPT)
    await shop.write("привет", "2")
    await shop.write("менеджера", "2")
    assert len(await shop.all("steps")) == 2
    await shop.db.write(lambda c: chores.forget(c, shop.clock.now()))
    assert len(await shop.all("steps")) == 2
    await shop.db.write(lambda c: chores.forget(c, shop.clock.now() + 1_000))
    assert [row["run_id"] for row in await shop.all("steps")] == [(await shop.all("runs"))[1]["id"]]


@pytest.mark.parametrize("seed", range(40))
def test_no_name_of_a_step_or_exit_holds_what_notes_are_separated_by(seed: int):
    rng = Random(seed)
    script = None
    while script is None:
        script, _ = read_script(script_text(rng), "r")
    run, now, seen = begin(script), 1_000, 0
    for event in (RunStarted(), *(MessageHeard(text) for text in ("1", "икс", "да", "?!", "нет", "завтра") * 4)):
        run, _ = step(script, run, event, Facts(now))
        now += 60_000
        seen += len(run.marks)
        assert [mark for mark in run.marks if not all(re.fullmatch(r"[\w -]+", part) for part in mark)] == []
    assert seen


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("Ёлки-Палки!!!", "елки палки"),
        ("  а скока   СТОИТ?", "а скока стоит"),
        ("мой номер 8 912 345-67-89", ""),
        ("anna@example.com", ""),
        ("XTA210990Y1234567", ""),
        ("👍", ""),
        ("ы" * 5_000, "ы" * 80),
        ("", ""),
    ],
)
def test_a_phrase_is_counted_without_what_may_be_about_a_person(text: str, counted: str):
    assert phrase(text) == counted


async def test_a_phrase_of_one_customer_is_not_shown_however_often_they_write_it(opened: Opener):
    shop = opened()
    for who in "12":
        await shop.write("привет", who)
        await shop.later(minutes=2)
    for text in ("меня зовут иван петров", "Меня зовут Иван Петров!"):
        await shop.write(text, "1")
    await shop.write("чё-почём", "1")
    assert (await tallied(shop)).phrases == []
    await shop.write("че почем?", "2")
    assert [(p.text, p.n, p.customers) for p in (await tallied(shop)).phrases] == [("че почем", 2, 2)]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_two_processes_count_every_step_once(opened: Opener, database_url: str):
    """Both take lanes of one crowd side by side, and report alike."""
    shop = opened(ROUND)
    other = Turns(Database(database_url), shop.house, shop.live, shop.clock, shard=1)
    rounds, crowd = 20, [str(n) for n in range(12)]
    claimed: Counter[int] = Counter()
    for n in range(rounds):
        for who in crowd:
            await shop.hear(MessageReceived(shop.sender(who), f"слово {n}"))
        for _ in range(3):
            first, second = (shop.turns, other) if n % 2 else (other, shop.turns)
            reports = await asyncio.gather(first.once(), second.once())
            claimed.update({turns.shard: report.lanes for turns, report in zip((first, second), reports, strict=True)})
        shop.clock.advance(1_000)
    assert min(claimed[0], claimed[1]) > 0
    assert sum(claimed.values()) >= rounds * len(crowd)
    found = await results(shop)
    assert sum(found.values()) == rounds * len(crowd)
    assert found["one", "answered"] + found["two", "answered"] == (rounds - 1) * len(crowd)
    moved = await shop.all("steps")
    assert Counter(row["n"] for row in moved) == {n: len(crowd) for n in range(len(moved) // len(crowd))}
    assert len(moved) >= 2 * len(crowd)
    cohort = Cohort("meets", 0, EVER)
    elsewhere = await other.db.read(lambda c: tally(c, cohort, []))
    assert set(elsewhere.counted) == set((await tallied(shop)).counted)
    await other.db.close()


# -- what is told apart ------------------------------------------------------------------------------------------------


async def test_a_script_that_is_edited_in_between_has_numbers_of_its_own(opened: Opener, tmp_path: Path):
    shop = opened()
    old = shop.house.scripts["meets"].hash
    await shop.write("привет", "1")
    await shop.write("привет", "2")
    write_script(tmp_path, MEETS.replace("  topic:", "  subject:"))
    script, problems = read_script_file(tmp_path / "scripts" / "meets.yaml", shop.house.playbook)
    assert script is not None, problems
    shop.house.scripts["meets"] = shop.house.by_hash[script.hash] = script
    await shop.write("привет", "3")
    await shop.later(minutes=1)
    for who in "123":
        await shop.write("1", who)
    found = await results(shop, version=old)
    assert (found["topic", "answered"], found["greet", "split"], found["count", "waiting"]) == (2, 2, 2)
    assert ("subject", "answered") not in found
    found = await results(shop, version=script.hash)
    assert found["subject", "answered"] == 1
    assert ("topic", "answered") not in found
    assert {group.key: group.runs for group in await ask(shop, numbers.versions)} == {(old,): 2, (script.hash,): 1}
    assert await results(shop, version=old[:12]) == await results(shop, version=old)
    assert await results(shop, version="%") == {}


async def test_channels_are_told_apart_by_where_a_run_began(opened: Opener):
    shop = opened(channels=(PaperChannel("telegram"), PaperChannel("web")))
    await shop.write("привет", "1")
    shop.channels = dict(reversed(shop.channels.items()))
    await shop.write("привет", "2")
    await shop.write("привет", "3")
    assert await results(shop, channel="telegram") == {("topic", "waiting"): 1}
    assert await results(shop, channel="web") == {("topic", "waiting"): 2}
    for deal in await shop.all("deals"):
        await shop.ask(Take(), deal["id"])
    assert await results(shop, channel="web") == {("topic", "left"): 2}
    assert await results(shop, channel="sms") == {}


async def test_arms_are_told_apart_down_to_deals_that_were_won(opened: Opener):
    shop = opened()
    for n in range(12):
        await shop.write("привет", str(n))
    await shop.later(minutes=1)
    for n in range(12):
        await shop.write("1", str(n))
    drawn = {run["deal_id"]: run["state"]["arms"]["greet"] for run in await shop.all("runs")}
    assert set(drawn.values()) == {"short", "long"}
    for n in range(4):
        await shop.write("3", str(n))
    for deal in [deal for deal in drawn if drawn[deal] == "long"]:
        await shop.ask(Move("won", fields={"sum": 1_500}), deal)
    for arm in ("short", "long"):
        found, size = await results(shop, arm=("greet", arm)), sum(1 for one in drawn.values() if one == arm)
        assert found["greet", "split"] == found[arm, "passed"] == size
        assert found["count", "answered"] + found.get(("count", "waiting"), 0) + found.get(("count", "left"), 0) == size
        won = await ask(shop, numbers.won, arm=("greet", arm))
        assert {one.deal for one in won} == {deal for deal in drawn if drawn[deal] == arm == "long"}
        assert all(one.fields["sum"] == 1_500 for one in won)
    assert await results(shop, arm=('gre"et', "long")) == {}
    groups = Counter[str]()
    for group in (await tallied(shop)).arms:
        groups[group.key[1]] += group.runs
    assert groups == Counter(drawn.values())


async def test_a_won_deal_counts_for_the_last_run_in_it(opened: Opener, tmp_path: Path):
    shop = opened()
    await shop.write("привет")
    (deal,) = await shop.all("deals")
    await shop.ask(SteerBot("stop"), deal["id"])
    old = shop.house.scripts["meets"]
    write_script(tmp_path, MEETS.replace("Спасибо.", "Благодарим."))
    script, _ = read_script_file(tmp_path / "scripts" / "meets.yaml", shop.house.playbook)
    assert script is not None
    shop.house.scripts["meets"] = shop.house.by_hash[script.hash] = script
    await shop.later(minutes=1)
    await shop.ask(SteerBot("start", "meets"), deal["id"])
    await shop.ask(Move("won"), deal["id"])
    assert await ask(shop, numbers.won, version=old.hash) == []
    assert [one.version for one in await ask(shop, numbers.won)] == [script.hash]
    assert (await tallied(shop)).won == {"topic": 1}


async def test_a_period_holds_the_runs_that_began_in_it_with_all_that_came_of_them(opened: Opener):
    shop = opened()
    await shop.write("привет", "1")
    noon = shop.clock.now() + 60_000
    await shop.later(minutes=1)
    await shop.write("1", "1")
    await shop.write("привет", "2")
    assert (await results(shop, until=noon))["topic", "answered"] == 1
    assert await results(shop, since=noon) == {("topic", "waiting"): 1}
    assert await results(shop, since=noon + 1) == {}
