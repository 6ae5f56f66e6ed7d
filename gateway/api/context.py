"""What the API stands on; constructed by the app and by tests."""

from dataclasses import dataclass

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


CONTEXT = web.AppKey("context", ApiContext)
