"""What the socket and plain requests share: take a visitor's message, show them their conversation.

A message is acknowledged only when it is on disk; the same id again is the same message. Nothing is kept in memory.
"""

from collections.abc import Mapping
from typing import Any, Final

from gateway.api.errors import Refusal
from gateway.channels import payload
from gateway.channels.web import ACCOUNT, NAME
from gateway.chat import messages
from gateway.chat.turnstile import Turnstile
from gateway.clock import Clock, iso
from gateway.events import Received, StatusReported
from gateway.house import House
from gateway.intake import Intake
from state import visitors
from state.database import Database
from state.files import find_files
from state.live import Live

TURN_S: Final = 2.0
"""So long an acknowledgement waits for the message's place in the conversation; then it goes without."""


class Reception:
    def __init__(self, db: Database, intake: Intake, live: Live, clock: Clock, house: House) -> None:
        self.db = db
        self.live = live
        self.clock = clock
        self.turnstile = Turnstile(db, live)
        self._intake = intake
        self._house = house

    @property
    def shop(self) -> dict[str, str]:
        return {"name": self._house.playbook.title}

    def pace(self, key: str, per_second: float, burst: int) -> None:
        """Raises `Refusal` 429 when there were too many of these lately."""
        wait_ms = self.live.take(f"chat:{key}", per_second, burst, self.clock.now())
        if wait_ms:
            headers = {"Retry-After": str(wait_ms // 1000 + 1)}
            raise Refusal(429, "throttled", "Слишком часто. Подождите немного и повторите.", headers=headers)

    async def take(self, visitor: str, frame: Mapping[str, Any]) -> str:
        """Keep a message: when this returns it is on disk. The answer is its client id. Raises `Refusal`, `Unavailable`."""
        said = messages.read_said(frame)
        self.pace(f"say:{visitor}", 2.0, 60)
        files = await self.db.read(lambda c: find_files(c, said.files)) if said.files else {}
        mine = messages.key_of(visitor)
        if any(name not in files or files[name].identity_key != mine for name in said.files):
            raise Refusal(422, "no_such_file", "a file of this message is not there")
        await self._intake.accept(NAME, ACCOUNT, [messages.received(visitor, said, files, self.clock.now())])
        return said.id

    async def turn_taken(self, visitor: str, client_id: str) -> None:
        """Wait until the message has become a part of the conversation, for a while."""
        await self.turnstile.passed(f"{messages.key_of(visitor)}:{client_id}", TURN_S)

    async def place(self, visitor: str, client_id: str) -> dict[str, Any]:
        """The item that a message became, and when; None while it has not, or if it never will (an old button's press)."""
        mine = messages.key_of(visitor)
        found = await self.db.read(lambda c: visitors.find_own(c, mine, client_id))
        return {"item": found[0], "at": iso(found[1])} if found else {"item": None, "at": None}

    async def items(self, visitor: str, after: Any) -> list[dict[str, Any]]:
        """What came after the item `after`, oldest first; everything (the last 200) where that is no item of theirs."""
        mine, last = messages.key_of(visitor), payload.whole(after) or 0
        return [messages.item(line) for line in await self.db.read(lambda c: visitors.lines_after(c, mine, last))]

    async def seen(self, visitor: str, item: Any) -> None:
        """What was on the visitor's screen up to this item is read; told through the inbox like any provider's word."""
        mine, last = messages.key_of(visitor), payload.whole(item) or 0
        parts = await self.db.read(lambda c: visitors.unread_parts(c, mine, last)) if last else []
        told = [Received(f"seen:{part}", StatusReported(f"web:{part}", "read", part), b"") for part in parts]
        if told:
            await self._intake.accept(NAME, ACCOUNT, told)
