"""Good and bad posts to the plain doors, the whole way: forms, calls and other messengers on a running gateway."""

import asyncio
import gzip
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from gateway.clock import SetClock
from gateway.intake import Intake
from gateway.plain_hooks import PlainHooks
from tests.inputs.halls import FORM_KEY, HOOK, Hall

pytestmark = pytest.mark.asyncio(loop_scope="session")

MESSAGES, CALLS, FORMS, MAIL = "/hooks/messages/avito", "/hooks/calls", "/hooks/forms/vin", "/hooks/mail"
DOORS = (MESSAGES, CALLS, FORMS, MAIL)
BEARER = {"Authorization": f"Bearer {HOOK}"}


def said(hall: Hall, path: str) -> dict[str, Any]:
    """A good post to that door, of somebody who never was there."""
    n = hall.number()
    match path:
        case "/hooks/messages/avito":
            return {"id": f"m{n}", "from": {"id": f"buyer{n}", "name": "Анна"}, "text": "Здравствуйте"}
        case "/hooks/mail":
            return {"id": f"l{n}", "from": f"Анна <anna{n}@example.org>", "subject": "Колодки", "text": "Здравствуйте"}
        case "/hooks/calls":
            return {"id": f"c{n}", "phone": f"+7916{n:07d}", "status": "missed", "direction": "in"}
        case _:
            return {"id": f"f{n}", "phone": f"+7917{n:07d}", "name": "Анна", "vin": "TMBJG7NE8F0123456"}


async def post(hall: Hall, path: str, data: Any, **headers: str) -> int:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return await hall.post(path, body, {"Content-Type": "application/json"} | (headers or BEARER))


@pytest.mark.parametrize("path", DOORS)
async def test_what_is_told_opens_a_deal_and_told_again_changes_nothing(hall: Hall, path: str) -> None:
    data = said(hall, path)
    assert await post(hall, path, data) == 200
    kept = await hall.last()
    assert (kept["state"], json.loads(kept["raw"])) == ("processed", data)
    before = await hall.kept()
    assert await post(hall, path, data) == 200
    await hall.settled()
    assert await hall.kept() == before
    assert len(await hall.rows("deals", contact_id=kept["contact_id"])) == 1
    assert len([e for e in await hall.entries(kept["contact_id"]) if e["author"] == "customer"]) == 1


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize(
    "headers",
    [
        {"X-Nothing": "here"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {HOOK}x"},
        {"Authorization": f"Basic {HOOK}"},
        {"Authorization": "Bearer tök"},
        {"X-Form-Key": "tök"},
    ],
    ids=["nothing", "empty", "wrong", "of another kind", "not ASCII", "a wrong form key"],
)
async def test_a_forgery_stores_nothing_and_is_counted(hall: Hall, path: str, headers: dict[str, str]) -> None:
    before, denied = await hall.kept(), await _denied(hall)
    assert await post(hall, path, said(hall, path), **headers) == 401
    assert await hall.kept() == before
    assert await _denied(hall) == denied + 1


async def _denied(hall: Hall) -> float:
    async with hall.http.get(f"{hall.base}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return float(next(line for line in lines if line.startswith("parley_hooks_denied_total ")).split()[1])


async def _answered(hall: Hall, path: str, data: Any) -> str:
    async with hall.http.post(hall.base + path, data=json.dumps(data).encode(), headers=BEARER) as answer:
        assert answer.status == 200
        return str((await answer.json())["status"])


@pytest.mark.parametrize("path", DOORS)
async def test_the_answer_says_what_became_of_the_post(hall: Hall, path: str) -> None:
    good, bad = said(hall, path), ["no", "object", hall.number()]
    told = [await _answered(hall, path, data) for data in (good, good, bad, bad)]
    assert told == ["accepted", "duplicate", "quarantined", "duplicate"]


async def test_a_form_without_an_id_posted_twice_at_once_is_one_inquiry(hall: Hall) -> None:
    data = {**said(hall, FORMS), "id": None}
    told = await asyncio.gather(*[_answered(hall, FORMS, data) for _ in range(3)])
    assert sorted(told) == ["accepted", "duplicate", "duplicate"]


async def test_after_a_minute_the_same_form_is_another_inquiry(hall: Hall) -> None:
    clock = SetClock(59_500)  # just before a full minute
    hooks = PlainHooks(Intake(hall.app.db, hall.app.live, clock, hall.app.house.words), HOOK, FORM_KEY, "RU")
    keys = []
    for clock.at in (59_500, 60_500, 119_499, 119_500):
        keys.append(hooks._key_of_the_minute("vin:x1", "x1"))
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert (
        PlainHooks(hooks.intake, HOOK, FORM_KEY, "RU")._key_of_the_minute("vin:x1", "x1") == keys[3]
    )  # another process


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("photo", "photo"), ("image", "photo"), ("image/jpeg", "photo"), ("Image/PNG", "photo"), ("audio/ogg; codecs=opus", "voice"),
        ("audio/mpeg", "audio"), ("video/mp4", "video"), ("file", "document"), ("application/pdf", "document"), (7, "document"),
        (None, "document"),
    ],
)  # fmt: skip
async def test_files_are_of_our_kinds_whatever_others_call_them(hall: Hall, given: Any, kind: str) -> None:
    media = [{"url": "https://files.example/1", "type": given}]
    assert await post(hall, MESSAGES, said(hall, MESSAGES) | {"media": media}) == 200
    (entry,) = [e for e in await hall.entries((await hall.last())["contact_id"]) if e["author"] == "customer"]
    assert [one["kind"] for one in entry["media"]] == [kind]


