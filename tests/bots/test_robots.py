"""Robots as the playbook writes them: what is read, and what is wrong at which line; when each is due."""

from dataclasses import replace

import pytest

from bots.kit.hours import Hours
from bots.kit.moments import moment
from bots.kit.playbook import Playbook, load_playbook
from bots.kit.spans import Span
from bots.robots import effects as fx
from bots.robots.facts import DealFacts
from bots.robots.machine import due, effects, expected, fire
from bots.robots.rules import Robot

HOUR = 3_600_000
MONDAY = 1_763_978_400_000
"""2025-11-24 10:00 UTC, 13:00 in Moscow."""
OFFICE = Hours("Europe/Moscow", (((600, 1_140),),) * 5 + ((), ()))

FUNNEL = """\
playbook: Shop
language: ru
zone: Europe/Moscow
fields: {city: Город, visit: {title: Визит, kind: date}}
reasons: {price: Дорого}
funnels:
  retail:
    stages:
      new:
        title: New
        robots:
          one: {in: 30m, do: [{tag: a}]}
          two: {after: previous, in: 1h working, if: {city: {is not: Тверь}}, do: [{move: work}]}
      work: Work
    won: Won
    lost: Lost
    triggers:
      paid: {on: order paid, from: [work], do: [{close: won}]}
"""


def loaded(text: str) -> Playbook:
    playbook, problems = load_playbook("shop", {"playbook.yaml": text})
    assert playbook is not None, [str(problem) for problem in problems]
    return playbook


def facts(**more: object) -> DealFacts:
    return DealFacts(MONDAY, "retail", "new", MONDAY, zone="Europe/Moscow", **more)  # type: ignore[arg-type]


def test_robots_are_read_in_their_order_with_all_they_say():
    one, two = loaded(FUNNEL).board.of("retail", "new")
    assert (one.name, one.wait, one.after) == ("one", Span(30 * 60_000), "")
    assert (two.after, two.wait) == ("one", Span(HOUR, working=True))
    (paid,) = loaded(FUNNEL).board.triggers["retail", "order"]
    assert (paid.which, paid.stages) == ("paid", ("work",))


def test_a_message_says_its_own_text_whatever_values_its_template_takes():
    said = 'do: [{message: {text: "Заказ готов", template: ready, values: ["{city or там}"], by: [whatsapp], also: [email]}}]'
    templates = "templates: {ready: {text: 'Готов: {1}', whatsapp: HX1}}\n"
    (one, _) = loaded(FUNNEL.replace("do: [{tag: a}]", said) + templates).board.of("retail", "new")
    (message,) = effects(one.actions, facts(fields={"city": "Тверь"}))
    assert isinstance(message, fx.SendMessage)
    assert (message.text, message.values, message.by, message.also) == (
        "Заказ готов", ("Тверь",), ("whatsapp",), ("email",),
    )  # fmt: skip


def test_what_a_robot_gives_to_do_is_due_in_working_days():
    said = 'do: [{task: {kind: call, text: "Позвонить", due: 2d 1h working, to: head}}]'
    (one, _) = loaded(FUNNEL.replace("do: [{tag: a}]", said)).board.of("retail", "new")
    friday = replace(facts(hours=OFFICE), now=MONDAY + 4 * 24 * HOUR)
    assert list(effects(one.actions, friday)) == [
        fx.GiveTask("call", "Позвонить", MONDAY + 8 * 24 * HOUR + HOUR, "head")
    ]
    assert [task.due_at for task in effects(one.actions, facts()) if isinstance(task, fx.GiveTask)] == [
        MONDAY + 49 * HOUR
    ]


def test_a_stages_age_may_count_on_a_condition_only():
    aged = FUNNEL.replace("title: New", "title: New\n        age: 30m\n        late if: {tags: {has not: большой}}")
    watch = loaded(aged).board.of("retail", "new")[-1]
    assert fire([watch], watch, facts(tags=("большой",))).outcome == "held"
    assert fire([watch], watch, facts(tags=("срочный",))).outcome == "fired"


