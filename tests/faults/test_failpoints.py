"""Killed at one named place each: what was acknowledged happens once, and what may be a repeat says so (F1 to F7)."""

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.faults.gateways import Nursery
from tests.faults.scenes import Scene

Update = tuple[dict[str, Any], int]
GREETING = "Здравствуйте, говорите."


async def _one_effect(scene: Scene, text: str) -> None:
    """Told once, answered once, counted right."""
    await scene.quiet()
    assert scene.telegram is not None
    assert scene.count("inbox") == scene.count("inbox", "state='processed'") == 1
    assert [r["text"] for r in scene.rows("SELECT text FROM entries WHERE author='customer'")] == [text]
    assert scene.count("contacts") == scene.count("deals") == 1
    assert scene.telegram.ledger.texts() == [GREETING]
    tally = Counter[str]()
    for row in scene.rows("SELECT outcome, n FROM tallies"):
        tally[row["outcome"]] += row["n"]
    assert tally["received"] == tally["processed"] + tally["duplicate"]


async def _dies_on(scene: Scene, failpoint: str, text: str = "раз") -> Update:
    """Start armed, let one update come in, be dead. The update, and the status that the provider saw (0: none)."""
    assert scene.telegram is not None
    gateway = await scene.start(failpoint=failpoint)
    update = scene.update(text)
    status = await scene.telegram.push(update)
    assert await gateway.wait(10) == -9
    return update, status


async def _repeat(scene: Scene, update: Update) -> None:
    """As the provider does until it hears 200."""
    assert scene.telegram is not None
    if update[1] != 200:
        assert await scene.telegram.push(update[0]) == 200


async def test_f1_killed_before_the_inbox_commit_the_provider_hears_nothing_and_repeats(scene: Scene) -> None:
    update = await _dies_on(scene, "intake.before_commit")
    assert update[1] == 0
    assert scene.count("inbox") == 0
    await scene.start()
    await _repeat(scene, update)
    await _one_effect(scene, "раз")


async def test_f2_killed_after_the_commit_and_before_the_answer_the_repeat_is_a_duplicate(scene: Scene) -> None:
    update = await _dies_on(scene, "intake.after_commit")
    assert update[1] == 0
    assert scene.count("inbox") == 1
    scene.age_the_dead()  # turn and claim may have shared the commit
    await scene.start()
    await _repeat(scene, update)
    await _one_effect(scene, "раз")
    assert scene.rows("SELECT sum(n) AS n FROM tallies WHERE outcome='duplicate'")[0]["n"] == 1


async def test_f3_killed_in_the_middle_of_a_turn_nothing_of_it_is_seen_and_it_happens_after_the_start(
    scene: Scene,
) -> None:
    update = await _dies_on(scene, "turns.before_commit:2")  # the first turn is the empty one of the start
    assert scene.count("entries") == scene.count("deals") == scene.count("parts") == 0
    assert scene.count("inbox", "state='waiting'") == scene.count("inbox") >= (update[1] == 200)
    await scene.start()
    await _repeat(scene, update)
    await scene.until(lambda: scene.count("parts", "state='sent'"))
    await _one_effect(scene, "раз")


async def test_f4_killed_with_the_turn_committed_and_nothing_sent_it_is_sent_once(scene: Scene) -> None:
    """The claim may have shared the turn's commit: then the send is marked as a possible repeat, and still is the only one."""
    assert scene.telegram is not None
    update = await _dies_on(scene, "turns.after_commit:2")
    assert scene.telegram.ledger.sent() == []
    (part,) = scene.rows("SELECT state FROM parts")
    assert part["state"] in ("queued", "sending")
    scene.age_the_dead()
    await scene.start()
    await _repeat(scene, update)
    await scene.until(lambda: scene.count("parts", "state='sent'"))
    await _one_effect(scene, "раз")
    assert scene.rows("SELECT repeats FROM parts") == [{"repeats": int(part["state"] == "sending")}]


@pytest.mark.parametrize(
    ("database_url", "failpoint"),
    [("sqlite", "delivery.after_send"), ("sqlite", "kill"), ("postgres", "delivery.after_send")],
    indirect=["database_url"],
)
async def test_f5_killed_between_acceptance_and_record_a_reply_goes_out_once_more_and_is_marked(
    scene: Scene, failpoint: str
) -> None:
    """After the answer was read, and while the provider was answering: both times nobody can know."""
    assert scene.telegram is not None
    gateway = await scene.start(failpoint="" if failpoint == "kill" else failpoint)
    if failpoint == "kill":
        scene.telegram.faults.add("kill", pid=gateway.pid)
    update = scene.update("раз")
    status = await scene.telegram.push(update)
    assert await gateway.wait(10) == -9
    assert scene.telegram.ledger.texts() == [GREETING]
    assert scene.rows("SELECT state FROM parts") == [{"state": "sending"}]
    scene.age_the_dead()
    await scene.start()
    await _repeat(scene, (update, status))
    await scene.quiet()
    assert scene.telegram.ledger.texts() == [GREETING, GREETING]
    assert scene.rows("SELECT state, repeats FROM parts") == [{"state": "sent", "repeats": 1}]
    await scene.say("два")
    await scene.until(lambda: scene.telegram.ledger.texts()[-1] == "Слышу: два")  # type: ignore[union-attr]


