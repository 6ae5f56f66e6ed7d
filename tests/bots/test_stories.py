"""What holds for any script that compiles and any life that it meets. Two hundred thousand steps a night, a few here."""

import json
import time
from random import Random

import pytest

from bots.kit.effects import AddTag, CallWeb, CancelTimer, Effect, EndRun, HandOff, Say, SetField, SetTimer, StartScript
from bots.kit.events import Event, TimerFired
from bots.kit.linter import lint
from bots.kit.playbook import load_playbook
from bots.kit.run import CLOCKS, STATUSES, RunState
from bots.kit.script import Script, Stop
from bots.kit.walk import begin, step
from tests.bots.stories import Life, script_text, scripts
from tests.bots.test_broken_scripts import ROOMS, SHOP_TEXT

STEPS_A_LIFE = 40
LIVES_A_SCRIPT = 5


def saved(run: RunState) -> RunState:
    return RunState.from_json(json.loads(json.dumps(run.to_json())))


def lead(script: Script, life: Life, most: int) -> int:
    """One run through its life; how many steps it took."""
    run, known = begin(script), dict[str, int]()
    for taken in range(1, most + 1):
        event, before = life.event(run), run
        facts = life.facts()
        run, effects = step(script, before, event, facts)
        assert (run, effects) == step(script, before, event, facts, []), (
            "the same input gives the same output, told why or not"
        )
        assert saved(run) == run
        assert run.status in STATUSES
        assert run.turn >= before.turn
        clocks(known, effects, run, event)
        if before.status != "running":
            assert (run, effects) == (before, ())
        elif run.status == "running":
            assert run.turn == 0 or (
                isinstance(script.steps[run.step].finish, Stop) and any(name in run.timers for name in CLOCKS)
            ), "a run that goes on waits with a clock"
        else:
            assert not run.timers
            assert not run.heard
            assert not run.media
        endings(before, run, effects)
        no_repeats(script, run)
        for effect in effects:
            if isinstance(effect, SetField):
                life.fields[effect.name] = effect.value
            elif isinstance(effect, AddTag):
                life.tags.append(effect.tag)
        json.dumps(life.fields)
        if before.status != "running":
            return taken
    return most


def clocks(known: dict[str, int], effects: tuple[Effect, ...], run: RunState, event: Event) -> None:
    """What the shell was told to set is what the run believes to be set (a timer that has fired is gone by itself)."""
    if isinstance(event, TimerFired):
        known.pop(event.name, None)
    for effect in effects:
        if isinstance(effect, SetTimer):
            known[effect.name] = effect.at
        elif isinstance(effect, CancelTimer):
            known.pop(effect.name, None)
    assert known == run.timers


def endings(before: RunState, run: RunState, effects: tuple[Effect, ...]) -> None:
    ends = [place for place, effect in enumerate(effects) if isinstance(effect, (HandOff, EndRun))]
    assert len(ends) == (1 if before.status == "running" != run.status else 0)
    if ends:
        assert not any(isinstance(effect, (Say, SetTimer, CallWeb)) for effect in effects[ends[0] :]), (
            "nothing after the end"
        )
    started = [place for place, effect in enumerate(effects) if isinstance(effect, StartScript)]
    assert all(place > ends[0] for place in started), "another script begins when this one has ended"
    assert all(effect.text.strip() for effect in effects if isinstance(effect, Say)), "nothing empty is said"


def no_repeats(script: Script, run: RunState) -> None:
    """Between two stops no step is come to twice."""
    passed: set[str] = set()
    for name, mark in run.marks:
        if mark == "reached":
            assert name not in passed
            passed.add(name)
            if isinstance(script.steps[name].finish, Stop):
                passed.clear()


def tell(seed: int, steps: int) -> int:
    rng, taken, walked = Random(seed), 0, 0
    for script in scripts(rng):
        walked += 1
        for _ in range(LIVES_A_SCRIPT):
            taken += lead(script, Life(rng, seed=rng.randint(0, 10**6)), STEPS_A_LIFE)
        if taken >= steps:
            return walked
    return walked


@pytest.mark.parametrize("seed", range(4))
def test_every_story_keeps_to_the_rules(seed: int):
    assert tell(seed, 1_500) >= 5


def test_any_script_is_looked_through_and_always_comes_to_an_end():
    shop, _ = load_playbook("shop", {"playbook.yaml": SHOP_TEXT})
    for seed in range(400):
        began = time.process_time()
        lint(script_text(Random(seed)), ("meets", "later")[seed % 2], shop, ROOMS)  # type: ignore[arg-type]
        assert time.process_time() - began < 1


@pytest.mark.nightly
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("seed", range(100, 120))
def test_two_hundred_thousand_steps_keep_to_the_rules(seed: int):
    assert tell(seed, 11_000) >= 30
