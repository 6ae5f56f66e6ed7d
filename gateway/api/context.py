"""What the API stands on; constructed by the app and by tests."""

import asyncio
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from aiohttp import web

from gateway.clock import Clock
from gateway.house import House
from gateway.intake import Intake
from gateway.turns import Turns
from state.database import Database
from state.live import Live


@dataclass(frozen=True, slots=True)
class ApiContext:
    db: Database
    turns: Turns
    live: Live
    clock: Clock
    house: House
    admin_token: str
    """PARLEY_ADMIN_TOKEN; empty: there is none."""
    intake: Intake
    queues: "WeakValueDictionary[int, asyncio.Lock]" = field(default_factory=WeakValueDictionary, repr=False)
    """By deal: those who look first and then act stand in line, so that two do not act on the same look."""

    def in_line(self, deal_id: int) -> asyncio.Lock:
        return self.queues.setdefault(deal_id, asyncio.Lock())


CONTEXT = web.AppKey("context", ApiContext)
