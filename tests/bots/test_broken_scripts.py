"""Broken scripts, each with the finding it must bring, at its line. The last line of a test's failure names all that was found."""

from dataclasses import dataclass, replace

import pytest

from bots.kit.hours import Hours
from bots.kit.linter import lint, lint_together
from bots.kit.playbook import Playbook, load_playbook
from bots.kit.problems import Problem
from tests.bots.scripts import compiled

SHOP_TEXT = """\
playbook: Shop
zone: Europe/Moscow
funnels:
  retail: {title: Retail, stages: {new: New, work: Work}, won: Won, lost: Lost}
bots:
  meets: {on: message}
  later: {}
  short: {on: message, funnel: other, within: 2h}
reasons: {silence: No answer}
hours: {week: {mon-fri: 10:00-19:00}}
templates:
  offer: {text: "Здравствуйте, {1}!", whatsapp: HX1}
endpoints:
  stock: {url: "https://stock.example.com/v1", send: [car], keep: [price]}
"""
SHOP_TEXT = SHOP_TEXT.replace("bots:\n", "  other: {title: Other, stages: {new: New}, won: Won, lost: Lost}\nbots:\n")


@dataclass(frozen=True)
class Limits:
    text: int = 1_600
    unit: str = "utf16"
    buttons: int = 3
    label: int = 20
    window_hours: int = 24


ROOMS = {"whatsapp": Limits(), "telegram": Limits(4096, "utf16", 12, 40, 0), "sms": Limits(1_600, "utf16", 0, 0, 0)}


@pytest.fixture(scope="module")
def shop() -> Playbook:
    playbook, problems = load_playbook("shop", {"playbook.yaml": SHOP_TEXT})
    assert playbook is not None, problems
    return playbook


HEAD = "script: S\nfields: {car: Car, sum: Sum, day: Day}\nsteps:\n"  # steps begin on line 4
ASK = "answer: {text: {save: car, then: z}}"
END = "  z: {end: done}\n"

