"""The schemas for editors: whatever ships fits them, and the words they know are those that the compiler knows."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from yaml import YAMLError

import bots
import playbooks
from bots.kit.json_schema import playbook_schema, script_schema
from bots.kit.reader import Items, Node, Scalar, Table, read
from tests.bots.scripts import PROBE
from tests.bots.test_steps import CALL, CHECK, SPLIT
from tests.bots.test_wordings import TEMPLATED, WORDED

ROOT = Path(next(iter(bots.__path__))).parent
SCRIPTS = sorted(
    [*(ROOT / "bots").glob("*/*.yaml"), *ROOT.glob("*/*/scripts/*.yaml"), *ROOT.glob("*/*/*/scripts/*.yaml")]
)
PLAYBOOKS = sorted([*ROOT.glob("*/*/playbook.yaml"), *ROOT.glob("*/playbook/playbook.yaml")])


def value(node: Node | None) -> Any:
    """The tree as an editor's YAML support sees it, near enough: whole numbers are numbers."""
    match node:
        case Scalar(text=text, quoted=quoted):
            return int(text) if not quoted and text.isascii() and text.isdigit() else text
        case Items(nodes=nodes):
            return [value(one) for one in nodes]
        case Table(pairs=pairs):
            return {key.text: value(one) for key, one in pairs}
        case _:
            raise YAMLError("nothing there")


def fits(schema: dict[str, Any], text: str) -> list[str]:
    node, problems = read(text)
    assert problems == []
    return [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(value(node))]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_every_script_that_ships_fits(path: Path):
    assert fits(script_schema(), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("text", [PROBE, CHECK, SPLIT, CALL, WORDED, TEMPLATED])
def test_every_kind_of_step_fits(text: str):
    assert fits(script_schema(), text) == []


def test_calendars_fit_and_a_wrong_word_in_one_does_not():
    text = "funnels: {f: {stages: {a: A}, won: W, lost: L, calendar: w}}\n"
    text += "hours: {week: {mon-fri: 10:00-19:00}, holidays: NO}\ncalendars:\n  w: {zone: UTC, holidays: {country: DE, subdiv: BE}}\n"
    assert fits(playbook_schema(), text) == []
    assert fits(playbook_schema(), text.replace("subdiv", "part")) != []
    assert fits(playbook_schema(), text.replace("zone", "zoned")) != []


@pytest.mark.parametrize(
    ("task", "right"),
    [
        ("Позвонить", True),
        ("{text: Позвонить, due: 1h working, ends: with stage}", True),
        ("{text: Позвонить, ends: tomorrow}", False),
        ("{text: Позвонить, due: soon}", False),
        ("{text: Позвонить, until: 1h}", False),
        ("{kind: call}", False),
    ],
)
def test_a_robots_task_has_the_words_that_the_compiler_reads(task: str, right: bool):
    text = f"funnels: {{f: {{stages: {{a: {{robots: {{r: {{do: [{{task: {task}}}]}}}}}}}}, won: W, lost: L}}}}\n"
    assert (fits(playbook_schema(), text) == []) is right


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.parent.name)
def test_every_playbook_that_ships_fits(path: Path):
    assert (Path(next(iter(playbooks.__path__))) / "autoparts" / "playbook.yaml") in PLAYBOOKS
    assert fits(playbook_schema(), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "scirpt: S\nsteps: {a: {end: done}}\n",
        "script: S\n",
        "script: S\nsteps: {a: {sya: Hi}}\n",
        "script: S\nsteps: {a: {wait: soon}}\n",
        "script: S\nsteps: {a: {ask: Q, answer: {txt: {then: a}}}}\n",
        "script: S\nsteps: {a: {ask: Q, answer: {text: {min: 1}}}}\n",
        "script: S\nsteps: {a: {ask: Q, choices: {x: {words: [a]}}}}\n",
        "script: S\nsteps: {a: {check: [{car: {equals: x}, then: a}]}}\n",
        "script: S\nsteps: {a: {split: {a: 120, b: 5}}}\n",
        "script: S\npatience: soon\nsteps: {a: {end: done}}\n",
    ],
)
def test_what_the_compiler_refuses_for_its_shape_an_editor_underlines(text: str):
    assert fits(script_schema(), text) != []


@pytest.mark.parametrize("schema", [script_schema(), playbook_schema()])
def test_every_reference_leads_somewhere_and_every_definition_is_used(schema: dict[str, Any]):
    told = json.dumps(schema)
    for name in schema["$defs"]:
        assert f'"#/$defs/{name}"' in told, name
    assert told.count('"$ref"') == sum(told.count(f'"#/$defs/{name}"') for name in schema["$defs"])


def test_a_length_of_working_time_fits_in_days_and_hours():
    text = "script: S\nsteps:\n  a: {task: {text: T, due: 2d working}, wait: {for: 1d 4h working}, then: b}\n  b: {wait: 3d working, then: a}\n"
    assert fits(script_schema(), text) == []
    assert fits(script_schema(), text.replace("3d working", "3dworking")) != []
    assert fits(script_schema(), text.replace("3d working", "3 days")) != []


def test_a_condition_may_say_not_empty_beside_others():
    text = "script: S\nfields: {car: C}\nsteps:\n  a: {check: [{car: {is not: x, not empty: yes}, then: z}], else: z}\n  z: {end: done}\n"
    assert fits(script_schema(), text) == []
    assert fits(script_schema(), text.replace("not empty", "not full")) != []
