"""People's names as one writes them in a greeting, and what makes one doubtful. Pure, and never an error.

Customers sign themselves as they like: `иВАН`, `Петров Иван Сергеевич`, `Дом 2`. A machine that greets by such a word
looks foolish, so whoever writes unseen says something else in its place.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

MENDED: Final = frozenset({"case", "order"})
"""What has been put right already: worth a look, no reason to leave the name out."""
_MOST_CHARS = 40
_MOST_WORDS = 3

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’ʼ`][^\W\d_]+)*")
_VOWEL: Final = re.compile(r"[аеёиоуыэюяіїєaeiouyáàâäãåæéèêëíìîïóòôöõøúùûüýÿąęőű]")
_CROWD: Final = re.compile(r"[бвгджзйклмнпрстфхцчшщъьbcdfghjklmnpqrstvwxz]{6}")
_THRICE: Final = re.compile(r"(.)\1\1")
_ROW_OF_KEYS: Final = re.compile("йцук|фыв|ячсм|олдж|qwer|asdf|zxcv")
_APOSTROPHE: Final = re.compile(r"(?<=['’`ʼ])(?=\w\w)")
_PATRONYMIC: Final = re.compile(
    r".{2,}(?:[оеє]вич|ьич|[оеє]вна|ична|[иі]нична|[иіїо]вна|ївна)|(?:иль|лук|фом|кузьм|никит)ич"
)
_SURNAME: Final = re.compile(r".{3,}(?:[оеё]в|[оеё]ва|ский|ская|цкий|цкая|ськ?ий|ська|енко|чук|щук)")
_COMPANY: Final = frozenset(
    [
        "ооо",
        "оао",
        "зао",
        "пао",
        "ао",
        "ип",
        "чп",
        "тоо",
        "тов",
        "тзов",
        "фоп",
        "нко",
        "гк",
        "ltd",
        "llc",
        "inc",
        "gmbh",
        "ooo",
        "corp",
        "company",
        "компания",
        "компанія",
        "фирма",
        "фірма",
        "магазин",
        "завод",
        "автосервис",
        "автосервіс",
        "сервис",
        "сервіс",
        "сто",
        "склад",
        "офис",
        "офіс",
    ]
)
_NO_NAME: Final = frozenset(
    [
        "клиент",
        "клієнт",
        "покупатель",
        "покупець",
        "заказ",
        "замовлення",
        "заявка",
        "дом",
        "дім",
        "квартира",
        "мама",
        "папа",
        "тато",
        "бабушка",
        "дед",
        "муж",
        "жена",
        "телефон",
        "номер",
        "имя",
        "ім'я",
        "фамилия",
        "прізвище",
        "нет",
        "ні",
        "да",
        "так",
        "тест",
        "test",
        "qwerty",
        "asdf",
        "user",
        "username",
        "admin",
        "client",
        "customer",
        "guest",
        "unknown",
        "none",
        "null",
        "name",
        "гость",
        "гість",
        "аноним",
        "анонім",
        "anonymous",
        "директор",
        "менеджер",
        "админ",
        "адмін",
        "привет",
        "привіт",
        "здравствуйте",
        "hello",
        "авто",
        "машина",
        "запчасти",
        "запчастини",
        "whatsapp",
        "telegram",
        "viber",
    ]
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name, put right as far as it can be."""

    full: str
    """In proper case, spaces as they should be."""
    first: str
    """What the person is called in a greeting: without the surname, and without the patronymic."""
    doubts: tuple[str, ...] = ()
    """Machine words, the gravest first."""

    @property
    def doubtful(self) -> bool:
        """Not to be said by a machine that nobody reads over."""
        return any(doubt not in MENDED for doubt in self.doubts)


def read(raw: str) -> Name:
    """The name that somebody has given of themselves. Doubts: `empty`, `digits`, `symbols`, `company`, `no_name`,
    `letter` (a single one), `alphabets` (two of them), `nonsense`, `patronymic` (nothing beside it), `long`; and what
    has been mended: `order` (the surname stood first), `case`.
    """
    written = " ".join("".join(c for c in raw[:200] if c.isspace() or c.isprintable()).split())
    words = written.split()
    if not words:
        return Name("", "", ("empty",))
    proper = [_proper(word) for word in words]
    first, turned = _first(proper)
    doubts = _doubts(written, words, first)
    if turned:
        doubts.append("order")
    if any(_odd(word) for word in words):
        doubts.append("case")
    return Name(written if "company" in doubts else " ".join(proper), first, tuple(doubts))


def _proper(word: str) -> str:
    """ивАН → Иван, о'коннор → О'Коннор, анна-мария → Анна-Мария; МакКартни stays."""
    return "-".join(map(_mended, word.split("-")))


def _mended(part: str) -> str:
    if not _odd(part) and not part.islower() and not part.isupper():
        return part
    return "".join(piece[:1].title() + piece[1:].lower() for piece in _APOSTROPHE.split(part))


def _odd(word: str) -> bool:
    """Capitals where nobody writes them: `иВАН`. All small and all capital is only careless."""
    letters = [c for c in word if c.isalpha()]
    small = sum(c.islower() for c in letters)
    if not letters or small in (0, len(letters)):
        return False
    if word[0].islower():
        return True
    return any(len(part) > 1 and part[1].isupper() for part in word.split("-"))


def _first(words: list[str]) -> tuple[str, bool]:
    """What to call them, and whether something stood before it."""
    for at, word in enumerate(words):
        if at and _PATRONYMIC.fullmatch(word.lower()):
            return words[at - 1], at > 1
    if len(words) == 2 and _SURNAME.fullmatch(words[0].lower()) and not _SURNAME.fullmatch(words[1].lower()):
        return words[1], True
    return words[0], False


def _doubts(written: str, words: list[str], first: str) -> list[str]:
    low = [word.lower().strip('.,"«»“”()') for word in words]
    pieces = [piece for word in words for piece in _WORD.findall(word)]
    found = {
        "digits": any(c.isdigit() for c in written),
        "symbols": not pieces or any(not _goes(c) for c in written),
        "company": any(word in _COMPANY for word in low),
        "no_name": any(word in _NO_NAME for word in low),
        "letter": sum(map(str.isalpha, first)) < 2,
        "alphabets": len({script for piece in pieces for script in _scripts(piece)}) > 1,
        "nonsense": any(_nonsense(piece.lower()) for piece in pieces),
        "patronymic": len(low) == 1 and _PATRONYMIC.fullmatch(low[0]) is not None,
        "long": len(words) > _MOST_WORDS or len(written) > _MOST_CHARS,
    }
    return [doubt for doubt, so in found.items() if so]


def _goes(char: str) -> bool:
    return char.isalpha() or char.isdigit() or unicodedata.combining(char) != 0 or char in " -'’ʼ`."


def _scripts(piece: str) -> set[str]:
    """Whose letters: LATIN, CYRILLIC and so on."""
    return {unicodedata.name(c, "?").split()[0] for c in piece if c.isalpha()}


def _nonsense(piece: str) -> bool:
    if len(piece) < 2 or not _scripts(piece) <= {"LATIN", "CYRILLIC"}:
        return False
    return not _VOWEL.search(piece) or any(sign.search(piece) for sign in (_CROWD, _THRICE, _ROW_OF_KEYS))