FORM = [
    ("  a: {then: zz}\n" + END, 4, "unknown_step"),
    ("  a: {then: z}\n  b: {end: done}\n" + END, 5, "unreachable"),
    ("  a: {say: Hi}\n", 4, "no_exit"),
    ("  a: {ask: Q, answer: {text: {save: car}}}\n", 4, "no_exit"),
    ("  a: {ask: Q, choices: {x: {label: X}}}\n", 4, "no_exit"),
    ("  a: {ask: Q}\n", 4, "no_answer"),
    ("  a: {ask: Q, choices: {}}\n", 4, "no_answer"),
    ("  a: {then: b}\n  b: {then: a}\n", 4, "circle"),
    ("  a: {check: [{car: x, then: b}], else: b}\n  b: {tag: t, then: a}\n", 4, "circle"),
    ("  a: {wait: {until: day}, then: a}\n", 4, "circle"),
    ("  a: {split: {a: 50, z: 50}}\n" + END, 4, "circle"),
    ("  a: {end: done}\n  a: {end: done}\n", 5, "twice"),
    ("  a:\n    sya: Hi\n    end: done\n", 5, "unknown_key"),
    ("  a: {say: '', end: done}\n", 4, "empty_text"),
    ("  a: {set: {" + ", ".join(f"car{n}: x" for n in range(51)) + "}, end: done}\n", 4, "too_many"),
    ("  a: {tag: [" + "t, " * 20 + "t], end: done}\n", 4, "too_many"),
    ("  a:\n    say: {" + ", ".join(f"w{n}: x" for n in range(51)) + "}\n    end: done\n", 5, "too_many"),
    ("  a: {say: '" + "{car or x} " * 201 + "', end: done}\n", 4, "placeholder"),
    ("  a: {ask: Q, choices: {x: {label: X, then: z, words: [" + ", ".join(f"w{n}" for n in range(1_001)) + "]}}}\n" + END, 4, "too_many"),
    ("  a: {ask: Q, answer: {text: {then: b}, pattern: {match: '\\w{20}1', then: z}}}\n  b: {ask: Q, answer: {pattern: {match: '\\w{20}2', then: c}}}\n"
     "  c: {ask: Q, answer: {pattern: {match: '\\w', then: z}}}\n" + END, 6, "pattern"),
    ("  a: {say: [1], end: done}\n", 4, "not_a_text"),
    ("  a: {say: {name}, end: done}\n", 4, "not_a_text"),
    ("  a: hello\n", 4, "not_a_table"),
    ("  a:\n    say: 'Hi {crr}'\n    end: done\n", 5, "placeholder"),
    ("  a: {say: 'Hi {car|shout}', end: done}\n", 4, "placeholder"),
    ("  a: {say: 'Hi {{ car }}', end: done}\n", 4, "placeholder"),
    ("  a: {say: 'Hi {car', end: done}\n", 4, "placeholder"),
    ("  a: {ask: Q, answer: {text: {save: cra, then: z}}}\n" + END, 4, "unknown_field"),
    ("  a: {set: {cra: x}, end: done}\n", 4, "unknown_field"),
    ("  a: {hand_off: {task: T, show: [cra]}}\n", 4, "unknown_field"),
    ("  a: {hand_off: {}}\n", 4, "no_value"),
    ("  a: {ask: Q, tries: many, " + ASK + "}\n" + END, 4, "not_a_number"),
    ("  a: {ask: Q, patience: 10, " + ASK + "}\n" + END, 4, "not_a_length"),
    ("  a: {ask: Q, gather: 5m, " + ASK + "}\n" + END, 4, "not_a_length"),
    ("  a: {ask: Q, remind: [{after: 11h, say: R}], " + ASK + "}\n" + END, 4, "too_late"),
    ("  a:\n    ask: Q\n    remind:\n      - {after: 2h, say: R}\n      - {after: 1h, say: R}\n    " + ASK + "\n" + END, 8, "order"),
    ("  a: {ask: Q, remind: [{after: 2h}], " + ASK + "}\n" + END, 4, "no_value"),
    ("  a: {ask: Q, silence: z, close: silence, " + ASK + "}\n" + END, 4, "contradiction"),
    ("  a: {ask: Q, end: done, " + ASK + "}\n" + END, 4, "contradiction"),
    ("  a: {tries: 2, end: done}\n", 4, "misplaced"),
    ("  a: {message: z, end: done}\n" + END, 4, "misplaced"),
    ("  a: {failed: z, then: z}\n" + END, 4, "misplaced"),
    ("  a: {end: done, then: z}\n" + END, 4, "misplaced"),
    ("  a: {template: offer, end: done}\n", 4, "misplaced"),
    ("  a: {ask: Q, choices: {x: {then: z}}}\n" + END, 4, "no_label"),
    ("  a: {ask: Q, choices: {x: {label: '" + "x" * 90 + "', then: z}}}\n" + END, 4, "too_long"),
    ("  a: {ask: Q, answer: {number: {min: 5, max: 1, then: z}}}\n" + END, 4, "contradiction"),
    ("  a: {ask: Q, answer: {words: {then: z}}}\n" + END, 4, "no_value"),
    ("  a: {ask: Q, answer: {pattern: {then: z}}}\n" + END, 4, "no_value"),
    ("  a:\n    ask: Q\n    answer:\n      pattern: {match: '(a', then: z}\n" + END, 7, "pattern"),
    ("  a: {ask: Q, answer: {pattern: {match: '(?=a)b', then: z}}}\n" + END, 4, "pattern"),
    ("  a: {ask: Q, answer: {pattern: {match: '(a)\\1', then: z}}}\n" + END, 4, "pattern"),
    ("  a: {ask: Q, answer: {pattern: {match: 'a++', then: z}}}\n" + END, 4, "pattern"),
    ("  a: {ask: Q, answer: {pattern: {match: 'да\\bнет', then: z}}}\n" + END, 4, "pattern"),
    ("  a: {ask: Q, answer: {date: {past: maybe, then: z}}}\n" + END, 4, "not_yes_or_no"),
    ("  a b: {end: done}\n", 4, "not_a_name"),
    ("  []\n", 4, "not_a_table"),
    ("  a: {check: [], else: z}\n" + END, 4, "no_value"),
    ("  a: {check: [{car: x, then: z}]}\n" + END, 4, "no_exit"),
    ("  a:\n    check:\n      - car: x\n    else: z\n" + END, 6, "no_exit"),
    ("  a: {check: [{then: z}], else: z}\n" + END, 4, "no_value"),
    ("  a: {check: [{cra: x, then: z}], else: z}\n" + END, 4, "unknown_field"),
    ("  a: {check: [{car: {equals: x}, then: z}], else: z}\n" + END, 4, "unknown_key"),
    ("  a: {check: [{sum: {over: much}, then: z}], else: z}\n" + END, 4, "not_a_number"),
    ("  a: {check: [{hours: night, then: z}], else: z}\n" + END, 4, "unknown_word"),
    ("  a: {check: [{sum: {over: 500, under: 100}, then: z}], else: z}\n" + END, 4, "contradiction"),
    ("  a: {check: [{car: {is: x, empty: yes}, then: z}], else: z}\n" + END, 4, "contradiction"),
    ("  a: {check: [{car: [x, empty], then: z}], else: z}\n" + END, 4, "contradiction"),
    ("  a: {check: [{tags: {over: 1}, then: z}], else: z}\n" + END, 4, "impossible"),
    ("  a: {wait: soon, then: z}\n" + END, 4, "not_a_length"),
    ("  a: {wait: 2h}\n", 4, "no_exit"),
    ("  a: {wait: {for: 2h, until: 10:00}, then: z}\n" + END, 4, "contradiction"),
    ("  a: {wait: {until: open}, then: a}\n", 4, "circle"),
    ("  a: {wait: {until: open, before: 1d}, then: z}\n" + END, 4, "misplaced"),
    ("  a: {wait: {until: opne}, then: z}\n" + END, 4, "unknown_field"),
    ("  a: {wait: {working: yes}, then: z}\n" + END, 4, "contradiction"),
    ("  a: {wait: {until: 25:00}, then: z}\n" + END, 4, "not_an_hour"),
    ("  a: {wait: {until: 10h}, then: z}\n" + END, 4, "not_an_hour"),
    ("  a: {wait: {until: dya}, then: z}\n" + END, 4, "unknown_field"),
    ("  a: {wait: {for: 2h, at: 10:00}, then: z}\n" + END, 4, "misplaced"),
    ("  a: {wait: {for: 31d, working: yes}, then: z}\n" + END, 4, "not_a_length"),
    ("  a: {wait: {for: 31d, calendar: hours}, then: z}\n" + END, 4, "not_a_length"),
    ("  a: {task: {text: T, due: 31d, working: yes}, end: done}\n", 4, "not_a_length"),
    ("  a: {wait: 31d working, then: z}\n" + END, 4, "not_a_length"),
    ("  a: {wait: working, then: z}\n" + END, 4, "not_a_length"),
    ("  a: {wait: {for: 2h, working: no, calendar: hours}, then: z}\n" + END, 4, "contradiction"),
    ("  a: {wait: {for: 2h, calendar: [1]}, then: z}\n" + END, 4, "not_a_text"),
    ("  a: {wait: 2h, else: z, then: z}\n" + END, 4, "misplaced"),
    ("  a: {split: {z: 50, y: 40}}\n  y: {end: done}\n" + END, 4, "not_a_number"),
    ("  a: {split: {z: 100}}\n" + END, 4, "no_value"),
    ("  a: {split: {zzz: 50, z: 50}}\n" + END, 4, "unknown_step"),
    ("  a: {call: {send: [car]}, then: z}\n" + END, 4, "no_name"),
    ("  a: {call: stock}\n", 4, "no_exit"),
    ("  a: {task: {due: 2h}, end: done}\n", 4, "no_value"),
    ("  a: {task: {text: T, when: 2h}, end: done}\n", 4, "unknown_key"),
    ("  a: {say: Hi, template: {values: [x]}, end: done}\n", 4, "no_name"),
    ("  a: {say: Hi, template: {name: offer, else: call}, end: done}\n", 4, "unknown_word"),
    ("  a: {say: {ru: Да, whatsap: Да}, end: done}\n", 4, "unknown_key"),
    ("  a: {say: {whatsapp: Да}, end: done}\n", 4, "no_default"),
    ("  a: {ask: Q, choices: {x: {label: {ru: '{car}'}, then: z}}}\n" + END, 4, "placeholder"),
]  # fmt: skip

