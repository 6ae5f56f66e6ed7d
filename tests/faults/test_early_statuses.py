"""Statuses that are ahead of their message, of its sender's answer, or of another message: they only ever climb (P13)."""

import asyncio
import itertools
from collections import defaultdict

import pytest

from gateway.channels.base import Limits, Outcome, Outgoing, Sent, Unknown
from gateway.events import MessageReceived, StatusReported
from gateway.timekeeper import Timekeeper
from state import chores
from tests.faults.scenes import Scene
from tests.shop import PaperChannel, Shop, open_shop

DAY_MS = 86_400_000


class SlowPaper(PaperChannel):
    """Has taken a part, and does not say so before its gate is opened."""

    def __init__(self) -> None:
        super().__init__(limits=Limits(text=4096, caption=1024, unit="utf16", buttons=0, label=40))
        self.gates: dict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self.outcomes: dict[int, Outcome] = {}
        self.quick = False

    def speed_up(self) -> None:
        self.quick = True
        for gate in self.gates.values():
            gate.set()

    async def send(self, out: Outgoing) -> Outcome:
        self.sent.append(out)
        if not self.quick:
            await self.gates[out.part].wait()
        n = sum(1 for o in self.sent if o.part == out.part)
        return self.outcomes.pop(out.part, Sent(f"p{out.part}" if n == 1 else f"p{out.part}.{n}"))


@pytest.fixture
def slow() -> SlowPaper:
    return SlowPaper()


@pytest.fixture
async def shop(database_url: str, slow: SlowPaper):
    made = open_shop(database_url, channels=[slow])
    yield made
    slow.speed_up()
    await made.delivery.settled()
    await made.db.close()


async def step(shop: Shop) -> None:
    """Turns and delivery, and no waiting for answers that are held back."""
    for _ in range(4):
        await shop.turns.once()
        await shop.delivery.once()
        await asyncio.sleep(0.01)


async def said(shop: Shop, *whom: str) -> dict[str, int]:
    """The first part to each of them, on its way."""
    for who in whom:
        await shop.hear(MessageReceived(shop.sender(who), "позовите менеджера"))
    await step(shop)
    parts: dict[str, int] = {}
    for part in await shop.all("parts"):
        parts.setdefault(part["address"], part["id"])
    return parts


async def state_of(shop: Shop, part: int) -> str:
    return next(p["state"] for p in await shop.all("parts") if p["id"] == part)


def timekeeper(shop: Shop) -> Timekeeper:
    return Timekeeper(shop.db, shop.delivery, shop.house, shop.clock)


# -- every order ---------------------------------------------------------------------------------------------------------

WORDS = ("sent", "delivered", "read", "failed", "answer")
CLIMB = ("sending", "sent", "delivered", "read")


def expected(order: tuple[str, ...]) -> str:
    """A word only climbs; the sender's own answer says no more than "sent"; failed is final, and cannot follow delivery."""
    now = "sending"
    for word in order:
        said_now = "sent" if word == "answer" else word
        if now == "failed":
            continue
        if said_now == "failed":
            now = "failed" if now in ("sending", "sent") else now
        elif CLIMB.index(said_now) > CLIMB.index(now):
            now = said_now
    return now


async def test_p13_in_every_order_with_the_senders_answer_anywhere_among_them_a_status_only_climbs(
    shop: Shop, slow: SlowPaper
) -> None:
    """All orders of four statuses and the answer, each word said twice: 120 parts, all in a few turns."""
    orders = list(itertools.permutations(WORDS))
    parts = await said(shop, *(str(n) for n in range(len(orders))))
    assert {p["state"] for p in await shop.all("parts")} <= {"sending", "queued"}
    for turn in range(len(WORDS)):
        for _ in range(2):
            told = [
                StatusReported(f"p{parts[str(n)]}", order[turn], parts[str(n)])  # type: ignore[arg-type]
                for n, order in enumerate(orders)
                if order[turn] != "answer"
            ]
            await shop.hear(*told)
        for n, order in enumerate(orders):
            if order[turn] == "answer":
                slow.gates[parts[str(n)]].set()
        await step(shop)
    now = {p["id"]: p["state"] for p in await shop.all("parts")}
    wrong = {order: now[parts[str(n)]] for n, order in enumerate(orders) if now[parts[str(n)]] != expected(order)}
    assert wrong == {}
    assert await shop.balanced()


