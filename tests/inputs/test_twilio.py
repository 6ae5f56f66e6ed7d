"""Bad posts to Twilio's hooks, the whole way: what is answered and what is kept. Ids are the catalogue's (B)."""

import asyncio
import json
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.inputs.halls import ACCOUNT, PUBLIC, SMS, WHATSAPP, Hall

pytestmark = pytest.mark.asyncio(loop_scope="session")

MESSAGES, STATUS = "/hooks/twilio/messages", "/hooks/twilio/status"


def somebody(hall: Hall) -> str:
    """A number that nobody has used."""
    return f"+7917{hall.number():07d}"


def whatsapp(hall: Hall, who: str = "", **fields: str) -> dict[str, str]:
    return hall.form(From=f"whatsapp:{who or somebody(hall)}", To=f"whatsapp:{WHATSAPP}", **fields)


async def heard(hall: Hall) -> dict[str, Any]:
    """The customer's entry that came of the last post."""
    kept = await hall.last()
    assert kept["state"] == "processed", kept
    return [e for e in await hall.entries(kept["contact_id"]) if e["author"] == "customer"][-1]


async def barred(hall: Hall, who: str) -> str:
    (identity,) = await hall.rows("identities", address=who)
    return str(identity["barred"])


# -- who may post --------------------------------------------------------------------------------------------------------


async def test_a_post_that_is_not_signed_for_our_address_stores_nothing(hall: Hall) -> None:
    before = await hall.kept()
    form = whatsapp(hall)
    refused = {
        "B39 no signature": hall.send(form, signature=""),
        "B40 a byte that is no signature": hall.send(form, signature="\xff"),
        "B41 signed for http": hall.send(form, signed_for=PUBLIC.replace("https", "http") + MESSAGES),
        "B42 query in another order": hall.send(form, query="a=1&b=2", signed_for=f"{PUBLIC}{MESSAGES}?b=2&a=1"),
        "B50 another account's": hall.send(form | {"AccountSid": "AC" + "9" * 32}),
        "signed for another path": hall.send(form, signed_for=PUBLIC + STATUS),
        "a field more than signed": hall.send([*form.items(), ("Body2", "x")], signature=hall.twilio.signature(PUBLIC + MESSAGES, form)),
    }  # fmt: skip
    answers = {name: await sent for name, sent in refused.items()}
    assert set(answers.values()) == {403}, answers
    assert await hall.kept() == before


async def test_a_scheme_that_is_not_the_public_one_is_named_in_the_log(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    """B41"""
    assert await hall.send(whatsapp(hall), signed_for=PUBLIC.replace("https", "http") + MESSAGES) == 403
    (denied,) = [record.getMessage() for record in caplog.records if "hook_denied" in record.getMessage()]
    assert "signed for http://, but PARLEY_PUBLIC_URL says https://" in denied


@pytest.mark.parametrize("digest", ["", "0" * 64], ids=["B48 JSON without its digest", "B49 JSON with a wrong digest"])
async def test_a_json_body_without_its_true_digest_stores_nothing(hall: Hall, digest: str) -> None:
    before = await hall.kept()
    body = json.dumps(whatsapp(hall)).encode()
    query = f"bodySHA256={digest}" if digest else ""
    url = f"{PUBLIC}{MESSAGES}" + (f"?{query}" if query else "")
    answer = await hall.send(
        [], query=query, signature=hall.twilio.signature(url, []), body=body, **{"Content-Type": "application/json"}
    )
    assert answer == 403
    assert await hall.kept() == before


async def test_a_json_body_with_its_digest_is_heard(hall: Hall) -> None:
    body = json.dumps(whatsapp(hall, Body="раз")).encode()
    query = f"bodySHA256={sha256(body).hexdigest()}"
    signature = hall.twilio.signature(f"{PUBLIC}{MESSAGES}?{query}", [])
    json_type = {"Content-Type": "application/json"}
    assert await hall.send([], query=query, signature=signature, body=body, **json_type) == 200
    assert (await heard(hall))["text"] == "раз"


# -- heard, however it is spelled ----------------------------------------------------------------------------------------


async def test_an_address_with_its_port_is_the_same_address(hall: Hall) -> None:
    """B43"""
    assert await hall.send(whatsapp(hall, Body="раз"), signed_for=PUBLIC + ":443" + MESSAGES) == 200
    assert (await heard(hall))["text"] == "раз"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        pytest.param({"Body": "  раз\r\n "}, "  раз\r\n ", id="B44 spaces and line ends"),
        pytest.param({"Body": "раз", "ProfileName": "", "MediaUrl0": ""}, "раз", id="B45 blank fields"),
        pytest.param({"Body": "раз", "AddOns": '{"status":"successful"}'}, "раз", id="B46 an unknown field"),
        pytest.param({"Body": "раз", "ButtonPayload": "nobody-knows"}, "раз", id="B62 an unknown button"),
        pytest.param({"Body": "раз", "ListId": "nobody-knows"}, "раз", id="B62 an unknown list row"),
        pytest.param({"Body": "два\u0000слова \U0001f600"}, "дваслова \U0001f600", id="NUL in the text"),
    ],
)
async def test_odd_forms_are_heard(hall: Hall, fields: dict[str, str], text: str) -> None:
    assert await hall.send(whatsapp(hall, **fields)) == 200
    assert (await heard(hall))["text"] == text


