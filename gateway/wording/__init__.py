"""What the system itself says, one file a language; whoever has a house has its people's at hand: `house.words`."""

from collections.abc import Mapping
from typing import Final

from gateway.wording.english import ENGLISH
from gateway.wording.russian import RUSSIAN
from gateway.wording.ukrainian import UKRAINIAN
from gateway.wording.wording import Wording

__all__ = ["WORDINGS", "Wording", "words_in"]

WORDINGS: Final[Mapping[str, Wording]] = {"ru": RUSSIAN, "uk": UKRAINIAN, "en": ENGLISH}


def words_in(language: str) -> Wording:
    return WORDINGS.get(language, RUSSIAN)
