"""Gateways as processes of their own, to be killed at any moment; what they owe survives them in the database."""

import asyncio
import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.standins.telegram import TOKEN
from tests.standins.twilio import ACCOUNT, AUTH_TOKEN

ROOT = Path(__file__).parents[2]
AUTOPARTS = ROOT / "playbooks" / "autoparts"
ECHO = ROOT / "tests" / "faults" / "playbook"
SECRET = "hook-secret_0123456789"
ADMIN = "admin-token-of-this-test"
WHATSAPP = "+74950000001"


def always_open(folder: Path) -> str:
    """The auto-parts shop without its hours: who meets new customers does not depend on when the tests run."""
    shop = folder / "always_open"
    shutil.copytree(AUTOPARTS, shop, ignore=shutil.ignore_patterns("talks", "*.py", "__pycache__"))
    told = (shop / "playbook.yaml").read_text(encoding="utf-8")
    (shop / "playbook.yaml").write_text(re.sub(r"(?m)^hours:\n(?: .*\n)+", "", told), encoding="utf-8")
    return str(shop)


def steady_port() -> int:
    """A free port below those that outgoing connections are given: it stays free between a kill and the next start."""
    while True:
        port = random.randrange(18_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def settings(
    folder: Path, database_url: str, port: int, *, telegram: str = "", twilio: str = "", **more: object
) -> dict[str, str]:
    """The environment of a gateway; `telegram` and `twilio` are the stand-ins' addresses, `more` names settings."""
    given: dict[str, object] = {
        "data_dir": folder / "data",
        "database_url": database_url,
        "public_url": f"http://127.0.0.1:{port}",
        "admin_token": ADMIN,
        "log_level": "warning",
    }
    if telegram:
        given |= {"telegram_token": TOKEN, "telegram_secret": SECRET, "telegram_api_base": telegram}
        given |= {"telegram_rate": 0, "telegram_chat_rate": 0}
    if twilio:
        given |= {"twilio_account_sid": ACCOUNT, "twilio_auth_token": AUTH_TOKEN, "twilio_api_base": twilio}
        given |= {"twilio_whatsapp_from": WHATSAPP}
    return {f"PARLEY_{name.upper()}": str(value) for name, value in (given | more).items()}


@dataclass(slots=True)
class Gateway:
    """A running process. `wait` gives its exit code, negative for a signal."""

    pid: int
    port: int
    log: Path
    _wait: Any
    code: int | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def wait(self, within_s: float = 25.0) -> int:
        """In a thread: the stand-ins that it is still talking to may live in this loop."""
        if self.code is None:
            self.code = await asyncio.to_thread(self._wait, within_s)
        if self.code is None:
            raise TimeoutError(f"the gateway did not end in {within_s} s")
        return self.code

    def signal(self, sign: int) -> None:
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, sign)

    def kill(self) -> None:
        """As a power cut would: at once, and with nothing said."""
        self.signal(signal.SIGKILL)
        if self.code is None:
            self.code = self._wait(5)

    async def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return await self.wait()

    def alive(self) -> bool:
        if self.code is None:
            self.code = self._wait(0)
        return self.code is None

    async def ready(self, http: aiohttp.ClientSession, within_s: float = 60.0) -> "Gateway":
        deadline = time.monotonic() + within_s
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with http.get(f"{self.base}/readyz", timeout=aiohttp.ClientTimeout(total=2)) as response:
                    if response.status == 200:
                        return self
            if not self.alive() or time.monotonic() > deadline:
                raise RuntimeError(f"the gateway is not ready: {self.log.read_text()[-2000:]}")
            await asyncio.sleep(0.01)


@dataclass(slots=True)
class Nursery:
    """Starts gateways as forks of one loaded process (`tests.faults.nursery`)."""

    process: "subprocess.Popen[str]"
    lock: threading.Lock = field(default_factory=threading.Lock)
    pids: list[int] = field(default_factory=list)

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with self.lock:
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()
            answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def start(self, environment: dict[str, str], port: int, log: Path) -> Gateway:
        pid = self._ask({"settings": environment, "port": port, "log": str(log)})["pid"]
        return Gateway(pid, port, log, lambda within_s: self._ask({"wait": pid, "within_s": within_s})["code"])


@contextlib.contextmanager
def open_nursery() -> Iterator[Nursery]:
    command = [sys.executable, "-m", "tests.faults.nursery"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PARLEY_")}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=clean, text=True
    ) as process:
        assert process.stdout is not None
        if not process.stdout.readline():
            raise RuntimeError("the nursery did not start")
        try:
            yield Nursery(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(10)


@contextlib.contextmanager
def started(environment: dict[str, str], port: int, log: Path) -> Iterator[Gateway]:
    """`python -m gateway serve`, as an operator starts it; killed at the end if it still lives."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PARLEY_")}
    command = [sys.executable, "-m", "gateway", "serve", "--port", str(port)]
    with (
        log.open("ab") as out,
        subprocess.Popen(command, cwd=ROOT, env=clean | environment, stdout=out, stderr=out) as process,
    ):

        def wait(within_s: float) -> int | None:
            try:
                return process.wait(within_s)
            except subprocess.TimeoutExpired:
                return None

        gateway = Gateway(process.pid, port, log, wait)
        try:
            yield gateway
        finally:
            gateway.kill()
