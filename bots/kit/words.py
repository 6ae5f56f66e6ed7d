"""Texts with {placeholders}: parsed once into parts, filled in without running anything.

A placeholder is `{field}`, `{field|filter}` or `{field|filter or what to say instead}`. Values go in as they are and
are never looked at again, so a customer called `{secret}` stays `{secret}`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bots.kit.filters import FILTERS, PRICES, filters_in, signed
from bots.kit.problems import did_you_mean, shown

MOST_BYTES = 8_192
"""Of a filled-in text. Longer values are cut, not refused: the customer must get an answer."""

BUILT_IN = ("name", "channel")
"""What every placeholder may name without being declared."""
CURRENCY = "currency"
"""Looked up for the filter `price`."""
_MOST_FILTERS = 4
_MOST_WRONG = 20
"""Of one text: past so many mistakes it is not read on."""
_SAFE_CHARS = MOST_BYTES // 4
_MOST_SLOTS = 100

_YES_NO: Mapping[str, tuple[str, str]] = {"ru": ("да", "нет"), "uk": ("так", "ні"), "en": ("yes", "no")}


@dataclass(frozen=True, slots=True)
class Slot:
    """One placeholder: the field's name, what is done to its value, and what stands there when it is empty."""

    field: str
    filters: tuple[Callable[[str], str], ...] = ()
    default: str = ""
    language: str = ""
    """That the text is in."""

    def value(self, look_up: Callable[[str], object]) -> str:
        """What stands there; empty where nothing is known."""
        value = as_text(look_up(self.field), self.language)[:_SAFE_CHARS].strip()
        for change in self.filters:
            value = change(value)
            if change in PRICES and value:
                value = signed(value, as_text(look_up(CURRENCY)), before=change is not PRICES[0])
        return value


@dataclass(frozen=True, slots=True)
class Text:
    """A parsed text. `plain` is the whole of it where nothing has to be filled in."""

    parts: tuple[str | Slot, ...]
    plain: str | None

    def fill(self, look_up: Callable[[str], object]) -> str:
        """The text with its values in. Never raises; at most 8 KB."""
        if self.plain is not None:
            return self.plain
        out = []
        for part in self.parts:
            if isinstance(part, str):
                out.append(part)
                continue
            out.append(part.value(look_up) or part.default)
        return capped("".join(out)).strip()

    def slots(self) -> tuple[Slot, ...]:
        return tuple(part for part in self.parts if isinstance(part, Slot))


@dataclass(frozen=True, slots=True)
class Variants:
    """One text worded for several languages and channels. An empty word stands for any other."""

    texts: Mapping[tuple[str, str], Text]
    """By (language, channel). There is always one for a customer of whom nothing is known."""
    main: str
    """The language that everybody gets who has no other."""

    def pick(self, language: str, channel: str) -> Text:
        """The wording that fits best: the language before the channel."""
        for key in ((language, channel), (language, ""), ("", channel), ("", ""), (self.main, channel)):
            found = self.texts.get(key)
            if found is not None:
                return found
        return self.texts.get((self.main, "")) or next(iter(self.texts.values()))


class Anything(dict[str, str]):
    """Names of which nobody knows yet which there are: each may be one."""

    def __contains__(self, _: object) -> bool:
        return True


Said = Text | Variants


def wordings(said: Said) -> tuple[Text, ...]:
    """Every wording of a text."""
    return (said,) if isinstance(said, Text) else tuple(said.texts.values())


def filled_with(text: Text, about: Mapping[str, str]) -> Text:
    """The text with what is known beforehand put in for good."""
    if not any(slot.field in about for slot in text.slots()):
        return text
    parts = tuple(
        part if isinstance(part, str) or part.field not in about else Text((part,), None).fill(about.__getitem__)
        for part in text.parts
    )
    constant = all(isinstance(part, str) for part in parts)
    return Text(parts, capped("".join(map(str, parts))).strip() if constant else None)


def plain(text: str) -> Text:
    """A text that is taken as it is."""
    return Text((text,), capped(text).strip())


def as_text(value: object, language: str = "") -> str:
    """A field's value as a person reads it."""
    match value:
        case str():
            return value
        case bool():
            yes, no = _YES_NO.get(language, _YES_NO["ru"])
            return yes if value else no
        case int():
            return str(value) if value.bit_length() < 64 else ""
        case float():
            return f"{value:g}"
        case list() | tuple():
            return ", ".join(filter(None, (as_text(one, language) for one in value[:50])))
        case _:
            return ""


def capped(text: str) -> str:
    if len(text) <= _SAFE_CHARS:
        return text
    raw = text.encode("utf-8", "replace")
    return text if len(raw) <= MOST_BYTES else raw[: MOST_BYTES - 3].decode("utf-8", "ignore") + "…"


def parse(text: str, known: Mapping[str, str], language: str = "") -> tuple[Text, list[tuple[str, str]]]:
    """The parts of a text, and what is wrong with it as (what, remedy). One pass: no way to be slow.

    `language`: that it is in; sums and days are put in as it writes them.
    """
    parts: list[str | Slot] = []
    wrong: list[tuple[str, str]] = []
    at = 0
    while at < len(text) and len(wrong) < _MOST_WRONG:
        opened = text.find("{", at)
        literal = text[at:] if opened < 0 else text[at:opened]
        if "}" in literal:
            wrong.append(("a } stands without its {", "Braces are kept for placeholders: {name}"))
        if literal:
            parts.append(literal)
        if opened < 0:
            break
        if text[opened : opened + 2] in ("{{", "{%", "{#"):
            wrong.append((f"'{shown(text[opened : opened + 20])}' is not allowed", "Use one pair of braces: {name}"))
            break
        closed = text.find("}", opened)
        if closed < 0:
            wrong.append(("a { is never closed", "Write the placeholder as {name}"))
            break
        slot = _slot(text[opened + 1 : closed], known, language, wrong)
        if slot is not None:
            parts.append(slot)
            if len(parts) > 2 * _MOST_SLOTS:
                wrong.append((f"more than {_MOST_SLOTS} placeholders in one text", "Cut the text in two"))
                break
        at = closed + 1
    whole = "".join(part for part in parts if isinstance(part, str))
    constant = all(isinstance(part, str) for part in parts)
    return Text(tuple(parts), capped(whole).strip() if constant else None), wrong


def _slot(inside: str, known: Mapping[str, str], language: str, wrong: list[tuple[str, str]]) -> Slot | None:
    head, _, default = inside.partition(" or ")
    field, *names = (word.strip() for word in head.split("|"))
    if not field.replace("_", "a").isalnum() or len(field) > 64:
        wrong.append(
            (
                f"'{{{shown(inside)}}}' is not allowed",
                "Only a field's name, filters and a default: {name|first or друг}",
            )
        )
        return None
    if field not in known:
        wrong.append((f"no field is called '{shown(field)}'", did_you_mean(field, known)))
        return None
    if len(names) > _MOST_FILTERS:
        wrong.append((f"'{shown(inside)}' has too many filters", f"At most {_MOST_FILTERS}"))
        return None
    filters = []
    for name in names:
        if name in FILTERS:
            filters.append(filters_in(language)[name])
        else:
            wrong.append((f"no filter is called '{shown(name)}'", did_you_mean(name, FILTERS)))
    return Slot(field, tuple(filters), default.strip(), language)
