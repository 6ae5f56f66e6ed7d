"""A stand-in as a process of its own, for tests that kill the gateway: it and its log outlive whoever is killed."""

import contextlib
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tests.standins.ledger import Call, read_log

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class StandinProcess:
    base: str
    pid: int
    log: Path

    def calls(self) -> list[Call]:
        """What was accepted so far, from the file."""
        return read_log(self.log)

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    def summary(self) -> dict[str, Any]:
        """Calls, refusals and the busiest second, from the living process."""
        summary: dict[str, Any] = self._ask("/_log")
        return summary

    def knobs(self, *faults: dict[str, Any], clear: bool = False, settings: dict[str, Any] | None = None) -> None:
        self._ask("/_knobs", {"faults": list(faults), "clear": clear, "settings": settings or {}})

    def push(self, **order: Any) -> dict[str, Any]:
        """Telegram: `update=`, `updates=`, `until_accepted=`; Twilio: `form=`, `path=`, or `sid=`, `status=`, `code=`."""
        answer: dict[str, Any] = self._ask("/_push", order)
        return answer


@contextlib.contextmanager
def standin_process(
    provider: Literal["telegram", "twilio"], log: Path, *arguments: str, port: int = 0
) -> Iterator[StandinProcess]:
    """Start a stand-in, wait until it listens, end it afterwards; `arguments` go on its command line."""
    command = [sys.executable, "-m", f"tests.standins.{provider}", "--port", str(port), "--log", str(log)]
    with subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}
    ) as process:
        try:
            assert process.stdout is not None
            started = process.stdout.readline()
            if not started:
                raise RuntimeError(f"the {provider} stand-in did not start")
            yield StandinProcess(json.loads(started)["base"], process.pid, log)
        finally:
            process.terminate()
