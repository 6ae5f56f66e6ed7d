"""What changed between two versions is told in plain words, and a run crosses over without losing anything."""

import time
from dataclasses import replace

import pytest

from bots.kit.compare import compare, unified
from bots.kit.crossing import cross, hand_over, waits_to_settle
from bots.kit.effects import HandOff, Say, SetTimer
from bots.kit.events import Media, MessageReceived, RunStarted
from bots.kit.run import Facts, RunState
from bots.kit.script import Script
from bots.kit.walk import begin, step
from tests.bots.scripts import NOW, PROBE, compiled


def changed(*swaps: tuple[str, str]) -> Script:
    text = PROBE
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new)
    return compiled(text)


def told(*swaps: tuple[str, str]) -> list[str]:
    return [change.what for change in compare(compiled(PROBE), changed(*swaps)).changes]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("ask: Which car?", "ask: Which car is it?", "step `car`: the question now reads “Which car is it?”"),
        ("say: Hello", "say: Welcome", "step `menu`: what is said now reads “Welcome”"),
        ("Автомобиль", "Машина", "step `menu`: the label of choice `car` now reads “Машина”"),
        (
            "text: {save: car, then: done}",
            "text: {save: car, then: tel}",
            "step `car`: the way on in `answer` in `text` now leads to `tel` and no longer to `done`",
        ),
        ("script: Probe", "script: Probe\npatience: 5h", "`patience` was added: “5h”"),
        ("after: 1h", "after: 2h", "step `car`: reminders are now: after 2h “Still there?”"),
        ("max: 100", "max: 10", "step `count`: `max` in `answer` in `number` is now “10” and no longer “100”"),
        ("task: Call back", "task: Ring", "step `done`: the manager's task in `hand_off` now reads “Ring”"),
        ("script: Probe", "script: Probe  # a remark", "only comments, spacing or order differ"),
    ],
)
def test_one_change_is_one_plain_sentence(old: str, new: str, words: str):
    assert told((old, new)) == [words]


def test_choices_that_came_and_went_are_named_by_what_customers_read():
    tel = "      tel: {label: Телефон, then: tel}\n"
    assert "step `menu`: a choice is gone: “Телефон”" in told(
        (tel, ""), ("text: {save: car, then: done}", "text: {save: car, then: tel}")
    )
    other = tel + "      back: {label: Назад, then: tel}\n"
    assert "step `menu`: a choice was added: “Назад”" in told((tel, other))


def test_the_same_text_differs_in_nothing():
    assert compare(compiled(PROBE), compiled(PROBE)).changes == ()


def test_a_step_under_another_name_is_renamed_and_what_leads_to_it_is_no_news():
    old = compiled(PROBE)
    new = changed(("  car:\n", "  car_details:\n"), ("then: car}", "then: car_details}"))
    found = compare(old, new)
    assert dict(found.renamed) == {"car": "car_details"}
    assert found.gone == ()
    assert [change.what for change in found.changes] == ["step `car` is now called `car_details`"]


def test_ways_that_lead_on_from_within_lists_follow_a_renamed_step():
    def checked(step: str) -> Script:
        return compiled(f"""
            script: Checks
            fields: {{car: Car}}
            steps:
              look:
                check:
                  - {{car: not empty, then: {step}}}
                else: {step}
              {step}:
                hand_off: {{task: Call back}}
            """)

    assert [c.what for c in compare(checked("done"), checked("ready")).changes] == ["step `done` is now called `ready`"]


def test_every_way_that_leads_on_follows_a_renamed_step():
    def leading(step: str) -> Script:
        return compiled(f"""
            script: Ways
            fields: {{car: Car}}
            steps:
              lot: {{split: {{rest: 50, {step}: 50}}}}
              rest: {{wait: 2h, message: {step}, then: fetch}}
              fetch: {{call: e, failed: {step}, timeout: {step}, then: {step}}}
              {step}:
                hand_off: {{task: Call back}}
            """)

    assert [c.what for c in compare(leading("done"), leading("ready")).changes] == ["step `done` is now called `ready`"]


