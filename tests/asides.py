"""Telegram's typed calls without the wait: aiogram is loaded once, and every helper process is a fork of that one.

The code and the pipes are the real ones. Only the program's first seconds are saved; tests/e2e/test_walk.py has a
gateway start it the way it does for an operator.
"""

import asyncio
import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
_BRIDGE = """
import socket, sys
line = socket.socket(socket.AF_UNIX)
line.connect(sys.argv[1])
socket.send_fds(line, [b"."], [0, 1])
line.recv(1)
"""
"""What the gateway starts: it hands its pipes to a fork and lives as long as that does."""


@contextlib.contextmanager
def quick_asides() -> Iterator[tuple[str, ...]]:
    """The command that does what `python -m gateway.channels.telegram_typed` does, and at once."""
    with tempfile.TemporaryDirectory(prefix="parley-aside-") as folder:
        address = f"{folder}/line"
        command = [sys.executable, "-m", "tests.asides", address]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            if not process.stdout.readline():
                raise RuntimeError("aiogram did not load")
            try:
                yield (sys.executable, "-S", "-c", _BRIDGE, address)
            finally:
                process.stdin.close()
                process.wait(10)


def _become(line: socket.socket) -> None:
    """The fork: our pipes are those of whoever asked. It ends when they are closed, or at once when the bridge dies."""
    from gateway.channels import telegram_typed  # noqa: PLC0415 - loaded before the fork

    _, (requests, answers), _, _ = socket.recv_fds(line, 1, 2)
    os.dup2(requests, 0)
    os.dup2(answers, 1)
    os.close(requests)
    os.close(answers)
    threading.Thread(target=_die_with_it, args=(line,), daemon=True).start()
    asyncio.run(telegram_typed._serve())


def _die_with_it(bridge: socket.socket) -> None:
    bridge.recv(1)
    os._exit(0)


def _answer(door: socket.socket) -> None:
    line, _ = door.accept()
    if os.fork():
        line.close()
        return
    code = 1
    try:
        door.close()
        _become(line)
        code = 0
    finally:
        sys.stdout.flush()
        os._exit(code)


def main() -> None:
    """Until our own input ends."""
    import gateway.channels.telegram_typed  # noqa: F401, PLC0415 - the seconds are spent here, in this process alone

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as door, selectors.DefaultSelector() as waiting:
        door.bind(sys.argv[1])
        door.listen()
        waiting.register(door, selectors.EVENT_READ)
        waiting.register(0, selectors.EVENT_READ)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            for key, _ in waiting.select():
                if key.fileobj == 0:
                    return
                _answer(door)


if __name__ == "__main__":
    main()
