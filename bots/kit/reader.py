"""YAML 1.2 text → a tree of nodes that know their line. Nothing but text, lists and tables; nothing without a bound.

The events of the parser are looked at one by one, so that a bomb is refused before it is unfolded: no anchors, no
aliases, no tags, no merge keys, no second document. Every scalar stays the text that was written; the schema types it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from yaml.cyaml import CParser
from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from bots.kit.problems import MOST, Problem, shown

MOST_BYTES = 256 * 1024
MOST_DEPTH = 40
MOST_NODES = 20_000

_SEPARATORS = str.maketrans("\x85\u2028\u2029", "   ")
_LINE_END = re.compile(r"\r\n|\r|\n")
_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What a YAML file may not hold."""
UNSENDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""What a quoted text can spell (`\\0`, `\\e`), but no message carries and not every database keeps."""
_BURST = re.compile(rf"(?:[\[{{]\s*+){{{MOST_DEPTH + 1}}}")


@dataclass(slots=True)
class Scalar:
    text: str
    line: int
    column: int
    quoted: bool = False


@dataclass(slots=True)
class Items:
    nodes: tuple["Node", ...]
    line: int
    column: int


@dataclass(slots=True)
class Table:
    pairs: tuple[tuple[Scalar, "Node"], ...]
    line: int
    column: int


Node = Scalar | Items | Table
"""Never changed once they are made; not frozen, because there are thousands and freezing doubles what each costs."""


_SYNTAX = (
    (
        "mapping values are not allowed",
        "a ':' stands inside a text",
        "Put the text in quotes, or check the indentation",
    ),
    ("cannot start any token", "a text cannot begin with this sign", "Put the text in quotes"),
    ("<stream end>", "the file ends inside quotes or brackets", "Close the quote or bracket that opens before"),
    ("end of stream", "the file ends inside quotes or brackets", "Close the quote or bracket that opens before"),
    (
        "flow sequence",
        "a list in [ ] goes wrong here",
        "Separate its parts with commas and close it with ]; put texts with , : { } in them in quotes",
    ),
    (
        "flow mapping",
        "a table in { } goes wrong here",
        "Write it as {key: value, key: value}; put texts with , : { } in them in quotes",
    ),
    ("block mapping", "this line is neither deeper nor level with the lines above", "Check the indentation"),
    ("block collection", "this line is neither deeper nor level with the lines above", "Check the indentation"),
    ("simple key", "a line without ':' stands where 'key: value' should", "Add the ':' with a space after it"),
    ("undefined tag handle", "tags (words after '!') are not allowed", "Remove the tag, or quote the text"),
    ("expected alphabetic or numeric", "anchors and aliases (& and *) are not allowed", "Put the text in quotes"),
)
"""What the parser says → what a marketer reads."""


class _RefusedError(Exception):
    """Reading cannot go on past this finding."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def decode(raw: bytes) -> tuple[str | None, list[Problem]]:
    """The bytes of a file as text: UTF-8, with or without a byte order mark."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in raw[:64]:
        return None, [
            Problem(1, 1, "error", "the file is not UTF-8 (it looks like UTF-16)", "Save it as UTF-8", "encoding")
        ]
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return None, [Problem(line, 1, "error", "the file is not UTF-8", "Save it as UTF-8", "encoding")]


def read(text: str) -> tuple[Node | None, list[Problem]]:
    """The tree of one document, and everything wrong with its form. No tree where reading had to stop."""
    text = one_line(text.removeprefix("\ufeff"))
    if "\x00" in text[:64] or text.startswith(("ÿþ", "þÿ")):
        return None, [
            Problem(1, 1, "error", "the file is not UTF-8 (it looks like UTF-16)", "Save it as UTF-8", "encoding")
        ]
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return None, [Problem(1, 1, "error", "the file holds broken characters", "Save it as UTF-8", "encoding")]
    if size > MOST_BYTES:
        what = f"the file is too large: {size // 1024} KB, at most {MOST_BYTES // 1024}"
        return None, [Problem(1, 1, "error", what, "Split it into several scripts", "too_large")]
    burst = _BURST.search(text)
    if burst:
        # The scanner looks back over every open bracket, so a wall of them is refused before it is scanned.
        line = text.count("\n", 0, burst.start()) + 1
        return None, [_too_deep(line, 1)]
    problems: list[Problem] = []
    quotes: list[ScalarEvent] = []
    try:
        return _tree(CParser(text).get_event, problems, quotes), problems
    except _RefusedError as refused:
        return None, [*problems, refused.problem]
    except MarkedYAMLError as error:
        return None, [*problems, _syntax(error, text, quotes)]
    except Exception as error:  # noqa: BLE001 - whatever it trips over becomes a finding: its input is hostile
        # Characters that YAML forbids are told of in another way than errors of form; none may reach the publisher.
        odd = _UNREADABLE.search(text)
        if odd is not None:
            return None, [*problems, _unreadable(text, odd.start())]
        what = f"the file cannot be read as YAML ({type(error).__name__})"
        return None, [*problems, Problem(1, 1, "error", what, "Check quotes and indentation", "form")]


def one_line(text: str) -> str:
    """Without the separators that only YAML 1.1 takes for ends of lines: editors do not, and count otherwise. As long as before."""
    return text.translate(_SEPARATORS) if any(sign in text for sign in "\x85\u2028\u2029") else text


def _unreadable(text: str, at: int) -> Problem:
    begins = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    line = len(_LINE_END.findall(text, 0, at)) + 1
    what = f"an invisible sign (U+{ord(text[at]):04X}) stands here, which no text may hold"
    return Problem(line, at - begins + 1, "error", what, "Delete it: it came in by copying", "form")


def _syntax(error: MarkedYAMLError, text: str, quotes: list[ScalarEvent]) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.splitlines()
    here = lines[line - 1] if line <= len(lines) else ""
    indent = here[: len(here) - len(here.lstrip())]
    if "\t" in indent or "'\\t'" in str(error.problem):
        what = "a tab stands where YAML wants spaces"
        return Problem(line, column, "error", what, "Indent with spaces only", "form")
    if quotes and quotes[-1].end_mark.line == line - 1:
        # What is not closed is closed by the next quote, and reading goes wrong only behind that.
        opened = quotes[-1].start_mark
        what = f"a quote opens here and is closed only in line {line}"
        return Problem(opened.line + 1, opened.column + 1, "error", what, "Close it where its text ends", "form")
    raw = " ".join(str(part) for part in (error.context, error.problem) if part)
    opened = error.context_mark
    if opened is not None and line >= len(lines) and ("flow" in raw or "quoted scalar" in raw):
        line, column, raw = opened.line + 1, opened.column + 1, "end of stream"
    what, remedy = next(
        ((what, remedy) for sign, what, remedy in _SYNTAX if sign in raw),
        (shown(raw) or "the file cannot be read as YAML", "Check quotes, brackets and indentation here"),
    )
    return Problem(line, column, "error", what, remedy, "form")


def _tree(next_event: Callable[[], Any], problems: list[Problem], quotes: list[ScalarEvent]) -> Node | None:
    """Compose the document. Iterative: depth is bounded by a number, not by the interpreter's stack.

    `quotes`: the last text in quotes that goes over several lines, for who has to say where reading went wrong.
    """
    stack: list[tuple[Any, list[Node | None]]] = []
    root: Node | None = None
    documents = nodes = 0
    while (event := next_event()) is not None:
        kind = type(event)
        done: Node | None
        if kind is ScalarEvent:
            mark = event.start_mark
            said = event.value
            if not said.isprintable() and UNSENDABLE.search(said):
                said = _sendable(said, mark.line + 1, mark.column + 1, problems)
            style = event.style
            if style and style in "\"'" and event.end_mark.line != mark.line:
                quotes[:] = [event]
            done = Scalar(said, mark.line + 1, mark.column + 1, bool(style))
        elif kind is SequenceStartEvent or kind is MappingStartEvent:
            if len(stack) >= MOST_DEPTH:
                raise _RefusedError(_too_deep(event.start_mark.line + 1, event.start_mark.column + 1))
            stack.append((event, []))
            done = None
        elif kind is SequenceEndEvent:
            start, inside = stack.pop()
            mark = start.start_mark
            done = Items(tuple(node for node in inside if node is not None), mark.line + 1, mark.column + 1)
        elif kind is MappingEndEvent:
            start, inside = stack.pop()
            mark = start.start_mark
            done = _table(mark.line + 1, mark.column + 1, inside, problems)
        else:
            documents += _document(event, documents)
            continue
        if kind is not SequenceEndEvent and kind is not MappingEndEvent:
            nodes += 1
            if event.anchor or event.tag is not None or nodes > MOST_NODES:
                raise _RefusedError(_forbidden(event))
            if done is None:
                continue
        if stack:
            stack[-1][1].append(done)
        else:
            root = done
    return root


def _sendable(text: str, line: int, column: int, problems: list[Problem]) -> str:
    what = "a sign in this text can be neither kept nor sent, so it is left out"
    _note(problems, Problem(line, column, "warning", what, "Remove what begins with \\ here", "unsendable"))
    return UNSENDABLE.sub("", text)


def _document(event: Any, documents: int) -> int:
    """How many documents this event begins: one is allowed, and it needs no ceremony."""
    line, column = event.start_mark.line + 1, event.start_mark.column + 1
    if isinstance(event, AliasEvent):
        raise _RefusedError(_forbidden(event))
    if not isinstance(event, DocumentStartEvent):
        return 0
    if documents:
        remedy = "Keep one script a file: remove '---'"
        raise _RefusedError(Problem(line, column, "error", "a second document begins here", remedy, "unsafe"))
    if event.version or event.tags:
        remedy = "Remove the line that begins with %"
        raise _RefusedError(Problem(line, column, "error", "directives (%…) are not allowed", remedy, "unsafe"))
    return 1


def _forbidden(event: Any) -> Problem:
    line, column = event.start_mark.line + 1, event.start_mark.column + 1
    if isinstance(event, AliasEvent) or event.anchor:
        what, remedy = "anchors and aliases (& and *) are not allowed", "Write the text out, or quote it"
    elif event.tag is not None:
        what, remedy = "tags (words after '!') are not allowed", "Remove the tag, or quote the text"
    else:
        what, remedy = f"the file has more than {MOST_NODES} values", "Split it into several scripts"
        return Problem(line, column, "error", what, remedy, "too_large")
    return Problem(line, column, "error", what, remedy, "unsafe")


def _too_deep(line: int, column: int) -> Problem:
    what = f"too deep: more than {MOST_DEPTH} levels"
    return Problem(line, column, "error", what, "Flatten this part", "too_deep")


def _table(line: int, column: int, inside: list[Node | None], problems: list[Problem]) -> Table:
    first: dict[str, Scalar] = {}
    pairs: list[tuple[Scalar, Node]] = []
    for key, value in zip(inside[::2], inside[1::2], strict=True):
        if not isinstance(key, Scalar):
            at = key or Scalar("", line, column)
            what = "braces or brackets stand where a word should be"
            _note(
                problems,
                Problem(at.line, at.column, "error", what, 'Put a text with braces in quotes: "{name}"', "form"),
            )
            continue
        if key.text == "<<" and not key.quoted:
            raise _RefusedError(
                Problem(
                    key.line, key.column, "error", "merge keys (<<) are not allowed", "Write the lines out", "unsafe"
                )
            )
        if key.text in first:
            what = f"'{shown(key.text)}' stands twice: lines {first[key.text].line} and {key.line}"
            _note(problems, Problem(key.line, key.column, "error", what, "Rename or remove one of them", "twice"))
            continue
        first[key.text] = key
        if value is not None:
            pairs.append((key, value))
    return Table(tuple(pairs), line, column)


def _note(problems: list[Problem], problem: Problem) -> None:
    if len(problems) < (MOST if problem.severity == "warning" else 2 * MOST):
        problems.append(problem)
