"""All open pages of this process: how many there may be, and how those hear of what another process has sent.

Nothing here is the truth: a page that is not rung finds what it missed when it says hello.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from aiohttp import WSCloseCode

from gateway.api.errors import Refusal
from gateway.channels.web import NAME
from gateway.chat.socket import Socket
from state import visitors
from state.database import Database

log = structlog.get_logger()

MOST: Final = 2_000
MOST_OF_ONE: Final = 10
_ROUND_S: Final = 1.0


class Sockets:
    def __init__(self, db: Database, *, most: int = MOST) -> None:
        self._db = db
        self._most = most
        self._open: defaultdict[str, set[Socket]] = defaultdict(set)
        self._count = 0
        self._rounds: asyncio.Task[None] | None = None
        self.closing = False

    def demand_room(self, visitor: str) -> None:
        if self._count >= self._most or len(self._open.get(visitor, ())) >= MOST_OF_ONE or self.closing:
            raise Refusal(503, "too_many", "too many pages are open", headers={"Retry-After": "10"})

    @contextmanager
    def holding(self, socket: Socket) -> Iterator[None]:
        self._open[socket.visitor].add(socket)
        self._count += 1
        # One process rings its own pages; where there may be more, somebody has to look.
        if not self._db.sqlite and (self._rounds is None or self._rounds.done()):
            self._rounds = asyncio.create_task(self._go_round())
        try:
            yield
        finally:
            self._count -= 1
            self._open[socket.visitor].discard(socket)
            if not self._open[socket.visitor]:
                del self._open[socket.visitor]

    async def _go_round(self) -> None:
        """Once a second, one question for all pages: whose conversation has changed?

        It looks back over two rounds: a change may be committed later than one with a higher id.
        """
        before = last = -1
        while self._count:
            try:
                newest = await self._db.read(visitors.newest_change)
                if before not in (-1, newest):
                    await self._ring_since(before)
                before, last = last, newest
            except Exception:
                log.exception("chat_round_failed")
            await asyncio.sleep(_ROUND_S)

    async def _ring_since(self, change: int) -> None:
        for visitor in await self._db.read(lambda c: visitors.spoken_to(c, NAME, change)):
            for socket in self._open.get(visitor, ()):
                socket.ring()

    async def close(self) -> None:
        """Say goodbye to every page: it comes back to whoever answers next."""
        self.closing = True
        if self._rounds is not None:
            self._rounds.cancel()
        pages = [socket for of_one in self._open.values() for socket in of_one]
        await asyncio.gather(*(p.ws.close(code=WSCloseCode.GOING_AWAY) for p in pages), return_exceptions=True)
