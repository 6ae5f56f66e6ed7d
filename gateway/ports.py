"""A port where an application is served. One that is shut leaves nobody behind: who was being let in is shown out, too."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import cast

from aiohttp import web

from gateway.hooks import MOST_BYTES, Door
from gateway.porch import Porch

_LETTING_IN = 3
"""So many turns of the loop pass from a connection's arrival until the server knows of it."""


class CannotListen(Exception):
    """Somebody else has the port, or it is not ours to have."""


class Port:
    """`shut` takes `grace_s` for what is being answered, then hangs up on everybody."""

    def __init__(self, app: web.Application, *, grace_s: float = 3) -> None:
        self._grace_s = grace_s
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=grace_s)
        self._listening: asyncio.Server | None = None
        self._porch: Porch | None = None
        self._watch: asyncio.Task[None] | None = None
        self.number = 0

    async def open(self, host: str = "127.0.0.1", number: int = 0, doors: Mapping[str, Door] | None = None) -> None:
        """Listen there (0: at any free port). Plain posts to `doors`, by path, go the short way."""
        await self._runner.setup()
        server = cast("web.Server", self._runner.server)  # there since the line above
        self._porch = Porch(doors or {}, server, MOST_BYTES)
        self._watch = asyncio.create_task(self._porch.watch())
        try:
            self._listening = await asyncio.get_running_loop().create_server(self._porch, host, number, backlog=1024)
        except OSError as error:
            said = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or error
            raise CannotListen(f"Cannot listen on {host}:{number}: {said}. Try --port with another number.") from error
        self.number = self._listening.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        if self._listening is not None:
            await _let_in_no_more(self._listening)
            self._listening.close()
            self._listening = None
        if self._watch is not None:
            self._watch.cancel()
        if self._porch is not None:
            await self._porch.close(self._grace_s)
        await self._runner.cleanup()


async def _let_in_no_more(listening: asyncio.Server) -> None:
    """Nobody may be half in when the listening ends: Python 3.11 then drops the connection without closing it."""
    for sock in listening.sockets:
        with suppress(NotImplementedError):  # Windows watches its ports otherwise
            asyncio.get_running_loop().remove_reader(sock.fileno())
    for _ in range(_LETTING_IN):
        await asyncio.sleep(0)
