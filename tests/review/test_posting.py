"""The posting client against answers that are cut: what was not seen whole must never count as an answer."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.channels.posting import AnswerLostError, NotSentError, Poster

CUT_ANYWHERE: dict[str, tuple[bytes, tuple[int, bytes]]] = {
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", (200, b"0123456789")),
    "chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-T: 1\r\n\r\n",
        (200, b"abcde"),
    ),
    "announced": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 P\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789",
        (200, b"0123456789"),
    ),
    "announced chunks": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        (200, b"abc"),
    ),
    "old": (b"HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", (200, b"0123456789")),
    "odd case": (b"HTTP/1.1 200 OK\r\ncOnTeNt-LeNgTh:10\r\n\r\n0123456789", (200, b"0123456789")),
    "closing": (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\n0123456789", (200, b"0123456789")),
}


class Cutting:
    """Reads a request, writes so many bytes of the answer (in pieces, where told), and hangs up."""

    def __init__(self) -> None:
        self.answer, self.cut, self.pieces, self.open, self.reset = b"", 0, 1, 0, False

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(2)
            step = max(1, self.cut // self.pieces)
            for at in range(0, self.cut, step):
                writer.write(self.answer[at : min(self.cut, at + step)])
                await writer.drain()
                if self.pieces > 1:
                    await asyncio.sleep(0.001)
        finally:
            if self.reset:
                writer.transport.abort()
            writer.close()
            self.open -= 1


@pytest.fixture
async def cutting() -> AsyncIterator[tuple[Cutting, Poster]]:
    server = Cutting()
    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    poster = Poster(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", timeout_s=2)
    yield server, poster
    await poster.close()
    listening.close()


@pytest.mark.parametrize("pieces", [1, 4])
@pytest.mark.parametrize("shape", CUT_ANYWHERE)
async def test_an_answer_cut_at_any_byte_is_lost_and_the_whole_one_is_read(
    cutting: tuple[Cutting, Poster], shape: str, pieces: int
) -> None:
    server, poster = cutting
    server.answer, whole = CUT_ANYWHERE[shape]
    server.pieces = pieces
    wrong: list[Any] = []
    for cut in range(len(server.answer)):
        server.cut = cut
        try:
            got: Any = await poster.post("/x", b"{}")
        except AnswerLostError:
            continue
        except NotSentError as error:
            got = error
        wrong.append((cut, server.answer[:cut][-30:], got))
    server.cut = len(server.answer)
    assert await poster.post("/x", b"{}") == whole
    assert not wrong
    await asyncio.sleep(0.05)
    assert not poster._open - set(poster._idle)


async def test_a_connection_reset_as_soon_as_it_is_made_is_not_waited_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accepted and reset before the call is written: nothing left; it is certainly no reason to wait the whole time."""

    async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    listening = await asyncio.start_server(reset, "127.0.0.1", 0)
    poster = Poster(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", timeout_s=3)
    connect = poster._connect

    async def connected(limit: float) -> Any:
        line = await connect(limit)
        await asyncio.sleep(0.05)  # a busy loop: the loss is known before the call is written
        return line

    monkeypatch.setattr(poster, "_connect", connected)
    begun = time.monotonic()
    with pytest.raises((AnswerLostError, NotSentError)):
        await poster.post("/x", b"{}")
    listening.close()
    assert time.monotonic() - begun < 1
