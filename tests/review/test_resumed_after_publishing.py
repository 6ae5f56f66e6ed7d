"""A bot that a manager gives the conversation back to, after its script was published anew, or beside one of the same words."""

from pathlib import Path

from gateway.desk import SteerBot
from gateway.library import Order, open_library
from tests.publishing import FIRST, SECOND, open_press, write_playbook
from tests.shop import open_shop


async def test_a_stopped_bot_goes_on_in_its_own_version_after_a_restart(database_url: str, tmp_path: Path) -> None:
    """Only versions that running runs are pinned to were read again: it began anew, and greeted the customer twice."""
    press = await open_press(database_url, tmp_path / "book")
    await press.shop.write("hello")
    await press.shop.write("Lada")
    await press.shop.ask(SteerBot("stop"))
    await press.publish(SECOND)
    await press.shop.db.close()
    again = open_shop(database_url, playbook=write_playbook(tmp_path / "pulled", SECOND))
    again.clock.at = press.shop.clock.at
    await open_library(again.db, again.house, again.clock.now())
    await again.ask(SteerBot("resume"), deal=1, contact=1)
    assert again.paper.texts("1") == ["Which parts?"]
    assert [run["status"] for run in await again.all("runs")] == ["stopped", "running"]
    await again.db.close()


async def test_a_bot_whose_words_are_another_bots_too_stays_itself(database_url: str, tmp_path: Path) -> None:
    """A version is known by the hash of its text, and a new bot often begins as a copy of another."""
    press = await open_press(database_url, tmp_path / "book")
    await press.shop.write("hello")
    await press.publisher.publish("copy", FIRST, press.vera, None)
    await press.shop.ask(SteerBot("stop"))
    await press.shop.ask(SteerBot("start", "copy"))
    await press.shop.ask(SteerBot("stop"))
    await press.shop.ask(SteerBot("resume"))
    assert [run["bot"] for run in await press.shop.all("runs")] == ["questions", "copy", "copy"]
    assert (await press.publisher.roll_back("copy", 1, press.vera, 1, note="", order=Order())).changed is False
    await press.shop.db.close()
