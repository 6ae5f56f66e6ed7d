"""A running gateway on each database, to which anything at all is posted; what it answers and what it keeps is seen."""

import asyncio
import io
import itertools
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
from sqlalchemy import select, text

from gateway.app import App
from state import inbox, tables
from tests import payloads
from tests.standins.telegram import TelegramStandin
from tests.standins.twilio import ACCOUNT, TwilioStandin

SECRET = "hook-secret_0123456789"
PUBLIC = "https://shop.example"
WHATSAPP, SMS = "+74950000001", "+74950000002"

Pairs = list[tuple[str, str]]


@dataclass
class Hall:
    app: App
    http: aiohttp.ClientSession
    telegram: TelegramStandin
    twilio: TwilioStandin
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.app.port}"

    def number(self) -> int:
        return next(self.numbers)

    def newcomer(self) -> int:
        """A chat that nobody has used."""
        return 500_000 + self.number()

    # -- posts -------------------------------------------------------------------------------------------------------

    async def post(self, path: str, body: bytes, headers: Mapping[str, str] | list[tuple[str, str]]) -> int:
        async with self.http.post(
            self.base + path, data=io.BytesIO(body), headers=headers, skip_auto_headers=["User-Agent"]
        ) as r:
            return r.status

    async def tell(self, update: Mapping[str, Any] | bytes, **headers: str) -> int:
        """As Telegram posts it."""
        raw = (
            update
            if isinstance(update, bytes)
            else json.dumps(update, ensure_ascii=False).encode("utf-8", "surrogatepass")
        )
        given = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": SECRET} | headers
        return await self.post("/hooks/telegram", raw, given)

    def update(self, name: str = "text_message", **changes: Any) -> dict[str, Any]:
        """A captured update with a number of its own."""
        return payloads.telegram(name, **{"update_id": 10_000 + self.number(), **changes})

    def form(self, name: str = "whatsapp_text", **changes: str) -> dict[str, str]:
        """A captured form with a sid of its own."""
        sid = f"SM5{self.number():031x}"  # none of the captured ones
        fresh = dict.fromkeys(("MessageSid", "SmsMessageSid", "SmsSid"), sid) if not name.startswith("status") else {}
        return payloads.twilio(name, **{**fresh, **changes})

    async def send(
        self, form: Mapping[str, str] | Pairs, path: str = "/hooks/twilio/messages", query: str = "", *,
        signature: str | None = None, signed_for: str = "", body: bytes | None = None, **headers: str,
    ) -> int:  # fmt: skip
        """As Twilio posts it, signed for the public address unless another signature is given (empty: none)."""
        pairs = list(form.items()) if isinstance(form, Mapping) else form
        asked = path + (f"?{query}" if query else "")
        made = self.twilio.signature(signed_for or PUBLIC + asked, pairs) if signature is None else signature
        given = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"} | headers
        if made:
            given["X-Twilio-Signature"] = made
        return await self.post(asked, body if body is not None else urlencode(pairs).encode(), given)

    async def report(self, part: int, sid: str, status: str, code: str = "", name: str = "status_delivered") -> int:
        """What Twilio says became of a part of ours."""
        form = self.form(name, MessageSid=sid, SmsSid=sid, MessageStatus=status, SmsStatus=status)
        form["From"] = f"whatsapp:{WHATSAPP}"
        if code:
            form["ErrorCode"] = code
        return await self.send(form, "/hooks/twilio/status", f"part={part}")

    # -- what is kept ------------------------------------------------------------------------------------------------

    async def rows(self, table: str, **where: Any) -> list[dict[str, Any]]:
        found = tables.metadata.tables[table]
        asked = select(found).order_by(next(iter(found.primary_key)))
        for name, value in where.items():
            asked = asked.where(found.c[name] == value)
        return await self.app.db.read(lambda c: [dict(r._mapping) for r in c.execute(asked)])

    async def kept(self) -> int:
        return int(await self.app.db.read(lambda c: c.execute(text("SELECT count(*) FROM inbox")).scalar_one()))

    async def last(self) -> dict[str, Any]:
        """The newest inbox row, settled."""
        await self.settled()
        newest = (
            select(tables.inbox).where(tables.inbox.c.channel != "parley").order_by(tables.inbox.c.id.desc()).limit(1)
        )
        return await self.app.db.read(lambda c: dict(c.execute(newest).one()._mapping))

    async def entries(self, contact: int) -> list[dict[str, Any]]:
        return await self.rows("entries", contact_id=contact)

    async def talk(self, contact: int) -> list[str]:
        """What this customer said."""
        return [e["text"] for e in await self.entries(contact) if e["author"] == "customer" and e["kind"] == "message"]

    async def settled(self) -> None:
        """Everything that came in has had its turn, and everything said has been sent."""
        deadline = time.monotonic() + 20
        while await self.app.db.read(_busy):
            assert time.monotonic() < deadline, "it does not come to rest"
            await asyncio.sleep(0.01)

    async def heard(self) -> int:
        """Events from outside; what delivery tells the lanes of a send that came to nothing is counted, too, but later."""
        rows = await self.app.db.read(inbox.load_tallies)
        return sum(n for channel, outcome, _, n in rows if outcome == "received" and channel != "parley")

    async def tallies(self) -> dict[str, int]:
        total: dict[str, int] = {}
        for _, outcome, _, n in await self.app.db.read(inbox.load_tallies):
            total[outcome] = total.get(outcome, 0) + n
        return total

    async def balanced(self) -> bool:
        """received = processed + duplicate + ignored + quarantined, and nothing waits but statuses of unknown messages."""
        await self.settled()
        t = await self.tallies()
        return t.get("received", 0) == sum(
            t.get(end, 0) for end in ("processed", "duplicate", "ignored", "quarantined", "waiting")
        )


def _busy(conn: Any) -> bool:
    waiting = "SELECT 1 FROM inbox WHERE state = 'waiting' AND contact_id IS NOT NULL LIMIT 1"
    soon = f"SELECT 1 FROM parts WHERE open = 1 AND (state <> 'queued' OR due_at < {int(time.time() * 1000)}) LIMIT 1"
    return any(conn.execute(text(asked)).first() for asked in (waiting, soon))


__all__ = ["ACCOUNT", "PUBLIC", "SECRET", "SMS", "WHATSAPP", "Hall"]
