"""`parley story`: plays stories of a playbook in virtual time and says what was not so, a line each, as editors read it."""

import sys
from pathlib import Path

import click

from bots.kit.problems import has_errors
from gateway.commands.check import shown_path
from gateway.playbooks import find_folder
from gateway.stories.playing import stage, tell
from gateway.stories.shelf import stories_of


@click.command("story")
@click.argument("what", nargs=-1, metavar="[PLAYBOOK_OR_FILE]…", required=True)
def command(what: tuple[str, ...]) -> None:
    """Play stories: each WHAT is a story's file, a folder of them, or a playbook's name.

    Exit status: 0 all hold, 1 some do not, 2 asked wrongly.
    """
    from gateway import logs  # noqa: PLC0415 - `parley --help` must not wait for it

    logs.set_up("error", ())
    files = [file for one in what for file in _files(one)]
    wrong = 0
    with stage() as place:
        for file in files:
            title, problems = tell(file, place)
            for problem in problems:
                click.echo(f"{shown_path(file)}:{problem}")
            wrong += has_errors(problems)
            if not has_errors(problems):
                click.echo(f"{shown_path(file)}: holds: {title}")
    sys.exit(1 if wrong else 0)


def _files(what: str) -> list[Path]:
    path = Path(what)
    if path.is_file():
        return [path]
    folder = path if path.is_dir() else find_folder(what)
    found = stories_of(folder) or sorted(folder.glob("**/*.story"))
    if not found:
        raise click.UsageError(f"there is no story and no playbook with stories {what!r}")
    return found