async def test_a_public_form_key_opens_the_forms_and_nothing_else(hall: Hall) -> None:
    assert await post(hall, FORMS, said(hall, FORMS), **{"X-Form-Key": FORM_KEY}) == 200
    assert await post(hall, FORMS, said(hall, FORMS) | {"form_key": FORM_KEY}, **{"X-Nothing": "here"}) == 200
    kept = await hall.last()
    (deal,) = await hall.rows("deals", contact_id=kept["contact_id"])
    assert "form_key" not in deal["fields"]
    for path in (MESSAGES, CALLS, MAIL):
        assert await post(hall, path, said(hall, path), **{"X-Form-Key": FORM_KEY}) == 401


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"[]", "", id="a list"),
        pytest.param(b'{"id":', "not_json", id="cut"),
        pytest.param(b"[" * 100_000, "not_json", id="nested"),
        pytest.param(b"\xff\xfe", "not_json", id="no text"),
        pytest.param(b"{}", "", id="nothing in it"),
    ],
)
async def test_the_unusable_is_kept_whole_and_a_person_is_told(hall: Hall, path: str, body: bytes, reason: str) -> None:
    body += b" " * hall.number()  # none that was there before
    assert await post(hall, path, body) == 200
    (kept,) = await hall.rows("inbox", raw=body)
    assert kept["state"] == "quarantined"
    assert kept["reason"] == (reason or kept["reason"]) != ""
    assert await hall.called_for(kept["reason"])


@pytest.mark.parametrize("body", [b"[]", b'"4711"', b"7", b"null"])
@pytest.mark.parametrize("path", [CALLS, MESSAGES, "/hooks/forms/parts", "/hooks/orders"])
async def test_json_that_is_no_object_is_called_so_and_not_broken(hall: Hall, path: str, body: bytes) -> None:
    async with hall.http.post(hall.base + path, data=body + b" " * hall.number(), headers=BEARER) as answer:
        assert (await answer.json()) == {"status": "quarantined", "reason": "not_an_object"}


@pytest.mark.parametrize(
    ("path", "changes", "reason"),
    [
        (MESSAGES, {"id": ""}, "no_id"),
        (MESSAGES, {"from": "Анна"}, "no_sender"),
        (MESSAGES, {"from": {"id": ""}}, "no_sender"),
        (MESSAGES, {"text": "", "media": [7, {"url": 7}]}, "empty_message"),
        (CALLS, {"id": None}, "no_id"),
        (CALLS, {"phone": "+7 abc"}, "bad_phone"),
        (CALLS, {"phone": ["+79161234567"]}, "bad_phone"),
        (CALLS, {"status": ["missed"]}, "bad_status"),
        (CALLS, {"direction": {"a": 1}}, "bad_status"),
        (CALLS, {"not_a_customer": "who knows"}, "bad_not_a_customer"),
        (CALLS, {"duration_s": "a minute"}, "bad_duration"),
        (CALLS, {"duration_s": True}, "bad_duration"),
        (CALLS, {"duration_s": -5}, "bad_duration"),
        (MAIL, {"from": ["Анна"]}, "not_a_mail"),
        (MAIL, {"from": "Анна"}, "not_a_mail"),
        (MAIL, {"text": " ", "subject": ["no"]}, "empty_message"),
    ],
)
async def test_what_lacks_what_it_takes_is_kept_with_its_reason(
    hall: Hall, path: str, changes: dict[str, Any], reason: str
) -> None:
    data = json.dumps(said(hall, path) | changes).encode()
    async with hall.http.post(hall.base + path, data=data, headers=BEARER) as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "quarantined", "reason": reason})
    kept = await hall.last()
    assert (kept["state"], kept["reason"]) == ("quarantined", reason)


