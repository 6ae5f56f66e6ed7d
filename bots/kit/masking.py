"""What may be about somebody, taken out of a text: phones, e-mails, VINs, names, long numbers. What stands there instead reads alike.

The same thing is the same mask throughout one `Mask`. A program cannot know every name: whoever keeps a masked text reads it first.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

import phonenumbers

from bots.kit.answers import EMAIL, vin

NOBODY: Final = "Клиент"
"""Whoever it was."""

_LINK = re.compile(r"(?:https?://|www\.|t\.me/|wa\.me/)\S+", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w@.])@\w{3,64}")
_MAY_BE_VIN = re.compile(r"(?<!\w)(?=((?:[^\W_][ \-]{0,2}){16}[^\W_])(?!\w))")
_PLATE = re.compile(
    r"(?<!\w)[авекмнорстухabekmhopctyx]\d{3}[авекмнорстухabekmhopctyx]{2} ?\d{2,3}(?!\w)", re.IGNORECASE
)
_LONG_NUMBER = re.compile(r"\d(?:[ \u00a0\-]?\d){7,}|\d{5,}")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_TOLD = re.compile(
    r"(\b(?:меня зовут|зовут|мо[её] имя|имя|фио|фамилия|получатель|мене звати|звати|ім'я|прізвище|отримувач|my name is)\b[\s:—-]*)"
    r"((?:[^\W\d_]{2,}[ \-]?){1,3})",
    re.IGNORECASE,
)
"""Somebody says what they are called; in which language is nobody's guess."""
_PATRONYMIC = re.compile(
    r"(?:\b[А-ЯЁІЇЄ][а-яёіїє]+ )?\b[А-ЯЁІЇЄ][а-яёіїє]{2,}(?:(?:ович|евич|йович)(?:[ауеі]|ем)?|(?:овн|евн|ичн|івн)(?:[аыуеиі]|ой|ою))\b"
)
"""With the name before it."""
_ENDINGS = "(?:[аеиоуыюяєї]|ом|ем|ой|ей|ою|ею|ым|ого|ому|ові|еві)?"
_SHORTEST_NAME = 3
_KEPT_TAIL = 7
"""Digits of a phone that are its owner's; those before them are the country's and the operator's."""


class Mask:
    """Mutable: it remembers what it has masked."""

    def __init__(self, names: Iterable[str], country: str) -> None:
        self._country = country
        self._known: dict[tuple[str, str], str] = {}
        self._counts: Counter[str] = Counter()
        self._made: set[str] = set()
        """Long numbers that stand in masks: they are nobody's."""
        words = {word for name in names for word in _WORD.findall(name) if len(word) >= _SHORTEST_NAME}
        stems = sorted((re.escape(_stem(word)) for word in words), key=len, reverse=True)
        self._names = re.compile(rf"(?<!\w)(?:{'|'.join(stems)}){_ENDINGS}(?!\w)", re.IGNORECASE) if stems else None

    def text(self, text: str) -> str:
        text = _LINK.sub(lambda found: self._as("link", found[0], "https://example.com/{}"), text)
        text = EMAIL.sub(lambda found: self._as("mail", found[0].lower(), "client{}@example.com"), text)
        text = _HANDLE.sub(lambda found: self._as("handle", found[0].lower(), "@client{}"), text)
        text = self._vins(text)
        text = self._phones(text)
        text = _PLATE.sub("а000аа77", text)
        text = _LONG_NUMBER.sub(lambda found: self._digits(found[0], 1), text)
        return self._people(text)

    def phone(self, phone: str) -> str:
        """One that the channel vouches for."""
        return self._phones(phone) if phone else ""

    def name(self, name: str) -> str:
        return NOBODY if name.strip() else ""

    # -- one kind each ---------------------------------------------------------------------------------------------

    def _as(self, kind: str, seen: str, form: str) -> str:
        if (kind, seen) not in self._known:
            self._counts[kind] += 1
            self._known[kind, seen] = masked = form.format(self._counts[kind])
            self._made.update(_LONG_NUMBER.findall(masked))
        return self._known[kind, seen]

    def _vins(self, text: str) -> str:
        place = 0
        while (found := _MAY_BE_VIN.search(text, place)) is not None:
            seen = vin(found[1])
            place = found.start() + 1
            if seen is not None and sum(map(str.isalnum, found[1])) == len(seen):
                masked = self._as("vin", seen, "XTA21099{:09d}")
                text = text[: found.start()] + masked + text[found.end(1) :]
                place = found.start() + len(masked)
        return text

    def _phones(self, text: str) -> str:
        for found in reversed(list(phonenumbers.PhoneNumberMatcher(text, self._country, max_tries=100))):
            masked = self._phone(found.raw_string, found.number)
            text = text[: found.start] + masked + text[found.end :]
        return text

    def _phone(self, raw: str, number: phonenumbers.PhoneNumber) -> str:
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        n = int(self._as("phone", e164, "{}"))
        keep = max(sum(map(str.isdigit, raw)) - _KEPT_TAIL, 1)
        masked = raw
        for first in "0123456789":  # not all numbers are somebody's to have: a bot must still take it for a phone
            masked = _filled(raw, keep, f"{first}{n:06d}")
            read = next(iter(phonenumbers.PhoneNumberMatcher(masked, self._country)), None)
            if read is not None and read.raw_string == masked:
                break
        self._made.update(_LONG_NUMBER.findall(masked))
        return masked

    def _digits(self, raw: str, keep: int) -> str:
        """As many digits, the first as it was: a number stays about as big."""
        if raw in self._made:
            return raw
        length = sum(map(str.isdigit, raw)) - keep
        n = self._as("number", re.sub(r"\D", "", raw), "{}")
        return _filled(raw, keep, n.rjust(length, "0")[-length:])

    def _people(self, text: str) -> str:
        text = _TOLD.sub(lambda found: found[1] + NOBODY + (" " if found[2].endswith(" ") else ""), text)
        text = _PATRONYMIC.sub(NOBODY, text)
        if self._names is not None:
            text = self._names.sub(NOBODY, text)
        return re.sub(rf"{NOBODY}(?: {NOBODY})+", NOBODY, text)


def _stem(word: str) -> str:
    """Of a name in any of its forms: without the vowel that it ends in, where enough is left."""
    return word[:-1] if len(word) > _SHORTEST_NAME and word[-1].lower() in "аеёиоуыьэюяйіїє" else word


def _filled(raw: str, keep: int, digits: str) -> str:
    """The text with its digits after the first `keep` replaced in order; everything between them stays."""
    left, fresh, said = keep, iter(digits), []
    for sign in raw:
        if sign.isdigit():
            said.append(sign if left > 0 else next(fresh, sign))
            left -= 1
        else:
            said.append(sign)
    return "".join(said)
