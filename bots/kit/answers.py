"""What a customer's words mean: a number of a menu, a word of it, a quantity, a phone, a VIN, a wish for a person.

Every function is total and bounded: any text in, an answer or None out.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import phonenumbers
from rapidfuzz import fuzz, process

from bots.kit.languages import Language

_NOT_WORD = re.compile(r"[\W_]+")
_NUMBER = re.compile(
    r"(?<![\w.,])(?:[-\u2212]?\d{1,3}(?:[ \u00a0]\d{3})+(?!\d)(?:[.,]\d+)?|[-\u2212]?\d+(?:[.,]\d+)?)(?![.,]?\d|[^\W\d_]+\d)"
)
"""`1,000,000`, `5w40` and `0x10` are none: half of a number is worse than no answer."""
_ALIKE = str.maketrans({"ё": "е", "'": "", "’": "", "ʼ": ""})
_AS_WRITTEN = str.maketrans({" ": "", "\u00a0": "", ",": ".", "\u2212": "-"})
_ALNUM = re.compile(r"[A-Z0-9]+")

LONGEST_HINT = 200
"""A longer text is a story, not a choice: no guesses are made in it."""
_WHOLE_CUTOFF = 78
_WORD_CUTOFF = 84
_MARGIN = 5
_SHORTEST_GUESS = 4
_HALF_MORE = "+"
"""No normalised text holds it."""


def normalise(text: str) -> str:
    """Lower case, ё as е, punctuation and emoji gone, one space between words. `2️⃣`, `№2`, `2)` and `2.` are all `2`.

    An apostrophe is gone without a space: п'ять is пять.
    """
    return _NOT_WORD.sub(" ", text.casefold().translate(_ALIKE)).strip()


# -- a choice of a menu ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Menu:
    """A menu prepared for look-ups. Options count from 0."""

    keys: Mapping[str, int]
    exact: Mapping[str, int]
    phrases: tuple[tuple[str, int], ...]
    """Padded with spaces, longest first."""
    heads: frozenset[str]
    """First words of the phrases: a text without any of them holds no phrase."""
    guesses: tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...]]
    """The phrases that a text may nearly name, shortest first; how long each is, and whose."""
    language: Language


def menu(options: Iterable[tuple[str, str, tuple[str, ...]]], language: Language) -> tuple[Menu, list[tuple[int, str]]]:
    """A menu of (key, label, words), and the words that two options both claim, as (option, word)."""
    keys: dict[str, int] = {}
    exact: dict[str, int] = {}
    clashes: list[tuple[int, str]] = []
    listed = list(options)
    for place, (key, label, words) in enumerate(listed):
        keys[key] = place
        own = {"yes": language.yes, "no": language.no}.get(key, ())
        for phrase in (label, *words, *own):
            spoken = normalise(phrase)
            if not spoken or spoken.isdigit():
                continue
            if exact.setdefault(spoken, place) != place:
                clashes.append((place, phrase))
    said = sorted(exact.items(), key=lambda item: (-len(item[0]), item[0]))
    numbered = {str(place + 1): place for place in range(len(listed))}
    spelled = {word: number - 1 for word, number in language.numbers.items() if 1 <= number <= len(listed)}
    spotted = [(phrase, place) for phrase, place in said if len(phrase) > 2]
    return (
        Menu(
            keys,
            {**spelled, **exact, **numbered},
            tuple((f" {phrase} ", place) for phrase, place in spotted),
            frozenset(phrase.split()[0] for phrase, _ in spotted),
            _guesses(said),
            language,
        ),
        clashes,
    )


def _guesses(said: list[tuple[str, int]]) -> tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...]]:
    long = [one for one in reversed(said) if len(one[0]) >= _SHORTEST_GUESS]
    return (
        tuple(phrase for phrase, _ in long),
        tuple(len(phrase) for phrase, _ in long),
        tuple(place for _, place in long),
    )


def chosen(menu: Menu, spoken: str) -> int | None:
    """The option that was plainly named: its number, its label, one of its words. `spoken` is normalised."""
    found = menu.exact.get(spoken)
    if found is not None or not spoken or len(spoken) > LONGEST_HINT:
        return found
    words = spoken.split()
    if menu.language.fillers.isdisjoint(words):
        return None
    return menu.exact.get(" ".join(word for word in words if word not in menu.language.fillers))


def guessed(menu: Menu, spoken: str) -> int | None:
    """The one option that the text speaks of or nearly names; None where none does, or two do."""
    if not spoken or len(spoken) > LONGEST_HINT:
        return None
    words = spoken.split()
    if menu.language.not_word in words:
        return None
    if not menu.heads.isdisjoint(words):
        padded = f" {spoken} "
        mentioned = {place for phrase, place in menu.phrases if phrase in padded}
        if mentioned:
            return mentioned.pop() if len(mentioned) == 1 else None
    if len(spoken) <= 40:
        best = _nearest(menu, spoken, _WHOLE_CUTOFF)
        if best is not None:
            return best
    near = {place for word in words[:12] if len(word) > 4 and (place := _nearest(menu, word, _WORD_CUTOFF)) is not None}
    return near.pop() if len(near) == 1 else None


def _nearest(menu: Menu, text: str, cutoff: int) -> int | None:
    """Two lengths bound how alike texts can be, `200 * shorter / (one + other)` per cent: others are not looked at."""
    phrases, lengths, owners = menu.guesses
    length = len(text)
    first = bisect_left(lengths, -(-length * cutoff // (200 - cutoff)))
    last = bisect_right(lengths, length * (200 - cutoff) // cutoff)
    if first == last or length < _SHORTEST_GUESS or text.replace(" ", "").isdigit():
        return None
    found = process.extract(text, phrases[first:last], scorer=fuzz.ratio, score_cutoff=cutoff, limit=6)
    if not found:
        return None
    _, best, at = found[0]
    owner = owners[first + at]
    rival = any(owners[first + other] != owner and best - score < _MARGIN for _, score, other in found[1:])
    return None if rival else owner


# -- a wish for a person ---------------------------------------------------------------------------------------------


def asks_for_person(spoken: str, language: Language) -> bool:
    """Whether a normalised text asks for a person: as a whole, or by a phrase that can mean nothing else."""
    if not spoken:
        return False
    if len(spoken) <= 60:
        bare = " ".join(word for word in spoken.split() if word not in language.fillers)
        if bare in language.person_words:
            return True
    heard = spoken[:1000]
    words = heard.split()
    if language.person_heads.keys().isdisjoint(words):
        return False
    padded = f" {heard} "
    return any(phrase in padded for word in words for phrase in language.person_heads.get(word, ()))


# -- the first words -------------------------------------------------------------------------------------------------


def tells(text: str, language: Language) -> bool:
    """Whether a text says more than a greeting, a number or a command of the channel: `привет, подскажите` tells nothing."""
    words = () if text.startswith("/") else normalise(text).split()
    small = language.fillers | language.greetings
    return any(word not in small and any(map(str.isalpha, word)) for word in words)


# -- phrases -------------------------------------------------------------------------------------------------------


def phrase(spoken: str, phrases: Iterable[tuple[str, str]]) -> str | None:
    """The first of the phrases (as normalised, as written) that a normalised text holds, as it was written."""
    padded = f" {spoken[:1000]} "
    return next((written for bare, written in phrases if f" {bare} " in padded), None)


# -- quantities, phones, VINs ----------------------------------------------------------------------------------------


def number(text: str, language: Language, low: int, high: int) -> int | float | None:
    """The one number of a text (`2`, `4 шт.`, `две`, `1 500,5`) within bounds; None where there is none or several."""
    found = _NUMBER.findall(text[:LONGEST_HINT])
    if not found and (half := _with_a_half(normalise(text[:LONGEST_HINT]), language)) is not None:
        return half if low <= half <= high else None
    if not found:
        spelled = {
            language.numbers[word] for word in normalise(text[:LONGEST_HINT]).split() if word in language.numbers
        }
        value: float | int | None = spelled.pop() if len(spelled) == 1 else None
    elif len(found) == 1 and len(found[0]) <= 15:
        digits = found[0].translate(_AS_WRITTEN)
        value = float(digits) if "." in digits else int(digits)
        value = int(value) if value == int(value) else value
    else:
        return None
    if value is None or not low <= value <= high:
        return None
    # `двадцать пять` is not five, and `5 тысяч` is not five either.
    return value if language.greater.isdisjoint(normalise(text[:LONGEST_HINT]).split()) else None


def _with_a_half(spoken: str, language: Language) -> int | float | None:
    """`полтора`, `полторы тысячи`, `two and a half`, where it is the one number of a normalised text."""
    words = f" {spoken} ".replace(f" {language.and_a_half} ", f" {_HALF_MORE} ").split()
    places = [place for place, word in enumerate(words) if word == _HALF_MORE or word in language.halves]
    if len(places) != 1:
        return None
    end = places[0] + 1
    begin, value = end - 1, 1.5
    if words[begin] == _HALF_MORE:
        begin -= 1
        if begin < 0 or words[begin] not in language.numbers:
            return None
        value = language.numbers[words[begin]] + 0.5
    if end < len(words) and words[end] in language.scales:
        value *= language.scales[words[end]]
        end += 1
    besides = {*words[:begin], *words[end:]}
    if not besides.isdisjoint(language.greater) or not besides.isdisjoint(language.numbers):
        return None
    return int(value) if value == int(value) else value


def phone(text: str, country: str) -> str | None:
    """The first valid phone number of a text, as E.164."""
    if sum(map(str.isdigit, text[:LONGEST_HINT])) < 5:
        return None
    for match in phonenumbers.PhoneNumberMatcher(text[:LONGEST_HINT], country, max_tries=5):
        e164: str = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        return e164
    return None


EMAIL = re.compile(r"[^\s@<>()\[\],;:\"«»]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}")
_PLACE = re.compile(r"(?<![\d.])(-?\d{1,3}\.\d{3,}) ?[,;] ?(-?\d{1,3}\.\d{3,})(?![\d.])")


def email(text: str) -> str | None:
    """The one e-mail address of a text, its domain in lower case."""
    found = set(EMAIL.findall(text[:LONGEST_HINT]))
    if len(found) != 1:
        return None
    local, _, domain = found.pop().partition("@")
    return f"{local.strip('.')}@{domain.lower()}" if local.strip(".") else None


def location(text: str) -> str | None:
    """A place on the map, as `latitude, longitude` in degrees."""
    place = _PLACE.search(text[:LONGEST_HINT])
    if place is None or abs(float(place[1])) > 90 or abs(float(place[2])) > 180:
        return None
    return f"{place[1]}, {place[2]}"


_LOOK_ALIKE = str.maketrans("АВЕКМНОРСТУХІЅЈOIQ", "ABEKMH0PCTYX1SJ010")
"""Cyrillic letters that look Latin, and the letters that a VIN never has but people read into it."""
_VIN_LENGTH = 17


def vin(text: str) -> str | None:
    """The VIN in a text: 17 of A–Z and 0–9 without I, O, Q. Spaces and dashes inside it are forgiven."""
    shouted = text[:2000].upper().translate(_LOOK_ALIKE)
    runs: list[str] = _ALNUM.findall(shouted)
    for run in runs:
        if len(run) == _VIN_LENGTH and sum(map(str.isdigit, run)) >= 4 and not run.isdigit():
            return run
    for start in range(len(runs)):
        joined = ""
        for run in runs[start : start + 8]:
            joined += run
            if len(joined) >= _VIN_LENGTH:
                break
        if (
            len(joined) == _VIN_LENGTH
            and joined[-4:].isdigit()
            and sum(map(str.isdigit, joined)) >= 5
            and not joined.isdigit()
        ):
            return joined
    return None
