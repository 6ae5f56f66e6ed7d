"""`parley migrate`: the schema up to date, before a new version serves."""

import click

from gateway.commands.opening import open_database
from state import schema


@click.command("migrate")
def command() -> None:
    """Bring the database's schema up to date. What is already there stays."""
    with open_database(upgrade=False) as (_, db):
        if schema.is_current(db):
            click.echo(f"up to date: {schema.HEAD}")
            return
        schema.upgrade(db)
        click.echo(f"upgraded to {schema.HEAD}")
