"""The same moment, twice: whoever is quicker wins, once, in one process and in two that share a PostgreSQL."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from gateway.channels.base import Outcome, Outgoing
from gateway.desk import Command, SteerBot, Take
from gateway.events import MessageReceived
from tests.faults.gateways import SECRET, Gateway, always_open, steady_port
from tests.faults.scenes import Scene
from tests.servers import NoServerError, valkey_server
from tests.shop import ANNA, PaperChannel, Shop, open_shop

on_postgres = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


async def post(scene: Scene, update: dict[str, Any], port: int = 0) -> int:
    """One update to one process; Telegram repeats by itself, the caller does not wait for that."""
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    async with scene.http.post(
        f"http://127.0.0.1:{port or scene.port}/hooks/telegram", json=update, headers=headers
    ) as response:
        return response.status


@pytest.fixture
async def pair(scene: Scene) -> AsyncIterator[tuple[Scene, int, Gateway]]:
    """Two gateways on one database: the scene's own and another at a port of its own."""
    await scene.start()
    port = steady_port()
    other = await scene.start(port=port)
    yield scene, port, other
    if other.alive():
        other.kill()


def heard(scene: Scene) -> list[str]:
    """What customers said, as the timeline shows it."""
    return [r["text"] for r in scene.rows("SELECT text FROM entries WHERE author='customer' ORDER BY id")]


# -- F21, F23, F24: copies and crowds ------------------------------------------------------------------------------------


async def test_f21_fifty_copies_at_once_have_one_effect(scene: Scene) -> None:
    await scene.start()
    update = scene.update("раз")
    statuses = await asyncio.gather(*(post(scene, update) for _ in range(50)))
    assert Counter(statuses) == {200: 50}
    await scene.quiet()
    assert heard(scene) == ["раз"]
    tally = {r["outcome"]: r["n"] for r in scene.rows("SELECT outcome, sum(n) AS n FROM tallies GROUP BY outcome")}
    assert tally == {"received": 50, "duplicate": 49, "processed": 1}


@on_postgres
async def test_f21_fifty_copies_through_two_processes_have_one_effect(pair: tuple[Scene, int, Gateway]) -> None:
    scene, port, _ = pair
    updates = [scene.update(f"слово {n}", chat=6000 + n) for n in range(5)]
    posts = [post(scene, u, p) for u in updates for p in (0, port) for _ in range(5)]
    assert Counter(await asyncio.gather(*posts)) == {200: 50}
    await scene.until(lambda: scene.count("inbox", "state='processed'") == 5)
    assert sorted(heard(scene)) == [f"слово {n}" for n in range(5)]
    assert scene.count("contacts") == scene.count("deals") == scene.count("identities") == 5


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_f23_twenty_messages_in_a_second_are_one_conversation_and_each_step_speaks_once(scene: Scene) -> None:
    assert scene.telegram is not None
    scene.playbook = always_open(scene.folder)
    await scene.start()
    await asyncio.gather(*(post(scene, scene.update(f"есть ли деталь {n}?")) for n in range(20)))
    await scene.until(lambda: scene.count("inbox", "state='processed'") == 20)
    await asyncio.sleep(2.5)  # what was gathered is answered
    await scene.quiet()
    assert scene.count("deals") == scene.count("contacts") == scene.count("runs") == 1
    assert scene.count("entries", "author='customer' AND kind='message'") == 20
    assert max(Counter(scene.telegram.ledger.texts()).values()) == 1


async def test_f24_eight_first_messages_at_once_are_one_contact_with_one_deal(scene: Scene) -> None:
    assert scene.telegram is not None
    await scene.start()
    assert Counter(await asyncio.gather(*(post(scene, scene.update(f"слово {n}")) for n in range(8)))) == {200: 8}
    await scene.until(lambda: scene.count("inbox", "state='processed'") == 8)
    assert scene.count("contacts") == scene.count("identities") == scene.count("deals") == scene.count("runs") == 1
    assert sorted(heard(scene)) == [f"слово {n}" for n in range(8)]


