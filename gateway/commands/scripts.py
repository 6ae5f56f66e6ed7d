"""`parley scripts`: the published scripts from the terminal. A server may be at work beside it: it hears at once where there is Redis."""

from pathlib import Path
from typing import Any

import click

from bots.kit.compare import Difference
from gateway.clock import iso
from gateway.commands.script_files import ScriptFolder, hash_of
from gateway.commands.shelf import Shelf, at_work
from gateway.library import Base, Faulty, Order, Outdated, Report, differ
from state import scripts
from state.scripts import Live

folder_option = click.option("--folder", default="scripts", show_default=True, type=click.Path(path_type=Path))
note_option = click.option("--note", default="", help="What changes, and why.")


@click.group("scripts")
def command() -> None:
    """Scripts as they are published."""


@command.command("list")
@click.argument("name", required=False)
def list_(name: str | None) -> None:
    """The scripts and what is live of each; with NAME its versions, newest first."""
    for line in at_work(lambda shelf: _versions(shelf, name) if name else _scripts(shelf)):
        click.echo(line)


async def _scripts(shelf: Shelf) -> list[str]:
    lines = []
    for one in (await shelf.db.read(scripts.live)).values():
        version = await shelf.db.read(lambda c, one=one: scripts.find_version(c, one.name, one.stable))  # type: ignore[misc]
        number = version.number if version else "?"
        state = f"{one.name}: version {number} ({one.stable[:12]}), revision {one.revision}"
        lines.append(", ".join(filter(None, (state, _share(one)))))
    return lines


async def _versions(shelf: Shelf, name: str) -> list[str]:
    now = await shelf.live(name)
    found = await shelf.db.read(lambda c: scripts.versions(c, name, 10_000))
    return [
        "  ".join(
            filter(None, (
                f"{v.number:>4}", v.hash[:12], iso(v.at), author.name if author else "playbook", scripts.sign_of(now, v.hash), v.label, v.note,
            ))
        )
        for v, author in found
    ]  # fmt: skip


@command.command("show")
@click.argument("name")
@click.argument("version", required=False)
def show(name: str, version: str | None) -> None:
    """Print the newest text of NAME, or that of VERSION (a number, or the beginning of a hash)."""

    async def find(shelf: Shelf) -> str:
        if version:
            return (await shelf.version(name, version)).source
        return await shelf.text((await shelf.live(name)).newest)

    click.echo(at_work(find), nl=False)


@command.command("compare")
@click.argument("name")
@click.argument("since")
@click.argument("to", required=False)
def compare(name: str, since: str, to: str | None) -> None:
    """What differs between versions SINCE and TO (by default the newest) of NAME."""

    async def find(shelf: Shelf) -> tuple[Difference, str]:
        newest = (await shelf.live(name)).newest
        return differ(await shelf.version(name, since), await shelf.version(name, to or newest))

    _tell(*at_work(find))


@command.command("pull")
@click.argument("names", nargs=-1, metavar="[NAME]…")
@folder_option
@click.option("--force", is_flag=True, help="Over files that were changed here, too.")
def pull(names: tuple[str, ...], folder: Path, force: bool) -> None:
    """Write the newest texts into files, as they were published. A file that was changed here is left alone."""
    files = ScriptFolder(folder)

    async def take(shelf: Shelf) -> dict[str, str]:
        known = await shelf.db.read(scripts.live)
        wanted = {name: await shelf.live(name) for name in names} or known
        return {name: await shelf.text(one.newest) for name, one in wanted.items()}

    texts = at_work(take)
    kept = [n for n, text in texts.items() if not force and files.changed_here(n) and files.read(n) != text]
    for name, text in texts.items():
        if name not in kept:
            files.write(name, text)
            click.echo(f"{files.file(name)}")
    files.take((name, hash_of(text)) for name, text in texts.items() if name not in kept)
    if kept:
        raise click.ClickException(f"changed here, so left alone (push them, or --force): {', '.join(kept)}")


def _deciding(command: Any) -> Any:
    """Who publishes, and what becomes of who is in the middle."""
    for option in (
        click.option("--as", "who", default="", metavar="NAME", help="Who publishes: a name or number from 'parley user'; by default the admin."),
        click.option("--runs", default="finish", show_default=True, type=click.Choice(["finish", "map", "hand_off"]),
                     help="What becomes of who is in the middle."),
        click.option("--map", "steps", multiple=True, metavar="OLD=NEW", help="With --runs map: where they go on."),
    ):  # fmt: skip
        command = option(command)
    return command


def _publishing(command: Any) -> Any:
    for option in (
        note_option,
        click.option("--label", default="", help="A name for the version."),
        click.option("--rollout", default=100, show_default=True, type=click.IntRange(0, 100), help="Per cent of customers."),
        _deciding,
    ):  # fmt: skip
        command = option(command)
    return command


def _order(how: dict[str, Any]) -> Order:
    pairs = [pair.partition("=") for pair in how["steps"]]
    return Order(how["runs"], {old.strip(): new.strip() for old, _, new in pairs})


