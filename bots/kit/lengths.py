"""A length of time as people write it, `15 min working`, `2 часа` → as it is written here: for remedies alone.

Nothing is guessed where the playbook is read: who meant minutes and wrote a bare number is asked.
"""

import re
from collections.abc import Mapping
from typing import Final

_PIECE: Final = re.compile(r"(\d{1,6})\s*([^\W\d_]{1,12})\.?")
_LETTERS: Final[Mapping[str, str]] = {
    "s": "s", "m": "m", "h": "h", "d": "d", "w": "w", "hr": "h", "hrs": "h", "с": "s", "м": "m", "ч": "h", "д": "d", "хв": "m", "дн": "d",
}  # fmt: skip
_BEGINNINGS: Final[Mapping[str, str]] = {
    "sec": "s", "min": "m", "hour": "h", "day": "d", "week": "w",
    "сек": "s", "мин": "m", "час": "h", "ден": "d", "дне": "d", "дня": "d", "сут": "d", "недел": "w",
    "хвил": "m", "годин": "h", "дні": "d", "доб": "d", "діб": "d", "тиж": "w",
}  # fmt: skip
_WORKING: Final = ("work", "раб", "роб")
_LINKS: Final = ("and", "и", "і", "of")
MOST: Final = 40
"""Characters that are looked at."""


def meant(text: str) -> str | None:
    """`15 min working` → `15m working`; None: it cannot be told what was meant."""
    if len(text) > MOST:
        return None
    said = text.casefold().replace(",", " ")
    pieces: list[str] = []
    units: set[str] = set()
    for number, word in _PIECE.findall(said):
        unit = _LETTERS.get(word) or next((u for begins, u in _BEGINNINGS.items() if word.startswith(begins)), None)
        if unit is None:
            return None
        units.add(unit)
        pieces.append(f"{7 * int(number)}d" if unit == "w" else f"{int(number)}{unit}")
    left = [word for word in _PIECE.sub(" ", said).split() if word not in _LINKS]
    if not pieces or not all(word.startswith(_WORKING) for word in left):
        return None  # beside it stands what nobody can make anything of
    if left and "w" in units:
        return None  # seven working days are no week of work
    return " ".join([*pieces, *(["working"] if left else [])])