# -- a status whose message is not known -----------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [0, 987_654], ids=["names no part", "names a part that is not there"])
async def test_b67_a_status_that_is_ahead_of_its_message_waits_for_it(shop: Shop, slow: SlowPaper, part: int) -> None:
    mine = (await said(shop, "1"))["1"]
    await shop.hear(StatusReported(f"p{mine}", "delivered", part))
    await timekeeper(shop).once()
    await step(shop)
    assert await state_of(shop, mine) == "sending"
    assert (await shop.outcomes())["waiting"] == 1
    assert await shop.db.read(chores.oldest_waiting) is None  # it is in nobody's way, and no alarm
    assert await shop.balanced()

    slow.gates[mine].set()
    await step(shop)
    assert await state_of(shop, mine) == "sent"
    await timekeeper(shop).once()
    await step(shop)
    assert await state_of(shop, mine) == "delivered"
    assert "waiting" not in await shop.outcomes()
    assert await shop.balanced()


async def test_b67_a_status_of_nobodys_message_is_dropped_and_counted_after_a_day(shop: Shop) -> None:
    await shop.hear(StatusReported("SMnobody", "read"))
    shop.clock.at += DAY_MS
    await timekeeper(shop).once()
    assert [r["state"] for r in await shop.all("inbox")] == ["waiting"]
    shop.clock.at += 1
    await timekeeper(shop).once()
    await timekeeper(shop).once()
    assert [(r["state"], r["reason"], r["done_at"]) for r in await shop.all("inbox")] == [
        ("ignored", "unknown_part", shop.clock.now())
    ]
    assert await shop.outcomes() == {"received": 1, "ignored": 1}


async def test_an_early_status_of_another_account_is_not_ours(shop: Shop, slow: SlowPaper) -> None:
    mine = (await said(shop, "1"))["1"]
    slow.gates[mine].set()
    await step(shop)
    await shop.db.write(lambda c: c.exec_driver_sql("UPDATE parts SET account = '200'"))
    await shop.hear(StatusReported(f"p{mine}", "read"))
    await timekeeper(shop).once()
    await step(shop)
    assert await state_of(shop, mine) == "sent"


async def test_a_repeat_of_an_early_status_is_a_duplicate(shop: Shop) -> None:
    for _ in range(2):
        await shop.hear(StatusReported("SMnobody", "read"), ids=["SMnobody:read"])
    assert await shop.outcomes() == {"received": 2, "duplicate": 1, "waiting": 1}


# -- a status of another message -------------------------------------------------------------------------------------------


async def test_f130_a_status_of_another_message_than_the_parts_changes_nothing(shop: Shop, slow: SlowPaper) -> None:
    mine = (await said(shop, "1"))["1"]
    slow.gates[mine].set()
    await step(shop)
    for word in ("delivered", "read", "failed"):
        await shop.hear(StatusReported("SMother", word, mine))  # type: ignore[arg-type]
    await step(shop)
    assert await state_of(shop, mine) == "sent"
    assert {(r["state"], r["reason"]) for r in await shop.all("inbox") if r["kind"] == "status"} == {
        ("ignored", "other_message")
    }
    assert await shop.balanced()


async def test_f130_a_status_of_a_part_that_was_never_sent_is_another_messages(shop: Shop, slow: SlowPaper) -> None:
    """Another gateway of ours shares the sender, and its parts have the same numbers: ours still goes out."""
    await shop.hear(MessageReceived(shop.sender("1"), "позовите менеджера"))
    await shop.turns.once()
    mine = (await shop.all("parts"))[0]["id"]
    await shop.hear(StatusReported("SMother", "delivered", mine))
    await shop.turns.once()
    assert await state_of(shop, mine) == "queued"
    slow.gates[mine].set()
    await step(shop)
    assert await state_of(shop, mine) == "sent"


