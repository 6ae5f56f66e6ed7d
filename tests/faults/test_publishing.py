"""Killed while a script is published or runs are brought over: old or new, never mixed; no run is lost or told twice (F7, F27)."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.faults.scenes import Scene
from tests.publishing import SECOND, write_playbook

CUSTOMERS = [6_000 + n for n in range(40)]


@pytest.fixture
def talking(scene: Scene, tmp_path: Path) -> Scene:
    """A shop whose script asks one question after the other."""
    scene.playbook = write_playbook(tmp_path / "book")
    return scene


async def publish(scene: Scene, **more: Any) -> int:
    """The answer's status; 0 where the gateway died over it."""
    body = {"source": SECOND, "base": 1, **more}
    try:
        return (await scene.call("POST", "/scripts/questions/publish", json=body))[0]
    except Exception:  # noqa: BLE001 - it is gone
        return 0


async def meet(scene: Scene, chats: list[int], *words: str) -> None:
    for text in words:
        for chat in chats:
            await scene.say(text, chat)
    await scene.quiet()


def said(scene: Scene, chat: int) -> list[str]:
    assert scene.telegram is not None
    return scene.telegram.ledger.texts(chat)


@pytest.mark.parametrize("edge", ["before_commit", "after_commit"])
async def test_killed_while_publishing_all_of_it_is_there_or_nothing_and_the_shop_goes_on(
    talking: Scene, edge: str
) -> None:
    scene = talking
    await scene.start()
    await meet(scene, [1], "hello")
    assert scene.gateway is not None
    await scene.gateway.stop()
    gateway = await scene.start(failpoint=f"scripts.{edge}")
    assert await publish(scene, runs="map", map={"car": "car"}) == 0
    assert await gateway.wait(10) == -9
    done = edge == "after_commit"
    counted = [scene.count(table) for table in ("scripts", "script_versions", "script_moves")]
    assert counted == ([2, 2, 1] if done else [1, 1, 0])
    (live,) = scene.rows("SELECT revision, author_id, stable FROM script_live")
    assert (live["revision"], live["author_id"] is None) == ((2, False) if done else (1, True))
    scene.age_the_dead()
    await scene.start()
    if done:
        await scene.until(lambda: scene.count("script_moves", "done_at IS NOT NULL"))
    assert await publish(scene) == (409 if done else 200)
    await meet(scene, [2], "hello", "Lada")
    assert said(scene, 2) == ["Which car?", "What is broken?"]
    await meet(scene, [1], "Lada")
    assert said(scene, 1) == ["Which car?", "What is broken?" if done else "Which parts?"]


@pytest.mark.parametrize("failpoint", ["turns.before_commit:3", "turns.after_commit:2"])
async def test_killed_while_runs_are_brought_over_each_arrives_once(talking: Scene, failpoint: str) -> None:
    scene = talking
    await scene.start()
    await meet(scene, CUSTOMERS, "hello", "Lada")
    assert scene.gateway is not None
    await scene.gateway.stop()
    gateway = await scene.start(failpoint=failpoint)
    await publish(scene, runs="map", map={"parts": "parts"})
    assert await gateway.wait(20) == -9
    moved = Counter(row["script"] for row in scene.rows("SELECT script FROM runs WHERE status='running'"))
    assert sum(moved.values()) == len(CUSTOMERS)
    assert len(moved) == 2, "it was to die in the middle"
    scene.age_the_dead()
    await scene.start()
    await scene.until(lambda: scene.count("script_moves", "done_at IS NOT NULL"))
    await scene.quiet()
    (live,) = scene.rows("SELECT stable FROM script_live")
    runs = scene.rows("SELECT script, status FROM runs")
    assert runs == [{"script": live["stable"], "status": "running"}] * len(CUSTOMERS)
    asked = scene.rows("SELECT deal_id FROM entries WHERE text = 'What is broken?'")
    assert sorted(row["deal_id"] for row in asked) == sorted(row["id"] for row in scene.rows("SELECT id FROM deals"))
    repeats = {int(row["address"]) for row in scene.rows("SELECT address FROM parts WHERE repeats > 0")}
    for chat in CUSTOMERS:  # what was on its way as the gateway died may come once more, and says so (F5)
        heard = said(scene, chat)
        assert heard[:3] == ["Which car?", "Which parts?", "What is broken?"]
        assert heard[3:] in ([], ["What is broken?"] if chat in repeats else [])
    await meet(scene, CUSTOMERS[:3], "brakes", "Tula")
    assert said(scene, CUSTOMERS[0])[-1] == "Thank you: Lada, brakes, Tula."
