"""Changes that a program makes in a script's text: one value, nothing else. Comments, order and quotes stay as they were.

The text is never written anew from a tree. What is to change is found by its place, and only those characters are replaced.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from yaml.cyaml import CParser
from yaml.events import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from bots.kit.reader import one_line, read

Path = Sequence[str | int]
"""Keys of tables and places in lists, from the outside in: `("steps", "menu", "say")`."""


@dataclass(frozen=True, slots=True)
class _Span:
    """Where a value stands, in characters of the text."""

    kind: type
    start: int
    end: int
    block: bool
    """A text of several lines that begins with `>` or `|`, or a list whose items have lines of their own."""
    last: int = 0
    """The end of a list's last item."""
    indent: int = 0


def put(source: str, path: Path, text: str) -> str | None:
    """The source with another text at the path. None where there is no text at it, or the source cannot be read."""
    spans = _spans(source)
    span = spans.get(tuple(path)) if spans else None
    if span is None or span.kind is not ScalarEvent:
        return None
    tail = "\n" if span.block and source[: span.end].endswith("\n") else ""
    return source[: span.start] + quoted(text) + tail + source[span.end :]


def add(source: str, path: Path, text: str) -> str | None:
    """The source with one text more at the end of the list at the path. A single text becomes a list of two."""
    spans = _spans(source)
    span = spans.get(tuple(path)) if spans else None
    if span is None or span.kind is MappingStartEvent or (span.kind is ScalarEvent and span.block):
        return None
    if span.kind is ScalarEvent:
        return f"{source[: span.start]}[{source[span.start : span.end]}, {quoted(text)}]{source[span.end :]}"
    if span.block:
        cut = span.last
        return f"{source[:cut]}\n{' ' * span.indent}- {quoted(text)}{source[cut:]}"
    inside = source[span.start + 1 : span.end - 1].strip()
    comma = ", " if inside and not inside.endswith(",") else ""
    cut = span.last if inside and not inside.endswith(",") else span.end - 1
    return source[:cut] + comma + quoted(text) + source[cut:]


def quoted(text: str) -> str:
    """A text as it may stand anywhere in a script."""
    if text.isprintable() and "'" not in text:
        return f"'{text}'"
    out = []
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif char == "\n":
            out.append("\\n")
        elif char == "\t":
            out.append("\\t")
        elif char.isprintable():
            out.append(char)
        else:
            code = ord(char)
            out.append(f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
    return f'"{"".join(out)}"'


def _spans(source: str) -> dict[tuple[str | int, ...], _Span] | None:
    """Where every value stands, by its path. Only what the reader lets through is looked at."""
    if source.startswith("\ufeff") or read(source)[0] is None:
        return None
    parser = CParser(one_line(source))
    found: dict[tuple[str | int, ...], _Span] = {}
    path: list[str | int] = []
    open_: list[tuple[type, int, bool, int]] = []
    """Containers: kind, start, block style, column."""
    last_end: list[int] = []
    keys: list[str | None] = []
    """Of a table: the key whose value comes next; of a list: nothing."""
    while (event := parser.get_event()) is not None:
        kind = type(event)
        if kind in (ScalarEvent, MappingStartEvent, SequenceStartEvent):
            if open_ and open_[-1][0] is MappingStartEvent and keys[-1] is None:
                keys[-1] = event.value
                path[-1] = event.value
                continue
            if open_ and open_[-1][0] is SequenceStartEvent:
                path[-1] = int(path[-1]) + 1
        if kind is ScalarEvent:
            end = event.end_mark.index
            found[tuple(path)] = _Span(kind, event.start_mark.index, end, event.style in (">", "|"))
            _ended(keys, open_, last_end, end)
        elif kind in (MappingStartEvent, SequenceStartEvent):
            mark = event.start_mark
            open_.append((kind, mark.index, not event.flow_style, mark.column))
            keys.append(None)
            last_end.append(mark.index)
            path.append(-1)
        elif kind in (MappingEndEvent, SequenceEndEvent):
            start_kind, start, block, column = open_.pop()
            keys.pop()
            path.pop()
            last = last_end.pop()
            end = last if block else event.end_mark.index
            found[tuple(path)] = _Span(start_kind, start, end, block, last, column)
            _ended(keys, open_, last_end, end)
    return found


def _ended(keys: list[str | None], open_: list[tuple[type, int, bool, int]], last_end: list[int], end: int) -> None:
    """A value has ended: the table that holds it waits for a key again."""
    if open_:
        if open_[-1][0] is MappingStartEvent:
            keys[-1] = None
        last_end[-1] = end
