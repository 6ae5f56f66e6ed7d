"""The page that teaches scripts is true: its scripts are read, its findings are found, its talk is held."""

import re
from pathlib import Path

import pytest

import bots
from bots.kit.linter import lint
from bots.kit.playbook import load_playbook
from bots.kit.talk import check, read_talk
from gateway.channels.limits import LIMITS

ROOT = Path(next(iter(bots.__path__))).parent
PAGE = (ROOT / "docs" / "write-a-script.md").read_text(encoding="utf-8")
BLOCKS = [
    (kind, text) for kind, text in re.findall(r"^```(?:yaml|text) (\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
]
SCRIPTS = [place for place, (kind, _) in enumerate(BLOCKS) if kind == "script"]


def after(place: int) -> tuple[str, str]:
    return BLOCKS[place + 1] if place + 1 < len(BLOCKS) else ("", "")


def test_the_page_has_a_script_of_each_sort():
    kinds = [kind for kind, _ in BLOCKS]
    assert kinds.count("findings") >= 4
    assert {"script", "talk", "playbook"} <= set(kinds)
    assert PAGE.count("```yaml") + PAGE.count("```text") == len(BLOCKS), "every block says what it is"


@pytest.mark.parametrize("place", SCRIPTS)
def test_a_script_of_the_page_has_the_findings_that_are_printed_below_it(place: int):
    kind, printed = after(place)
    expected = printed.splitlines() if kind == "findings" else []
    assert [str(problem) for problem in lint(BLOCKS[place][1], "page", rooms=LIMITS)[1]] == expected


def test_the_talk_of_the_page_holds():
    place = next(place for place in SCRIPTS if after(place)[0] == "talk")
    script, _ = lint(BLOCKS[place][1], "clarify_quantity")
    talk, problems = read_talk(after(place)[1])
    assert problems == []
    assert script is not None
    assert talk is not None
    assert check(talk, script) == []


def test_the_playbook_lines_of_the_page_are_good():
    text = (ROOT / "playbooks" / "autoparts" / "playbook.yaml").read_text(encoding="utf-8")
    for section in (lines for kind, lines in BLOCKS if kind == "playbook"):
        name = section.partition(":")[0]
        text, put_in = re.subn(rf"^{name}:\n(?:  .*\n)+", section, text, flags=re.MULTILINE)
        assert put_in == 1, name
    playbook, problems = load_playbook("autoparts", {"playbook.yaml": text})
    assert problems == []
    assert playbook is not None
    assert [(rule.bot, rule.on, rule.within) for rule in playbook.bots] == [
        ("qualifier", "message", 0),
        ("clarify_vin", "", 36_000_000),
    ]
    assert [(one.script, one.stage) for one in playbook.clarifications.values()] == [("clarify_vin", "clarification")]
