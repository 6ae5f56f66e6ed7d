"""What a stand-in accepted, in order, and how fast it came. Append-only: a test reads it, nothing corrects it.

With a file, each line is on disk before the call is answered, so it outlives whoever is killed meanwhile.
"""

import asyncio
import json
import os
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    n: int
    at: int
    """Milliseconds since 1970."""
    method: str
    path: str
    to: str
    """The chat or the phone address; empty for calls that go to nobody."""
    text: str
    params: dict[str, Any]
    provider_id: str


@dataclass(frozen=True, slots=True)
class Refusal:
    at: int
    method: str
    to: str
    reason: str


def busiest_second(instants_ms: Iterable[int]) -> int:
    """The most instants that fell into any one second."""
    ordered = sorted(instants_ms)
    most = first = 0
    for last, instant in enumerate(ordered):
        while instant - ordered[first] >= 1000:
            first += 1
        most = max(most, last - first + 1)
    return most


class Ledger:
    """`sends` names the methods that put something before a customer: only those count for the rates."""

    def __init__(self, sends: Iterable[str], file: Path | None = None) -> None:
        self.calls: list[Call] = []
        self.refusals: list[Refusal] = []
        self._sends = frozenset(sends)
        self._ticks: list[tuple[int, str]] = []
        self._changed = asyncio.Event()
        self._fd = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644) if file else -1

    def accept(self, method: str, path: str, to: str, text: str, params: dict[str, Any], provider_id: str) -> Call:
        call = Call(len(self.calls) + 1, time.time_ns() // 1_000_000, method, path, to, text, params, provider_id)
        if self._fd >= 0:
            os.write(self._fd, (json.dumps(asdict(call), ensure_ascii=False) + "\n").encode())
            os.fsync(self._fd)
        self.calls.append(call)
        self._tick(method, to)
        self._changed.set()
        return call

    def refuse(self, method: str, to: str, reason: str) -> None:
        self.refusals.append(Refusal(time.time_ns() // 1_000_000, method, to, reason))
        self._tick(method, to)

    def _tick(self, method: str, to: str) -> None:
        if method in self._sends:
            self._ticks.append((time.monotonic_ns() // 1_000_000, to))

    def sent(self, to: object = None) -> list[Call]:
        """Accepted calls that put something before a customer."""
        return [c for c in self.calls if c.method in self._sends and (to is None or c.to == str(to))]

    def texts(self, to: object = None) -> list[str]:
        return [call.text for call in self.sent(to)]

    def busiest_second(self, to: object = None) -> int:
        """The most sends tried within one second, accepted or not, overall or for one address."""
        return busiest_second(at for at, whom in self._ticks if to is None or whom == str(to))

    def last_second(self, to: object = None) -> int:
        since = time.monotonic_ns() // 1_000_000 - 1000
        return sum(1 for at, whom in self._ticks if at > since and (to is None or whom == str(to)))

    async def wait_for(self, count: int, to: object = None, within_s: float = 20.0) -> list[Call]:
        """The sends, as soon as there are `count`; TimeoutError says what had come instead."""
        deadline = asyncio.get_running_loop().time() + within_s
        while len(self.sent(to)) < count:
            self._changed.clear()
            left = deadline - asyncio.get_running_loop().time()
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except TimeoutError:
                raise TimeoutError(f"{len(self.sent(to))} of {count} sends came: {self.texts(to)!r}") from None
        return self.sent(to)

    def summary(self) -> dict[str, Any]:
        """Everything, as JSON: for tests that look from another process."""
        addresses = {whom for _, whom in self._ticks}
        return {
            "calls": [asdict(call) for call in self.calls],
            "refusals": [asdict(refusal) for refusal in self.refusals],
            "busiest_second": {
                "overall": self.busiest_second(),
                "by_address": {whom: self.busiest_second(whom) for whom in sorted(addresses)},
            },
        }

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def read_log(file: Path) -> list[Call]:
    """The calls in a ledger's file; a last line cut by a kill is not a call."""
    lines = file.read_text().split("\n")[:-1] if file.exists() else []
    return [Call(**json.loads(line)) for line in lines]
