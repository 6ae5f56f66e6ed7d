"""Providers that refuse, stammer, lie and vanish: pauses keep to their scope, nothing is sent blindly twice (F16-F20)."""

import asyncio
import itertools
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.channels.base import ChannelDown, Outcome, Outgoing, Retry, Sent, Throttled
from gateway.events import MessageReceived, Sender, StatusReported
from tests.faults.gateways import Nursery
from tests.faults.scenes import Scene
from tests.servers import NoServerError, fresh_database, postgres_server
from tests.shop import PaperChannel, Shop, open_shop
from tests.standins.telegram import TelegramStandin

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what happens on the wire, whatever database stands behind."""

GREETING = "Здравствуйте, говорите."
TELEGRAM, SMS = "telegram", "sms"


@pytest.fixture
async def two(database_url: str) -> AsyncIterator[Shop]:
    """A shop with two accounts."""
    shop = open_shop(database_url, channels=[PaperChannel(TELEGRAM, "100"), PaperChannel(SMS, "+70000000000")])
    yield shop
    await shop.db.close()


async def greet(shop: Shop, channel: str, who: str) -> None:
    account = next(c.account for c in shop.channels.values() if c.name == channel)
    await shop.hear(MessageReceived(Sender(channel, account, who, "Иван"), "Здравствуйте"))
    await shop.settle()


# -- F16: asked to wait --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [1, 30, 3600])
async def test_f16_an_accounts_pause_stops_that_account_for_just_so_long(two: Shop, seconds: int) -> None:
    telegram, sms = two.channels.values()
    telegram.answers = [Throttled(seconds * 1000, "account")]
    await greet(two, TELEGRAM, "1")
    await greet(two, TELEGRAM, "2")
    assert len(telegram.sent) == 1
    await two.later(seconds=seconds - 0.01)
    assert len(telegram.sent) == 1  # not one call more during the pause
    await greet(two, SMS, "3")
    assert len(sms.texts("3")) >= 2  # the other account flows
    await two.later(seconds=0.02)
    assert Counter(p["state"] for p in await two.all("parts")) == {"sent": len(await two.all("parts"))}
    assert {p["repeats"] for p in await two.all("parts")} == {0}


@pytest.mark.parametrize("seconds", [1, 30, 3600])
async def test_f16_an_addresss_pause_stops_nobody_else(two: Shop, seconds: int) -> None:
    telegram = two.paper
    telegram.answers = [Throttled(seconds * 1000, "address")]
    await greet(two, TELEGRAM, "1")
    await greet(two, TELEGRAM, "2")
    assert len(telegram.texts("1")) == 1
    assert len(telegram.texts("2")) >= 2
    await two.later(seconds=seconds - 0.01)
    assert len(telegram.texts("1")) == 1
    await two.later(seconds=0.02)
    assert telegram.texts("1")[1:] == telegram.texts("2")


async def test_f16_being_asked_to_wait_is_no_failed_attempt(two: Shop) -> None:
    """However often we were asked to wait, the first real trouble is still only the first."""
    two.paper.answers = [*[Throttled(1_000, "address")] * 10, Retry("502"), Sent("1")]
    await greet(two, TELEGRAM, "1")
    await two.later(minutes=2)
    assert {p["state"] for p in await two.all("parts")} == {"sent"}
    assert await two.all("tasks") == []


@sqlite_only
async def test_f16_over_the_wire_one_chats_429_holds_up_only_that_chat(scene: Scene) -> None:
    assert scene.telegram is not None
    await scene.start()
    scene.telegram.faults.add("throttle", to="6001", retry_after=3)
    begun = time.monotonic()
    await asyncio.gather(*(scene.say("раз", chat) for chat in range(6001, 6006)))
    for chat in range(6002, 6006):
        await scene.telegram.ledger.wait_for(1, chat, within_s=2.9)
    assert scene.telegram.ledger.texts(6001) == []
    await scene.telegram.ledger.wait_for(1, 6001)
    assert time.monotonic() - begun >= 3
    assert [r.reason for r in scene.telegram.ledger.refusals] == ["throttle"]


# -- F17: broken answers that say 'not now' ------------------------------------------------------------------------------


@sqlite_only
async def test_f17_a_gateways_html_page_is_waited_out_and_sent_once(scene: Scene) -> None:
    assert scene.telegram is not None
    await scene.start()
    scene.telegram.faults.add("status", status=502)
    begun = time.monotonic()
    await scene.say("раз")
    await scene.telegram.ledger.wait_for(1, within_s=6)
    assert time.monotonic() - begun >= 0.75  # a second, give or take a quarter
    await scene.quiet()
    assert scene.telegram.ledger.texts() == [GREETING]
    assert scene.rows("SELECT state, attempts FROM parts") == [{"state": "sent", "attempts": 2}]


async def test_f17_pauses_grow_with_jitter_up_to_a_cap_and_then_a_person_is_asked(two: Shop) -> None:
    two.paper.answers = [Retry("502")] * 8
    due = []
    await greet(two, TELEGRAM, "1")
    while (part := (await two.all("parts"))[0])["state"] == "queued":
        due.append(part["due_at"] - two.clock.now())
        two.clock.at = part["due_at"]
        await two.settle()
    for n, pause in enumerate(due):
        assert 0.75 * 1000 * 2**n <= pause <= 1.25 * 1000 * 2**n
    assert len(due) == 7
    assert len({due[n] / 2**n for n in range(7)}) > 1  # jitter
    assert part["state"] == "failed"
    assert [t["kind"] for t in await two.all("tasks")] == ["undelivered"]


async def test_f17_a_refused_token_stops_the_account_is_shown_and_loses_nothing(two: Shop) -> None:
    two.paper.answers = [ChannelDown("401 Unauthorized")]
    await greet(two, TELEGRAM, "1")
    await greet(two, TELEGRAM, "2")
    assert len(two.paper.sent) == 1
    assert list(two.delivery.degraded) == ["telegram:100"]
    await two.later(seconds=61)
    assert {p["state"] for p in await two.all("parts")} == {"sent"}
    assert two.delivery.degraded == {}


# -- F18: no answer at all -----------------------------------------------------------------------------------------------


class MuteChannel(PaperChannel):
    """Takes its first call and never comes back."""

    async def send(self, out: Outgoing) -> Outcome:
        if self.sent:
            return await super().send(out)
        self.sent.append(out)
        await asyncio.Event().wait()
        raise AssertionError("never")


async def test_f18_a_channel_that_never_comes_back_is_waited_for_only_so_long(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.delivery._SEND_TIMEOUT_S", 0.2)
    shop = open_shop(database_url, channels=[MuteChannel()])
    await greet(shop, "telegram", "1")
    parts = await shop.all("parts")
    assert (parts[0]["state"], parts[0]["error"], parts[0]["repeats"]) == ("queued", "no answer in time", 1)
    await shop.later(seconds=2)
    assert {p["state"] for p in await shop.all("parts")} == {"sent"}
    await shop.db.close()


# -- F18: accepted, and the answer spoilt --------------------------------------------------------------------------------


@sqlite_only
@pytest.mark.parametrize("deed", ["drop", "half", "html"])
async def test_f18_where_nobody_can_tell_a_reply_goes_out_once_more_and_says_so(scene: Scene, deed: Any) -> None:
    assert scene.telegram is not None
    await scene.start()
    scene.telegram.faults.add(deed)
    await scene.say("раз")
    await scene.quiet()
    assert scene.telegram.ledger.texts() == [GREETING, GREETING]
    assert scene.rows("SELECT state, repeats, attempts FROM parts") == [{"state": "sent", "repeats": 1, "attempts": 2}]


@sqlite_only
async def test_f18_a_second_silence_is_left_alone_and_a_person_is_asked(scene: Scene) -> None:
    assert scene.telegram is not None
    await scene.start()
    scene.telegram.faults.add("drop", times=2)
    await scene.say("раз")
    await scene.until(lambda: scene.count("tasks", "kind='undelivered'"))
    assert scene.telegram.ledger.texts() == [GREETING, GREETING]
    assert scene.rows("SELECT state, repeats FROM parts") == [{"state": "unknown", "repeats": 1}]
    await scene.say("два")  # the conversation goes on all the same
    await scene.until(lambda: scene.telegram.ledger.texts()[-1] == "Слышу: два")  # type: ignore[union-attr]


@sqlite_only
async def test_f18_a_slow_answer_is_waited_for_and_holds_up_nobody_else(scene: Scene) -> None:
    assert scene.telegram is not None
    await scene.start()
    scene.telegram.faults.add("drip", to="6001", ms=4)
    await asyncio.gather(*(scene.say("раз", chat) for chat in (6001, 6002)))
    await scene.until(lambda: scene.count("parts", "address='6002' AND state='sent'"))
    assert scene.count("parts", "address='6001' AND state='sending'") == 1
    await scene.quiet()
    assert scene.telegram.ledger.texts(6001) == [GREETING]
    assert scene.count("parts", "repeats > 0") == 0


@sqlite_only
@pytest.mark.parametrize("deed", ["drop", "half", "bad_gateway"])
async def test_f18_where_the_provider_can_tell_it_is_asked_and_nothing_is_repeated(
    twilio_scene: Scene, deed: Any
) -> None:
    scene = twilio_scene
    assert scene.twilio is not None
    await scene.start()
    scene.twilio.faults.add(deed)
    assert await scene.write("раз") == 200
    await scene.quiet()
    accepted = scene.twilio.ledger.sent()
    (part,) = scene.rows("SELECT state, repeats, provider_id FROM parts")
    assert part["state"] == "sent"
    if deed == "bad_gateway":  # it said that it had not taken it: then it is sent again, and marked
        assert (len(accepted), part["repeats"]) == (2, 1)
    else:
        assert (len(accepted), part["repeats"], part["provider_id"]) == (1, 0, accepted[0].provider_id)


@sqlite_only
async def test_f20_a_callback_before_the_answer_or_instead_of_it_settles_the_part(twilio_scene: Scene) -> None:
    scene = twilio_scene
    assert scene.twilio is not None
    await scene.start()
    scene.twilio.early, scene.twilio.statuses = True, ["sent", "delivered"]
    assert await scene.write("раз") == 200
    await scene.until(lambda: scene.count("parts", "state='delivered'") == 1)
    scene.twilio.faults.add("drop")
    assert await scene.write("два") == 200
    await scene.until(lambda: scene.count("inbox", "kind='status' AND state='processed'") >= 2)
    await scene.write("три")
    await scene.until(lambda: scene.count("parts", "state='delivered'") >= 2)
    await scene.quiet()
    assert scene.count("parts", "repeats > 0") == 0
    assert len(scene.twilio.ledger.sent()) == 3


# -- F20, P13: statuses in every order -----------------------------------------------------------------------------------

CLIMB = ("sent", "delivered", "read", "failed")


def expected(order: tuple[str, ...]) -> str:
    """A status only climbs; failed is final, and cannot follow delivery."""
    now = "sent"
    for status in order:
        if now == "failed":
            continue
        if status == "failed":
            now = "failed" if now == "sent" else now
        elif CLIMB.index(status) > CLIMB.index(now):
            now = status
    return now


async def test_f20_statuses_in_every_order_with_repeats_only_ever_climb(two: Shop) -> None:
    """All orders of all four, and every string of three with repeats: a part each, all in a few turns."""
    orders = [*itertools.permutations(CLIMB), *itertools.product(CLIMB, repeat=3)]
    for who in range(len(orders)):
        await two.hear(MessageReceived(Sender(TELEGRAM, "100", str(who), "Иван"), "позовите менеджера"))
    await two.settle()
    parts: dict[str, int] = {}
    for part in await two.all("parts"):
        parts.setdefault(part["address"], part["id"])
    for step in range(4):
        events = [
            StatusReported(f"p{parts[str(who)]}", order[step], parts[str(who)])  # type: ignore[arg-type]
            for who, order in enumerate(orders)
            if step < len(order)
        ]
        await two.hear(*events)
        await two.settle()
    now = {p["id"]: p["state"] for p in await two.all("parts")}
    wrong = {order: now[parts[str(who)]] for who, order in enumerate(orders) if now[parts[str(who)]] != expected(order)}
    assert wrong == {}


async def test_a_late_word_of_failure_about_what_was_read_alarms_nobody(two: Shop) -> None:
    await greet(two, TELEGRAM, "1")
    part = (await two.all("parts"))[0]
    await two.hear(StatusReported(f"p{part['id']}", "read", part["id"]))
    await two.hear(StatusReported(f"p{part['id']}", "failed", part["id"], "30008", "fatal"))
    await two.settle()
    assert (await two.all("parts"))[0]["state"] == "read"
    assert await two.all("tasks") == []
    assert (await two.all("runs"))[0]["status"] == "running"


async def test_two_words_for_one_failure_alarm_once(two: Shop) -> None:
    await greet(two, TELEGRAM, "1")
    part = (await two.all("parts"))[0]
    for _ in range(2):
        await two.hear(StatusReported(f"p{part['id']}", "failed", part["id"], "30008", "fatal"))
        await two.settle()
    assert [t["kind"] for t in await two.all("tasks")] == ["undelivered"]


async def test_taken_and_then_no_room_for_it_is_sent_again_and_alarms_nobody(two: Shop) -> None:
    """Twilio's 63018 as a status: the message is as good as before, it only came too soon."""
    await greet(two, TELEGRAM, "1")
    part = (await two.all("parts"))[-1]
    said = len(two.paper.sent)
    await two.hear(StatusReported(f"p{part['id']}", "failed", part["id"], "63018", "throttled"))
    await two.settle()
    assert len(two.paper.sent) == said
    await two.later(seconds=61)
    assert [o.part for o in two.paper.sent[said:]] == [part["id"]]
    assert {p["state"] for p in await two.all("parts")} == {"sent"}
    assert await two.all("tasks") == []


