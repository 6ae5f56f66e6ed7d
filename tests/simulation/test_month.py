"""A simulated month holds every invariant, goes the same way for the same seed, and what is broken would be noticed."""

import hashlib
import re
import shlex
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.__main__ import main
from gateway.channels.base import Outgoing
from gateway.commands.simulate import play
from gateway.simulation.invariants import breaches
from gateway.simulation.month import Plan, simulate
from gateway.simulation.world import World, unfit
from state.transfer import export_lines

SCHOOL = str(Path(__file__).parent.parent / "funnels/playbook")


def mark_of(conn: Any) -> str:
    mark = hashlib.sha256()
    for line in export_lines(conn):
        mark.update(line)
    return mark.hexdigest()


async def played(plan: Plan, url: str) -> tuple[World, str]:
    world = await simulate(plan, url)
    return world, await world.rehearsal.look(mark_of)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_every_invariant_holds(seed: int, database_url: str):
    world, _ = await played(Plan(SCHOOL, days=2, customers=25, seed=seed, faults=True), database_url)
    assert await breaches(world) == []
    counts = world.counts
    assert (
        min(counts["events"], counts["messages out"], counts["commands"], counts["left for good"], counts["undone"]) > 0
    ), counts
    await world.rehearsal.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_same_seed_goes_the_same_way_to_the_last_byte(database_url: str, migrated_file: Path, tmp_path: Path):
    marks = set()
    for url in (database_url, f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'again.db')}"):
        world, mark = await played(Plan(days=1, customers=10, seed=7, faults=True), url)
        marks.add(mark)
        await world.rehearsal.close()
    assert len(marks) == 1


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_every_invariant_holds_on_postgresql(database_url: str):
    world, _ = await played(Plan(days=1, customers=6, seed=7, faults=True), database_url)
    assert await breaches(world) == []
    await world.rehearsal.close()


def test_another_seed_goes_another_way():
    result = CliRunner().invoke(main, ["simulate", "--days", "1", "--customers", "4", "--seeds", "2"])
    assert result.exit_code == 0, result.output
    assert result.output.count("every invariant holds") == 2
    assert len(set(re.findall(r"data (\w{32})", result.output))) == 2


def test_messages_that_nobody_should_get_are_noticed():
    assert unfit("Здравствуйте, {name}!", {}, template=False) == "has braces"
    assert unfit("К оплате: ", {"1": " "}, template=True) == "has an empty value"
    assert unfit(" ", {}, template=False) == "is empty"
    assert unfit("К оплате: 5", {"1": "5"}, template=True) == ""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_part_that_is_sent_after_it_was_confirmed_is_noticed(database_url: str):
    world, _ = await played(Plan(days=1, customers=2), database_url)
    for _ in range(2):
        world.sent("whatsapp", "", Outgoing(77, "+7", text="Да"), None)
    assert world.wrong == ["part 77 was sent again after it was confirmed"]
    await world.rehearsal.close()


def test_a_database_is_filled_once(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/demo.db"
    args = ["simulate", "--days", "1", "--customers", "1", "--database", url]
    assert CliRunner().invoke(main, args).exit_code == 0
    again = CliRunner().invoke(main, args)
    assert (again.exit_code, "is not empty" in again.output) == (1, True)


def test_a_seed_goes_the_same_way_in_a_database_of_ones_own(tmp_path: Path):
    args = ["simulate", "--days", "1", "--customers", "3", "--seed", "5"]
    own = ["--database", f"sqlite:///{tmp_path / 'own.db'}"]
    marks = [
        next(line for line in CliRunner().invoke(main, [*args, *more]).output.splitlines() if "  data " in line)
        for more in ([], own)
    ]
    assert marks[0] == marks[1]


@pytest.mark.nightly
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(1, 21))
@pytest.mark.parametrize("playbook", ["autoparts", SCHOOL])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_month_holds_every_invariant(playbook: str, seed: int, database_url: str):
    world = await simulate(Plan(playbook, seed=seed, faults=True), database_url)
    assert await breaches(world) == []
    await world.rehearsal.close()


def test_the_first_seed_that_breaks_something_ends_it_and_says_how_to_see_it_again(
    migrated_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    urls = [f"sqlite:///{shutil.copy(migrated_file, tmp_path / f'{n}.db')}" for n in range(3)]
    with sqlite3.connect(tmp_path / "1.db") as second:  # in which tasks lose their results
        second.execute(
            "CREATE TRIGGER harm AFTER UPDATE ON tasks WHEN NEW.result <> '' "
            "BEGIN UPDATE tasks SET result = '' WHERE id = NEW.id; END"
        )
    left = iter(urls)
    assert play(Plan("school", days=1, customers=6, seed=5, faults=True), 3, lambda: next(left)) is False
    said = capsys.readouterr().out
    assert "done without a result" in said
    assert "seed 7:" not in said
    assert "1 more were not played: go on with --seed 7 --seeds 1" in said
    told = re.search(r"again: parley (.*)", said)
    assert told is not None
    again = CliRunner().invoke(main, shlex.split(told[1]))  # in a database that nobody has harmed
    assert (again.exit_code, "seed 6: 1 days, 6 customers, school" in again.output) == (0, True), again.output
    assert "--begin 2026-03-02 --faults" in told[1]
