"""Reads a playbook and its bots' scripts from disk into the house; anything wrong is told with file and line."""

from collections.abc import Callable
from pathlib import Path

from bots.kit.linter import lint, lint_together
from bots.kit.playbook import Playbook, load_playbook
from bots.kit.problems import Problem, has_errors
from bots.kit.script import Script
from gateway.channels.limits import LIMITS
from gateway.house import House

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ROOT / "playbooks"
BOTS = ROOT / "bots"


class BadPlaybook(Exception):
    """`problems` are (file, problem), all of them."""

    def __init__(self, problems: list[tuple[str, Problem]]) -> None:
        self.problems = problems
        super().__init__(
            "\n".join(f"{file}:{p.line}:{p.column}: {p.severity}: {p.what}. {p.remedy}" for file, p in problems)
        )


def find_folder(name_or_path: str) -> Path:
    """A shipped playbook by its name, or a folder of the shop's own."""
    shipped = SHIPPED / name_or_path
    if "/" not in name_or_path and (shipped / "playbook.yaml").is_file():
        return shipped
    return Path(name_or_path)


def script_file(folder: Path, bot: str) -> Path:
    """The playbook's own script of that name, else the bot's default one."""
    own = folder / "scripts" / f"{bot}.yaml"
    return own if own.is_file() else BOTS / bot / f"{bot}.yaml"


def read_house(name_or_path: str) -> House:
    """Everything the shop has set up. Raises `BadPlaybook` with all that is wrong."""
    folder = find_folder(name_or_path)
    playbook, found = load_playbook(folder.name, _reader(folder))
    problems = [(str(folder / "playbook.yaml"), p) for p in found]
    scripts: dict[str, Script] = {}
    waiting = [rule.bot for rule in playbook.bots] if playbook else []
    files: dict[str, str] = {}
    for bot in waiting:  # grows: a script may lead to another that no trigger starts
        if bot in scripts:
            continue
        file = script_file(folder, bot)
        script, wrong = _read(file, bot, playbook)
        problems += [(str(file), p) for p in wrong]
        if script is not None:
            scripts[bot] = script
            files[bot] = str(file)
            waiting += [name for name in script.runs if name not in scripts and script_file(folder, name).is_file()]
    problems += [(files[bot], problem) for bot, problem in lint_together(scripts)]
    if playbook is None or has_errors([p for _, p in problems]):
        raise BadPlaybook(problems)
    return House(playbook, scripts)


def _reader(folder: Path) -> Callable[[str], str]:
    return lambda name: (folder / name).read_text(encoding="utf-8-sig")


def _read(file: Path, bot: str, playbook: Playbook | None) -> tuple[Script | None, list[Problem]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        what = f"the script of bot '{bot}' cannot be read: {error}"
        return None, [Problem(1, 1, "error", what, "Put it in UTF-8 there", "encoding")]
    return lint(text, bot, playbook, LIMITS)