DOUBTFUL = [
    ("  a: {say: 'Hi {name}', end: done}\n", 4, "may_be_empty"),
    ("  a: {say: 'Машина {car}, сумма {sum}', end: done}\n", 4, "may_be_empty"),
    ("  a: {ask: Q, answer: {text: {save: car, then: b}, photo: {then: b}}}\n  b: {say: 'Машина {car}.', end: done}\n", 5, "may_be_empty"),
    ("  a: {ask: Q, choices: {x: {label: Same}, y: {label: same}}, then: z}\n" + END, 4, "twice"),
    ("  a: {ask: Q, answer: {text: {then: z}}, then: z}\n" + END, 4, "unused"),
    ("  a: {ask: Q, answer: {text: {then: z}, number: {then: z}}}\n" + END, 4, "unreachable_answer"),
    ("  a: {ask: Q, answer: {pattern: {match: '[a-z]+', then: z}}}\n" + END, 4, "latin_pattern"),
    ("  a: {task: {text: T, working: yes}, end: done}\n", 4, "unused"),
    ("  a: {task: {text: T, calendar: hours}, end: done}\n", 4, "unused"),
    ("  a: {ask: Q, person: z, " + ASK + "}\n" + END, 4, "no_person"),
    ("  a: {ask: Q, silence: a, " + ASK + "}\n" + END, 4, "no_timeout"),
    ("  a: {ask: Q, silence: b, " + ASK + "}\n  b: {ask: R, silence: a, " + ASK + "}\n" + END, 5, "no_timeout"),
]  # fmt: skip

