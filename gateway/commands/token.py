"""`parley token`: API tokens for programs, each printed once. Each acts as a person of its own, or as one who works here."""

import click

from gateway.clock import Clock, iso
from gateway.commands.opening import open_database, write
from gateway.commands.whom import whom
from state import people
from state.database import Connection
from state.records import Person


@click.group("token")
def command() -> None:
    """Tokens for other programs."""


@command.command("create")
@click.option("--role", type=click.Choice(people.ROLES), help="The token acts as a person of its own, in this role.")
@click.option("--name", default="", help="What that person is called; by default as the role.")
@click.option("--as", "who", metavar="NAME|NUMBER", help="The token acts as somebody who works here already.")
def create(role: people.Role | None, name: str, who: str | None) -> None:
    """Print a new token. It is shown only now: only its digest is kept."""
    name = name.strip()
    if len(name) > 200:
        raise click.UsageError("a name has at most 200 characters")
    if who is not None and (role is not None or name):
        raise click.UsageError("--as names who it acts as: --role and --name make another")
    if who is None and role is None:
        raise click.UsageError("say --role, or --as whom it acts")
    now = Clock().now()
    with open_database() as (_, db):

        def make(conn: Connection) -> tuple[str, list[Person]]:
            if role is None:
                return people.issue_api(conn, db.ids, whom(conn, who or "").id, now), []
            here = people.find_named(conn, name) if name else []
            acts_as = people.add_person(conn, db.ids, name or role, role, now, program=True)
            return people.issue_api(conn, db.ids, acts_as.id, now), here

        token, here = write(db, make)
    click.echo(token)
    if here:
        told = f"{name} works here, too: this token acts as a program of that name; --as {here[0].id} would act as them"
        click.echo(told, err=True)


@command.command("list")
def list_() -> None:
    """Print the tokens that are alive: number, whom it acts as (number, name, role), since when; programs are marked."""
    with open_database() as (_, db), db.engine.connect() as conn:
        for one in people.keys(conn):
            who = one.person
            cells = (
                str(one.number),
                str(who.id),
                who.name,
                who.role,
                iso(one.created_at) or "",
                "program" if who.program else "",
            )
            click.echo("\t".join(cells).rstrip("\t"))


@command.command("revoke")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
def revoke(number: int) -> None:
    """The token of this NUMBER (as `parley token list` shows it) is worth nothing any more."""
    now = Clock().now()
    with open_database() as (_, db):
        if not write(db, lambda c: people.revoke_key(c, number, now)):
            raise click.ClickException(f"there is no living token {number}; parley token list shows them")
    click.echo(f"token {number} is worth nothing any more")
