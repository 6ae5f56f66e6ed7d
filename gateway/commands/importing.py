"""`parley import`: an export into an empty database, all of it or nothing."""

from typing import BinaryIO

import click

from gateway.commands.opening import open_database
from state.transfer import BadImport, import_lines


@click.command("import")
@click.argument("file", type=click.File("rb"), default="-")
def command(file: BinaryIO) -> None:
    """Take the export in FILE (or from the input) into this database, which must be empty."""
    with open_database() as (_, db):
        try:
            with db.engine.begin() as conn:
                count = import_lines(conn, file)
        except BadImport as wrong:
            raise click.ClickException(str(wrong)) from None
    click.echo(f"{count} rows", err=True)
