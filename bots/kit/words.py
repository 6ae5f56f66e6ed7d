"""Texts with {placeholders}: parsed once into parts, filled in without running anything.

A placeholder is `{field}`, `{field|filter}` or `{field|filter or what to say instead}`. Values go in as they are and
are never looked at again, so a customer called `{secret}` stays `{secret}`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

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


def _first(text: str) -> str:
    return text.split(maxsplit=1)[0] if text.strip() else ""


def _proper(text: str) -> str:
    """иван ПЕТРОВ → Иван Петров, анна-мария → Анна-Мария."""
    return " ".join("-".join(part[:1].upper() + part[1:].lower() for part in word.split("-")) for word in text.split())


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _money(text: str) -> str:
    """Minor units → 1 234,50 (thousands apart, no pennies where there are none)."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 15:
        return text
    whole, cents = divmod(int(digits), 100)
    grouped = f"{whole:,}".replace(",", "\u00a0")
    return ("-" if text.startswith("-") else "") + grouped + (f",{cents:02d}" if cents else "")


def _date(text: str) -> str:
    """2025-12-15 → 15.12.2025; of a day with an hour, 2025-12-15T18:00, the day."""
    day = text[:10] if text[10:11] in ("T", " ") and _time(text) else text
    parts = day.split("-")
    return ".".join(reversed(parts)) if len(parts) == 3 and len(day) == 10 and day.replace("-", "").isdigit() else text


def _time(text: str) -> str:
    """2025-12-15T18:00 → 18:00; nothing where no hour is named."""
    hour, _, rest = text[11:].partition(":")
    minute = rest[:2]
    whole = text[10:11] in ("T", " ") and len(hour) == len(minute) == 2 and (hour + minute).isdecimal()
    return f"{hour}:{minute}" if whole and hour < "24" and minute < "60" else ""


def _price(text: str) -> str:
    """Money; the sign of the shop's currency is put behind it by `Text.fill`."""
    return _money(text)


SIGNS: Mapping[str, str] = {"RUB": "₽", "UAH": "₴", "EUR": "€", "USD": "$", "KZT": "₸", "BYN": "Br", "GBP": "£"}


_MOST_SLOTS = 100
_MOST_WRONG = 20
"""In one text: who has mended those looks again."""

FILTERS: Mapping[str, Callable[[str], str]] = {
    "first": _first,
    "proper": _proper,
    "capital": _capital,
    "lower": str.lower,
    "upper": str.upper,
    "money": _money,
    "price": _price,
    "date": _date,
    "time": _time,
}


@dataclass(frozen=True, slots=True)
class Slot:
    """One placeholder: the field's name, what is done to its value, and what stands there when it is empty."""

    field: str
    filters: tuple[Callable[[str], str], ...] = ()
    default: str = ""

    def value(self, look_up: Callable[[str], object]) -> str:
        """What stands there; empty where nothing is known."""
        value = as_text(look_up(self.field))[:_SAFE_CHARS].strip()
        for change in self.filters:
            value = change(value)
            if change is _price and value:
                currency = as_text(look_up(CURRENCY))
                value = f"{value}\u00a0{SIGNS.get(currency, currency)}".strip()
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


def as_text(value: object) -> str:
    """A field's value as a person reads it."""
    match value:
        case str():
            return value
        case bool():
            return "да" if value else "нет"
        case int():
            return str(value) if value.bit_length() < 64 else ""
        case float():
            return f"{value:g}"
        case list() | tuple():
            return ", ".join(filter(None, map(as_text, value[:50])))
        case _:
            return ""


def capped(text: str) -> str:
    if len(text) <= _SAFE_CHARS:
        return text
    raw = text.encode("utf-8", "replace")
    return text if len(raw) <= MOST_BYTES else raw[: MOST_BYTES - 3].decode("utf-8", "ignore") + "…"


def parse(text: str, known: Mapping[str, str]) -> tuple[Text, list[tuple[str, str]]]:
    """The parts of a text, and what is wrong with it as (what, remedy). One pass: no way to be slow."""
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
        slot = _slot(text[opened + 1 : closed], known, wrong)
        if slot is not None:
            parts.append(slot)
            if len(parts) > 2 * _MOST_SLOTS:
                wrong.append((f"more than {_MOST_SLOTS} placeholders in one text", "Cut the text in two"))
                break
        at = closed + 1
    whole = "".join(part for part in parts if isinstance(part, str))
    constant = all(isinstance(part, str) for part in parts)
    return Text(tuple(parts), capped(whole).strip() if constant else None), wrong


def _slot(inside: str, known: Mapping[str, str], wrong: list[tuple[str, str]]) -> Slot | None:
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
            filters.append(FILTERS[name])
        else:
            wrong.append((f"no filter is called '{shown(name)}'", did_you_mean(name, FILTERS)))
    return Slot(field, tuple(filters), default.strip())