# -- F13, F14: the database is away --------------------------------------------------------------------------------------


async def degraded(scene: Scene) -> dict[str, str]:
    async with scene.http.get(f"{scene.base}/readyz") as response:
        told: dict[str, str] = (await response.json())["degraded"]
    return told


@sqlite_only
async def test_f13_a_database_locked_by_another_is_answered_503_and_nothing_is_lost(scene: Scene) -> None:
    assert scene.telegram is not None
    await scene.start()
    await scene.say("раз")
    await scene.quiet()
    update = scene.update("два")
    with closing(sqlite3.connect(scene.url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        begun = time.monotonic()
        assert await scene.telegram.push(update) == 503
        assert time.monotonic() - begun < 10  # before the provider itself gives up
        assert "intake" in await degraded(scene)
        other.execute("ROLLBACK")
    assert await scene.telegram.push_until_accepted(update) >= 1
    assert await degraded(scene) == {}
    await scene.until(lambda: scene.telegram.ledger.texts()[-1] == "Слышу: два")  # type: ignore[union-attr]
    assert [r["text"] for r in scene.rows("SELECT text FROM entries WHERE author='customer'")] == ["раз", "два"]


async def test_f14_a_database_server_that_falls_and_comes_back_loses_nothing(
    tmp_path: Path, http: aiohttp.ClientSession, nursery: Nursery
) -> None:
    try:
        with postgres_server(durable=True) as server:
            async with TelegramStandin() as telegram:
                scene = Scene(tmp_path, fresh_database(server.url), http, nursery, telegram)
                await scene.start()
                await scene.say("раз")
                await scene.quiet()
                for n in range(2):
                    server.stop(signal.SIGQUIT if n else signal.SIGINT)
                    update = scene.update(f"слово {n}")
                    assert await telegram.push(update) == 503
                    server.start()
                    await telegram.push_until_accepted(update)
                    await scene.until(lambda n=n: telegram.ledger.texts()[-1] == f"Слышу: слово {n}")  # type: ignore[misc]
                assert scene.count("entries", "author='customer'") == 3
                scene.end()
    except NoServerError as why:
        pytest.skip(str(why))
