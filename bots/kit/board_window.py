"""When a robot's or a trigger's message may land outside the hours in which a channel takes free text.

Nobody knows how long ago a customer wrote whose deal is moved; only who has just written did so surely.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final

from bots.kit.playbook import Playbook
from bots.kit.problems import Problem
from bots.kit.rooms import Room
from bots.kit.spans import Span
from bots.kit.window import MARGIN_MS, NEVER, longest_gap
from bots.robots.actions import Action, Message
from bots.robots.effects import HERE
from bots.robots.messages import CHANNELS
from bots.robots.rules import Robot, Trigger

SURE: Final = "sms"
"""Whoever has WhatsApp has a phone: what may go there too arrives, early or late."""
_HOUR: Final = 3_600_000


def too_late(playbook: Playbook, rooms: Mapping[str, Room]) -> Iterator[Problem]:
    """A finding for each message that may go to a channel when it takes none but what its provider has approved."""
    for channel, room in rooms.items():
        if not room.window_hours or not _used(playbook, channel):
            continue
        limit = room.window_hours * _HOUR - MARGIN_MS
        for rule, age in _aged(playbook):
            for one in rule.actions:
                if age > limit and isinstance(one, Message) and _may_go(one, rule, channel, playbook):
                    lacking = _unapproved(one, channel, playbook)
                    if lacking is not None:
                        yield _finding(one, rule, channel, room.window_hours, age, lacking)


def _aged(playbook: Playbook) -> Iterator[tuple[Robot | Trigger, int]]:
    """Each rule with how long ago, at most, the customer may have written when it acts."""
    entrances = {
        (source.funnel, source.stage)
        for name in ("message", *playbook.sources)
        if name in ("message", *CHANNELS) or name.startswith("link_")
        for source in (playbook.source(name),)
    }
    for place, robots in playbook.board.robots.items():
        ages: dict[str, int] = {}
        gap = longest_gap(playbook.working(place[0]))
        for robot in robots:
            since = ages.get(robot.after, 0 if place in entrances else NEVER)
            age = NEVER if robot.at or robot.every else since + _longest(robot.wait, gap) + gap * robot.working
            ages[robot.name] = age
            yield robot, age
    for triggers in playbook.board.triggers.values():
        yield from ((one, 0 if one.on == "message" else NEVER) for one in triggers)


def _longest(wait: Span, gap: int) -> int:
    return wait.least + (gap if wait.working else 0)


def _used(playbook: Playbook, channel: str) -> bool:
    """Whether the playbook speaks of the channel: a shop that has none is not told of it."""
    board = playbook.board
    rules: Iterator[Robot | Trigger] = chain(*board.robots.values(), *board.triggers.values())
    actions = [one for rule in rules for one in rule.actions]
    return (
        channel in playbook.sources
        or any(channel == of for one in playbook.templates.values() for of, _ in one.approvals)
        or any(_names(one, channel, playbook) for one in actions)
    )


def _names(action: Action, channel: str, playbook: Playbook) -> bool:
    """By its name, or as what a customer may wish."""
    if not isinstance(action, Message):
        return False
    wishes = [
        choice.lower().replace("-", "")
        for word in (*action.by, *action.also)
        if word not in CHANNELS and word in playbook.fields
        for choice in playbook.fields[word].choices
    ]
    return channel in (*action.by, *action.also, *wishes)


def _may_go(one: Message, rule: Robot | Trigger, channel: str, playbook: Playbook) -> bool:
    """Whether it may have to go by this channel, and by no other that surely takes it."""
    ways = (*one.by, *one.also)
    if SURE in ways:
        return False
    anywhere = not one.by or HERE in ways
    return _names(one, channel, playbook) or (anywhere and not _elsewhere(rule, channel))


def _elsewhere(rule: Robot | Trigger, channel: str) -> bool:
    """Its condition says that the conversation is on another channel."""
    return any(
        test.subject == "channel" and (test.operator, channel in test.values) in (("is", False), ("is not", True))
        for test in rule.tests
    )


def _unapproved(one: Message, channel: str, playbook: Playbook) -> tuple[str, ...] | None:
    """Languages in which its template may not go there; none at all: it has no template. None: nothing is lacking."""
    template = playbook.templates.get(one.template)
    if template is None:
        return ()
    found = {spoken: template.approval(channel, spoken) for spoken in template.languages()}
    return tuple(spoken for spoken, said in found.items() if said is None or said.state != "approved") or None


def _finding(
    one: Message, rule: Robot | Trigger, channel: str, window_hours: int, age: int, lacking: tuple[str, ...]
) -> Problem:
    when = (
        "nobody knows how long ago the customer wrote"
        if age >= NEVER
        else f"up to {age // _HOUR} h after their last message"
    )
    what = f"'{rule.name}' may write outside the {window_hours}-hour window of {channel}: {when}"
    if lacking:
        what += f", and template '{one.template}' is not approved there in {', '.join(lacking)}"
        remedy = f"Add '{channel}: …' with the provider's name for it to the template"
    else:
        remedy = f"Add 'template: …' that is approved for {channel}"
    return Problem(
        one.line or rule.line, 1, "warning", what, f"{remedy}, or '{SURE}' to 'by:' for when it is shut",
        "outside_window",
    )  # fmt: skip
