"""A whole gateway behind a port of its own, and customers who talk to it as the page does."""

import asyncio
import io
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from gateway.app import App
from gateway.clock import Clock
from gateway.settings import Settings
from state import people, tables
from state.records import Person
from tests.shop import furnished

Item = dict[str, Any]
PATIENCE_S = 20
"""For what is sure to come; a busy machine may take long over it."""


class Shop:
    """The gateway; `restart` is a whole new process of it over the same data."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock
        self.app = self._new()

    def _new(self) -> App:
        return App(self.settings, clock=self.clock, house=furnished(self.settings.playbook))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.app.port}"

    async def start(self, *, workers: bool = True) -> None:
        await self.app.start(port=0, workers=workers)

    async def stop(self) -> None:
        await self.app.stop()

    async def restart(self) -> None:
        await self.stop()
        await self.restart_at(0)

    async def restart_at(self, port: int) -> None:
        self.app = self._new()
        await self.app.start(port=port)

    async def rows(self, table: str) -> list[dict[str, Any]]:
        found = tables.metadata.tables[table]
        order = next(iter(found.primary_key))
        return await self.app.db.read(lambda c: [dict(r._mapping) for r in c.execute(select(found).order_by(order))])

    async def manager(self, name: str = "Анна") -> Person:
        app = self.app
        return await app.db.write(lambda c: people.add_person(c, app.db.ids, name, "manager", app.clock.now()))

    async def command(self, command: Any, who: Person) -> int:
        deal = (await self.rows("deals"))[-1]
        return await self.app.turns.ask(deal["contact_id"], deal["id"], command, who)

    async def comes(self, true: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not await true():
                await asyncio.sleep(0.02)


class Line:
    """One socket of a customer's page."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws
        self.kept: list[dict[str, Any]] = []

    async def hello(self, after: Any = 0) -> list[Item]:
        await self.ws.send_json({"type": "hello", "after": after})
        history = await self.frame("history")
        return history["items"]

    async def send(self, client_id: str, text: str = "", **more: Any) -> None:
        await self.ws.send_json({"type": "message", "id": client_id, "text": text, **more})

    async def frame(self, kind: str, **like: Any) -> dict[str, Any]:
        """The next frame of this kind; those before it are kept for whoever asks for them."""

        def fits(frame: dict[str, Any]) -> bool:
            return frame["type"] == kind and all(frame.get(k) == v for k, v in like.items())

        for n, frame in enumerate(self.kept):
            if fits(frame):
                return self.kept.pop(n)
        while not fits(frame := await self.ws.receive_json(timeout=PATIENCE_S)):
            self.kept.append(frame)
        return frame

    async def item(self, start: str) -> Item:
        """The next item of the shop's or the customer's that begins so."""
        while True:
            item = (await self.frame("item"))["item"]
            if item["text"].startswith(start):
                return item

    async def quiet(self, seconds: float = 0.3) -> None:
        """Nothing more is said."""
        with pytest.raises(asyncio.TimeoutError):
            await self.ws.receive(timeout=seconds)
        assert self.kept == []


class Customer:
    """A browser with one cookie."""

    def __init__(self, http: aiohttp.ClientSession, shop: Shop) -> None:
        self.http = http
        self.shop = shop
        self.cookie = ""

    async def open(self, path: str = "/chat", **headers: str) -> aiohttp.ClientResponse:
        answer = await self.get(path, **headers)
        if given := answer.headers.get("Set-Cookie"):
            self.cookie = given.split(";")[0]
        return answer

    def headers(self, given: dict[str, str]) -> dict[str, str]:
        return {**({"Cookie": self.cookie} if self.cookie else {}), **given}

    async def get(self, path: str, **headers: str) -> aiohttp.ClientResponse:
        answer = await self.http.get(self.shop.url + path, headers=self.headers(headers))
        await answer.read()
        return answer

    async def post(self, client_id: str | None, text: Any = "", **more: Any) -> tuple[int, dict[str, Any]]:
        headers = self.headers(more.pop("headers", {}))
        body = {"text": text, **({"id": client_id} if client_id is not None else {}), **more}
        sent = io.BytesIO(json.dumps(body).encode())
        async with self.http.post(self.shop.url + "/chat/messages", data=sent, headers=headers) as answer:
            return answer.status, await answer.json()

    async def items(self, after: Any = 0) -> list[Item]:
        answer = await self.get(f"/chat/items?after={after}")
        assert answer.status == 200
        return (await answer.json())["items"]

    async def begin(self) -> list[Item]:
        """A first word, and the bot's two answers to it."""
        assert (await self.post("c1", "Здравствуйте"))[0] == 200

        async def answered() -> bool:
            return len(await self.items()) == 3

        await self.shop.comes(answered)
        return await self.items()

    async def line(self, **headers: str) -> Line:
        return Line(await self.http.ws_connect(self.shop.url + "/chat/socket", headers=self.headers(headers)))

    async def upload(self, body: bytes, name: str = "photo.png", client_id: str = "") -> tuple[int, dict[str, Any]]:
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("file", io.BytesIO(body), filename=name)
        headers = self.headers({"X-Client-Id": client_id} if client_id else {})
        async with self.http.post(self.shop.url + "/chat/files", data=form, headers=headers) as answer:
            return answer.status, await answer.json()


Open = Callable[..., Awaitable[Shop]]


def lay_out(data: Path, migrated_file: Path) -> None:
    """A gateway's folder as its first start would leave it, without the time that takes."""
    data.mkdir()
    shutil.copy(migrated_file, data / "parley.db")


@pytest.fixture
async def open_shop(tmp_path: Path, migrated_file: Path) -> AsyncIterator[Open]:
    """Starts gateways; all are stopped at the end. Settings go by name, `clock` too."""
    lay_out(tmp_path / "data", migrated_file)
    async with AsyncExitStack() as stack:

        async def start(*, clock: Clock | None = None, workers: bool = True, **settings: Any) -> Shop:
            shop = Shop(Settings(**{"data_dir": tmp_path / "data", **settings}), clock)
            await shop.start(workers=workers)
            stack.push_async_callback(shop.stop)
            return shop

        yield start


@pytest.fixture
async def shop(open_shop: Open) -> Shop:
    return await open_shop()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


@pytest.fixture
async def customer(shop: Shop, http: aiohttp.ClientSession) -> Customer:
    one = Customer(http, shop)
    await one.open()
    return one