OF_THE_SHOP = [
    ("  a: {move: wrok, end: done}\n", 4, "unknown_stage"),
    ("  a: {ask: Q, close: boredom, " + ASK + "}\n" + END, 4, "unknown_reason"),
    ("  a: {say: Hi, template: ofer, end: done}\n", 4, "unknown_template"),
    ("  a: {say: Hi, template: offer, end: done}\n", 4, "template_values"),
    ("  a: {ask: Q, remind: [{after: 1h, say: R, template: ofer}], " + ASK + "}\n" + END, 4, "unknown_template"),
    ("  a: {call: stok, then: z}\n" + END, 4, "unknown_endpoint"),
    ("  a: {call: {endpoint: stock, send: [sum]}, then: z}\n" + END, 4, "endpoint_field"),
    ("  a: {call: {endpoint: stock, keep: {secret: sum}}, then: z}\n" + END, 4, "endpoint_field"),
]

OF_THE_CHANNELS = [
    ("  a: {wait: 24h, then: b}\n  b: {say: Ещё нужно?, end: done}\n", 5, "outside_window"),
    ("  a: {ask: Q, patience: 1d, silence: b, " + ASK + "}\n  b: {say: Ещё нужно?, end: done}\n" + END, 5, "outside_window"),
    ("  a:\n    ask: Q\n    patience: 2d\n    remind:\n      - {after: 3h, say: R}\n      - {after: 30h, say: R}\n    " + ASK + "\n" + END, 9, "outside_window"),
    ("  a: {wait: {until: 10:00}, then: b}\n  b: {say: Утро, end: done}\n", 5, "outside_window"),
    ("  a: {wait: {until: day}, then: b}\n  b: {say: Утро, end: done}\n", 5, "outside_window"),
    ("  a: {wait: {for: 1h, working: yes}, then: b}\n  b: {say: Утро, end: done}\n", 5, "outside_window"),
    ("  a: {wait: 9h, then: b}\n  b: {wait: 9h, then: c}\n  c: {wait: 9h, then: d}\n  d: {say: Ау, end: done}\n", 7, "outside_window"),
    ("  a: {wait: 1h, then: b}\n  b: {say: Ау, then: a}\n", 5, "outside_window"),
    ("  a: {wait: 1h, then: b}\n  b: {wait: 2h, then: c}\n  c: {say: Ау, then: a}\n", 6, "outside_window"),
    ("  a:\n    ask: Q\n    choices: {p: {label: Раз}, q: {label: Два}, r: {label: Три}, s: {label: Пять}}\n    then: z\n" + END, 5, "too_many_buttons"),
    ("  a:\n    ask: Q\n    choices:\n      p: {label: Подобрать запчасти по номеру}\n    then: z\n" + END, 7, "long_label"),
    ("  a: {say: '" + "ж" * 1_700 + "', end: done}\n", 4, "too_long"),
    ("  a: {say: '" + "😀" * 900 + "', end: done}\n", 4, "too_long"),
    ("  a: {ask: Q, choices: {" + "ж" * 30 + ": {label: Да}}, then: z}\n" + END, 4, "long_key"),
]  # fmt: skip


