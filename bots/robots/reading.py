"""Robots and triggers as the playbook writes them → the board, with everything that is wrong, by line.

A robot is a table: when (`in`, `every`, `after`, `at`, `before`, `working`), on which condition (`if`), and what (`do`).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bots.kit.conditions import Test
from bots.kit.criteria import tests_of
from bots.kit.problems import did_you_mean, shown
from bots.kit.reader import Node, Scalar
from bots.kit.schema import Findings, Section, duration_of, items_of, name_of, section, table_of, text_of, yes_of
from bots.kit.spans import delay_of
from bots.robots import effects as fx
from bots.robots.acting import WITH_STAGE, action_of
from bots.robots.actions import Action, Task
from bots.robots.office import Office
from bots.robots.rules import Board, Robot, Trigger

ROBOT_KEYS: Final = ("in", "every", "after", "at", "before", "working", "if", "do")
TRIGGER_KEYS: Final = ("on", "from", "if", "do")
HAPPENINGS: Final[Mapping[str, tuple[str, ...] | None]] = {
    "message": (),
    "call": ("missed", "answered", "unanswered"),
    "form": None,
    "mail": (),
    "order": ("placed", "paid", "in_work", "item_refused", "sync_lost", "ready", "handed_over", "sent", "cancelled"),
    "parcel": (
        "created", "accepted", "in_transit", "arrived", "collected", "money_received", "refused", "returned",
    ),
    "payment": (),
    "refund": (),
    "visit": None,
    "tag": None,
    "field": None,
}  # fmt: skip
"""What triggers hear, and which of each kind there are: none, these, or any word."""
MOST_ROBOTS: Final = 40
"""Of one stage."""
MOST_TRIGGERS: Final = 100
SHORTEST_EVERY: Final = 60_000
_CLOSING: Final = ("won", "lost")
_LEAVING: Final = (fx.MoveStage, fx.CloseDeal, fx.Convert, fx.DeleteDeal)


@dataclass(frozen=True, slots=True)
class Place:
    """A stage as it was read, with its robots unread."""

    funnel: str
    stage: str
    stages: tuple[str, ...]
    """Of the funnel, in order; the closing ones last."""
    robots: Node | None


def board_of(
    places: Sequence[Place],
    triggers: Sequence[tuple[str, tuple[str, ...], Node | None]],
    office: Office,
    watches: Sequence[Robot] = (),
) -> Board:
    """`triggers`: funnel, its stages, and the table; `watches`: robots that are not written out, and come last."""
    robots: dict[tuple[str, str], tuple[Robot, ...]] = {}
    names: defaultdict[str, set[str]] = defaultdict(set)
    for place in places:
        if found := tuple(_robots(place, names[place.funnel], office)):
            robots[place.funnel, place.stage] = found
    for watch in watches:
        names[watch.funnel].add(watch.name)
        robots[watch.funnel, watch.stage] = (*robots.get((watch.funnel, watch.stage), ()), watch)
    heard: defaultdict[tuple[str, str], list[Trigger]] = defaultdict(list)
    for funnel, stages, node in triggers:
        for trigger in _triggers(funnel, stages, node, names[funnel], office):
            heard[funnel, trigger.on].append(trigger)
    dates = frozenset(robot.at for stage in robots.values() for robot in stage if robot.at)
    every: list[Robot | Trigger] = [
        *(one for stage in robots.values() for one in stage),
        *(one for found in heard.values() for one in found),
    ]
    passing = frozenset(one.funnel for one in every if any(isinstance(do, Task) and do.ends for do in one.actions))
    return Board(robots, {key: tuple(found) for key, found in heard.items()}, dates, passing)


def _robots(place: Place, names: set[str], office: Office) -> Iterator[Robot]:
    found = office.found
    table = table_of(place.robots, "robots", found)
    before = ""
    here: list[str] = []
    for key, node in table.pairs[:MOST_ROBOTS] if table else ():
        one, name = _named(key, node, ROBOT_KEYS, "robot", names, found)
        if one is None or not name:
            continue
        actions = _actions(key, one, place.funnel, place.stages, office)
        if place.stage in _CLOSING and any(isinstance(action, Task) and action.ends for action in actions):
            what = f"a deal never leaves '{place.stage}'"
            found.error(one.get("do") or key, what, f"Remove 'ends: {WITH_STAGE}'", "never_ends")
        after = _after(one, before, here, found)
        at = name_of(one.get("at"), "at", found) or ""
        if at:
            office.known_field(one.get("at") or key, at)
        if "before" in one and not at:
            found.error(one.keys["before"], "'before' says before what", "Add 'at: field' with the date", "misplaced")
        if at and after:
            found.error(
                one.keys["at"], "a robot keeps to a date or follows another", "Remove one of the two", "contradiction"
            )
        every = duration_of(one.get("every"), "every", found) or 0
        if 0 < every < SHORTEST_EVERY:
            found.error(one.keys["every"], "every is too often", "Write 1m or more", "not_a_length")
        yield Robot(
            name, place.funnel, place.stage, delay_of(one.get("in"), "in", found), every, after, at,
            duration_of(one.get("before"), "before", found) or 0, yes_of(one.get("working"), "working", found),
            _tests(one, office), actions, key.line,
        )  # fmt: skip
        before = name
        here.append(name)
    if table and len(table.pairs) > MOST_ROBOTS:
        found.error(table.pairs[MOST_ROBOTS][0], f"more than {MOST_ROBOTS} robots", "Split the stage", "too_many")


def _after(one: Section, before: str, here: list[str], found: Findings) -> str:
    """The robot that this one follows; only one that stands above it in the same stage, so that none waits for itself."""
    word = name_of(one.get("after"), "after", found) or ""
    node = one.get("after")
    if not word or node is None:
        return ""
    if word == "previous" and not before:
        found.error(
            node, "there is no robot before this one", "Remove 'after', or move the robot down", "unknown_robot"
        )
        return ""
    if word != "previous" and word not in here:
        what = f"no robot above it in this stage is called '{shown(word)}'"
        found.error(node, what, did_you_mean(word, ("previous", *here)), "unknown_robot")
        return ""
    return before if word == "previous" else word


def _triggers(
    funnel: str, stages: tuple[str, ...], node: Node | None, names: set[str], office: Office
) -> Iterator[Trigger]:
    found = office.found
    table = table_of(node, "triggers", found)
    for key, value in table.pairs[:MOST_TRIGGERS] if table else ():
        one, name = _named(key, value, TRIGGER_KEYS, "trigger", names, found)
        if one is None or not name:
            continue
        on, which = _happening(key, one, found)
        places = _from(one, stages, found)
        actions = _actions(key, one, funnel, stages, office)
        if on:
            yield Trigger(name, funnel, on, which, places, _tests(one, office), actions, key.line)


def _named(
    key: Scalar, node: Node, keys: tuple[str, ...], what: str, names: set[str], found: Findings
) -> tuple[Section | None, str]:
    name = name_of(key, f"a {what}'s name", found)
    one = section(node, keys, f"{what} '{shown(key.text)}'", found)
    if name in names:
        found.error(key, f"'{shown(key.text)}' is there twice in this funnel", "Give each a name of its own", "twice")
        return None, ""
    if name in ("previous", "age"):
        found.error(key, f"'{name}' is no name", "Choose another", "not_a_name")
    if name:
        names.add(name)
    return one, name or ""


def _happening(key: Scalar, one: Section, found: Findings) -> tuple[str, str]:
    node = one.get("on")
    if node is None:
        found.error(
            key, f"trigger '{key.text}' does not say on what", "Add 'on: order paid', 'on: message' …", "no_value"
        )
        return "", ""
    words = (text_of(node, "on", found) or "").split()
    kind, which = (words[0] if words else ""), " ".join(words[1:])
    if kind not in HAPPENINGS:
        found.error(node, f"nothing is called '{shown(kind)}'", did_you_mean(kind, HAPPENINGS), "unknown_trigger")
        return "", ""
    known = HAPPENINGS[kind]
    if which and known is not None and which not in known:
        remedy = did_you_mean(which, known) if known else f"Write 'on: {kind}'"
        found.error(node, f"there is no '{kind} {shown(which)}'", remedy, "unknown_trigger")
    return kind, which


def _from(one: Section, stages: tuple[str, ...], found: Findings) -> tuple[str, ...]:
    node = one.get("from")
    nodes = (node,) if isinstance(node, Scalar) else items_of(node, "from", found)
    named = []
    for at in nodes:
        stage = text_of(at, "from", found) or ""
        if stage and stage not in stages:
            found.error(at, f"the funnel has no stage '{shown(stage)}'", did_you_mean(stage, stages), "unknown_stage")
        named.append(stage)
    return tuple(named)


def _tests(one: Section, office: Office) -> tuple[Test, ...]:
    table = table_of(one.get("if"), "if", office.found)
    return tuple(
        test
        for key, node in (table.pairs if table else ())
        for test in tests_of(key, node, office.fields, office.found)
    )


def _actions(key: Scalar, one: Section, funnel: str, stages: tuple[str, ...], office: Office) -> tuple[Action, ...]:
    node = one.get("do")
    if node is None:
        office.found.error(key, f"'{key.text}' does nothing", "Add 'do:' with what it does", "no_value")
        return ()
    todo = items_of(node, "do", office.found)
    done = [action_of(item, funnel, stages, office) for item in todo]
    leaves = next((n for n in range(len(done) - 1, -1, -1) if isinstance(done[n], _LEAVING)), 0)
    for item, action in zip(todo[:leaves], done, strict=False):
        if isinstance(action, Task) and action.ends:
            what = "the task would end at once: the deal leaves the stage in a line below"
            office.found.error(item, what, f"Put it behind that line, or remove 'ends: {WITH_STAGE}'", "ends_at_once")
    return tuple(action for action in done if action is not None)
