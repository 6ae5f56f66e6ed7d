"""`parley user`: people who work here, and the links that sign them in or tie their Telegram, each good once."""

import asyncio
from dataclasses import dataclass

import click

from gateway.api.telegram import deep_link
from gateway.clock import Clock
from gateway.commands.opening import base_url, open_database, write
from gateway.playbooks import BadPlaybook, read_house
from gateway.settings import Settings
from gateway.staff_room import CODE
from state import people, staff
from state.database import Connection, Database
from state.records import Person
from state.staff_chats import WORKERS


@click.group("user")
def command() -> None:
    """People who work here."""


@command.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(people.ROLES), required=True)
@click.option("--group", "groups", multiple=True, help="What the playbook's rules call them together; several times.")
@click.option("--calendar", default="", help="Their shift, a calendar of the playbook; without it: the shop's hours.")
@click.option("--capacity", default=0, type=click.IntRange(0, 100_000), help="Open deals; 0: any number.")
def add(name: str, role: people.Role, groups: tuple[str, ...], calendar: str, capacity: int) -> None:
    """Add NAME and print a link that signs them in once, within a day."""
    name = name.strip()
    if not name or len(name) > 200:
        raise click.UsageError("a name has 1 to 200 characters")
    if any(not group.strip() or len(group) > 100 for group in groups):
        raise click.UsageError("a group has 1 to 100 characters")
    with open_database() as (settings, db):
        if calendar:
            _must_be_known(calendar, settings.playbook)
        fresh = Newcomer(name, role, tuple(group.strip() for group in groups), calendar, capacity)
        link = signin_link(db, base_url(settings), fresh)
    click.echo(link)
    if not settings.public_url:
        click.echo(
            "PARLEY_PUBLIC_URL is not set. If the gateway is reached elsewhere, open the same path there.", err=True
        )


def _must_be_known(calendar: str, playbook: str) -> None:
    try:
        known = read_house(playbook).playbook.calendars
    except BadPlaybook as wrong:
        raise click.ClickException(str(wrong)) from None
    if calendar not in known:
        raise click.UsageError(f"the playbook has no calendar {calendar!r}, but {', '.join(known)}")


@command.command("list")
def list_() -> None:
    """Print everybody: number, name, role, groups, shift, room; who has left is marked."""
    with open_database() as (_settings, db), db.engine.connect() as conn:
        for one in staff.colleagues(conn):
            room = str(one.capacity) if one.capacity else ""
            cells = (
                str(one.id),
                one.name,
                one.role,
                ",".join(one.groups),
                one.calendar,
                room,
                "" if one.active else "left",
            )
            click.echo("\t".join(cells).rstrip("\t"))


@command.command("telegram")
@click.argument("name")
def telegram(name: str) -> None:
    """Print a link that ties NAME's Telegram chat to them: it is opened once, within an hour."""
    with open_database() as (settings, db):
        if not settings.telegram_token.get_secret_value():
            raise click.ClickException("PARLEY_TELEGRAM_TOKEN is not set: the shop has no bot")
        code = telegram_code(db, name.strip())
        username = asyncio.run(_username(settings))
    click.echo(deep_link(username, code) if username else f"/start {CODE}{code}")
    if not username:
        click.echo("Telegram does not say what the bot is called. Send it this line as a message instead.", err=True)


def telegram_code(db: Database, name: str) -> str:
    now = Clock().now()

    def make(conn: Connection) -> str:
        found = [one for one in people.find_named(conn, name) if one.role in WORKERS]
        if len(found) != 1:
            what = "nobody who sees customers" if not found else "more than one person"
            raise click.ClickException(f"{what} is called {name!r}")
        return people.issue_telegram(conn, db.ids, found[0].id, now)

    return write(db, make)


async def _username(settings: Settings) -> str:
    from gateway.channels.opening import open_telegram  # noqa: PLC0415 - providers' libraries, for this command alone

    async def nothing(_file: str) -> bytes | None:
        return None

    channel = open_telegram(settings, nothing)
    try:
        return await channel.username()
    finally:
        await channel.close()


@dataclass(frozen=True, slots=True)
class Newcomer:
    name: str
    role: people.Role
    groups: tuple[str, ...] = ()
    calendar: str = ""
    capacity: int = 0


def signin_link(db: Database, base: str, fresh: Newcomer) -> str:
    """Make the person and the link."""
    now = Clock().now()

    def make(conn: Connection) -> str:
        person = Person(db.ids.take("person"), fresh.name, fresh.role, active=True)
        staff.add_member(conn, person, fresh.groups, fresh.calendar, fresh.capacity, now)
        return people.issue_signin(conn, db.ids, person.id, now)

    return f"{base}/signin?token={write(db, make)}"
