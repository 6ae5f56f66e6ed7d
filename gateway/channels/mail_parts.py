"""A mail's bytes cut into its parts: heads are read, bodies are only found. In one pass a level, however large the mail is.

The library's own reader goes over every line once for each level around it, and keeps each as an object. Nothing is copied here.
"""

import email.parser
from dataclasses import dataclass
from email import policy
from email.message import Message
from typing import Final

_LONGEST_HEAD: Final = 262_144
_MOST_LINES: Final = 2_000
"""Of a head. More than that takes the library's reader seconds."""
_MOST_PARTS: Final = 500
_DEEPEST: Final = 20
_MOST_MARKS: Final = 20_000
"""Places that look like a boundary and perhaps are none; in all of a mail."""
_LONGEST_BOUNDARY: Final = 200


class Unreadable(Exception):
    """No mail begins like that."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One part, or the mail itself; where its body lies in the bytes of the mail."""

    head: Message
    start: int
    end: int
    inside: bool
    """Of a mail that came along with this one."""

    @property
    def kind(self) -> str:
        return self.head.get_content_type()

    @property
    def boundary(self) -> bytes:
        """Empty where it has no parts of its own."""
        told = self.head.get_boundary("") if self.head.get_content_maintype() == "multipart" else ""
        return str(told).encode("utf-8", "replace")[:_LONGEST_BOUNDARY]

    @property
    def is_mail(self) -> bool:
        coded = str(self.head.get("content-transfer-encoding", "")).strip().lower()
        return self.kind == "message/rfc822" and coded not in ("base64", "quoted-printable")


class Cutter:
    """`whole`: everything has been looked at; else there was more, or it lay deeper, than any mail needs."""

    def __init__(self, raw: bytes) -> None:
        self.whole = True
        self._raw = raw
        self._marks = 0

    def pieces(self) -> list[Piece]:
        """In the order in which they stand, the mail itself first. Raises `Unreadable`."""
        top = self._piece(0, len(self._raw), inside=False)
        if top is None:
            raise Unreadable
        found: list[Piece] = []
        waiting = [(top, 0)]
        while waiting:
            piece, depth = waiting.pop()
            if len(found) == _MOST_PARTS:
                self.whole = False
                break
            found.append(piece)
            spans = self._inner(piece)
            if spans and depth == _DEEPEST:
                self.whole = False
                continue
            inner = [self._piece(start, end, inside=piece.inside or piece.is_mail) for start, end in spans]
            waiting += [(one, depth + 1) for one in reversed(inner) if one is not None]
        return found

    def _inner(self, piece: Piece) -> list[tuple[int, int]]:
        if piece.is_mail:
            return [(piece.start, piece.end)]
        boundary = piece.boundary
        return self._between(piece.start, piece.end, b"--" + boundary) if boundary else []

    def _piece(self, start: int, end: int, *, inside: bool) -> Piece | None:
        """None where there is no telling its head from its body."""
        head_end, body = self._end_of_head(start, end)
        raw = self._raw[start:head_end]
        if head_end - start > _LONGEST_HEAD or raw.count(b"\n") > _MOST_LINES:
            self.whole = False
            return None
        head = email.parser.HeaderParser(policy=policy.compat32).parsestr(raw.decode("utf-8", "replace"))
        if rest := str(head.get_payload() or ""):  # what is no header begins the body, also without an empty line
            for _ in range(rest.count("\n") + (not rest.endswith("\n"))):
                head_end = max(start, self._raw.rfind(b"\n", start, max(start, head_end - 1)) + 1)
            body = head_end
        return Piece(head, body, end, inside)

    def _end_of_head(self, start: int, end: int) -> tuple[int, int]:
        """Where the head ends, and where the body begins."""
        raw, limit = self._raw, min(end, start + _LONGEST_HEAD + 2)
        if raw.startswith((b"\n", b"\r\n"), start, limit):
            return start, start + 1 + raw.startswith(b"\r", start)
        found = [(at + 1, at + len(mark)) for mark in (b"\n\n", b"\n\r\n") if (at := raw.find(mark, start, limit)) >= 0]
        return min(found, default=(limit, limit))

    def _between(self, start: int, end: int, mark: bytes) -> list[tuple[int, int]]:
        """The spans between lines of this mark; the line's end before a mark belongs to the mark."""
        raw, spans, opened, at = self._raw, list[tuple[int, int]](), -1, start
        while (n := raw.find(mark, at, end)) >= 0:
            self._marks += 1
            if self._marks > _MOST_MARKS or len(spans) > _MOST_PARTS:
                self.whole = False
                return spans
            at = n + len(mark)
            if n > start and raw[n - 1] != 10:
                continue
            limit = min(end, at + _LONGEST_BOUNDARY)
            line = raw.find(b"\n", at, limit) + 1 or limit
            rest = raw[at:line].strip(b" \t\r\n")
            if rest not in (b"", b"--"):
                continue
            if opened >= 0:
                before = n - 1 - raw.startswith(b"\r\n", n - 2)
                spans.append((opened, max(opened, before)))
            if rest:
                return spans
            opened = at = line
        return [*spans, (opened, end)] if opened >= 0 else spans
