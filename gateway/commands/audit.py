"""`parley audit`: look the shop through now, and tell or export what is wrong."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from gateway import audit_export
from gateway.auditor import Auditor
from gateway.clock import Clock
from gateway.commands.opening import must_be_writable, open_database, writing
from gateway.house import House
from gateway.playbooks import BadPlaybook, read_house
from state import audits, findings
from state.audits import AuditRun
from state.database import Connection, Database
from state.findings import Which
from state.live import LocalLive

_KINDS: Final = (".xlsx", ".csv")


@click.command("audit")
@click.option("--check", "names", multiple=True, metavar="NAME", help="Only this check; may be given several times.")
@click.option("--export", "file", type=click.Path(dir_okay=False, path_type=Path), help="A workbook (.xlsx), or one check as .csv.")  # fmt: skip
@click.option("--playbook", default="", help="A playbook's name or folder; by default the shop's own.")
def command(names: tuple[str, ...], file: Path | None, playbook: str) -> None:
    """Look the shop through by the playbook's checks. A server may be running beside it."""
    if file is not None and file.suffix.lower() not in _KINDS:
        raise click.UsageError("--export is a file that ends in .xlsx or .csv")
    if file is not None and file.suffix.lower() == ".csv" and len(names) != 1:
        raise click.UsageError("a .csv holds one check: name it with --check")
    if file is not None:
        must_be_writable(file)
    with open_database() as (settings, db):
        try:
            house = read_house(playbook or settings.playbook)
        except BadPlaybook as wrong:
            raise click.ClickException(str(wrong)) from None
        known = house.playbook.checks
        for name in names:
            if name not in known:
                raise click.UsageError(f"there is no check {name!r}; there are: {', '.join(known)}")
        asyncio.run(_audit(db, house, list(dict.fromkeys(names)), file))


async def _audit(db: Database, house: House, names: Sequence[str], file: Path | None) -> None:
    clock = Clock()

    def begin(conn: Connection) -> AuditRun:
        asked = audits.ask(conn, db.ids, clock.now(), checks=names)
        taken = audits.take(conn, clock.now()) if asked is not None else None
        if taken is None:  # and what was asked for is taken back with this transaction
            raise click.ClickException("another audit waits or runs already: ask again when it is done")
        return taken

    try:
        run = await db.write(begin, "audit")
        ended = await Auditor(db, house, LocalLive(), clock).work(run)
        if ended is None:
            raise click.ClickException("the audit was held up for minutes, and taken for dead: ask again")
        counted = await db.read(findings.counts)
        if file is not None:
            with writing(file):
                await _export(db, house, names, file)
    finally:
        await db.close()
    click.echo(f"looked at {ended.looked_at} deals, tasks and pairs")
    for check in house.playbook.checks.values():
        if names and check.name not in names:
            continue
        here = counted.get(check.name, {})
        excused = f", {n} cannot be fixed" if (n := here.get("cannot_fix", 0)) else ""
        click.echo(f"{here.get('not_handled', 0):>7}  {check.severity:<8}  {check.name}: {check.title}{excused}")
    if file is not None:
        click.echo(f"written to {file}")


async def _export(db: Database, house: House, names: Sequence[str], file: Path) -> None:
    if file.suffix.lower() == ".csv":
        body = await audit_export.csv_bytes(db, house, Which(check=names[0], status="not_handled"))
        await asyncio.to_thread(file.write_bytes, body)
    else:
        await audit_export.workbook(db, house, Which(status="not_handled"), file, names)