def found(steps: str, shop: Playbook | None = None, name: str = "meets", *, rooms: bool = False) -> list[Problem]:
    return lint(HEAD + steps, name, shop, ROOMS if rooms else None)[1]  # type: ignore[arg-type]


def told(problems: list[Problem]) -> list[str]:
    return [f"{problem.code} at {problem}" for problem in problems]


def test_there_are_enough_of_them():
    assert len(FORM) + len(DOUBTFUL) + len(OF_THE_SHOP) + len(OF_THE_CHANNELS) >= 100


@pytest.mark.parametrize(("steps", "line", "code"), FORM)
def test_what_is_wrong_is_found_at_its_line_and_stops_the_script(steps: str, line: int, code: str):
    problems = found(steps)
    assert any((one.line, one.code, one.severity) == (line, code, "error") for one in problems), told(problems)
    assert lint(HEAD + steps, "s")[0] is None
    assert [one for one in map(str, problems) if not one.endswith((".", "?")) or one.endswith(("..", "?."))] == []


@pytest.mark.parametrize(("steps", "line", "code"), DOUBTFUL)
def test_what_is_doubtful_is_a_warning_at_its_line(steps: str, line: int, code: str):
    problems = found(steps)
    assert any((one.line, one.code, one.severity) == (line, code, "warning") for one in problems), told(problems)
    assert lint(HEAD + steps, "s")[0] is not None


@pytest.mark.parametrize(("steps", "line", "code"), OF_THE_SHOP)
def test_what_the_shop_does_not_have_is_found(steps: str, line: int, code: str, shop: Playbook):
    problems = found(steps, shop)
    assert any((one.line, one.code, one.severity) == (line, code, "error") for one in problems), told(problems)


@pytest.mark.parametrize(("steps", "line", "code"), OF_THE_CHANNELS)
def test_what_a_channel_cannot_carry_is_found(steps: str, line: int, code: str, shop: Playbook):
    problems = found(steps, shop, rooms=True)
    assert any((one.line, one.code, one.severity) == (line, code, "warning") for one in problems), told(problems)
    assert not any(one.code == code for one in found(steps, shop)), "without channels nothing is said of them"


