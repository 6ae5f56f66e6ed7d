"""Robots and triggers as the playbook writes them → the board, with everything that is wrong, by line.

A robot is a table: when (`in`, `every`, `after`, `at`, `before`, `working`), on which condition (`if`), and what (`do`).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bots.kit.business import OUTCOMES
from bots.kit.conditions import Test
from bots.kit.criteria import Askable, tests_of
from bots.kit.duties import WITH_STAGE
from bots.kit.problems import did_you_mean, nearest, shown
from bots.kit.reader import Items, Node, Scalar
from bots.kit.schema import (
    Findings,
    Section,
    duration_of,
    items_of,
    milliseconds,
    name_of,
    section,
    table_of,
    text_of,
    yes_of,
)
from bots.kit.spans import delay_of
from bots.robots.acting import action_of
from bots.robots.actions import Action, Task
from bots.robots.effects import CloseDeal, Convert, DeleteDeal, MoveStage, StartScript
from bots.robots.lines import Where
from bots.robots.office import Office
from bots.robots.rules import Board, Mention, Robot, Trigger

ROBOT_KEYS: Final = ("in", "every", "after", "at", "before", "working", "if", "do")
TRIGGER_KEYS: Final = ("on", "from", "if", "do")
_ROBOT_HINTS: Final = {
    **dict.fromkeys(("when", "delay", "wait", "later"), "How long after the deal came is 'in: 30m'"),
    **dict.fromkeys(("on", "from"), "What happens to a deal is heard by the funnel's 'triggers:'"),
    **dict.fromkeys(
        ("task", "message", "move", "close", "tag", "set"), "What it does goes under 'do:', '- ' before each line"
    ),
}
_TRIGGER_HINTS: Final = {
    **dict.fromkeys(("when", "event"), "What it hears is 'on: order paid'"),
    **dict.fromkeys(("stage", "stages"), "The stages in which it listens are 'from: [...]'"),
    **dict.fromkeys(("in", "after", "every", "at"), "A trigger acts at once: what comes later is a robot of a stage"),
}
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
_LEAVING: Final = (MoveStage, CloseDeal, Convert, DeleteDeal)
_ENDING: Final = (CloseDeal, DeleteDeal, Convert)
_MOVING: Final = (CloseDeal, DeleteDeal, MoveStage)


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
    told = {key: tuple(found) for key, found in heard.items()}
    return Board(robots, told, dates, passing, tuple(office.starts), tuple(office.heard))


def _robots(place: Place, names: set[str], office: Office) -> Iterator[Robot]:
    found = office.found
    table = table_of(place.robots, "robots", found)
    before = ""
    here: list[str] = []
    askable = office.askable((place.stage,), "A robot acts only in its own stage")
    for key, node in table.pairs[:MOST_ROBOTS] if table else ():
        one, name = _named(key, node, "robot", names, found)
        if one is None or not name:
            continue
        actions = _actions(key, one, Where(place.funnel, place.stages, (place.stage,)), office)
        if place.stage in OUTCOMES and any(isinstance(action, Task) and action.ends for action in actions):
            what = f"a deal never leaves '{place.stage}'"
            found.error(one.get("do") or key, what, f"Remove 'ends: {WITH_STAGE}'", "never_ends")
        if place.stage in OUTCOMES and any(isinstance(action, StartScript) for action in actions):
            what = "a bot does not begin in a deal that is closed"
            found.warn(
                one.get("do") or key, what, "Let it begin before the end, or give a task: '- task: …'", "never_starts"
            )
        after = _after(one, before, here, found)
        at = name_of(one.get("at"), "at", found) or ""
        if at:
            office.day(one.get("at") or key, at)
        if "before" in one and "in" in one:
            found.error(one.keys["before"], "'before' and 'in' exclude each other", "Keep one of them", "contradiction")
        if "before" in one and not at:
            found.error(one.keys["before"], "'before' says before what", "Add 'at: field' with the date", "misplaced")
        if at and after:
            found.error(
                one.keys["at"], "a robot keeps to a date or follows another", "Remove one of the two", "contradiction"
            )
        every = duration_of(one.get("every"), "every", found) or 0
        if 0 < every < SHORTEST_EVERY:
            found.error(one.keys["every"], "'every' is too often", "Write 1m or more", "not_a_length")
        yield Robot(
            name, place.funnel, place.stage, delay_of(one.get("in"), "in", found), every, after, at,
            duration_of(one.get("before"), "before", found) or 0, yes_of(one.get("working"), "working", found),
            _tests(one, askable, found), actions, key.line,
        )  # fmt: skip
        before = name
        here.append(name)
    if table and len(table.pairs) > MOST_ROBOTS:
        found.error(table.pairs[MOST_ROBOTS][0], f"more than {MOST_ROBOTS} robots", "Split the stage", "too_many")


def _after(one: Section, before: str, here: list[str], found: Findings) -> str:
    """The robot that this one follows; only one that stands above it in the same stage, so that none waits for itself."""
    node = one.get("after")
    if isinstance(node, Scalar) and milliseconds(node.text) is not None:
        what = f"'after' is '{shown(node.text)}', and it names a robot"
        found.error(
            node, what, f"Write 'in: {node.text}'; 'after: previous' counts it from the robot above", "unknown_robot"
        )
        return ""
    word = name_of(node, "after", found) or ""
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
        one, name = _named(key, value, "trigger", names, found)
        if one is None or not name:
            continue
        on, which = _happening(key, one, found)
        if on == "field" and which and (at_ := one.get("on")) is not None:
            office.heard.append(Mention(which, funnel, at_.line, at_.column))
        places = _from(one, stages, found)
        actions = _actions(key, one, Where(funnel, stages, places or stages[: -len(OUTCOMES)]), office)
        if on:
            tests = _tests(one, office.askable(places or stages), found)
            yield Trigger(name, funnel, on, which, places, tests, actions, key.line)
    if table and len(table.pairs) > MOST_TRIGGERS:
        found.error(
            table.pairs[MOST_TRIGGERS][0], f"more than {MOST_TRIGGERS} triggers", "Join some of them", "too_many"
        )


def _named(
    key: Scalar, node: Node, what: Literal["robot", "trigger"], names: set[str], found: Findings
) -> tuple[Section | None, str]:
    name = name_of(key, f"a {what}'s name", found)
    keys, hints = (ROBOT_KEYS, _ROBOT_HINTS) if what == "robot" else (TRIGGER_KEYS, _TRIGGER_HINTS)
    one = section(node, keys, f"{what} '{shown(key.text)}'", found, hints)
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
    if isinstance(node, Items):
        found.error(node, "a trigger hears one thing", "Write a trigger for each of them", "unknown_trigger")
        return "", ""
    words = (text_of(node, "on", found) or "").split()
    if not words:
        return "", ""
    kind, which = words[0], " ".join(words[1:])
    known = HAPPENINGS.get(kind, ())
    if kind not in HAPPENINGS:
        found.error(node, f"nothing is called '{shown(' '.join(words))}'", _meant(words), "unknown_trigger")
        return "", ""
    if which and known is not None and which not in known:
        remedy = did_you_mean(which, known, f"Without it, 'on: {kind}' is any") if known else f"Write 'on: {kind}'"
        found.error(node, f"there is no '{kind} {shown(which)}'", remedy, "unknown_trigger")
    return kind, which


def _meant(words: Sequence[str]) -> str:
    """The remedy for what nobody hears: the pair that was said the other way round, or by half; else the nearest word."""
    pairs = {f"{kind} {which}": which for kind, known in HAPPENINGS.items() for which in known or ()}
    *rest, last = words
    if rest and last in HAPPENINGS:
        known = HAPPENINGS[last]
        which = " ".join(rest) if known is None else nearest("_".join(rest), known)
        return f"Did you mean '{last} {which}'?" if which else f"Did you mean '{last}'?"
    halves = [pair for pair, which in pairs.items() if which == "_".join(words)]
    if halves:
        return f"Did you mean '{halves[0]}'?"
    return did_you_mean(" ".join(words), (*HAPPENINGS, *pairs))


def _from(one: Section, stages: tuple[str, ...], found: Findings) -> tuple[str, ...]:
    node = one.get("from")
    nodes = (node,) if isinstance(node, Scalar) else items_of(node, "from", found)
    named = []
    for at in nodes:
        stage = text_of(at, "from", found) or ""
        if stage and stage not in stages:
            found.error(at, f"the funnel has no stage '{shown(stage)}'", did_you_mean(stage, stages), "unknown_stage")
        elif stage in OUTCOMES:
            what = f"nothing is heard any more of a deal in '{stage}'"
            found.error(at, what, f"Give the stage '{stage}' a robot instead", "impossible")
            continue
        named.append(stage)
    if isinstance(node, Items) and not nodes:
        found.error(
            node, "'from' names no stage", "Name one, or remove the line: then it listens in all of them", "no_value"
        )
    return tuple(named)


def _tests(one: Section, askable: Askable, found: Findings) -> tuple[Test, ...]:
    table = table_of(one.get("if"), "if", found)
    return tuple(test for key, node in (table.pairs if table else ()) for test in tests_of(key, node, askable, found))


def _actions(key: Scalar, one: Section, where: Where, office: Office) -> tuple[Action, ...]:
    node = one.get("do")
    if node is None:
        office.found.error(key, f"'{key.text}' does nothing", "Add 'do:' with what it does", "no_value")
        return ()
    todo = items_of(node, "do", office.found)
    if isinstance(node, Items) and not todo:
        office.found.error(node, f"'{key.text}' does nothing", "Write what it does: [{tag: …}, {move: …}]", "no_value")
    done: list[Action] = []
    given: list[Node] = []
    moved: Literal["", "moved", "ended"] = ""
    for item in todo:
        action = action_of(item, where, office)
        if action is None:
            continue
        done.append(action)
        # What stands below a line that takes the deal away comes too late.
        if moved == "ended" and isinstance(action, _MOVING):
            office.found.error(item, "a line above it has ended the deal", "Remove one of the two", "contradiction")
        elif moved and isinstance(action, MoveStage):
            office.found.warn(item, "a line above it has moved the deal already", "Keep the last one", "contradiction")
        if isinstance(action, _ENDING) or (isinstance(action, MoveStage) and action.stage in OUTCOMES):
            moved = "ended"
        elif isinstance(action, MoveStage) and not moved:
            moved = "moved"
        if isinstance(action, Task) and action.ends:
            given.append(item)
        elif isinstance(action, _LEAVING):
            _end_at_once(given, office.found)
    return tuple(done)


def _end_at_once(given: list[Node], found: Findings) -> None:
    """Tasks that end with the stage, above a line that leaves it."""
    while given:
        what = "the task would end at once: the deal leaves the stage in a line below"
        found.error(given.pop(), what, f"Put it behind that line, or remove 'ends: {WITH_STAGE}'", "ends_at_once")
