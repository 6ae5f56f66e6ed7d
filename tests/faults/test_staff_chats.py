"""Killed while a manager acts from their own chat: what was acknowledged happens, and once."""

from typing import Any

import pytest

from gateway.clock import Clock
from state import people
from state.database import Database
from tests import payloads
from tests.faults.scenes import Scene

CHAT = 7001


async def _tied(scene: Scene) -> None:
    """Anna's chat is tied, and a customer waits in a deal with a task."""
    db = Database(scene.url)

    def make(conn: Any) -> str:
        anna = people.add_person(conn, db.ids, "Анна", "manager", Clock().now())
        return people.issue_telegram(conn, db.ids, anna.id, Clock().now())

    code = db.write_now(make)
    db.engine.dispose()
    await scene.say(f"/start staff_{code}", CHAT)
    await scene.say("здравствуйте")
    await scene.quiet()


@pytest.mark.parametrize(
    ("database_url", "failpoint"),
    [
        ("sqlite", "turns.before_commit:2"),  # the press, in the lane of their chat
        ("postgres", "turns.before_commit:3"),  # what it asks for, in the customer's lane
    ],
    indirect=["database_url"],
)
async def test_f40_a_press_that_was_acknowledged_takes_the_deal_once_whenever_the_process_dies(
    scene: Scene, failpoint: str
) -> None:
    assert scene.telegram is not None
    first = await scene.start()
    await _tied(scene)
    (deal,) = (await scene.get("/deals"))["items"]
    _, task = await scene.call("POST", f"/deals/{deal['id']}/tasks", json={"text": "Позвонить"})
    await scene.quiet()
    first.kill()
    gateway = await scene.start(failpoint=failpoint)
    press = payloads.telegram("button_pressed", update_id=9_001, chat=CHAT, id="press-1", data=f"s.{task['id']}.take")
    status = await scene.telegram.push(press)
    assert await gateway.wait(10) == -9
    scene.age_the_dead()
    await scene.start()
    if status != 200:
        assert await scene.telegram.push(press) == 200
    await scene.until(lambda: scene.count("deals", "owner='person'"))
    await scene.quiet()
    taken = scene.rows("SELECT data FROM entries WHERE kind='system' AND author='manager'")
    assert len(taken) == 1
    assert sum("ваша" in text for text in scene.telegram.ledger.texts(CHAT)) == 1
    tally = {
        row["outcome"]: int(row["n"]) for row in scene.rows("SELECT outcome, sum(n) AS n FROM tallies GROUP BY outcome")
    }
    assert tally["received"] == tally["processed"] + tally["ignored"] + tally.get("duplicate", 0)
