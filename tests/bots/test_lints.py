"""What the compiler finds in a script: all of it at once, each with its line and a way to mend it."""

from pathlib import Path

import pytest

import bots.qualifier
from bots.kit.compiler import read_script
from bots.kit.filters import FILTERS
from bots.kit.problems import Problem, did_you_mean, nearest
from bots.kit.script import KINDS, Ask
from bots.kit.steps import STEP_KEYS
from bots.kit.waiting import WAITING_KEYS
from tests.bots.scripts import PROBE, compiled, errors_of, problems_of

HEAD = "script: S\nfields: {car: Car, count: Count}\nsteps:\n"


def found(steps: str, head: str = HEAD) -> list[str]:
    return [str(problem) for problem in problems_of(head + steps)]


ASK = "  a: {ask: Q, answer: {text: {save: car, then: b}}}\n  b: {end: done}\n"


def test_a_good_script_has_no_findings():
    assert found(ASK) == []
    assert problems_of(PROBE) == []


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("  a: {then: bb}\n  b: {end: done}\n", "4:13: error: there is no step 'bb'"),
        ("  a: {end: done}\n  lost: {end: done}\n", "5:3: error: step 'lost' cannot be reached. Lead to it from another step ('then: lost'), or remove it."),
        ("  a: {say: Hi}\n", "4:3: error: step 'a' has no exit. Add one of"),
        ("  a: {ask: Q, answer: {text: {save: car}}}\n", "4:3: error: answer text of step 'a' has no exit"),
        ("  a: {ask: Q, choices: {x: {label: X}}}\n", "4:3: error: choice 1 of step 'a' has no exit"),
        ("  a: {ask: Q}\n", "question 'a' takes no answer"),
        ("  a: {ask: Q, choices: {}}\n", "the menu is empty"),
        ("  a: {then: b}\n  b: {then: c}\n  c: {then: b}\n", "a circle in which nothing is asked: b → c → b"),
        ("  a: {then: a}\n", "a circle in which nothing is asked: a → a"),
        ("  a: {say: Hi, then: b, then: c}\n  b: {end: done}\n", "4:25: error: 'then' stands twice: lines 4 and 4"),
        ("  a: {end: done}\n  a: {end: done}\n", "5:3: error: 'a' stands twice: lines 4 and 5"),
        ("  a: {sya: Hi, end: done}\n", "4:7: error: 'sya' is not known in step 'a'. Did you mean 'say'?"),
        ("  a: {say: '', end: done}\n", "4:12: error: 'say' is empty"),
        ("  a: {say: '  ', end: done}\n", "'say' is empty"),
        ("  a: {say: [1], end: done}\n", "'say' must be a text"),
        ("  a: {say: {name}, end: done}\n", "'say' must be a text. Put it in quotes"),
        ("  a: hello\n", "step 'a' must be a table"),
        ("  a:\n", "step 'a' must be a table"),
        ("  a: {say: 'Hi {crr}', end: done}\n", "no field is called 'crr'. Did you mean 'car'?"),
        ("  a: {ask: Q, answer: {text: {save: cra, then: b}}}\n  b: {end: done}\n", "no field is called 'cra'. Did you mean 'car'?"),
        ("  a: {set: {cra: x}, end: done}\n", "no field is called 'cra'"),
        ("  a: {ask: Q, answer: {txt: {then: b}}}\n  b: {end: done}\n", "'txt' is not known in answer. Did you mean 'text'?"),
        ("  a: {ask: Q, tries: many, answer: {text: {then: b}}}\n  b: {end: done}\n", "'tries' is 'many'. Write a whole number from 0 to 20"),
        ("  a: {ask: Q, patience: 10, answer: {text: {then: b}}}\n  b: {end: done}\n", "'patience' is '10': no length of time"),
        ("  a: {ask: Q, patience: 0h, answer: {text: {then: b}}}\n  b: {end: done}\n", "'patience' must be longer than nothing"),
        ("  a: {ask: Q, patience: 400d, answer: {text: {then: b}}}\n  b: {end: done}\n", "'patience' is '400d': too long. At most 90d"),
        ("  a: {ask: Q, gather: 5m, answer: {text: {then: b}}}\n  b: {end: done}\n", "'gather' is longer than a minute"),
        ("  a: {ask: Q, remind: [{after: 11h, say: R}], answer: {text: {then: b}}}\n  b: {end: done}\n", "a reminder comes when patience is already over"),
        ("  a: {ask: Q, remind: [{after: 2h, say: R}, {after: 1h, say: R}], answer: {text: {then: b}}}\n  b: {end: done}\n", "reminders are not in order"),
        ("  a: {ask: Q, remind: [{after: 2h}], answer: {text: {then: b}}}\n  b: {end: done}\n", "a reminder has no 'say'"),
        ("  a: {ask: Q, silence: b, close: silence, answer: {text: {then: b}}}\n  b: {end: done}\n", "both 'silence' and 'close'"),
        ("  a: {ask: Q, person: nobody, answer: {text: {then: b}}}\n  b: {end: done}\n", "there is no step 'nobody'"),
        ("  a: {ask: Q, end: done, answer: {text: {then: b}}}\n  b: {end: done}\n", "a step cannot both 'ask' and 'end'"),
        ("  a: {tries: 2, end: done}\n", "'tries' stands in a step without 'ask'"),
        ("  a: {end: done, then: b}\n  b: {end: done}\n", "nothing comes after 'end'"),
        ("  a: {hand_off: {}}\n", "the manager is not told what to do"),
        ("  a: {hand_off: {task: T, show: [nope]}}\n", "no field is called 'nope'"),
        ("  a: {ask: Q, choices: {x: {then: b}}}\n  b: {end: done}\n", "choice 'x' has no label"),
        ("  a: {ask: Q, answer: {number: {min: 5, max: 1, then: b}}}\n  b: {end: done}\n", "'min' is greater than 'max'"),
        ("  a b: {end: done}\n", "a step's name is 'a b': no plain word"),
        ("  a: {move: 12, end: done}\n", "'move' is '12': no plain word"),
        ("  []\n", "'steps' must be a table"),
    ],
    ids=lambda value: value[:40],
)  # fmt: skip
def test_a_mistake_is_found(steps: str, said: str):
    assert any(said in one for one in found(steps)), found(steps)
    assert read_script(HEAD + steps, "s")[0] is None


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("scirpt: S\nsteps:\n", "1:1: error: 'scirpt' is not known in a script. Did you mean 'script'?"),
        ("start: z\nsteps:\n", "there is no step 'z'"),
        ("language: rus\nsteps:\n", "language 'rus' is not known. Did you mean 'ru'?"),
        ("country: Russia\nsteps:\n", "country 'Russia' is not known"),
        ("texts: {hello: x}\nsteps:\n", "'hello' is not known in texts"),
        ("texts: {lost: '{nobody}'}\nsteps:\n", "no field is called 'nobody'"),
        ("fields: {name: N}\nsteps:\n", "'name' is always there"),
        ("fields: {a b: N}\nsteps:\n", "a field's name is 'a b': no plain word"),
        ("fields: [a]\nsteps:\n", "'fields' must be a table"),
        ("patience: soon\nsteps:\n", "'patience' is 'soon': no length of time"),
    ],
)
def test_a_mistake_in_the_head_is_found(head: str, said: str):
    assert any(said in one for one in found("  a: {end: done}\n", head)), found("  a: {end: done}\n", head)


