"""Marketers' patterns, on an engine whose time is linear in the text.

RE2 by itself knows the letters and digits of English only where a pattern says "letter", "digit" or "edge of a word"; here
these mean those of every language, or are refused. Letters match in either case, and ё is е.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import re2

from bots.kit.problems import shown

LONGEST = 300
MOST_TEXT = 4_000
MOST_WEIGHT = 40_000
"""Of all patterns of a script, in the engine's instructions, at 0.3 to 0.9 µs each: `\\d{10}` is 900, `\\w` 1,300."""
_MEMORY = 1 << 20
"""Bytes that one compiled pattern may take."""

_CLASSES = {"w": r"\p{L}\p{N}_", "d": r"\p{Nd}", "s": r"\s\p{Z}"}
_TOKEN = re.compile(r"\\.|\[\^?\]?|[^\\\[\]]|[\[\]\\]", re.DOTALL)
_EDGE = r"(?:^|$|[^\p{L}\p{N}_])"
_LATIN = re.compile(r"\[(?:a-z|A-Z|\s|-|_)+\]")
_REFUSED = (
    ("invalid perl operator: (?", "looking around and named parts of this kind are not known", "Write what the text holds"),
    ("invalid escape sequence: \\", "references such as \\1 are not known", "Write the part out once more"),
    ("bad repetition operator", "++, *+ and ** are not known", "Write + or * once"),
    ("invalid repetition size", "a part is repeated too often", "Write at most {100}"),
    ("no argument for repetition", "* + or ? stands where there is nothing to repeat", "Write \\* for the sign itself"),
    ("missing )", "a ( is never closed", "Add the ), or write \\( for the sign itself"),
    ("unexpected )", "a ) stands without its (", "Remove it, or write \\) for the sign itself"),
    ("missing ]", "a [ is never closed", "Add the ], or write \\[ for the sign itself"),
    ("invalid character class range", "there is no such class of letters", "Write \\p{L} for letters, \\d for digits"),
    ("trailing \\", "the pattern ends in a \\", "Write \\\\ for the sign itself"),
    ("pattern too large", "the pattern is too large", "Make it shorter"),
)  # fmt: skip
"""What the engine says → what a marketer reads."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """`source` is as written. Equality is by it: two compiled patterns cannot be compared."""

    source: str
    compiled: Any
    part: int
    """The group whose text is the answer; 0: all that matched."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)

    def find(self, text: str) -> str | None:
        """What the text holds of it: its first part in brackets where it has one, else all that matched."""
        heard = text[:MOST_TEXT].encode("utf-8", "replace").decode()
        found = self.compiled.search(heard.translate(_YO))
        if found is None:
            return None
        start, end = found.span(self.part)
        return heard[start:end].strip() or None if start >= 0 else None


_YO = str.maketrans("ёЁ", "еЕ")


@dataclass(slots=True)
class Scale:
    """What a script's patterns may still weigh together: preparing one takes time by its size, however short it is written."""

    left: int = MOST_WEIGHT


def pattern(source: str, scale: Scale | None = None) -> tuple[Pattern | None, list[tuple[str, str]]]:
    """The compiled pattern, and what is wrong with it as (what, remedy)."""
    scale = scale or Scale()
    if scale.left <= 0:
        return None, [
            (
                "the script's patterns are too large, all of them together",
                "Repeat less, or list the words under 'words:'",
            )
        ]
    if len(source) > LONGEST:
        return None, [(f"the pattern is longer than {LONGEST} characters", "List the words under 'words:' instead")]
    written, edged, wrong = _for_all_languages(source.strip().translate(_YO))
    if wrong:
        return None, [wrong]
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    options.max_mem = _MEMORY
    try:
        compiled = re2.compile(written, options=options)
    except re2.error as error:
        scale.left -= _MEMORY // 64
        said = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        known = ((what, remedy) for sign, what, remedy in _REFUSED if said.startswith(sign))
        return None, [next(known, (f"the pattern cannot be used: {shown(said)}", "Look at it again"))]
    scale.left -= compiled.programsize
    if compiled.search("") is not None:
        return None, [("the pattern matches a text with nothing in it", "Write + instead of *, or what must be there")]
    return Pattern(source, compiled, min(2 if edged else 1, compiled.groups)), []


def only_latin(source: str) -> bool:
    """Whether the pattern's letters are Latin ranges only, so that no Russian answer can match it."""
    return bool(_LATIN.search(source)) and not re.search(r"[^\W\d_]|\\", _LATIN.sub("", source)) and "0" not in source


def _for_all_languages(source: str) -> tuple[str, bool, tuple[str, str] | None]:
    r"""\w, \d and \s for every language. \b at an end of the pattern becomes an edge around a group of its own (True)."""
    tokens = list(_tokens(source))
    edges = [bool(tokens) and tokens[place] == ("\\b", False) for place in (0, -1)]
    inner = tokens[edges[0] : len(tokens) - edges[1]]
    out: list[str] = []
    for token, inside in inner:
        name = token[1:] if token.startswith("\\") else ""
        if name in ("b", "B"):
            advice = "List the words under 'words:', or keep \\b to the two ends"
            return "", False, (f"\\{name} stands inside the pattern", advice)
        if name and name in "WDS":
            if inside:
                return "", False, (f"\\{name} inside [ ] is not known", "Write the letters that may stand there")
            out.append(f"[^{_CLASSES[name.lower()]}]")
        elif name and name in "wds":
            out.append(_CLASSES[name] if inside else f"[{_CLASSES[name]}]")
        else:
            out.append(token)
    written = "".join(out)
    if not any(edges):
        return written, False, None
    return f"{_EDGE if edges[0] else ''}({written}){_EDGE if edges[1] else ''}", True, None


def _tokens(source: str) -> Iterator[tuple[str, bool]]:
    """The pieces of a pattern, and whether each stands inside [ ]."""
    inside = False
    for found in _TOKEN.finditer(source):
        token = found.group()
        if not inside and token.startswith("["):
            yield token, False
            inside = True
        elif inside and token.startswith("]"):
            yield token[:1], False
            inside = False
        else:
            yield token, inside
