"""SQLite serves one gateway: a second on the same file is turned away before it has touched anything."""

import asyncio
import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from gateway.app import App
from gateway.commands import COMMANDS
from gateway.settings import Settings
from state.occupancy import Occupied
from tests.faults.gateways import ECHO, steady_port
from tests.faults.scenes import Scene

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@on_sqlite
async def test_a_second_gateway_on_one_file_is_refused_in_a_line_that_names_the_first(scene: Scene) -> None:
    assert scene.telegram is not None
    first = await scene.start()
    file = Path(scene.url.removeprefix("sqlite:///"))
    byname = scene.folder / "by-another-name.db"
    byname.symlink_to(file)
    log = scene.folder / "second.log"
    assert scene.nursery is not None
    port = steady_port()
    again = scene.environment(port) | {"PARLEY_DATABASE_URL": f"sqlite:///{byname}"}
    second = scene.nursery.start(again, port, log)
    assert await second.wait(10) == 1
    assert log.read_text() == (
        f"Another gateway (process {first.pid}) is running on {file}. SQLite serves one: stop that one, "
        "or use PostgreSQL for several.\n"
    )
    await scene.say("раз")  # the first has noticed nothing
    await scene.quiet()
    assert scene.telegram.ledger.texts() == ["Здравствуйте, говорите."]


@on_sqlite
async def test_small_commands_work_beside_a_running_gateway(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    await scene.start()
    for name, value in scene.environment().items():
        monkeypatch.setenv(name, value)
    commands = ("user add Анна --role head", "token create --role manager", "export data.jsonl", "migrate")
    for words in (command.split() for command in commands):
        monkeypatch.chdir(scene.folder)
        done = await asyncio.to_thread(CliRunner().invoke, click.Group("parley", commands=COMMANDS), words)
        assert done.exit_code == 0, done.output
        if words[0] == "token":
            assert (await scene.call("GET", "/deals", done.output.strip()))[0] == 200


@on_sqlite
@pytest.mark.parametrize("by", ["kill", "stop"])
async def test_the_file_is_free_as_soon_as_its_gateway_has_ended_in_whatever_way(scene: Scene, by: str) -> None:
    first = await scene.start()
    if by == "kill":
        first.kill()
    else:
        assert await first.stop() == 0
    await scene.start()
    assert await scene.say("раз") == 1


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_postgres_is_open_to_several(scene: Scene) -> None:
    await scene.start()
    other = await scene.start(port=steady_port())
    assert other.alive()
    other.kill()


async def test_a_gateway_that_was_stopped_in_this_process_lets_the_next_in(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, playbook=str(ECHO))
    first, second = App(settings), App(settings)
    await first.start(port=0, workers=False)
    with pytest.raises(Occupied, match=f"process {os.getpid()}"):
        await second.start(port=0, workers=False)
    await first.stop()
    await second.start(port=0, workers=False)
    await second.stop()
