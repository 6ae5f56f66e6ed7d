"""A whole gateway for tests, without its doors: a real database, a clock that is moved by hand, and a paper channel.

Nothing of ours is replaced: the workers are the real ones, stepped until nothing is left to do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from sqlalchemy import select

from bots.robots.rules import Board
from gateway.channels.base import Denied, Limits, Malformed, Outcome, Outgoing, Post, Rate, Sent
from gateway.clock import SetClock
from gateway.delivery import Delivery
from gateway.desk import Command
from gateway.events import Event, Ignored, MessageReceived, Received, Sender, Unusable
from gateway.house import House
from gateway.intake import Intake
from gateway.playbooks import read_house
from gateway.turns import Turns
from state import tables
from state.database import Database
from state.live import LocalLive
from state.records import Person

MONDAY_NOON = 1_763_978_400_000
"""2025-11-24 10:00 UTC."""

ANNA = Person(9_001, "Анна", "manager", active=True)
BORIS = Person(9_002, "Борис", "manager", active=True)


class PaperChannel:
    """Writes down what it is asked to send. `answers` are given first, one a send; then everything is sent."""

    hooks: tuple[str, ...] = ()

    def __init__(
        self,
        name: str = "telegram",
        account: str = "100",
        *,
        limits: Limits | None = None,
        rates: tuple[Rate, ...] = (),
    ) -> None:
        self.name = name
        self.account = account
        self.limits = limits or Limits(text=4096, caption=1024, unit="utf16", buttons=12, label=40, asks_phone=True)
        self.rates = rates
        self.sent: list[Outgoing] = []
        self.answers: list[Outcome] = []

    def verify(self, post: Post) -> Denied | None:
        return None

    def parse(self, post: Post) -> Sequence[Received] | Malformed:
        return ()

    async def send(self, out: Outgoing) -> Outcome:
        self.sent.append(out)
        return self.answers.pop(0) if self.answers else Sent(f"p{out.part}")

    async def settle(self, out: Outgoing) -> Outcome | None:
        return None

    async def start(self) -> None:
        return

    async def close(self) -> None:
        return

    def texts(self, address: str = "") -> list[str]:
        return [o.text for o in self.sent if o.kind == "text" and address in ("", o.address)]


@dataclass(repr=False)  # asyncio tells what became of every fixture: a whole shop takes a while to be written out
class Shop:
    db: Database
    house: House
    clock: SetClock
    channels: dict[str, PaperChannel]
    intake: Intake = field(init=False)
    turns: Turns = field(init=False)
    delivery: Delivery = field(init=False)
    live: LocalLive = field(default_factory=LocalLive)
    _n: int = 0

    def __post_init__(self) -> None:
        self.house.channels = {key: c.limits for key, c in self.channels.items()}
        self.intake = Intake(self.db, self.live, self.clock, self.house.words)
        self.turns = Turns(self.db, self.house, self.live, self.clock)
        self.delivery = Delivery(self.db, self.channels, self.live, self.clock)

    @property
    def paper(self) -> PaperChannel:
        return next(iter(self.channels.values()))

    # -- what happens ------------------------------------------------------------------------------------------------

    def sender(self, who: str = "1", **more: Any) -> Sender:
        return Sender(self.paper.name, self.paper.account, who, more.pop("name", f"Клиент {who}"), **more)

    async def hear(self, *events: Event | Ignored | Unusable, ids: Sequence[str] = ()) -> list[str]:
        """These events arrive together; the answers of the intake."""
        received = []
        for n, event in enumerate(events):
            self._n += 1
            received.append(Received(ids[n] if ids else f"e{self._n}", event, repr(event).encode()))
        accepted = self.intake.accept(self.paper.name, self.paper.account, received)
        import asyncio  # noqa: PLC0415

        task = asyncio.ensure_future(accepted)
        await asyncio.sleep(0)
        await self.intake.once()
        return await task

    async def write(self, text: str, who: str = "1", **more: Any) -> None:
        """The customer writes, and everything that follows from it at once happens."""
        self._n += 1
        await self.hear(MessageReceived(self.sender(who), text, message_id=str(self._n), **more))
        await self.settle()

    async def press(self, data: str, who: str = "1") -> None:
        self._n += 1
        await self.hear(MessageReceived(self.sender(who), button=data, callback=f"cb{self._n}"))
        await self.settle()

    async def later(self, **span: float) -> None:
        """Time passes; what comes due on the way happens when it does."""
        until = self.clock.now() + int(
            1000 * (span.get("seconds", 0) + 60 * span.get("minutes", 0) + 3600 * span.get("hours", 0))
        )
        while True:
            await self.settle()
            due = await self._next_due()
            if due is None or due > until:
                break
            self.clock.at = max(self.clock.at, due)
        self.clock.at = until
        await self.settle()

    async def _next_due(self) -> int | None:
        lanes = await self.rows(select(tables.lanes.c.due_at).where(tables.lanes.c.due_at.is_not(None)))
        parts = await self.rows(select(tables.parts.c.due_at).where(tables.parts.c.state == "queued"))
        return min([r[0] for r in lanes + parts if r[0] > self.clock.now()], default=None)

    async def settle(self) -> None:
        """Run the workers until nothing is left to do at this moment."""
        for _ in range(200):
            turned = await self.turns.once()
            cycle = await self.delivery.once()
            await self.delivery.settled()
            if not turned.lanes and not turned.failed and not cycle.go and not cycle.recorded:
                return
        raise AssertionError("the workers do not come to rest")

    async def ask(self, command: Command, deal: int = 0, who: Person = ANNA, contact: int = 0) -> int:
        """A manager's command, through the lane."""
        import asyncio  # noqa: PLC0415

        if not contact:
            found = await self.deal(deal)
            deal, contact = found["id"], found["contact_id"]
        task = asyncio.ensure_future(self.turns.ask(contact, deal, command, who))
        await asyncio.sleep(0)
        await self.turns.once()
        try:
            return await task
        finally:
            await self.settle()

    # -- what is seen ------------------------------------------------------------------------------------------------

    async def rows(self, statement: Any) -> list[Any]:
        return await self.db.read(lambda c: list(c.execute(statement)))

    async def all(self, table: str) -> list[dict[str, Any]]:
        found = tables.metadata.tables[table]
        order = found.c.id if "id" in found.c else next(iter(found.primary_key))
        return [dict(r._mapping) for r in await self.rows(select(found).order_by(order))]

    async def deal(self, deal_id: int = 0) -> dict[str, Any]:
        found = await self.all("deals")
        return next(d for d in found if not deal_id or d["id"] == deal_id)

    async def outcomes(self) -> dict[str, int]:
        """received, processed, duplicate, ignored, quarantined: summed over channels and reasons."""
        from state import inbox  # noqa: PLC0415

        total: dict[str, int] = {}
        for _, outcome, _, n in await self.db.read(inbox.load_tallies):
            total[outcome] = total.get(outcome, 0) + n
        return total

    async def balanced(self) -> bool:
        t = await self.outcomes()
        ends = ("processed", "duplicate", "ignored", "quarantined", "waiting")
        return t.get("received", 0) == sum(t.get(e, 0) for e in ends)


