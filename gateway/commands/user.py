"""`parley user`: people who work here, and the links that sign them in or tie their Telegram, each good once."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from gateway import leaving, vocabulary
from gateway.api.telegram import deep_link
from gateway.clock import Clock
from gateway.commands.opening import base_url, open_database, settings_or_exit, write
from gateway.commands.whom import person, whom
from gateway.house import House
from gateway.playbooks import BadPlaybook, read_house
from gateway.refusals import Invalid
from gateway.settings import DataSettings, Settings
from gateway.staff_room import CODE
from state import people, staff
from state.database import Connection, Database
from state.records import Person
from state.staff_chats import WORKERS


@click.group("user")
def command() -> None:
    """People who work here."""


def _about(job: Callable[..., None]) -> Callable[..., None]:
    """What the playbook's rules know of somebody."""
    for option in (
        click.option("--group", "groups", multiple=True, help="What the playbook's rules call them together; several times."),
        click.option("--calendar", help="Their shift, a calendar of the playbook; without it: the shop's hours."),
        click.option("--capacity", type=click.IntRange(0, 100_000), help="Open deals; 0: any number."),
    ):  # fmt: skip
        job = option(job)
    return job


@command.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(people.ROLES), required=True)
@click.option("--again", is_flag=True, help="Though somebody of this name works here already.")
@_about
def add(
    name: str, role: people.Role, groups: tuple[str, ...], calendar: str | None, capacity: int | None, *, again: bool
) -> None:  # fmt: skip
    """Add NAME and print a link that signs them in once, within a day."""
    fresh = Newcomer(_name(name), role, _groups(groups), calendar or "", capacity or 0)
    with open_database() as (settings, db):
        _must_be_known(calendar, settings.playbook)
        link = signin_link(db, base_url(settings), fresh, again=again)
        _warn_of(fresh.groups, settings.playbook)
    _tell_link(link, settings)


@command.command("link")
@click.argument("who", metavar="NAME|NUMBER")
def link(who: str) -> None:
    """Print a new link that signs somebody who works here in once, within a day."""
    now = Clock().now()
    with open_database() as (settings, db):
        token = write(db, lambda c: people.another_signin(c, db.ids, person(c, who).id, now))
    _tell_link(f"{base_url(settings)}/signin?token={token}", settings)


def _tell_link(link: str, settings: DataSettings) -> None:
    click.echo(link)
    if not settings.public_url:
        click.echo(
            "PARLEY_PUBLIC_URL is not set. If the gateway is reached elsewhere, open the same path there.", err=True
        )


@command.command("edit")
@click.argument("who", metavar="NAME|NUMBER")
@click.option("--name", help="What they are called from now on.")
@click.option("--role", type=click.Choice(people.ROLES))
@click.option("--no-groups", is_flag=True, help="They are in no group any more.")
@_about
def edit(
    who: str, name: str | None, role: str | None, groups: tuple[str, ...], calendar: str | None, capacity: int | None, *,
    no_groups: bool,
) -> None:  # fmt: skip
    """Correct somebody who works here. Groups that are given take the place of all they had; --calendar '': the shop's hours."""
    if groups and no_groups:
        raise click.UsageError("say either --group or --no-groups")
    given: dict[str, Any] = {
        "name": _name(name) if name is not None else None,
        "role": role,
        "calendar": calendar,
        "capacity": capacity,
    }
    given["groups"] = list(_groups(groups)) if groups or no_groups else None
    changed = {key: value for key, value in given.items() if value is not None}
    if not changed:
        raise click.UsageError("say what is to be otherwise: --name, --role, --group, --calendar or --capacity")
    now = Clock().now()
    with open_database() as (settings, db):
        _must_be_known(calendar, settings.playbook)

        def job(conn: Connection) -> staff.Colleague | None:
            one = whom(conn, who)
            staff.edit(conn, one.id, now, **changed)
            return staff.colleague(conn, one.id)

        one = write(db, job)
        _warn_of(_groups(groups), settings.playbook)
    click.echo(_line(one) if one is not None else "")


