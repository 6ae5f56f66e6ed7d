"""`parley talk save`: a real conversation becomes a talk beside its script, with what is about the customer masked."""

import asyncio
import re
from pathlib import Path

import click

from gateway.clock import Clock
from gateway.commands.opening import open_database
from gateway.playbooks import BadPlaybook, find_folder, read_house, script_file
from gateway.recordings import UNPLAYABLE, Unplayable
from gateway.saved_talks import ABOUT, Saved, save
from state.database import Database
from state.talks import Held, last_of


@click.group("talk")
def command() -> None:
    """Real conversations as talks."""


@command.command("save")
@click.argument("deal", type=int)
@click.option("--bot", default="", help="Whose conversation; by default the deal's last one.")
@click.option("--name", default="", help="The talk's name; by default real_ and the deal's number.")
@click.option("--about", default=ABOUT, help="What it shows: its first line.")
@click.option("--print", "only_print", is_flag=True, help="Print it and keep nothing.")
def save_(deal: int, bot: str, name: str, about: str, only_print: bool) -> None:
    """Keep DEAL's last conversation with a bot as a test of the bot's script, in the folder talks beside it.

    Phones, e-mails, VINs, long numbers and the customer's name are masked. A program cannot know every name: read it before you commit it.
    """
    if name and not re.fullmatch(r"[\w-]{1,80}", name):
        raise click.UsageError("a talk's name is of letters, digits, _ and -")
    saved, folder = _saved(deal, bot, about)
    if only_print:
        click.echo(saved.text, nl=False)
        return
    file = script_file(folder, saved.script).parent / "talks" / f"{name or f'real_{deal}'}.talk"
    try:
        file.parent.mkdir(exist_ok=True)
        with file.open("x", encoding="utf-8") as kept:
            kept.write(saved.text)
    except FileExistsError:
        raise click.ClickException(f"there is a talk {file} already; choose another --name") from None
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from None
    click.echo(f"saved: {file}")
    click.echo("Read it before you commit it: a name that nobody could know of may still be in it.", err=True)


def _saved(deal: int, bot: str, about: str) -> tuple[Saved, Path]:
    with open_database(upgrade=False) as (settings, db):
        try:
            house = read_house(settings.playbook)
        except BadPlaybook as bad:
            raise click.ClickException(f"the playbook has mistakes:\n{bad}") from None
        held = asyncio.run(_read(db, deal, bot))
    if held is None:
        raise click.ClickException(f"deal {deal} has had no conversation with {'that' if bot else 'a'} bot")
    try:
        return save(held, house, Clock().now(), about), find_folder(settings.playbook)
    except Unplayable as why:
        raise click.ClickException(f"it cannot be kept as a talk: {UNPLAYABLE[why.reason]}") from None


async def _read(db: Database, deal: int, bot: str) -> Held | None:
    try:
        return await db.read(lambda c: last_of(c, deal, bot))
    finally:
        await db.close()
