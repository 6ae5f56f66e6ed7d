"""What one process must bear by itself: callers that go away, a database that fails, clocks and ids that lie."""

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import update

from bots.kit import effects as fx
from bots.kit import walk
from gateway import decide, obey, turns
from gateway.channels.base import Unreachable
from gateway.clock import Instant
from gateway.delivery import Delivery
from gateway.desk import Take, Write
from gateway.events import MessageReceived, Received, Sender, StatusReported
from gateway.ledger import Ledger
from state import tables, visitors
from state.database import Unavailable
from state.records import Timer
from tests.shop import ANNA, PaperChannel, Shop, open_shop


async def _broken(shop: Shop, *, until: int = 10**9) -> None:
    """Every transaction fails as a full disk does, until so many have."""
    real, failed = shop.db.hand_in, [0]

    def hand_in(job, name="write", **_how):  # type: ignore[no-untyped-def]
        failed[0] += 1
        if failed[0] > until:
            return real(job, name)

        def full(_conn):  # type: ignore[no-untyped-def]
            raise Unavailable("database or disk is full")

        return real(full, name)

    shop.db.hand_in = hand_in  # type: ignore[method-assign]


async def test_intake_outlives_a_caller_that_went_away_and_a_full_disk(shop: Shop) -> None:
    word = Received("w1", MessageReceived(shop.sender(), "Здравствуйте"), b"{}")
    real = shop.db.hand_in
    await _broken(shop)
    callers = [asyncio.ensure_future(shop.intake.accept("telegram", "100", [word])) for _ in range(2)]
    await asyncio.sleep(0)
    callers[0].cancel()
    await shop.intake.once()
    with pytest.raises(Unavailable):
        await callers[1]
    alone = asyncio.ensure_future(shop.intake.accept("telegram", "100", [word]))
    await asyncio.sleep(0)
    alone.cancel()
    await shop.intake.once()
    shop.db.hand_in = real  # type: ignore[method-assign]
    assert await shop.hear(MessageReceived(shop.sender(), "Здравствуйте")) == ["new"]


