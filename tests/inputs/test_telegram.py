"""Bad posts to Telegram's hook, the whole way: what is answered and what is kept. Ids are the catalogue's (A)."""

import asyncio
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.channels import telegram_updates
from gateway.desk import Write
from tests.inputs.halls import PATIENCE_S, SECRET, Hall

pytestmark = pytest.mark.asyncio(loop_scope="session")

FAMILY = "👨\u200d👩\u200d👧\u200d👦"


# -- who may post --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([], id="A1 no secret header"),
        pytest.param([("X-Telegram-Bot-Api-Secret-Token", "X" * len(SECRET))], id="A2 wrong secret of the same length"),
        pytest.param([("X-Telegram-Bot-Api-Secret-Token", "tök")], id="A3 non-ASCII secret"),
        pytest.param([("X-Telegram-Bot-Api-Secret-Token", SECRET)] * 2, id="A4 two secret headers"),
        pytest.param([("X-Forwarded-For", "149.154.167.220")], id="A5 forged address instead of the secret"),
    ],
)
async def test_a_post_without_the_secret_stores_nothing(hall: Hall, headers: list[tuple[str, str]]) -> None:
    before = await hall.kept()
    assert await hall.post("/hooks/telegram", json.dumps(hall.update()).encode(), headers) == 401
    assert await hall.kept() == before


async def test_a_forged_address_beside_the_secret_changes_nothing(hall: Hall) -> None:
    """A5"""
    assert await hall.tell(hall.update(chat=hall.newcomer()), **{"X-Forwarded-For": "149.154.167.220"}) == 200
    assert (await hall.last())["state"] == "processed"


# -- what never was a whole post -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        pytest.param(b"", {}, 400, id="A6 empty body"),
        pytest.param(b" " * 2_000_000, {}, 413, id="A9 2 MB body"),
        pytest.param(gzip.compress(b"0" * 50_000_000), {"Content-Encoding": "gzip"}, 415, id="A10 gzip bomb"),
    ],
)
async def test_what_is_refused_before_it_is_read_stores_nothing(
    hall: Hall, body: bytes, headers: dict[str, str], status: int
) -> None:
    before = await hall.kept()
    assert await hall.tell(body, **headers) == status
    assert await hall.kept() == before


async def test_a_body_cut_in_transit_stores_nothing(hall: Hall) -> None:
    """A8: shorter than announced, and the line is gone."""
    before = await hall.kept()
    reader, writer = await asyncio.open_connection("127.0.0.1", hall.app.port)
    head = f"POST /hooks/telegram HTTP/1.1\r\nHost: x\r\nX-Telegram-Bot-Api-Secret-Token: {SECRET}\r\n"
    writer.write(head.encode() + b'Content-Length: 900\r\n\r\n{"update_id":1')
    writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    assert not answer or b" 400 " in answer.split(b"\r\n")[0]
    assert await hall.kept() == before


# -- quarantined: authentic, and of no use -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"[]", "not_an_update", id="A7 a list"),
        pytest.param(b'{"update_id":5,', "not_json", id="A8 complete but invalid"),
        pytest.param(b'{"update_id":1e400}', "not_json", id="A11 1e400"),
        pytest.param(b'{"update_id":NaN}', "not_json", id="A11 NaN"),
        pytest.param(b'{"update_id":1' + b"0" * 30 + b"}", "bad_update_id", id="A12 update_id 10**30"),
        pytest.param(b"[" * 200_000, "too_deep", id="A14 200,000 nested ["),
        pytest.param(b'{"update_id":' + b"9" * 5_000 + b"}", "not_json", id="A15 integer of 5,000 digits"),
        pytest.param(b"\xff\xfe\x00", "not_json", id="bytes that are no text"),
        pytest.param(b'{"update_id":5000001,"message":[]}', "bad_message", id="a message that is a list"),
    ],
)
async def test_the_unusable_is_kept_whole_with_its_reason(hall: Hall, body: bytes, reason: str) -> None:
    for _ in range(2):  # the provider repeats: still one
        assert await hall.tell(body) == 200
        (kept,) = await hall.rows("inbox", raw=body, channel="telegram")
        assert (kept["state"], kept["reason"]) == ("quarantined", reason)
    assert await hall.called_for(reason)


