"""`parley init`: a playbook of one's own to begin with, in a new folder: the smallest one, or one like a shipped one."""

import os
import re
import shlex
from pathlib import Path
from urllib.parse import quote

import click

from bots.kit.playbook import FILE
from bots.kit.problems import did_you_mean, has_errors
from gateway.commands.check import check_playbook, shown_path
from gateway.playbooks import ROOT, SHIPPED

STARTER = "starter"
_KINDS = (".yaml", ".mmd", ".talk", ".story", ".md")
_ABOUT = r"(parley (?:init|check|story) |--playbook )(?:\./)?(?:{name})(?![\w/])"
_HOME = "](../../"
"""How a shipped page leads to the docs."""


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--like", default=STARTER, show_default=True, help="The shipped playbook to begin from.")
def command(folder: Path, like: str) -> None:
    """Start a playbook in a new FOLDER: checked, with a bot, its talks and a story, ready to be served and changed."""
    source = SHIPPED / like
    if not (source / FILE).is_file() or source.parent != SHIPPED:
        known = sorted(one.parent.name for one in SHIPPED.glob(f"*/{FILE}"))
        raise click.UsageError(f"there is no shipped playbook {like!r}. {did_you_mean(like, known)}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise click.ClickException(f"{folder} is there already, and not empty: choose another name")
    at = shlex.quote(str(folder) if folder.is_absolute() or folder.parts[:1] == ("..",) else f"./{folder}")
    try:
        _copy(source, folder, at)
    except OSError as error:
        raise click.ClickException(f"{error.filename or folder}: {error.strerror}") from None
    problems = [problem for _, problem in check_playbook(folder)]
    if has_errors(problems):  # a bot's shipped script has been taken away from under it
        raise click.ClickException(f"{folder} is there, but has mistakes: see parley check {at}")
    click.echo(f"{shown_path(folder / FILE)} is the place to begin. Then:")
    for step in (f"parley check {at}", f"parley story {at}", f"parley serve --demo --playbook {at}"):
        click.echo(f"  {step}")


def _copy(source: Path, folder: Path, at: str) -> None:
    """Every text of the playbook; links of its pages lead where they led, and commands in them are about the copy."""
    home = f"]({quote(os.path.relpath(ROOT.resolve(), folder.resolve()))}/"  # a blank would end the link
    about = re.compile(
        _ABOUT.format(name=f"{re.escape(source.name)}|shop" if source.name == STARTER else re.escape(source.name))
    )
    for file in sorted(source.rglob("*")):
        if file.is_file() and file.suffix in _KINDS:
            target = folder / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            text = file.read_text(encoding="utf-8")
            if file.suffix == ".md":
                text = about.sub(lambda found: found[1] + at, text.replace(_HOME, home))
            target.write_text(text, encoding="utf-8")
