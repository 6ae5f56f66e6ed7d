"""Hostile and clumsy files: refused in time, with a line and advice; nothing in them is ever run."""

import re
import time
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.kit.compiler import read_script
from bots.kit.linter import lint
from bots.kit.playbook import load_playbook
from bots.kit.problems import Problem
from bots.kit.reader import MOST_DEPTH, Items, Scalar, Table, decode, read
from tests.bots.scripts import PROBE
from tests.bots.stories import script_text
from tests.bots.test_broken_scripts import ROOMS, SHOP_TEXT

SHOP, _ = load_playbook("shop", {"playbook.yaml": SHOP_TEXT})

MERGE_BOMB = "a: &a {x: 1}\n" + "".join(f"b{i}: &b{i}\n  <<: [*a, *a, *a, *a, *a]\n" for i in range(20))
ALIAS_BOMB = "a0: &a0 [lol, lol]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[" * 100_000, "too deep"),
        ("{a: " * 3_000, "too deep"),
        ("- " * 3_000 + "x", "too deep"),
        ("[ \n" * 30_000, "too deep"),
        (MERGE_BOMB, "anchors and aliases"),
        (ALIAS_BOMB, "anchors and aliases"),
        ("a: *nothing", "anchors and aliases"),
        ("a:\n  <<: {b: 1}", "merge keys"),
        ("a: !!python/object/apply:os.system ['true']", "tags"),
        ("a: !!str b", "tags"),
        ("a: ! b", "tags"),
        ("a: !custom {b: 1}", "tags"),
        ("%YAML 1.1\n---\na: no", "directives"),
        ("%TAG ! tag:evil,2000:\n---\na: b", "directives"),
        ("a: 1\n---\nb: 2", "a second document"),
        ("a:\n\tb: 1", "a tab stands"),
        ("\ta: 1", "a tab stands"),
        ("a: {{ name }}", "braces or brackets"),
        ("a: \x00", "UTF-16"),
        ("ÿþs\x00", "UTF-16"),
        ("a: \ud800", "broken characters"),
        ("a: \x07", "an invisible sign (U+0007)"),
        ("a: [1, 2", "ends inside quotes or brackets"),
        ("a: 'open", "ends inside quotes or brackets"),
        ("a: b: c", "':' stands inside a text"),
        ("a: 1\n b: 2", "':' stands inside a text"),
        ("? [a, b]\n: c", "braces or brackets"),
        ("x" * 300_000, "too large"),
        ("a: [" + "x, " * 25_000 + "x]", "more than 20000 values"),
        ("steps:\n" + "".join(f"  s{i}: {{end: done}}\n" for i in range(30_000)), "too large"),
        ("a: @b", "cannot begin with this sign"),
        ("a:\n  b: 1\n c: 2", "neither deeper nor level"),
        ("a: 1\nb\nc: 2", "without ':'"),
        ("a: *", "anchors and aliases"),
    ],
    ids=lambda value: value[:24],
)
def test_a_hostile_file_is_refused_with_its_reason(text: str, what: str):
    began = time.process_time()
    script, problems = read_script(text, "bomb")
    assert script is None
    assert any(what in problem.what for problem in problems), problems
    assert all(problem.remedy and problem.line >= 1 and problem.column >= 1 for problem in problems)
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, MERGE_BOMB, ALIAS_BOMB, "a: !!python/object/apply:os.system [x]", "{" * 5_000],
    ids=lambda value: value[:24],
)
def test_a_bomb_is_refused_before_it_costs_anything(text: str):
    began = time.process_time()
    read(text)
    assert time.process_time() - began < 0.25


def test_a_duplicate_key_is_told_with_both_lines():
    _, problems = read("a: 1\nb: 2\na: 3\n")
    assert [str(problem) for problem in problems] == [
        "3:1: error: 'a' stands twice: lines 1 and 3. Rename or remove one of them."
    ]


def test_scalars_stay_what_was_written():
    node, problems = read(
        "on: 12:30\nno: no\nold: 010\ntel: +79161234567\nnil: ~\nday: 2024-02-30\nhex: 0x1F\nbig: 1e400\nempty:\n"
    )
    assert problems == []
    assert isinstance(node, Table)
    assert {key.text: value.text for key, value in node.pairs if isinstance(value, Scalar)} == {
        "on": "12:30", "no": "no", "old": "010", "tel": "+79161234567", "nil": "~", "day": "2024-02-30", "hex": "0x1F", "big": "1e400",
        "empty": "",
    }  # fmt: skip


