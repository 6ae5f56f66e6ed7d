"""Two processes on one PostgreSQL, brought to meet at the worst moment: nothing acknowledged is left lying."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.desk import Move, Take
from gateway.events import FormSubmitted, MessageReceived, OrderChanged, ReachChanged, Received, Sender
from gateway.intake import Intake
from gateway.refusals import Conflict
from gateway.turns import Turns
from state import inbox, lanes, merging, outbox
from state.database import Connection, Database
from tests.databases import Shelf
from tests.shop import ANNA, Shop, open_shop


@pytest.fixture
async def shop(shelf: Shelf) -> AsyncIterator[Shop]:
    with shelf.lent() as url:
        made = open_shop(url)
        yield made
        await made.db.close()


@pytest.fixture
async def other(shop: Shop) -> AsyncIterator[Database]:
    """The other process's way to the same database."""
    db = Database(shop.db.url)
    yield db
    await db.close()


async def _keep(shop: Shop, other: Database, text: str) -> Intake:
    """The other process is told, and acknowledges it."""
    intake = Intake(other, shop.live, shop.clock, shop.house.words)
    word = Received(f"w:{text}", MessageReceived(shop.sender(), text), b"{}")
    accepted = asyncio.ensure_future(intake.accept("telegram", "100", [word]))
    await asyncio.sleep(0)
    await intake.once()
    assert await accepted == ["new"]
    return intake


async def _woken(intake: Intake) -> None:
    """It has done what it does behind a commit for the lanes that others had in hand."""
    await asyncio.gather(*intake._waking)


async def test_a_word_that_comes_in_while_another_process_has_its_lane_is_heard(shop: Shop, other: Database) -> None:
    await shop.hear(MessageReceived(shop.sender(), "Здравствуйте"))
    now = shop.clock.now()
    with shop.db.engine.connect() as theirs:
        turn = theirs.begin()
        (rows,) = lanes.claim(theirs, now, 10)
        intake = await _keep(shop, other, "Есть кто?")
        done = lanes.Writes(done=[(rows.inbox[0].id, "processed", "")])
        done.lanes.append({"b_id": rows.contact.id, "b_due": None, "b_pace": []})
        lanes.save(theirs, done, now, ids=other.ids)
        turn.commit()
    await _woken(intake)
    await shop.settle()
    assert [r["state"] for r in await shop.all("inbox")] == ["processed", "processed"]


async def test_a_word_that_comes_in_while_its_contact_is_joined_to_another_is_heard(
    shop: Shop, other: Database
) -> None:
    phone = "+79161234567"
    await shop.hear(FormSubmitted(Sender("form", "vin", phone, "Иван", phone), "vin", {"vin": "X"}))
    await shop.write("Здравствуйте")
    kept, gone = sorted(c["id"] for c in await shop.all("contacts"))
    now = shop.clock.now()
    words = merging.Words(joined=str, stopped="")
    with shop.db.engine.connect() as theirs:
        joining = theirs.begin()
        merging.join(theirs, shop.db.ids, kept, gone, now, words)
        intake = await _keep(shop, other, "вин позже")
        joining.commit()
    await _woken(intake)
    await shop.settle()
    assert {r["state"] for r in await shop.all("inbox")} == {"processed"}
    assert [e["contact_id"] for e in await shop.all("entries") if e["text"] == "вин позже"] == [kept]


async def test_a_due_lane_that_another_process_holds_is_taken_when_it_is_let_go(shop: Shop, other: Database) -> None:
    await shop.hear(MessageReceived(shop.sender(), "Здравствуйте"))
    with shop.db.engine.connect() as theirs, theirs.begin() as held:
        lanes.claim(theirs, shop.clock.now(), 10)
        mine = Turns(other, shop.house, shop.live, shop.clock)
        report = await mine.once()
        assert (report.lanes, report.next_due) == (0, shop.clock.now())  # it comes back at once
        held.rollback()
    assert (await mine.once()).lanes == 1


async def test_a_word_is_heard_though_whoever_was_to_wake_its_lane_has_died(shop: Shop, other: Database) -> None:
    await shop.write("Здравствуйте")
    await _keep(shop, other, "1")
    await shop.db.write(lambda c: c.exec_driver_sql("UPDATE lanes SET due_at = NULL"))
    assert (await shop.turns.once()).lanes == 0
    assert await other.write(lambda c: inbox.wake_forgotten(c, shop.clock.now())) == 1
    await shop.settle()
    assert {r["state"] for r in await shop.all("inbox")} == {"processed"}


async def test_a_take_over_of_a_deal_that_was_just_joined_to_another_contact_is_refused(shop: Shop) -> None:
    phone = "+79161234567"
    await shop.hear(FormSubmitted(Sender("form", "vin", phone, "Иван", phone), "vin", {"vin": "X"}))
    await shop.settle()
    await shop.ask(Move("lost", "silence"))
    await shop.write("Здравствуйте")
    deal = next(d for d in await shop.all("deals") if d["closed_at"] is None)
    gone = deal["contact_id"]
    kept = min(c["id"] for c in await shop.all("contacts"))
    words = merging.Words(joined=str, stopped="")
    await shop.db.write(lambda c: merging.join(c, shop.db.ids, kept, gone, shop.clock.now(), words))
    with pytest.raises(Conflict):
        await shop.ask(Take(), deal=deal["id"], contact=gone)
    assert (await shop.deal(deal["id"]))["owner"] == "bot"
    await shop.ask(Take(), deal=deal["id"])
    assert {r["status"] for r in await shop.all("runs")} == {"stopped"}


