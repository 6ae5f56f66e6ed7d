"""`parley replay`: a bot's real conversations on a draft of its script, and those that would go otherwise, by step."""

import asyncio
import json
from pathlib import Path

import click

from bots.kit.lines import Line
from bots.kit.script import Script
from gateway.clock import Clock
from gateway.commands.opening import open_database
from gateway.house import House
from gateway.playbooks import BadPlaybook, read_house, read_script_file
from gateway.replays import MOST_TALKS, UNPLAYABLE, Report, replay
from state.database import Database


@click.command("replay")
@click.argument("bot")
@click.option(
    "--draft",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The draft's file; by default the shop's script as it is now.",
)
@click.option(
    "--last",
    type=click.IntRange(1, MOST_TALKS),
    default=100,
    show_default=True,
    help="How many conversations, the newest first.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs: the same that the API answers.")
def command(bot: str, draft: Path | None, last: int, as_json: bool) -> None:
    """Play the last conversations that BOT has held on a draft: nothing is sent or changed.

    Exit status: 0 all go as they went, 1 some would go otherwise, 2 asked wrongly. A server may be running beside it.
    """
    with open_database(upgrade=False) as (settings, db):
        try:
            house = read_house(settings.playbook)
        except BadPlaybook as bad:
            raise click.ClickException(f"the playbook has mistakes:\n{bad}") from None
        script = _draft(house, bot, draft)
        report = asyncio.run(_replay(db, house, bot, script, last))
    if as_json:
        from gateway.api.replays import shown  # noqa: PLC0415 - the API is loaded only where its words are wanted

        click.echo(json.dumps(shown(report, names=True), ensure_ascii=False, indent=1))
    else:
        tell(report)
    raise SystemExit(1 if report.different else 0)


def _draft(house: House, bot: str, file: Path | None) -> Script:
    if file is None:
        if bot not in house.scripts:
            raise click.UsageError(
                f"there is no bot {bot!r}; with --draft any that has held conversations may be named"
            )
        return house.scripts[bot]
    script, problems = read_script_file(file, house.playbook)
    if script is None:
        raise click.UsageError("the draft has mistakes:\n" + "\n".join(f"{file}:{problem}" for problem in problems))
    return script


async def _replay(db: Database, house: House, bot: str, draft: Script, last: int) -> Report:
    try:
        return await replay(db, house, bot, draft, last, Clock().now())
    finally:
        await db.close()


def tell(report: Report) -> None:
    click.echo(
        f"{report.talks} talks: {report.same} the same, {report.different} otherwise, {report.unplayable.total()} not replayable"
    )
    for why, n in report.unplayable.most_common():
        click.echo(f"  not replayable: {n}, {UNPLAYABLE[why]} (deals {_deals(report.unplayed[why])})")
    for group in report.by_count():
        click.echo(f"\nstep {group.step}: {group.count}")
        for change in group.often():
            click.echo(f"  {change.count}, as in deals {_deals(change.deals)}")
            if change.shifted:
                minutes = abs(change.shifted) // 60_000
                click.echo(
                    f"    the same, {minutes} min {'later' if change.shifted > 0 else 'earlier'}: {_first(change.now)}"
                )
            else:
                click.echo(f"    before  {_first(change.before)}")
                click.echo(f"    now     {_first(change.now)}")


def _first(lines: tuple[Line, ...]) -> str:
    if not lines:
        return "nothing"
    more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    return str(lines[0]).replace("\n", "\n          ") + more


def _deals(ids: list[int]) -> str:
    return ", ".join(map(str, ids))
