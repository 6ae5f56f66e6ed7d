"""One customer, one deal, one task, one manager: the spine, on both databases."""

import pytest

from bots.kit.events import Media
from gateway import turns
from gateway.channels.base import Refused, Retry, Sent, Throttled, Unknown, Unreachable
from gateway.desk import Edit, FinishTask, SteerBot, Take, Write
from gateway.events import CallEnded, FormSubmitted, MessageEdited, MessageReceived, ReachChanged, Sender, Unusable
from gateway.refusals import Conflict, Invalid
from state import deals as deal_rows
from state.lanes import LaneRows
from state.records import Person
from tests.shop import ANNA, BORIS, PaperChannel, Shop, open_shop


async def _to_handoff(shop: Shop) -> None:
    for text in ("Здравствуйте", "1", "WVWZZZ1JZXW000001", "тормозные колодки", "2"):
        await shop.write(text)
        await shop.later(seconds=3)


async def test_a_customer_walks_the_qualifier_to_one_deal_and_one_task_that_carries_what_was_gathered(shop: Shop):
    await _to_handoff(shop)
    (deal,) = await shop.all("deals")
    assert deal["fields"]["vin"] == "WVWZZZ1JZXW000001"
    assert deal["fields"]["quantity"] == 2
    (task,) = await shop.all("tasks")
    assert task["details"]["parts"] == "тормозные колодки"
    assert deal["owner"] == "pool"
    assert (await shop.all("runs"))[0]["status"] == "handed_off"
    assert {p["state"] for p in await shop.all("parts")} == {"sent"}
    assert await shop.balanced()


async def test_the_same_event_again_changes_nothing(shop: Shop):
    hello = MessageReceived(shop.sender(), "Здравствуйте")
    assert await shop.hear(hello, ids=["u1"]) == ["new"]
    assert await shop.hear(hello, hello, ids=["u1", "u1"]) == ["duplicate", "duplicate"]
    await shop.settle()
    assert len([e for e in await shop.all("entries") if e["author"] == "customer"]) == 1
    assert await shop.outcomes() == {"received": 3, "processed": 1, "duplicate": 2}


async def test_a_repeat_with_another_body_is_a_duplicate_and_is_noticed(shop: Shop):
    await shop.hear(MessageReceived(shop.sender(), "раз"), ids=["u1"])
    assert await shop.hear(MessageReceived(shop.sender(), "два"), ids=["u1"]) == ["differs"]


async def test_an_id_that_only_stands_for_something_unusable_may_come_again_mended(shop: Shop):
    bad, worse = Unusable("bad_total"), Unusable("bad_paid")
    hello = MessageReceived(shop.sender(), "Здравствуйте")
    assert await shop.hear(bad, ids=["u1"]) == ["new"]
    assert await shop.hear(bad, ids=["u1"]) == ["duplicate"]
    assert await shop.hear(worse, ids=["u1"]) == ["new"]
    assert await shop.hear(hello, hello, ids=["u1", "u1"]) == ["new", "duplicate"]
    await shop.settle()
    assert await shop.hear(hello, bad, ids=["u1", "u1"]) == ["duplicate", "differs"]
    assert len([e for e in await shop.all("entries") if e["author"] == "customer"]) == 1
    assert [(row["state"], row["reason"]) for row in await shop.all("inbox")] == [
        ("quarantined", "bad_total"), ("quarantined", "bad_paid"), ("processed", ""),
    ]  # fmt: skip
    assert await shop.outcomes() == {"received": 7, "quarantined": 2, "processed": 1, "duplicate": 4}


async def test_what_was_mended_may_come_in_one_batch_with_what_was_not(shop: Shop):
    hello, other = (MessageReceived(shop.sender(), text) for text in ("раз", "два"))
    assert await shop.hear(Unusable("bad_total"), hello, other, ids=["u1"] * 3) == ["new", "new", "differs"]
    await shop.settle()
    assert [e["text"] for e in await shop.all("entries") if e["author"] == "customer"] == ["раз"]
    assert await shop.balanced()


