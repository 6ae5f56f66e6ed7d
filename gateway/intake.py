"""The intake worker: what channels received becomes durable, in batches formed by pressure, before anyone hears OK.

`accept` returns only after the commit. What came while the last commit ran is the next batch.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import structlog

from gateway.clock import Clock
from gateway.events import Received, Unusable
from gateway.translate import arrival
from gateway.wording import Wording
from state import inbox
from state.database import Connection, Database, Unavailable
from state.inbox import Arrival
from state.live import Live

log = structlog.get_logger()

BATCH = 512
MOST_WAITING = 20_000
_TRIES = 100


@dataclass(slots=True, eq=False)
class Delivery:
    arrivals: list[Arrival]
    cursor: tuple[str, int] | None
    done: "asyncio.Future[list[str]]"


class Intake:
    def __init__(self, db: Database, live: Live, clock: Clock, words: Wording, *, shard: int = 0) -> None:
        self.db = db
        self.live = live
        self.clock = clock
        self.words = words
        self.shard = shard
        self.closed = False
        self.failing = ""
        """Why the last batch could not be stored; empty once one was."""
        self._waiting: list[Delivery] = []
        self._count = 0
        self._more = asyncio.Event()
        self._waking: set[asyncio.Task[None]] = set()

    async def accept(
        self, channel: str, account: str, received: Sequence[Received], cursor: tuple[str, int] | None = None
    ) -> list[str]:
        """Keep these events; the answer, per event, is `new`, `duplicate` or `differs`, and means: it is on disk.

        `cursor` is moved in the same commit. Raises `Unavailable` when nothing could be stored; ask again.
        """
        if self.closed or self._count > MOST_WAITING:
            raise Unavailable("shutting down" if self.closed else "too much is waiting")
        arrivals = [self._kept(channel, account, r) for r in received]
        done: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
        self._waiting.append(Delivery(arrivals, cursor, done))
        self._count += len(arrivals)
        self._more.set()
        return await done

    def _kept(self, channel: str, account: str, one: Received) -> Arrival:
        kept = arrival(channel, account, one)
        if isinstance(one.meaning, Unusable):
            title = self.words.source_title(channel)
            kept.task = self.words.line("task_quarantine", channel=title, reason=one.meaning.reason)
        return kept

    async def run(self) -> None:
        while True:
            await self._more.wait()
            await self.once()

    async def once(self) -> int:
        """One batch, one commit. A batch that fails is tried again delivery by delivery."""
        batch = self._take()
        if not batch:
            return 0
        now = self.clock.now()
        keeping = self.db.hand_in(lambda c: self._keep(c, batch, now), "intake")
        self.live.wake("turns")  # handed in behind this, their batch goes into the same commit
        try:
            answers, held = await keeping
        except Exception as error:
            self.failing = f"{type(error).__name__}: events cannot be stored"
            # A SQLite file that somebody else holds is no post's fault: another try each would only take longer.
            if len(batch) == 1 or (self.db.sqlite and isinstance(error, Unavailable)):
                for delivery in batch:
                    _refuse(delivery, error)
            else:
                await self._one_by_one(batch, now)
            return len(batch)
        self.failing = ""
        for delivery, answer in zip(batch, answers, strict=True):
            _answer(delivery, answer)
        self._wake_later(held)
        return len(batch)

    def _take(self) -> list[Delivery]:
        batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        self._count -= sum(len(d.arrivals) for d in batch)
        if not self._waiting:
            self._more.clear()
        return batch

    def _keep(self, conn: Connection, batch: list[Delivery], now: int) -> tuple[list[list[str]], list[int]]:
        """The answers of each delivery, and the lanes that another process has in hand."""
        arrivals = [a for d in batch for a in d.arrivals]
        held: list[int] = []
        answers = inbox.keep(conn, self.db.ids, arrivals, now, self.shard, held=held) if arrivals else []
        for delivery in batch:
            if delivery.cursor:
                inbox.save_cursor(conn, *delivery.cursor)
        split, at = [], 0
        for delivery in batch:
            split.append(answers[at : at + len(delivery.arrivals)])
            at += len(delivery.arrivals)
        return split, held

    async def _one_by_one(self, batch: list[Delivery], now: int) -> None:
        for delivery in batch:
            try:
                answers, held = await self.db.write(partial(self._keep, batch=[delivery], now=now), "intake")
            except Exception as error:
                _refuse(delivery, error)
            else:
                _answer(delivery, answers[0])
                self._wake_later(held)
        self.live.wake("turns")

    def _wake_later(self, held: list[int]) -> None:
        if held:
            task = asyncio.create_task(self._wake(set(held)))
            self._waking.add(task)
            task.add_done_callback(self._waking.discard)

    async def _wake(self, held: set[int]) -> None:
        """Lanes that another process had in hand when their words were kept; the timekeeper stands behind this."""
        with suppress(Exception):
            for _ in range(_TRIES):
                still = set(await self.db.write(partial(_wake_again, held=held, now=self.clock.now())))
                if still != held:
                    self.live.wake("turns")
                held = still
                if not held:
                    return
                await asyncio.sleep(0.02)


def _wake_again(conn: Connection, held: set[int], now: int) -> list[int]:
    return inbox.wake(conn, held, now)


def _answer(delivery: Delivery, answer: list[str]) -> None:
    if not delivery.done.done():  # whoever asked may have gone away
        delivery.done.set_result(answer)


def _refuse(delivery: Delivery, error: Exception) -> None:
    log.warning("intake_failed", error=repr(error))
    if not delivery.done.done():
        delivery.done.set_exception(error if isinstance(error, Unavailable) else Unavailable(repr(error)))