async def test_a_manager_is_told_when_the_database_is_away(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await shop.write("Здравствуйте")
    deal = await shop.deal()
    real = shop.db.hand_in
    await _broken(shop)

    async def away(_job):  # type: ignore[no-untyped-def]
        raise Unavailable("gone")

    monkeypatch.setattr(shop.db, "read", away)
    asked = asyncio.ensure_future(shop.turns.ask(deal["contact_id"], deal["id"], Take(), ANNA))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await shop.turns.once()
    shop.db.hand_in = real  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        async with asyncio.timeout(20):
            await asked


async def test_a_database_that_fails_again_and_again_makes_no_event_a_bad_one(shop: Shop) -> None:
    await shop.hear(MessageReceived(shop.sender(), "Здравствуйте"))
    real = shop.db.hand_in
    for _ in range(turns.POISON_AFTER + 1):
        await _broken(shop, until=3)
        with suppress(Unavailable):
            await shop.turns.once()
        shop.db.hand_in = real  # type: ignore[method-assign]
        shop.clock.advance(10_000)
    await shop.settle()
    (row,) = await shop.all("inbox")
    assert (row["state"], row["attempts"]) == ("processed", 0)


async def test_what_is_written_behind_a_closing_in_the_same_turn_opens_a_deal(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.write("Здравствуйте")
    first = await shop.deal()

    real = decide.decide

    def closing(ledger: Ledger, event):  # type: ignore[no-untyped-def]
        answer = real(ledger, event)
        if getattr(event, "text", "") == "не надо":
            ledger.close_deal(ledger.rows.deals[0], "lost", "silence", "bot")
        return answer

    monkeypatch.setattr(turns, "decide", closing)
    await shop.hear(MessageReceived(shop.sender(), "не надо"), MessageReceived(shop.sender(), "хотя погодите"))
    await shop.settle()
    found = await shop.all("deals")
    assert [d["closed_at"] is None for d in found] == [False, True]
    assert [e["deal_id"] for e in await shop.all("entries") if e["text"] == "хотя погодите"] != [first["id"]]
    assert found[0]["waiting_since"] is None


async def test_a_timer_that_cannot_be_handled_harms_no_message_and_leaves_a_task(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.write("Здравствуйте")
    real = decide.fire

    def fire(ledger: Ledger, timer: Timer) -> None:
        raise RuntimeError(timer.name)

    monkeypatch.setattr(turns, "fire", fire)
    await shop.db.write(lambda c: c.execute(update(tables.timers).values(due_at=shop.clock.now())))
    await shop.hear(MessageReceived(shop.sender(), "1"))
    for _ in range(8):
        await shop.turns.once()
        shop.clock.advance(10_000)
    await shop.db.write(lambda c: c.execute(update(tables.timers).values(due_at=shop.clock.now())))
    await shop.db.write(lambda c: c.execute(update(tables.lanes).values(due_at=shop.clock.now())))
    await shop.turns.once()
    monkeypatch.setattr(turns, "fire", real)
    await shop.settle()
    assert [r["state"] for r in await shop.all("inbox")] == ["processed", "processed"]
    assert "check_event" in [t["kind"] for t in await shop.all("tasks")]


async def test_a_failed_turn_is_tried_again_as_soon_as_it_may(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    real, raised = decide.decide, [0]

    def failing(ledger: Ledger, event):  # type: ignore[no-untyped-def]
        raised[0] += 1
        if raised[0] <= 3:
            raise RuntimeError("once")
        return real(ledger, event)

    monkeypatch.setattr(turns, "decide", failing)
    await shop.hear(MessageReceived(shop.sender(), "Здравствуйте"))
    report = await shop.turns.once()
    assert report.next_due is not None
    assert report.next_due <= shop.clock.now() + 200


async def test_a_visitors_message_and_a_composers_may_have_the_same_id(database_url: str) -> None:
    shop = open_shop(database_url, channels=[PaperChannel("web", "site")])
    await shop.hear(MessageReceived(shop.sender(), "Здравствуйте", message_id="1"))
    await shop.settle()
    deal = await shop.deal()
    await shop.ask(Write("Добрый день", client_id="1"), deal=deal["id"])
    found = await shop.db.read(lambda c: visitors.find_own(c, "web:site:1", "1"))
    assert found is not None
    assert shop.paper.texts()[-1] == "Добрый день"
    await shop.ask(Write("Ещё", client_id="x9"), deal=deal["id"])
    await shop.hear(MessageReceived(shop.sender(), "и я", message_id="x9"))
    await shop.settle()
    assert {r["state"] for r in await shop.all("inbox")} == {"processed"}
    assert "и я" in [e["text"] for e in await shop.all("entries")]
    await shop.db.close()


async def test_deals_whose_composers_used_the_same_ids_can_be_joined(shop: Shop) -> None:
    phone = "+79161234567"
    await shop.write("Здравствуйте", who="2")
    await shop.hear(MessageReceived(shop.sender("2"), phone=phone))
    await shop.write("Здравствуйте", who="3")
    for deal in [d["id"] for d in await shop.all("deals")]:
        await shop.ask(Write("Добрый день", client_id="1"), deal=deal)
    await shop.hear(MessageReceived(shop.sender("3"), phone=phone))
    await shop.settle()
    assert {r["state"] for r in await shop.all("inbox")} == {"processed"}
    assert len([d for d in await shop.all("deals") if d["closed_at"] is None]) == 1


async def test_a_part_claimed_before_the_clock_was_put_back_is_found_at_the_start(shop: Shop) -> None:
    await shop.hear(MessageReceived(shop.sender(), "Здравствуйте"))
    await shop.turns.once()
    at: Instant = shop.clock.now()
    await shop.db.write(
        lambda c: c.execute(update(tables.parts).values(state="sending", claimed_at=at + 3_600_000, attempts=1))
    )
    again = Delivery(shop.db, shop.channels, shop.live, shop.clock)
    assert await again.recover(lease_ms=0) == len(await shop.all("parts"))


async def test_a_stop_while_the_database_is_away_still_ends(shop: Shop) -> None:
    real = shop.db.hand_in
    await _broken(shop)
    await shop.db.close()
    shop.db.hand_in = real  # type: ignore[method-assign]


@pytest.mark.parametrize("told", ["at once", "later"])
async def test_the_address_that_blocked_us_is_barred_and_not_the_one_the_talk_has_moved_to(
    database_url: str, told: str
) -> None:
    old, new = PaperChannel("whatsapp", "+70000000000"), PaperChannel("sms", "+70000000000")
    shop = open_shop(database_url, channels=[old, new])
    phone = "+79161234567"
    await shop.hear(MessageReceived(Sender("whatsapp", "+70000000000", phone, "Иван", phone), "Здравствуйте"))
    await shop.turns.once()
    await shop.hear(MessageReceived(Sender("sms", "+70000000000", phone, "", phone), "это я же"))
    await shop.turns.once()
    if told == "at once":
        old.answers.append(Unreachable("blocked", "403"))
        await shop.settle()
    else:
        await shop.settle()
        await shop.hear(StatusReported("p1", "failed", old.sent[0].part, "63024", "blocked"))
        await shop.settle()
    assert {i["channel"]: i["barred"] for i in await shop.all("identities")} == {"whatsapp": "blocked", "sms": ""}
    assert "unreachable" in [t["kind"] for t in await shop.all("tasks")]
    await shop.db.close()


async def test_a_bot_that_closes_its_deal_is_heard_out(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await shop.write("Здравствуйте")
    real = walk.step

    def last_words(*given):  # type: ignore[no-untyped-def]
        ended = fx.EndRun("finished", "silence")
        return real(*given)[0], (fx.Say("Спасибо, до свидания"), fx.MoveStage("lost"), ended)

    monkeypatch.setattr(obey, "step", last_words)
    await shop.write("1")
    assert shop.paper.texts()[-1] == "Спасибо, до свидания"
    assert (await shop.deal())["outcome"] == "lost"
    assert [r["status"] for r in await shop.all("runs")] == ["finished"]
    assert await shop.all("timers") == []