@pytest.mark.parametrize(
    "steps",
    [
        "  a: {wait: 23h, then: b}\n  b: {say: Ещё нужно?, end: done}\n",
        "  a: {wait: 24h, then: b}\n  b: {say: Ещё нужно?, template: {name: offer, values: ['{name or друг}']}, end: done}\n",
        "  a: {wait: 24h, then: b}\n  b: {check: [{window: open, then: c}], else: z}\n  c: {say: Ещё нужно?, end: done}\n"
        + END,
        "  a: {wait: 24h, then: b}\n  b: {check: [{window: closed, then: z}], else: c}\n  c: {say: Ещё нужно?, end: done}\n"
        + END,
        "  a: {wait: 24h, message: b, then: z}\n  b: {say: Слушаю, end: done}\n" + END,
        "  a: {ask: Q, choices: {p: {label: {default: Подобрать запчасти по номеру, whatsapp: Подобрать}}}, then: z}\n"
        + END,
        "  a: {say: {default: '" + "ж" * 1_700 + "', whatsapp: Коротко, sms: Коротко}, end: done}\n",
        "  a: {ask: Q, answer: {text: {save: car, then: b}}}\n  b: {say: 'Машина {car}.', end: done}\n",
        "  a: {set: {car: Рио}, then: b}\n  b: {check: [{sum: empty, then: c}], else: c}\n  c: {say: 'Машина {car}.', end: done}\n",
    ],
    ids=lambda steps: steps[:60],
)
def test_what_is_provided_for_is_no_finding(steps: str, shop: Playbook):
    assert told(found(steps, shop, rooms=True)) == []


def test_a_script_started_by_name_may_speak_into_a_shut_window(shop: Playbook):
    steps = "  a: {say: Ещё нужно?, end: done}\n"
    assert [(one.line, one.code) for one in found(steps, shop, "later", rooms=True)] == [(4, "outside_window")]
    assert found(steps, shop, "meets", rooms=True) == []


def test_a_reminder_needs_a_template_of_its_own_where_the_question_went_out_by_one(shop: Playbook):
    question = (
        "  a:\n    ask: Q\n    template: {name: offer, values: [Рио], else: task}\n    " + ASK + "\n    remind:\n"
    )
    plain = question + "      - {after: 3h, say: Жду}\n" + END
    assert [(one.line, one.code) for one in found(plain, shop, "later", rooms=True)] == [(9, "outside_window")]
    covered = plain.replace("say: Жду", "say: Жду, template: {name: offer, values: [Рио], else: skip}")
    assert found(covered, shop, "later", rooms=True) == []
    bare = plain.replace("    template: {name: offer, values: [Рио], else: task}\n", "")
    told_of = [(one.line, one.code) for one in found(bare, shop, "later", rooms=True)]
    assert told_of == [(5, "outside_window")], "the step's own finding says it for both"


def test_a_comma_that_cut_a_text_in_two_is_told_as_such():
    cut = "  a: {ask: Q, choices: {x: {label: Утром, с 10 до 14, then: z}}}\n" + END
    (problem,) = lint(HEAD + cut, "s")[1]
    assert (problem.line, problem.column, problem.code) == (4, 43, "unknown_key")
    assert "put the text before it in quotes" in problem.remedy
    (problem,) = lint(HEAD + "  a:\n    say: Да\n    thn:\n    end: done\n", "s")[1]
    assert "Did you mean 'then'?" in problem.remedy, "a line of its own is no text that was cut"


def test_a_finding_points_at_the_word_that_it_quotes_else_at_the_lines_first_sign(shop: Playbook):
    steps = "  a: {say: 'Ваш {car}', template: {name: ofer, values: [Рио]}, then: b}\n  b:\n    wait: 25h\n    then: c\n  c:\n    say: Ау\n    run: nobody\n"
    problems = [*found(steps, shop, "meets", rooms=True)]
    places = [(one.code, one.line, one.column) for one in problems]
    assert places == [("may_be_empty", 4, 17), ("unknown_template", 4, 42), ("outside_window", 9, 5)], told(problems)
    script, _ = lint(HEAD + steps, "meets")
    assert script is not None
    assert [(one.line, one.column) for _, one in lint_together({"meets": script})] == [(10, 10)]