@on_postgres
async def test_f24_first_messages_through_two_processes_are_one_contact_with_one_deal(
    pair: tuple[Scene, int, Gateway],
) -> None:
    """Ten customers, eight first messages each, half of them to either process, all at once."""
    scene, port, _ = pair
    posts = [
        post(scene, scene.update(f"{chat}: слово {n}", chat=chat), port * (n % 2))
        for n in range(8)
        for chat in range(6000, 6010)
    ]
    assert Counter(await asyncio.gather(*posts)) == {200: 80}
    await scene.until(lambda: scene.count("inbox", "state='processed'") == 80)
    assert scene.count("contacts") == scene.count("identities") == scene.count("deals") == scene.count("runs") == 10
    assert scene.count("entries", "author='customer'") == 80


@on_postgres
async def test_one_customer_is_heard_and_answered_in_order_whichever_process_is_told(
    pair: tuple[Scene, int, Gateway],
) -> None:
    """Each word is acknowledged before the next is said: the timeline and the replies keep that order."""
    scene, port, _ = pair
    assert scene.telegram is not None
    await scene.say("начнём")
    await scene.quiet()
    said = [f"слово {n}" for n in range(24)]
    for n, text in enumerate(said):
        assert await post(scene, scene.update(text), port * (n % 3 > 0)) == 200
    await scene.until(lambda: scene.count("inbox", "state='processed'") == 25)
    await scene.quiet()
    assert heard(scene) == ["начнём", *said]
    assert scene.telegram.ledger.texts()[1:] == [f"Слышу: {text}" for text in said]


# -- F25: a take-over between any two steps of a bot's turn --------------------------------------------------------------


class HeldChannel(PaperChannel):
    """Hears what it is asked to send and does not answer until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def send(self, out: Outgoing) -> Outcome:
        outcome = await super().send(out)
        await self.gate.wait()
        return outcome


STEPS = ("start", "claim", "answer", "record", "claim", "hear", "turn", "answer", "record", "claim", "answer", "record")
"""A bot is started and speaks in several parts; the customer answers when the second is on its way."""


EVERY_STEP = [("sqlite", at) for at in range(len(STEPS) + 1)] + [("postgres", at) for at in (1, 5, 7, 10)]


@pytest.mark.parametrize(("database_url", "at"), EVERY_STEP, indirect=["database_url"])
async def test_f25_whenever_a_person_takes_over_no_further_part_of_a_bot_is_claimed(database_url: str, at: int) -> None:
    """The whole schedule, with the take before each step and behind the last."""
    channel = HeldChannel()
    shop = open_shop(database_url, channels=[channel])
    contact = await _known_customer(shop, channel)
    claimed: set[int] = set()
    for n, step in enumerate([*STEPS, "the end"]):
        if n == at:
            await _ask(shop, contact, Take())
            claimed = {p["id"] for p in await shop.all("parts") if p["attempts"]}
        if at or step != "start":  # a bot cannot be started in a conversation that somebody has just taken
            await _step(shop, channel, step, contact)
    assert bool(claimed) == (at >= 2)
    channel.gate.set()
    await shop.settle()
    await shop.write("и ещё вот что")
    await shop.later(hours=11)
    went_out = {p["id"] for p in await shop.all("parts") if p["attempts"]}
    assert went_out == claimed
    assert len(channel.sent) == len(claimed)
    assert {p["state"] for p in await shop.all("parts")} <= {"sent", "blocked"}
    assert [r["status"] for r in await shop.all("runs")].count("running") == 0
    await shop.db.close()


async def _known_customer(shop: Shop, channel: HeldChannel) -> int:
    """Somebody with an open deal in the pool, everything said so far sent and forgotten."""
    channel.gate.set()
    await shop.write("позовите менеджера")
    await shop.db.write(lambda c: c.exec_driver_sql("DELETE FROM parts"))
    channel.gate.clear()
    channel.sent.clear()
    return int((await shop.deal())["contact_id"])


async def _step(shop: Shop, channel: HeldChannel, step: str, contact: int) -> None:
    match step:
        case "start":
            await _ask(shop, contact, SteerBot("start"))
        case "hear":
            await shop.hear(MessageReceived(shop.sender(), "1"))
        case "turn":
            await shop.turns.once()
        case "claim" | "record":
            await shop.delivery.once()
        case "answer":
            channel.gate.set()
            await shop.delivery.settled()
            channel.gate.clear()
        case _:
            pass


async def _ask(shop: Shop, contact: int, command: Command) -> None:
    """The lane's turn alone: no other worker gets a step."""
    asked = asyncio.ensure_future(shop.turns.ask(contact, (await shop.deal())["id"], command, ANNA))
    await asyncio.sleep(0)
    await shop.turns.once()
    await asked