async def test_a_button_that_nobody_knows_is_an_answer_in_words(hall: Hall) -> None:
    """B62: at the menu, where its words are no choice."""
    who = somebody(hall)
    assert await hall.send(whatsapp(hall, who, Body="Здравствуйте")) == 200
    contact = (await hall.last())["contact_id"]
    (before,) = await hall.rows("runs", contact_id=contact)
    said = len(hall.twilio.ledger.texts(f"whatsapp:{who}"))
    await asyncio.sleep(2.1)  # what is said sooner still belongs to the greeting
    assert await hall.send(whatsapp(hall, who, Body="фиолетовый", ButtonPayload="990001.1.order")) == 200
    assert (await heard(hall))["text"] == "фиолетовый"
    await hall.gathered(contact)
    (run,) = await hall.rows("runs", contact_id=contact)
    assert run["state"]["step"] == before["state"]["step"]
    assert len(hall.twilio.ledger.texts(f"whatsapp:{who}")) == said + 1


async def test_a_field_given_twice_is_signed_and_read_as_the_same_list(hall: Hall) -> None:
    """B47"""
    form = [
        *whatsapp(hall, NumMedia="1").items(),
        ("MediaUrl0", "https://api.twilio.com/1"),
        ("MediaUrl0", "https://api.twilio.com/2"),
    ]
    assert await hall.send(form, signature=hall.twilio.signature(PUBLIC + MESSAGES, form)) == 200
    assert [m["ref"] for m in (await heard(hall))["media"]] == ["https://api.twilio.com/1"]


async def test_the_same_sid_twice_is_one_effect_whatever_it_says_and_what_differs_is_counted(hall: Hall) -> None:
    """B51"""
    form = whatsapp(hall, Body="раз")
    assert await hall.send(form) == 200
    contact = (await hall.last())["contact_id"]
    before, differing = await hall.kept(), await hall.differing()
    assert await hall.send(form) == 200
    assert await hall.send(form | {"Body": "два"}) == 200
    assert (await hall.kept(), await hall.differing()) == (before, differing + 1)
    await hall.settled()
    assert await hall.talk(contact) == ["раз"]


@pytest.mark.parametrize(
    ("said", "media"),
    [
        pytest.param({"NumMedia": "999", "MediaUrl0": "https://api.twilio.com/1", "MediaUrl1": "https://api.twilio.com/2"}, 2, id="B56 999 announced, 2 there"),
        pytest.param({"NumMedia": "-1"}, 0, id="B56 minus one"),
        pytest.param({"NumMedia": "ten"}, 0, id="B56 in words"),
    ],
)  # fmt: skip
async def test_a_wrong_count_of_media_is_flagged_and_what_is_there_is_kept(
    hall: Hall, said: dict[str, str], media: int
) -> None:
    assert await hall.send(whatsapp(hall, Body="раз", **said)) == 200
    entry = await heard(hall)
    assert len(entry["media"]) == media
    assert entry["data"]["flags"] == ["bad_media_count"]


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/", "file:///etc/passwd", "https://api.twilio.com@evil/", "https://0x7f.1/",
        "https://[::ffff:10.0.0.1]/",
    ],
)  # fmt: skip
async def test_a_media_address_elsewhere_is_kept_as_a_card_and_not_fetched(hall: Hall, url: str) -> None:
    """B57"""
    calls = len(hall.twilio.ledger.calls)
    assert await hall.send(whatsapp(hall, Body="", NumMedia="1", MediaUrl0=url, MediaContentType0="image/jpeg")) == 200
    entry = await heard(hall)
    assert [m["ref"] for m in entry["media"]] == [url]
    assert {c.method for c in hall.twilio.ledger.calls[calls:]} <= {"Messages.create"}


