"""Funnels as the playbook writes them: stages, with what is wanted of them and what happens in them by itself."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bots.kit.business import OUTCOMES, Funnel, Outcome, Stage
from bots.kit.criteria import tests_of
from bots.kit.opening import calendar_named
from bots.kit.problems import nearest, shown
from bots.kit.reader import Node, Scalar, Table
from bots.kit.schema import Findings, items_of, name_of, section, table_of, text_of, texts_of
from bots.kit.spans import delay_of
from bots.kit.words import filled_with, parse
from bots.robots.actions import Task
from bots.robots.office import Office
from bots.robots.reading import Place, board_of
from bots.robots.rules import Board, Robot

FUNNEL_KEYS: Final = ("title", "group", "stages", "won", "lost", "triggers", "calendar")
STAGE_KEYS: Final = ("title", "criteria", "age", "late if", "required", "robots")
CLOSING_KEYS: Final = ("title", "criteria", "required", "robots")
_AGE_HINT: Final = "How long a deal may stay is 'age: 30m'"
_STAGE_HINTS: Final = {
    **dict.fromkeys(("late", "limit", "deadline", "timeout", "max", "due"), _AGE_HINT),
    **dict.fromkeys(
        ("do", "tasks", "task", "message", "triggers", "bots"), "What happens here by itself goes under 'robots:'"
    ),
}
AGE: Final = "age"
"""The name of the robot that watches a stage's `age`."""
_DAY: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class ReadFunnel:
    """A funnel, and what of it can be read only when all of the playbook is known."""

    funnel: Funnel
    robots: Mapping[str, Node]
    """By stage."""
    triggers: Node | None
    wanted: tuple[Node, ...]
    """The names of required fields, as they are written."""
    lates: Mapping[str, Node]
    """By stage: on which conditions its age counts."""
    group: Node | None
    """As it is written."""


def read_funnels(node: Node | None, calendars: Collection[str], found: Findings) -> tuple[ReadFunnel, ...]:
    table = table_of(node, "funnels", found)
    read = (_funnel(key, value, calendars, found) for key, value in (table.pairs if table else ()))
    funnels = tuple(one for one in read if one is not None)
    _look_at_groups(funnels, found)
    return funnels


def _look_at_groups(funnels: Sequence[ReadFunnel], found: Findings) -> None:
    """Any word may be a group's, so one that has nearly the name of another is only doubted."""
    groups = [one.funnel.slot for one in funnels]
    for one in funnels:
        name, group = one.funnel.name, one.funnel.slot
        if one.group is None or group == name or groups.count(group) > 1:
            continue
        if near := nearest(group, dict.fromkeys(word for word in (name, *groups) if word != group), least=80):
            what = f"only funnel '{name}' is of group '{group}', which may be meant so: a contact may have an open deal in it besides those of other groups"
            found.warn(one.group, what, f"Did you mean '{near}'?", "unknown_group")


def board(funnels: Sequence[ReadFunnel], office: Office) -> Board:
    """Robots and triggers, read with all that the playbook has."""
    for one in funnels:
        for node in one.wanted:
            if isinstance(node, Scalar):
                office.known_field(node, node.text)
    names = {one.funnel.name: tuple(stage.name for stage in one.funnel.stages) for one in funnels}
    places = [
        Place(one.funnel.name, stage, names[one.funnel.name], node)
        for one in funnels
        for stage, node in one.robots.items()
    ]
    triggers = [(one.funnel.name, names[one.funnel.name], one.triggers) for one in funnels]
    return board_of(places, triggers, office, tuple(_watches(funnels, office)))


