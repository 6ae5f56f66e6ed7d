"""Posting says one of three things of a call: its answer, that nothing left, or that nobody knows."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
import trustme

from gateway.channels import posting
from gateway.channels.posting import AnswerLostError, NotSentError, Poster

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Provider:
    """Answers each call with the next of `answers`; None: hangs up without a word; a number: seconds of silence."""

    answers: list[bytes | float | None] = field(default_factory=list)
    asked: list[bytes] = field(default_factory=list)
    connections: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.asked.append(head + await reader.readexactly(length))
                answer = self.answers.pop(0) if self.answers else OK
                if isinstance(answer, float):
                    await asyncio.sleep(answer)
                    answer = OK
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
                if b"Connection: close" in answer:
                    break
        writer.close()


@contextlib.asynccontextmanager
async def serving(provider: Provider, trust: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0, ssl=trust)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in provider.writers:
            writer.transport.abort()
        await server.wait_closed()


@pytest.fixture
async def provider() -> Provider:
    return Provider()


@pytest.fixture
async def poster(provider: Provider) -> AsyncIterator[Poster]:
    async with serving(provider) as port:
        poster = Poster(f"http://127.0.0.1:{port}/base/", timeout_s=0.5)
        yield poster
        await poster.close()


async def test_a_call_goes_out_whole_and_its_answer_comes_back(poster: Poster, provider: Provider) -> None:
    assert await poster.post("/bot1:a/sendMessage", b'{"a":1}') == (200, b"{}")
    head, _, body = provider.asked[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /base/bot1:a/sendMessage HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nContent-Type: application/json\r\nContent-Length: 7" in head
    assert body == b'{"a":1}'


async def test_calls_one_after_the_other_share_a_connection_and_calls_at_once_do_not(
    poster: Poster, provider: Provider
) -> None:
    for _ in range(5):
        await poster.post("/x", b"")
    assert provider.connections == 1
    provider.answers = [0.05, 0.05, 0.05]
    await asyncio.gather(*(poster.post("/x", b"") for _ in range(3)))
    assert provider.connections == 3


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(b"HTTP/1.1 429 Slow\r\nContent-Length: 3\r\n\r\nno!", (429, b"no!"), id="any status"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", (200, b"abc"), id="chunks"
        ),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + OK, (200, b"{}"), id="an announcement before it"),
        pytest.param(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end", (200, b"to the end"), id="ends by hanging up"),
        pytest.param(b"HTTP/1.1 301 Moved\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n", (301, b""), id="not followed"),
    ],
)  # fmt: skip
async def test_every_shape_of_answer_is_read(
    poster: Poster, provider: Provider, answer: bytes, expected: tuple[int, bytes]
) -> None:
    provider.answers = [answer]
    assert await poster.post("/x", b"{}") == expected
    assert await poster.post("/x", b"{}") == (200, b"{}")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="hung up without a word"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nConnection: close\r\n\r\n{", id="cut"),
        pytest.param(b"\x16\x03\x01 not http at all\r\n\r\n", id="not http"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", id="two lengths"),
        pytest.param(2.0, id="silence"),
    ],
)  # fmt: skip
async def test_a_call_whose_answer_is_not_seen_may_have_been_obeyed(
    poster: Poster, provider: Provider, answer: bytes | float | None
) -> None:
    provider.answers = [answer]
    with pytest.raises(AnswerLostError):
        await poster.post("/x", b"{}")
    assert await poster.post("/x", b"{}") == (200, b"{}")
    assert provider.connections == 2


async def test_an_answer_too_long_is_not_swallowed(
    poster: Poster, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "LARGEST_ANSWER", 1_000)
    provider.answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2_000]
    with pytest.raises(AnswerLostError, match="too long"):
        await poster.post("/x", b"{}")


async def test_words_that_nobody_asked_for_are_nobodys_answer(poster: Poster, provider: Provider) -> None:
    provider.answers = [OK + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"]
    assert await poster.post("/x", b"{}") == (200, b"{}")
    assert await poster.post("/x", b"{}") == (200, b"{}")
    provider.writers[-1].write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlater")
    await asyncio.sleep(0.05)
    assert await poster.post("/x", b"{}") == (200, b"{}")
    assert provider.connections == 3


async def test_an_answer_to_whoever_has_gone_is_not_taken_for_the_next(poster: Poster, provider: Provider) -> None:
    provider.answers = [0.1]
    going = asyncio.create_task(poster.post("/x", b"{}"))
    await asyncio.sleep(0.03)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    assert await poster.post("/x", b"{}") == (200, b"{}")
    assert provider.connections == 2


async def test_a_connection_left_alone_for_long_is_not_trusted(
    poster: Poster, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    await poster.post("/x", b"{}")
    monkeypatch.setattr(posting, "IDLE_S", 0.0)
    await poster.post("/x", b"{}")
    assert provider.connections == 2


async def test_a_connection_that_the_provider_closed_is_not_written_to(poster: Poster, provider: Provider) -> None:
    await poster.post("/x", b"{}")
    provider.writers[-1].close()
    await asyncio.sleep(0.05)
    assert await poster.post("/x", b"{}") == (200, b"{}")


async def test_nothing_has_left_where_nobody_listens(poster: Poster) -> None:
    async with serving(Provider()) as port:
        pass
    for base in (f"http://127.0.0.1:{port}", "http://nowhere.invalid"):
        with pytest.raises(NotSentError):
            await Poster(base).post("/x", b"{}")


async def test_closing_ends_what_is_under_way(poster: Poster, provider: Provider) -> None:
    provider.answers = [5.0]
    waiting = asyncio.create_task(poster.post("/x", b"{}"))
    await asyncio.sleep(0.03)
    begun = time.monotonic()
    await poster.close()
    with pytest.raises(AnswerLostError):
        await waiting
    assert time.monotonic() - begun < 0.3


async def test_a_certificate_is_checked_before_anything_is_said() -> None:
    authority = trustme.CA()
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(theirs)
    ours = ssl.create_default_context()
    authority.configure_trust(ours)
    provider = Provider()
    async with serving(provider, theirs) as port:
        trusting = Poster(f"https://localhost:{port}", trust=ours)
        assert await trusting.post("/x", b"{}") == (200, b"{}")
        await trusting.close()
        refusing: list[Callable[[], Poster]] = [
            lambda: Poster(f"https://localhost:{port}"),  # a root that this machine does not know
            lambda: Poster(f"https://127.0.0.1:{port}", trust=ours),  # another's name
        ]
        for make in refusing:
            with pytest.raises(NotSentError):
                await make().post("/x", b"{}")
    assert len(provider.asked) == 1


@pytest.mark.parametrize("base", ["", "ftp://host", "host", "https://"])
def test_an_address_that_is_none_is_refused(base: str) -> None:
    with pytest.raises(ValueError, match="not an http address"):
        Poster(base)
