"""A process that was taken for dead comes back and knows what became of a part: what is out is never sent again."""

import asyncio

import pytest

from gateway.channels.base import Outcome, Outgoing, Refused, Retry, Sent
from gateway.delivery import Delivery
from gateway.events import MessageReceived
from state import outbox
from state.outbox import Verdict
from tests.shop import PaperChannel, Shop, open_shop


class FrozenPaper(PaperChannel):
    """Answers when it is thawed."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.thawed = asyncio.Event()
        self.outcome = outcome

    async def send(self, out: Outgoing) -> Outcome:
        self.sent.append(out)
        await self.thawed.wait()
        return self.outcome


async def taken_for_dead(shop: Shop, outcome: Outcome) -> tuple[Delivery, FrozenPaper]:
    """Another process has sent the first part and froze; its part is queued once more, as nobody knows."""
    await shop.hear(MessageReceived(shop.sender("1"), "позовите менеджера"))
    await shop.turns.once()
    channel = FrozenPaper(outcome)
    frozen = Delivery(shop.db, {"telegram:100": channel}, shop.live, shop.clock)
    await frozen.once()
    await asyncio.sleep(0)
    assert len(channel.sent) == 1
    shop.clock.at += 91_000
    assert await shop.delivery.recover() == 1
    await shop.delivery.once()
    part = (await shop.all("parts"))[0]
    assert (part["state"], part["open"], part["repeats"], part["attempts"]) == ("queued", 1, 1, 1)
    return frozen, channel


async def thaw(frozen: Delivery, channel: FrozenPaper) -> None:
    channel.thawed.set()
    await frozen.settled()
    await frozen.once()
    await frozen.settled()


@pytest.fixture
async def shop(database_url: str):
    made = open_shop(database_url)
    yield made
    await made.db.close()


async def test_a_part_that_waits_to_go_once_more_is_not_sent_when_its_first_sender_knows_that_it_is_out(
    shop: Shop,
) -> None:
    frozen, channel = await taken_for_dead(shop, Sent("first"))
    await thaw(frozen, channel)
    part = (await shop.all("parts"))[0]
    assert (part["state"], part["open"], part["provider_id"]) == ("sent", 0, "first")
    await shop.later(seconds=5)
    assert part["id"] not in [o.part for o in shop.paper.sent]


@pytest.mark.parametrize("outcome", [Retry("busy"), Refused("400", "no")], ids=["retry", "refused"])
async def test_a_second_attempt_is_not_disturbed_by_what_else_the_first_sender_has_to_say(
    shop: Shop, outcome: Outcome
) -> None:
    frozen, channel = await taken_for_dead(shop, outcome)
    shop.clock.at += 2_000
    second = FrozenPaper(Sent("second"))
    other = Delivery(shop.db, {"telegram:100": second}, shop.live, shop.clock)
    await other.once()
    await asyncio.sleep(0)
    assert len(second.sent) == 1
    before = (await shop.all("parts"))[0]
    await thaw(frozen, channel)
    assert (await shop.all("parts"))[0] == before
    await thaw(other, second)
    part = (await shop.all("parts"))[0]
    assert (part["state"], part["attempts"], part["provider_id"]) == ("sent", 2, "second")


async def test_a_part_that_both_have_sent_is_sent_whoever_is_heard_first(shop: Shop) -> None:
    """The second's failure after the first's word takes nothing back: the customer has it."""
    frozen, channel = await taken_for_dead(shop, Sent("first"))
    shop.clock.at += 2_000
    second = FrozenPaper(Retry("busy"))
    other = Delivery(shop.db, {"telegram:100": second}, shop.live, shop.clock)
    await other.once()
    await asyncio.sleep(0)
    await thaw(frozen, channel)
    await thaw(other, second)
    part = (await shop.all("parts"))[0]
    assert (part["state"], part["open"], part["provider_id"]) == ("sent", 0, "first")
    await shop.later(minutes=10)
    assert part["id"] not in [o.part for o in shop.paper.sent]


async def test_a_part_that_nobody_could_tell_of_is_sent_after_all(shop: Shop) -> None:
    """Asked after, given up and left to a person: whoever has sent it comes back and knows."""
    await taken_for_dead(shop, Sent("first"))
    part = (await shop.db.read(lambda c: outbox.load(c, [1])))[1]
    part.attempts = 1
    await shop.db.write(
        lambda c: c.exec_driver_sql("UPDATE parts SET state = 'unknown', open = 0, attempts = 2, settled_at = 1")
    )
    said = Verdict(part, "sent", open=False, due_at=shop.clock.now(), provider_id="first")
    await shop.db.write(lambda c: outbox.settle(c, [said], shop.clock.now()))
    assert (await shop.all("parts"))[0]["state"] == "sent"


async def test_what_has_climbed_higher_is_left_there(shop: Shop) -> None:
    frozen, channel = await taken_for_dead(shop, Sent("first"))
    await shop.later(seconds=5)
    await shop.db.write(lambda c: c.exec_driver_sql("UPDATE parts SET state = 'read' WHERE state = 'sent'"))
    before = (await shop.all("parts"))[0]
    assert (before["state"], before["attempts"]) == ("read", 2)
    await thaw(frozen, channel)
    assert (await shop.all("parts"))[0] == before
