"""The page that teaches playbooks is true: after each of its steps the shop has no mistakes, and its story is played."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import pytest
from click.testing import CliRunner

from bots.kit.playbook import FILE, load_playbook
from bots.robots.acting import ACTIONS
from bots.robots.explain import Standing
from bots.robots.machine import Outcome
from bots.robots.reading import HAPPENINGS
from gateway.api import robots
from gateway.commands import COMMANDS
from gateway.commands.check import check_playbook
from gateway.playbooks import ROOT
from gateway.stories.playing import play
from gateway.stories.shelf import load
from gateway.wording.russian import RUSSIAN

PAGE = (ROOT / "docs" / "write-a-playbook.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(?:yaml|text|sh)(?: (\w+))?\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def put_in(text: str, block: str) -> str:
    """The sections of a block take the place of those of the same name, or come last."""
    for section in re.split(r"^(?=\w)", block, flags=re.MULTILINE):
        name = section.partition(":")[0]
        found = re.compile(rf"^{re.escape(name)}:.*\n(?:(?:[ #].*)?\n)*", re.MULTILINE) if name.strip() else None
        if found is not None and found.search(text):
            text = found.sub(lambda _, section=section: section, text, count=1)  # type: ignore[misc]
        else:
            text += section
    return text


def steps() -> Iterator[str]:
    """The playbook as it is after each of the page's blocks."""
    text = ""
    for kind, block in BLOCKS:
        if kind == "playbook":
            text = put_in(text, block)
            yield text


def begin(folder: Path) -> None:
    """What the page has people type before their first line."""
    ((first, second),) = (block.splitlines() for kind, block in BLOCKS if kind == "begin")
    assert (first, second) == ("parley init flowers", "rm flowers/scripts/* flowers/talks/* flowers/stories/*")
    made = CliRunner().invoke(click.Group("parley", commands=COMMANDS), ["init", str(folder)])
    assert made.exit_code == 0, made.output
    for old in ("scripts", "talks", "stories"):
        assert any((folder / old).iterdir())
        for file in (folder / old).iterdir():
            file.unlink()


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    """The shop as it is at the end, begun as the page begins it."""
    folder = tmp_path / "flowers"
    begin(folder)
    for kind, block in BLOCKS:
        if kind in ("script", "story"):
            put(folder, kind, block)
    (folder / FILE).write_text(list(steps())[-1], encoding="utf-8")
    return folder


def put(folder: Path, kind: str, block: str) -> None:
    if kind == "script":
        name = re.match(r"# (scripts/\w+\.yaml)\n", block)
        assert name is not None, "a script says which file it is"
        (folder / name[1]).write_text(block, encoding="utf-8")
    elif kind == "story":
        (folder / "stories" / "order.story").write_text(block, encoding="utf-8")


def test_the_page_has_a_block_of_each_sort():
    kinds = [kind for kind, _ in BLOCKS]
    assert kinds.count("playbook") >= 6
    assert {"script", "story", "findings"} <= set(kinds)


def test_the_shop_has_no_mistakes_after_any_step(tmp_path: Path):
    folder, text = tmp_path / "flowers", ""
    begin(folder)
    for kind, block in BLOCKS:
        if kind not in ("playbook", "script", "story"):
            continue
        text = put_in(text, block) if kind == "playbook" else text
        (folder / FILE).write_text(text, encoding="utf-8")
        put(folder, kind, block)
        assert [str(problem) for _, problem in check_playbook(folder)] == [], block


def test_the_shop_is_clean_at_the_end(flowers: Path):
    assert [str(problem) for _, problem in check_playbook(flowers)] == []


async def test_its_story_holds(flowers: Path, database_url: str):
    story, folder, problems = load(flowers / "stories" / "order.story")
    assert problems == []
    assert story is not None
    assert [str(one) for one in await play(story, folder, database_url)] == []


async def test_the_story_would_notice_what_the_page_says_it_does(flowers: Path, database_url: str):
    file = flowers / "stories" / "order.story"
    text = file.read_text(encoding="utf-8")
    assert "see field rest 250000" in text
    file.write_text(text.replace("see field rest 250000", "see field rest 260000"), encoding="utf-8")
    story, folder, _ = load(file)
    assert story is not None
    assert len(await play(story, folder, database_url)) == 1


def test_the_mistake_that_is_shown_is_told_so():
    (expected,) = (block for kind, block in BLOCKS if kind == "findings")
    _, problems = load_playbook(
        "flowers",
        {
            FILE: list(steps())[-1].replace(
                "paid: {on: payment, from: [asked, agreed], do: [{move: making}]}",
                "paid: {on: payment, from: [asked, agreed], do: [{move: makng}]}",
            )
        },
    )
    assert [f"{one.what}. {one.remedy}" for one in problems] == [expected.strip()]


def test_the_page_names_whatever_robots_can_do_and_hear():
    told = PAGE[PAGE.index("**What.**") : PAGE.index("An empty value never")]
    assert [word for word in ACTIONS if not re.search(rf"`{word}\b", told) and word != "tell responsible"] == []
    assert [word for word in HAPPENINGS if f"`{word}" not in told] == []


def test_every_word_that_the_robots_call_answers_is_explained():
    told = PAGE[PAGE.index("## 11. ") :]
    shapes = (robots.Rules, robots.RuleShape, robots.ConditionShape, robots.FiringShape, robots.DeedShape)
    words = {key for shape in shapes for key in shape.__annotations__}
    words |= {word for kind in (Standing, Outcome) for word in get_args(kind)} | {"robot", "trigger", "task", "close"}
    assert [word for word in sorted(words) if f"`{word}`" not in told] == []


def test_every_reason_why_a_deed_came_to_nothing_is_explained_beside_the_deed():
    told, deeds = set(), ""
    for first, whys in re.findall(r"^\| (.*?)\| (`.*?) \| .* \|$", PAGE[PAGE.index("| `deed` |") :], re.MULTILINE):
        deeds = first.strip() or deeds
        told |= {(deed, why) for deed in re.findall(r"`(\w+)`", deeds) for why in re.findall(r"`(\w+)`", whys)}
    told.discard(("deed", "why"))
    assert told == {tuple(key.split(" ")) for key in RUSSIAN.amiss}
