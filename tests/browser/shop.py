"""A shop in memory that speaks the web chat's wire and can be broken: lost answers, dead lines, refusals.

`python -m tests.browser.shop` serves it at http://127.0.0.1:8090/chat.
"""

import asyncio
import itertools
import json
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiohttp import BodyPartReader, WSMsgType, web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.ports import Port

Item = dict[str, Any]

HERE = Path(__file__).parent
CHAT = HERE.parents[1] / "gateway" / "chat"
LIMIT = 4000
PATIENCE_S = 20
MOST_BYTES = 20_000_000
KINDS = {b"\x89PNG": "photo", b"\xff\xd8\xff": "photo", b"GIF8": "photo", b"%PDF": "document"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors {ancestors}; "
    "require-trusted-types-for 'script'"
)
MENU = ["Подбор запчастей", "Мой заказ", "Доставка", "Оплата", "Позвать менеджера"]


class Shop:
    """Everything the shop remembers, and the switches that tests break it with."""

    def __init__(self) -> None:
        self.items: dict[str, list[Item]] = defaultdict(list)
        self.files: dict[str, tuple[bytes, Item]] = {}
        self.seen: dict[str, int] = {}
        self.sockets: dict[web.WebSocketResponse, str] = {}
        self.frames: list[dict[str, Any]] = []
        self.answers: set[asyncio.Task[None]] = set()
        self.ids = itertools.count(1)
        self.name = "Автодеталь на Заводской"
        self.greeting = "Здравствуйте! Подберём запчасти по VIN или фото, подскажем по заказу и доставке."
        self.talks = True
        self.no_sockets = False
        self.deaf = False
        self.lose_acks = 0
        self.refuse_next = ""

    # -- what happens --------------------------------------------------------------------------------------------------

    async def say(self, visitor: str, text: str, *, sender: str = "bot", **more: Any) -> Item:
        item = self.item(sender, text, **more)
        self.items[visitor].append(item)
        await self._tell(visitor, {"type": "item", "item": item})
        return item

    def item(self, sender: str, text: str, **more: Any) -> Item:
        at = datetime.now(UTC).isoformat()
        fresh = {"id": next(self.ids), "at": at, "from": sender, "name": None, "text": text}
        return {**fresh, "buttons": [], "media": [], "client_id": None, "status": None, **more}

    async def take(self, visitor: str, frame: dict[str, Any]) -> tuple[Item, bool]:
        """Keeps a customer's message once; a repeat gives back the same item."""
        for item in self.items[visitor]:
            if item["client_id"] == frame["id"]:
                return item, False
        media = [self.files[name][1] for name in frame.get("files", []) if name in self.files]
        item = await self.say(
            visitor, frame["text"], sender="customer", client_id=frame["id"], status="sent", media=media
        )
        return item, True

    async def answer(self, visitor: str, frame: dict[str, Any]) -> None:
        if not self.talks:
            return
        await asyncio.sleep(0.05)
        match frame.get("button") or frame["text"]:
            case "topic:0" | "1":
                await self.say(visitor, "Хорошо, подберём. Пришлите VIN — 17 знаков — или фото техпаспорта.")
            case "topic:4" | "5":
                await self.say(
                    visitor,
                    "Добрый день! Анна, менеджер. Чем помочь?",
                    sender="manager",
                    name="Анна Ветрова",
                )
            case _ if frame.get("files"):
                await self.say(visitor, "Спасибо, фото получили. Передаю менеджеру.")
            case _:
                await self.ask(visitor)

    async def ask(self, visitor: str) -> Item:
        buttons = [{"data": f"topic:{index}", "label": label} for index, label in enumerate(MENU)]
        return await self.say(visitor, "Здравствуйте! Что вас интересует?", buttons=buttons)

    async def drop_sockets(self) -> None:
        """The network goes away under everybody at once; it is over when the shop has noticed."""
        gone = list(self.sockets)
        for socket in gone:
            _cut(socket)
        async with asyncio.timeout(PATIENCE_S):
            while any(socket in self.sockets for socket in gone):
                await asyncio.sleep(0.01)

    async def _tell(self, visitor: str, frame: dict[str, Any]) -> None:
        for socket, who in list(self.sockets.items()):
            if who == visitor:
                with suppress(ConnectionError, RuntimeError):
                    await socket.send_json(frame)

    # -- the wire --------------------------------------------------------------------------------------------------------

    async def socket(self, request: web.Request) -> web.StreamResponse:
        if self.no_sockets:
            raise web.HTTPBadGateway
        visitor = request.cookies.get("visitor", "")
        socket = web.WebSocketResponse(max_msg_size=1_000_000)
        await socket.prepare(request)
        if not visitor:
            await socket.close(code=4401)
            return socket
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    continue
                frame = json.loads(message.data)
                self.frames.append(frame)
                if self.deaf:
                    continue
                await self._hear(visitor, socket, frame)
        finally:
            self.sockets.pop(socket, None)
        return socket

    async def _hear(self, visitor: str, socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "hello":
                await socket.send_json({"type": "history", **self.after(visitor, int(frame["after"]))})
                self.sockets[socket] = visitor
            case "seen":
                self.seen[visitor] = frame["id"]
            case "message":
                problem = self.problem(frame)
                if problem:
                    await socket.send_json({"type": "error", "id": frame["id"], **problem})
                    return
                silent = self.lose_acks > 0
                if silent:
                    self.lose_acks -= 1
                    del self.sockets[socket]
                item, fresh = await self.take(visitor, frame)
                if fresh:
                    task = asyncio.create_task(self.answer(visitor, frame))
                    self.answers.add(task)
                    task.add_done_callback(self.answers.discard)
                if silent:
                    _cut(socket)
                    return
                await socket.send_json({"type": "ack", "id": frame["id"], "item": item["id"], "at": item["at"]})
            case _:
                pass

    def after(self, visitor: str, last: int) -> dict[str, Any]:
        items = [item for item in self.items[visitor] if item["id"] > last]
        return {"items": items[-200:], "shop": {"name": self.name, "greeting": self.greeting}}

    def problem(self, frame: dict[str, Any]) -> dict[str, str] | None:
        if self.refuse_next:
            code, self.refuse_next = self.refuse_next, ""
            return {"code": code, "message": "Слишком много сообщений подряд"}
        if len(frame["text"]) > LIMIT:
            return {"code": "text_too_long", "message": f"Не больше {LIMIT} знаков"}
        return None

    async def post_message(self, request: web.Request) -> web.Response:
        visitor = request.cookies.get("visitor", "")
        frame = await request.json()
        self.frames.append(frame)
        problem = self.problem(frame)
        if problem:
            return web.json_response({"error": problem}, status=422)
        item, fresh = await self.take(visitor, frame)
        if fresh:
            await self.answer(visitor, frame)
        return web.json_response({"type": "ack", "id": frame["id"], "item": item["id"], "at": item["at"]})

    async def get_items(self, request: web.Request) -> web.Response:
        return web.json_response(self.after(request.cookies.get("visitor", ""), int(request.query["after"])))

    async def post_file(self, request: web.Request) -> web.Response:
        part = await (await request.multipart()).next()
        assert isinstance(part, BodyPartReader)
        data = bytes(await part.read())
        if len(data) > MOST_BYTES:
            return problem_response(413, "too_large")
        if not data:
            return problem_response(422, "empty_file")
        kind = next((kind for magic, kind in KINDS.items() if data.startswith(magic)), None)
        if kind is None:
            return problem_response(415, "bad_type")
        name = request.headers["X-Client-Id"]
        stored = {"url": f"/chat/files/{name}", "kind": kind, "name": part.filename or ""}
        self.files[name] = (data, stored)
        return web.json_response({"id": name, **stored}, status=201)

    async def get_file(self, request: web.Request) -> web.Response:
        data, _ = self.files[request.match_info["name"]]
        return web.Response(body=data, content_type="image/png", headers={"X-Content-Type-Options": "nosniff"})


def _cut(socket: web.WebSocketResponse) -> None:
    """No goodbye: what a lost network looks like."""
    transport = socket._req.transport if socket._req else None
    if transport is not None:
        transport.abort()


def problem_response(status: int, code: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": ""}}, status=status)


def app_of(shop: Shop) -> web.Application:
    pages = Environment(loader=FileSystemLoader(CHAT / "templates"), autoescape=True, undefined=StrictUndefined)

    async def page(request: web.Request) -> web.Response:
        lang = request.query.get("lang", "ru")
        lang = lang if re.fullmatch(r"[a-z]{2}", lang) else "ru"
        text = pages.get_template("chat.html").render(shop=shop.name, lang=lang)
        response = web.Response(text=text, content_type="text/html")
        response.headers["Content-Security-Policy"] = POLICY.format(ancestors="'self' http://localhost:*")
        if "visitor" not in request.cookies:
            response.set_cookie("visitor", uuid4().hex, httponly=True, samesite="Lax")
        return response

    async def widget(_: web.Request) -> web.FileResponse:
        return web.FileResponse(CHAT / "static" / "widget.js")

    async def host(_: web.Request) -> web.FileResponse:
        return web.FileResponse(HERE / "host.html")

    @web.middleware
    async def fresh(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        response = await handler(request)
        if not response.prepared:
            response.headers["Cache-Control"] = "no-cache"
        return response

    app = web.Application(client_max_size=25_000_000, middlewares=[fresh])
    app.add_routes(
        [
            web.get("/", host),
            web.get("/chat", page),
            web.get("/chat/widget.js", widget),
            web.static("/chat/static", CHAT / "static"),
            web.get("/chat/socket", shop.socket),
            web.post("/chat/messages", shop.post_message),
            web.get("/chat/items", shop.get_items),
            web.post("/chat/files", shop.post_file),
            web.get("/chat/files/{name}", shop.get_file),
        ]
    )
    return app


class Server:
    """The shop behind a port that can be shut and opened again, as in a restart."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.port = 0
        self._port: Port | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._port = Port(app_of(self.shop), grace_s=0.2)
        await self._port.open(number=self.port)
        self.port = self._port.number

    async def stop(self) -> None:
        await self.shop.drop_sockets()
        if self._port is not None:
            await self._port.shut()
            self._port = None


if __name__ == "__main__":
    web.run_app(app_of(Shop()), host="127.0.0.1", port=8090)
