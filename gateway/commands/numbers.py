"""`parley numbers`: what became of a script's runs, step by step."""

import asyncio
import csv
import sys
from datetime import date, datetime
from typing import Final

import click

from gateway.clock import Clock
from gateway.commands.opening import open_database
from gateway.numbers import STATUSES, Asked, BadPeriod, GroupNumbers, Report, StepNumbers, report
from gateway.playbooks import BadPlaybook, read_house
from gateway.spreadsheets import safe
from state import numbers
from state.database import Connection

_COUNTS: Final = (
    "reached",
    "answered",
    "passed",
    "misunderstood",
    "left",
    "handed_off",
    "waiting",
    "again",
    "customers",
    "won",
)
_Day = click.DateTime(["%Y-%m-%d"])


@click.command("numbers")
@click.argument("bot")
@click.option("--from", "since", type=_Day, help="First day of the period; by default 30 days back.")
@click.option("--to", "until", type=_Day, help="Its last day; by default today.")
@click.option("--version", default="", help="Only this version: its hash, or how it begins.")
@click.option("--channel", default="", help="Only runs that began on this channel.")
@click.option("--arm", default="", metavar="SPLIT:STEP", help="Only runs that were drawn this way.")
@click.option("--money", default="sum", show_default=True, help="The deals' field that holds what they are worth.")
@click.option("--csv", "as_csv", is_flag=True, help="A table of the steps for spreadsheets.")
def command(
    bot: str, since: datetime | None, until: datetime | None, version: str, channel: str, arm: str, money: str, *, as_csv: bool
) -> None:  # fmt: skip
    """What the runs of BOT that began in a period came to, step by step, down to deals that were won."""
    asked_for = Asked(since.date() if since else None, until.date() if until else None, version, channel, arm)
    if arm and ":" not in arm:
        raise click.UsageError("--arm is written SPLIT:STEP")
    with open_database() as (settings, db):
        try:
            house = read_house(settings.playbook)
        except BadPlaybook as wrong:
            raise click.ClickException(str(wrong)) from None
        try:
            cohort, first, last = asked_for.cohort(bot, house.playbook.zone, Clock().now())
        except BadPeriod:
            raise click.UsageError("--from is after --to") from None
        script = house.scripts.get(bot)

        async def asked() -> Report | None:
            def ask(conn: Connection) -> Report | None:
                if script is None and not numbers.is_known(conn, bot):
                    return None
                return report(conn, cohort, list(script.steps) if script else (), money)

            try:
                return await db.read(ask)
            finally:
                await db.close()

        found = asyncio.run(asked())
    if found is None:
        raise click.ClickException(f"there is no bot {bot!r}, and none ever ran")
    if as_csv:
        _write_csv(found)
    else:
        _print(found, bot, first, last)


def _print(found: Report, bot: str, first: date, last: date) -> None:
    click.echo(f"{bot}, runs that began from {first} to {last}: {found.total.runs} of {found.customers} customers")
    click.echo(_ends(found.total))
    for group in found.versions:
        click.echo(f"version {group.key[0][:12]}: {group.runs} runs; {_ends(group)}")
    for group in found.arms:
        click.echo(f"{group.key[0]} → {group.key[1]}: {group.runs} runs; {_ends(group)}")
    click.echo()
    rows = [["step", *_COUNTS, "median s"], *map(_row, found.steps)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *cells in rows:
        aligned = [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
        click.echo("  ".join([name.ljust(widths[0]), *aligned]))
    for one in found.steps:
        for phrase in one.phrases:
            click.echo(f"not understood at {one.step}: {phrase.n} × «{phrase.text}» ({phrase.customers} customers)")


def _row(one: StepNumbers) -> list[str]:
    return [one.step, *map(str, _counts(one)), "" if one.median_s is None else f"{one.median_s:g}"]


def _ends(group: GroupNumbers) -> str:
    ends = ", ".join(f"{group.ends[status]} {status.replace('_', ' ')}" for status in STATUSES if group.ends[status])
    return f"{ends or 'none'}; {group.won} won, {group.amount:g}"


def _counts(one: StepNumbers) -> list[int]:
    return [getattr(one, name) for name in _COUNTS]


def _write_csv(found: Report) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(["step", *_COUNTS, "median_s", "phrases"])
    for one in found.steps:
        phrases = "; ".join(f"{phrase.text} ({phrase.n})" for phrase in one.phrases)
        writer.writerow(safe([one.step, *_counts(one), one.median_s, phrases]))
