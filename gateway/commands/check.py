"""`parley check`: every mistake in playbooks and scripts, a line each, as editors read them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from bots.kit.playbook import FILE, load_playbook
from bots.kit.problems import Problem
from gateway.playbooks import check_templates, find_folder, read_script_file, read_scripts

Finding = tuple[Path, Problem]


@click.command("check")
@click.argument("what", nargs=-1, metavar="[PLAYBOOK_OR_FILE]…")
def command(what: tuple[str, ...]) -> None:
    """Look for mistakes. Each WHAT is a playbook's name, its folder, or a script's file; by default the shop's playbook.

    Exit status: 0 clean, 1 errors, 2 asked wrongly.
    """
    found = [finding for one in what or (_shops(),) for finding in _check(one)]
    for file, problem in found:
        click.echo(f"{_shown(file)}:{problem}".rstrip())
    sys.exit(1 if any(problem.severity == "error" for _, problem in found) else 0)


def _shops() -> str:
    from gateway.commands.opening import settings_or_exit  # noqa: PLC0415 - only where nothing is named

    return settings_or_exit().playbook


def _check(what: str) -> Iterator[Finding]:
    folder = find_folder(what)
    if folder.is_dir() and (folder / FILE).is_file():
        yield from check_playbook(folder)
    elif folder.name == FILE and folder.is_file():
        yield from check_playbook(folder.parent)
    elif folder.is_file():
        yield from check_file(folder)
    else:
        raise click.UsageError(f"there is no playbook and no file {what!r}")


def check_playbook(folder: Path) -> Iterator[Finding]:
    """The playbook, the scripts its bots begin with, those that they lead to, and every other script in its folder."""
    playbook, problems = load_playbook(folder.name, lambda name: (folder / name).read_text(encoding="utf-8-sig"))
    yield from ((folder / FILE, problem) for problem in problems)
    scripts, findings = read_scripts(
        folder, playbook, sorted(file.stem for file in (folder / "scripts").glob("*.yaml"))
    )
    yield from check_templates(folder, playbook, scripts)
    yield from findings


def check_file(file: Path) -> Iterator[Finding]:
    """A script by itself, or with the playbook whose folder it lies in."""
    home = file.parent.parent
    playbook = None
    if file.parent.name == "scripts" and (home / FILE).is_file():
        playbook, _ = load_playbook(home.name, lambda name: (home / name).read_text(encoding="utf-8-sig"))
    return ((file, problem) for problem in read_script_file(file, playbook)[1])


def _shown(file: Path) -> str:
    """As one would type it from here."""
    try:
        return str(file.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(file)