def test_a_byte_order_mark_and_windows_lines_are_welcome():
    script, problems = read_script("\ufeff" + PROBE.replace("\n", "\r\n"), "probe")
    assert problems == []
    assert script is not None
    assert script.steps["menu"].line == 5


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        ("a: б".encode("utf-16"), "UTF-16"),
        ("a: б".encode("utf-16-le"), "UTF-16"),
        ("a: 1\nb: б".encode("cp1251"), "2:1: error: the file is not UTF-8"),
    ],
)
def test_bytes_that_are_not_utf_8_are_told_so(raw: bytes, what: str):
    text, problems = decode(raw)
    assert text is None
    assert what in str(problems[0])


def test_bytes_in_utf_8_are_text_with_or_without_a_mark():
    assert decode("a: б".encode()) == ("a: б", [])
    assert decode("a: б".encode("utf-8-sig")) == ("a: б", [])


def test_forty_levels_are_enough_and_one_more_is_too_many():
    def nested(levels: int) -> str:
        return "\n".join("  " * level + "- x\n" + "  " * level + "-" for level in range(levels)) + " y"

    assert read(nested(MOST_DEPTH))[0] is not None
    assert "too deep" in read(nested(MOST_DEPTH + 1))[1][0].what


def test_an_empty_file_is_told_so():
    for text in ("", "\n\n", "# only a comment\n"):
        script, problems = read_script(text, "empty")
        assert script is None
        assert "empty" in problems[0].what


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=200), st.text(alphabet="ab:-[]{}?&*!|>'\"%@`#,\n \t<", max_size=80)))
def test_no_text_breaks_the_reader(text: str):
    script, problems = read_script(text, "fuzz")
    assert script is None
    assert problems


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_no_damage_to_a_good_script_breaks_the_compiler(data: st.DataObject):
    at = data.draw(st.integers(0, len(PROBE) - 1))
    until = data.draw(st.integers(at, min(len(PROBE), at + 30)))
    text = PROBE[:at] + data.draw(st.text(alphabet="ab:-[]{}\n \t'then", max_size=12)) + PROBE[until:]
    script, problems = read_script(text, "fuzz")
    assert (script is None) == any(problem.severity == "error" for problem in problems)
    for problem in problems:
        assert re.fullmatch(r"\d+:\d+: (error|warning): .+\. .+[.?]", str(problem)), str(problem)


@settings(max_examples=150, deadline=None, database=None)
@given(st.integers(0, 10**6), st.data())
def test_no_damage_to_any_script_breaks_the_linter(seed: int, data: st.DataObject):
    """Of the whole grammar, each piece of it cut, doubled or spoilt; the findings are the same every time."""
    whole = script_text(Random(seed))
    at = data.draw(st.integers(0, len(whole)))
    until = data.draw(st.integers(at, min(len(whole), at + 40)))
    text = whole[:at] + data.draw(st.text(alphabet="ab:-[]{}\n \t'then|или", max_size=12)) + whole[until:]
    script, problems = lint(text, "fuzz", SHOP, ROOMS)  # type: ignore[arg-type]
    assert (script is None) == any(problem.severity == "error" and not of_shop(problem) for problem in problems)
    assert lint(text, "fuzz", SHOP, ROOMS)[1] == problems  # type: ignore[arg-type]
    assert all(problem.line >= 1 and problem.code and problem.what and problem.remedy for problem in problems)


def of_shop(problem: Problem) -> bool:
    """What the playbook does not have; the script by itself can be walked."""
    return problem.code in {
        "unknown_stage", "unknown_reason", "unknown_template", "template_values", "unknown_endpoint", "endpoint_field", "unknown_calendar",
    }  # fmt: skip


def test_lists_and_tables_know_where_they_stand():
    node, _ = read("a:\n  - b\n  - {c: d}\n")
    assert isinstance(node, Table)
    inside = node.pairs[0][1]
    assert isinstance(inside, Items)
    assert [(one.line, one.column) for one in inside.nodes] == [(2, 5), (3, 5)]
