"""How the programs of our own that are measured serve: quietly, until SIGTERM."""

import asyncio
import signal

from aiohttp import web


async def until_ended(app: web.Application, host: str, port: int) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, host, port, backlog=1024).start()
    await ended.wait()
    await runner.cleanup()
