"""Prepared messages: worded by language and channel, filled in by name, approved by a provider or not. Pure.

Nothing is guessed: a value that is not there is told by its name, and what is to be written by hand is a blank, `{_term}`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from bots.kit import names
from bots.kit.filters import FILTERS
from bots.kit.words import Said, Slot, Text, Variants, as_text, capped, wordings

State = Literal["approved", "pending", "rejected", "paused"]
STATES: Final[tuple[State, ...]] = ("approved", "pending", "rejected", "paused")

MANAGER: Final = "manager"
OF_DEAL: Final[Mapping[str, str]] = {
    "name": "имя клиента", "phone": "телефон клиента", "email": "e-mail клиента", "channel": "канал, на который уйдёт сообщение",
    MANAGER: "имя менеджера, который пишет; если пишет робот — ответственного", "shop": "название магазина", "deal": "номер сделки", "title": "название сделки",
}  # fmt: skip
"""What is known of every deal, by the name that a template calls it."""
_BREAKS: Final = re.compile(r"[^\S\u00a0]+")
"""All white space but what keeps the digits of a sum together."""
NAME: Final = "name"
LONGEST_VALUE: Final = 300
"""Characters of a template's value: WhatsApp takes a thousand for all of the message."""
BLANK: Final = "_"
"""Begins the name of what a manager writes in by hand."""


def number(variable: str) -> bool:
    """Whether a provider calls it so: 1, 2 and on."""
    return variable.isascii() and variable.isdigit()


@dataclass(frozen=True, slots=True)
class Approval:
    """A provider's word on a template, on one channel and in one language."""

    id: str
    """The provider's own name for it."""
    state: State = "approved"
    values: tuple[str, ...] = ()
    """The variables that the provider knows as 1, 2 and so on, in that order."""


@dataclass(frozen=True, slots=True)
class Template:
    name: str
    text: Said
    main: str
    """The language of a text that says none."""
    title: str = ""
    subject: Said | None = None
    approvals: Mapping[tuple[str, str], Approval] = field(default_factory=dict)
    """By (channel, language)."""
    attach: tuple[str, ...] = ()
    """Files of the playbook's folder, or https addresses."""
    line: int = 0
    lines: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Where each wording stands, by (language, channel)."""

    @property
    def ids(self) -> Mapping[str, str]:
        """By channel: what may go out at any time, in the main language."""
        return {
            channel: one.id
            for (channel, language), one in self.approvals.items()
            if language == self.main and one.state == "approved"
        }

    @property
    def values(self) -> int:
        """How many numbered values a provider knows it with."""
        return max((len(one.values) for one in self.approvals.values()), default=0)

    @property
    def numbered(self) -> bool:
        """Written with {1}, {2}: whoever sends it says what they are."""
        return any(number(slot.field) for text in wordings(self.text) for slot in text.slots())

    def languages(self) -> tuple[str, ...]:
        """That it is worded in, the main one first."""
        said = self.text.texts if isinstance(self.text, Variants) else {}
        return tuple(dict.fromkeys([self.main, *(language for language, _ in said if language)]))

    def spoken(self, language: str) -> str:
        """The language that a reader of this one gets."""
        return language if language in self.languages() else self.main

    def worded(self, language: str, channel: str) -> Text:
        return self.text if isinstance(self.text, Text) else self.text.pick(self.spoken(language), channel)

    def headed(self, language: str, channel: str) -> Text | None:
        """The subject, for where there is one."""
        said = self.subject
        return said if said is None or isinstance(said, Text) else said.pick(self.spoken(language), channel)

    def approval(self, channel: str, language: str) -> Approval | None:
        return self.approvals.get((channel, self.spoken(language)))

    def names(self) -> tuple[str, ...]:
        """All that may be filled in, in any wording."""
        heads = wordings(self.subject) if self.subject is not None else ()
        return tuple(dict.fromkeys(slot.field for text in (*wordings(self.text), *heads) for slot in text.slots()))

    @property
    def blanks(self) -> tuple[str, ...]:
        """What somebody must write in: no machine can send it without being given them."""
        return tuple(name for name in self.names() if name.startswith(BLANK))


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with its values in, and what it lacks. `text` shows a gap as it is written: {order}."""

    text: str
    values: Mapping[str, str] = field(default_factory=dict)
    """By variable, as they stand in the text."""
    empty: tuple[str, ...] = ()
    """Variables without value and without a word to say instead."""
    blanks: tuple[str, ...] = ()
    """What is still to be written by hand."""
    doubts: tuple[str, ...] = ()
    """What is odd about the customer's name, where it is said."""


def fill(
    text: Text, look_up: Callable[[str], object], given: Mapping[str, str], *, unseen: bool, flat: bool = False, plain: bool = False,
) -> Filled:  # fmt: skip
    """Fill in a text. `given` goes before what is looked up, and is not doubted.

    `unseen`: nobody reads it before it leaves, so a doubtful name gives way to what is to be said instead. `flat`: the
    values on one line, as providers want them, and short where nobody reads them. `plain`: the name is looked into only where `|proper` asks for it.
    """
    out: list[str] = []
    values: dict[str, str] = {}
    gaps: dict[str, None] = {}
    doubts: tuple[str, ...] = ()
    for part in text.parts:
        if isinstance(part, str):
            out.append(part)
            continue
        if part.field == NAME and NAME not in given and not (plain and FILTERS["proper"] not in part.filters):
            value, doubts = _called(part, as_text(look_up(NAME)), unseen=unseen)
        else:
            value = part.value(lambda name: given[name] if name in given else look_up(name))
        value = value or part.default
        if flat:
            value = _BREAKS.sub(" ", value)
            value = shortened(value) if unseen else value
        if not value:
            gaps[part.field] = None
        values.setdefault(part.field, value)
        out.append(value or f"{{{part.field}}}")
    return Filled(
        capped("".join(out)).strip(), values, tuple(name for name in gaps if not name.startswith(BLANK)),
        tuple(name for name in gaps if name.startswith(BLANK)), doubts,
    )  # fmt: skip


def shortened(value: str) -> str:
    """As much of a value as a provider's template takes."""
    return value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 1]}…"


def _called(slot: Slot, raw: str, *, unseen: bool) -> tuple[str, tuple[str, ...]]:
    """How the customer is called here, and what is odd about it. Nothing to call them by is no name at all."""
    name = names.read(raw)
    if not any(c.isalpha() for c in name.full) or (unseen and name.doubtful):
        return "", name.doubts
    first = FILTERS["first"] in slot.filters
    rest = [change for change in slot.filters if change not in (FILTERS["first"], FILTERS["proper"])]
    value = name.first if first else name.full
    for change in rest:
        value = change(value)
    return value, name.doubts


def as_written(text: Text) -> str:
    """A text as one looks for it: gaps by their names."""
    return "".join(part if isinstance(part, str) else f"{{{part.field}}}" for part in text.parts)
