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
from state import inbox, people, tables
from tests import payloads
from tests.standins.telegram import TelegramStandin
from tests.standins.twilio import ACCOUNT, TwilioStandin

SECRET = "hook-secret_0123456789"
PUBLIC = "https://shop.example"
WHATSAPP, SMS = "+74950000001", "+74950000002"
ADMIN = "admin-token_of_this_hall"
HOOK = "hook-token_of_this_hall"
FORM_KEY = "form-key_of_this_hall"
PATIENCE_S = 20

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

    # -- what staff see ----------------------------------------------------------------------------------------------

    async def ask(self, path: str) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of what the API answers."""
        headers = {"Authorization": f"Bearer {ADMIN}"}
        async with self.http.get(self.base + path, headers=headers, allow_redirects=False) as answer:
            return answer.status, answer.headers, await answer.read()

    async def console(self, path: str) -> str:
        """The page that a manager sees there."""
        db, now = self.app.db, self.app.clock.now()

        def link(conn: Any) -> str:
            person = people.add_person(conn, db.ids, "Анна", "manager", now)
            return people.issue_signin(conn, db.ids, person.id, now)

        data = {"token": await db.write(link)}
        origin = {"Origin": PUBLIC}
        async with self.http.post(f"{self.base}/signin", data=data, headers=origin, allow_redirects=False) as entered:
            cookie = entered.headers["Set-Cookie"].partition(";")[0]
        async with self.http.get(self.base + path, headers={"Cookie": cookie}) as page:
            assert page.status == 200
            return await page.text()

    async def command(self, contact: int, command: Any) -> None:
        """A manager does something about this customer's deal."""
        db, now = self.app.db, self.app.clock.now()
        boris = await db.write(lambda c: people.add_person(c, db.ids, "Борис", "manager", now))
        (deal,) = [d for d in await self.rows("deals", contact_id=contact) if d["closed_at"] is None]
        await self.app.turns.ask(contact, deal["id"], command, boris)
        await self.settled()

    # -- what is kept ------------------------------------------------------------------------------------------------

    async def rows(self, table: str, **where: Any) -> list[dict[str, Any]]:
        found = tables.metadata.tables[table]
        asked = select(found).order_by(next(iter(found.primary_key)))
        for name, value in where.items():
            asked = asked.where(found.c[name] == value)
        return await self.app.db.read(lambda c: [dict(r._mapping) for r in c.execute(asked)])

    async def kept(self) -> int:
        """How many posts; what the house tells itself meanwhile (a send that was settled) is none."""
        count = text("SELECT count(*) FROM inbox WHERE channel <> 'parley'")
        return int(await self.app.db.read(lambda c: c.execute(count).scalar_one()))

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
        async with asyncio.timeout(PATIENCE_S):
            while await self.app.db.read(_busy):
                await asyncio.sleep(0.01)

    async def gathered(self, contact: int) -> None:
        """The bot has waited for what may still belong to an answer, and has had its say."""
        async with asyncio.timeout(PATIENCE_S):
            while [timer for timer in await self.rows("timers", contact_id=contact) if timer["name"] == "settle"]:
                await asyncio.sleep(0.05)
        await self.settled()

    async def heard(self) -> int:
        """Events from outside; what delivery tells the lanes of a send that came to nothing is counted, too, but later."""
        rows = await self.app.db.read(inbox.load_tallies)
        return sum(n for channel, outcome, _, n in rows if outcome == "received" and channel != "parley")

    async def differing(self) -> int:
        """Repeats whose body was another one: a reason for an alarm."""
        return sum(
            n
            for _, outcome, reason, n in await self.app.db.read(inbox.load_tallies)
            if (outcome, reason) == ("duplicate", "differs")
        )

    async def called_for(self, reason: str) -> bool:
        """A person has been asked to look at what was quarantined for this."""
        return any(reason in task["text"] for task in await self.rows("tasks", kind="quarantine", state="open"))

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