@pytest.mark.parametrize("latitude", ["NaN", "1e400", "north"], ids=lambda v: f"B73 latitude {v}")
async def test_a_place_that_is_none_is_a_card_without_a_map(hall: Hall, latitude: str) -> None:
    assert await hall.send(whatsapp(hall, Body="", Latitude=latitude, Longitude="30", Label="Склад")) == 200
    entry = await heard(hall)
    assert "location" not in entry["data"]
    assert (entry["text"], entry["data"]["flags"]) == ("Склад", ["bad_location"])


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        pytest.param("whatsapp:+7 916 777-00-01", "+79167770001", id="B53 spaces"),
        pytest.param("whatsapp:BSUID.abc123", "BSUID.abc123", id="B53 an opaque id"),
    ],
)
async def test_odd_senders_are_one_person_each(hall: Hall, sender: str, address: str) -> None:
    for _ in range(2):
        assert await hall.send(hall.form(From=sender, To=f"whatsapp:{WHATSAPP}", Body="раз")) == 200
        await heard(hall)
    assert len(await hall.rows("identities", address=address)) == 1


# -- quarantined and ignored ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "state", "reason"),
    [
        pytest.param(
            {"MessageSid": "", "SmsMessageSid": "", "SmsSid": ""}, "quarantined", "no_message_sid", id="B52 no sid"
        ),
        pytest.param({"From": ""}, "quarantined", "no_sender", id="B53 no sender"),
        pytest.param({"To": "whatsapp:+70000000000"}, "quarantined", "not_our_number", id="B54 not our number"),
        pytest.param({"From": f"whatsapp:{WHATSAPP}"}, "ignored", "self", id="B55 from ourselves"),
    ],
)
async def test_what_cannot_be_used_is_kept_with_its_reason(
    hall: Hall, fields: dict[str, str], state: str, reason: str
) -> None:
    form = hall.form(To=f"whatsapp:{WHATSAPP}", Body=f"раз {hall.number()}") | fields
    contacts = len(await hall.rows("contacts"))
    assert await hall.send(form) == 200
    kept = await hall.last()
    assert (kept["state"], kept["reason"], kept["raw"]) == (state, reason, urlencode(form).encode())
    assert len(await hall.rows("contacts")) == contacts
    assert await hall.called_for(reason) == (state == "quarantined")


async def test_a_body_that_is_no_form_is_kept_or_denied_and_never_an_error(hall: Hall) -> None:
    """What cannot be read cannot have been signed."""
    before = await hall.kept()
    for body in (b"\xff\xfe=\xff", b"&&&===", b"a" * 5_000, b"x=" + b"%00" * 100):
        assert await hall.send([], body=body, signature="AAAA") == 403
    assert await hall.kept() == before


# -- opting out ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["STOP", "sToP", "Стоп", "STOP.", "Отписаться!"], ids=lambda w: f"B63 {w}")
async def test_a_word_that_ends_it_ends_it_and_start_begins_again(hall: Hall, word: str) -> None:
    """B63, B64"""
    who = somebody(hall)
    assert await hall.send(whatsapp(hall, who, Body="Здравствуйте")) == 200
    contact = (await hall.last())["contact_id"]
    assert await hall.send(whatsapp(hall, who, Body=word)) == 200
    await hall.settled()
    assert await barred(hall, who) == "opted_out"
    said = len(hall.twilio.ledger.texts(f"whatsapp:{who}"))
    assert await hall.send(whatsapp(hall, who, Body="1")) == 200
    await hall.settled()
    assert len(hall.twilio.ledger.texts(f"whatsapp:{who}")) == said
    assert await hall.send(whatsapp(hall, who, Body="START")) == 200
    await hall.settled()
    assert await barred(hall, who) == ""
    told = [e["data"].get("event") for e in await hall.entries(contact) if e["kind"] == "system"]
    assert [event for event in told if event in ("opted_out", "opted_in")] == ["opted_out", "opted_in"]


async def test_a_wish_among_other_words_is_a_hint_and_no_more(hall: Hall) -> None:
    """B63"""
    who = somebody(hall)
    assert await hall.send(whatsapp(hall, who, Body="stop please")) == 200
    assert "stop_hint" in (await heard(hall))["data"]["flags"]
    assert await barred(hall, who) == ""


async def test_twilios_own_word_for_it_counts_whatever_the_text(hall: Hall) -> None:
    """B65"""
    who = somebody(hall)
    assert await hall.send(whatsapp(hall, who, Body="Здравствуйте")) == 200
    assert await hall.send(whatsapp(hall, who, Body="хватит уже", OptOutType="STOP")) == 200
    await hall.settled()
    assert await barred(hall, who) == "opted_out"


# -- what became of our messages -----------------------------------------------------------------------------------------


async def part_of(hall: Hall) -> tuple[str, dict[str, Any]]:
    """A customer with a bot that has just spoken, and its last part, sent."""
    who = somebody(hall)
    assert await hall.send(whatsapp(hall, who, Body="Здравствуйте")) == 200
    contact = (await hall.last())["contact_id"]
    await hall.settled()
    return who, (await hall.rows("parts", contact_id=contact))[-1]


