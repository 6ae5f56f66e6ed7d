"""The docs are held to the code: what they list is complete, and what they name exists."""

import importlib
import pkgutil
import re
from collections import defaultdict
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from prometheus_client.parser import text_string_to_metric_families

import bots
import gateway
import state
from bots.kit import effects as bot_effects
from bots.kit import events as bot_events
from gateway import desk, events, metrics
from gateway.channels import base
from gateway.settings import Settings

ROOT = Path(__file__).parent.parent
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
READMES = sorted(
    p for folder in ("bots", "gateway", "bench", "playbooks", "tests") for p in (ROOT / folder).rglob("*.md")
)
TOPS = ("bench", "bots", "docs", "gateway", "make", "playbooks", "state", "tests")
MADE = ("data", "bench/out", ".venv")
"""Made by running, so not there in a fresh clone."""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def rows(name: str) -> set[str]:
    """The first cells of all tables of a page, without their backticks."""
    cells = set()
    for line in read(name).splitlines():
        if line.startswith("| `"):
            cells |= set(re.findall(r"`([^`]+)`", line.split("|")[1]))
    return cells


def spans(path: Path) -> list[str]:
    """What stands between single backticks, outside code blocks; a span may run over a line's end."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text)]


# -- complete ----------------------------------------------------------------------------------------------------------


def test_every_setting_is_described_and_no_other_with_its_default():
    described = {cell for cell in rows("docs/operate.md") if cell.startswith("PARLEY_")}
    assert described == {f"PARLEY_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize(
    "name", [n for n, f in Settings.model_fields.items() if isinstance(f.default, str | int | float) and f.default]
)
def test_a_settings_default_is_the_real_one(name: str):
    line = next(row for row in read("docs/operate.md").splitlines() if row.startswith(f"| `PARLEY_{name.upper()}`"))
    assert str(Settings.model_fields[name].default) in line.split("|")[2].replace("`", "").split()


@pytest.mark.parametrize(
    "family",
    [
        pytest.param(get_args(events.Event), id="events"),
        pytest.param((events.Ignored, events.Unusable, events.Received, events.Sender), id="what surrounds events"),
        pytest.param(get_args(bot_events.Event), id="what a bot hears"),
        pytest.param(get_args(bot_effects.Effect), id="effects"),
        pytest.param(get_args(desk.Command), id="commands"),
        pytest.param(get_args(base.Outcome), id="outcomes"),
    ],
)
def test_the_glossary_has_every_word_of_a_family(family: tuple[type, ...]):
    told = spans(ROOT / "docs/glossary.md")
    assert [cls.__name__ for cls in family if cls.__name__ not in told] == []


def test_the_glossary_gives_each_events_kind():
    told = read("docs/glossary.md")
    kinds = {cls.__name__: next(f.default for f in fields(cls) if f.name == "kind") for cls in get_args(events.Event)}
    assert [name for name, kind in kinds.items() if f"| `{name}` | `{kind}` |" not in told] == []


def test_the_glossary_has_every_record_and_every_table():
    records = importlib.import_module("state.records")
    tables = importlib.import_module("state.tables")
    told = spans(ROOT / "docs/glossary.md")
    nouns = [n for n, c in vars(records).items() if isinstance(c, type) and c.__module__ == "state.records"]
    assert [word for word in [*nouns, *tables.metadata.tables] if word not in told] == []


def test_every_channel_is_pointed_at():
    told = read("docs/add-a-channel.md")
    channels = [
        name_of(path)
        for path in (ROOT / "gateway/channels").glob("*.py")
        if re.search(r"^class \w+Channel\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert channels
    assert [path for path in channels if path not in told] == []


def test_every_metric_is_described_and_no_other():
    body = metrics.render(metrics.Readings((), (), 0.0, 0, 0, (), {}))
    real = {s.name + ("_total" if s.type == "counter" else "") for s in text_string_to_metric_families(body.decode())}
    told = {cell for cell in rows("docs/operate.md") if cell.startswith("parley_")}
    assert told == real


def test_every_failpoint_is_named():
    """Failpoints are made of what the transactions are called."""
    told = spans(ROOT / "docs/operate.md")
    code = "\n".join(p.read_text(encoding="utf-8") for top in ("gateway", "state") for p in (ROOT / top).rglob("*.py"))
    names = set(re.findall(r'\.write(?:_now)?\([^"\n]*, "(\w+)"\)', code)) | set(
        re.findall(r'failpoint\.hit\("([\w.]+)"\)', code)
    )
    assert {"turns", "delivery.after_send"} <= names
    assert [name for name in sorted(names) if name not in told] == []


def test_every_decision_is_numbered_once():
    numbers = [path.name[:4] for path in (ROOT / "docs/decisions").glob("*.md")]
    assert sorted(numbers) == [f"{n:04d}" for n in range(1, len(numbers) + 1)]


# -- commands ----------------------------------------------------------------------------------------------------------

PROMISED = {
    "help", "setup", "run", "test", "check", "fmt", "lint", "types", "arch", "bench", "kill-loop", "nightly", "talk-update",
    "migration", "docs", "lock",
}  # fmt: skip


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", read("Makefile"), re.MULTILINE))


def test_every_promised_target_is_there_and_listed_by_help():
    listed = set(re.findall(r"^([a-z][a-z-]*):.* ## ", read("Makefile"), re.MULTILINE))
    assert listed >= PROMISED


@pytest.mark.parametrize("path", [*DOCS, *READMES], ids=name_of)
def test_only_targets_that_exist_are_told_of(path: Path):
    text = path.read_text(encoding="utf-8")
    told = re.findall(r"(?:`|^)make ([a-z][a-z-]*)", text, re.MULTILINE)
    assert [target for target in told if target not in targets()] == []


@pytest.mark.parametrize("path", [*DOCS, *READMES], ids=name_of)
def test_only_commands_that_exist_are_told_of(path: Path):
    from gateway.__main__ import main  # noqa: PLC0415

    told = re.findall(r"(?:`|^|/)parley ([a-z]+(?:-[a-z]+)*)", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert [command for command in told if command not in main.commands] == []


def test_the_modules_that_make_runs_exist():
    asked = re.findall(r"-m ((?:bench|tests)[.\w]*)", read("Makefile"))
    assert "bench" in asked
    found = [ROOT / Path(*module.split(".")) for module in asked]
    assert [name_of(p) for p in found if not (p.with_suffix(".py").is_file() or (p / "__main__.py").is_file())] == []


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DOCS, ids=name_of)
def test_every_file_that_is_named_exists(path: Path):
    named = [s.split("::")[0] for s in spans(path) if re.fullmatch(rf"(?:{'|'.join(TOPS)})/[\w./-]*", s)]
    gone = [n for n in named if not n.startswith(MADE) and not (ROOT / n).exists()]
    assert gone == []


@pytest.mark.parametrize("path", [*DOCS, *READMES], ids=name_of)
def test_every_link_leads_somewhere(path: Path):
    links = re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8"))
    inner = [link for link in links if not re.match(r"https?://|mailto:|#", link)]
    assert [link for link in inner if not (path.parent / link.partition("#")[0]).exists()] == []


@cache
def modules() -> dict[str, list[str]]:
    """Full names by last name: `inbox` is `state.inbox`."""
    found: dict[str, list[str]] = defaultdict(list)
    for package in (bots, gateway, state):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if "migrations" not in module.name and not module.name.endswith("__main__"):
                found[module.name.rpartition(".")[2]].append(module.name)
    return found


def exists(dotted: str) -> bool:
    first, *rest = dotted.split(".")
    return any(_has(importlib.import_module(module), rest) for module in modules()[first])


def _has(thing: Any, names: list[str]) -> bool:
    for name in names:
        if name in getattr(thing, "__annotations__", {}) and not hasattr(thing, name):
            return name == names[-1]
        if not hasattr(thing, name):
            return False
        thing = getattr(thing, name)
    return True


@pytest.mark.parametrize("path", DOCS, ids=name_of)
def test_every_function_that_is_named_exists(path: Path):
    """A name is `module.name` or `module.Class.method`, with the last part of the module's own name."""
    files = ("py", "md", "yaml", "toml", "db", "js", "html", "json", "lock", "jsonl", "talk")
    dotted = [s for s in spans(path) if re.fullmatch(r"[a-z_]+(\.\w+)+", s) and s.rpartition(".")[2] not in files]
    dotted = [s for s in dotted if s.partition(".")[0] in modules() and s != "delivery.after_send"]
    assert [name for name in dotted if not exists(name)] == []


def test_the_tour_visits_the_whole_way():
    stops = [
        "hooks.Door.take", "intake.Intake.accept", "inbox.keep", "turns.Turns._batch", "decide.decide", "obey.walk", "lanes.save",
        "delivery.Delivery.once", "outbox.settle",
    ]  # fmt: skip
    told = spans(ROOT / "docs/tour.md")
    places = [told.index(stop) for stop in stops]
    assert places == sorted(places)


def test_a_name_that_is_not_there_is_noticed():
    assert exists("hooks.Door.handle")
    assert not exists("hooks.Door.handled")