@on_postgres
async def test_f25_a_take_over_in_one_process_silences_the_bot_of_the_other(pair: tuple[Scene, int, Gateway]) -> None:
    """Message and take at the same moment, twelve times: once the take is answered and the air is clear, silence."""
    scene, port, _ = pair
    assert scene.telegram is not None
    chats = range(6000, 6012)
    for chat in chats:
        await scene.say("начнём", chat)
    await scene.quiet()
    deals = {d["contact"]["identities"][0]["address"]: d["id"] for d in (await scene.get("/deals"))["items"]}
    posts = [post(scene, scene.update("раз", chat)) for chat in chats]
    takes = [scene.call("POST", f"/deals/{deals[str(chat)]}/take", port=port) for chat in chats]
    heard_them, taken = await asyncio.gather(asyncio.gather(*posts), asyncio.gather(*takes))
    assert heard_them == [200] * 12
    assert [status for status, _ in taken] == [200] * 12
    await asyncio.sleep(0.4)  # what had been claimed before is out
    said = len(scene.telegram.ledger.sent())
    for n in range(3):
        await asyncio.gather(*(post(scene, scene.update(f"ещё {n}", chat), port * (n % 2)) for chat in chats))
    await scene.until(lambda: scene.count("inbox", "state='processed'") == 60)
    await scene.quiet()
    assert len(scene.telegram.ledger.sent()) == said
    assert {r["state"] for r in scene.rows("SELECT state FROM parts")} <= {"sent", "blocked"}


# -- F26: two managers ---------------------------------------------------------------------------------------------------


@on_postgres
async def test_f26_of_two_managers_in_two_processes_one_wins_and_the_other_learns_who(
    pair: tuple[Scene, int, Gateway],
) -> None:
    scene, port, _ = pair
    anna, boris = scene.token("manager", "Анна"), scene.token("manager", "Борис")
    for chat in range(6000, 6006):
        await scene.say("начнём", chat)
    await scene.quiet()
    for deal in (await scene.get("/deals"))["items"]:
        take = f"/deals/{deal['id']}/take"
        answers = await asyncio.gather(scene.call("POST", take, anna), scene.call("POST", take, boris, port=port))
        assert Counter(status for status, _ in answers) == {200: 1, 409: 1}
        winner = next(body["responsible"]["name"] for status, body in answers if status == 200)
        loser = next(body["error"] for status, body in answers if status == 409)
        assert (loser["code"], loser["current"]["responsible"]["name"]) == ("taken", winner)

        _, task = await scene.call("POST", f"/deals/{deal['id']}/tasks", anna, json={"text": "Позвонить"})
        done = f"/tasks/{task['id']}/done"
        answers = await asyncio.gather(
            scene.call("POST", done, anna, json={"result": "Анна дозвонилась"}),
            scene.call("POST", done, boris, port=port, json={"result": "Борис дозвонился"}),
        )
        assert Counter(status for status, _ in answers) == {200: 1, 409: 1}
        kept = scene.rows(f"SELECT result FROM tasks WHERE id={task['id']}")[0]["result"]
        assert kept == next(body["result"] for status, body in answers if status == 200)
        assert scene.count("entries", f"deal_id={deal['id']} AND kind='task' AND author='manager'") == 2  # given, done


