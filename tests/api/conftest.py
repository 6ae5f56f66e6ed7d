"""A shop with its lanes turning and its API listening on loopback, on both databases."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from gateway.api import Api, ApiContext, make_api
from gateway.channels.base import Limits
from gateway.clock import SetClock
from gateway.events import MessageReceived, ReachChanged, Received, Sender
from gateway.house import House
from gateway.intake import Intake
from gateway.library import open_library
from gateway.mover import Mover
from gateway.ports import Port
from gateway.turns import Turns
from state import people
from state.database import Database
from state.live import LocalLive
from tests.api.own_shop import MEETS, NIGHT, SHOP
from tests.shop import furnished

ADMIN = "the-settings-token-of-this-shop"
MORNING = 1_762_000_000_000
PATIENCE_S = 20
"""For what is sure to come; a busy machine may take long over it."""
WEB = Limits(text=4096, caption=1024, unit="chars", buttons=10, label=40)
WHATSAPP = Limits(text=1600, caption=1024, unit="chars", buttons=0, label=20, window_hours=24)


@dataclass(repr=False)
class Shop:
    ctx: ApiContext
    clock: SetClock
    url: str
    http: aiohttp.ClientSession
    api: Api
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def token(self, role: str = "manager", name: str = "") -> str:
        """A fresh person's API token."""

        def make(conn: Any) -> str:
            person = people.add_person(
                conn, self.ctx.db.ids, name or f"{role}-{next(self.numbers)}", role, self.clock.now()
            )  # type: ignore[arg-type]
            return people.issue_api(conn, self.ctx.db.ids, person.id, self.clock.now())

        return self.ctx.db.write_now(make)

    async def call(self, method: str, path: str, token: str | None = ADMIN, **given: Any) -> tuple[int, Any]:
        """Status and JSON of one call; `path` begins behind /api/v1."""
        headers = dict(given.pop("headers", {}))
        if token:
            headers["Authorization"] = f"Bearer {token}"
        async with self.http.request(method, f"{self.url}/api/v1{path}", headers=headers, **given) as response:
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            if response.content_type == "text/csv":
                return response.status, await response.text()
            assert response.content_type == "application/json", await response.text()
            return response.status, await response.json()

    async def get(self, path: str, token: str | None = ADMIN, **given: Any) -> Any:
        status, body = await self.call("GET", path, token, **given)
        assert status == 200, body
        return body

    async def say(
        self, text: str, who: str = "ivan", *, channel: str = "web", name: str = "Иван", phone: str = ""
    ) -> None:
        """A customer's message, kept and turned."""
        sender = Sender(channel, "site", who, name=name, phone=phone)
        await self.hear(MessageReceived(sender, text, message_id=f"m{next(self.numbers)}", sent_at=self.clock.now()))

    async def hear(self, event: MessageReceived | ReachChanged) -> None:
        """An event of a customer, kept and turned."""
        received = Received(f"e{next(self.numbers)}", event, b"{}")
        assert await self.ctx.intake.accept(event.sender.channel, "site", [received]) == ["new"]
        async with asyncio.timeout(PATIENCE_S):
            while await self.ctx.db.read(_waiting):
                await asyncio.sleep(0.01)

    async def deal(self, who: str = "ivan", **given: Any) -> dict[str, Any]:
        """A deal that a customer's first message opened."""
        await self.say("здравствуйте", who, **given)
        items = (await self.get("/deals"))["items"]
        return next(d for d in items if any(i["address"] == who for i in d["contact"]["identities"]))

    async def open_deal(self, token: str = ADMIN, **contact: str) -> dict[str, Any]:
        status, deal = await self.call(
            "POST", "/deals", token, json={"contact": contact or {"name": f"К{next(self.numbers)}"}}
        )
        assert status == 201, deal
        return deal


def _waiting(conn: Any) -> int:
    return int(conn.exec_driver_sql("SELECT count(*) FROM inbox WHERE state = 'waiting'").scalar())


@pytest.fixture(scope="session")
def autoparts() -> House:
    return furnished(still=True)


@pytest.fixture(params=["sqlite"])
def database_url(database_url: str) -> str:
    """SQLite, where a test does not ask for `both_databases`."""
    return database_url


@pytest.fixture
async def shop(database_url: str, autoparts: House) -> AsyncIterator[Shop]:
    db, clock, live = Database(database_url), SetClock(MORNING), LocalLive()
    house = House(autoparts.playbook, autoparts.scripts, {"web:site": WEB, "whatsapp:site": WHATSAPP})
    await open_library(db, house, MORNING)
    intake, turns = Intake(db, live, clock, house.words), Turns(db, house, live, clock)
    ctx = ApiContext(db, turns, live, clock, house, ADMIN, intake)
    app = web.Application(client_max_size=1_000_000)
    api = make_api(ctx)
    api.mount(app)
    port = Port(app, grace_s=2)
    await port.open()
    mover = Mover(db, house, turns, live, clock)
    workers = [asyncio.create_task(work) for work in (intake.run(), turns.run(), mover.run())]
    http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
    yield Shop(ctx, clock, f"http://127.0.0.1:{port.number}", http, api)
    await http.close()
    await port.shut()
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    await db.close()


both_databases = pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "DATA_DIR", "PUBLIC_URL", "PLAYBOOK", "ADMIN_TOKEN"):
        monkeypatch.delenv(f"PARLEY_{name}", raising=False)
    return tmp_path


@pytest.fixture
def own(home: Path) -> Path:
    """A shop's own playbook in the working folder."""
    (home / "shop" / "scripts").mkdir(parents=True)
    (home / "shop" / "playbook.yaml").write_text(SHOP, encoding="utf-8")
    (home / "shop" / "scripts" / "meets.yaml").write_text(MEETS, encoding="utf-8")
    (home / "shop" / "scripts" / "night.yaml").write_text(NIGHT, encoding="utf-8")
    return home / "shop"
