"""`parley user add`: a person, and the link that signs them in once."""

import click

from gateway.clock import Clock
from gateway.commands.opening import base_url, open_database, write
from state import people
from state.database import Connection, Database


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


def signin_link(db: Database, base: str, name: str, role: people.Role) -> str:
    """Make the person and the link."""
    now = Clock().now()

    def make(conn: Connection) -> str:
        person = people.add_person(conn, db.ids, name, role, now)
        return people.issue_signin(conn, db.ids, person.id, now)

    return f"{base}/signin?token={write(db, make)}"
