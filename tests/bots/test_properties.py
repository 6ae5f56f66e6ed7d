"""What holds for every script that compiles, whatever is heard and whenever timers fire."""

from dataclasses import replace
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

import bots.qualifier
from bots.kit.compiler import read_script
from bots.kit.conversation import Conversation
from bots.kit.effects import SetTimer
from bots.kit.events import Event, Media, MessageReceived, RunStarted, TimerFired
from bots.kit.run import STATUSES
from bots.kit.script import Script
from bots.kit.walk import Facts, begin, step
from tests.bots.scripts import NOW, PROBE, compiled
from tests.bots.stories import clocks, endings, saved, scripts, waits

_QUALIFIER, _ = read_script(
    (Path(bots.qualifier.__file__).parent / "qualifier.yaml").read_text(encoding="utf-8"), "qualifier"
)
assert _QUALIFIER is not None
SCRIPTS: list[Script] = [_QUALIFIER, compiled(PROBE)]

MEDIA = st.builds(
    Media, st.sampled_from(["photo", "document", "voice", "audio", "video", "sticker"]), st.text(max_size=6)
)
WORDS = st.one_of(
    st.sampled_from(
        [
            "1",
            "2",
            "3",
            "да",
            "нет",
            "икс",
            "менеджер",
            "8 912 345-67-89",
            "XTA210990Y1234567",
            "4 шт",
            "",
            " ",
            "{f}",
            "\ud800",
            "\x00",
            "а" * 9_000,
        ]
    ),
    st.text(max_size=40),
)
MESSAGES = st.builds(
    MessageReceived,
    text=WORDS,
    choice=st.sampled_from(["", "", "", "x", "c1", "parts", "nope"]),
    media=st.lists(MEDIA, max_size=3).map(tuple),
    phone=st.sampled_from(["", "", "+79123456789"]),
    location=st.one_of(st.none(), st.tuples(st.floats(), st.floats())),
)
TIMERS = st.builds(
    TimerFired,
    st.one_of(st.sampled_from(["settle", "patience", "remind:1", "remind:2", "remind:x"]), st.text(max_size=8)),
)
EVENTS = st.one_of(st.just(RunStarted()), MESSAGES, MESSAGES, MESSAGES, TIMERS)
JUMPS = st.sampled_from([0, 1, 500, 2_000, 60_000, 3_600_000, 36_000_000, -5_000])
STORIES = st.lists(st.tuples(EVENTS, JUMPS), max_size=14)
SCRIPT = st.one_of(st.sampled_from(SCRIPTS), st.integers(0, 10**9).map(lambda seed: next(scripts(Random(seed)))))

# A failing story is shown as it was found: to make it small, every try would compile a script of its own, for minutes.
# Who wants it small adds `Phase.shrink` for once, and keeps what comes out as an `@example`.
quick = settings(
    max_examples=80,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

TWO_QUESTIONS = compiled("""
script: The first word answers the first question
fields: {f: F}
gather: 0s
steps:
  one: {ask: Q, choices: {x: {label: Икс, then: two}}, media: two, remind: [{after: 1h, say: R}]}
  two: {ask: Q, answer: {text: {save: f, then: done}}, person: done}
  done: {end: done}
""")


@quick
@given(SCRIPT, STORIES)
@example(TWO_QUESTIONS, [(MessageReceived(text="1"), 0)])
@example(TWO_QUESTIONS, [(MessageReceived(text="?", media=(Media("photo", "p"),)), 0)])
@example(TWO_QUESTIONS, [(MessageReceived(text="менеджер"), 0)])
def test_every_story_leaves_a_run_that_has_ended_or_waits_with_a_clock(script: Script, story: list[tuple[Event, int]]):
    run, now, set_timers = begin(script), NOW, dict[str, int]()
    for event, jump in story:
        now += jump
        facts = Facts(now, "{name} <b>", "chat", "UTC", {"f": "from the deal"})
        before = run
        run, effects = step(script, run, event, facts)
        assert (run, effects) == step(script, before, event, facts), "the same input gives the same output"
        assert saved(run) == run
        assert run.status in STATUSES
        assert run.turn >= before.turn
        clocks(set_timers, effects, run, event)
        if before.status != "running":
            assert (run, effects) == (before, ())
        if run.status == "running":
            assert waits(script, run)
        else:
            assert run.timers == {}
            assert run.heard == ()
        endings(before, run, effects)


@quick
@given(SCRIPT, STORIES)
def test_no_event_brings_more_than_one_question(script: Script, story: list[tuple[Event, int]]):
    run, now = begin(script), NOW
    for event, jump in story:
        now += jump
        started = run.turn == 0
        after, effects = step(script, run, event, Facts(now))
        questions = [effect for effect in effects if isinstance(effect, SetTimer) and effect.name == "patience"]
        assert after.turn - run.turn <= (2 if started else 1)
        assert len(questions) <= (2 if started else 1), "no step repeats without waiting"
        run = after


@quick
@given(SCRIPT, st.lists(WORDS, max_size=4))
def test_left_alone_every_run_ends_or_keeps_its_clock(script: Script, words: list[str]):
    talk = Conversation(script)
    talk.start()
    for text in words:
        if "\ud800" not in text:
            talk.hear(MessageReceived(text=text))
    for _ in range(20):
        if talk.run.status != "running":
            return
        assert talk.timers, "a running bot always has a clock"
        turn, due = talk.run.turn, min(talk.timers.values())
        talk.wait(due - talk.now)
        assert talk.run.turn <= turn + 2, "a clock that has run out leads to the next stop and no further"


@quick
@given(
    st.sampled_from(SCRIPTS),
    st.dictionaries(
        st.text(max_size=6),
        st.one_of(st.none(), st.text(), st.floats(), st.integers(), st.lists(st.none())),
        max_size=3,
    ),
    STORIES,
)
def test_no_deal_field_and_no_name_breaks_a_step(
    script: Script, fields: dict[str, object], story: list[tuple[Event, int]]
):
    run, now = begin(script), NOW
    weird = {**fields, "files": fields, "papers": [1, None], "vin": {"a": 1}}
    for event, jump in story:
        now += jump
        run, _ = step(script, run, event, Facts(now, "\ud800" * 5, "\x00", "nowhere", weird))


@quick
@given(st.sampled_from(SCRIPTS), st.text(max_size=8), st.integers(0, 5), EVENTS)
def test_a_run_from_another_version_never_breaks(script: Script, name: str, turn: int, event: Event):
    run = replace(begin(script), step=name, turn=turn, timers={"patience": NOW, "remind:7": NOW})
    after, _ = step(script, run, event, Facts(NOW))
    assert after.status in STATUSES