def test_a_wait_that_outlasts_the_stages_robot_is_told(shop: Playbook):
    steps = "  a: {ask: Q, patience: 3h, " + ASK + "}\n" + END
    assert [(one.line, one.code) for one in found(steps, shop, "short")] == [(4, "outlasts_robot")]
    assert found(steps.replace("3h", "2h"), shop, "short") == []


def test_a_text_that_is_missing_in_a_language_is_told_where():
    text = "script: S\nlanguages: [ru, uk]\nsteps:\n  a:\n    say: Привет\n    ask: {ru: Что?, uk: Що?}\n    choices:\n      x: {label: {ru: Да}, then: z}\n  z: {end: done}\n"
    assert [(one.line, one.code, one.severity) for one in lint(text, "s")[1]] == [
        (5, "language", "warning"),
        (8, "language", "warning"),
    ]


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("languages: [russian]\n", "unknown_language"),
        ("language: xx\n", "unknown_language"),
        ("country: Russia\n", "unknown_country"),
        ("start: b\n", "unknown_step"),
        ("texts: {hello: x}\n", "unknown_key"),
        ("fields: {name: N}\n", "twice"),
        ("patience: soon\n", "not_a_length"),
    ],
)
def test_what_is_wrong_in_the_head_is_found(head: str, code: str):
    problems = lint(f"script: S\n{head}steps:\n  a: {{end: done}}\n", "s")[1]
    assert [(one.line, one.code) for one in problems] == [(2, code)], told(problems)


# -- several scripts -----------------------------------------------------------------------------------------------------


def together(**texts: str) -> list[tuple[str, int, str, str]]:
    scripts = {name: compiled("script: S\nsteps:\n" + text, name) for name, text in texts.items()}
    return [(name, one.line, one.code, one.severity) for name, one in lint_together(scripts)]


def test_a_script_that_leads_to_none_is_told():
    assert together(a="  s: {run: b}\n") == [("a", 3, "unknown_script", "error")]


def test_scripts_that_lead_round_without_waiting_are_wrong_and_others_are_doubtful():
    assert together(a="  s: {run: b}\n", b="  s: {run: a}\n") == [("a", 3, "script_circle", "error")]
    assert together(a="  s: {wait: 1d, then: t}\n  t: {run: b}\n", b="  s: {run: a}\n") == [
        ("a", 4, "script_circle", "warning")
    ]
    assert together(a="  s: {run: a}\n") == [("a", 3, "script_circle", "error")]
    assert together(a="  s: {run: b}\n", b="  s: {run: c}\n", c="  s: {end: done}\n") == []