@command.command("standing")
@click.argument("name")
def standing(name: str) -> None:
    """How many customers stand at which step of which version of NAME."""

    async def look(shelf: Shelf) -> list[str]:
        now = await shelf.live(name)
        found = await shelf.db.read(lambda c: scripts.standing(c, name))
        signs = [scripts.sign_of(now, one.hash) or "an older version" for one in found]
        return [f"{one.n} at {one.step} ({one.hash[:12]}, {sign})" for one, sign in zip(found, signs, strict=True)]

    for line in at_work(look) or ["nobody"]:
        click.echo(line)


@command.command("push")
@click.argument("names", nargs=-1, metavar="[NAME]…")
@folder_option
@_publishing
def push(names: tuple[str, ...], folder: Path, **how: Any) -> None:
    """Publish the files that were changed since they were pulled. Refused where somebody has published meanwhile."""
    files = ScriptFolder(folder)
    wanted = [(name, files.read(name)) for name in names or files.names()]
    if not wanted:
        raise click.ClickException(f"there are no scripts in {folder}")
    taken = files.taken()

    async def publish(shelf: Shelf) -> None:
        known = await shelf.db.read(scripts.live)
        for name, text in wanted:
            if name in known and known[name].newest == hash_of(text):
                click.echo(_already(known[name]))
            else:
                await _publish(shelf, files.file(name), name, text, taken.get(name), how)
            files.take([(name, hash_of(text))])

    at_work(publish, how["who"])


@command.command("publish")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--base", help="The revision that you began from; not for a script that is not there yet.")
@_publishing
def publish(file: Path, base: str | None, **how: Any) -> None:
    """Publish FILE as the script that it is named after."""
    files = ScriptFolder(file.parent)
    name, text = file.stem, files.read(file.stem)

    async def go(shelf: Shelf) -> None:
        now = (await shelf.db.read(scripts.live)).get(name)
        if now is not None and now.newest == hash_of(text):
            click.echo(_already(now))
            return
        if now is not None and base is None:
            raise click.ClickException(
                f"{name}: say which revision you began from: --base {now.revision} is the newest. "
                f"'parley scripts show {name}' prints it; pull and push remember it by themselves"
            )
        seen = None if base in (None, "new") else int(base) if base.isdigit() else base
        await _publish(shelf, file, name, text, seen, how)

    at_work(go, how["who"])


def _already(now: Live) -> str:
    """What to say of a text that is there already: perhaps for a share of the customers only."""
    if not now.candidate:
        return f"{now.name}: unchanged"
    return f"{now.name}: unchanged, {_share(now)}; 'parley scripts rollout {now.name} 100' gives it to all"


def _share(now: Live) -> str:
    return f"{now.percent} % begin with {now.candidate[:12]}" if now.candidate else ""


async def _publish(shelf: Shelf, file: Path, name: str, text: str, base: Base, how: dict[str, Any]) -> None:
    order = _order(how)
    going = shelf.publisher.publish(
        name, text, shelf.who, base, label=how["label"], note=how["note"], percent=how["rollout"], order=order
    )
    try:
        report = await going
    except Faulty as wrong:
        raise click.ClickException("\n".join(f"{file}:{problem}" for problem in wrong.problems)) from None
    except Outdated as late:
        _tell(late.difference, late.diff)
        raise click.ClickException(f"{name}: {late}; pull it into another folder and bring the two together") from None
    _report(name, report)


@command.command("rollback")
@click.argument("name")
@click.argument("version")
@note_option
@_deciding
def rollback(name: str, version: str, note: str, **how: Any) -> None:
    """Publish VERSION of NAME (a number, or the beginning of a hash) anew."""

    async def back(shelf: Shelf) -> Report:
        now, to = await shelf.live(name), await shelf.version(name, version)
        return await shelf.publisher.roll_back(name, to.hash, shelf.who, now.revision, note=note, order=_order(how))

    _report(name, at_work(back, how["who"]))


@command.command("rollout")
@click.argument("name")
@click.argument("percent", type=click.IntRange(0, 100))
@_deciding
def rollout(name: str, percent: int, **how: Any) -> None:
    """Let PERCENT of customers begin with what is being rolled out of NAME; 100: all of them."""

    async def out(shelf: Shelf) -> Report:
        now = await shelf.live(name)
        return await shelf.publisher.roll_out(name, percent, shelf.who, now.revision, _order(how))

    _report(name, at_work(out, how["who"]))


def _tell(difference: Difference, diff: str) -> None:
    for change in difference.changes:
        click.echo(change.what)
    if diff:
        click.echo(diff)


def _report(name: str, report: Report) -> None:
    if not report.changed:
        click.echo(_already(report.live))
    else:
        click.echo(", ".join(filter(None, (f"{name}: revision {report.live.revision}", _share(report.live)))))
    for change in report.difference.changes:
        click.echo(f"  {change.what}")
    for fate in report.fates:
        stand = fate.stand
        click.echo(
            f"  {stand.n} at {stand.step} ({stand.hash[:12]}): {f'to {fate.to}' if fate.to else 'finish as they began'}"
        )
    if report.changed:
        click.echo("  A gateway at work takes it within 30 seconds.")
