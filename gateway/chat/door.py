"""The web chat's door: the page, its wire and its files. It translates and decides nothing."""

from pathlib import Path
from typing import Final

from aiohttp import web

from gateway.clock import Clock
from gateway.house import House
from gateway.intake import Intake
from gateway.settings import Settings
from state.database import Database
from state.live import Live

_HERE: Final = Path(__file__).parent


class ChatDoor:
    def __init__(self, db: Database, intake: Intake, live: Live, clock: Clock, house: House, settings: Settings) -> None:
        self.db = db
        self.intake = intake
        self.live = live
        self.clock = clock
        self.house = house
        self.settings = settings

    def mount(self, app: web.Application) -> None:
        app.router.add_static("/chat/static", _HERE / "static")
