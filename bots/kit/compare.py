"""Two versions of a script, compared as one would tell a colleague: what is new, what is gone, what reads differently.

Both are read as the trees that marketers wrote, so that a word which the language learns later is told of too, if only
by its key. A step that is gone and one that is new are one step renamed where they say nearly the same.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from rapidfuzz import fuzz

from bots.kit.reader import Items, Node, Scalar, Table, read
from bots.kit.script import Script

Kind = Literal["added", "removed", "renamed", "changed"]
Tree = Any
"""A text, a list of trees, or a dict of them."""

MOST_CHANGES = 500
MOST_LINES = 10_000
"""A script of three hundred steps has half as many; lines made to look alike cost the square of their number."""
_ALIKE = 75
"""Per cent of likeness from which on a step counts as renamed."""
_MOST_PAIRS = 2_500
"""Past so many candidates only steps with the very same content are taken for renamed."""
_LEADS = frozenset(
    {"then", "silence", "person", "not_understood", "media", "message", "failed", "timeout", "else", "start"}
)
"""Keys that name a step."""
_READS = {
    "ask": "the question",
    "say": "what is said",
    "hint": "the hint",
    "script": "the script's title",
    "label": "the label",
    "task": "the manager's task",
}


@dataclass(frozen=True, slots=True)
class Change:
    kind: Kind
    step: str
    """As it is called now; as it was called where it is gone; empty where it is about the whole script."""
    what: str


@dataclass(frozen=True, slots=True)
class Difference:
    changes: tuple[Change, ...]
    renamed: Mapping[str, str]
    """Old name → new name."""
    gone: tuple[str, ...]
    """Steps that are not there any more under any name."""


def compare(old: Script, new: Script) -> Difference:
    """What has become of `old` in `new`. Empty where the texts are the same."""
    before, after = _tree(read(old.source)[0]), _tree(read(new.source)[0])
    steps, later = _steps(before), _steps(after)
    renamed = _renamed(steps, later)
    gone = tuple(name for name in steps if name not in later and name not in renamed)
    changes = [Change("removed", name, f"step `{name}` is gone") for name in gone]
    changes += [Change("renamed", name, f"step `{was}` is now called `{name}`") for was, name in renamed.items()]
    came = [name for name in later if name not in steps and name not in renamed.values()]
    changes += [Change("added", name, f"step `{name}` is new: {_gist(later[name])}") for name in came]
    if renamed.get(old.start, old.start) != new.start:
        changes.append(
            Change("changed", "", f"the conversation begins at `{new.start}` and no longer at `{old.start}`")
        )
    before, steps = _led(before, renamed), {name: _led(tree, renamed) for name, tree in steps.items()}
    for key in dict.fromkeys([*before, *after]):
        if key not in ("steps", "start"):
            changes += [Change("changed", "", what) for what in _told(key, before.get(key), after.get(key))]
    for was, tree in steps.items():
        name = renamed.get(was, was)
        if name in later:
            changes += [Change("changed", name, f"step `{name}`: {what}") for what in _inside(tree, later[name])]
    if not changes and old.source != new.source:
        changes.append(Change("changed", "", "only comments, spacing or order differ"))
    return Difference(tuple(changes[:MOST_CHANGES]), MappingProxyType(renamed), gone)


def unified(old: str, new: str, old_name: str = "old", new_name: str = "new") -> str:
    """The two texts line by line, as programmers compare them."""
    before, after = old.splitlines(), new.splitlines()
    if max(len(before), len(after)) > MOST_LINES:
        return f"--- {old_name}\n+++ {new_name}\n(more than {MOST_LINES} lines are not compared one by one)"
    return "\n".join(difflib.unified_diff(before, after, old_name, new_name, lineterm=""))


# -- trees -----------------------------------------------------------------------------------------------------------


def _tree(node: Node | None) -> Tree:
    match node:
        case Scalar(text=text):
            return text.strip()
        case Items(nodes=nodes):
            return [_tree(one) for one in nodes]
        case Table(pairs=pairs):
            return {key.text: _tree(value) for key, value in pairs}
        case None:
            return {}


def _steps(tree: Tree) -> dict[str, Tree]:
    found = tree.get("steps") if isinstance(tree, dict) else None
    return found if isinstance(found, dict) else {}


def _led(tree: Tree, renamed: Mapping[str, str]) -> Tree:
    """The tree with steps called as they are called now, wherever a way leads to one."""
    match tree:
        case dict():
            return {
                key: renamed.get(value, value)
                if key in _LEADS and isinstance(value, str)
                else {renamed.get(arm, arm): share for arm, share in value.items()}
                if key == "split" and isinstance(value, dict)
                else _led(value, renamed)
                for key, value in tree.items()
            }
        case list():
            return [_led(one, renamed) for one in tree]
        case _:
            return tree


def _flat(tree: Tree) -> str:
    match tree:
        case dict():
            return "\n".join(f"{key} {_flat(value)}" for key, value in tree.items())
        case list():
            return "\n".join(map(_flat, tree))
        case _:
            return str(tree)


def _renamed(old: Mapping[str, Tree], new: Mapping[str, Tree]) -> dict[str, str]:
    """Steps that go on under another name, the likest pairs first."""
    went = {name: _flat(tree)[:2_000] for name, tree in old.items() if name not in new}
    came = {name: _flat(tree)[:2_000] for name, tree in new.items() if name not in old}
    exact = len(went) * len(came) > _MOST_PAIRS
    scored = [
        (100.0 if exact and text == other else 0.0 if exact else fuzz.ratio(text, other), was, name)
        for was, text in went.items()
        for name, other in came.items()
    ]
    found: dict[str, str] = {}
    for score, was, name in sorted(scored, key=lambda one: -one[0]):
        if score >= _ALIKE and was not in found and name not in found.values():
            found[was] = name
    return {was: found[was] for was in old if was in found}


# -- words -----------------------------------------------------------------------------------------------------------


def _inside(old: Tree, new: Tree) -> Iterator[str]:
    """What differs between two tables, key by key."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        if old != new:
            yield f"is now {_quoted(new)}"
        return
    for key in dict.fromkeys([*old, *new]):
        yield from _told(key, old.get(key), new.get(key))


