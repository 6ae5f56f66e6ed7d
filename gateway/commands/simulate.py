"""`parley simulate`: a month of a shop in virtual time, the same for the same seed; its invariants, its figures, a demo database."""

import asyncio
import hashlib
import shlex
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import click

from gateway.garbage import collect_seldom
from gateway.simulation.invariants import breaches
from gateway.simulation.month import Plan, simulate
from gateway.stories.playing import Stage, stage
from state import scenes, schema
from state.database import Connection, Database
from state.transfer import export_lines

_ZONE: Final = ZoneInfo("Europe/Moscow")


@click.command("simulate")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 400))
@click.option("--customers", default=2_000, show_default=True, type=click.IntRange(1, 1_000_000))
@click.option("--seed", default=1, show_default=True, help="The first one; the same seed goes the same way.")
@click.option(
    "--seeds",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="How many, one after the other; the first that breaks something ends it.",
)
@click.option("--playbook", default="autoparts", show_default=True, help="A playbook's name or folder.")
@click.option("--database", default="", help="An empty database to fill; by default one that is thrown away.")
@click.option("--begin", default="2026-03-02", show_default=True, help="The first day.")
@click.option("--faults", is_flag=True, help="Providers fail, and the process is killed a few times.")
def command(
    days: int, customers: int, seed: int, seeds: int, playbook: str, database: str, begin: str, faults: bool
) -> None:
    """Random customers, managers, orders and parcels; at the end it is looked whether every invariant holds.

    Exit status: 0 they do, 1 they do not, 2 asked wrongly.
    """
    from gateway import logs  # noqa: PLC0415 - `parley --help` must not wait for it

    logs.set_up("critical" if faults else "error", ())
    if database and seeds > 1:
        raise click.UsageError("a database takes one seed")
    try:
        at = round(datetime.combine(date.fromisoformat(begin), datetime.min.time(), _ZONE).timestamp())
    except ValueError:
        raise click.UsageError("--begin is a day: 2026-03-02") from None
    plan = Plan(playbook, days, customers, seed, at * 1000, faults=faults)
    with _place(database) as place:
        holds = play(plan, seeds, lambda: _prepared(database) if database else place.fresh())
    sys.exit(0 if holds else 1)


def play(plan: Plan, seeds: int, fresh: Callable[[], str]) -> bool:
    """So many seeds, from the plan's own on, each in a fresh database; False: one has broken something, and was the last."""
    for number in range(plan.seed, plan.seed + seeds):
        one = replace(plan, seed=number)
        if asyncio.run(_one(one, fresh())):
            click.echo(f"  again: {_again(one)}")
            if left := plan.seed + seeds - number - 1:
                click.echo(f"  {left} more were not played: go on with --seed {number + 1} --seeds {left}")
            return False
    return True


def _again(plan: Plan) -> str:
    """The command that goes the same way."""
    wanted = [
        "parley",
        "simulate",
        "--seed",
        str(plan.seed),
        "--days",
        str(plan.days),
        "--customers",
        str(plan.customers),
    ]
    begin = datetime.fromtimestamp(plan.begins / 1000, _ZONE).date().isoformat()
    faults = ["--faults"] if plan.faults else []
    return shlex.join([*wanted, "--playbook", plan.playbook, "--begin", begin, *faults])


def _place(database: str) -> AbstractContextManager[Stage]:
    return nullcontext() if database else stage()  # type: ignore[return-value]


def _prepared(url: str) -> str:
    """The schema made; refused where there is data already."""
    db = Database(url)
    try:
        schema.upgrade(db)
        with db.engine.connect() as conn:  # a job that writes would reserve numbers, and the seed go another way
            taken = scenes.rows(conn, "contacts") or scenes.rows(conn, "people")
        if taken:
            raise click.ClickException("the database is not empty: simulate into a new one")
    finally:
        db.engine.dispose()
    return url


async def _one(plan: Plan, url: str) -> int:
    collect_seldom()
    began = time.process_time()
    world = await simulate(plan, url)
    took = time.process_time() - began
    found = await breaches(world)
    told, mark = await world.rehearsal.look(_figures)
    await world.rehearsal.close()
    counts = world.counts
    click.echo(
        f"seed {plan.seed}: {plan.days} days, {plan.customers} customers, {plan.playbook}; {took:.1f} s of one core"
    )
    click.echo(
        f"  events {counts['events']}, turns {counts['turns']} ({counts['turns'] / took:.0f} a second), messages in {counts['messages in']}, "
        f"out {counts['messages out']}, commands {counts['commands']} ({counts['refused commands']} refused), faults {counts['faults']}, "
        f"merges {counts['merges']} ({counts['undone']} undone), splits {counts['splits']}"
    )
    for line in told:
        click.echo(f"  {line}")
    click.echo(f"  data {mark}")
    for one in found:
        click.echo(f"  broken: {one}")
    click.echo("  every invariant holds" if not found else f"  {len(found)} breaches")
    return len(found)


def _figures(conn: Connection) -> tuple[list[str], str]:
    """Deals and tasks in numbers, and a mark that two runs share only where every row is the same."""
    deals = Counter((one["funnel"], one["outcome"] or "open") for one in scenes.rows(conn, "deals"))
    tasks = Counter(one["state"] for one in scenes.rows(conn, "tasks"))
    by = "; ".join(f"{funnel} {outcome} {n}" for (funnel, outcome), n in sorted(deals.items()))
    mark = hashlib.sha256()
    for line in export_lines(conn):
        mark.update(line)
    return [f"deals: {by}", f"tasks: open {tasks['open']}, done {tasks['done']}"], mark.hexdigest()[:32]
