"""What somebody wrote in a mail: HTML as text, and the words that are new without the history that their program quotes.

Heuristics, all linear in the text: where nothing is recognised, everything is taken for new. Nothing is thrown away here;
who keeps the mail keeps the whole.
"""

import re
from collections import Counter
from html import unescape
from typing import Final

_SILENT: Final = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "object"})
_BREAKS: Final = frozenset({"br", "p", "div", "tr", "li", "ul", "ol", "table", "blockquote", "hr", "h1", "h2", "h3", "h4", "pre"})  # fmt: skip
_EMPTY: Final = frozenset({"br", "hr", "img", "meta", "link", "input", "wbr", "col", "area", "base"})
_QUOTES: Final = ("gmail_quote", "yahoo_quoted", "moz-cite-prefix", "divrplyfwdmsg", "appendonsend")
"""Marks of the containers that mail programs put an answered mail in."""
_DEEPEST: Final = 200
_MOST_TAGS: Final = 20_000
"""What comes after so many is read as one piece of text: no customer wrote it."""
_TAG: Final = re.compile(r"(/?)([a-zA-Z][a-zA-Z0-9]{0,20})(?![\w])")

# «Вт, 2 дек. 2025 г. в 10:12, Магазин <shop@example.com>:» and its kin: a date or an address, and a word for writing.
_WROTE: Final = re.compile(
    r"(?:wrote|writes|schrieb|пишет|писал|писала|написал|написала|написал\(а\)|пише|написав|написала)\s*:$",
    re.IGNORECASE,
)
_ADDRESSED: Final = re.compile(r"(?=.*\d{1,2}[:.]\d{2}).*[<\[][^<>\[\]\s]+@[^<>\[\]\s]+[>\]]\s*:$")
_ORIGINAL: Final = re.compile(
    r"[-_ ]{2,}\s*(?:original message|original appointment|исходное сообщение|первоначальное сообщение|оригінальне повідомлення"
    r"|вихідне повідомлення|ursprüngliche nachricht)\s*[-_ ]{2,}", re.IGNORECASE
)  # fmt: skip
_RULE: Final = re.compile(r"_{10,}|-{20,}")
_FROM: Final = re.compile(r"\*?(?:from|от|від|von)\*?:\*?\s", re.IGNORECASE)
_HEADED: Final = re.compile(
    r"\*?(?:sent|date|to|subject|отправлено|дата|кому|тема|надіслано|gesendet|betreff)\*?:", re.IGNORECASE
)
_LONGEST_LINE: Final = 1_000
_HEADERS_WITHIN: Final = 5


def new_words(text: str) -> str:
    """Without quoted lines, the history below them, and the signature; empty where there is nothing else."""
    lines = text.replace("\r\n", "\n").split("\n")
    kept: list[str] = []
    for n, line in enumerate(lines):
        if _history_begins(lines, n):
            break
        if line.rstrip("\r") in ("-- ", "--"):  # https://www.rfc-editor.org/rfc/rfc3676#section-4.3
            break
        if not line.startswith(">"):
            kept.append(line)
    return "\n".join(kept).strip()


def _history_begins(lines: list[str], n: int) -> bool:
    """Whether line `n` introduces the mail that is answered."""
    line = lines[n].strip()
    if not line or len(line) > _LONGEST_LINE:
        return False
    if _ORIGINAL.fullmatch(line):
        return True
    if _FROM.match(line) or (_RULE.fullmatch(line) and n + 1 < len(lines) and _FROM.match(lines[n + 1].strip())):
        return any(_HEADED.match(one.strip()) for one in lines[n + 1 : n + 1 + _HEADERS_WITHIN])
    if line[-1] != ":":
        return _wraps(line, lines, n)
    return _introduces(line) and _quotes_follow(lines, n + 1)


def _introduces(line: str) -> bool:
    return bool(_ADDRESSED.match(line) or (_WROTE.search(line) and re.search(r"\d|@", line)))


def _wraps(line: str, lines: list[str], n: int) -> bool:
    """The same, broken into two lines by the program that sent it."""
    after = lines[n + 1].strip() if n + 1 < len(lines) else ""
    if not after.endswith(":") or len(after) > _LONGEST_LINE or not re.search(r"\d", line):
        return False
    return _introduces(f"{line} {after}") and _quotes_follow(lines, n + 2)


def _quotes_follow(lines: list[str], n: int) -> bool:
    """A quotation, or nothing more: a customer may well write "Anna wrote at 10:15:" and go on."""
    following = next((line for line in lines[n : n + 4] if line.strip()), None)
    return following is None or following.startswith(">")


class _Reader:
    """Text in reading order; what stands in a quotation begins its lines with `>`."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._line: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self._names: Counter[str] = Counter()
        self._silent = 0
        self._quoted = 0

    def begin(self, tag: str, inside: str) -> None:
        if tag in _BREAKS:
            self._break()
        if tag in _EMPTY or len(self._open) >= _DEEPEST:
            return
        quotes = tag == "blockquote" or any(mark in inside.lower() for mark in _QUOTES)
        self._open.append((tag, quotes))
        self._names[tag] += 1
        self._silent += tag in _SILENT
        if quotes:
            self._break()
            self._quoted += 1

    def end(self, tag: str) -> None:
        while self._names[tag]:
            name, quotes = self._open.pop()
            self._names[name] -= 1
            self._silent -= name in _SILENT
            if quotes:
                self._break()
                self._quoted -= 1
            if name == tag:
                break
        if tag in _BREAKS:
            self._break()

    def say(self, data: str) -> None:
        if self._silent or not data:
            return
        said = re.sub(r"[ \t\r\n\f]+", " ", unescape(data)).replace("\xa0", " ")
        if self._line:
            self._line.append(said)
        elif said := said.lstrip():
            self._line += ["> ", said] if self._quoted else [said]

    def _break(self) -> None:
        if self._line:
            self.lines.append("".join(self._line).rstrip())
            self._line = []

    def all(self) -> str:
        self._break()
        return "\n".join(self.lines).strip()


def text_of_html(html: str) -> str:
    """The library's reader takes quadratic time over what is left open; this one looks at every character once."""
    reader = _Reader()
    first, *pieces = html.split("<", _MOST_TAGS)
    reader.say(first)
    comment = False
    for piece in pieces:
        if comment or piece.startswith("!--"):
            _, ended, after = piece.partition("-->")
            comment = not ended
            reader.say(after)
            continue
        found = _TAG.match(piece)
        inside, closed, after = piece.partition(">")
        if not closed or (found is None and inside[:1] not in ("!", "?")):
            reader.say("<" + piece)
            continue
        if found is not None:
            tag = found[2].lower()
            if found[1]:
                reader.end(tag)
            else:
                reader.begin(tag, inside)
        reader.say(after)
    return reader.all()
