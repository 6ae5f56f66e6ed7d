"""What the API stands on; constructed by the app and by tests."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from gateway.channels.base import Channel
from gateway.clock import Clock
from gateway.files import Shelf
from gateway.house import House
from gateway.intake import Intake
from gateway.novaposhta import NovaPoshta
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
    channels: Mapping[str, Channel] = field(default_factory=dict)
    """By `channel:account`: whom to ask for the files that customers sent."""
    carrier: NovaPoshta | None = None
    """Who makes waybills; None: it is not connected."""
    shelf: Shelf | None = None
    """The files that we keep ourselves."""
    trials: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """Scripts are tried out one at a time, beside the loop: whatever marketers try, customers do not wait."""
    exports: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """Workbooks are written one at a time, for the same reason."""


CONTEXT = web.AppKey("context", ApiContext)
