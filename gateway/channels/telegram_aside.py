"""The gateway's end of Telegram's typed calls: a child process that lives while it is needed, and no longer.

Why a process: importing aiogram holds the interpreter for seconds and keeps over 100 MB (docs/decisions/0003).
"""

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import Any, Final

import orjson

from gateway.channels.telegram_answers import SetupFailed

PROGRAM: Final[tuple[str, ...]] = (sys.executable, "-m", "gateway.channels.telegram_typed")
_ROOT: Final = str(Path(__file__).resolve().parents[2])
ANSWER_S: Final = 90.0
"""A busy machine may take long to import aiogram; Telegram itself has 20 s."""
IDLE_S: Final = 20.0


class TelegramAside:
    """Every call raises SetupFailed and nothing else. Calls are made one at a time."""

    def __init__(self, token: str, api_base: str) -> None:
        self._opening = {"token": token, "api_base": api_base}
        self._child: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self._ending: asyncio.TimerHandle | None = None

    async def identity(self) -> str:
        return str(await self._call("identity"))

    async def username(self) -> str:
        return str(await self._call("username"))

    async def set_webhook(self, url: str, secret: str) -> None:
        await self._call("set_webhook", url, secret)

    async def delete_webhook(self) -> None:
        await self._call("delete_webhook")

    async def file_path(self, file_id: str) -> str:
        return str(await self._call("file_path", file_id))

    async def _call(self, name: str, *args: str) -> Any:
        async with self._lock:
            if self._ending is not None:
                self._ending.cancel()
            try:
                async with asyncio.timeout(ANSWER_S):
                    answer = await self._ask({"call": name, "args": args})
            except (TimeoutError, OSError, ValueError) as error:
                await self._end()
                raise SetupFailed(f"the helper process failed: {type(error).__name__}", "passing") from None
            self._ending = asyncio.get_running_loop().call_later(IDLE_S, self._hang_up)
        if "failed" in answer:
            raise SetupFailed(answer["failed"], answer["kind"], answer["pause_s"])
        return answer["ok"]

    async def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        child = self._child
        if child is None or child.returncode is not None:
            child = self._child = await self._begin()
        if child.stdin is None or child.stdout is None:
            raise OSError("no pipes")
        child.stdin.write(orjson.dumps(request) + b"\n")
        await child.stdin.drain()
        answer = orjson.loads(await child.stdout.readline())
        if not isinstance(answer, dict):
            raise ValueError("not an answer")  # noqa: TRY004 - told apart from nothing but a broken pipe
        return answer

    async def _begin(self) -> asyncio.subprocess.Process:
        path = os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH", ""))))
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(
            *PROGRAM, stdin=pipe, stdout=pipe, env=os.environ | {"PYTHONPATH": path}
        )
        if child.stdin is not None:
            child.stdin.write(orjson.dumps(self._opening) + b"\n")
        return child

    def _hang_up(self) -> None:
        """Closing its input ends the child; it has nothing under way."""
        if self._child is not None and self._child.stdin is not None:
            self._child.stdin.close()
            self._child = None

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None and child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()

    async def close(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
        await self._end()
