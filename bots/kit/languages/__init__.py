"""The languages that bots know: the words people answer with and the bot's own small talk. One file a language."""

from collections.abc import Mapping

from bots.kit.languages.english import ENGLISH
from bots.kit.languages.language import Language
from bots.kit.languages.russian import RUSSIAN
from bots.kit.languages.ukrainian import UKRAINIAN

__all__ = ["Language", "known_languages", "language", "spoken"]

_LANGUAGES: Mapping[str, Language] = {"ru": RUSSIAN, "uk": UKRAINIAN, "en": ENGLISH}


def language(name: str) -> Language | None:
    return _LANGUAGES.get(name)


def spoken(name: str) -> Language:
    """It, or the first one where we do not know it."""
    return _LANGUAGES.get(name, RUSSIAN)


def known_languages() -> tuple[str, ...]:
    return tuple(_LANGUAGES)