# -- a part that was sent more than once -----------------------------------------------------------------------------------


async def test_no_room_said_before_the_answer_is_not_undone_by_the_answer(shop: Shop, slow: SlowPaper) -> None:
    """Twilio's 63018 overtakes the API's own answer: that message came to nothing, the part goes once more."""
    mine = (await said(shop, "1"))["1"]
    await shop.hear(StatusReported(f"p{mine}", "failed", mine, "63018", "throttled"))
    await step(shop)
    slow.gates[mine].set()
    await step(shop)
    assert await state_of(shop, mine) == "queued"
    await shop.hear(StatusReported(f"p{mine}", "sent", mine))  # late, and about the message that failed
    await step(shop)
    assert await state_of(shop, mine) == "queued"
    slow.speed_up()
    await shop.later(seconds=61)
    assert [o.part for o in slow.sent].count(mine) == 2
    assert await state_of(shop, mine) == "sent"


async def test_of_two_messages_of_one_part_the_failure_of_one_is_no_news_and_the_arrival_of_either_is(
    shop: Shop, slow: SlowPaper
) -> None:
    mine = (await said(shop, "1"))["1"]
    slow.outcomes[mine] = Unknown("no answer")
    slow.gates[mine].set()
    await step(shop)
    slow.speed_up()
    await shop.later(seconds=2)
    assert (await state_of(shop, mine), [o.part for o in slow.sent].count(mine)) == ("sent", 2)
    await shop.hear(StatusReported("SMfirst", "failed", mine, "30008", "fatal"))
    await step(shop)
    assert await state_of(shop, mine) == "sent"
    await shop.hear(StatusReported("SMfirst2", "delivered", mine))
    await step(shop)
    assert await state_of(shop, mine) == "delivered"


# -- F19: the provider took it, and is never heard of again ----------------------------------------------------------------

HOUR_MS = 3_600_000


async def test_f19_what_was_taken_and_never_confirmed_is_counted_after_an_hour(shop: Shop, slow: SlowPaper) -> None:
    slow.speed_up()
    parts = await said(shop, "1", "2", "3")
    await step(shop)
    await shop.hear(StatusReported(f"p{parts['1']}", "delivered", parts["1"]))
    await shop.hear(StatusReported(f"p{parts['2']}", "failed", parts["2"], "30008", "fatal"))
    await step(shop)
    sent = sum(p["state"] == "sent" for p in await shop.all("parts"))

    async def silent(*accounts: tuple[str, str]) -> dict[str, int]:
        return await shop.db.read(lambda c: chores.unconfirmed(c, list(accounts), shop.clock.now()))

    ours = ("telegram", "100")
    shop.clock.at += HOUR_MS - 1
    assert await silent(ours) == {"telegram": 0}
    shop.clock.at += 1
    assert await silent(ours) == {"telegram": sent}
    assert await silent(ours, ("sms", "300")) == {"telegram": sent, "sms": 0}
    assert await silent(("telegram", "200")) == {"telegram": 0}
    assert await silent() == {}
    shop.clock.at += DAY_MS
    assert await silent(ours) == {"telegram": 0}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_f19_the_metrics_show_it_for_providers_that_send_receipts(twilio_scene: Scene) -> None:
    scene = twilio_scene
    await scene.start()
    assert await scene.write("раз") == 200
    await scene.quiet()
    scene.change(f"UPDATE parts SET settled_at = settled_at - {HOUR_MS}")
    async with scene.http.get(f"{scene.base}/metrics") as response:
        lines = [line for line in (await response.text()).splitlines() if "parley_unconfirmed_parts{" in line]
    assert lines == ['parley_unconfirmed_parts{channel="whatsapp"} 1.0']
