"""Gateways that start in a blink: one process loads the program once, and each gateway is a fork of it.

A fork is a process of its own with its own pid, memory, sockets and threads: `kill -9` means to it what it means to
any other. Orders come in on stdin and answers go out on stdout, a JSON line each; end of input ends all.
"""

import asyncio
import ctypes
import gc
import importlib
import json
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import uvloop  # noqa: F401 - loaded here, once, like all that a gateway imports sooner or later

import gateway.channels.opening
import gateway.channels.twilio_wire  # noqa: F401
from gateway import logs
from gateway.app import App
from gateway.commands import serve
from gateway.settings import Settings, load_settings
from state import failpoint

_PR_SET_PDEATHSIG = 1


async def _up_and_down(folder: Path) -> None:
    app = App(Settings(data_dir=folder, playbook=str(Path(__file__).parent / "playbook")))
    await app.start(port=0, workers=False)
    await app.stop()


def _warm_up() -> None:
    """What is built at a first start and kept for good. Its threads and its loop have ended before anything is forked."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_up_and_down(Path(folder)))
    assert threading.active_count() == 1, threading.enumerate()
    gc.collect()
    gc.freeze()


def _become(order: dict[str, Any]) -> None:
    """The child: a gateway with its own environment, from here to its end."""
    os.setpgrp()
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    null = os.open(os.devnull, os.O_RDONLY)
    for ours, theirs in ((null, 0), (log, 1), (log, 2)):
        os.dup2(ours, theirs)
    os.environ.update(order["settings"])
    importlib.reload(failpoint)  # it is armed where it is imported
    settings = load_settings()
    logs.set_up(settings.log_level, settings.secrets(), plain=False)
    raise SystemExit(serve._run(serve._serve(settings, "127.0.0.1", order["port"], demo=False)))


def _start(order: dict[str, Any]) -> dict[str, Any]:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return {"pid": pid}
    code = 70
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == parent:
            _become(order)
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001 - the child must not come back into the nursery
        traceback.print_exc()
    finally:
        os._exit(code)


def _wait(order: dict[str, Any]) -> dict[str, Any]:
    """The exit code, negative for a signal; null while it lives."""
    deadline = time.monotonic() + order["within_s"]
    while True:
        pid, status = os.waitpid(order["wait"], os.WNOHANG)
        if pid:
            return {"code": os.waitstatus_to_exitcode(status)}
        if time.monotonic() > deadline:
            return {"code": None}
        time.sleep(0.005)


def _answer(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    _warm_up()
    _answer({"ready": True})
    for line in sys.stdin:
        order = json.loads(line)
        _answer(_wait(order) if "wait" in order else _start(order))


if __name__ == "__main__":
    main()
