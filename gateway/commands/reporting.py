"""`parley report`: the reports of the business, in the terminal or as a table for spreadsheets."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from gateway.clock import Clock
from gateway.commands.opening import open_database, writing
from gateway.filters import must_occur
from gateway.numbers import instants, period
from gateway.playbooks import BadPlaybook, read_house
from gateway.refusals import Invalid
from gateway.reports import REPORTS, Asked, Kind, Report, make
from gateway.reports.sheet import as_csv
from state.facts import Narrow

_Day = click.DateTime(["%Y-%m-%d"])
_WAYS: Final = sorted({way for ways in REPORTS.values() for way in ways if way})


@click.command("report")
@click.argument("name", type=click.Choice(sorted(REPORTS)))
@click.option(
    "--by",
    type=click.Choice(_WAYS),
    help="conversion: cohort (deals of the period) or snapshot; answers: manager or channel.",
)
@click.option("--from", "since", type=_Day, help="First day of the period; by default 30 days back.")
@click.option("--to", "until", type=_Day, help="Its last day; by default today.")
@click.option("--funnel", default="", help="Only deals of this funnel.")
@click.option("--source", default="", help="Only deals from this source.")
@click.option("--channel", default="", help="Only what is said on this channel.")
@click.option("--manager", type=int, help="Only what is this person's, by number.")
@click.option(
    "--csv", "file", type=click.Path(path_type=Path), help="Write a table for spreadsheets; - is the terminal."
)
def command(
    name: str, by: str | None, since: datetime | None, until: datetime | None, funnel: str, source: str, channel: str, manager: int | None,
    file: Path | None,
) -> None:  # fmt: skip
    """What the report NAME says of a period."""
    kind = REPORTS[name].get(by) if by is not None else next(iter(REPORTS[name].values()))
    if kind is None:
        ways = ", ".join(filter(None, REPORTS[name]))
        raise click.UsageError(f"'{name}' is by {ways}" if ways else f"'{name}' takes no --by")
    with open_database() as (settings, db):
        try:
            house = read_house(settings.playbook)
        except BadPlaybook as wrong:
            raise click.ClickException(str(wrong)) from None
        shop = house.playbook
        try:
            with db.engine.connect() as conn:
                must_occur(conn, house, funnel=funnel, source=source)
        except Invalid as wrong:
            raise click.UsageError(f"--{wrong.name}: {wrong}") from None
        now = Clock().now()
        first, last = period(since.date() if since else None, until.date() if until else None, shop.zone, now)
        if first > last:
            raise click.UsageError("--from is after --to")
        narrow = Narrow(*instants(first, last, shop.zone), now, funnel, source, channel, manager)

        async def ask(kind: Kind) -> Report:
            try:
                return await db.read(lambda c: make(c, kind, Asked(shop, first, last, narrow)))
            finally:
                await db.close()

        found = asyncio.run(ask(kind))
    if file is None:
        _print(found)
    elif str(file) == "-":
        click.echo(as_csv(found), nl=False)
    else:
        with writing(file):
            file.write_text(as_csv(found), encoding="utf-8", newline="")


def _print(found: Report) -> None:
    kind = found.kind
    click.echo(f"{kind.title}, {found.asked.first} to {found.asked.last}\n")
    rows = [["", *(one.name for one in kind.columns)]]
    for line in found.lines:
        title = line.title if line.key else "total"
        rows.append([title, *(_shown(line.values[one.name]) for one in kind.columns)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row, hint in zip(rows, ["", *(line.hint for line in found.lines)], strict=True):
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        click.echo("  ".join([row[0].ljust(widths[0]), *cells, hint]).rstrip())
    click.echo(f"\n{kind.formula}")


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"
