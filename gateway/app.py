"""The only place that constructs things: from settings to running workers and open doors, and down again.

Start: schema, workers, doors. Stop: doors refuse, what came in is handled, what is going out is written down.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import structlog
from aiohttp import web

from bots.kit.business import Endpoint
from gateway.api import ApiContext, make_api
from gateway.auditor import Auditor
from gateway.channels.base import Channel, Front
from gateway.channels.endpoints import MOST_BYTES as MOST_ANSWERED
from gateway.channels.endpoints import NAME as ENDPOINT
from gateway.channels.endpoints import EndpointChannel, webhook_key
from gateway.channels.mail_opening import open_mail
from gateway.channels.web import WebChannel
from gateway.chat.door import ChatDoor
from gateway.chat.visitor import read_secret
from gateway.clock import Clock
from gateway.console.door import ConsoleDoor
from gateway.delivery import Delivery
from gateway.events import Received
from gateway.fetch import Fetcher
from gateway.files import Shelf
from gateway.garbage import collect_seldom
from gateway.hooks import MOST_BYTES, Door, Single
from gateway.house import House
from gateway.intake import Intake
from gateway.library import open_library
from gateway.mail_door import MailDoor
from gateway.metrics import Readings, render
from gateway.mover import Mover
from gateway.novaposhta import NovaPoshta
from gateway.plain_hooks import PlainHooks
from gateway.playbooks import read_house
from gateway.ports import Port
from gateway.settings import Settings
from gateway.timekeeper import Timekeeper
from gateway.tracker import Tracker
from gateway.turns import Turns
from state import chores, inbox, schema, staff
from state.database import Database, Unavailable
from state.live import open_live
from state.occupancy import Occupancy

log = structlog.get_logger()

_DRAIN_S = 12.0


class App:
    """One process of the gateway. `start` returns when it is ready; `stop` when all it held is safe."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None, house: House | None = None) -> None:
        self.settings = settings
        self.clock = clock or Clock()
        self.house = house or read_house(settings.playbook)
        self.house.public_url = settings.public_url
        self.shard = (
            0 if settings.database.startswith("sqlite") else random.randrange(256)
        )  # in containers all are process 1
        self.db = Database(settings.database)
        self.occupancy = Occupancy(self.db)
        self.live = open_live(settings.redis_url)
        self.intake = Intake(self.db, self.live, self.clock, self.house.words, shard=self.shard)
        self.turns = Turns(self.db, self.house, self.live, self.clock, shard=self.shard)
        self.channels: dict[str, Channel] = {}
        self.delivery = Delivery(self.db, self.channels, self.live, self.clock, shard=self.shard)
        self.mover = Mover(self.db, self.house, self.turns, self.live, self.clock)
        self.timekeeper = Timekeeper(self.db, self.delivery, self.house, self.clock, shard=self.shard)
        self.auditor = Auditor(self.db, self.house, self.live, self.clock)
        self.doors: list[Door] = []
        self._plain: PlainHooks | None = None
        self._carrier: NovaPoshta | None = None
        self.web = web.Application(client_max_size=MOST_BYTES)
        self._session: aiohttp.ClientSession | None = None
        self._workers: list[asyncio.Task[None]] = []
        self._sender: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._port = Port(self.web)

    @property
    def port(self) -> int:
        return self._port.number

    # -- up ----------------------------------------------------------------------------------------------------------

    async def start(self, host: str = "127.0.0.1", port: int = 8080, *, workers: bool = True) -> None:
        """Open the doors at `host:port` (0: any free one). `workers=False` leaves the turning to a test.

        A start that fails is taken back before it raises: nothing is left open.
        """
        try:
            await self._start(host, port, workers=workers)
        except BaseException:
            await (self.stop() if self._session is not None else self._close())
            raise
        collect_seldom()

    async def _start(self, host: str, port: int, *, workers: bool) -> None:
        self._prepare_folder()
        self.occupancy.take()
        shelf = self._open_shelf()
        await asyncio.to_thread(schema.upgrade, self.db)
        await shelf.sweep()
        for file in self.house.attached.values():
            await shelf.take_in(file.path, file.id, file.media)
        for name in await open_library(self.db, self.house, self.clock.now()):
            log.warning("script_file_not_used", script=name, why="another text was published: see `parley scripts`")
        await self.live.start()
        self._open_channels(shelf)
        self._carrier = self._open_carrier()
        self._mount(shelf)
        await self.db.write(lambda c: staff.wake_waiting(c, self.clock.now()), "people")  # by a new playbook, perhaps
        await self.delivery.recover(lease_ms=0 if self.db.sqlite else 90_000)
        if workers:
            self._sender = asyncio.create_task(self.delivery.run())
            jobs = (
                self.intake.run(), self.turns.run(), self.timekeeper.run(), self.mover.run(), self.auditor.run(),
                shelf.keep_swept(),
            )  # fmt: skip
            self._workers = [self._sender, *map(asyncio.create_task, jobs)]
            if self._carrier is not None:
                tracker = Tracker(self.db, self.intake, self._carrier, self.clock)
                self._workers.append(asyncio.create_task(tracker.run()))
            self._tasks = [asyncio.create_task(channel.start()) for channel in self.channels.values()]
            self._tasks += [
                asyncio.create_task(self._poll(c)) for c in self.channels.values() if getattr(c, "polls", False)
            ]
        await self._port.open(host, port, {path: door for door in self.doors for path in door.front.hooks})

    def _prepare_folder(self) -> None:
        folder = Path(self.settings.data_dir)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "files").mkdir(exist_ok=True)
        if self.db.sqlite and (at := self.db.url.removeprefix("sqlite:///")):
            Path(at).parent.mkdir(parents=True, exist_ok=True)

    def _open_shelf(self) -> Shelf:
        settings = self.settings
        secret = read_secret(settings.data_dir)
        return Shelf(self.db, settings.data_dir / "files", secret, settings.public_url, self.clock.now)

    def _open_channels(self, shelf: Shelf) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=1_024, ttl_dns_cache=300),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=True,
        )
        found: list[Channel] = [WebChannel(self.live.publish)]
        fronts: list[Front] = []
        if self.settings.telegram_token.get_secret_value():
            from gateway.channels.opening import open_telegram  # noqa: PLC0415 - only where its channel is on

            telegram = open_telegram(self.settings, shelf.load)
            found.append(telegram)
            fronts.append(Single(telegram))
        if self.settings.twilio_account_sid:
            from gateway.channels.opening import open_twilio  # noqa: PLC0415 - only where its channel is on

            channels, front = open_twilio(self.settings, self._session, self.clock.now, shelf.link)
            found += channels
            fronts.append(front)
        mail = open_mail(self.settings, self.house.playbook.title, shelf.secret, self.clock.now, shelf.load)
        if mail.sends:
            found.append(mail)
        found += [
            EndpointChannel(
                one,
                Fetcher([urlsplit(one.url).hostname or ""], max_bytes=MOST_ANSWERED),
                self._hearing(one),
                webhook_key(shelf.secret),
            )
            for one in self.house.playbook.endpoints.values()
        ]
        self.channels.update({f"{c.name}:{c.account}": c for c in found})
        self.house.channels = {key: c.limits for key, c in self.channels.items()}
        self.doors = [*(Door(front, self.intake) for front in fronts), MailDoor(mail, self.intake, self.live, shelf)]

    def _open_carrier(self) -> NovaPoshta | None:
        key = self.settings.novaposhta_key.get_secret_value()
        if not key or self._session is None:
            return None
        return NovaPoshta(key, self.settings.novaposhta_api_base, self._session)

    def _hearing(self, endpoint: Endpoint) -> Callable[[Received], Awaitable[object]]:
        return lambda answer: self.intake.accept(ENDPOINT, endpoint.name, [answer])

    def _mount(self, shelf: Shelf) -> None:
        settings = self.settings
        for door in self.doors:
            self.web.add_routes(door.routes())
        self._plain = plain = PlainHooks(
            self.intake, settings.hook_token.get_secret_value(), settings.form_key, self.house.region
        )
        self.web.add_routes(plain.routes())
        self.web.add_routes([web.get("/", _to_chat)])
        self.web.add_routes(
            [web.get("/healthz", self._healthz), web.get("/readyz", self._readyz), web.get("/metrics", self._metrics)]
        )
        self.web.add_routes(shelf.routes())
        ChatDoor(self.db, self.intake, self.live, self.clock, self.house, settings).mount(self.web)
        ctx = ApiContext(
            db=self.db, turns=self.turns, live=self.live, clock=self.clock, house=self.house,
            admin_token=settings.admin_token.get_secret_value(), intake=self.intake, channels=self.channels, shelf=shelf, carrier=self._carrier,
        )  # fmt: skip
        make_api(ctx).mount(self.web)
        ConsoleDoor(ctx, settings).mount(self.web)

    async def _poll(self, channel: Channel) -> None:
        """Ask instead of being told; what was fetched is confirmed only by asking on from behind its commit."""
        key = f"{channel.name}:{channel.account}"
        offset = await self.db.read(lambda c: inbox.load_cursor(c, key))
        while True:
            received, onward = await channel.poll(offset)  # type: ignore[attr-defined]
            if not received:
                offset = onward
                continue
            try:
                await self.intake.accept(channel.name, channel.account, received, (key, onward))
            except Unavailable:
                await asyncio.sleep(1)
                continue
            offset = onward

    # -- down --------------------------------------------------------------------------------------------------------

    async def stop(self) -> None:
        """Refuse what is new, finish what was accepted, write down what is going out. Within 20 seconds."""
        self.intake.closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            async with asyncio.timeout(_DRAIN_S):
                await self._drain()
        except Exception as error:  # noqa: BLE001 - what is left is safe on disk; the stop goes on
            log.warning("stopped_early", error=repr(error))
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        await self._port.shut()
        for channel in self.channels.values():
            await channel.close()
        if self._session is not None:
            await self._session.close()
        await self._close()

    async def _close(self) -> None:
        await self.live.close()
        await self.db.close()
        self.occupancy.leave()

    async def _drain(self) -> None:
        """Let the turns of what was acknowledged happen, and the sends under way end; the rest is safe on disk."""
        if self._workers:
            while await self._anything_due():
                await asyncio.sleep(0.05)
        self.delivery.closing = True
        self.live.wake("delivery")
        if self._sender is not None:
            await asyncio.wait([self._sender])
        await self.delivery.settled()
        await self.delivery.once()

    async def _anything_due(self) -> bool:
        now = self.clock.now()
        return await self.db.read(lambda c: inbox.has_due(c, now))

    # -- how it is doing ---------------------------------------------------------------------------------------------

    async def _healthz(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def _readyz(self, _request: web.Request) -> web.Response:
        """Ready when the database answers with the right schema and every worker lives."""
        wrong = [f"worker {w.get_coro().__qualname__} ended" for w in self._workers if w.done()]  # type: ignore[union-attr]
        if self.intake.closed:
            wrong.append("stopping")
        try:
            async with asyncio.timeout(2):
                if not await self.db.read(schema.is_head):
                    wrong.append("the database schema is not this version's")
        except Exception as error:  # noqa: BLE001 - whatever it is, we are not ready
            wrong.append(f"database: {type(error).__name__}")
        status = {
            "status": "ready" if not wrong else "not ready",
            "why": wrong,
            "degraded": dict(self.delivery.degraded) | ({"intake": self.intake.failing} if self.intake.failing else {}),
        }
        return web.json_response(status, status=503 if wrong else 200)

    async def _metrics(self, _request: web.Request) -> web.Response:
        now = self.clock.now()
        receipts = [(c.name, c.account) for c in self.channels.values() if c.limits.receipts]
        tallies, parts, oldest, silent = await self.db.read(
            lambda c: (
                inbox.load_tallies(c),
                chores.part_counts(c),
                chores.oldest_waiting(c),
                chores.unconfirmed(c, receipts, now),
            )
        )
        waited = (now - oldest) / 1000 if oldest else 0.0
        denied = sum(door.denied for door in self.doors) + (self._plain.denied if self._plain else 0)
        sending = self.delivery.in_flight
        body = render(Readings(tallies, parts, waited, sending, denied, self.delivery.degraded, silent))
        return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


async def _to_chat(_request: web.Request) -> web.Response:
    """Whoever types the bare address is a customer, or somebody who tries it out."""
    return web.Response(status=302, headers={"Location": "/chat"})
