"""Real talks on a draft: they come out as they did on their own version, and where a draft differs it is said at which step."""

import time
from random import Random

import pytest

from bots.kit.compiler import read_script
from bots.kit.events import Media
from bots.kit.script import Script
from gateway.desk import Edit, Move, SteerBot, Take, Write
from gateway.events import FormSubmitted, MessageReceived, Sender
from gateway.replays import Report, replay
from tests.shop import Shop


def draft_of(shop: Shop, *changes: tuple[str, str]) -> Script:
    source = shop.house.scripts["qualifier"].source
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    script, problems = read_script(source, "qualifier", shop.house.playbook.asks)
    assert script is not None, problems
    return script


async def replayed(shop: Shop, *changes: tuple[str, str], last: int = 500) -> Report:
    return await replay(shop.db, shop.house, "qualifier", draft_of(shop, *changes), last, shop.clock.now())


OTHER_WORDS = ("Какие детали нужны?", "Какие запчасти нужны?")
NOTHING = ("# Первый собеседник", "# Тот же собеседник")
"""Another version that says the same."""


async def a_talk(shop: Shop, who: str = "1") -> None:
    """To the hand-off: menu, VIN by a photo, parts in a burst, a number."""
    await shop.write("Здравствуйте", who)
    await shop.write("1", who)
    await shop.write("", who, media=(Media("photo", "ref", "sts.jpg"),))
    await shop.later(seconds=5)
    await shop.write("колодки", who)
    await shop.later(seconds=1)
    await shop.write("и диски", who)
    await shop.later(seconds=5)
    await shop.write("4", who)
    await shop.later(seconds=5)


async def test_a_talk_comes_out_as_it_did_and_a_draft_that_says_the_same_is_the_same(shop: Shop):
    await a_talk(shop)
    assert (await shop.all("runs"))[0]["status"] == "handed_off"
    report = await replayed(shop, NOTHING)
    assert (report.talks, report.same, report.different, dict(report.unplayable)) == (1, 1, 0, {})


async def test_other_words_are_found_at_their_step_with_what_was_said_before_and_now(shop: Shop):
    for who in ("1", "2", "3"):
        await a_talk(shop, who)
    await shop.write("Здравствуйте", "4")
    report = await replayed(shop, OTHER_WORDS)
    (group,) = report.by_count()
    assert (report.talks, report.same, group.step, group.count) == (4, 1, "parts", 3)
    (change,) = group.often()
    assert change.before[0].text.startswith("Какие детали")
    assert change.now[0].text.startswith("Какие запчасти")
    assert sorted(change.deals) == sorted(d["id"] for d in (await shop.all("deals"))[:3])


async def test_texts_that_differ_in_names_only_are_one_change(shop: Shop):
    for who in ("1", "2", "3"):
        await shop.write("Здравствуйте", who)
    (group,) = (await replayed(shop, ("Здравствуйте, {name", "Добрый день, {name"))).by_count()
    (change,) = group.often()
    assert (group.step, change.count, len(change.deals)) == ("menu", 3, 3)


async def test_talks_that_part_at_different_steps_are_apart_and_the_commonest_is_first(shop: Shop):
    await a_talk(shop, "1")
    await a_talk(shop, "2")
    await shop.write("Здравствуйте", "3")
    await shop.write("доставка", "3")
    report = await replayed(shop, OTHER_WORDS, ("В какой город", "Куда именно, в какой город"))
    assert [(group.step, group.count) for group in report.by_count()] == [("parts", 2), ("delivery", 1)]


async def test_an_answer_that_is_not_understood_any_more_is_found_where_it_was_asked(shop: Shop):
    await a_talk(shop)
    report = await replayed(
        shop,
        (
            "      photo: {save: papers, then: parts}\n      text: {save: car, then: parts}",
            "      text: {save: car, then: parts}",
        ),
    )
    (group,) = report.by_count()
    assert group.step == "parts"
    assert group.often()[0].now[0].step == "car"


