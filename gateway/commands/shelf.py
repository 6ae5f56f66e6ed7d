"""The shop's scripts at hand for a command: its database, its house, who is at work, and the wires to the servers beside it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import click

from bots.kit.script import Script
from gateway.clock import Clock, Instant
from gateway.commands.opening import open_database
from gateway.commands.whom import whom
from gateway.house import House
from gateway.library import Publisher, Unfit, know, open_library, refresh
from gateway.playbooks import BadPlaybook, read_house
from state import people, scripts
from state.database import Database
from state.live import Live, open_live
from state.records import Person
from state.scripts import Live as Published

T = TypeVar("T")


@dataclass
class Shelf:
    """The shop's scripts at hand, and who is at work."""

    db: Database
    house: House
    who: Person
    now: Instant
    wires: Live

    @property
    def publisher(self) -> Publisher:
        return Publisher(self.db, self.house, self.wires, self.now)

    async def live(self, name: str) -> Published:
        found = await self.db.read(lambda c: scripts.find_live(c, name))
        if found is None:
            raise click.ClickException(f"there is no script {name!r}")
        return found

    async def text(self, digest: str) -> str:
        found = await self.db.read(lambda c: scripts.source(c, digest))
        if found is None:
            raise click.ClickException("that version is not kept")
        return found[1]

    async def version(self, name: str, which: str) -> Script:
        """By number or by the beginning of its hash."""
        for one, _ in await self.db.read(lambda c: scripts.versions(c, name, 10_000)):
            if which == str(one.number) or (len(which) >= 6 and one.hash.startswith(which)):
                script = await know(self.db, self.house, one.hash, name)
                if script is not None:
                    return script
        raise click.ClickException(f"script {name!r} has no version {which!r}")


def at_work(job: Callable[[Shelf], Awaitable[T]], who: str = "") -> T:
    """Run it on the shop's database, as whoever is named, else as the admin of the settings; what it refuses is a plain line."""
    with open_database() as (settings, db):
        try:
            house = read_house(settings.playbook)
        except BadPlaybook as bad:
            raise click.ClickException(f"the playbook has mistakes:\n{bad}") from None
        return asyncio.run(_run(db, house, job, who, settings.redis_url))


async def _run(db: Database, house: House, job: Callable[[Shelf], Awaitable[T]], name: str, redis_url: str) -> T:
    now, wires = Clock().now(), open_live(redis_url)
    try:
        if await db.read(scripts.live):
            await refresh(db, house)  # files that are being edited are nobody's publication until they are pushed
        else:
            await open_library(db, house, now)
        who = await (
            _person(db, name) if name else db.write(lambda c: people.admin_of_settings(c, db.ids, now), "people")
        )
        return await job(Shelf(db, house, who, now, wires))
    except Unfit as wrong:
        raise click.ClickException(f"{wrong.name}: {wrong}") from None
    finally:
        await wires.flush()
        await wires.close()
        await db.close()


async def _person(db: Database, name: str) -> Person:
    """Who works here under this name or number, and may publish."""
    from gateway.api.policy import PUBLISHERS  # noqa: PLC0415 - the API is loaded only where its rules are wanted

    one: Person = await db.read(lambda c: whom(c, name))
    if one.role not in PUBLISHERS.roles:
        raise click.ClickException(f"{one.name} is a {one.role}: only a marketer or an admin may publish")
    return one
