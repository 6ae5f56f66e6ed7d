"""`parley check`: every mistake in playbooks and scripts, and talks that do not hold, a line each, as editors read them."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from bots.kit.playbook import FILE, Playbook, load_playbook
from bots.kit.problems import Problem, did_you_mean, has_errors, shown
from bots.kit.reader import decode
from bots.kit.script import Script
from bots.kit.talk import departures, read_talk
from gateway.playbooks import (
    SHIPPED,
    check_together,
    find_folder,
    read_lone_script,
    read_script_file,
    read_scripts,
    script_file,
)

Finding = tuple[Path, Problem]

_LONGEST = 400


@click.command("check")
@click.argument("what", nargs=-1, metavar="[PLAYBOOK_OR_FILE]…")
def command(what: tuple[str, ...]) -> None:
    """Look for mistakes. Each WHAT is a playbook's name, its folder, or a script's file; by default the playbook that the settings
    name, else the one in this folder. With a playbook, its talks and stories are played, too.

    Exit status: 0 clean, 1 errors, 2 asked wrongly.
    """
    wrong = False
    for one, said in [(one, one) for one in what] or [_shops()]:
        found = list(_check(one))
        for file, problem in found:
            click.echo(f"{shown_path(file)}:{problem}".rstrip())
        wrong = wrong or has_errors(problem for _, problem in found)
        if not what or sys.stderr.isatty():  # findings alone are for programs
            click.echo(f"{said}: {_summed_up([problem for _, problem in found])}", err=True)
    sys.exit(1 if wrong else 0)


def _shops() -> tuple[str, str]:
    """The playbook where none is named, and how we tell of it."""
    from gateway.settings import SettingsError, load_data_settings  # noqa: PLC0415 - only where nothing is named

    try:
        settings = load_data_settings()
    except SettingsError as wrong:
        raise click.UsageError(str(wrong)) from None
    if "playbook" in settings.model_fields_set:
        return settings.playbook, f"{settings.playbook} (PARLEY_PLAYBOOK)"
    if Path(FILE).is_file():
        return str(Path.cwd()), "the playbook in this folder"
    return settings.playbook, f"{settings.playbook} (no setting names a playbook)"


def _summed_up(problems: Sequence[Problem]) -> str:
    counts = [(word, sum(one.severity == word for one in problems)) for word in ("error", "warning")]
    return ", ".join(f"{n} {word}{'s' if n > 1 else ''}" for word, n in counts if n) or "clean"


def _check(what: str) -> Iterator[Finding]:
    folder = find_folder(what)
    if folder.is_dir() and (folder / FILE).is_file():
        yield from _check_whole(folder)
    elif folder.name == FILE and folder.is_file():
        yield from _check_whole(folder.parent)
    elif folder.suffix == ".story" and folder.is_file():
        yield from _play([folder])
    elif folder.is_file():
        yield from check_file(folder)
    else:
        shipped = sorted(one.parent.name for one in SHIPPED.glob(f"*/{FILE}"))
        raise click.UsageError(f"there is no playbook and no file {what!r}. {did_you_mean(what, shipped)}")


def _check_whole(folder: Path) -> Iterator[Finding]:
    """With its stories, which are played only where nothing else is wrong: a broken playbook would break them all."""
    found = list(check_playbook(folder))
    yield from found
    if not any(problem.severity == "error" for _, problem in found):
        yield from _play(sorted(folder.glob("stories/**/*.story")))


def _play(stories: Sequence[Path]) -> Iterator[Finding]:
    if not stories:
        return
    from gateway import logs  # noqa: PLC0415 - as below
    from gateway.stories.playing import stage, tell  # noqa: PLC0415 - a whole gateway, only where there is a story

    logs.set_up("critical", ())
    with stage() as place:
        for file in stories:
            yield from ((file, problem) for problem in tell(file, place)[1])


def check_playbook(folder: Path) -> Iterator[Finding]:
    """The playbook, the scripts its bots begin with, those that they lead to, every other script in its folder, and its talks."""
    playbook, problems = load_playbook(folder.name, lambda name: (folder / name).read_text(encoding="utf-8-sig"))
    yield from ((folder / FILE, problem) for problem in problems)
    scripts, findings = read_scripts(
        folder, playbook, sorted(file.stem for file in (folder / "scripts").glob("*.yaml"))
    )
    sound = not has_errors(problem for _, problem in findings)
    yield from check_together(folder, playbook, scripts, whole=sound)
    yield from findings
    if playbook is not None:
        for file in sorted([*folder.glob("talks/**/*.talk"), *folder.glob("scripts/talks/**/*.talk")]):
            if file.is_file():
                yield from ((file, problem) for problem in check_talk(file, folder, playbook, scripts))


def check_talk(file: Path, folder: Path, playbook: Playbook, scripts: Mapping[str, Script]) -> Iterator[Problem]:
    """Where the bot goes another way than its talk: the first place, for the rest may only follow from it."""
    text, problems = decode(file.read_bytes())
    talk, more = read_talk(text) if text is not None else (None, [])
    yield from [*problems, *more]
    if talk is None:
        return
    script = scripts.get(talk.script)
    if script is not None and _leads_to_an_unread_one(script, folder, scripts):
        return
    if script is not None:
        for line, what in departures(talk, script, playbook, scripts)[:1]:
            told = " ".join(what.split())
            told = told if len(told) <= _LONGEST else f"{told[: _LONGEST - 1]}…"
            yield Problem(line, 1, "error", told, "Mend the script; or the talk, if it is meant so", "talk")
    elif not script_file(folder, talk.script).is_file():  # else what is wrong with it has been told
        what = f"there is no script '{shown(talk.script)}'"
        yield Problem(1, 1, "error", what, did_you_mean(talk.script, scripts), "unknown_script")


def _leads_to_an_unread_one(script: Script, folder: Path, scripts: Mapping[str, Script]) -> bool:
    """On one of its ways there is a script with mistakes, which have been told: how the talk goes is not known."""
    seen = [script.name]
    for name in seen:  # grows
        if name in scripts:
            seen += [one for one in scripts[name].runs if one not in seen]
        elif script_file(folder, name).is_file():
            return True
    return False


def check_file(file: Path) -> Iterator[Finding]:
    """A script by itself, or with the playbook whose folder it lies in."""
    home = file.parent.parent
    if file.parent.name != "scripts" or not (home / FILE).is_file():
        yield from ((file, problem) for problem in read_lone_script(file)[1])
        return
    playbook, _ = load_playbook(home.name, lambda name: (home / name).read_text(encoding="utf-8-sig"))
    if playbook is None:
        what = f"{FILE} beside it has mistakes, so only what the script itself says is looked at"
        yield file, Problem(1, 1, "warning", what, f"Mend {shown_path(home / FILE)} first", "playbook")
    yield from ((file, problem) for problem in read_script_file(file, playbook)[1])


def shown_path(file: Path) -> str:
    """As one would type it from here."""
    try:
        return str(file.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(file)