async def test_silence_and_reminders_are_played_in_virtual_time(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.write("1")
    await shop.later(hours=4)
    assert "Жду VIN" in shop.paper.texts()[-1]
    await shop.later(hours=9)
    assert (await shop.deal())["outcome"] == "lost"
    assert (await replayed(shop, NOTHING)).same == 1
    report = await replayed(shop, ("after: 3h", "after: 2h"))
    (group,) = report.by_count()
    assert (group.step, group.often()[0].shifted) == ("car", -3_600_000)
    report = await replayed(shop, ("patience: 10h ", "patience: 12h "))
    assert [group.step for group in report.by_count()] == ["car"]


async def test_a_reply_that_won_over_a_timeout_wins_again(shop: Shop):
    """The program was away: what the timer would have done never happened."""
    await shop.write("Здравствуйте")
    shop.clock.advance(11 * 3_600_000)
    await shop.write("1")
    assert (await shop.deal())["closed_at"] is None
    report = await replayed(shop, NOTHING)
    assert (report.same, dict(report.unplayable)) == (1, {})


async def test_a_timer_that_came_late_comes_late_again(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.write("1")
    shop.clock.advance(5 * 3_600_000)
    await shop.settle()
    assert "Жду VIN" in shop.paper.texts()[-1]
    await shop.write("фокус 2012")
    await shop.later(seconds=5)
    report = await replayed(shop, NOTHING)
    assert (report.same, dict(report.unplayable)) == (1, {})


async def test_a_run_that_goes_on_is_played_as_far_as_it_has_come(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.write("1")
    await shop.later(hours=1)
    assert (await replayed(shop, NOTHING)).same == 1
    assert (await replayed(shop, ("after: 3h", "after: 30m"))).different == 1
    assert (await replayed(shop, ("after: 3h", "after: 2h"))).different == 0


async def test_a_talk_that_a_manager_took_over_is_played_as_far_as_the_bot_came(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.write("1")
    await shop.ask(Take())
    await shop.ask(Write("Здравствуйте, это Анна"))
    await shop.write("фокус 2012")
    assert (await shop.all("runs"))[0]["status"] == "stopped"
    assert (await replayed(shop, NOTHING)).same == 1
    assert (await replayed(shop, OTHER_WORDS)).same == 1
    assert (await replayed(shop, ("Пришлите VIN автомобиля", "Пришлите VIN"))).different == 1


async def test_buttons_places_and_a_bot_that_a_manager_starts_anew(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.press(shop.paper.sent[-1].buttons[2].data)
    await shop.write("", location=(55.75, 37.61))
    await shop.later(seconds=5)
    await shop.ask(SteerBot("stop"))
    await shop.ask(Move("clarification"))
    await shop.ask(SteerBot("start"))
    await shop.write("2")
    await shop.write("48213")
    await shop.later(seconds=5)
    report = await replayed(shop, NOTHING)
    assert (report.talks, report.same, dict(report.unplayable)) == (2, 2, {})


async def test_what_does_not_come_out_as_it_did_is_told_apart_and_differs_from_nothing(shop: Shop):
    await a_talk(shop)
    entry = next(e for e in await shop.all("entries") if e["text"].startswith("Какие детали"))
    await shop.db.write(lambda c: c.exec_driver_sql(f"UPDATE entries SET text = 'иначе' WHERE id = {entry['id']}"))
    await a_talk(shop, "2")
    report = await replayed(shop, OTHER_WORDS)
    assert (report.talks, report.same, report.different, dict(report.unplayable)) == (2, 0, 1, {"differs": 1})
    assert report.unplayed == {"differs": [entry["deal_id"]]}


async def test_a_version_that_is_not_kept_any_more_cannot_be_played(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.db.write(lambda c: c.exec_driver_sql("DELETE FROM scripts"))
    shop.house.by_hash.clear()
    assert dict((await replayed(shop, NOTHING)).unplayable) == {"no_script": 1}


async def test_an_old_version_is_read_where_it_is_kept(shop: Shop):
    await a_talk(shop)
    shop.house.by_hash.clear()
    assert (await replayed(shop, OTHER_WORDS)).different == 1


async def test_the_last_so_many_are_taken_in_pages(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gateway.replays.PAGE", 2)
    for who in range(5):
        await shop.write("Здравствуйте", str(who))
    await shop.write("1", "4")
    assert (await replayed(shop, last=3)).talks == 3
    report = await replayed(shop, ("Пришлите VIN автомобиля", "Пришлите VIN"), last=1)
    assert (report.talks, report.different) == (1, 1)
    assert (await replayed(shop, NOTHING)).talks == 5


async def test_another_bots_runs_are_not_looked_at(shop: Shop):
    await shop.write("Здравствуйте")
    report = await replay(shop.db, shop.house, "collector", draft_of(shop), 10, shop.clock.now())
    assert report.talks == 0


LINES = (
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "привет",
    "фокус 2012",
    "WVWZZZ1JZXW000001",
    "колодки",
    "4",
    "48213",
    "+7 916 123-45-67",
    "позовите менеджера",
    "?",
)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_customers_did_their_talks_come_out_again(shop: Shop, seed: int):
    rng = Random(seed)
    for _ in range(60):
        who = str(rng.randint(1, 8))
        match rng.randint(0, 9):
            case 0:
                await shop.later(hours=rng.choice([1, 4, 11]))
            case 1:
                shop.clock.advance(rng.choice([1_500, 2_500, 4 * 3_600_000]))
            case 2:
                await shop.write("", who, media=(Media("photo", "r", "a.jpg"),))
            case 3:
                await shop.later(seconds=rng.choice([1, 3]))
            case _:
                await shop.write(rng.choice(LINES), who)
    report = await replayed(shop, NOTHING)
    assert report.talks >= 8
    assert (report.same, dict(report.unplayable)) == (report.talks, {})


async def test_many_talks_are_replayed_in_no_time(shop: Shop):
    """The figure for 500 is measured by `python -m bench.replay`."""
    for who in range(40):
        await shop.write("Здравствуйте", str(who))
    for text in ("1", "фокус 2012", "колодки", "4"):
        for who in range(40):
            await shop.write(text, str(who))
        await shop.later(seconds=5)
    began = time.perf_counter()
    report = await replayed(shop, OTHER_WORDS)
    spent = time.perf_counter() - began
    assert (report.talks, report.different) == (40, 40)
    assert spent < 4, spent


# -- what happened to a run besides words ------------------------------------------------------------------------------


GREETS = (
    "Здравствуйте, {name|first|proper or спасибо, что написали}!",
    "Здравствуйте, {city or спасибо, что написали}!",
)
"""A version that says a field of the deal: what somebody changes by hand is heard."""


async def put_to_work(shop: Shop, *changes: tuple[str, str]) -> None:
    script = draft_of(shop, *changes)
    shop.house.scripts = {**shop.house.scripts, "qualifier": script}
    shop.house.by_hash[script.hash] = script


async def test_fields_and_tags_that_people_changed_meanwhile_are_changed_again(shop: Shop):
    await put_to_work(
        shop,
        ("Какие детали нужны?", "{city or Здравствуйте}. Какие детали нужны?"),
        ("\n  parts:\n", "\n  parts:\n    tag: дошёл\n"),
    )
    await shop.write("Здравствуйте")
    await shop.write("1")
    await shop.ask(Edit(fields={"city": "Тверь", "note": 1}, tags=("оптовик",)))
    await shop.write("фокус 2012")
    await shop.later(seconds=5)
    assert shop.paper.texts()[-1].startswith("Тверь. Какие детали нужны?")
    await shop.ask(Edit(fields={"city": "Клин"}))
    report = await replayed(shop, NOTHING)
    assert (report.same, dict(report.unplayable)) == (1, {})
    assert (await replayed(shop, ("{city or Здравствуйте}. Какие", "{city or Здравствуйте}! Какие"))).different == 1


async def test_a_field_is_at_the_beginning_what_it_was_then(shop: Shop):
    await put_to_work(shop, GREETS)
    await shop.write("Здравствуйте")
    await shop.ask(SteerBot("stop"))
    await shop.ask(Edit(fields={"city": "Тверь"}))
    await shop.ask(SteerBot("start"))
    assert "Здравствуйте, Тверь!" in shop.paper.texts()[-2]
    await shop.ask(Edit(fields={"city": "Клин"}))
    report = await replayed(shop, NOTHING)
    assert (report.talks, report.same, dict(report.unplayable)) == (2, 2, {})


async def test_a_form_that_came_meanwhile_is_taken_in_again(shop: Shop):
    await put_to_work(shop, GREETS, ("Какие детали нужны?", "{city or Здравствуйте}. Какие детали нужны?"))
    phone = "+79123456789"
    await shop.hear(MessageReceived(shop.sender(phone=phone), "Здравствуйте", phone=phone))
    await shop.settle()
    await shop.write("1")
    await shop.hear(FormSubmitted(Sender("form", "site", phone, "", phone), "site", {"city": "Тверь"}))
    await shop.settle()
    await shop.write("фокус 2012")
    await shop.later(seconds=5)
    assert len(await shop.all("deals")) == 1
    assert shop.paper.texts()[-1].startswith("Тверь. Какие детали нужны?")
    report = await replayed(shop, NOTHING)
    assert (report.same, dict(report.unplayable)) == (1, {})


async def test_a_run_that_the_loop_guard_stopped_is_played_as_far_as_it_came(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.write("1")
    for n in range(12):
        await shop.ask(SteerBot("stop"))
        await shop.ask(SteerBot("start"))
        await shop.write(str(1 + n % 3))
    assert {run["status"] for run in await shop.all("runs")} >= {"stopped"}
    assert [task for task in await shop.all("tasks") if task["kind"] == "check_loop"]
    report = await replayed(shop, NOTHING)
    assert (report.same, dict(report.unplayable)) == (report.talks, {})
