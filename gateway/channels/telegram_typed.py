"""Telegram's rare calls (webhook, identity, files), typed by aiogram. Runs as a process of its own.

Importing aiogram costs seconds of interpreter time and over 100 MB; in the gateway's own process every customer would
wait for it. So `telegram_aside` starts `python -m gateway.channels.telegram_typed`, which reads one JSON request a
line and answers each with one line. No call here is on a message's way, and nothing that leaves carries the token.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final

import aiohttp
import orjson
from aiogram import Bot, exceptions
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.methods import DeleteWebhook, GetFile, GetMe, SetWebhook, TelegramMethod

from gateway.channels.telegram_answers import SetupFailed
from gateway.channels.telegram_updates import ALLOWED

MAX_CONNECTIONS: Final = 40
TIMEOUT_S: Final = 20


class _SharedSession(AiohttpSession):
    """aiogram's own session would open a second pool and wait on closing it; ours belongs to the application."""

    def __init__(self, session: aiohttp.ClientSession, api_base: str) -> None:
        super().__init__(api=TelegramAPIServer.from_base(api_base), timeout=TIMEOUT_S)
        self._shared = session

    async def create_session(self) -> aiohttp.ClientSession:
        return self._shared

    async def close(self) -> None:
        return


class TelegramTyped:
    """Every method raises SetupFailed and nothing else."""

    def __init__(self, token: str, api_base: str, session: aiohttp.ClientSession) -> None:
        self._token = token
        self._bot = Bot(token, session=_SharedSession(session, api_base))

    async def identity(self) -> str:
        me = await self._call(GetMe())
        return str(me.id)

    async def username(self) -> str:
        me = await self._call(GetMe())
        return str(me.username or "")

    async def set_webhook(self, url: str, secret: str) -> None:
        # Updates that waited while we were away are customers' messages: they are never dropped.
        await self._call(
            SetWebhook(url=url, secret_token=secret, allowed_updates=list(ALLOWED), max_connections=MAX_CONNECTIONS)
        )

    async def delete_webhook(self) -> None:
        await self._call(DeleteWebhook(drop_pending_updates=False))

    async def file_path(self, file_id: str) -> str:
        """The path under `/file/bot<token>/`: good for an hour, files up to 20 MB."""
        file = await self._call(GetFile(file_id=file_id))
        return file.file_path or ""

    async def _call(self, method: TelegramMethod[Any]) -> Any:
        try:
            return await self._bot(method)
        except exceptions.TelegramRetryAfter as error:
            failed = SetupFailed("too many requests", "passing", error.retry_after)
        except (exceptions.TelegramUnauthorizedError, exceptions.TelegramNotFound) as error:
            failed = SetupFailed(f"the token is refused: {error.message}", "token")
        except (exceptions.TelegramBadRequest, exceptions.TelegramForbiddenError) as error:
            failed = SetupFailed(error.message, "request")
        except (exceptions.TelegramNetworkError, exceptions.TelegramServerError) as error:
            # Network errors quote the address, and the address holds the token.
            failed = SetupFailed(f"no answer: {type(error).__name__}", "passing")
        except exceptions.AiogramError as error:
            failed = SetupFailed(f"unexpected answer: {type(error).__name__}", "passing")
        raise SetupFailed(str(failed).replace(self._token, "***"), failed.kind, failed.pause_s)


async def _serve() -> None:
    """Until the gateway hangs up: a line in, a line out. The first line says whom to call."""
    os.nice(19)
    opening = orjson.loads(sys.stdin.readline())
    async with aiohttp.ClientSession() as session:
        typed = TelegramTyped(opening["token"], opening["api_base"], session)
        calls: dict[str, Callable[..., Awaitable[Any]]] = {
            "identity": typed.identity,
            "username": typed.username,
            "set_webhook": typed.set_webhook,
            "delete_webhook": typed.delete_webhook,
            "file_path": typed.file_path,
        }
        while line := await asyncio.to_thread(sys.stdin.readline):
            asked = orjson.loads(line)
            try:
                answer = {"ok": await calls[asked["call"]](*asked["args"])}
            except SetupFailed as failed:
                answer = {"failed": str(failed), "kind": failed.kind, "pause_s": failed.pause_s}
            sys.stdout.write(orjson.dumps(answer).decode() + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_serve())
