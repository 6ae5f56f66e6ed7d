"""`parley user add`: a person, and the link that signs them in once."""

import asyncio

import click

from gateway.api.telegram import deep_link
from gateway.clock import Clock
from gateway.commands.opening import base_url, open_database, write
from gateway.settings import Settings
from gateway.staff_room import CODE
from state import people
from state.database import Connection, Database
from state.staff_chats import WORKERS


@click.group("user")
def command() -> None:
    """People who work here."""


@command.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(people.ROLES), required=True)
def add(name: str, role: people.Role) -> None:
    """Add NAME and print a link that signs them in once, within a day."""
    name = name.strip()
    if not name or len(name) > 200:
        raise click.UsageError("a name has 1 to 200 characters")
    with open_database() as (settings, db):
        link = signin_link(db, base_url(settings), name, role)
    click.echo(link)
    if not settings.public_url:
        click.echo(
            "PARLEY_PUBLIC_URL is not set. If the gateway is reached elsewhere, open the same path there.", err=True
        )


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


def signin_link(db: Database, base: str, name: str, role: people.Role) -> str:
    """Make the person and the link."""
    now = Clock().now()

    def make(conn: Connection) -> str:
        person = people.add_person(conn, db.ids, name, role, now)
        return people.issue_signin(conn, db.ids, person.id, now)

    return f"{base}/signin?token={write(db, make)}"