@pytest.mark.parametrize(
    ("old", "new", "line", "code", "remedy"),
    [
        ("after: previous", "after: three", 13, "unknown_robot", "one"),
        ("{after: previous, in: 1h working", "{at: vizit", 13, "unknown_field", "visit"),
        ("in: 30m, do", "in: soon, do", 12, "not_a_length", "30m"),
        ("in: 30m, do", "every: 5s, do", 12, "not_a_length", "1m"),
        ("in: 30m, do", "before: 1d, do", 12, "misplaced", "at:"),
        ("{tag: a}", "{tga: a}", 12, "unknown_action", "tag"),
        ("{tag: a}", "{tag: a, move: work}", 12, "contradiction", "- "),
        ("{tag: a}", '{message: "Вы из {ctiy}?"}', 12, "placeholder", "city"),
        ("{tag: a}", '{message: {by: [wathsapp], text: "Да"}}', 12, "unknown_channel", "whatsapp"),
        ("{tag: a}", "{message: {template: offer}}", 12, "unknown_template", ""),
        ("{tag: a}", '{set: {ctiy: "Тверь"}}', 12, "unknown_field", "city"),
        ("{tag: a}", "{close: pryce}", 12, "unknown_reason", "price"),
        ("{tag: a}", "{convert: {funnel: retial}}", 12, "unknown_funnel", "retail"),
        ("{tag: a}", "{webhook: erp}", 12, "unknown_endpoint", ""),
        ("{tag: a}", "{task: {kind: call, due: 1h}}", 12, "no_value", "text"),
        ("do: [{tag: a}]", "if: {city: x}", 12, "no_value", "do:"),
        ("one: {in", "previous: {in", 12, "not_a_name", ""),
        ("if: {city:", "if: {ctiy:", 13, "unknown_field", "city"),
        ("[{move: work}]", "[{move: wrok}]", 13, "unknown_stage", "work"),
        ("on: order paid", "on: order paidd", 18, "unknown_trigger", "paid"),
        ("on: order paid", "on: ordered", 18, "unknown_trigger", "order"),
        ("from: [work]", "from: [wrok]", 18, "unknown_stage", "work"),
        ("      paid: {", "      one: {", 18, "twice", "own"),
        ("title: New", "title: New\n        required: [ctiy]", 11, "unknown_field", "city"),
        ("title: New", "title: New\n        age: soon", 11, "not_a_length", "30m"),
        ("in: 1h working", "in: 251d working", 13, "not_a_length", "At most 250d and 2000h"),
        ("{tag: a}", "{task: {text: T, due: 367d}}", 12, "not_a_length", "366d"),
        ("title: New", "title: New\n        late if: {city: Тверь}", 11, "misplaced", "age"),
        ("title: New", "title: New\n        age: 1h\n        late if: {ctiy: Тверь}", 12, "unknown_field", "city"),
        ("{tag: a}", '{message: {also: [emial], text: "Да"}}', 12, "unknown_channel", "email"),
        ("{title: Визит, kind: date}", "{title: Визит, kind: day}", 4, "unknown_word", "date"),
        ("city: Город", "phone: Город", 4, "twice", "another"),
    ],
)  # fmt: skip
def test_a_mistake_is_found_at_its_line_with_a_remedy(old: str, new: str, line: int, code: str, remedy: str):
    assert old in FUNNEL
    _, problems = load_playbook("shop", {"playbook.yaml": FUNNEL.replace(old, new, 1)})
    found = [p for p in problems if p.code == code]
    assert found, [str(problem) for problem in problems]
    assert found[0].line == line
    assert remedy in found[0].remedy


def test_who_follows_another_is_not_expected_before_its_turn():
    robots = loaded(FUNNEL).board.of("retail", "new")
    assert [(one.robot, one.at) for one in expected(robots, facts())] == [("one", MONDAY + 30 * 60_000)]
    turn = fire(robots, robots[0], facts(hours=OFFICE))
    assert [(one.robot, one.at) for one in turn.then] == [("two", MONDAY + HOUR)]


def test_a_turn_says_which_condition_decided_it_with_the_value_it_met():
    robots = loaded(FUNNEL).board.of("retail", "new")
    assert fire(robots, robots[1], facts(fields={"city": "Тверь"})).seen == "city: Тверь"
    assert fire(robots, robots[1], facts(fields={"city": "Клин"})).outcome == "fired"


def test_a_condition_may_ask_for_a_value_and_against_another_one():
    text = FUNNEL.replace("{is not: Тверь}", "{is not: Тверь, not empty: yes}")
    robots = loaded(text).board.of("retail", "new")
    assert fire(robots, robots[1], facts(fields={})).outcome == "held"
    assert fire(robots, robots[1], facts(fields={"city": "Тверь"})).outcome == "held"
    assert fire(robots, robots[1], facts(fields={"city": "Клин"})).outcome == "fired"


def test_working_hours_put_a_turn_off_and_are_counted():
    night = MONDAY + 10 * HOUR
    robot = Robot("r", "retail", "new", wait=Span(HOUR, working=True))
    assert due(robot, night, facts(hours=OFFICE)) == MONDAY + 22 * HOUR
    days = Robot("r", "retail", "new", wait=Span(0, working=True, days=3))
    assert due(days, MONDAY + 72 * HOUR, facts(hours=OFFICE)) == MONDAY + 8 * 24 * HOUR
    weekly = replace(days, every=7 * 24 * HOUR)
    assert due(weekly, MONDAY, facts(hours=OFFICE)) == MONDAY + 72 * HOUR  # and then once a week
    only_by_day = Robot("r", "retail", "new", working=True)
    assert due(only_by_day, night, facts(hours=OFFICE)) == MONDAY + 21 * HOUR


@pytest.mark.parametrize(
    ("said", "hour"),
    [
        ("2025-11-25", 21.0),  # ten in the morning
        ("2025-11-25T18:30", 29.5),
        ("2025-11-25T18:30+05:00", 27.5),
        (MONDAY + HOUR, 1.0),
        ("завтра", None),
        ("", None),
        (None, None),
        (True, None),
        ("0001-01-01", None),
        ("9999-12-31T23:59", None),
        ("2025-13-45", None),
        ([], None),
        (10**30, None),
    ],
)
def test_a_date_field_is_read_on_the_shops_clock(said: object, hour: float | None):
    assert moment(said, "Europe/Moscow") == (None if hour is None else MONDAY + int(hour * HOUR))


def test_a_reminder_whose_time_has_gone_by_is_not_sent_late():
    robot = Robot("r", "retail", "new", at="visit", before=24 * HOUR)
    assert due(robot, MONDAY, facts(fields={"visit": "2025-11-25"})) is None
    assert due(robot, MONDAY, facts(fields={"visit": "2025-11-27"})) is not None


def test_one_whose_day_has_come_has_its_turn_at_once_and_not_before_those_above_it():
    kept = Robot("day", "retail", "new", at="visit")
    assert due(kept, MONDAY, facts(fields={"visit": "2025-11-24"})) == MONDAY
    assert due(kept, MONDAY, facts(fields={"visit": "2025-11-01"})) == MONDAY