def test_a_script_without_steps_is_refused():
    for text in ("script: S\n", "script: S\nsteps: {}\n", "script: S\nsteps:\n"):
        script, problems = read_script(text, "s")
        assert script is None
        assert problems


def test_a_list_is_no_script():
    assert errors_of("- a\n- b\n") == [
        "1:1: error: a script must be a table of 'key: value' lines. Indent the lines under it, each 'key: value'."
    ]


def test_too_many_steps_are_refused():
    assert any("more than 300 steps" in one for one in found("".join(f"  s{i}: {{end: done}}\n" for i in range(301))))


def test_too_many_choices_are_refused():
    choices = ", ".join(f"c{i}: {{label: L{i}}}" for i in range(31))
    assert any(
        "more than 30 choices" in one
        for one in found(f"  a: {{ask: Q, choices: {{{choices}}}, then: b}}\n  b: {{end: done}}\n")
    )


def test_everything_is_found_at_once_and_in_order():
    problems = problems_of(
        """\
        scirpt: S
        steps:
          a: {sya: Hi, then: bb}
          b: {ask: Q}
          b: {say: ''}
          far: {end: done}
        """
    )
    whats = [problem.what for problem in problems]
    assert problems == sorted(problems)
    for part in (
        "'scirpt'",
        "'sya'",
        "there is no step 'bb'",
        "takes no answer",
        "'b' stands twice",
        "'far' cannot be reached",
    ):
        assert any(part in what for what in whats), part


