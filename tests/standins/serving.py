"""What every stand-in shares: the socket, the knobs over HTTP, and the carrying out of faults."""

import argparse
import asyncio
import json
import os
import signal
import socket
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web

from gateway.ports import Port
from tests.standins.faults import REFUSING, Fault, Faults, fault_of
from tests.standins.ledger import Ledger

PAGE = "<html><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>"


def reply(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response(body, status=status, headers=headers)


def tear_down(request: web.Request) -> None:
    """End the connection with a reset rather than a polite close."""
    if request.transport is not None:
        sock = request.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()


async def spoil(request: web.Request, fault: Fault, body: dict[str, Any]) -> web.StreamResponse:
    """Answer an accepted call the way the fault says."""
    if fault.do == "kill":
        os.kill(fault.pid, signal.SIGKILL)
    if fault.ms and fault.do != "drip":
        await asyncio.sleep(fault.ms / 1000)
    whole = json.dumps(body).encode()
    match fault.do:
        case "html":
            return web.Response(text=PAGE, content_type="text/html")
        case "empty":
            return reply({})
        case "half":
            return web.Response(body=whole[: len(whole) // 2], content_type="application/json")
        case "bad_gateway":
            return web.Response(text=PAGE, content_type="text/html", status=fault.status)
        case "drop":
            tear_down(request)
            return web.Response()
        case "cut" | "drip":
            answer = web.StreamResponse(headers={"Content-Type": "application/json"})
            answer.content_length = len(whole)
            await answer.prepare(request)
            if fault.do == "cut":
                await answer.write(whole[: len(whole) // 2])
                await asyncio.sleep(0.01)
                tear_down(request)
                return answer
            for at in range(len(whole)):
                await answer.write(whole[at : at + 1])
                await asyncio.sleep(fault.ms / 1000)
            await answer.write_eof()
            return answer
        case _:
            return reply(body)


class Standin:
    """A server with a ledger, faults and settings; use it as an async context manager."""

    sends: frozenset[str] = frozenset()

    def __init__(self, *, port: int = 0, log: Path | None = None) -> None:
        self.ledger = Ledger(self.sends, log)
        self.faults = Faults()
        self.base = ""
        self._number = port
        self._port: Port | None = None
        self._session: aiohttp.ClientSession | None = None

    def routes(self, app: web.Application) -> None:
        raise NotImplementedError

    def refusal(self, fault: Fault) -> web.Response:
        """The provider's own way to say `throttle` and `error`."""
        raise NotImplementedError

    async def push_json(self, order: dict[str, Any]) -> dict[str, Any]:
        """`POST /_push`: a push asked for from another process."""
        raise NotImplementedError

    def set(self, settings: dict[str, Any]) -> None:
        """Settings by name, from `POST /_knobs`."""
        for name, value in settings.items():
            if name.startswith("_") or name not in vars(self):
                raise ValueError(f"no such setting: {name!r}")
            setattr(self, name, value)

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
        return self._session

    async def conduct(
        self,
        request: web.Request,
        method: str,
        to: str,
        accept: Callable[[Fault | None], dict[str, Any]],
        exempt: frozenset[int] = frozenset(),
    ) -> web.StreamResponse:
        """Accept the call, or do to it what the next fault for it says."""
        sends = method in self.sends
        rate = self.ledger.last_second() if any(f.over for f in self.faults.waiting) else 0
        fault = self.faults.take(method, to, sends=sends, rate=rate, exempt=exempt)
        if fault is None:
            return reply(accept(None))
        if fault.do in REFUSING:
            await asyncio.sleep(fault.ms / 1000)
            self.ledger.refuse(method, to, fault.do)
            match fault.do:
                case "reset":
                    tear_down(request)
                    return web.Response()
                case "redirect":
                    return web.Response(status=301, headers={"Location": str(fault.value)})
                case "status":
                    return web.Response(text=PAGE, content_type="text/html", status=fault.status)
                case _:
                    return self.refusal(fault)
        return await spoil(request, fault, accept(fault))

    async def _knobs(self, request: web.Request) -> web.Response:
        try:
            order = await request.json()
            if order.get("clear"):
                self.faults.clear()
            self.faults.waiting.extend([fault_of(fault) for fault in order.get("faults", [])])
            self.set(order.get("settings", {}))
        except (ValueError, TypeError, AttributeError) as why:
            return reply({"ok": False, "error": str(why)}, 400)
        return reply({"ok": True, "waiting": len(self.faults.waiting)})

    async def _log(self, request: web.Request) -> web.Response:
        return reply(self.ledger.summary())

    async def _push(self, request: web.Request) -> web.Response:
        return reply(await self.push_json(await request.json()))

    async def start(self) -> None:
        """Listen; a second start takes the same port again."""
        app = web.Application(client_max_size=60_000_000)
        app.router.add_post("/_knobs", self._knobs)
        app.router.add_get("/_log", self._log)
        app.router.add_post("/_push", self._push)
        self.routes(app)
        port = Port(app, grace_s=0.1)
        await port.open(number=self._number)
        self._number = port.number
        self.base = f"http://127.0.0.1:{self._number}"
        self._port = port

    async def stop(self) -> None:
        """Gone from the network: connections are refused until `start`."""
        if self._port is not None:
            await self._port.shut()
            self._port = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        if self._session is not None:
            await self._session.close()
        self.ledger.close()


def arguments(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path)
    return parser


async def serve_until_ended(standin: Standin) -> None:
    """Serve as a process of its own: the base address goes out as one JSON line, SIGTERM ends it."""
    ended = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, ended.set)
    async with standin:
        print(json.dumps({"base": standin.base, "pid": os.getpid()}), flush=True)  # noqa: T201
        await ended.wait()
