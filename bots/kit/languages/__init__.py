"""The languages that bots know: the words people answer with and the bot's own small talk. One file a language."""

from collections.abc import Mapping

from bots.kit.languages.language import Language
from bots.kit.languages.russian import RUSSIAN
from bots.kit.languages.ukrainian import UKRAINIAN

__all__ = ["Language", "known_languages", "language"]

_LANGUAGES: Mapping[str, Language] = {"ru": RUSSIAN, "uk": UKRAINIAN}


def language(name: str) -> Language | None:
    return _LANGUAGES.get(name)


def known_languages() -> tuple[str, ...]:
    return tuple(_LANGUAGES)
