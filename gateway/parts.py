"""Cuts one message into the parts that a channel can carry: one part, one provider call.

Nothing of the text is lost and no visible character is cut in two. The menu stands on the last part.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final, Literal

import regex

from bots.kit.effects import Choice
from bots.kit.events import Media
from bots.kit.lines import Line
from bots.kit.values import value
from gateway.channels.base import Button, Limits, Outgoing
from gateway.channels.limits import LIMITS

MAX_DATA: Final = 64
"""Bytes of a button's data: https://core.telegram.org/bots/api#inlinekeyboardbutton"""

_GRAPHEME: Final = regex.compile(r"\X")
# Best first. A break is taken only in the last half of a part, so that parts do not come out in crumbs.
_BREAKS: Final = tuple(regex.compile(p) for p in (r"\n\s*\n", r"\n", r"(?<=[.!?…])\s+", r"\s+"))
_CAPTIONED: Final = frozenset({"photo", "document", "video"})


@value
class Part:
    """What one provider call will carry, before it has a number and an address."""

    kind: Literal["text", "media"]
    text: str = ""
    buttons: tuple[Button, ...] = ()
    ask_phone: str = ""
    media: Media | None = None
    files: tuple[Media, ...] = ()
    """All of a message's, where it carries them itself."""

    def payload(self) -> dict[str, Any]:
        """As the outbox keeps it: only what is there."""
        kept: dict[str, Any] = {"kind": self.kind, "text": self.text}
        if self.buttons:
            kept["buttons"] = [[button.data, button.label] for button in self.buttons]
        if self.ask_phone:
            kept["ask_phone"] = self.ask_phone
        if self.media:
            kept["media"] = asdict(self.media)
        if self.files:
            kept["files"] = [asdict(file) for file in self.files]
        return kept

    def outgoing(self, part: int, address: str) -> Outgoing:
        return Outgoing(
            part, address, self.kind, self.text, self.buttons, self.ask_phone, self.media, files=self.files
        )  # fmt: skip


def plan(
    text: str,
    choices: Sequence[Choice] = (),
    *,
    limits: Limits,
    data: Callable[[Choice], str] = lambda choice: choice.key,
    media: Sequence[Media] = (),
    ask_phone: str = "",
) -> tuple[Part, ...]:
    """`data` gives a button's opaque data, at most 64 bytes. `ask_phone` is the label of the phone button.

    Choices become buttons where all of them fit, else numbered lines; labels are numbered either way, so that a typed
    digit means the same everywhere. Nothing to say gives no parts.
    """
    if not (choices or media or ask_phone) and width(text, limits.unit) <= limits.text:
        return (Part("text", text.strip()),) if text.strip() else ()  # nearly every message
    phone_button = ask_phone if limits.asks_phone else ""
    # A message has one keyboard: beside the phone button the menu is written out.
    buttons = () if phone_button else _buttons(choices, limits, data)
    if (choices and not buttons) or not text.strip():
        text, buttons = _with_menu(text, choices), ()
    if limits.together and media:
        *before, end = split(text, limits.text, limits.unit) or [""]
        return (*(Part("text", piece) for piece in before), Part("media", end, files=tuple(media)))
    last = tuple(media[-1:])
    carried = bool(last) and last[0].kind in _CAPTIONED and 0 < width(text, limits.unit) <= limits.caption
    files = [Part("media", media=file) for file in (media[:-1] if carried else media)]
    if carried:
        return (*files, Part("media", text.strip(), buttons, phone_button, last[0]))
    pieces = split(text, limits.text, limits.unit)
    if not pieces and files and phone_button:
        files[-1] = Part("media", ask_phone=phone_button, media=files[-1].media)
    texts = [Part("text", piece) for piece in pieces[:-1]]
    texts += [Part("text", piece, buttons, phone_button) for piece in pieces[-1:]]
    return (*files, *texts)


def carried(channel: str, line: Line, ask_phone: str) -> tuple[Part, ...]:
    """What a line of a tried conversation would be on a channel of ours; nothing where it is no message of the bot.

    `ask_phone`: the label of the phone button.
    """
    limits = LIMITS.get(channel)
    if limits is None or line.said is None:
        return ()
    say = line.said
    return plan(say.text, say.choices, limits=limits, ask_phone=ask_phone if say.ask_phone else "")


def width(text: str, unit: Literal["utf16", "chars"]) -> int:
    return len(text) if unit == "chars" else len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, limit: int, unit: Literal["utf16", "chars"]) -> list[str]:
    """Pieces of at most `limit` units; at each cut the white space around it goes, all else stays."""
    pieces: list[str] = []
    rest = text.strip()
    while rest:
        if width(rest, unit) <= limit:
            return [*pieces, rest]
        room = _fitting(rest, limit, unit)
        cut = _best_break(rest, room)
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return pieces


def _fitting(text: str, limit: int, unit: Literal["utf16", "chars"]) -> int:
    """How many characters fit without cutting a grapheme; one grapheme longer than a part is cut all the same."""
    end = used = 0
    for cluster in _clusters(text, limit):
        used += width(cluster, unit)
        if used > limit:
            break
        end += len(cluster)
    if end:
        return end
    while end < len(text) and width(text[: end + 1], unit) <= limit:
        end += 1
    return max(end, 1)


def _clusters(text: str, limit: int) -> Iterator[str]:
    for found in _GRAPHEME.finditer(text, 0, min(len(text), limit + MAX_DATA)):
        yield found.group()


def _best_break(text: str, room: int) -> int:
    # One character past the room: a space that stands right behind a full part is a break too.
    for pattern in _BREAKS:
        found = [m.start() for m in pattern.finditer(text, room // 2, min(len(text), room + 1))]
        if found and found[-1] <= room:
            return found[-1]
    return room


def _buttons(choices: Sequence[Choice], limits: Limits, data: Callable[[Choice], str]) -> tuple[Button, ...]:
    """All of them as buttons, or none."""
    if not 0 < len(choices) <= limits.buttons:
        return ()
    buttons = tuple(Button(data(choice), label) for choice, label in zip(choices, _labels(choices), strict=True))
    fit = all(
        width(button.label, limits.unit) <= limits.label and 0 < len(button.data.encode()) <= MAX_DATA
        for button in buttons
    )
    return buttons if fit else ()


def _labels(choices: Sequence[Choice]) -> list[str]:
    labels = [" ".join(choice.label.split()) for choice in choices]
    numbered = all(regex.match(rf"{number}(?!\d)", label) for number, label in enumerate(labels, 1))
    # Whoever wrote the menu may have numbered it already.
    return labels if numbered else [f"{number}. {label}" for number, label in enumerate(labels, 1)]


def _with_menu(text: str, choices: Sequence[Choice]) -> str:
    return "\n\n".join(filter(None, (text.strip(), "\n".join(_labels(choices)))))
