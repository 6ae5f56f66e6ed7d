"""What the channels can carry, held against a script: lengths, buttons, labels, each in the channel's own unit."""

from collections.abc import Iterator, Mapping
from typing import Literal, Protocol

from bots.kit.problems import Problem
from bots.kit.script import Ask, SayAction, Script
from bots.kit.words import Said, Text

LONGEST_KEY = 38
"""Bytes of a choice's name: a button carries the run's number and the turn beside it, in 64."""


class Room(Protocol):
    """The limits of one channel; the gateway's channels have them."""

    @property
    def text(self) -> int: ...
    @property
    def unit(self) -> Literal["utf16", "chars"]: ...
    @property
    def buttons(self) -> int: ...
    @property
    def label(self) -> int: ...
    @property
    def window_hours(self) -> int: ...
    @property
    def together(self) -> int: ...


def width(text: str, unit: Literal["utf16", "chars"]) -> int:
    return len(text) if unit == "chars" else len(text.encode("utf-16-le", "surrogatepass")) // 2


def too_much(script: Script, rooms: Mapping[str, Room]) -> Iterator[Problem]:
    """What a channel would cut into several messages, or show as a numbered list where buttons were meant."""
    for step in script.steps.values():
        ask = step.finish if isinstance(step.finish, Ask) else None
        said: list[tuple[Said, int]] = [(one.text, one.line) for one in step.actions if isinstance(one, SayAction)]
        if ask is not None:
            said.append((ask.question, ask.silence.line))
            said.extend((reminder.text, reminder.line) for reminder in ask.silence.reminders)
        for channel, room in rooms.items():
            for text, line in said:
                yield from _long(text, line, channel, room, script)
            if ask is not None:
                yield from _buttons(ask, channel, room, script)
        if ask is not None:
            for option, button in zip(ask.options, ask.buttons, strict=True):
                if len(button.key.encode()) > LONGEST_KEY:
                    what = (
                        f"the name of choice '{button.key}' is too long for a button: the menu becomes a numbered list"
                    )
                    yield Problem(option.line, 1, "warning", what, f"Shorten it to {LONGEST_KEY} bytes", "long_key")


def _worded(said: Said, channel: str, script: Script) -> Iterator[Text]:
    """What may be said on this channel."""
    if isinstance(said, Text):
        yield said
    else:
        picked = [said.pick(language, channel) for language in script.languages]
        yield from {id(text): text for text in picked}.values()


def _long(said: Said, line: int, channel: str, room: Room, script: Script) -> Iterator[Problem]:
    for text in _worded(said, channel, script):
        long = sum(width(part, room.unit) for part in text.parts if isinstance(part, str))
        if long > room.text:
            what = f"the text has {long} characters; {channel} carries {room.text} in one message, so it is cut into several"
            yield Problem(line, 1, "warning", what, f"Shorten it, or write a shorter one for '{channel}:'", "too_long")


def _buttons(ask: Ask, channel: str, room: Room, script: Script) -> Iterator[Problem]:
    if not room.buttons or not ask.options:
        return
    if len(ask.options) > room.buttons:
        what = (
            f"{len(ask.options)} choices; {channel} has room for {room.buttons} buttons, so they become a numbered list"
        )
        yield Problem(
            ask.silence.line, 1, "warning", what, "Leave some out, or split the question in two", "too_many_buttons"
        )
        return
    for place, option in enumerate(ask.options, start=1):
        label = option.worded.pick(script.languages[0], channel).plain or "" if option.worded else option.label
        numbered = f"{place}. {label}"
        if width(numbered, room.unit) > room.label:
            what = f"label '{numbered}' is longer than {room.label}, the most that {channel} shows on a button: all become a numbered list"
            remedy = f"Write a shorter one: label: {{default: …, {channel}: …}}"
            yield Problem(option.line, 1, "warning", what, remedy, "long_label")