async def test_f5_where_the_provider_can_be_asked_it_is_asked_and_nothing_is_repeated(twilio_scene: Scene) -> None:
    scene = twilio_scene
    assert scene.twilio is not None
    gateway = await scene.start()
    scene.twilio.faults.add("kill", pid=gateway.pid)
    assert await scene.write("раз") in (0, 200)
    assert await gateway.wait(10) == -9
    (accepted,) = scene.twilio.ledger.sent()
    scene.age_the_dead()
    await scene.start()
    await scene.quiet()
    assert len(scene.twilio.ledger.sent()) == 1
    assert scene.rows("SELECT state, repeats, provider_id FROM parts") == [
        {"state": "sent", "repeats": 0, "provider_id": accepted.provider_id}
    ]


async def test_f6_killed_between_two_parts_of_one_text_only_the_second_goes_later(scene: Scene) -> None:
    assert scene.telegram is not None
    gateway = await scene.start()
    await scene.say("раз")
    await scene.quiet()
    scene.telegram.faults.add("reset", skip=1, ms=20_000)  # the second part is on its way and not accepted
    (deal,) = (await scene.get("/deals"))["items"]
    text = " ".join(f"слово{n}" for n in range(700))
    assert (await scene.call("POST", f"/deals/{deal['id']}/messages", json={"text": text}))[0] == 200
    await scene.until(lambda: [r["state"] for r in _managers(scene)] == ["sent", "sending"])
    await scene.until(lambda: not scene.telegram.faults.waiting)  # type: ignore[union-attr]
    gateway.kill()
    scene.telegram.faults.clear()
    scene.age_the_dead()
    await scene.start()
    await scene.quiet()
    said = scene.telegram.ledger.texts()[1:]
    assert " ".join(said) == text
    assert len(said) == 2
    assert [(r["state"], r["repeats"]) for r in _managers(scene)] == [("sent", 0), ("sent", 1)]


def _managers(scene: Scene) -> list[dict[str, object]]:
    return scene.rows("SELECT state, repeats FROM parts WHERE author='manager' ORDER BY id")


async def test_a_long_answer_leaves_without_a_pause_between_its_parts(scene: Scene) -> None:
    """Each part's answer lets the next go at once, with nothing else happening in the shop."""
    assert scene.telegram is not None
    await scene.start()
    await scene.say("раз")
    await scene.quiet()
    (deal,) = (await scene.get("/deals"))["items"]
    text = " ".join(f"слово{n}" for n in range(1000))
    assert (await scene.call("POST", f"/deals/{deal['id']}/messages", json={"text": text}))[0] == 200
    await scene.telegram.ledger.wait_for(4, within_s=4)
    assert " ".join(scene.telegram.ledger.texts()[1:]) == text


@pytest.mark.parametrize(("failpoint", "moved"), [("turns.before_commit:2", 0), ("turns.after_commit:2", 1)])
async def test_killed_around_the_turn_that_moves_a_trail_every_step_is_counted_once(
    scene: Scene, failpoint: str, moved: int
) -> None:
    """The notes of a run go into their table in the commit of the turn that ends it."""
    gateway = await scene.start()
    for text in ("раз", "два", "три"):
        await scene.say(text)
        await scene.quiet()
    gateway.kill()
    update = await _dies_on(scene, failpoint, "позовите менеджера")
    assert scene.count("steps") == moved
    scene.age_the_dead()
    await scene.start()
    await _repeat(scene, update)
    await scene.quiet()
    (handful,) = scene.rows("SELECT n, notes FROM steps")
    notes = [note.split("|") for note in handful["notes"].strip(";").split(";")]
    assert [(note[0], note[3]) for note in notes] == [
        ("greet", "answered"), ("echo", "answered"), ("echo", "handed_off"),
    ]  # fmt: skip


@pytest.mark.parametrize("database_url", ["new sqlite"], indirect=True)
async def test_f7_killed_during_the_first_start_the_schema_is_whole_or_not_there(
    scene: Scene, nursery: Nursery, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    for n in range(8):
        gateway = await scene.start(wait=False)
        await asyncio.sleep(0.03 + 0.02 * n)
        gateway.kill()
        with closing(sqlite3.connect(tmp_path / "parley.db")) as conn:
            assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            tables = conn.execute("SELECT count(*) FROM sqlite_master WHERE type='table'").fetchone()[0]
            versions = conn.execute("SELECT count(*) FROM alembic_version").fetchone()[0] if tables else 0
        assert (tables == 0) == (versions == 0), f"half a schema: {tables} tables, {versions} versions"
    await scene.start()
    await scene.say("раз")
    await _one_effect(scene, "раз")