def _told(key: str, old: Tree, new: Tree, where: str = "") -> Iterator[str]:
    """One key's difference in words; `where` is what it belongs to."""
    if old == new and not (isinstance(old, dict) and list(old) != list(new)):
        return
    if key == "choices" and isinstance(old, dict) and isinstance(new, dict):
        yield from _choices(old, new)
    elif key == "remind":
        yield f"reminders{where} are now: {_reminders(new)}" if new else f"there are no reminders{where} any more"
    elif isinstance(old, dict) and isinstance(new, dict):
        for inner in dict.fromkeys([*old, *new]):
            yield from _told(inner, old.get(inner), new.get(inner), f"{where} in `{key}`")
    elif key in _LEADS and old and new:
        way = "the way on" if key == "then" else f"`{key}`"
        yield f"{way}{where} now leads to `{_flat(new)}` and no longer to `{_flat(old)}`"
    elif key in _READS and old and new:
        yield f"{_READS[key]}{where} now reads {_quoted(new)}"
    elif old is None:
        yield f"`{key}` was added{where}: {_quoted(new)}"
    elif new is None:
        yield f"`{key}` was removed{where} (it was {_quoted(old)})"
    else:
        yield f"`{key}`{where} is now {_quoted(new)} and no longer {_quoted(old)}"


def _choices(old: Mapping[str, Tree], new: Mapping[str, Tree]) -> Iterator[str]:
    for key in old:
        if key not in new:
            yield f"a choice is gone: {_quoted(_label(old[key], key))}"
    for key in new:
        if key not in old:
            yield f"a choice was added: {_quoted(_label(new[key], key))}"
            continue
        was, now = old[key], new[key]
        if isinstance(was, dict) and isinstance(now, dict):
            for inner in dict.fromkeys([*was, *now]):
                yield from _told(inner, was.get(inner), now.get(inner), f" of choice `{key}`")
    kept = [key for key in old if key in new]
    if kept != [key for key in new if key in old]:
        yield "the choices stand in another order"


def _label(choice: Tree, key: str) -> Tree:
    return (choice.get("label") if isinstance(choice, dict) else None) or key


def _reminders(tree: Tree) -> str:
    told = [f"after {_flat(one.get('after', '?'))} {_quoted(one.get('say'))}" for one in tree if isinstance(one, dict)]
    return "; ".join(told) or _quoted(tree)


def _gist(tree: Tree) -> str:
    """What a new step does, by its most telling key."""
    for key in ("ask", "say", "hand_off", "end", "then"):
        if isinstance(tree, dict) and key in tree:
            return f"`{key}` {_quoted(tree[key])}"
    return _quoted(tree)


def _quoted(tree: Tree) -> str:
    text = " ".join(_flat({} if tree is None else tree).split())
    return f"“{text if len(text) <= 160 else text[:159] + '…'}”"
