"""Which story shows which rule, and the page of docs that is made of it."""

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from bots.kit.reader import Items, Scalar, Table, read
from gateway.stories.shelf import load
from gateway.stories.words import BadLine

ROOT = Path(__file__).resolve().parent.parent.parent
RULES = Path(__file__).parent / "rules.yaml"
PAGE = ROOT / "docs/rules.md"


def files() -> list[Path]:
    """Every story of the tree."""
    return sorted([*ROOT.glob("playbooks/*/stories/**/*.story"), *ROOT.glob("tests/stories/**/*.story")])


def told(node: Any) -> Any:
    match node:
        case Scalar(text):
            return text
        case Items(nodes):
            return [told(one) for one in nodes]
        case Table(pairs):
            return {key.text: told(value) for key, value in pairs}
    raise BadLine("nothing", "")


@cache
def businesses() -> dict[str, Any]:
    """By letter: title and rules; `unfinished`: the letters some of whose rules have no story yet."""
    node, problems = read(RULES.read_text(encoding="utf-8"))
    assert not problems
    found: dict[str, Any] = told(node)
    return found


def rules() -> dict[str, str]:
    return {
        name: text for key, one in businesses().items() if key != "unfinished" for name, text in one["rules"].items()
    }


@cache
def shown() -> Mapping[str, list[tuple[Path, str]]]:
    """The stories of each rule."""
    found: dict[str, list[tuple[Path, str]]] = defaultdict(list)
    for file in files():
        story, _, _ = load(file)
        for rule in story.covers if story else ():
            found[rule].append((file, story.title if story else ""))
    return found


def page() -> str:
    lines = [
        "# Rules and their stories",
        "",
        "What the shipped playbooks do, and the [stories](write-a-story.md) that show it. Made by `make rules` of `tests/stories/rules.yaml`",
        "and of the stories' `covers`; a test holds it to both.",
    ]
    for letter, one in businesses().items():
        if letter != "unfinished":
            lines += ["", f"## {letter}. {one['title']}", "", "| rule | says | shown by |", "|---|---|---|"]
            lines += [_row(name, text) for name, text in one["rules"].items()]
    return "\n".join(lines) + "\n"


def _row(name: str, text: str) -> str:
    links = [f"[{title}](../{file.relative_to(ROOT)})" for file, title in shown().get(name, ())]
    return f"| {name} | {text} | {'<br>'.join(links)} |"
