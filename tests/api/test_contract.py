"""What the description promises is what the API does, for whatever a machine can think of sending."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.api import ApiContext, make_api
from gateway.api.policy import POLICY
from gateway.clock import SetClock
from gateway.house import House
from gateway.intake import Intake
from gateway.library import open_library
from gateway.ports import Port
from gateway.turns import Turns
from state.database import Database
from state.live import LocalLive
from tests.api.conftest import ADMIN, MORNING, WEB, WHATSAPP


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path, autoparts: House) -> Iterator[str]:
    """A live API in a thread of its own: the generator asks it from ordinary code."""
    file = tmp_path_factory.mktemp("contract") / "parley.db"
    file.write_bytes(migrated_file.read_bytes())
    started, stop, found = threading.Event(), asyncio.Event(), dict[str, object]()

    async def serve() -> None:
        db, clock, live = Database(f"sqlite:///{file}"), SetClock(MORNING), LocalLive()
        house = House(autoparts.playbook, autoparts.scripts, {"web:site": WEB, "whatsapp:site": WHATSAPP})
        await open_library(db, house, MORNING)
        intake, turns = Intake(db, live, clock, house.words), Turns(db, house, live, clock)
        app = web.Application(client_max_size=1_000_000)
        make_api(ApiContext(db, turns, live, clock, house, ADMIN, intake)).mount(app)
        port = Port(app, grace_s=1)
        await port.open()
        workers = [asyncio.create_task(intake.run()), asyncio.create_task(turns.run())]
        url = f"http://127.0.0.1:{port.number}"
        found.update(url=url, loop=asyncio.get_running_loop())
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {ADMIN}"}) as http:
            for n in range(3):
                await (await http.post(f"{url}/api/v1/deals", json={"contact": {"name": f"К{n}"}})).read()
                await (await http.post(f"{url}/api/v1/deals/{n + 1}/tasks", json={"text": "а"})).read()
        started.set()
        await stop.wait()
        await port.shut()
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        await db.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert started.wait(20)
    yield str(found["url"])
    found["loop"].call_soon_threadsafe(stop.set)  # type: ignore[attr-defined]
    thread.join(20)


@pytest.fixture(scope="module")
def described(address: str) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{address}/api/openapi.json")


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.mark.parametrize(("method", "path"), [call for call in POLICY if call[1] != "/events"])
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_breaks_the_api_or_its_description(
    described: schemathesis.BaseSchema, method: str, path: str, mode: GenerationMode
) -> None:
    operation = described[path][method]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {ADMIN}"}, checks=CHECKS)

    try:
        ask()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # a call without parameters cannot be asked wrongly