def test_a_thousand_mistakes_make_a_report_of_bounded_length():
    assert len(found("".join(f"  s{i}: {{nope: 1}}\n" for i in range(290)))) == 200


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("  a: {say: 'Hi {name}', end: done}\n", "4:12: warning: the customer's name may be unknown"),
        ("  a: {say: '{car}', end: done}\n", "the text may come out empty"),
        (
            "  a: {ask: Q, choices: {x: {label: Same}, y: {label: same}}, then: b}\n  b: {end: done}\n",
            "is claimed by two choices",
        ),
        ("  a: {ask: Q, answer: {text: {then: b}}, then: b}\n  b: {end: done}\n", "'then' is never used"),
    ],
)
def test_a_doubtful_place_is_a_warning_and_the_script_still_works(steps: str, said: str):
    script, problems = read_script(HEAD + steps, "s")
    assert script is not None
    assert [problem.severity for problem in problems] == ["warning"]
    assert said in str(problems[0])


def test_scalars_that_look_like_something_else_are_texts():
    script = compiled(
        "script: no\nfields: {on: 12:30}\nsteps:\n  on: {say: 010, set: {on: +79161234567}, ask: yes, answer: {text: {save: on, then: off}}}\n  off: {end: done}\n"
    )
    assert script.title == "no"
    assert script.fields["on"] == "12:30"
    assert script.start == "on"
    ask = script.steps["on"].finish
    assert isinstance(ask, Ask)
    assert ask.question.plain == "yes"


def test_what_the_script_says_for_all_questions_a_question_may_say_otherwise():
    script = compiled(
        """
        script: S
        patience: 1h
        tries: 5
        gather: 0s
        close: price
        steps:
          a: {ask: Q, answer: {text: {then: b}}}
          b: {ask: Q, patience: 2h, tries: 0, gather: 5s, close: silence, answer: {text: {then: c}}}
          c: {end: done}
        """
    )
    one, two = script.steps["a"].finish, script.steps["b"].finish
    assert isinstance(one, Ask)
    assert isinstance(two, Ask)
    assert (one.silence.patience, one.tries, one.gather, one.silence.reason) == (3_600_000, 5, 0, "price")
    assert (two.silence.patience, two.tries, two.gather, two.silence.reason) == (7_200_000, 0, 5_000, "silence")


def test_the_hash_is_that_of_the_text():
    one, two = compiled("script: S\nsteps: {a: {end: done}}"), compiled("script: S \nsteps: {a: {end: done}}")
    assert len(one.hash) == 64
    assert one.hash != two.hash
    assert one.hash == compiled("script: S\nsteps: {a: {end: done}}", "another_name").hash


def test_a_problem_reads_as_one_line():
    assert str(Problem(3, 7, "error", "what", "Do this")) == "3:7: error: what. Do this."
    assert (
        str(Problem(3, 7, "error", "what", did_you_mean("stpe", ["step"]))) == "3:7: error: what. Did you mean 'step'?"
    )
    assert nearest("zzzz", ["step"]) is None


def test_the_readme_for_marketers_names_every_word_of_the_language():
    readme = (Path(bots.qualifier.__file__).parent / "README.md").read_text(encoding="utf-8")
    for word in (
        *STEP_KEYS,
        *WAITING_KEYS,
        *KINDS,
        *FILTERS,
        "fields",
        "label",
        "words",
        "save",
        "task",
        "show",
        "kind",
        "reason",
    ):
        assert word in readme, word
