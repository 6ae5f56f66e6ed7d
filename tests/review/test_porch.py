"""The porch against a stranger: posts one behind the other must not pile up in memory, nor hold up everybody else."""

import asyncio
import contextlib
import socket
import threading
import time

import aiohttp
from aiohttp import web

from gateway.channels.base import Denied, Post
from gateway.hooks import Door, Single
from gateway.porch import Porch

ONE = b"POST /hooks/plain HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


class Shut:
    """A channel to which everything is a forgery."""

    name, account, hooks = "plain", "1", ("/hooks/plain",)

    def verify(self, _: Post) -> Denied | None:
        return Denied(401, "")


async def test_forged_posts_one_behind_the_other_are_read_no_faster_than_they_are_answered() -> None:
    """Each answer lets another 256 KB in (`resume_reading` while `_waiting` is still full), and each copies what waits:
    memory without bound and a loop that stands still, from one connection that knows no secret."""
    app = web.Application()

    async def alive(_: web.Request) -> web.Response:
        return web.Response(text="alive")

    app.add_routes([web.get("/healthz", alive)])
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    porch = Porch({"/hooks/plain": Door(Single(Shut()), None)}, runner.server, 1_000_000)  # type: ignore[arg-type]
    server = await asyncio.get_running_loop().create_server(porch, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    ends = threading.Event()

    def flood() -> None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as stranger:
            stranger.settimeout(1)
            while not ends.is_set():
                stranger.sendall(ONE * 4_000)

    flooding = asyncio.create_task(asyncio.to_thread(flood))
    most, slowest = 0, 0.0
    async with aiohttp.ClientSession() as http:
        until = time.monotonic() + 5
        while time.monotonic() < until and most < 200_000_000:
            begun = time.monotonic()
            async with http.get(f"http://127.0.0.1:{port}/healthz") as answer:
                assert answer.status == 200
            slowest = max(slowest, time.monotonic() - begun)
            most = max([most, *(len(visit._waiting) for visit in porch.open)])
            await asyncio.sleep(0.01)
    ends.set()
    server.close()
    await porch.close(0)
    await flooding
    await runner.cleanup()
    assert most < 2_000_000, f"{most:,} bytes wait in one connection; /healthz took up to {slowest:.2f} s"
