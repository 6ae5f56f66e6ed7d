"""`parley check`, as marketers and editors run it."""

from pathlib import Path

import pytest

from bots.kit.checks import BUILT_IN
from bots.kit.playbook import load_playbook
from gateway.commands.check import check_playbook
from tests.api.own_shop import MEETS, SHOP, parley, trying

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
SHIPPED = sorted(one.parent.name for one in PLAYBOOKS.glob("*/playbook.yaml"))
BUSINESSES = [name for name in SHIPPED if name != "starter"]


def test_the_shipped_playbook_is_clean(home: Path) -> None:
    result = parley("check")
    assert result.exit_code == 0, result.output
    assert result.stdout == "", "findings alone stand there"
    assert result.stderr == "autoparts (no setting names a playbook): clean\n"


@pytest.mark.parametrize("name", [name for name in SHIPPED if name != "autoparts"])
def test_the_other_shipped_playbooks_are_clean(home: Path, name: str) -> None:
    result = parley("check", name)
    assert (result.exit_code, result.output) == (0, ""), "neither mistakes nor doubts"


@pytest.mark.parametrize("like", SHIPPED)
def test_what_init_makes_is_clean(home: Path, like: str) -> None:
    assert parley("init", "shop", "--like", like).exit_code == 0
    assert [str(problem) for _, problem in check_playbook(home / "shop")] == [], "neither mistakes nor doubts"


@pytest.mark.parametrize("name", BUSINESSES)
def test_every_shipped_business_looks_itself_through_each_month_by_checks_of_its_own(name: str) -> None:
    playbook, _ = load_playbook(name, lambda file: (PLAYBOOKS / name / file).read_text(encoding="utf-8"))
    assert playbook is not None
    assert playbook.audit is not None
    assert playbook.audit.days == 0, "0 is once a month"
    own = [one for one in playbook.checks.values() if one.name not in BUILT_IN]
    assert {one.severity for one in own} == {"critical", "normal"}
    assert all(one.title != one.name for one in own), "people read the title"


def test_who_names_nothing_has_the_playbook_of_the_settings_looked_at_and_is_told_which(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own / "playbook.yaml").write_text(SHOP.replace("funnels:", "funels:", 1), encoding="utf-8")
    (Path("parley.toml")).write_text('playbook = "./shop"\n', encoding="utf-8")
    result = parley("check")
    assert (result.exit_code, result.stderr) == (1, "./shop (PARLEY_PLAYBOOK): 1 error\n")
    assert result.stdout.startswith(f"{Path('shop/playbook.yaml')}:")
    monkeypatch.setenv("PARLEY_PLAYBOOK", "starter")
    assert parley("check").stderr == "starter (PARLEY_PLAYBOOK): clean\n"


def test_who_stands_in_a_playbook_has_it_looked_at(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(own)
    (own / "playbook.yaml").write_text(SHOP + "wat: 1\n", encoding="utf-8")
    result = parley("check")
    assert (result.exit_code, result.stderr) == (1, "the playbook in this folder: 1 error\n")
    assert result.stdout.startswith("playbook.yaml:")


def test_what_is_named_is_told_of_by_its_findings_alone(home: Path) -> None:
    result = parley("check", "starter")
    assert (result.exit_code, result.output) == (0, "")


def test_a_wrong_setting_is_no_mistake_of_the_playbook(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_PLAYBOKO", "x")
    assert parley("check").exit_code == 2


def test_a_mistake_is_told_with_file_line_column_and_remedy(home: Path) -> None:
    (home / "bad.yaml").write_text(
        "script: Плохой\nsteps:\n  one:\n    ask: Как вас зовут?\n    save: name2\n    then: nowhere\n"
    )
    result = parley("check", "bad.yaml")
    assert result.exit_code == 1
    first = result.output.splitlines()[0]
    file, line, column, severity, _ = first.split(":", 4)
    assert (file, severity.strip()) == ("bad.yaml", "error")
    assert int(line) >= 1
    assert int(column) >= 1


@pytest.mark.parametrize(
    ("line", "place", "near"),
    [
        ("bots: {meets: {on: message}, nigth: {}}", "4:30", "night"),
        ("clarifications: {day: {title: День, script: nigth}}", "7:45", "night"),
    ],
)
def test_a_script_that_the_playbook_misspells_is_told_in_the_playbook(
    own: Path, line: str, place: str, near: str
) -> None:
    word = line.partition(":")[0]
    kept = [one for one in SHOP.splitlines() if not one.startswith(word)]
    at = 3 if word == "bots" else len(kept)
    (own / "playbook.yaml").write_text("\n".join([*kept[:at], line, *kept[at:]]) + "\n", encoding="utf-8")
    result = parley("check", "shop")
    told = (
        f"error: there is no script 'nigth'. Did you mean '{near}'? Else put it into {Path('shop/scripts/nigth')}.yaml."
    )
    assert f"{Path('shop/playbook.yaml')}:{place}: {told}" in result.output.splitlines()
    assert result.exit_code == 1


def test_the_talks_of_a_playbook_are_played_whenever_it_is_looked_through(own: Path) -> None:
    trying("привет", "1", "3", "/save three")
    file = Path("shop/scripts/talks/three.talk")
    assert str(file) not in parley("check", "shop").output
    script = own / "scripts" / "meets.yaml"
    script.write_text(MEETS.replace("Сколько?", "Сколько штук?"), encoding="utf-8")
    result = parley("check", "shop")
    told = [line for line in result.output.splitlines() if line.startswith(str(file))]
    remedy = "Mend the script; or the talk, if it is meant so."
    assert told == [f"{file}:8:1: error: expected bot: Сколько? but got bot: Сколько штук?. {remedy}"]
    assert result.exit_code == 1
    script.write_text(MEETS.replace("then: done", "then: dome"), encoding="utf-8")
    broken = parley("check", "shop").output
    assert "Did you mean 'done'?" in broken
    assert str(file) not in broken, "a script that cannot be read plays nothing"


@pytest.mark.parametrize(
    ("talk", "told"),
    [
        (b"customer: a\n", ":1:1: error: the talk does not name its script. Begin with 'script: name'."),
        (b"script: metes\n\ncustomer: a\n", ":1:1: error: there is no script 'metes'. Did you mean 'meets'?"),
        (b"script: meets\n\nvisitor: a\n", ":3:1: error: 'visitor: a' is nobody's line."),
        (b"\xff\xfe", ":1:1: error: the file is not UTF-8"),
        (b"script: meets\n\n/+soon\n", ":3:1: error: a jump is written like /+30m"),
    ],
)
def test_a_talk_that_cannot_be_played_is_told_with_its_line(own: Path, talk: bytes, told: str) -> None:
    (own / "talks").mkdir()
    (own / "talks" / "one.talk").write_bytes(talk)
    result = parley("check", "shop")
    assert f"{Path('shop/talks/one.talk')}{told}" in result.output
    assert result.exit_code == 1


def test_a_file_that_is_not_there_is_a_usage_error(home: Path) -> None:
    assert parley("check", "nothing.yaml").exit_code == 2
    assert "Did you mean 'autoparts'?" in parley("check", "autopart").output
    assert parley("check", "--wat").exit_code == 2


def test_a_binary_file_is_a_finding_and_not_a_crash(home: Path) -> None:
    (home / "bad.yaml").write_bytes(b"\xff\xfe\x00")
    result = parley("check", "bad.yaml")
    assert result.exit_code == 1
    assert "UTF-8" in result.output
