"""Where connections arrive: a provider's plain post is taken here, everything else is aiohttp's.

Only a post that lies here whole and is of the plainest shape is read by us: one match against a strict pattern. At
anything else (another path, a length that is not plain, a body still under way) the connection becomes aiohttp's for good.
"""

import asyncio
import contextlib
import re
from collections.abc import Mapping
from typing import Any, Final

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, InvalidURLError

from gateway.channels.base import Post
from gateway.hooks import Answer, Door

log = structlog.get_logger()

LARGEST_HEAD: Final = 8_190
IDLE_S: Final = 75.0
"""A connection on which nothing is said for so long is closed, as aiohttp closes its own."""

_HEAD: Final = re.compile(
    rb"POST (/[\w/.~-]+)(?:\?([\w/.~%&=+-]*))? HTTP/1\.1\r\n((?:[\w!#$%&'*+.^`|~-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*)\r\n"
)
_FOR_AIOHTTP: Final = frozenset({"transfer-encoding", "expect", "upgrade", "connection"})
"""Headers that change how a message is read or what becomes of its connection."""
_NOT_ASCII: Final = "the address cannot be read: signs outside of ASCII are written in it as %D1%86 and so on"
_REASONS: Final = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 415: "Unsupported Media Type",
    500: "Internal Server Error", 503: "Service Unavailable",
}  # fmt: skip


class Porch:
    """The server's protocol factory. `doors` by path; `others` is aiohttp's server."""

    def __init__(self, doors: Mapping[str, Door], others: web.Server, most_bytes: int) -> None:
        self.doors = doors
        self.others = others
        self.most_bytes = most_bytes
        self.closing = False
        self.open: set[Visit] = set()

    def __call__(self) -> "Visit":
        return Visit(self, asyncio.get_running_loop())

    async def watch(self) -> None:
        """Until cancelled: close what has been idle for too long."""
        while True:
            await asyncio.sleep(IDLE_S / 3)
            for visit in tuple(self.open):
                visit.close_if_idle(IDLE_S)

    async def close(self, grace_s: float) -> None:
        """Idle connections end at once, the others behind the answer that is under way, or when `grace_s` is over."""
        self.closing = True
        for visit in tuple(self.open):
            visit.close_if_idle(0.0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                while self.open:
                    await asyncio.sleep(0.01)
        for visit in tuple(self.open):
            visit.abort()


class Visit(asyncio.Protocol):
    """One connection, until it is aiohttp's."""

    def __init__(self, porch: Porch, loop: asyncio.AbstractEventLoop) -> None:
        self._porch = porch
        self._loop = loop
        self._transport: Any = None
        self._waiting = b""
        self._at = 0
        """Up to where it has been read."""
        self._answering: asyncio.Task[None] | None = None
        self._since = loop.time()
        self._paused = False
        self._ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._porch.open.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        self._porch.open.discard(self)  # what was accepted is kept all the same

    def eof_received(self) -> bool:
        """Whoever has said all they had to say still hears the answer that is under way."""
        self._ended = True
        return self._answering is not None

    def data_received(self, data: bytes) -> None:
        self._waiting = self._waiting[self._at :] + data if self._waiting else data
        self._at = 0
        if self._answering is None:
            self._take()
        elif len(self._waiting) > LARGEST_HEAD and not self._paused:  # the next post before this one's answer: it waits
            self._paused = True
            self._transport.pause_reading()

    def close_if_idle(self, seconds: float) -> None:
        if self._answering is None and self._loop.time() - self._since >= seconds:
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def _take(self) -> None:
        found = self._read(self._waiting, self._at)
        if found is None:
            self._hand_over(self._waiting[self._at :])
            return
        door, post, self._at = found
        if self._at == len(self._waiting):
            self._waiting, self._at = b"", 0
        self._answering = self._loop.create_task(self._answer(door, post))

    def _read(self, data: bytes, at: int) -> tuple[Door, Post, int] | None:
        """The post that begins at `at`, and where it ends; None where it is not all here or not as plain as can be."""
        head = _HEAD.match(data, at, at + LARGEST_HEAD)
        door = self._porch.doors.get(head[1].decode()) if head else None
        if head is None or door is None:
            return None
        headers = []
        length = None
        for line in head[3].split(b"\r\n")[:-1]:
            name, _, value = line.decode("utf-8", "surrogateescape").partition(":")
            name, value = name.lower(), value.strip(" \t")
            if name in _FOR_AIOHTTP:
                return None
            if name == "content-length":
                if length is not None or not (value.isascii() and value.isdigit() and len(value) < 10):
                    return None
                length = int(value)
            headers.append((name, value))
        names = {name for name, _ in headers}
        if "host" not in names or len(names) < len(
            headers
        ):  # said twice, or not said at all: aiohttp knows what is allowed
            return None
        end = head.end() + (length or 0)
        if length is None or length > self._porch.most_bytes or len(data) < end:
            return None
        return door, Post(head[1].decode(), (head[2] or b"").decode(), headers, data[head.end() : end]), end

    async def _answer(self, door: Door, post: Post) -> None:
        try:
            answer = await door.take(post)
        except Exception:
            log.exception("hook_failed", path=post.path)
            answer = Answer(500)
        self._answering = None
        self._since = self._loop.time()
        if self._transport.is_closing():
            return
        last = self._porch.closing or self._ended
        self._transport.write(_message(answer, last=last))
        if last:
            self._transport.close()
            return
        if self._waiting:
            self._take()
        if self._paused and len(self._waiting) - self._at <= LARGEST_HEAD:
            self._paused = False
            self._transport.resume_reading()

    def _hand_over(self, data: bytes) -> None:
        self._porch.open.discard(self)
        theirs: Any = Caller(self._porch.others, loop=self._loop, access_log=None)  # type: ignore[arg-type]  # none is kept
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        self._transport.set_protocol(theirs)
        theirs.connection_made(self._transport)
        theirs.data_received(data)


class Caller(web.RequestHandler):
    """A connection of aiohttp's. What cannot be read is a mistake of whoever calls, no failure of ours: it is refused, and raises no alarm."""

    __slots__ = ()

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        if not isinstance(exc, HttpProcessingError):
            return super().handle_error(request, status, exc, message)
        log.debug("request_unreadable", why=type(exc).__name__, peer=request.remote)
        said = _NOT_ASCII if isinstance(exc, InvalidURLError) else "the request is no HTTP that can be read"
        answer = web.json_response({"error": {"code": "bad_request", "message": said}}, status=status)
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.force_close()
        return answer


def _message(answer: Answer, *, last: bool) -> bytes:
    more = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
    more += "Connection: close\r\n" if last else ""
    head = (
        f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, '')}\r\nContent-Type: {answer.content_type}\r\n{more}"
    )
    return f"{head}Content-Length: {len(answer.body)}\r\n\r\n".encode() + answer.body
