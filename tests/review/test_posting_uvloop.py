"""The posting client on uvloop, which is what `parley serve` runs on: a call that is given up while it connects."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import uvloop

from gateway.channels.posting import AnswerLostError, NotSentError, Poster


async def _give_up_while_connecting() -> tuple[int, float]:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(Exception):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(never, "127.0.0.1", 0)
    poster = Poster(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", timeout_s=1)
    for turns in range(32):
        call = asyncio.create_task(poster.post("/x", b"{}"))
        for _ in range(turns % 8):
            await asyncio.sleep(0)
        call.cancel()
        with contextlib.suppress(asyncio.CancelledError, AnswerLostError, NotSentError):
            await call
    await asyncio.sleep(0.1)
    left = len(poster._open)
    begun = time.monotonic()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(3):
            await poster.close()
    return left, time.monotonic() - begun


async def _told() -> None:
    sys.stdout.write(" ".join(map(str, await _give_up_while_connecting())))
    sys.stdout.flush()
    os._exit(0)  # a loop of uvloop's does not close over what is left open


def test_a_call_given_up_while_it_connects_leaves_nothing_open_and_does_not_keep_the_client_from_closing() -> None:
    """A connection made as its call is cancelled is neither used nor closed; `close` then spins without end, and the
    gateway's stop with it (polling: `_poll` is cancelled wherever it is)."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.review.test_posting_uvloop"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=30, check=True)
    left, took = done.stdout.split()
    assert (int(left), float(took) < 1) == (0, True)


if __name__ == "__main__":
    uvloop.run(_told())
