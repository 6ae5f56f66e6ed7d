"""Reads a playbook and its bots' scripts from disk into the house; anything wrong is told with file and line."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from bots.kit.board_lints import lint_board
from bots.kit.board_window import too_late
from bots.kit.events import Media, MediaKind
from bots.kit.linter import lint, lint_alone, lint_together
from bots.kit.playbook import FILE, Playbook, load_playbook
from bots.kit.problems import Problem, did_you_mean, has_errors, in_order, pointed
from bots.kit.reader import decode
from bots.kit.script import Script
from bots.kit.template_lints import lint_templates
from gateway import file_types
from gateway.channels.base import STORED
from gateway.channels.limits import LIMITS
from gateway.house import Attached, House

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ROOT / "playbooks"
BOTS = ROOT / "bots"
MOST_ATTACHED = 20_000_000
"""Bytes of a file that templates send along: what the channels carry at most."""


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
    """The playbook's own script of that name, else the default one, in whichever bot's folder it lies."""
    own = folder / "scripts" / f"{bot}.yaml"
    if own.is_file():
        return own
    lying = (home / f"{bot}.yaml" for home in sorted(BOTS.iterdir()))
    return next((file for file in lying if file.is_file()), BOTS / bot / f"{bot}.yaml")


def read_house(name_or_path: str) -> House:
    """Everything the shop has set up. Raises `BadPlaybook` with all that is wrong."""
    folder = find_folder(name_or_path)
    playbook, found = load_playbook(folder.name, _reader(folder))
    scripts, wrong = read_scripts(folder, playbook)
    attached = read_attached(folder, playbook)
    problems = [*((folder / FILE, problem) for problem in found), *wrong]
    problems += check_together(folder, playbook, scripts, whole=not has_errors(problem for _, problem in wrong))
    if playbook is None or has_errors([problem for _, problem in problems]):
        raise BadPlaybook([(str(file), problem) for file, problem in problems])
    return House(playbook, scripts, attached=attached)


def read_house_again(name_or_path: str) -> House:
    """The same for who plays in it again and again: it is read anew where a file of it has become another."""
    folder = find_folder(name_or_path)
    house = _read_once(name_or_path, folder.resolve(), _mark(folder))
    if read_attached(folder, house.playbook) != house.attached:
        _read_once.cache_clear()
        house = _read_once(name_or_path, folder.resolve(), _mark(folder))
    return House(replace(house.playbook), dict(house.scripts))


@lru_cache(maxsize=8)
def _read_once(name_or_path: str, _home: Path, _mark: str) -> House:
    return read_house(name_or_path)


def _mark(folder: Path) -> str:
    """What is written in the files that a house is read from."""
    mark = hashlib.sha256()
    for file in (folder / FILE, *sorted(folder.glob("scripts/*.yaml")), *sorted(BOTS.glob("*/*.yaml"))):
        body = file.read_bytes() if file.is_file() else b""
        mark.update(f"{file} {len(body)} ".encode() + body)
    return mark.hexdigest()


def read_scripts(
    folder: Path, playbook: Playbook | None, besides: Iterable[str] = ()
) -> tuple[dict[str, Script], list[tuple[Path, Problem]]]:
    """The scripts that bots begin with, robots start, those that they lead to, and others by name; what is wrong in each.

    Without a playbook, as it has mistakes, only what is wrong with them whatever it says.
    """
    waiting = [(rule.bot, rule.funnel, rule.line) for rule in playbook.bots] if playbook else []
    waiting += [(one.script, one.funnel, one.line) for one in playbook.clarifications.values()] if playbook else []
    waiting += [(one.name, one.funnel, one.line) for one in playbook.board.starts] if playbook else []
    waiting += [(name, "", 0) for name in besides]
    scripts: dict[str, Script] = {}
    files: dict[str, Path] = {}
    problems: list[tuple[Path, Problem]] = []
    for bot, funnel, named in waiting:  # grows
        if bot in files:
            continue
        files[bot] = file = script_file(folder, bot)
        if not file.is_file():
            problems.append((folder / FILE, _nowhere(folder, bot, named)))
            continue
        script, found = read_script_file(file, playbook, funnel, bot)
        problems += [(file, problem) for problem in found]
        if script is not None:
            scripts[bot] = script
            waiting += [(name, funnel, 0) for name in script.runs if script_file(folder, name).is_file()]
    unread = {bot for bot, file in files.items() if bot not in scripts and file.is_file()}
    problems += [(files[bot], problem) for bot, problem in lint_together(scripts, unread)]
    return scripts, problems


def _nowhere(folder: Path, bot: str, line: int) -> Problem:
    """The playbook names a script that there is not: told where it does so."""
    known = {file.stem for place in (folder / "scripts", *sorted(BOTS.iterdir())) for file in place.glob("*.yaml")}
    remedy = did_you_mean(bot, sorted(known), f"Else put it into {folder / 'scripts' / bot}.yaml")
    found = Problem(line or 1, 1, "error", f"there is no script '{bot}'", remedy, "unknown_script")
    return pointed(found, (folder / FILE).read_text(encoding="utf-8-sig").splitlines())


def read_script_file(
    file: Path, playbook: Playbook | None, funnel: str = "", bot: str = ""
) -> tuple[Script | None, list[Problem]]:
    """A script by its file, looked through with what the channels can carry; without a playbook, as that has mistakes, alone."""
    name = bot or file.stem
    return _read(
        file, name, lambda text: look_through(text, name, playbook, funnel) if playbook else lint_alone(text, name)
    )


def read_lone_script(file: Path) -> tuple[Script | None, list[Problem]]:
    """A script of no playbook."""
    return _read(file, file.stem, lambda text: look_through(text, file.stem, None))


def read_attached(folder: Path, playbook: Playbook | None) -> dict[str, Attached]:
    """The files that templates send along, as far as they are there and can be sent.

    A link that leads out of the folder is none.
    """
    found: dict[str, Attached] = {}
    home = folder.resolve()
    for ref in dict.fromkeys(ref for one in playbook.templates.values() for ref in one.attach) if playbook else ():
        path = (home / ref).resolve()
        if ref.startswith("https:") or not path.is_relative_to(home) or not path.is_file():
            continue
        if 0 < path.stat().st_size <= MOST_ATTACHED:
            found[ref] = Attached(_media(ref, path.read_bytes()), path)
    return found


def _media(ref: str, body: bytes) -> Media:
    """What the file is by its first bytes; its id is made of all of them, so that a changed file is another."""
    told = file_types.of(body)
    families: Mapping[str, MediaKind] = {"image": "photo", "video": "video", "audio": "audio"}
    kind = families.get(told.mime.partition("/")[0], "document") if told.inline else "document"
    file = hashlib.sha256(body).hexdigest()[:32]
    return Media(kind, STORED + file, ref.rpartition("/")[2], told.mime, len(body))


def check_together(
    folder: Path, playbook: Playbook | None, scripts: Mapping[str, Script], *, whole: bool = True
) -> list[tuple[Path, Problem]]:
    """What is wrong with the playbook's templates and triggers, now that it is known what a deal of this shop may hold.

    `whole`: all its scripts could be read; else nobody knows which fields they have.
    """
    if playbook is None:
        return []
    fields = [*playbook.fields, *(field for script in scripts.values() for field in script.fields)] if whole else None
    files = {name: file.media.size for name, file in read_attached(folder, playbook).items()}
    found = lint_templates(playbook.templates, fields, LIMITS, files)
    found += lint_board(playbook, fields) if fields is not None else []
    found += too_late(playbook, LIMITS)
    return [(folder / FILE, problem) for problem in in_order(found)]


def _reader(folder: Path) -> Callable[[str], str]:
    return lambda name: (folder / name).read_text(encoding="utf-8-sig")


def _read(
    file: Path, bot: str, look: Callable[[str], tuple[Script | None, list[Problem]]]
) -> tuple[Script | None, list[Problem]]:
    try:
        text, problems = decode(file.read_bytes())
    except OSError as error:
        what = f"the script of bot '{bot}' cannot be read: {error.strerror}"
        return None, [Problem(1, 1, "error", what, "Put the script there", "encoding")]
    return (None, problems) if text is None else look(text)


def look_through(
    text: str, bot: str, playbook: Playbook | None, funnel: str = ""
) -> tuple[Script | None, list[Problem]]:
    """A script's text, compiled, and all that is wrong with it in this playbook and on our channels."""
    return lint(text, bot, playbook, LIMITS, funnel)


def look_together(scripts: Mapping[str, Script], fresh: Script) -> list[Problem]:
    """What is wrong with this script beside the others of the shop: it leads to none, or round in a circle."""
    known = {problem for _, problem in lint_together(scripts)}
    found = lint_together({**scripts, fresh.name: fresh})
    return [problem for bot, problem in found if bot == fresh.name or problem not in known]
