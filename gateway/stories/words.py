"""A line of a story as words: bare ones, texts in quotes, and `name=value`. What is wrong is told with what would be right."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from bots.kit.problems import did_you_mean, shown
from bots.kit.schema import milliseconds

_WORD: Final = re.compile(r'(?:([\w.-]+)=)?(?:"((?:\\.|[^"\\])*)"|([^\s"]+)|(?<==)(?=\s|$))(?=\s|$)')
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


class BadLine(Exception):
    """A line that means nothing, and what it could be."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    key: str = ""
    quoted: bool = False


class Words:
    """Read from left to right; each reader takes what it knows."""

    def __init__(self, line: str) -> None:
        self._words = _split(line)
        self._at = 0

    @property
    def more(self) -> bool:
        return self._at < len(self._words)

    def _peek(self) -> Word | None:
        return self._words[self._at] if self.more else None

    def take(self, *phrase: str) -> bool:
        """Whether these words come next; then they are read."""
        coming = self._words[self._at : self._at + len(phrase)]
        if tuple(word.text for word in coming if not word.quoted and not word.key) != phrase:
            return False
        self._at += len(phrase)
        return True

    def word(self, what: str) -> str:
        """The next word or text, whichever it is; `what` names it where it is missing."""
        word = self._peek()
        if word is None or word.key:
            raise BadLine(f"{what} is missing", f"Write {what} here")
        self._at += 1
        return word.text

    def quoted(self) -> str | None:
        """The next word where it is a text in quotes."""
        word = self._peek()
        if word is None or not word.quoted or word.key:
            return None
        self._at += 1
        return word.text

    def begins(self, sign: str) -> bool:
        word = self._peek()
        return word is not None and not word.key and word.text.startswith(sign)

    def number(self) -> str:
        """The next word where it is a number or a phone, else nothing."""
        word = self._peek()
        if word is None or word.key or (not word.text[:1].strip("+").isdecimal() and not word.text.startswith("+")):
            return ""
        self._at += 1
        return word.text

    def one_of(self, known: Collection[str], what: str) -> str:
        word = self.word(what)
        if word not in known:
            raise BadLine(f"there is no {what} '{shown(word)}'", did_you_mean(word, known))
        return word

    def named(self, known: Collection[str] | None = None) -> dict[str, str]:
        """All that is left, as `name=value` or `name value`; `known`: which names there are."""
        found: dict[str, str] = {}
        while (word := self._peek()) is not None:
            self._at += 1
            name = word.key or word.text
            if known is not None and name not in known:
                raise BadLine(f"'{shown(name)}' means nothing here", did_you_mean(name, known))
            if name in found:
                raise BadLine(f"'{shown(name)}' stands twice", "Remove one of them")
            found[name] = word.text if word.key else self.word(f"a value of '{shown(name)}'")
        return found

    def length(self) -> int:
        """`+2h 30m` in milliseconds."""
        said = ""
        while (word := self._peek()) is not None and (
            milliseconds(f"{said} {word.text}".strip().removeprefix("+")) is not None
        ):
            said = f"{said} {word.text}".strip()
            self._at += 1
        found = milliseconds(said.removeprefix("+")) if said.startswith("+") else None
        if found is None:
            raise BadLine("a length of time is missing", "Write it like +30m, +2h 30m or +1d")
        return found

    def rest(self) -> str:
        """What is left, as it would be read by others."""
        left, self._at = self._words[self._at :], len(self._words)
        return " ".join(f"{word.key}={word.text}" if word.key else word.text for word in left)

    def end(self) -> None:
        if (word := self._peek()) is not None:
            raise BadLine(
                f"'{shown(word.text)}' means nothing here", "Remove it, or put texts of several words in quotes"
            )


def _split(line: str) -> list[Word]:
    found: list[Word] = []
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        match = _WORD.match(line, at)
        if match is None:
            raise BadLine(f"'{shown(line[at:])}' cannot be read", 'Texts begin and end with "; inside them write \\"')
        key, quoted, bare = match.groups()
        text = _ESCAPED.sub(lambda m: "\n" if m[1] == "n" else m[1], quoted) if quoted is not None else bare or ""
        found.append(Word(text, key or "", quoted is not None))
        at = match.end()
    return found