@cache
def _as_read(playbook: str) -> House:
    return read_house(playbook)


def furnished(playbook: str = "autoparts", *, always_open: bool = True, still: bool = False) -> House:
    """A house of its own around the playbook and the scripts, which nothing can change: they are read once.

    `always_open`: whoever meets new customers does not depend on the hour at which the tests run. `still`: its funnels
    do nothing by themselves, and nobody is given anything.
    """
    read = _as_read(playbook)
    shop = replace(read.playbook, hours=None) if always_open else read.playbook
    if still:
        nobodys = {name: replace(source, responsible="") for name, source in shop.sources.items()}
        shop = replace(shop, board=Board(), assign={}, sources=nobodys)
    return House(shop, dict(read.scripts), attached=read.attached)


def open_shop(
    url: str, *, channels: Sequence[PaperChannel] = (), playbook: str = "autoparts", at: int = MONDAY_NOON,
    always_open: bool = True, still: bool = False,
) -> Shop:  # fmt: skip
    """`url` must be a database with its tables and nothing in them."""
    db = Database(url)
    found = list(channels) or [PaperChannel()]
    return Shop(
        db,
        furnished(playbook, always_open=always_open, still=still),
        SetClock(at),
        {f"{c.name}:{c.account}": c for c in found},
    )
