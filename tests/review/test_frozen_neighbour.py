"""PostgreSQL, several gateways: one that stands still (SIGSTOP, a paused machine) in mid-transaction holds its locks."""

import asyncio
from pathlib import Path

import psycopg
import pytest

from gateway.app import App
from gateway.desk import Take
from gateway.events import MessageReceived, Received
from gateway.settings import Settings
from tests.servers import plain
from tests.shop import ANNA, Shop


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_a_command_for_a_contact_whose_lane_a_frozen_process_holds_does_not_stop_the_intake(
    shop: Shop, database_url: str
) -> None:
    """The command waits for the lane in the one thread that writes: nothing else is written meanwhile, for as long as
    the other stands still. No lock_timeout ends it (F8, F9: "other worker takes over in lease time")."""
    await shop.write("Здравствуйте")
    deal = await shop.deal()
    frozen = psycopg.connect(plain(database_url))
    frozen.execute("SELECT contact_id FROM lanes WHERE contact_id = %s FOR UPDATE", (deal["contact_id"],))
    intake = asyncio.create_task(shop.intake.run())
    turns = asyncio.create_task(shop.turns.run())
    asking = asyncio.create_task(shop.turns.ask(deal["contact_id"], deal["id"], Take(), ANNA))
    await asyncio.sleep(0.2)
    word = Received("other", MessageReceived(shop.sender("2"), "Здравствуйте"), b"{}")
    try:
        async with asyncio.timeout(10):
            assert await shop.intake.accept("telegram", "100", [word]) == ["new"]
    except TimeoutError:
        pytest.fail("another customer's post was not taken in for 10 s")
    finally:
        frozen.close()
        await asyncio.gather(asking, return_exceptions=True)
        for worker in (intake, turns):
            worker.cancel()
        await asyncio.gather(intake, turns, return_exceptions=True)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_a_frozen_process_with_its_counters_locked_does_not_stop_the_intake(
    shop: Shop, database_url: str
) -> None:
    """Each process counts in rows of its own (`shard`), whatever its process id is."""
    await shop.write("Здравствуйте")
    frozen = psycopg.connect(plain(database_url))
    frozen.execute("UPDATE tallies SET n = n + 1 WHERE key LIKE '0:%'")  # as its own intake does
    shop.intake.shard = 1
    intake = asyncio.create_task(shop.intake.run())
    word = Received("other", MessageReceived(shop.sender("2"), "Здравствуйте"), b"{}")
    try:
        async with asyncio.timeout(10):
            assert await shop.intake.accept("telegram", "100", [word]) == ["new"]
    finally:
        frozen.close()
        await asyncio.sleep(0.1)
        intake.cancel()
        await asyncio.gather(intake, return_exceptions=True)


def test_gateways_on_one_postgresql_hardly_ever_count_in_the_same_rows(tmp_path: Path) -> None:
    shards = {
        App(Settings(data_dir=tmp_path, database_url="postgresql://nobody@127.0.0.1:1/none")).shard for _ in range(40)
    }
    assert len(shards) > 20