# -- locks are taken in one order: parts, identities, deals ---------------------------------------------------------------


async def _spoken_to(shop: Shop) -> tuple[int, int]:
    """A customer whom the bot is about to answer: the deal, and the contact."""
    await shop.hear(MessageReceived(shop.sender(), "Здравствуйте"))
    await shop.turns.once()
    deal = await shop.deal()
    assert [p["state"] for p in await shop.all("parts")] == ["queued", "queued"]
    return deal["id"], deal["contact_id"]


async def test_a_take_over_and_a_claim_of_the_bots_words_never_wait_for_each_other(shop: Shop, other: Database) -> None:
    """The claim has locked the part and not yet the deal when the take-over comes: it waits, and nothing is undone."""
    deal, contact = await _spoken_to(shop)
    now = shop.clock.now()
    mine = Turns(other, shop.house, shop.live, shop.clock)
    with shop.db.engine.connect() as claiming, claiming.begin():
        outbox._NEXT_IN_LINE.rows(claiming, now=now, n=10, paused=[])
        taking = asyncio.ensure_future(mine.ask(contact, deal, Take(), ANNA))
        await asyncio.sleep(0)
        turn = asyncio.ensure_future(mine.once())
        await asyncio.sleep(0.5)
        assert not taking.done()
        claiming.exec_driver_sql("SET LOCAL deadlock_timeout TO '10s'; SET LOCAL lock_timeout TO '500ms'")
        assert outbox._SHARE_DEALS.rows(claiming, ids=[deal]) == [(deal, 1)]
        outbox.mark_sending(claiming, [1], now)
    await turn
    await taking
    assert [p["state"] for p in await shop.all("parts")] == ["sending", "blocked"]
    assert (await shop.deal())["owner"] == "person"


async def test_a_stop_word_and_a_claim_to_that_address_never_wait_for_each_other(shop: Shop, other: Database) -> None:
    deal, _ = await _spoken_to(shop)
    now = shop.clock.now()
    await shop.hear(ReachChanged(shop.sender(), "opted_out"))
    mine = Turns(other, shop.house, shop.live, shop.clock)
    with shop.db.engine.connect() as claiming, claiming.begin():
        outbox._NEXT_IN_LINE.rows(claiming, now=now, n=10, paused=[])
        turn = asyncio.ensure_future(mine.once())
        await asyncio.sleep(0.5)
        claiming.exec_driver_sql("SET LOCAL deadlock_timeout TO '10s'; SET LOCAL lock_timeout TO '500ms'")
        outbox._SHARE_DEALS.rows(claiming, ids=[deal])
        claiming.execute(outbox._BAR, {"b_id": 1, "b_why": "blocked"})
        outbox.mark_sending(claiming, [1], now)
    await turn
    assert (await shop.all("identities"))[0]["barred"] == "opted_out"


async def test_receipts_and_verdicts_of_the_same_parts_never_wait_for_each_other(shop: Shop, other: Database) -> None:
    """Whatever order they came in, both write the parts in the same one."""
    for who in ("1", "2"):
        await shop.hear(MessageReceived(shop.sender(who), "Здравствуйте"))
    await shop.turns.once()
    now = shop.clock.now()
    claimed = [c.part for c in await shop.db.write(lambda c: outbox.candidates(c, now, 10))]
    await shop.db.write(lambda c: outbox.mark_sending(c, [p.id for p in claimed], now))
    for part in claimed:
        part.attempts = 1
    said = [outbox.Verdict(p, "sent", open=False, due_at=now, provider_id=f"s{p.id}") for p in reversed(claimed)]
    heard = lanes.Writes(statuses=[(p.id, "delivered", "", f"s{p.id}") for p in claimed])
    before = await shop.db.read(_deadlocks)
    for turn in range(20):
        work = [
            shop.db.write(lambda c: outbox.settle(c, said, now)),
            other.write(lambda c: lanes.save(c, heard, now, ids=other.ids)),
        ]
        await asyncio.gather(*(work if turn % 2 else work[::-1]))
    await asyncio.sleep(0.1)
    assert await shop.db.read(_deadlocks) == before
    assert {p["state"] for p in await shop.all("parts") if p["attempts"]} == {"delivered"}


def _deadlocks(conn: Connection) -> int:
    counted = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    return int(conn.exec_driver_sql(counted).scalar_one())


async def test_two_processes_that_are_told_the_same_mended_event_take_it_once(shop: Shop, other: Database) -> None:
    now = shop.clock.now()
    bad = inbox.Arrival("order", "orders", "e1", "unusable", {}, b"bad", "quarantined", "bad_total")
    sender = {"channel": "order", "account": "orders", "address": "7", "name": "", "phone": "", "email": ""}
    event = {"event": OrderChanged(Sender("order", "orders", "7"), "7", "placed")}
    mended = inbox.Arrival("order", "orders", "e1", "order", event, b"mended", sender=sender)
    assert await shop.db.write(lambda c: inbox.keep(c, shop.db.ids, [bad], now)) == ["new"]
    with shop.db.engine.connect() as theirs:
        turn = theirs.begin()
        assert inbox.keep(theirs, shop.db.ids, [mended], now) == ["new"]
        ours = asyncio.ensure_future(other.write(lambda c: inbox.keep(c, other.ids, [mended], now)))
        await asyncio.sleep(0.3)
        assert not ours.done()  # it waits for what becomes of it there
        turn.commit()
    assert await ours == ["duplicate"]
    await shop.settle()
    assert sorted(row["state"] for row in await shop.all("inbox")) == ["processed", "quarantined"]
    assert await shop.balanced()
