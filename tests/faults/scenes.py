"""A gateway process between stand-ins of its providers, on a database that can be looked into from outside."""

import asyncio
import itertools
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
from psycopg.rows import dict_row

from gateway.clock import Clock
from state import people
from state.database import Connection, Database
from tests import payloads
from tests.faults import gateways
from tests.faults.gateways import ADMIN, ECHO, SECRET, Gateway, Nursery
from tests.servers import plain
from tests.standins.telegram import TelegramStandin
from tests.standins.twilio import TwilioStandin

CHAT = 5001
CUSTOMER = "+79161234567"


def look(url: str, statement: str) -> list[dict[str, Any]]:
    """Rows as they are committed now, read past our own code."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=10)) as conn:
            conn.row_factory = sqlite3.Row
            return [dict(row) for row in conn.execute(statement)]
    with psycopg.connect(plain(url), row_factory=dict_row) as pg:
        return list(pg.execute(statement))


@dataclass(repr=False)
class Scene:
    folder: Path
    url: str
    http: aiohttp.ClientSession
    nursery: Nursery | None = None
    telegram: TelegramStandin | None = None
    twilio: TwilioStandin | None = None
    playbook: str = str(ECHO)
    port: int = field(default_factory=gateways.steady_port)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    gateway: Gateway | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, port: int = 0, **more: object) -> dict[str, str]:
        """Telegram alone is given no public address: its webhook is set here and not by each start anew."""
        if self.twilio is None:
            more = {"public_url": ""} | more
        return gateways.settings(
            self.folder, self.url, port or self.port, playbook=self.playbook,
            telegram=self.telegram.base if self.telegram else "", twilio=self.twilio.base if self.twilio else "", **more,
        )  # fmt: skip

    async def start(self, *, failpoint: str = "", port: int = 0, wait: bool = True, **more: object) -> Gateway:
        """A gateway on this scene's database, ready; armed where a failpoint is named."""
        assert self.nursery is not None
        environment = self.environment(port, **more) | ({"PARLEY_FAILPOINT": failpoint} if failpoint else {})
        made = self.nursery.start(environment, port or self.port, self.folder / "gateway.log")
        if not port:
            self.gateway = made
            if self.telegram is not None and more.get("telegram_mode") != "polling":
                self.telegram.webhook = {"url": f"{self.base}/hooks/telegram", "secret_token": SECRET}
            if self.twilio is not None:
                self.twilio.gateway = self.twilio.public = self.base
        return await made.ready(self.http) if wait else made

    # -- what customers do -------------------------------------------------------------------------------------------

    def update(self, text: str, chat: int = CHAT, number: int = 0) -> dict[str, Any]:
        n = number or next(self.numbers)
        return payloads.telegram("text_message", update_id=1000 + n, chat=chat, text=text, message_id=n)

    async def say(self, text: str, chat: int = CHAT) -> int:
        """Until it is accepted, as Telegram would; the number of tries."""
        assert self.telegram is not None
        return await self.telegram.push_until_accepted(self.update(text, chat))

    async def write(self, text: str, who: str = CUSTOMER, **fields: str) -> int:
        """Over WhatsApp; the hook's answer."""
        assert self.twilio is not None
        sid = f"SM{next(self.numbers):032x}"
        form = payloads.twilio("whatsapp_text", MessageSid=sid, SmsMessageSid=sid, SmsSid=sid, Body=text, **fields)
        form |= {"From": f"whatsapp:{who}", "To": f"whatsapp:{gateways.WHATSAPP}", "WaId": who[1:]}
        return await self.twilio.push(form)

    # -- what managers do --------------------------------------------------------------------------------------------

    async def call(self, method: str, path: str, token: str = ADMIN, port: int = 0, **given: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"}
        base = f"http://127.0.0.1:{port or self.port}"
        async with self.http.request(method, f"{base}/api/v1{path}", headers=headers, **given) as response:
            return response.status, await response.json()

    async def get(self, path: str, token: str = ADMIN) -> Any:
        status, body = await self.call("GET", path, token)
        assert status == 200, body
        return body

    # -- what is seen ------------------------------------------------------------------------------------------------

    def rows(self, statement: str) -> list[dict[str, Any]]:
        return look(self.url, statement)

    def count(self, table: str, where: str = "1=1") -> int:
        return int(self.rows(f"SELECT count(*) AS n FROM {table} WHERE {where}")[0]["n"])

    async def until(self, true: Callable[[], object], within_s: float = 20.0) -> None:
        """Wait for what must come true by itself."""
        deadline = time.monotonic() + within_s
        while not true():
            if time.monotonic() > deadline:
                log = (
                    (self.folder / "gateway.log").read_text()[-1500:] if (self.folder / "gateway.log").exists() else ""
                )
                waits = self.rows(
                    "SELECT id, state, attempts, repeats, error FROM parts WHERE open=1 ORDER BY id LIMIT 5"
                )
                waits += self.rows(
                    "SELECT id, contact_id, external_id FROM inbox WHERE state='waiting' ORDER BY id LIMIT 5"
                )
                waits += self.rows("SELECT * FROM lanes WHERE due_at IS NOT NULL LIMIT 5")
                raise AssertionError(
                    f"it did not come true within {within_s} s; waiting: {waits}; the gateway's log: {log}"
                )
            await asyncio.sleep(0.02)

    async def quiet(self) -> None:
        """Nothing waits to be handled (but for statuses whose message is not known) and nothing waits to be sent."""
        waiting = "state='waiting' AND contact_id IS NOT NULL"
        await self.until(lambda: not self.count("inbox", waiting) and not self.count("parts", "open=1"))

    def age_the_dead(self) -> None:
        """On PostgreSQL a claimed part's process is taken for dead after 90 s: let them have gone by."""
        if not self.url.startswith("sqlite"):
            self.change("UPDATE parts SET claimed_at = claimed_at - 100000 WHERE state IN ('sending', 'unknown')")

    def change(self, statement: str) -> None:
        """A hand in the database, from outside."""
        db = Database(self.url)
        db.write_now(lambda c: c.exec_driver_sql(statement))
        db.engine.dispose()

    def end(self) -> None:
        if self.gateway is not None and self.gateway.alive():
            self.gateway.kill()

    def token(self, role: Any, name: str) -> str:
        """A new person's API token, made as `parley token create` makes it."""
        db = Database(self.url)

        def make(conn: Connection) -> str:
            person = people.add_person(conn, db.ids, name, role, Clock().now())
            return people.issue_api(conn, db.ids, person.id, Clock().now())

        try:
            return db.write_now(make)
        finally:
            db.engine.dispose()
