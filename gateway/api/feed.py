"""The stream of changes, read once a process and handed to all who listen.

Ids are handed out before they are committed, so on PostgreSQL a lower one may appear after a higher one. A change is
passed on only when nothing below it can still come, else whoever resumes behind it would miss the late one.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from functools import partial
from typing import Final

import structlog

from state import timeline
from state.database import Database
from state.live import Bell, Live
from state.timeline import Change

log = structlog.get_logger()

WINDOW: Final = 1_000
"""So many changes are replayed to whoever does not say (or not believably) where they were."""
_PAGE: Final = 500
_DOUBT_S: Final = 0.1
"""How soon it is asked again whether those who may still write a missing id are done."""
_POLL_S: Final = 5.0


class Feed:
    def __init__(self, db: Database, live: Live) -> None:
        self._db = db
        self._live = live
        self._recent: deque[Change] = deque(maxlen=WINDOW)
        self._head = -1
        self._newest = -1
        """The id of the newest change that was seen in the table, passed on or not."""
        self._settled = 0
        """Up to here whatever is missing was rolled back."""
        self._doubt: tuple[int, frozenset[str]] | None = None
        """The newest id there was when one below it was found missing, and who was writing then."""
        self._listeners: set[Bell] = set()
        self._reader: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self.closing = False

    @property
    def head(self) -> int:
        """The id of the newest change that was passed on."""
        return self._head

    @contextlib.asynccontextmanager
    async def listen(self) -> AsyncIterator[Bell]:
        """A bell that rings at news and at the end."""
        bell = Bell()
        self._listeners.add(bell)
        if self._reader is None or self._reader.done():
            self._ready.clear()
            self._reader = asyncio.create_task(self._read())
        try:
            await self._ready.wait()
            yield bell
        finally:
            self._listeners.discard(bell)

    async def after(self, last: int) -> list[Change]:
        """What has been passed on since `last`, oldest first, at most a page of it."""
        if last >= self._head:
            return []
        if self._recent and last >= self._recent[0].id - 1:
            return [change for change in self._recent if change.id > last]
        found = await self._db.read(lambda c: timeline.changes_after(c, last, _PAGE))
        return [change for change in found if change.id <= self._head]

    async def resume(self, claimed: str | None) -> int:
        """Where a listener goes on who says it saw `claimed`: from now on without one, else a believable id."""
        if claimed is None:
            return self._head
        if claimed.isascii() and claimed.isdigit() and len(claimed) < 19 and int(claimed) <= self._newest:
            return int(claimed)
        return max(0, self._head - WINDOW)

    async def close(self) -> None:
        self.closing = True
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        self._ring()

    def _ring(self) -> None:
        for bell in self._listeners:
            bell.ring()

    async def _read(self) -> None:
        """While anybody listens: keep up with the table."""
        with self._live.subscribe("changes") as news:
            self._newest = await self._db.read(timeline.newest_change)
            self._head = max(0, self._newest - WINDOW)
            self._recent.clear()
            while self._listeners:
                try:
                    waits = await self._catch_up()
                except Exception:
                    log.exception("feed_failed")
                    waits = _POLL_S
                self._ready.set()  # the first time: up to the newest that nothing can still come below
                await news.wait(waits)

    async def _catch_up(self) -> float:
        """Pass on what is certain; the answer is how long to wait before looking again, unless told sooner."""
        while True:
            before = self._head
            found = await self._db.read(partial(timeline.changes_after, last=before, limit=_PAGE))
            self._newest = max(self._newest, found[-1].id) if found else self._newest
            for change in found:
                if change.id != self._head + 1 and change.id > self._settled:
                    break
                self._recent.append(change)
                self._head = change.id
            if self._head > before:
                self._ring()
            if not found:
                return _POLL_S
            if self._head != found[-1].id and not await self._is_clear(found[-1].id):
                return _DOUBT_S

    async def _is_clear(self, newest: int) -> bool:
        """Whether all who may have written what is missing below `newest` are done: then one more look tells."""
        writing = await self._db.read(timeline.writing_changes)
        seen, then = self._doubt = self._doubt or (newest, writing)
        if then & writing:
            return False
        self._settled, self._doubt = seen, None
        return True
