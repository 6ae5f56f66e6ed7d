"""A database whose jobs run where they are asked for, one commit each: for rehearsals, which have one thread and no wait.

What is asked is the same as of any other; only the moment differs, so that a rehearsal goes the same way every time.
"""

import asyncio
from typing import TypeVar

from state.database import Database, Job
from state.lines import Line

T = TypeVar("T")


class InlineDatabase(Database):
    """Commits on SQLite do not wait for the disk: nobody will miss what a rehearsal has made."""

    def __init__(self, url: str) -> None:
        super().__init__(url, lasting=False)
        self._line = Line(self.engine)

    def hand_in(self, job: Job[T], name: str = "write", *, aside: bool = False) -> "asyncio.Future[T]":
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        try:
            future.set_result(self._line.run(job, name, self.ids))
        except Exception as error:  # noqa: BLE001 - told to whoever asked
            future.set_exception(error)
        return future

    async def read(self, job: Job[T]) -> T:
        return self._line.run(job)

    async def close(self) -> None:
        self._line.run(self.ids.give_back)
        self.drop()

    def drop(self) -> None:
        """As if the process were killed: ids that it had reserved are a gap."""
        self._line.drop()
        for engine in (self._engine, self._on_loop, self._reader):
            engine.dispose()