# -- F8, F15: losing a process, losing Valkey ----------------------------------------------------------------------------


@on_postgres
async def test_f8_a_process_killed_while_it_holds_lanes_is_relieved_by_the_other(scene: Scene) -> None:
    """Its locks went with its connection: the next claim of the other takes the lanes, and nothing was half written."""
    assert scene.telegram is not None
    port = steady_port()
    dying = await scene.start(failpoint="turns.before_commit:2", port=port)
    await scene.start()
    updates = [scene.update(f"слово {n}", 6000 + n) for n in range(6)]
    await asyncio.gather(*(post(scene, u, port) for u in updates), return_exceptions=True)
    assert await dying.wait(10) == -9
    for update in updates:
        assert await post(scene, update) == 200  # what was not acknowledged is repeated, the rest is a duplicate
    await scene.until(lambda: scene.count("inbox", "state='processed'") == 6)
    await scene.quiet()
    assert sorted(heard(scene)) == [f"слово {n}" for n in range(6)]
    assert len(scene.telegram.ledger.sent()) == scene.count("deals") == 6


@on_postgres
async def test_f9_a_process_that_froze_while_sending_wakes_up_and_changes_nothing_any_more(scene: Scene) -> None:
    """Taken for dead after 90 s; its part was sent once more and marked, and its late word does not count."""
    assert scene.telegram is not None
    frozen = await scene.start()
    scene.telegram.faults.add("slow", ms=1_500)
    assert await post(scene, scene.update("раз")) == 200
    await scene.telegram.ledger.wait_for(1)
    frozen.signal(signal.SIGSTOP)
    scene.age_the_dead()
    other = await scene.start(port=steady_port())
    await scene.telegram.ledger.wait_for(2)
    await scene.quiet()
    frozen.signal(signal.SIGCONT)
    await frozen.ready(scene.http)
    await scene.say("два")
    await scene.until(lambda: scene.telegram.ledger.texts()[-1] == "Слышу: два")  # type: ignore[union-attr]
    await scene.quiet()
    first = scene.rows("SELECT state, repeats, attempts, provider_id FROM parts ORDER BY id LIMIT 1")[0]
    again = scene.telegram.ledger.sent()[1].provider_id
    assert first == {"state": "sent", "repeats": 1, "attempts": 2, "provider_id": again}
    assert len(scene.telegram.ledger.sent()) == 3
    other.kill()


@on_postgres
async def test_f15_without_valkey_everything_still_happens(scene: Scene) -> None:
    """Stopped in the middle, flushed, and started again: slower at worst, never wrong."""
    assert scene.telegram is not None
    try:
        with valkey_server() as valkey:
            redis: dict[str, Any] = {"redis_url": valkey.url, "telegram_rate": 500, "telegram_chat_rate": 50}
            await scene.start(**redis)
            port = steady_port()
            other = await scene.start(port=port, **redis)

            async def all_say(n: int) -> None:
                posts = [post(scene, scene.update(f"слово {n}", chat), port * (chat % 2)) for chat in range(6000, 6006)]
                assert await asyncio.gather(*posts) == [200] * 6
                await scene.until(lambda: scene.count("inbox", "state='processed'") == 6 * n)
                await scene.quiet()

            await all_say(1)
            async with Redis.from_url(valkey.url) as client:
                await client.flushall()
            await all_say(2)
            valkey.stop()
            await all_say(3)
            valkey.start()
            await all_say(4)
            other.kill()
            assert len(scene.telegram.ledger.sent()) == 24
            assert scene.count("parts", "repeats > 0") == 0
    except NoServerError as why:
        pytest.skip(str(why))