@pytest.mark.parametrize("kind", [[1, 2], {"a": 1}, 5, None], ids=lambda k: f"a chat of type {k}")
async def test_a_chat_of_no_type_is_no_error(hall: Hall, kind: Any) -> None:
    update = hall.update(chat=hall.newcomer())
    update["message"]["chat"]["type"] = kind
    assert await hall.tell(update) == 200
    (kept,) = await hall.rows("inbox", external_id=f"u{update['update_id']}")
    assert kept["reason"] != "parse_failed"


async def test_what_trips_the_translation_is_kept_and_not_sent_again_for_ever(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever nobody has thought of yet."""
    monkeypatch.setitem(telegram_updates._KINDS, "message", lambda *_: 1 // 0)
    body = json.dumps(hall.update()).encode()
    assert await hall.tell(body) == 200
    (kept,) = await hall.rows("inbox", raw=body, channel="telegram")
    assert (kept["state"], kept["reason"]) == ("quarantined", "parse_failed")


# -- ignored: understood, and no concern of ours -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("unknown_kind", "unknown_type", id="A17 brand new kind"),
        pytest.param("channel_post", "channel", id="A23 channel post"),
        pytest.param("group_message", "group", id="A23 group message"),
        pytest.param("from_a_bot", "bot", id="A24 from another bot"),
        pytest.param("from_ourselves", "self", id="A25 from ourselves"),
        pytest.param("group_migrated", "unknown_sender", id="A35 a group that moved"),
    ],
)
async def test_what_is_no_concern_of_ours_is_ignored_with_its_reason(hall: Hall, name: str, reason: str) -> None:
    contacts = len(await hall.rows("contacts"))
    assert await hall.tell(hall.update(name)) == 200
    kept = await hall.last()
    assert (kept["state"], kept["reason"]) == ("ignored", reason)
    assert len(await hall.rows("contacts")) == contacts


# -- processed, however odd ----------------------------------------------------------------------------------------------


def _raw(text: str) -> Callable[[dict[str, Any]], bytes]:
    """The update with its text spelled in JSON by hand."""
    return lambda update: json.dumps(update).replace('"TEXT"', f'"{text}"').encode()


@pytest.mark.parametrize(
    ("spelled", "heard"),
    [
        pytest.param(_raw(r"раз \ud800 два"), "раз \ufffd два", id="A18 lone surrogate"),
        pytest.param(_raw(r"раз\u0000два"), "раздва", id="A19 NUL"),
        pytest.param(_raw(FAMILY * 600), FAMILY * 600, id="A20 600 families"),
        pytest.param(_raw("/start ../../x'--" + "y" * 180), "/start ../../x'--" + "y" * 180, id="A30 hostile deep link"),
        pytest.param(_raw("{{7*7}} {name} <b>&amp;"), "{{7*7}} {name} <b>&amp;", id="A32 markup and placeholders"),
    ],
)  # fmt: skip
async def test_odd_texts_are_heard_as_they_are(
    hall: Hall, spelled: Callable[[dict[str, Any]], bytes], heard: str
) -> None:
    assert await hall.tell(spelled(hall.update(chat=hall.newcomer(), text="TEXT"))) == 200
    kept = await hall.last()
    assert kept["state"] == "processed"
    assert await hall.talk(kept["contact_id"]) == [heard]


async def test_a_text_past_telegrams_own_size_is_heard_whole_and_answered_within_it(hall: Hall) -> None:
    """A20: 4096 families of 11 UTF-16 units each."""
    assert await hall.tell(hall.update(chat=hall.newcomer(), text=FAMILY * 4096)) == 200
    kept = await hall.last()
    assert await hall.talk(kept["contact_id"]) == [FAMILY * 4096]
    await hall.command(kept["contact_id"], Write(FAMILY * 4096))
    *_, entry = await hall.entries(kept["contact_id"])
    said = [part["payload"]["text"] for part in await hall.rows("parts", entry_id=entry["id"])]
    assert len(said) > 10
    assert {len(text.encode("utf-16-le")) // 2 <= 4096 for text in said} == {True}
    assert {text.replace(FAMILY, "") for text in said} == {""}
    assert "".join(said) == FAMILY * 4096
    assert {part["state"] for part in await hall.rows("parts", contact_id=kept["contact_id"])} == {"sent"}


async def test_a_number_spelled_as_text_is_the_same_number(hall: Hall) -> None:
    """A13"""
    update = hall.update(chat=hall.newcomer())
    assert await hall.tell(update | {"update_id": str(update["update_id"])}) == 200
    kept = await hall.last()
    assert (kept["state"], kept["external_id"]) == ("processed", f"u{update['update_id']}")
    assert await hall.tell(update) == 200
    await hall.settled()
    assert len(await hall.talk(kept["contact_id"])) == 1


async def test_a_key_given_twice_is_read_once_kept_raw_and_flagged(hall: Hall) -> None:
    """A16"""
    update = hall.update(chat=hall.newcomer())
    body = b'{"update_id":1,' + json.dumps(update).encode()[1:]
    assert await hall.tell(body) == 200
    kept = await hall.last()
    assert (kept["state"], kept["external_id"], kept["raw"]) == ("processed", f"u{update['update_id']}", body)
    (heard,) = [e for e in await hall.entries(kept["contact_id"]) if e["author"] == "customer"]
    assert heard["data"]["flags"] == ["duplicate_key"]


async def test_the_same_number_with_another_body_is_a_duplicate_that_is_counted_apart(hall: Hall) -> None:
    """A21"""
    update = hall.update(chat=hall.newcomer(), text="раз")
    assert await hall.tell(update) == 200
    kept = await hall.last()
    before, differing = await hall.kept(), await hall.differing()
    assert await hall.tell(update) == 200
    assert (await hall.kept(), await hall.differing()) == (before, differing)
    update["message"]["text"] = "два"
    assert await hall.tell(update) == 200
    assert (await hall.kept(), await hall.differing()) == (before, differing + 1)
    assert b'parley_events_duplicate_total{channel="telegram",reason="differs"}' in (await hall.ask("/metrics"))[2]
    assert await hall.talk(kept["contact_id"]) == ["раз"]


async def test_an_edit_is_a_note_and_moves_nothing(hall: Hall) -> None:
    """A22"""
    chat = hall.newcomer()
    assert await hall.tell(hall.update(chat=chat)) == 200
    contact = (await hall.last())["contact_id"]
    (before,) = await hall.rows("runs", contact_id=contact)
    assert await hall.tell(hall.update("edited_message", chat=chat, text="1")) == 200
    assert (await hall.last())["state"] == "processed"
    assert [r["state"] for r in await hall.rows("runs", contact_id=contact)] == [before["state"]]
    assert [e["kind"] for e in await hall.entries(contact) if e["author"] == "customer"] == ["message", "note"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param("button_pressed", "990001.1.parts", id="A26 another's menu"),
        pytest.param("button_pressed", "\ufffd" * 21, id="A27 random bytes"),
        pytest.param("button_pressed_without_message", "990007.7.order", id="A28 48 hours old, without its message"),
    ],
)
async def test_a_foreign_or_stale_press_is_answered_and_changes_nothing(hall: Hall, name: str, data: str) -> None:
    chat = hall.newcomer()
    assert await hall.tell(hall.update(chat=chat)) == 200
    contact = (await hall.last())["contact_id"]
    runs = [(r["id"], r["state"]) for r in await hall.rows("runs", contact_id=contact)]
    press = f"press{hall.number()}"
    assert await hall.tell(hall.update(name, chat=chat, data=data, id=press)) == 200
    kept = await hall.last()
    assert (kept["state"], kept["reason"], kept["contact_id"]) == ("ignored", "stale_button", contact)
    assert [(r["id"], r["state"]) for r in await hall.rows("runs", contact_id=contact)] == runs
    answered = [c for c in hall.telegram.ledger.calls if c.method == "answerCallbackQuery" and c.to == press]
    assert len(answered) == 1
    assert answered[0].text


async def test_a_button_pressed_ten_times_moves_on_once(hall: Hall) -> None:
    """A29"""
    chat = hall.newcomer()
    assert await hall.tell(hall.update(chat=chat)) == 200
    contact = (await hall.last())["contact_id"]
    (menu,) = [
        p["payload"]["buttons"] for p in await hall.rows("parts", contact_id=contact) if p["payload"].get("buttons")
    ]
    presses = [hall.update("button_pressed", chat=chat, data=menu[0][0], id=f"press{hall.number()}") for _ in range(10)]
    assert await asyncio.gather(*(hall.tell(press) for press in presses)) == [200] * 10
    await hall.settled()
    assert [r["state"]["step"] for r in await hall.rows("runs", contact_id=contact)] == ["car"]
    states = [
        r["state"]
        for r in await hall.rows("inbox", contact_id=contact)
        if r["external_id"] in {f"u{p['update_id']}" for p in presses}
    ]
    assert sorted(states) == ["ignored"] * 9 + ["processed"]


async def test_anothers_phone_is_not_taken_for_the_senders(hall: Hall) -> None:
    """A31, and one's own is."""
    for name, phone in (("contact_shared_foreign", False), ("contact_shared_own", True)):
        chat = hall.newcomer()
        update = hall.update(name, chat=chat)
        shared = update["message"]["contact"]
        shared["user_id"] = chat if phone else 42
        shared["phone_number"] = f"+7916{hall.number():07d}"
        assert await hall.tell(update) == 200
        contact = (await hall.last())["contact_id"]
        (person,) = await hall.rows("contacts", id=contact)
        assert person["phone"] == (shared["phone_number"] if phone else "")


@pytest.mark.parametrize(
    ("first", "shown"),
    [
        pytest.param("<b>&\"'{{7*7}}", "<b>&\"'{{7*7}}", id="A32 hostile name is kept literally"),
        pytest.param("\u202e\u200b", "", id="A33 a name of nothing visible"),
        pytest.param("", "", id="A33 no name"),
    ],
)
async def test_names_are_kept_literally_or_not_at_all(hall: Hall, first: str, shown: str) -> None:
    update = hall.update(chat=hall.newcomer())
    update["message"]["from"] |= {"first_name": first, "last_name": "", "username": ""}
    assert await hall.tell(update) == 200
    kept = await hall.last()
    assert kept["state"] == "processed"
    assert (await hall.rows("contacts", id=kept["contact_id"]))[0]["name"] == shown


async def test_whoever_has_no_name_is_shown_by_a_number(hall: Hall) -> None:
    """A33"""
    update = hall.update(chat=hall.newcomer())
    update["message"]["from"] |= {"first_name": "\u202e\u200b", "last_name": "", "username": ""}
    assert await hall.tell(update) == 200
    contact = (await hall.last())["contact_id"]
    (deal,) = await hall.rows("deals", contact_id=contact)
    assert f"Клиент № {contact}" in await hall.console(f"/console/deals/{deal['id']}")


async def test_a_hostile_name_is_text_on_the_managers_page(hall: Hall) -> None:
    """A32"""
    update = hall.update(chat=hall.newcomer(), text="<script>alert(1)</script>")
    update["message"]["from"] |= {"first_name": "<b>&\"'{{7*7}}", "last_name": "", "username": ""}
    assert await hall.tell(update) == 200
    (deal,) = await hall.rows("deals", contact_id=(await hall.last())["contact_id"])
    page = await hall.console(f"/console/deals/{deal['id']}")
    assert "&lt;b&gt;&amp;&#34;&#39;{{7*7}}" in page
    assert "<b>&" not in page
    assert "<script>alert" not in page


@pytest.mark.parametrize("date", [10**18, -5, "soon", None], ids=lambda d: f"A34 date {d}")
async def test_an_impossible_date_is_flagged_and_our_own_is_used(hall: Hall, date: Any) -> None:
    assert await hall.tell(hall.update(chat=hall.newcomer(), date=date)) == 200
    kept = await hall.last()
    assert kept["state"] == "processed"
    (heard,) = [e for e in await hall.entries(kept["contact_id"]) if e["author"] == "customer"]
    assert heard["data"]["flags"] == ["bad_date"]
    assert abs(heard["at"] - kept["received_at"]) < 5_000


async def test_a_huge_file_with_a_false_face_is_a_card_and_nothing_is_fetched(hall: Hall) -> None:
    """A36"""
    calls = len(hall.telegram.ledger.calls)
    document = {
        "file_id": "F1",
        "file_name": "invoice.pdf.exe",
        "mime_type": "application/pdf",
        "file_size": 3_000_000_000,
    }
    assert await hall.tell(hall.update("document", chat=hall.newcomer(), document=document)) == 200
    kept = await hall.last()
    (heard,) = [e for e in await hall.entries(kept["contact_id"]) if e["author"] == "customer"]
    assert [(m["kind"], m["name"], m["size"]) for m in heard["media"]] == [
        ("document", "invoice.pdf.exe", 3_000_000_000)
    ]
    assert "getFile" not in {c.method for c in hall.telegram.ledger.calls[calls:]}


async def test_an_album_of_ten_is_answered_once(hall: Hall) -> None:
    """A37: at the question for a photo."""
    chat = hall.newcomer()
    for text in ("Здравствуйте", "1"):
        assert await hall.tell(hall.update(chat=chat, text=text)) == 200
        await hall.settled()
    contact = (await hall.last())["contact_id"]
    said = len(await hall.rows("parts", contact_id=contact))
    album = [hall.update("media_group_1", chat=chat, message_id=9_000 + n) for n in range(10)]
    assert await asyncio.gather(*(hall.tell(photo) for photo in album)) == [200] * 10
    await hall.settled()
    await hall.gathered(contact)
    assert len(await hall.rows("parts", contact_id=contact)) == said + 1
    assert [r["state"]["step"] for r in await hall.rows("runs", contact_id=contact)] == ["parts"]
    assert sum(len(e["media"]) for e in await hall.entries(contact)) == 10


async def test_a_customer_who_blocks_us_is_not_written_to(hall: Hall) -> None:
    """A38"""
    chat = hall.newcomer()
    assert await hall.tell(hall.update(chat=chat)) == 200
    contact = (await hall.last())["contact_id"]
    assert await hall.tell(hall.update("bot_blocked", chat=chat)) == 200
    assert (await hall.last())["state"] == "processed"
    assert [i["barred"] for i in await hall.rows("identities", contact_id=contact)] == ["blocked"]
    assert [r["status"] for r in await hall.rows("runs", contact_id=contact)] == ["stopped"]
    assert [t["kind"] for t in await hall.rows("tasks", contact_id=contact)] == ["unreachable"]
    assert not [p for p in await hall.rows("parts", contact_id=contact) if p["open"]]


async def test_what_still_waits_to_be_sent_to_a_customer_who_blocks_us_is_cancelled(hall: Hall) -> None:
    """A38"""
    chat = hall.newcomer()
    hall.telegram.faults.add("throttle", to=str(chat), times=None, retry_after=2)
    try:
        assert await hall.tell(hall.update(chat=chat)) == 200
        async with asyncio.timeout(PATIENCE_S):
            while not await hall.rows("parts", address=str(chat)):
                await asyncio.sleep(0.01)
        assert await hall.tell(hall.update("bot_blocked", chat=chat)) == 200
        await hall.settled()
    finally:
        hall.telegram.faults.clear()
    parts = await hall.rows("parts", address=str(chat))
    assert {(p["state"], p["open"]) for p in parts} == {("blocked", 0)}
    assert hall.telegram.ledger.texts(str(chat)) == []
