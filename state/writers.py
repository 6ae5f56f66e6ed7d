"""The two ways to write. Whatever jobs wait go into one commit, in the order they were handed in; they fail alone.

On PostgreSQL a thread runs jobs and commit: each statement is a wait. On SQLite a statement is some microseconds of
this process's own work, so jobs run where their data is, in the event loop, and only what the disk does (the commit)
in the thread: two threads that both compute would fight for the interpreter.
"""

import asyncio
import contextlib
import itertools
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Engine

from state import failpoint
from state.ids import Ids
from state.lines import Job, Line, Unavailable, locked, reserve

_MOST_TOGETHER = 16
_HOPS = 3
"""Turns of the loop between the first job and its transaction: intake wakes turns, turns wakes delivery, one commit."""


@dataclass(slots=True, eq=False)
class Task:
    """A job on its way; `name` names its failpoints, `done` belongs to `loop`."""

    job: Job[Any]
    name: str
    loop: asyncio.AbstractEventLoop
    done: "asyncio.Future[Any]"
    aside: bool = False
    """So much work that nothing else may wait for it in the event loop."""


class Writer(Protocol):
    def hand_in(self, task: Task) -> None: ...

    def close(self) -> None:
        """End after the jobs already handed in. Blocks."""
        ...


class InThread:
    """All in one thread: jobs that come in while others run go into the same commit."""

    def __init__(self, engine: Engine, ids: Ids) -> None:
        self._line = Line(engine)
        self._ids = ids
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._thread = _thread(self._run, "parley-write")

    def hand_in(self, task: Task) -> None:
        self._tasks.put(task)

    def close(self) -> None:
        self._tasks.put(None)
        self._thread.join(10)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            together(self._line, [task], self._ids, self._more)
        self._line.drop()

    def _more(self) -> Task | None:
        if self._tasks.empty():
            return None
        more = self._tasks.get()
        if more is None:
            self._tasks.put(None)
        return more


class OnLoop:
    """Jobs in the event loop, commits in a thread. What cannot begin at once (a lock, no ids left) goes there whole.

    For one loop at a time; one group at a time is between its first job and its commit.
    """

    def __init__(self, impatient: Engine, patient: Engine, ids: Ids) -> None:
        self._line = Line(impatient)
        self._aside = Line(patient)
        self._ids = ids
        self._waiting: list[Task] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        """Where a group is under way."""
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = _thread(self._run, "parley-write")

    def hand_in(self, task: Task) -> None:
        self._waiting.append(task)
        if self._loop is None or self._loop.is_closed():
            self._loop = task.loop
            task.loop.call_soon(self._gather, task.loop, _HOPS)

    def close(self) -> None:
        self._work.put(None)
        self._thread.join(10)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()
        self._line.drop()
        self._aside.drop()

    # -- in the loop -------------------------------------------------------------------------------------------------

    def _gather(self, loop: asyncio.AbstractEventLoop, hops: int) -> None:
        if hops:
            loop.call_soon(self._gather, loop, hops - 1)
            return
        group = list(itertools.takewhile(lambda task: not task.aside, self._waiting[:_MOST_TOGETHER]))
        begun = self._begin(group) if group and not self._ids.low() else None
        group = group or self._waiting[:1]
        del self._waiting[: len(group)]
        self._work.put(lambda: self._end(loop, group, begun))

    def _begin(self, group: list[Task]) -> tuple[Any, list[Any]] | None:
        """The open transaction and the answers; None when it failed and nothing of it is left."""
        try:
            transaction = self._line.open().begin()
        except Exception:  # noqa: BLE001 - tried again in the thread, and told from there
            self._line.drop()
            return None
        try:
            conn = self._line.open()
            return transaction, [task.job(conn) for task in group]
        except Exception:  # noqa: BLE001 - as above
            with contextlib.suppress(Exception):
                transaction.rollback()
            return None

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._waiting:
            loop.call_soon(self._gather, loop, _HOPS)
        else:
            self._loop = None

    # -- in the thread -----------------------------------------------------------------------------------------------

    def _end(self, loop: asyncio.AbstractEventLoop, group: list[Task], begun: tuple[Any, list[Any]] | None) -> None:
        if begun is None or not self._commit(group, *begun):
            together(self._aside, group, self._ids)
        with contextlib.suppress(RuntimeError):  # the loop is gone, and whoever waited in it
            loop.call_soon_threadsafe(self._next, loop)

    def _commit(self, group: list[Task], transaction: Any, answers: list[Any]) -> bool:
        try:
            _hit(group, "before_commit")
            transaction.commit()
        except BaseException:  # noqa: BLE001 - rolled back: each is tried by itself
            self._line.drop()
            return False
        _hit(group, "after_commit")
        tell(group, answers)
        return True


def together(line: Line, group: list[Task], ids: Ids, more: Callable[[], Task | None] = lambda: None) -> None:
    """All of `group`, and what `more` gives meanwhile, in one commit; where that fails each by itself. All are told."""
    try:
        answers = _one_commit(line, group, ids, more)
    except BaseException as error:  # noqa: BLE001 - each is told its own failure
        for task in group:
            # Somebody else holds the lock: to wait for it once more would only keep the provider waiting.
            _give_up(line, task, error) if locked(error) else alone(line, task, ids)
    else:
        tell(group, answers)


def _one_commit(line: Line, group: list[Task], ids: Ids, more: Callable[[], Task | None]) -> list[Any]:
    conn = line.open()
    reserve(conn, ids)
    answers: list[Any] = []
    with conn.begin():
        while len(answers) < len(group):
            answers.append(group[len(answers)].job(conn))
            while len(answers) == len(group) < _MOST_TOGETHER and (task := more()) is not None:
                group.append(task)
        _hit(group, "before_commit")
    _hit(group, "after_commit")
    return answers


def alone(line: Line, task: Task, ids: Ids | None) -> None:
    """One job in a transaction of its own; whoever asked is told."""
    try:
        answer = line.run(task.job, task.name, ids)
    except BaseException as error:  # noqa: BLE001 - handed to whoever asked
        _tell_failure(task, error)
    else:
        tell([task], [answer])


def _give_up(line: Line, task: Task, error: BaseException) -> None:
    line.drop()
    _tell_failure(task, Unavailable(str(error)))


def _hit(group: Sequence[Task], edge: str) -> None:
    for task in group:
        failpoint.hit(f"{task.name}.{edge}")


def tell(group: Sequence[Task], answers: Sequence[Any]) -> None:
    """One crossing to the loop for all of a commit's jobs; they nearly always come from one loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Any, Any]]] = {}
    for task, answer in zip(group, answers, strict=True):
        by_loop.setdefault(task.loop, []).append((task.done, answer))
    for loop, told in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop is gone: nobody is left to hear it
            loop.call_soon_threadsafe(_settle, told)


def _settle(told: list[tuple[Any, Any]]) -> None:
    for done, answer in told:
        if not done.done():
            done.set_result(answer)


def _tell_failure(task: Task, error: BaseException) -> None:
    def fail() -> None:
        if not task.done.done():
            task.done.set_exception(error)

    with contextlib.suppress(RuntimeError):  # as above
        task.loop.call_soon_threadsafe(fail)


def _thread(run: Callable[[], None], name: str) -> threading.Thread:
    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread
