"""`parley scripts`: from the database into files and back, byte for byte, and never over somebody else's work."""

import asyncio
import hashlib
import re
import shutil
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.scripts import command
from gateway.commands.user import command as user_command
from state.live_redis import RedisLive
from tests.publishing import FIRST, RENAMED, SECOND, SHORTER, write_playbook
from tests.shop import open_shop

REMARKED = FIRST.replace("patience: 10h", "patience:   10h   # а это замечание ё").replace("\n", "\r\n")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "DATA_DIR", "PUBLIC_URL", "ADMIN_TOKEN"):
        monkeypatch.delenv(f"PARLEY_{name}", raising=False)
    monkeypatch.setenv("PARLEY_PLAYBOOK", write_playbook(tmp_path / "book"))
    return tmp_path


def parley(*args: str) -> Result:
    return CliRunner().invoke(command, args)


def good(*args: str) -> str:
    result = parley(*args)
    assert result.exit_code == 0, result.output
    return result.output


def test_what_is_pulled_edited_and_pushed_is_what_is_pulled_again_to_the_byte(home: Path) -> None:
    good("pull")
    file = home / "scripts" / "questions.yaml"
    assert file.read_bytes() == FIRST.encode()
    file.write_bytes(REMARKED.encode())
    assert "revision 2" in good("push", "--note", "a remark")
    assert "unchanged" in good("push")
    file.unlink()
    good("pull")
    assert file.read_bytes() == REMARKED.encode()
    assert good("show", "questions", "1") == FIRST
    listed = good("list", "questions").splitlines()
    assert ("a remark" in listed[0], "playbook" in listed[1]) == (True, True)


def test_a_push_is_refused_with_the_difference_where_somebody_has_published_meanwhile(home: Path) -> None:
    for place in ("one", "two"):
        good("pull", "--folder", place)
        (home / place / "questions.yaml").write_text(FIRST.replace("Which town?", f"Town {place}?"), encoding="utf-8")
    good("push", "--folder", "one")
    late = parley("push", "--folder", "two")
    assert late.exit_code == 1
    assert "step `town`: the question now reads “Town one?”" in late.output
    assert "+    ask: Town one?" in late.output
    assert "Town one?" in good("show", "questions")
    refused = parley("pull", "--folder", "two")  # and what was written there is not lost to a pull
    assert refused.exit_code == 1
    assert "Town two?" in (home / "two" / "questions.yaml").read_text()
    good("pull", "--folder", "two", "--force")
    assert "Town one?" in (home / "two" / "questions.yaml").read_text()


def test_a_file_that_was_never_pulled_does_not_overwrite_what_is_there(home: Path) -> None:
    (home / "scripts").mkdir()
    (home / "scripts" / "questions.yaml").write_text(SECOND, encoding="utf-8")
    assert parley("push").exit_code == 1
    assert good("show", "questions") == FIRST


def test_a_mistake_is_told_with_file_line_and_remedy(home: Path) -> None:
    good("pull")
    file = home / "scripts" / "questions.yaml"
    file.write_text(FIRST.replace("then: town}", "then: twon}"), encoding="utf-8")
    result = parley("push")
    assert result.exit_code == 1
    assert "questions.yaml:18:" in result.output
    assert "Did you mean 'town'?" in result.output


def test_a_new_script_needs_no_base_and_who_forgets_it_is_told_which_is_the_newest(home: Path) -> None:
    fresh, known = home / "other.yaml", home / "questions.yaml"
    fresh.write_text(SECOND, encoding="utf-8")
    assert "other: revision 1" in good("publish", str(fresh))
    assert good("publish", str(fresh)) == "other: unchanged\n"
    known.write_text(SECOND, encoding="utf-8")
    refused = parley("publish", str(known))
    assert refused.exit_code == 1
    assert "--base 1 is the newest" in refused.output
    assert good("show", "questions") == FIRST
    assert parley("publish", str(known), "--base", "new").exit_code == 1
    published = good("publish", str(known), "--base", "1")
    assert "A gateway at work takes it within 30 seconds." in published


def test_a_text_that_is_rolled_out_to_a_share_is_not_called_merely_unchanged(home: Path) -> None:
    good("pull")
    (home / "scripts" / "questions.yaml").write_text(SHORTER, encoding="utf-8")
    assert good("push", "--rollout", "10").startswith("questions: revision 2, 10 % begin with ")
    assert good("rollout", "questions", "0").startswith("questions: revision 3, 0 % begin with ")
    again = good("push")
    assert again.startswith("questions: unchanged, 0 % begin with ")
    assert "'parley scripts rollout questions 100' gives it to all" in again
    early = parley("rollout", "questions", "50", "--runs", "hand_off")
    assert early.exit_code == 1
    assert "the others finish as they began" in early.output
    lost = parley("rollout", "questions", "100", "--runs", "map", "--map", "parts=nowhere")
    assert "the new version has no step 'nowhere'" in lost.output
    assert good("rollout", "questions", "100", "--runs", "hand_off").startswith("questions: revision 4\n")
    assert good("push") == "questions: unchanged\n"


def test_what_is_edited_in_the_playbooks_own_folder_is_published_by_a_push_alone(home: Path) -> None:
    folder = home / "book" / "scripts"
    good("pull", "--folder", str(folder))
    (folder / "questions.yaml").write_text(SECOND, encoding="utf-8")
    (folder / "fresh.yaml").write_text(FIRST, encoding="utf-8")
    playbook = home / "book" / "playbook.yaml"
    playbook.write_text(
        playbook.read_text(encoding="utf-8").replace("bots:\n", "bots:\n  fresh: {}\n"), encoding="utf-8"
    )
    for looking in (
        ("list",),
        ("show", "questions"),
        ("compare", "questions", "1"),
        ("pull", "questions", "--folder", "elsewhere"),
    ):
        good(*looking)
    assert len(good("list", "questions").splitlines()) == 1
    assert "fresh" not in good("list")
    pushed = good("push", "--folder", str(folder), "--note", "plainer words")
    assert "fresh: revision 1\n" in pushed
    assert "questions: revision 2\n  step `parts`: the question now reads “What is broken?”" in pushed
    assert "plainer words" in good("list", "questions").splitlines()[0]


def test_versions_are_compared_rolled_out_and_rolled_back(home: Path) -> None:
    file = home / "questions.yaml"
    file.write_text(SECOND, encoding="utf-8")
    assert parley("publish", str(file), "--base", "7").exit_code == 1
    good("publish", str(file), "--base", "1", "--rollout", "10")
    assert "10 % begin with" in good("list")
    good("rollout", "questions", "100")
    assert "the question now reads “What is broken?”" in good("compare", "questions", "1", "2")
    back = good("rollback", "questions", hashlib.sha256(FIRST.encode()).hexdigest()[:12])
    assert "the question now reads “Which parts?”" in back
    assert good("show", "questions") == FIRST
    assert parley("rollout", "questions", "50").exit_code == 1
    assert parley("show", "questions", "99").exit_code == 1
    assert parley("show", "../secret").exit_code == 1


def person(name: str, role: str) -> None:
    """Somebody who works in the shop of the working folder."""
    made = CliRunner().invoke(user_command, ["add", name, "--role", role, "--again"])
    assert made.exit_code == 0, made.output


def test_a_publication_is_whose_name_is_given_and_who_may(home: Path) -> None:
    file = home / "questions.yaml"
    file.write_text(SECOND, encoding="utf-8")
    for name, role in (("Ольга", "marketer"), ("Пётр", "manager"), ("Анна", "marketer"), ("Анна", "admin")):
        person(name, role)
    publish = ("publish", str(file), "--base", "1", "--as")
    assert "nobody called 'Олга'" in parley(*publish, "Олга").output
    assert "Пётр is a manager" in parley(*publish, "Пётр").output
    twice = parley(*publish, "Анна").output
    assert "name one by number" in twice
    good(*publish, "Ольга")
    assert "  Ольга  " in good("list", "questions").splitlines()[0]
    number = re.search(r"(\d+) \(admin\)", twice)
    assert number is not None
    good("rollback", "questions", "1", "--as", number[1])
    assert "  Анна  " in good("list", "questions").splitlines()[0]
    file.write_text(SECOND + "# once more\n", encoding="utf-8")
    good("publish", str(file), "--base", "3")
    assert "  admin  " in good("list", "questions").splitlines()[0]


@pytest.fixture
def standing(home: Path, migrated_file: Path) -> Path:
    """A customer stands at `parts`, in the first version."""
    (home / "data").mkdir(exist_ok=True)
    shutil.copy(migrated_file, home / "data" / "parley.db")

    async def talk() -> None:
        shop = open_shop(f"sqlite:///{home / 'data' / 'parley.db'}", playbook=str(home / "book"))
        await shop.write("Hello")
        await shop.later(minutes=1)
        await shop.write("A Lada")
        await shop.db.close()

    asyncio.run(talk())
    return home


def test_a_roll_back_and_a_roll_out_say_who_stands_where_and_bring_them_over(standing: Path) -> None:
    first = hashlib.sha256(FIRST.encode()).hexdigest()[:12]
    assert good("standing", "questions") == f"1 at parts ({first}, stable)\n"
    file = standing / "questions.yaml"
    file.write_text(RENAMED, encoding="utf-8")
    good("publish", str(file), "--base", "1", "--rollout", "10")
    told = good("rollout", "questions", "100", "--runs", "map")
    assert f"  1 at parts ({first}): to spares\n" in told
    file.write_text(SHORTER, encoding="utf-8")
    good("publish", str(file), "--base", "3")
    assert f"1 at parts ({first}, an older version)\n" in good("standing", "questions")
    assert (
        "say where they go on: parts"
        in parley("rollback", "questions", "2", "--runs", "map", "--map", "town=town").output
    )
    told = good("rollback", "questions", "2", "--runs", "hand_off")
    assert f"  1 at parts ({first}): to (a person)\n" in told


def test_other_processes_hear_at_once_where_there_is_redis(
    home: Path, monkeypatch: pytest.MonkeyPatch, valkey_server: str
) -> None:
    monkeypatch.setenv("PARLEY_REDIS_URL", valkey_server)
    file = home / "questions.yaml"
    file.write_text(SECOND, encoding="utf-8")

    async def hear() -> bool:
        other = RedisLive(valkey_server)
        await other.start()
        try:
            with other.subscribe("hello") as bell:  # it listens when it hears itself
                while not await bell.wait(0.05):
                    other.publish("hello")
            await asyncio.to_thread(good, "publish", str(file), "--base", "1")
            began = time.monotonic()
            await other.wait("scripts", 5)
            return time.monotonic() - began < 4
        finally:
            await other.close()

    assert asyncio.run(hear())


def test_a_publication_does_without_redis_that_is_away(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_REDIS_URL", "redis://127.0.0.1:1/0")
    file = home / "questions.yaml"
    file.write_text(SECOND, encoding="utf-8")
    assert "revision 2" in good("publish", str(file), "--base", "1")