async def test_a_status_never_goes_back(hall: Hall) -> None:
    """B66"""
    _, part = await part_of(hall)
    for status in ("delivered", "sent"):
        assert await hall.report(part["id"], part["provider_id"], status) == 200
        await hall.settled()
    assert [p["state"] for p in await hall.rows("parts", id=part["id"])] == ["delivered"]


async def test_a_status_of_nobodys_message_is_kept(hall: Hall) -> None:
    """B67"""
    assert await hall.report(0, f"SM{hall.number():032x}", "read") == 200
    kept = await hall.last()
    assert (kept["state"], kept["contact_id"]) == ("waiting", None)
    assert await hall.balanced()


async def test_a_status_of_another_message_than_the_parts_is_refused_and_counted(hall: Hall) -> None:
    """F130"""
    _, part = await part_of(hall)
    assert await hall.report(part["id"], f"SM{hall.number():032x}", "failed", "30008") == 200
    kept = await hall.last()
    assert (kept["state"], kept["reason"]) == ("ignored", "other_message")
    assert [p["state"] for p in await hall.rows("parts", id=part["id"])] == ["sent"]


async def test_a_status_that_nobody_knows_is_kept_and_changes_nothing(hall: Hall) -> None:
    """B68"""
    _, part = await part_of(hall)
    assert await hall.report(part["id"], part["provider_id"], "exploded") == 200
    kept = await hall.last()
    assert (kept["state"], kept["reason"]) == ("ignored", "unknown_status")
    assert b"MessageStatus=exploded" in kept["raw"]
    assert [p["state"] for p in await hall.rows("parts", id=part["id"])] == ["sent"]


async def test_a_closed_window_ends_free_text_and_asks_a_person(hall: Hall) -> None:
    """B69"""
    who, part = await part_of(hall)
    assert await hall.report(part["id"], part["provider_id"], "failed", "63016") == 200
    await hall.settled()
    assert [p["state"] for p in await hall.rows("parts", id=part["id"])] == ["failed"]
    assert [i["heard_at"] for i in await hall.rows("identities", address=who)] == [None]
    assert [t["kind"] for t in await hall.rows("tasks", contact_id=part["contact_id"])] == ["undelivered"]


async def test_no_room_for_it_is_tried_again_later(hall: Hall) -> None:
    """B70"""
    _, part = await part_of(hall)
    assert await hall.report(part["id"], part["provider_id"], "failed", "63018") == 200
    await hall.settled()
    (again,) = await hall.rows("parts", id=part["id"])
    assert (again["state"], again["open"], again["error"]) == ("queued", 1, "63018")
    assert not await hall.rows("tasks", contact_id=part["contact_id"])


async def test_an_opt_out_that_only_twilio_knew_of_stops_us(hall: Hall) -> None:
    """B71"""
    who, part = await part_of(hall)
    assert await hall.report(part["id"], part["provider_id"], "undelivered", "21610") == 200
    await hall.settled()
    assert await barred(hall, who) == "opted_out"
    assert [r["status"] for r in await hall.rows("runs", contact_id=part["contact_id"])] == ["stopped"]


async def test_an_error_code_that_is_no_number_is_kept_as_text(hall: Hall) -> None:
    """B72"""
    _, part = await part_of(hall)
    assert await hall.report(part["id"], part["provider_id"], "failed", "abc") == 200
    await hall.settled()
    assert [(p["state"], p["error"]) for p in await hall.rows("parts", id=part["id"])] == [("failed", "abc")]


@pytest.mark.parametrize("query", ["part=1&part=2", "part=", "part=-1", "part=9" * 30, "part=abc", ""])
async def test_a_status_whose_part_is_none_of_ours_changes_nothing(hall: Hall, query: str) -> None:
    _, part = await part_of(hall)
    form = hall.form(
        "status_delivered", MessageSid=part["provider_id"], SmsSid=part["provider_id"], From=f"whatsapp:{WHATSAPP}"
    )
    assert await hall.send(form, STATUS, query) == 200
    assert (await hall.last())["state"] == "waiting"  # known by its id alone, and not yet looked for
    assert [p["state"] for p in await hall.rows("parts", id=part["id"])] == ["sent"]


async def test_an_sms_is_heard_by_the_sms_channel(hall: Hall) -> None:
    assert await hall.send(hall.form("sms_text", From=somebody(hall), To=SMS, Body="раз", AccountSid=ACCOUNT)) == 200
    assert ((await hall.last())["channel"], (await heard(hall))["channel"]) == ("sms", "sms")
