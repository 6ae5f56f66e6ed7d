"""`parley token create`: an API token, printed once. Each acts as a person of its own."""

import click

from gateway.clock import Clock
from gateway.commands.opening import open_database, write
from state import people
from state.database import Connection


@click.group("token")
def command() -> None:
    """Tokens for other programs."""


@command.command("create")
@click.option("--role", type=click.Choice(people.ROLES), required=True)
@click.option("--name", default="", help="Whom the token acts as; by default the role's name.")
def create(role: people.Role, name: str) -> None:
    """Print a new token. It is shown only now: only its digest is kept."""
    if len(name) > 200:
        raise click.UsageError("a name has at most 200 characters")
    now = Clock().now()
    with open_database() as (_, db):

        def make(conn: Connection) -> str:
            person = people.add_person(conn, db.ids, name.strip() or role, role, now)
            return people.issue_api(conn, db.ids, person.id, now)

        token = write(db, make)
    click.echo(token)
