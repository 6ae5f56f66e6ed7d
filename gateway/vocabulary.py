"""The words of a shop's playbook that people and programs may name, and what is said where they name one that is not there."""

from collections.abc import Collection, Iterable, Iterator
from itertools import chain

from bots.kit.duties import TaskKind
from bots.kit.problems import did_you_mean, shown
from bots.kit.script import Leave, TagAction, TaskAction
from bots.robots import effects as fx
from bots.robots.actions import Action, Task, Word
from bots.robots.rules import Robot, Trigger
from gateway.house import House


def task_kinds(house: House) -> dict[str, TaskKind]:
    """Those that are built in or declared, and whatever scripts and robots call theirs."""
    shop = house.playbook
    used = [one.kind for one in _actions(house) if isinstance(one, Task)]
    for script in house.scripts.values():
        for step in script.steps.values():
            used += [one.kind for one in step.actions if isinstance(one, TaskAction)]
            used += [step.finish.kind] if isinstance(step.finish, Leave) else []
    return {**shop.task_kinds, **{name: shop.task_kind(name) for name in used if name not in shop.task_kinds}}


def groups(house: House) -> set[str]:
    """What rules may call people together: of the sample team, and of whatever gives somebody something."""
    shop = house.playbook
    named = {word for rule in shop.assign.values() for word in (*rule.among, rule.absent, rule.then)}
    named |= {shop.overdue.to, *(source.responsible for source in shop.sources.values())}
    named |= {one.to for one in _actions(house) if isinstance(one, Task | Word | fx.Reassign)}
    ours = {group for member in shop.team.values() for group in member.groups}
    others = {*shop.assign, *shop.team, *(member.name for member in shop.team.values())}
    words = {"", "pool", "responsible", "manager", "head", "marketer", "admin"}
    return ours | (named - others - words)


def tags(house: House) -> set[str]:
    """That robots, triggers, scripts and sources put on deals."""
    found = {source.tag for source in house.playbook.sources.values() if source.tag}
    found |= {one.tag for one in _actions(house) if isinstance(one, fx.AddTag)}
    steps = chain.from_iterable(script.steps.values() for script in house.scripts.values())
    return found | {one.tag for step in steps for one in step.actions if isinstance(one, TagAction)}


def _actions(house: House) -> Iterator[Action]:
    board = house.playbook.board
    rules: Iterator[Robot | Trigger] = chain(*board.robots.values(), *board.triggers.values())
    for rule in rules:
        yield from rule.actions


def no_such(what: str, word: str, known: Iterable[str]) -> str:
    words: Collection[str] = list(dict.fromkeys(known))
    return f"there is no {what} '{shown(word)}'. {did_you_mean(word, words)}"
