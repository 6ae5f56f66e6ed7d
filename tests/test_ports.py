"""A port that is shut hangs up on everybody, however lately they came."""

import asyncio
import gc
import socket
import warnings
from contextlib import suppress

import pytest
import uvloop
from aiohttp import web

from gateway.ports import Port


async def _come_and_shut(turns: int) -> None:
    """Somebody comes so many turns of the loop before the port is shut."""
    port = Port(web.Application())
    await port.open()
    with socket.create_connection(("127.0.0.1", port.number), 5) as caller:
        for _ in range(turns):
            await asyncio.sleep(0)
        await port.shut()
        with suppress(ConnectionResetError):
            assert await asyncio.to_thread(caller.recv, 1) == b""


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("turns", range(8))
def test_whoever_comes_while_the_port_is_shut_is_hung_up_on(turns: int, loop) -> None:  # type: ignore[no-untyped-def]
    with warnings.catch_warnings(record=True) as seen, asyncio.Runner(loop_factory=loop) as runner:
        warnings.simplefilter("always", ResourceWarning)
        runner.run(_come_and_shut(turns))
        gc.collect()
    assert [str(warning.message) for warning in seen] == []


async def test_a_port_that_was_shut_can_be_opened_again_by_the_next() -> None:
    first = Port(web.Application())
    await first.open()
    await first.shut()
    second = Port(web.Application())
    await second.open(number=first.number)
    assert second.number == first.number
    await second.shut()
    await Port(web.Application()).shut()  # one that never opened has nobody to hang up on
