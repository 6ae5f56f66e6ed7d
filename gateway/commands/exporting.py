"""`parley export`: everything we keep, a JSON line a row."""

import asyncio
from typing import BinaryIO

import click

from gateway.commands.opening import open_database
from state.database import Database
from state.transfer import export_lines


@click.command("export")
@click.argument("file", type=click.File("wb"), default="-")
def command(file: BinaryIO) -> None:
    """Write the whole data to FILE (or to the output): tables, a JSON line a row."""
    with open_database() as (_, db):
        asyncio.run(_export(db, file))


async def _export(db: Database, file: BinaryIO) -> None:
    """As a reader: a server at work beside it is not held up."""
    try:
        await db.read(lambda conn: file.writelines(export_lines(conn)))
        file.flush()  # whoever has had enough is met here, not when the program ends
    finally:
        await db.close()
