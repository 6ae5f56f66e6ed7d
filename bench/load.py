"""The load generator as its own process, seen from the one that directs the benchmark."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench.programs import LOAD_CORE, ROOT, SECRET, on_core


@dataclass(slots=True)
class Generator:
    api: str
    """The base address of its Bot API."""
    process: subprocess.Popen[str]

    def run(self, hook: str, **order: Any) -> dict[str, Any]:
        """One run (see bench.generator.Order); its figures."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"hook": hook, "secret": SECRET, **order}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the load generator ended")
        result: dict[str, Any] = json.loads(line)
        if "failed" in result:
            raise RuntimeError(f"the load generator: {result['failed']}")
        return result


@contextlib.contextmanager
def generator(chats: int = 2000) -> Iterator[Generator]:
    command = [sys.executable, "-m", "bench.generator", str(chats)]
    with on_core(LOAD_CORE):
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        try:
            yield Generator(json.loads(process.stdout.readline())["api"], process)
        finally:
            process.terminate()