def test_a_step_that_says_something_else_under_another_name_is_gone_and_another_is_new():
    new = changed(
        ("  tel:\n    ask: Your number?\n    answer:\n      phone: {save: tel, then: done}", "  mail:\n    ask: Where may we write to you, please?\n    answer:\n      text: {save: car, then: done}\n    tries: 5\n    patience: 3h"),
        ("then: tel}", "then: mail}"),
    )  # fmt: skip
    found = compare(compiled(PROBE), new)
    assert found.gone == ("tel",)
    assert "step `tel` is gone" in [change.what for change in found.changes]
    assert "step `mail` is new: `ask` “Where may we write to you, please?”" in [change.what for change in found.changes]


def test_hundreds_of_other_steps_are_compared_in_a_moment():
    def many(word: str) -> Script:
        steps = "\n".join(f"  {word}{n}: {{say: {word} says {n}, then: {word}{n + 1}}}" for n in range(150))
        return compiled(f"script: Many\nsteps:\n{steps}\n  {word}150: {{end: done}}\n")

    assert len(compare(many("a"), many("b")).changes) <= 500


def test_the_text_is_also_compared_line_by_line():
    lines = unified(PROBE, PROBE.replace("Hello", "Welcome"), "1", "2").splitlines()
    assert lines[:2] == ["--- 1", "+++ 2"]
    assert "-    say: Hello" in lines
    assert "+    say: Welcome" in lines


def test_a_hundred_thousand_lines_that_look_alike_are_not_compared_one_by_one():
    lines = [f"#{n % 120}" for n in range(60_000)]
    began = time.process_time()
    told_ = unified("\n".join(lines), "\n".join(reversed(lines)), "1", "2")
    assert time.process_time() - began < 1, "it took a minute"
    assert "not compared" in told_


# -- crossing over -----------------------------------------------------------------------------------------------------

FACTS = Facts(NOW)


def standing_at_car() -> RunState:
    script = compiled(PROBE)
    run, _ = step(script, begin(script), RunStarted(), FACTS)
    run, _ = step(script, run, MessageReceived("1"), Facts(NOW + 60_000))
    assert run.step == "car"
    return run


def test_who_was_asked_the_same_notices_nothing():
    run = standing_at_car()
    new = changed(("  car:\n", "  auto:\n"), ("then: car}", "then: auto}"), ("say: Hello", "say: Hi"))
    after, effects = cross(compiled(PROBE), new, run, "auto", FACTS)
    assert effects == ()
    assert after == replace(run, step="auto")
    assert after.timers


def test_a_question_that_reads_differently_is_asked_again_and_the_answers_stay():
    run = standing_at_car()
    new = changed(("ask: Which car?", "say: We look it up.\n    ask: Make and year?"))
    after, effects = cross(compiled(PROBE), new, run, "car", Facts(NOW + 120_000))
    assert [effect.text for effect in effects if isinstance(effect, Say)] == ["Make and year?"]
    assert after.turn == run.turn + 1
    assert after.answers == run.answers == {"picked": "Автомобиль"}
    assert {effect.name for effect in effects if isinstance(effect, SetTimer)} == set(after.timers)


def test_a_run_may_cross_to_a_step_that_goes_on_by_itself():
    after, effects = cross(compiled(PROBE), changed(("Hello", "Hi")), standing_at_car(), "done", FACTS)
    assert after.status == "handed_off"
    assert any(isinstance(effect, HandOff) for effect in effects)


def test_handing_over_tells_the_person_all_that_was_said():
    run = replace(standing_at_car(), heard=("Lada",), media=(Media("photo", "p1"),))
    assert waits_to_settle(run)
    after, effects = hand_over(compiled(PROBE), run, FACTS)
    assert after.status == "handed_off"
    (left,) = [effect for effect in effects if isinstance(effect, HandOff)]
    assert left.reason == "script_changed"
    assert "Lada" in left.task.text
    assert left.task.details["picked"] == "Автомобиль"
    assert left.task.details["files"] == ["p1"]