async def test_a_call_that_is_marked_later_under_its_own_id_is_heard_once_more_and_no_oftener(hall: Hall) -> None:
    data, answers = said(hall, CALLS), []
    for marked in ({}, {}, {"not_a_customer": True}, {"not_a_customer": True}):
        async with hall.http.post(hall.base + CALLS, json=data | marked, headers=BEARER) as answer:
            answers.append((await answer.json())["status"])
    assert answers == ["accepted", "duplicate", "accepted", "duplicate"]
    assert (await hall.last())["event"]["event"]["not_a_customer"] is True


async def test_a_call_is_understood_however_its_numbers_and_its_yes_are_spelled(hall: Hall) -> None:
    data = said(hall, CALLS) | {"duration_s": "60", "not_a_customer": "no"}
    assert await post(hall, CALLS, data) == 200
    kept = (await hall.last())["event"]["event"]
    assert (kept["duration_s"], kept["not_a_customer"]) == (60, False)
    assert await post(hall, CALLS, data | {"id": f"{data['id']}b", "duration_s": 61.7, "not_a_customer": "yes"}) == 200
    kept = (await hall.last())["event"]["event"]
    assert (kept["duration_s"], kept["not_a_customer"]) == (61, True)


@pytest.mark.parametrize("path", DOORS)
async def test_more_than_a_door_takes_is_too_much_also_when_packed(hall: Hall, path: str) -> None:
    before = await hall.kept()
    assert await post(hall, path, b" " * (31_000_000 if path == "/hooks/mail" else 2_000_000)) == 413
    bomb = gzip.compress(b" " * 50_000_000)
    assert await post(hall, path, bomb, **BEARER, **{"Content-Encoding": "gzip"}) in (413, 415)
    assert await hall.kept() == before


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded; charset=nonsense", b"name=x&phone=%2B79161234567"),
        ("application/x-www-form-urlencoded", b"name=\xff\xfe"),
        ("application/x-www-form-urlencoded", b"%ff%fe=%00"),
        ("application/x-www-form-urlencoded", b"&&==&" * 1_000),
        ("multipart/form-data; boundary=b", b"--b\r\nbroken"),
        ("text/plain", b"hello"),
        ("nonsense", b"hello"),
    ],
)
async def test_a_form_of_any_kind_is_no_error(hall: Hall, kind: str, body: bytes) -> None:
    body += b" " * hall.number()
    before = await hall.kept()
    assert await hall.post(FORMS, body, BEARER | {"Content-Type": kind}) == 200
    assert await hall.kept() == before + 1


@pytest.mark.parametrize("charset", ["", "; charset=UTF-8", "; charset=windows-1251"])
async def test_a_form_as_a_browser_posts_it_is_heard(hall: Hall, charset: str) -> None:
    fields = said(hall, FORMS) | {"form_key": FORM_KEY, "vin": "колодки"}
    kind = {"Content-Type": f"application/x-www-form-urlencoded{charset}"}
    encoding = charset.partition("=")[2] or "utf-8"
    assert await hall.post(FORMS, urlencode(fields, encoding=encoding).encode(), kind) == 200
    kept = await hall.last()
    (deal,) = await hall.rows("deals", contact_id=kept["contact_id"])
    assert deal["fields"]["vin"] == "колодки"


async def test_odd_characters_are_mended_on_both_databases(hall: Hall) -> None:
    data = said(hall, MESSAGES)
    body = json.dumps(data | {"text": "TEXT"}).replace("TEXT", r"раз\u0000два\ud800").encode()
    assert await post(hall, MESSAGES, body) == 200
    assert await hall.talk((await hall.last())["contact_id"]) == ["раздва\ufffd"]


async def test_where_a_customer_came_from_is_cut_to_512_and_shown_as_text(hall: Hall) -> None:
    """C85"""
    hostile = "<script>alert(1)</script>" + "x" * 10_240
    marks = {"referrer": hostile, "utm_source": hostile, "UTM_Campaign": hostile, "page": hostile}
    data = said(hall, FORMS)
    assert await post(hall, FORMS, data | marks | {"fields": {"referer": hostile}, "comment": "y" * 3_000}) == 200
    kept = await hall.last()
    assert kept["state"] == "processed"
    (deal,) = await hall.rows("deals", contact_id=kept["contact_id"])
    assert {len(deal["fields"][name]) for name in (*marks, "referer")} == {512}
    assert len(deal["fields"]["comment"]) == 3_000
    page = await hall.console(f"/console/deals/{deal['id']}")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    "source",
    ["telegram", "whatsapp", "sms", "web", "email", "mail", "parley", "form", "phone", "A", "%2e%2e", "x" * 41],
)
async def test_nobody_speaks_in_the_name_of_a_channel_of_ours(hall: Hall, source: str) -> None:
    before = await hall.kept()
    assert await post(hall, f"/hooks/messages/{source}", said(hall, MESSAGES)) == 404
    assert await hall.kept() == before
