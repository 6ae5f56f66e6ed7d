"""Posts to one provider over kept-alive connections, and knows whether anything of a call has left.

That is what decides if a part may be sent again, so it is the one thing here: no redirects, no cookies, no retries.
An answer's bytes are read by httptools (llhttp); a call whose answer was not seen whole raises, it is never guessed.
"""

import asyncio
import ssl
from typing import Any, Final
from urllib.parse import urlsplit

import httptools

JSON: Final = b"application/json"
_LENGTHS: Final = (14, 17)
LARGEST_ANSWER: Final = 2_000_000
IDLE_S: Final = 15.0
"""A connection left alone for longer may be closed on the other side just as we write: it is not used again."""


class NotSentError(Exception):
    """No connection, so not a byte of the call has left: it may be made again."""


class AnswerLostError(Exception):
    """The call was written and its answer not seen, or not readable: it may or may not have been obeyed."""


class Poster:
    """`base` is the provider's address, `http(s)://host[:port][/path]`. Belongs to one event loop."""

    def __init__(self, base: str, *, timeout_s: float = 15, trust: ssl.SSLContext | None = None) -> None:
        where = urlsplit(base.rstrip("/"))
        if where.scheme not in ("http", "https") or not where.hostname:
            raise ValueError(f"not an http address: {base!r}")
        self._secure = where.scheme == "https"
        self._host, self._port = where.hostname, where.port or (443 if self._secure else 80)
        self._path = where.path.encode()
        self._rest = b" HTTP/1.1\r\nHost: " + where.netloc.rpartition("@")[2].encode() + b"\r\nContent-Type: "
        self._timeout_s = timeout_s
        self._trust = trust
        self._idle: list[_Line] = []
        self._open: set[_Line] = set()

    async def post(
        self, path: str, body: bytes, *, content_type: bytes = JSON, timeout_s: float = 0
    ) -> tuple[int, bytes]:
        """HTTP's status and the body of the answer. `path` goes behind the base's and is one of our own words.

        Raises `NotSentError` where nothing left, `AnswerLostError` where nobody can say what became of it.
        """
        limit = timeout_s or self._timeout_s
        line = self._unused() or await self._connect(limit)
        head = b"POST %b%b%b%b\r\nContent-Length: %d\r\n\r\n"
        answer = line.ask(head % (self._path, path.encode(), self._rest, content_type, len(body)) + body)
        patience = line.loop.call_later(limit, line.fail, "no answer in time")
        try:
            return await answer
        finally:
            patience.cancel()
            if not answer.done() or answer.cancelled():
                line.drop()  # whoever asked has gone: what may still be answered must not be taken for another's

    def _unused(self) -> "_Line | None":
        while self._idle:
            line = self._idle.pop()
            if line.usable():
                return line
            line.drop()
        return None

    async def _connect(self, limit: float) -> "_Line":
        loop = asyncio.get_running_loop()
        if self._secure and self._trust is None:
            self._trust = await asyncio.to_thread(ssl.create_default_context)  # reads all the roots of the system
        line = _Line(self, loop)
        try:
            async with asyncio.timeout(limit):
                await loop.create_connection(
                    lambda: line, self._host, self._port, ssl=self._trust if self._secure else None
                )
        except (OSError, TimeoutError) as error:
            line.drop()
            raise NotSentError(type(error).__name__) from error
        except BaseException:
            line.drop()  # whoever asked has gone; uvloop may connect all the same
            raise
        return line

    def keep(self, line: "_Line") -> None:
        self._idle.append(line)

    def know(self, line: "_Line") -> None:
        self._open.add(line)

    def forget(self, line: "_Line") -> None:
        self._open.discard(line)
        if line in self._idle:
            self._idle.remove(line)

    async def close(self) -> None:
        """End every connection; calls under way raise `AnswerLostError`."""
        for line in tuple(self._open):
            line.drop()
        await asyncio.sleep(0)  # for the loop to say so to each


class _Line(asyncio.Protocol):
    """One connection: one call at a time, and closed at anything odd."""

    def __init__(self, poster: Poster, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.since = 0.0
        self._poster = poster
        self._transport: Any = None
        self._parser: Any = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._body: list[bytes] = []
        self._size = 0
        self._headed = False
        self._sized = False
        self._unwanted = False

    def usable(self) -> bool:
        return self.loop.time() - self.since < IDLE_S and not self._transport.is_closing()

    def ask(self, request: bytes) -> "asyncio.Future[tuple[int, bytes]]":
        if self._transport.is_closing():
            raise NotSentError("closed before a byte was written")
        self._answer = self.loop.create_future()
        self._transport.write(request)
        return self._answer

    def fail(self, why: str) -> None:
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(AnswerLostError(why))
        self.drop()

    def drop(self) -> None:
        self._unwanted = True
        if self._transport is not None:
            self._poster.forget(
                self
            )  # uvloop does not always say that a connection is lost which was given up so early
            self._transport.abort()

    # -- asyncio's ---------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._poster.know(self)
        if self._unwanted:
            self.loop.call_soon(self.drop)

    def data_received(self, data: bytes) -> None:
        if self._answer is None:
            self.drop()  # nobody asked
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.fail("unreadable answer")

    def connection_lost(self, _: Exception | None) -> None:
        self._poster.forget(self)
        if self._answer is not None and self._headed and not self._sized:
            self._finish()  # an answer that names no length ends with its connection
        self.fail("the connection was lost")

    # -- httptools' --------------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self._answer is None:  # a second answer behind the first one: whose would it be?
            self.drop()

    def on_header(self, name: bytes, _: bytes) -> None:
        if len(name) in _LENGTHS and name.lower() in (b"content-length", b"transfer-encoding"):
            self._sized = True

    def on_headers_complete(self) -> None:
        self._headed = True

    def on_body(self, piece: bytes) -> None:
        self._body.append(piece)
        self._size += len(piece)
        if self._size > LARGEST_ANSWER:
            self.fail("the answer is too long")

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < 200:
            self._headed = self._sized = False
            return  # "100 Continue" and its like announce the answer
        kept = self._parser.should_keep_alive()
        self._finish()
        if kept and not self._transport.is_closing():
            self.since = self.loop.time()
            self._poster.keep(self)
        else:
            self.drop()

    def _finish(self) -> None:
        answer, self._answer = self._answer, None
        body, self._body, self._size = b"".join(self._body), [], 0
        self._headed = self._sized = False
        if answer is not None and not answer.done():
            answer.set_result((self._parser.get_status_code(), body))