@command.command("leave")
@click.argument("who", metavar="NAME|NUMBER")
@click.option(
    "--to", default="", metavar="RULE|GROUP|NAME|NUMBER", help="Who gets what they have; else as new deals are given."
)
def leave(who: str, to: str) -> None:
    """Somebody does not work here any more: their tokens and their chat end, what they have goes to others."""
    now = Clock().now()
    with open_database() as (settings, db):
        shop = _house(settings.playbook).playbook

        def job(conn: Connection) -> tuple[Person, int]:
            one = whom(conn, who)
            heir = leaving.Heirs(shop, staff.colleagues(conn)).word(to.strip(), one.id, "--to")
            return one, leaving.leave(conn, one.id, heir, now)

        try:
            one, deals = write(db, job)
        except Invalid as nobody:
            raise click.UsageError(f"{nobody.name}: {nobody}") from None
    click.echo(f"{one.id} ({one.name}) has left; deals that find somebody else: {deals}")


@command.command("list")
def list_() -> None:
    """Print everybody: number, name, role, groups, shift, room; who has left and what is a program is marked."""
    with open_database() as (_settings, db), db.engine.connect() as conn:
        for one in staff.colleagues(conn):
            click.echo(_line(one))


def _line(one: staff.Colleague) -> str:
    marks = [*(["program"] if one.program else []), *(["left"] if not one.active else [])]
    room = str(one.capacity) if one.capacity else ""
    cells = (str(one.id), one.name, one.role, ",".join(one.groups), one.calendar, room, ", ".join(marks))
    return "\t".join(cells).rstrip("\t")


@command.command("telegram")
@click.argument("who", metavar="NAME|NUMBER")
def telegram(who: str) -> None:
    """Print a link that ties somebody's Telegram chat to them: it is opened once, within an hour."""
    with open_database() as (_, db):
        settings = settings_or_exit()
        if not settings.telegram_token.get_secret_value():
            raise click.ClickException("PARLEY_TELEGRAM_TOKEN is not set: the shop has no bot")
        code = telegram_code(db, who)
        username = asyncio.run(_username(settings))
    click.echo(deep_link(username, code) if username else f"/start {CODE}{code}")
    if not username:
        click.echo("Telegram does not say what the bot is called. Send it this line as a message instead.", err=True)


def telegram_code(db: Database, who: str) -> str:
    now = Clock().now()

    def make(conn: Connection) -> str:
        one = person(conn, who)
        if one.role not in WORKERS:
            raise click.ClickException(f"{one.name} is a {one.role}, who sees no customers")
        return people.issue_telegram(conn, db.ids, one.id, now)

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


# -- what they share ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Newcomer:
    name: str
    role: people.Role
    groups: tuple[str, ...] = ()
    calendar: str = ""
    capacity: int = 0


def signin_link(db: Database, base: str, fresh: Newcomer, *, again: bool = False) -> str:
    """Make the person and the link. Whoever is called as somebody here already is made only where that is said."""
    now = Clock().now()

    def make(conn: Connection) -> str:
        if not again and (here := people.find_named(conn, fresh.name)):
            numbers = ", ".join(f"{one.id} ({one.role})" for one in here)
            raise click.ClickException(
                f"{fresh.name} works here already: {numbers}. 'parley user link {here[0].id}' makes a new link for them; "
                "--again adds another person of that name"
            )
        one = Person(db.ids.take("person"), fresh.name, fresh.role, active=True)
        staff.add_member(conn, one, fresh.groups, fresh.calendar, fresh.capacity, now)
        return people.issue_signin(conn, db.ids, one.id, now)

    return f"{base}/signin?token={write(db, make)}"


def _name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 200:
        raise click.UsageError("a name has 1 to 200 characters")
    return name


def _groups(groups: tuple[str, ...]) -> tuple[str, ...]:
    if any(not group.strip() or len(group) > 100 for group in groups):
        raise click.UsageError("a group has 1 to 100 characters")
    return tuple(group.strip() for group in groups)


def _warn_of(groups: tuple[str, ...], playbook: str) -> None:
    """Groups that no rule knows are kept: a playbook that is being written may be behind its people."""
    known = vocabulary.groups(_house(playbook)) if groups else ()
    for group in groups:
        if group not in known:
            click.echo(vocabulary.no_such("group", group, sorted(known)), err=True)


def _house(playbook: str) -> House:
    try:
        return read_house(playbook)
    except BadPlaybook as wrong:
        raise click.ClickException(str(wrong)) from None


def _must_be_known(calendar: str | None, playbook: str) -> None:
    if calendar and calendar not in (known := _house(playbook).playbook.calendars):
        raise click.UsageError(f"the playbook has no calendar {calendar!r}, but {', '.join(known)}")