def _watches(funnels: Sequence[ReadFunnel], office: Office) -> Iterator[Robot]:
    """A stage with an `age` has one robot more: it calls for the responsible, and again every day while nothing moves."""
    for one in funnels:
        for stage in one.funnel.stages:
            late = table_of(one.lates.get(stage.name), "late if", office.found)
            tests = [
                test
                for key, node in (late.pairs if late else ())
                for test in tests_of(key, node, office.askable((stage.name,)), office.found)
            ]
            if late and not stage.age:
                office.found.error(
                    late, "'late if' says when the age counts", "Add 'age: 30m' to the stage", "misplaced"
                )
            if stage.age:
                text, _ = parse(office.spoken.too_old, {"stage_title": ""})
                task = Task("late", filled_with(text, {"stage_title": stage.title}), ends="stage")
                yield Robot(
                    AGE, one.funnel.name, stage.name, stage.age, every=_DAY, working=stage.age.working,
                    tests=tuple(tests), actions=(task,),
                )  # fmt: skip


def _funnel(key: Scalar, node: Node, calendars: Collection[str], found: Findings) -> ReadFunnel | None:
    name = name_of(key, "a funnel's name", found)
    one = section(node, FUNNEL_KEYS, f"funnel '{shown(key.text)}'", found)
    if one is None or name is None:
        return None
    stages: list[Stage] = []
    robots: dict[str, Node] = {}
    lates: dict[str, Node] = {}
    wanted: list[Node] = []
    table = table_of(one.get("stages"), "stages", found)
    for at, value in table.pairs if table else ():
        stage = name_of(at, "a name in stages", found)
        if stage in OUTCOMES:
            what = f"'{stage}' is a stage's name in funnel '{name}'"
            found.error(at, what, "It is kept for the end: rename the stage", "twice")
        elif stage is not None and (read := _stage(stage, None, value, robots, lates, wanted, found)) is not None:
            stages.append(read)
    if not stages:
        what = f"funnel '{name}' has no stages"
        found.error(key, what, "Add 'stages:' with at least one 'name: title'", "no_value")
    for outcome in OUTCOMES:
        value_ = one.get(outcome)
        if value_ is None:
            what = f"funnel '{name}' does not say what '{outcome}' is called"
            found.error(key, what, f"Add '{outcome}: title'", "no_value")
        closing = _stage(outcome, outcome, value_, robots, lates, wanted, found) if value_ is not None else None
        stages.append(closing or Stage(outcome, outcome, outcome))
    title = text_of(one.get("title"), "title", found)
    group = name_of(one.get("group"), "group", found) or name
    calendar = calendar_named(one.get("calendar"), calendars, found)
    return ReadFunnel(
        Funnel(name, title or name, group, tuple(stages), calendar),
        robots,
        one.get("triggers"),
        tuple(wanted),
        lates,
        one.get("group"),
    )


def _stage(
    name: str, outcome: Outcome | None, node: Node, robots: dict[str, Node], lates: dict[str, Node], wanted: list[Node],
    found: Findings,
) -> Stage | None:  # fmt: skip
    """A title, or a table that also says what is wanted and what happens here by itself."""
    if not isinstance(node, Table):
        title = text_of(node, f"the title of '{shown(name)}'", found)
        return Stage(name, title, outcome) if title else None
    one = section(node, CLOSING_KEYS if outcome else STAGE_KEYS, f"stage '{name}'", found, _STAGE_HINTS)
    if one is None:
        return None
    if (here := one.get("robots")) is not None:
        robots[name] = here
    if (late := one.get("late if")) is not None:
        lates[name] = late
    required = one.get("required")
    wanted += (required,) if isinstance(required, Scalar) else items_of(required, "required", found)
    return Stage(
        name,
        text_of(one.get("title"), "title", found) or name,
        outcome,
        text_of(one.get("criteria"), "criteria", found) or "",
        delay_of(one.get("age"), "age", found),
        texts_of(required, "required", found),
    )


def titles_of(node: Node | None, what: str, found: Findings) -> dict[str, str]:
    """A table of machine name → title."""
    titles: dict[str, str] = {}
    table = table_of(node, what, found)
    for key, value in table.pairs if table else ():
        name = name_of(key, f"a name in {what}", found)
        title = text_of(value, f"the title of '{shown(key.text)}'", found)
        if name and title:
            titles[name] = title
    return titles
