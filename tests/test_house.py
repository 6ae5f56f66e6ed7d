"""The tree keeps to the rules of the house: sizes, names, and words that have no business in it."""

import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MOST_LINES = 500
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-setup.lock")
ROOMS = ("bench", "bots", "docs", "gateway", "make", "playbooks", "state", "tests")

OUT_OF_PLACE = (
    r"(?<![\w.])/(?:work|root|opt)/",  # somebody's machine
    r"(?<![\w.])/home/(?!\w+\.)\w+/",
    r"pyp[i]\.org|pythonhoste[d]\.org|npmj[s]\.(?:org|com)",
    r"(?<![\w/-])shared/\w+\.md",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
)


@cache
def tree() -> tuple[Path, ...]:
    """What is under version control; where that cannot be asked, what lies in the rooms."""
    try:
        asked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
        found = [ROOT / name for name in asked.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        found = [*ROOT.glob("*.*"), *(path for room in ROOMS for path in (ROOT / room).rglob("*"))]
    return tuple(sorted(p for p in found if p.is_file() and "__pycache__" not in p.parts))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


def python() -> list[Path]:
    return [path for path in tree() if path.suffix == ".py"]


def test_the_tree_is_looked_at():
    assert ROOT / "gateway/app.py" in tree()
    assert len(python()) > 100


def test_no_module_is_longer_than_a_person_reads():
    sizes = {name_of(path): len(text(path).splitlines()) for path in python()}
    assert {name: size for name, size in sizes.items() if size > MOST_LINES} == {}


def test_every_module_opens_with_a_sentence():
    """Tests too: what they are about. Empty files and fixtures need none."""
    spoken = [path for path in python() if text(path).strip() and path.name != "conftest.py"]
    silent = [name_of(path) for path in spoken if not text(path).startswith('"""')]
    assert silent == []


@pytest.mark.parametrize("word", ["util", "utils", "helpers", "misc", "common", "manager", "base_utils"])
def test_no_module_has_a_name_that_says_nothing(word: str):
    assert [name_of(path) for path in tree() if path.stem == word or word in path.relative_to(ROOT).parent.parts] == []


@pytest.mark.parametrize("pattern", OUT_OF_PLACE)
def test_nothing_in_the_tree_is_out_of_place(pattern: str):
    looked_at = [path for path in tree() if path.suffix != ".lock"]
    assert [name_of(path) for path in looked_at if re.search(pattern, text(path))] == []


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (OUT_OF_PLACE[0], "see " + "/work" + "/notes"),
        (OUT_OF_PLACE[2], "from py" + "pi.org"),
        (OUT_OF_PLACE[3], "shared" + "/plan.md"),
    ],
)
def test_what_is_out_of_place_would_be_noticed(pattern: str, words: str):
    assert re.search(pattern, words)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_pins_by_hash_and_names_no_address(name: str):
    lines = text(ROOT / name).splitlines()
    pins = [line for line in lines if not line.startswith((" ", "#"))]
    assert pins
    assert [line for line in pins if not re.match(r"[a-z0-9._-]+==\S+ (; .+ )?\\$", line)] == []
    assert [line for line in lines if re.search(r"://|--(?:extra-)?index|--find-links|--trusted", line)] == []
    assert len([line for line in lines if "--hash=sha256:" in line]) >= len(pins)


def plain(name: str) -> str:
    """A package's name as packagers compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(name: str) -> dict[str, str]:
    return {plain(n): v for n, v in re.findall(r"^([a-z0-9._-]+)==(\S+)", text(ROOT / name), re.MULTILINE)}


def test_the_lock_files_agree_with_each_other():
    runtime, dev, setup = map(pinned, LOCKS)
    assert {n: v for n, v in runtime.items() if dev.get(n) != v} == {}
    assert {n: v for n, v in setup.items() if dev.get(n, v) != v} == {}


def test_the_lock_files_hold_what_the_project_asks_for():
    project = tomllib.loads(text(ROOT / "pyproject.toml"))
    groups = project["dependency-groups"]

    def missing(asked: list[str], name: str) -> list[str]:
        names = [plain(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in asked]
        return [n for n in names if n not in pinned(name)]

    assert missing(project["project"]["dependencies"], LOCKS[0]) == []
    assert missing(groups["dev"], LOCKS[1]) == []
    assert missing(groups["setup"], LOCKS[2]) == []


def test_every_bot_and_playbook_says_what_it_is():
    rooms = {path.parent for path in tree() if path.relative_to(ROOT).parts[0] == "bots" and path.name == "__init__.py"}
    bots = [
        room
        for room in rooms
        if room not in (ROOT / "bots", ROOT / "bots/kit", ROOT / "bots/kit/languages", ROOT / "bots/robots")
    ]
    assert [name_of(room) for room in bots if not (room / "README.md").is_file()] == []
