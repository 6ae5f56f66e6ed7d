"""A day that a customer names: `завтра`, `в пятницу`, `15.12`, `15 декабря`, `2025-12-15`, `через неделю`.

Total: any text in, one day or None out. What names two days names none.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from bots.kit.languages import Language

_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_DOTTED = re.compile(r"(?<![\d.,])(\d{1,2})[./](\d{1,2})(?:[./](\d{4}|\d{2}))?(?![\d])(?!\.\d)")
_WORD = re.compile(r"\d+|[^\W\d_]+")
_ALIKE = str.maketrans({"ё": "е", "'": "", "’": "", "ʼ": ""})
LONGEST = 200
_SOON = 3_660
"""Days: what leads further is a slip (2205 for 2025), and a bot that waits until then waits for ever."""


def day(text: str, language: Language, today: date, *, past: bool = False) -> date | None:
    """The day that the text names. Without `past` it is today or later: a day without a year is the next such day."""
    heard = text[:LONGEST].casefold().translate(_ALIKE)
    words = _WORD.findall(heard)
    for kind in (_written(heard, today, past), _month(words, language, today, past), _relative(words, language, today),
                 _weekday(words, language, today, past)):  # fmt: skip
        named = set(kind)
        if len(named) > 1:
            return None
        if named:
            one = named.pop()
            if one is None:
                return None
            return one if (one <= today if past else 0 <= (one - today).days <= _SOON) else None
    return None


def alone(text: str, language: Language, today: date) -> date | None:
    """The day of a text that says nothing besides it. One that is over only where no later one can be meant: `вчера`."""
    heard = text[:LONGEST].strip().casefold().translate(_ALIKE)
    words = _WORD.findall(heard)
    numbers = [word for word in words if word.isdecimal()]
    if not (_ISO.fullmatch(heard) or _DOTTED.fullmatch(heard)):
        if any(word in language.months for word in words):
            most = 2 if numbers and len(numbers[-1]) == 4 else 1
        else:
            most = int(language.after in words)
        if len(numbers) > most or not all(word.isdecimal() or _of_days(word, language) for word in words):
            return None
    return day(text, language, today) or day(text, language, today, past=True)


def _of_days(word: str, language: Language) -> bool:
    """Whether a word belongs to a day, or is as short as what stands before one: `в`, `на`."""
    known = (
        language.months, language.weekdays, language.days, language.day_units, language.next_words, language.numbers,
        language.year_words, (language.after,),
    )  # fmt: skip
    return any(word in words for words in known) or (len(word) < 3 and word != language.not_word)


def _written(heard: str, today: date, past: bool) -> Iterator[date | None]:
    for year, month, number in _ISO.findall(heard):
        yield _made(int(year), int(month), int(number))
    for number, month, year in _DOTTED.findall(_ISO.sub(" ", heard)):
        if year:
            yield _made(int(year) + (2000 if len(year) == 2 else 0), int(month), int(number))
        else:
            yield _nearest(int(month), int(number), today, past)


def _month(words: list[str], language: Language, today: date, past: bool) -> Iterator[date | None]:
    """`15 декабря`, `15 декабря 2025`."""
    for place, word in enumerate(words[1:], start=1):
        month, number = language.months.get(word), words[place - 1]
        if month is None or not number.isdecimal() or len(number) > 2:
            continue
        after = words[place + 1] if place + 1 < len(words) else ""
        if len(after) == 4 and after.isdecimal():
            yield _made(int(after), month, int(number))
        else:
            yield _nearest(month, int(number), today, past)


def _relative(words: list[str], language: Language, today: date) -> Iterator[date | None]:
    """`завтра`, `через неделю`, `через 3 дня`."""
    for place, word in enumerate(words):
        if word in language.days:
            yield today + timedelta(days=language.days[word])
        if word != language.after or place + 1 == len(words):
            continue
        following = words[place + 1]
        count = int(following) if following.isdecimal() and len(following) < 5 else language.numbers.get(following)
        unit = words[place + 2] if count is not None and place + 2 < len(words) else following
        length = language.day_units.get(unit)
        if length is not None and (1 if count is None else count) * length <= _SOON:
            yield today + timedelta(days=(1 if count is None else count) * length)


def _weekday(words: list[str], language: Language, today: date, past: bool) -> Iterator[date | None]:
    """`в пятницу` is the next one, `в следующую пятницу` that of the next week."""
    for place, word in enumerate(words):
        weekday = language.weekdays.get(word)
        if weekday is None:
            continue
        ahead = (weekday - today.weekday() - 1) % 7 + 1
        if past:
            yield today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)
        elif place and words[place - 1] in language.next_words:
            yield today + timedelta(days=7 - today.weekday() + weekday)
        else:
            yield today + timedelta(days=ahead)


def _nearest(month: int, number: int, today: date, past: bool) -> date | None:
    """The next such day of a year, or the last one that is over."""
    years = range(today.year, today.year - 9, -1) if past else range(today.year, today.year + 9)
    found = (_made(year, month, number) for year in years)
    return next((one for one in found if one is not None and (one <= today if past else one >= today)), None)


def _made(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None
