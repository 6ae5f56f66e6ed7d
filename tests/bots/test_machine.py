"""The frozen tables say exactly what the machines on `transitions` would do, for every pair of state and trigger."""

from pathlib import Path

import pytest
from transitions import Machine

import bots.qualifier
from bots.kit.compiler import read_script
from bots.kit.diagram import life_diagram, script_diagram
from bots.kit.machine import LIFE, LIFE_EDGES, Edge, build, freeze
from bots.kit.run import STATUSES
from bots.kit.script import ENDINGS, Script
from tests.bots.scripts import PROBE, compiled

QUALIFIER = Path(bots.qualifier.__file__).parent / "qualifier.yaml"


@pytest.fixture(scope="module", params=["probe", "qualifier"])
def script(request: pytest.FixtureRequest) -> Script:
    if request.param == "probe":
        return compiled(PROBE)
    found, _ = read_script(QUALIFIER.read_text(encoding="utf-8"), "qualifier")
    assert found is not None
    return found


class Walker:
    """A live model for `transitions` to move."""

    state: str


def moved(states: tuple[str, ...], edges: tuple[Edge, ...], state: str, trigger: str) -> str:
    """Where a live machine goes: the reference for the frozen table."""
    model = Walker()
    machine = Machine(
        model=model, states=list(states), initial=state, auto_transitions=False, ignore_invalid_triggers=True
    )
    for source, name, dest in edges:
        machine.add_transition(name, source, dest)
    model.trigger(trigger)  # type: ignore[attr-defined]
    return model.state


def test_the_life_of_a_run_is_total_and_is_what_the_machine_does():
    triggers = {trigger for _, trigger, _ in LIFE_EDGES}
    assert set(LIFE) == {(state, trigger) for state in STATUSES for trigger in triggers}
    for (state, trigger), dest in LIFE.items():
        assert moved(STATUSES, LIFE_EDGES, state, trigger) == dest


def test_nothing_leads_out_of_an_ended_run():
    assert all(dest == state for (state, _), dest in LIFE.items() if state != "running")
    assert {dest for (state, _), dest in LIFE.items() if state == "running"} == set(STATUSES)


def test_the_steps_of_a_script_are_total_and_are_what_the_machine_does(script: Script):
    states = (*script.steps, *ENDINGS)
    triggers = sorted({exit_ for _, exit_, _ in script.edges})
    assert set(script.exits) == {(state, trigger) for state in states for trigger in triggers}
    for state in states:
        for trigger in triggers:
            written = [dest for source, exit_, dest in script.edges if (source, exit_) == (state, trigger)]
            assert script.exits[state, trigger] == (written[0] if written else state)
    for state, trigger in list(script.exits)[::7]:
        assert moved(states, script.edges, state, trigger) == script.exits[state, trigger]


def test_a_frozen_table_cannot_be_changed(script: Script):
    with pytest.raises(TypeError):
        script.exits["menu", "then"] = "x"  # type: ignore[index]
    with pytest.raises(AttributeError):
        script.start = "x"  # type: ignore[misc]


def test_freezing_keeps_the_states_that_no_edge_touches():
    assert freeze(build(["a", "b"], [("a", "go", "a")], "a")) == {("a", "go"): "a", ("b", "go"): "b"}


def test_a_diagram_shows_every_step_and_every_exit(script: Script):
    drawn = script_diagram(script)
    for name in script.steps:
        assert f'state "{name}" as s' in drawn
    assert drawn.startswith("stateDiagram-v2\n    state ")
    arrows = {line.split(":")[0] for line in drawn.splitlines() if "-->" in line}
    assert len(arrows) == len({(source, dest) for source, _, dest in script.edges}) + 1


def test_labels_of_a_diagram_cannot_break_out_of_it():
    drawn = script_diagram(
        compiled(
            "script: S\nsteps:\n  a: {ask: Q, choices: {x: {label: 'A\"; }\\n --> [*] <b>'}}, then: b}\n  b: {end: done}\n"
        )
    )
    assert '"; ' not in drawn
    assert "<b>" not in drawn
    assert drawn.count("-->") == 5


def test_the_life_of_a_run_is_drawn():
    drawn = life_diagram()
    assert all(status in drawn for status in STATUSES)
    assert "s0 --> s3: time out" in drawn
