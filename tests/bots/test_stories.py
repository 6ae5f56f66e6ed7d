"""What holds for any script that compiles and any life that it meets. Two hundred thousand steps a night, a few here."""

import json
import time
from random import Random

import pytest

from bots.kit.effects import AddTag, SetField
from bots.kit.linter import lint
from bots.kit.playbook import load_playbook
from bots.kit.run import STATUSES, RunState
from bots.kit.script import Script, Stop
from bots.kit.walk import begin, step
from tests.bots.stories import Life, clocks, endings, saved, script_text, scripts, waits
from tests.bots.test_broken_scripts import ROOMS, SHOP_TEXT

STEPS_A_LIFE = 40
LIVES_A_SCRIPT = 5


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
            assert waits(script, run), "a run that goes on waits with a clock"
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