async def test_an_event_whose_handling_failed_does_not_come_again_under_its_id(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> str:
        raise RuntimeError("poison")

    monkeypatch.setattr("gateway.turns.decide", fail)
    await shop.hear(MessageReceived(shop.sender(), "раз"), ids=["u1"])
    await shop.later(minutes=5)
    assert [(row["state"], row["reason"]) for row in await shop.all("inbox")] == [("quarantined", "poison")]
    assert await shop.hear(MessageReceived(shop.sender(), "два"), ids=["u1"]) == ["differs"]


async def test_take_is_one_act_and_a_second_taker_is_refused(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.ask(Take(), who=ANNA)
    deal = await shop.deal()
    assert (deal["responsible_id"], deal["owner"], deal["stage"]) == (ANNA.id, "person", "clarification")
    with pytest.raises(Conflict):
        await shop.ask(Take(), who=BORIS)
    await shop.ask(Take(), who=ANNA)
    assert (await shop.deal())["responsible_id"] == ANNA.id


async def test_after_a_take_over_the_bot_stays_silent(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.ask(Take())
    said = len(shop.paper.sent)
    await shop.write("1")
    await shop.later(hours=11)
    assert len(shop.paper.sent) == said
    assert (await shop.deal())["closed_at"] is None


async def test_what_the_bot_had_queued_when_a_person_took_over_is_not_sent(shop: Shop):
    await shop.hear(MessageReceived(shop.sender(), "Здравствуйте"))
    await shop.turns.once()
    await shop.ask(Take())
    assert shop.paper.sent == []
    assert {p["state"] for p in await shop.all("parts")} == {"blocked"}


async def test_a_managers_message_reaches_the_customer_and_stops_the_bot_until_handed_back(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.ask(Write("Добрый день, это Анна"))
    assert shop.paper.texts()[-1] == "Добрый день, это Анна"
    assert (await shop.all("runs"))[0]["status"] == "stopped"
    await shop.write("1")
    assert shop.paper.texts()[-1] == "Добрый день, это Анна"
    await shop.ask(SteerBot("start"))
    assert "интересует" in shop.paper.texts()[-1]


async def test_a_composer_that_sends_twice_sends_one_message(shop: Shop):
    await shop.write("Здравствуйте")
    first = await shop.ask(Write("Добрый день", client_id="c1"))
    assert await shop.ask(Write("Добрый день", client_id="c1")) == first
    assert shop.paper.texts().count("Добрый день") == 1


@pytest.mark.parametrize(("text", "who"), [("Другие слова", ANNA), ("Добрый день", BORIS)])
async def test_another_message_under_a_used_id_is_refused_and_not_sent(shop: Shop, text: str, who: Person):
    await shop.write("Здравствуйте")
    await shop.ask(Write("Добрый день", client_id="c1"))
    sent = shop.paper.texts()
    with pytest.raises(Conflict) as refused:
        await shop.ask(Write(text, client_id="c1"), who=who)
    assert refused.value.code == "client_id_reused"
    assert shop.paper.texts() == sent


async def test_a_task_is_not_done_without_a_result(shop: Shop):
    await _to_handoff(shop)
    task_id = (await shop.all("tasks"))[0]["id"]
    task = await shop.db.read(lambda c: deal_rows.find_task(c, task_id))
    assert task is not None
    with pytest.raises(Invalid):
        await shop.ask(FinishTask(task, "  "), deal=task.deal_id)
    await shop.ask(FinishTask(task, "Подобраны колодки"), deal=task.deal_id)
    done = (await shop.all("tasks"))[0]
    assert (done["state"], done["result"]) == ("done", "Подобраны колодки")


async def test_ten_hours_of_silence_close_the_deal_and_the_timeline_says_that_the_bot_has_stopped(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.later(hours=9.9)
    assert (await shop.deal())["closed_at"] is None
    await shop.later(hours=0.2)
    deal = await shop.deal()
    assert deal["outcome"] == "lost"
    assert deal["reason"]
    assert any("остановлен" in e["text"] for e in await shop.all("entries") if e["kind"] == "bot")
    await shop.write("А вот и я")
    assert [d["closed_at"] is None for d in await shop.all("deals")] == [False, True]


async def test_a_reply_wins_over_the_timeout_it_was_racing(shop: Shop):
    await shop.write("Здравствуйте")
    shop.clock.advance(11 * 3_600_000)
    await shop.write("1")
    assert (await shop.deal())["closed_at"] is None


async def test_eight_first_messages_at_once_make_one_contact_one_deal_and_one_greeting(shop: Shop):
    await shop.hear(*[MessageReceived(shop.sender(), f"Здравствуйте {n}") for n in range(8)])
    await shop.settle()
    assert len(await shop.all("contacts")) == 1
    assert len(await shop.all("deals")) == 1
    assert len([t for t in shop.paper.texts() if "Здравствуйте" in t]) == 1


async def test_the_same_verified_phone_over_another_channel_is_the_same_contact(database_url: str):
    shop = open_shop(
        database_url, channels=[PaperChannel("whatsapp", "+70000000000"), PaperChannel("sms", "+70000000000")]
    )
    phone = "+79161234567"
    await shop.hear(MessageReceived(Sender("whatsapp", "+70000000000", phone, "Иван", phone), "Здравствуйте"))
    await shop.settle()
    await shop.hear(MessageReceived(Sender("sms", "+70000000000", phone, "", phone), "это я же"))
    await shop.settle()
    assert len(await shop.all("contacts")) == 1
    assert len(await shop.all("deals")) == 1
    await shop.db.close()


async def test_a_shared_phone_that_is_known_joins_the_two_contacts_and_the_talk_goes_on_in_the_older_deal(shop: Shop):
    phone = "+79161234567"
    await shop.hear(FormSubmitted(Sender("form", "vin", phone, "Иван", phone), "vin", {"vin": "X", "phone": phone}))
    await shop.settle()
    await shop.write("Здравствуйте")
    assert len([d for d in await shop.all("deals") if d["closed_at"] is None]) == 2
    await shop.write("1")
    await shop.hear(MessageReceived(shop.sender(), phone=phone))
    await shop.settle()
    (deal,) = [d for d in await shop.all("deals") if d["closed_at"] is None]
    assert deal["source"] == "form:vin"
    assert [d["reason"] for d in await shop.all("deals") if d["closed_at"] is not None] == ["joined"]
    assert len([c for c in await shop.all("contacts") if c["merged_into"] is None]) == 1
    (run,) = [r for r in await shop.all("runs") if r["status"] == "running"]
    assert run["deal_id"] == deal["id"]
    said = len(shop.paper.sent)
    await shop.write("WVWZZZ1JZXW000001")
    await shop.later(seconds=3)
    assert len(shop.paper.sent) > said
    assert all(e["deal_id"] == deal["id"] for e in await shop.all("entries") if e["kind"] == "message")


async def test_a_shared_phone_of_a_deal_that_a_manager_holds_stops_the_bot(shop: Shop):
    phone = "+79161234567"
    await shop.hear(FormSubmitted(Sender("form", "vin", phone, "Иван", phone), "vin", {"vin": "X", "phone": phone}))
    await shop.settle()
    held = await shop.deal()
    await shop.ask(Take(), deal=held["id"])
    await shop.write("Здравствуйте")
    await shop.hear(MessageReceived(shop.sender(), phone=phone))
    await shop.settle()
    said = len(shop.paper.sent)
    await shop.write("1")
    assert len(shop.paper.sent) == said
    assert (await shop.deal(held["id"]))["responsible_id"] == ANNA.id
    await shop.ask(Write("Вижу вас"), deal=held["id"])
    assert shop.paper.sent[-1].text == "Вижу вас"


async def test_a_form_and_a_missed_call_join_the_open_deal_and_leave_work_for_a_person(shop: Shop):
    phone = "+79161234567"
    await shop.hear(FormSubmitted(Sender("form", "vin", phone, "Иван", phone), "vin", {"vin": "X", "phone": phone}))
    await shop.settle()
    await shop.hear(CallEnded(Sender("phone", "calls", phone, "", phone), "missed", "in"))
    await shop.settle()
    assert len(await shop.all("deals")) == 1
    assert [t["kind"] for t in await shop.all("tasks")] == ["answer", "call_back"]
    await shop.hear(CallEnded(Sender("phone", "calls", "+79160000000", "", "+79160000000"), "answered", "in"))
    await shop.settle()
    assert len(await shop.all("deals")) == 1


async def test_an_edited_message_is_a_note_and_moves_nothing(shop: Shop):
    await shop.write("Здравствуйте")
    before = (await shop.all("runs"))[0]["state"]
    await shop.hear(MessageEdited(shop.sender(), "1", "Привет"))
    await shop.settle()
    assert (await shop.all("runs"))[0]["state"] == before


async def test_an_old_button_is_answered_as_stale_and_changes_nothing(shop: Shop):
    await shop.write("Здравствуйте")
    data = shop.paper.sent[-1].buttons[0].data
    await shop.press(data)
    after = (await shop.all("runs"))[0]["state"]
    for _ in range(9):
        await shop.press(data)
    assert (await shop.all("runs"))[0]["state"] == after
    assert len([o for o in shop.paper.sent if o.kind == "ack" and o.text]) == 9


async def test_anothers_button_is_stale(shop: Shop):
    await shop.write("Здравствуйте", who="1")
    data = shop.paper.sent[-1].buttons[0].data
    await shop.write("Здравствуйте", who="2")
    before = [r["state"] for r in await shop.all("runs")]
    await shop.press(data, who="2")
    assert [r["state"] for r in await shop.all("runs")] == before


async def test_a_customer_who_blocks_us_is_not_written_to_and_a_person_learns_of_it(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.hear(ReachChanged(shop.sender(), "blocked"))
    await shop.settle()
    assert (await shop.all("runs"))[0]["status"] == "stopped"
    assert [t["kind"] for t in await shop.all("tasks")] == ["unreachable"]
    with pytest.raises(Invalid):
        await shop.ask(Write("Вы где?"))
    await shop.write("Я вернулся")
    await shop.ask(Write("Отлично"))
    assert shop.paper.texts()[-1] == "Отлично"


async def test_two_robots_that_answer_each_other_are_parted(shop: Shop):
    for n in range(40):
        await shop.write(f"автоответ {n}")
        await shop.later(seconds=3)
    assert len(shop.paper.texts()) <= 20
    run = (await shop.all("runs"))[0]
    assert run["status"] in ("stopped", "handed_off")


# -- delivery --------------------------------------------------------------------------------------------------------


async def test_parts_of_one_address_keep_their_order_through_a_throttle(shop: Shop):
    shop.paper.answers = [Throttled(2_000, "address"), Sent("a"), Sent("b")]
    await shop.write("Здравствуйте")
    assert len(shop.paper.sent) == 1
    await shop.later(seconds=3)
    texts = shop.paper.texts()
    assert texts[0] == texts[1]
    assert len(texts) == 3
    assert [p["repeats"] for p in await shop.all("parts")] == [0, 0]


async def test_an_unknown_reply_is_sent_once_more_and_marked(shop: Shop):
    shop.paper.answers = [Unknown("reset"), Sent("a")]
    await shop.write("Здравствуйте")
    await shop.later(seconds=5)
    parts = await shop.all("parts")
    assert [(p["state"], p["repeats"]) for p in parts] == [("sent", 1), ("sent", 0)]


async def test_a_twice_unknown_reply_is_left_alone_and_a_person_learns_of_it(shop: Shop):
    shop.paper.answers = [Unknown("reset"), Unknown("reset")]
    await shop.write("Здравствуйте")
    await shop.later(seconds=5)
    assert (await shop.all("parts"))[0]["state"] == "unknown"
    assert "undelivered" in [t["kind"] for t in await shop.all("tasks")]


async def test_a_provider_that_keeps_failing_is_asked_ever_more_slowly_and_then_a_person_is(shop: Shop):
    shop.paper.answers = [Retry("502")] * 8
    await shop.write("Здравствуйте")
    await shop.later(hours=1)
    assert (await shop.all("parts"))[0]["state"] == "failed"
    assert [t["kind"] for t in await shop.all("tasks")] == ["undelivered"]


async def test_a_refused_part_stops_the_bot_and_asks_for_a_person(shop: Shop):
    shop.paper.answers = [Refused("400", "no")]
    await shop.write("Здравствуйте")
    assert (await shop.all("runs"))[0]["status"] == "stopped"
    assert [t["kind"] for t in await shop.all("tasks")] == ["undelivered"]


async def test_an_unreachable_address_is_barred_and_what_was_queued_for_it_is_dropped(shop: Shop):
    shop.paper.answers = [Unreachable("blocked", "bot was blocked by the user")]
    await shop.write("Здравствуйте")
    assert len(shop.paper.sent) == 1
    assert (await shop.all("identities"))[0]["barred"] == "blocked"
    assert {p["state"] for p in await shop.all("parts")} == {"blocked"}


async def test_a_poison_event_is_parked_with_a_task_and_its_contact_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    real = turns.decide

    def decide(ledger: object, event: object) -> str:
        if getattr(event, "text", "") == "яд":
            raise RuntimeError("boom")
        return real(ledger, event)

    monkeypatch.setattr(turns, "decide", decide)
    await shop.write("Здравствуйте")
    await shop.write("Здравствуйте", who="2")
    await shop.hear(
        MessageReceived(shop.sender(), "яд"),
        MessageReceived(shop.sender(), "1"),
        MessageReceived(shop.sender("2"), "1"),
    )
    await shop.later(minutes=1)
    assert [r["state"] for r in await shop.all("inbox")].count("quarantined") == 1
    assert "check_event" in [t["kind"] for t in await shop.all("tasks")]
    assert all(r["state"]["step"] != "menu" for r in await shop.all("runs"))
    assert await shop.balanced()


def test_lane_rows_need_no_deal():
    assert LaneRows.__dataclass_fields__["deals"].default_factory is list  # type: ignore[misc]


async def test_many_customers_at_once_are_each_answered(shop: Shop):
    await shop.hear(*[MessageReceived(shop.sender(str(n)), "Здравствуйте") for n in range(300)])
    await shop.settle()
    assert len({o.address for o in shop.paper.sent}) == 300
    assert {p["state"] for p in await shop.all("parts")} == {"sent"}


async def test_what_cannot_be_understood_is_kept_and_one_task_asks_a_person_to_look(shop: Shop):
    assert await shop.hear(Unusable("not_json"), Unusable("not_json")) == ["new", "new"]
    assert {(r["state"], r["reason"]) for r in await shop.all("inbox")} == {("quarantined", "not_json")}
    assert [(t["kind"], t["deal_id"]) for t in await shop.all("tasks")] == [("quarantine", 0)]
    assert await shop.balanced()


async def test_a_photo_is_kept_by_the_address_that_managers_open_it_at(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.write("1")
    await shop.write("", media=(Media("photo", "https://api.twilio.com/secret/ME1"),))
    await shop.later(seconds=3)
    kept = str((await shop.deal())["fields"])
    assert "/api/v1/entries/" in kept
    assert "twilio" not in kept


async def test_a_talk_that_is_given_up_is_somebodys_task(shop: Shop):
    await shop.write("Здравствуйте")
    await shop.ask(SteerBot("stop"))
    assert [(t["kind"], t["responsible_id"]) for t in await shop.all("tasks")] == [("answer", ANNA.id)]
    await shop.write("Здравствуйте", who="2")
    taken = (await shop.all("deals"))[1]["id"]
    await shop.ask(Take(), deal=taken)
    await shop.ask(Edit(release=True), deal=taken)
    last = (await shop.all("tasks"))[-1]
    assert (last["deal_id"], last["responsible_id"], last["state"]) == (taken, None, "open")


async def test_a_run_goes_on_in_the_version_it_began_with_after_the_file_has_changed(shop: Shop):
    await shop.write("Здравствуйте")
    shop.house.by_hash.clear()  # as after a start with a newer file
    await shop.write("1")
    assert (await shop.all("runs"))[0]["status"] == "running"
    assert "VIN" in shop.paper.texts()[-1]


async def test_of_two_bots_in_one_batch_one_ends_and_the_other_goes_on(shop: Shop):
    """A run that goes on is written without what only an end changes."""
    for who in "12":
        await shop.write("Здравствуйте", who)
    await shop.later(seconds=3)
    hears = [MessageReceived(shop.sender("1"), "позовите менеджера"), MessageReceived(shop.sender("2"), "1")]
    await shop.hear(*hears)
    assert (await shop.turns.once()).lanes == 2
    ended, going = await shop.all("runs")
    assert (ended["status"], ended["reason"], ended["ended_at"]) == ("handed_off", "asked_for_person", shop.clock.now())
    assert (going["status"], going["reason"], going["ended_at"]) == ("running", "", None)
    assert going["state"]["turn"] == ended["state"]["turn"] + 1
    assert going["waits_until"] > shop.clock.now()
    await shop.settle()
    await shop.write("позовите менеджера", "2")
    assert {run["status"] for run in await shop.all("runs")} == {"handed_off"}
