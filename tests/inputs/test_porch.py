"""Posts byte by byte: whatever a connection carries, one post has one answer, in order, and nothing is read twice."""

import asyncio
import json
import time
from typing import Any

import pytest
from aiohttp import web

from gateway.channels.base import Denied, Post
from gateway.events import Ignored, Received
from gateway.hooks import Door, Single
from gateway.porch import Porch
from tests.inputs.halls import SECRET, Hall

pytestmark = pytest.mark.asyncio(loop_scope="session")


def plain(hall: Hall, text: str, *more: str, path: str = "/hooks/telegram", chat: int = 0) -> bytes:
    update = hall.update()
    update["message"] |= {"text": text}
    if chat:
        update["message"]["chat"]["id"] = update["message"]["from"]["id"] = chat
    body = json.dumps(update).encode()
    head = [f"POST {path} HTTP/1.1", "Host: shop.example", f"X-Telegram-Bot-Api-Secret-Token: {SECRET}", *more]
    return "\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body


async def connect(hall: Hall) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", hall.app.port)


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    async with asyncio.timeout(5):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return int(head.split()[1]), await reader.readexactly(length)


async def test_posts_one_behind_the_other_are_answered_in_order(hall: Hall) -> None:
    reader, writer = await connect(hall)
    before = await hall.heard()
    writer.write(plain(hall, "раз") + plain(hall, "два") + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert await answer(reader) == (200, b"{}")
    assert await answer(reader) == (200, b"{}")
    status, body = await answer(reader)
    assert (status, json.loads(body)) == (200, {"status": "alive"})
    writer.write(plain(hall, "три"))
    assert await answer(reader) == (200, b"{}")
    assert await hall.heard() == before + 3
    writer.close()


@pytest.mark.parametrize("cut", [5, 40, 200, -1], ids=["in the first line", "in a header", "in the body", "at the end"])
async def test_a_post_in_two_pieces_is_the_same_post(hall: Hall, cut: int) -> None:
    reader, writer = await connect(hall)
    post = plain(hall, "в два приёма", chat=hall.newcomer())
    writer.write(post[:cut])
    await writer.drain()
    await asyncio.sleep(0.03)
    writer.write(post[cut:])
    assert await answer(reader) == (200, b"{}")
    row = await hall.last()
    assert row["event"]["event"]["text"] == "в два приёма"
    writer.close()


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(["Transfer-Encoding: chunked"], id="two lengths of different kinds"),
        pytest.param(["Content-Length: 5"], id="two lengths"),
        pytest.param(["X-Folded: a\r\n b"], id="a folded header"),
        pytest.param(["X-Bare: a\nX-Other: b"], id="a bare line feed"),
        pytest.param(["X Space: a"], id="a space in a name"),
        pytest.param(["X-Nul: a\x00b"], id="a NUL"),
        pytest.param([": nothing"], id="a header without a name"),
        pytest.param(["Host: other.example"], id="two hosts"),
    ],
)
async def test_what_two_readers_could_read_differently_is_refused_and_stores_nothing(
    hall: Hall, more: list[str]
) -> None:
    before = await hall.heard()
    reader, writer = await connect(hall)
    writer.write(plain(hall, "контрабанда", *more))
    status, _ = await answer(reader)
    assert status == 400
    assert await hall.heard() == before
    writer.close()


async def test_a_forgery_and_a_packed_body_are_turned_away_here_as_elsewhere(hall: Hall) -> None:
    before = await hall.heard()
    reader, writer = await connect(hall)
    writer.write(plain(hall, "подделка").replace(SECRET.encode(), b"x" * len(SECRET)))
    assert (await answer(reader))[0] == 401
    writer.write(plain(hall, "сжато", "Content-Encoding: gzip"))
    assert (await answer(reader))[0] == 415
    assert await hall.heard() == before
    writer.close()


async def test_whoever_hangs_up_their_half_still_hears_the_answer(hall: Hall) -> None:
    reader, writer = await connect(hall)
    writer.write(plain(hall, "и всё", chat=hall.newcomer()))
    writer.write_eof()
    assert await answer(reader) == (200, b"{}")
    assert await reader.read() == b""
    writer.close()


async def test_a_post_too_long_is_aiohttps_to_refuse(hall: Hall) -> None:
    before = await hall.heard()
    reader, writer = await connect(hall)
    writer.write(plain(hall, "x" * 1_100_000))
    assert (await answer(reader))[0] == 413
    assert await hall.heard() == before
    writer.close()


class Slow:
    """An intake that takes its time."""

    async def accept(self, *_: Any) -> list[str]:
        await asyncio.sleep(0.1)
        return ["new"]


class Plain:
    """A channel that hears everything."""

    name, account, hooks = "plain", "1", ("/hooks/plain",)

    def verify(self, post: Post) -> Denied | None:
        if post.query == "boom":
            raise RuntimeError("boom")
        return None

    def parse(self, post: Post) -> tuple[Received, ...]:
        return (Received("1", Ignored("plain"), post.body),)


@pytest.fixture
async def porch() -> Porch:
    door = Door(Single(Plain()), Slow())  # type: ignore[arg-type]

    async def other(_: web.BaseRequest) -> web.StreamResponse:
        raise web.HTTPNotFound

    return Porch({"/hooks/plain": door}, web.Server(other), 1_000)


POST = b"POST /hooks/plain HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.asyncio(loop_scope="function")
async def test_closing_lets_the_answer_under_way_out_and_idle_connections_go(porch: Porch) -> None:
    server = await asyncio.get_running_loop().create_server(porch, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    idle, idle_writer = await asyncio.open_connection("127.0.0.1", port)
    busy, busy_writer = await asyncio.open_connection("127.0.0.1", port)
    busy_writer.write(POST)
    await asyncio.sleep(0.03)
    server.close()
    closing = asyncio.create_task(porch.close(3))
    assert await idle.read() == b""
    assert await answer(busy) == (200, b"{}")
    assert await busy.read() == b""
    await closing
    idle_writer.close()
    busy_writer.close()


@pytest.mark.asyncio(loop_scope="function")
async def test_an_error_of_ours_is_500_and_the_connection_goes_on(porch: Porch) -> None:
    server = await asyncio.get_running_loop().create_server(porch, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
    writer.write(POST.replace(b"plain ", b"plain?boom "))
    assert (await answer(reader))[0] == 500
    writer.write(POST)
    assert await answer(reader) == (200, b"{}")
    writer.close()
    server.close()
    await porch.close(3)


@pytest.mark.asyncio(loop_scope="function")
async def test_a_connection_on_which_nothing_is_said_is_closed(porch: Porch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.porch.IDLE_S", 0.15)
    server = await asyncio.get_running_loop().create_server(porch, "127.0.0.1", 0)
    watching = asyncio.create_task(porch.watch())
    reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
    begun = time.monotonic()
    assert await reader.read() == b""
    assert 0.1 < time.monotonic() - begun < 3
    watching.cancel()
    writer.close()
    server.close()


async def test_the_bare_address_leads_to_the_chat(hall: Hall) -> None:
    status, headers, _ = await hall.ask("/")
    assert (status, headers["Location"]) == (302, "/chat")