# -- the playbook --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "line", "code"),
    [
        ("later: {}", "later: {on: message}", 8, "two_on_one_trigger"),
        ("later: {}", "later: {on: massage}", 8, "unknown_trigger"),
        ("later: {}", "later: {within: soon}", 8, "not_a_length"),
        ("later: {}", "later: {on: stage}", 8, "no_value"),
        ("later: {}", "later: {on: stage, stage: wrok}", 8, "unknown_stage"),
        ("later: {}", "later: {on: stage, stage: won}", 8, "unknown_stage"),
        ("later: {}", "later: {on: stage, stage: work, after: tomorrow}", 8, "not_a_length"),
        ("later: {}", "later: {on: stage, stage: work, when: closed}", 8, "misplaced"),
        ("later: {}", "later: {stage: work}", 8, "misplaced"),
        ("later: {}", "later: {on: message, after: 2h, when: closed}", 8, "misplaced"),
        ("later: {}", "later: {on: message, when: night}", 8, "unknown_word"),
        (
            "later: {}",
            "later: {on: stage, stage: work}\n  more: {on: stage, stage: work, after: 1h}",
            9,
            "two_on_one_trigger",
        ),
        ("reasons:", "clarifications: {vin: {title: VIN}}\nreasons:", 10, "no_value"),
        ("reasons:", "clarifications: {vin: {script: later}}\nreasons:", 10, "no_value"),
        ("reasons:", "clarifications: {vin: {title: VIN, script: later, stage: lost}}\nreasons:", 10, "unknown_stage"),
        (
            "reasons:",
            "clarifications: {vin: {title: VIN, script: later, funnel: retial}}\nreasons:",
            10,
            "unknown_funnel",
        ),
        ("reasons:", "about: {offices: 'Дом {number}'}\nreasons:", 10, "placeholder"),
        ("reasons:", "about: {name: Магазин}\nreasons:", 10, "twice"),
        ("Europe/Moscow", "Europe/Moskow", 2, "unknown_zone"),
        ("{1}", "{2}", 13, "placeholder"),
        (", whatsapp: HX1", "", 13, "no_value"),
        ('text: "Здравствуйте, {1}!", ', "", 13, "no_value"),
        ("https://stock.example.com/v1", "http://stock.example.com/v1", 15, "unsafe_url"),
        ("https://stock.example.com/v1", "https://127.0.0.1/v1", 15, "unsafe_url"),
        ("https://stock.example.com/v1", "https://me:pass@stock.example.com/", 15, "unsafe_url"),
        ("https://stock.example.com/v1", "https://stock.example.com@evil.example/", 15, "unsafe_url"),
        ("keep: [price]", "keep: [price], timeout: 1m", 15, "not_a_length"),
        ("reasons:", "asks: {tries: many}\nreasons:", 10, "not_a_number"),
        ("reasons:", "asks: {silence: b}\nreasons:", 10, "unknown_key"),
    ],
)
def test_a_mistake_in_a_playbook_is_found_at_its_line(old: str, new: str, line: int, code: str):
    assert old in SHOP_TEXT
    playbook, problems = load_playbook("shop", {"playbook.yaml": SHOP_TEXT.replace(old, new, 1)})
    assert playbook is None
    assert any((one.line, one.code) == (line, code) for one in problems), told(problems)


def test_a_playbook_says_how_questions_wait_where_no_script_does(shop: Playbook):
    playbook, _ = load_playbook(
        "shop", {"playbook.yaml": SHOP_TEXT + "asks: {tries: 5, patience: 3h, remind: [{after: 1h, say: Ждём}]}\n"}
    )
    script, _ = lint(HEAD + "  a: {ask: Q, " + ASK + "}\n  z: {end: done}\n", "s", playbook)
    assert script is not None
    ask = script.steps["a"].finish
    assert (ask.tries, ask.silence.patience, len(ask.silence.reminders)) == (5, 3 * 3_600_000, 1)  # type: ignore[union-attr]


def test_a_calendar_that_the_shop_does_not_have_is_found_where_it_is_named(shop: Playbook):
    text = HEAD + "  a: {task: {text: T, due: 1h, calendar: hour}, then: b}\n  b:\n    wait:\n      for: 1h\n      calendar: store\n    then: z\n" + END  # fmt: skip
    _, found = lint(text, "meets", shop)
    assert [str(problem) for problem in found if problem.code == "unknown_calendar"] == [
        "4:42: error: there is no calendar 'hour'. Did you mean 'hours'? Else add it to 'calendars:' in the playbook.",
        "8:17: error: there is no calendar 'store'. Known here: hours. Else add it to 'calendars:' in the playbook.",
    ]


@pytest.mark.parametrize(("length", "hours"), [("1h", 168), ("1d", 191), ("1d 1h", 192)])
def test_a_wait_by_a_calendar_that_opens_once_a_week_may_outlast_the_window(shop: Playbook, length: str, hours: int):
    weekly = replace(shop, calendars={"weekly": Hours("UTC", (((600, 660),), (), (), (), (), (), ()))})
    text = HEAD + "  a: {wait: {for: LENGTH, calendar: weekly}, then: b}\n  b: {say: Утро, end: done}\n"
    _, found = lint(text.replace("LENGTH", length), "meets", weekly, ROOMS)
    assert [one.what for one in found] == [
        f"step 'b' may speak outside the 24-hour window: {hours} h after their last message"
    ]
