"""Whoever asks wrongly is told so, in one shape; nobody sees what is not theirs; nothing ends in a 500."""

import asyncio
import logging
from typing import Any

import orjson
import pytest
from yarl import URL

from gateway.api.app import CALLS
from gateway.api.policy import POLICY, policy_of, unused
from state import people
from tests.api.conftest import ADMIN, Shop, both_databases

ROLES = ("manager", "head", "marketer", "admin")
SAMPLES = {
    "{person_id}": "1",
    "{deal_id}": "1",
    "{task_id}": "1",
    "{contact_id}": "1",
    "{entry_id}": "1",
    "{merge_id}": "1",
    "{run_id}": "1",
    "{finding_id}": "1",
    "{duplicate_id}": "1",
    "{company_id}": "1",
    "{n}": "0",
    "{name}": "qualifier",
    "{report}": "workload",
    "{which}": "1",
}


def _path(path: str) -> str:
    for name, value in SAMPLES.items():
        path = path.replace(name, value)
    return path


def test_every_call_names_its_policy_and_every_policy_a_call() -> None:
    assert all(policy_of(call) for call in CALLS)
    assert unused(CALLS) == set()


async def test_every_call_refuses_whoever_shows_no_valid_token(shop: Shop) -> None:
    for method, path in POLICY:
        for token in (None, "wrong", "ключ", ADMIN + "x"):
            headers = {} if token is None else {"Authorization": f"Bearer {token}".encode().decode("latin-1")}
            status, body = await shop.call(method, _path(path), None, headers=headers)
            assert (status, body["error"]["code"]) == (401, "unauthorized"), (method, path)


async def test_every_call_admits_exactly_its_roles(shop: Shop) -> None:
    tokens = {role: shop.token(role) for role in ROLES}
    deal = await shop.open_deal()
    assert deal["id"] == 1
    for (method, path), policy in POLICY.items():
        if path == "/events":
            continue
        for role, token in tokens.items():
            asked = shop.http.request(
                method, f"{shop.url}/api/v1{_path(path)}", headers={"Authorization": f"Bearer {token}"}
            )
            async with asked as response:  # some answer with a file
                status = response.status
            denied = status == policy.denied and role not in policy.roles
            admitted = status != 403 and role in policy.roles
            assert denied or admitted, (method, path, role, status)


async def test_a_marketer_cannot_tell_a_deal_from_none(shop: Shop) -> None:
    deal, token = await shop.open_deal(), shop.token("marketer")
    there = await shop.call("GET", f"/deals/{deal['id']}", token)
    absent = await shop.call("GET", "/deals/999999", token)
    assert there == absent
    assert there[0] == 404


async def test_a_revoked_token_and_a_person_who_left_are_nobody(shop: Shop) -> None:
    token, now = shop.token(), shop.clock.now()
    me = await shop.get("/me", token)
    await shop.ctx.db.write(lambda c: people.deactivate(c, me["id"], now))
    assert (await shop.call("GET", "/me", token))[0] == 401
    other = shop.token()
    assert await shop.ctx.db.write(lambda c: people.revoke(c, people.digest(other), now))
    assert (await shop.call("GET", "/me", other))[0] == 401


async def test_the_settings_token_is_one_person_however_often_it_is_used_first(shop: Shop) -> None:
    seen = await asyncio.gather(*(shop.get("/me") for _ in range(10)))
    assert {(one["id"], one["name"], one["role"]) for one in seen} == {(seen[0]["id"], "admin", "admin")}


async def test_an_empty_settings_token_opens_nothing(shop: Shop) -> None:
    assert (await shop.call("GET", "/me", None, headers={"Authorization": "Bearer "}))[0] == 401
    assert (await shop.call("GET", "/me", None, headers={"Authorization": "Basic YTpi"}))[0] == 401


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("sort=id;drop", "sort"),
        ("limit=-1", "limit"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=1000000000", "limit"),
        ("limit=1e2", "limit"),
        ("limit=1_0", "limit"),
        ("limit=٣", "limit"),
        ("limit=", "limit"),
        ("limit=1&limit=2", "limit"),
        ("cursor=tampered", "cursor"),
        ("cursor=", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=AAAAAAAAAAEAAAAAAAAAAQAAAAAAAAAA", "cursor"),
        ("open=yes", "open"),
        ("open=1", "open"),
        ("responsible=boss", "responsible"),
        ("responsible=99999999999999999999", "responsible"),
        ("phone=abc", "phone"),
        ("phone=%25%25%25", "phone"),
    ],
)
async def test_a_query_that_cannot_be_is_422_with_its_field(shop: Shop, query: str, field: str) -> None:
    status, body = await shop.call("GET", f"/deals?{query}")
    assert (status, body["error"]["field"]) == (422, field)


@both_databases
async def test_a_cursor_is_good_only_for_the_list_it_came_from(shop: Shop) -> None:
    for _ in range(3):
        await shop.open_deal()
    cursor = (await shop.get("/deals?limit=1"))["next"]
    assert (await shop.call("GET", f"/deals?limit=1&cursor={cursor}"))[0] == 200
    for other in (f"/deals?open=true&cursor={cursor}", f"/tasks?cursor={cursor}", f"/deals/1/timeline?cursor={cursor}"):
        assert (await shop.call("GET", other))[0] == 422, other
    broken = ("A" if cursor[5] != "A" else "B").join((cursor[:5], cursor[6:]))
    assert (await shop.call("GET", f"/deals?limit=1&cursor={broken}"))[0] == 422


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/deals", {"contact": {}}, "contact"),
        ("POST", "/deals", {}, "contact"),
        ("POST", "/deals", [], "body"),
        ("POST", "/deals", {"contact": {"phone": "12"}}, "contact.phone"),
        ("POST", "/deals", {"contact": {"email": "not an address"}}, "contact.email"),
        ("POST", "/deals", {"contact": {"name": "А" * 201}}, "contact.name"),
        ("POST", "/deals", {"contact": {"name": 5}}, "contact.name"),
        ("POST", "/deals", {"contact": {"name": "А", "role": "admin"}}, "contact.role"),
        ("POST", "/deals", {"contact": {"name": "А"}, "funnel": "nope"}, "funnel"),
        ("POST", "/deals/1/move", {"stage": "nope"}, "stage"),
        ("POST", "/deals/1/move", {}, "stage"),
        ("POST", "/deals/1/messages", {"text": ""}, "text"),
        ("POST", "/deals/1/messages", {"text": "\x00\x00"}, "text"),
        ("POST", "/deals/1/messages", {"text": "а", "template": "б"}, "text"),
        ("POST", "/deals/1/messages", {"text": "а" * 10_001}, "text"),
        ("POST", "/deals/1/messages", {"text": "а", "channel": "pigeon"}, "channel"),
        ("POST", "/deals/1/messages", {"text": "а", "client_id": ""}, "client_id"),
        ("POST", "/deals/1/notes", {"text": " \n"}, "text"),
        ("POST", "/deals/1/tasks", {"text": "а", "due_at": "tomorrow"}, "due_at"),
        ("POST", "/deals/1/tasks", {"text": "а", "due_at": "2026-01-01T00:00:00"}, "due_at"),
        ("POST", "/deals/1/tasks", {"text": "а", "due_at": "0001-01-01T00:00:00+14:00"}, "due_at"),
        ("POST", "/deals/1/tasks", {"text": "а", "due_at": 5}, "due_at"),
        ("POST", "/deals/1/tasks", {"text": "а", "responsible": 10**30}, "responsible"),
        ("POST", "/deals/1/tasks", {"text": "а", "responsible": 424242}, "responsible"),
        ("PATCH", "/deals/1", {"stage": "lost"}, "stage"),
        ("PATCH", "/deals/1", {"role": "admin"}, "role"),
        ("PATCH", "/deals/1", {"title": None}, "title"),
        ("PATCH", "/deals/1", {"title": "а" * 501}, "title"),
        ("PATCH", "/deals/1", {"tags": "опт"}, "tags"),
        ("PATCH", "/deals/1", {"tags": [""]}, "tags"),
        ("PATCH", "/deals/1", {"fields": {"n": 2**64}}, "fields.n"),
        ("PATCH", "/deals/1", {"fields": {"n": {"deep": 1}}}, "fields.n"),
        ("PATCH", "/deals/1", {"fields": {"": 1}}, "fields."),
        ("PATCH", "/deals/1", {"responsible": "me"}, "responsible"),
        ("PATCH", "/deals/1", {"version": -1}, "version"),
        ("POST", "/deals/1/bot", {"action": "start", "bot": "nobody"}, "bot"),
        ("POST", "/deals/1/merge", {"from": "x"}, "from"),
        ("POST", "/deals/1/take", {"as": "boss"}, "as"),
    ],
)
async def test_a_body_that_cannot_be_is_422_with_its_field(
    shop: Shop, method: str, path: str, body: Any, field: str
) -> None:
    await shop.deal()
    before = await shop.get("/deals")
    status, refused = await shop.call(method, path, json=body)
    assert (status, refused["error"].get("field")) == (422, field), refused
    assert await shop.get("/deals") == before


@pytest.mark.parametrize(
    ("raw", "headers", "status"),
    [
        (b"", {"Content-Type": "application/json"}, 422),
        (b"", {}, 422),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"{", {"Content-Type": "application/json"}, 400),
        (b'{"text": "\\ud800"}', {"Content-Type": "application/json"}, 400),
        (b'{"text": "\xff"}', {"Content-Type": "application/json"}, 400),
        (b"[" * 100_000, {"Content-Type": "application/json"}, 400),
        (b'{"text": "' + b"a" * 300_000 + b'"}', {"Content-Type": "application/json"}, 413),
        (b'{"text": "a"}', {"Content-Type": "text/plain"}, 415),
        (b'{"text": "a"}', {}, 415),
        (b"text=a", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b"\x1f\x8b", {"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415),
    ],
)
async def test_a_body_that_cannot_be_read_stores_nothing(
    shop: Shop, raw: bytes, headers: dict[str, str], status: int
) -> None:
    await shop.deal()
    got, _ = await shop.call("POST", "/deals/1/notes", data=raw, headers=headers)
    assert got == status
    timeline = await shop.get("/deals/1/timeline?limit=200")
    assert [e for e in timeline["items"] if e["kind"] == "note"] == []


@both_databases
async def test_words_that_a_database_cannot_keep_are_kept_without_them(shop: Shop) -> None:
    await shop.open_deal()
    status, note = await shop.call("POST", "/deals/1/notes", json={"text": "до\x00после \U0001f600 \u202eнаоборот"})
    assert (status, note["text"]) == (200, "допосле \U0001f600 \u202eнаоборот")


@pytest.mark.parametrize(
    "hostile", ["=HYPERLINK(1)", "+7916", "<img src=x onerror=alert(1)>", "{{ 7*7 }}", "'; DROP TABLE deals;--"]
)
async def test_hostile_words_come_back_as_they_were(shop: Shop, hostile: str) -> None:
    await shop.open_deal()
    _, note = await shop.call("POST", "/deals/1/notes", json={"text": hostile})
    assert note["text"] == hostile


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("GET", "/deals/%00", {404}),
        ("GET", "/deals/..%2f..%2fetc", {404}),
        ("GET", "/deals/abc", {404}),
        ("GET", "/deals/-1", {404}),
        ("GET", "/deals/99999999999999999999999", {404}),
        ("GET", "/nothing", {404}),
        ("GET", "/deals/1/take", {405}),
        ("DELETE", "/deals/1", {405}),
        ("PATCH", "/me", {405}),
    ],
)
async def test_addresses_and_methods_that_are_not_there(shop: Shop, method: str, path: str, statuses: set[int]) -> None:
    await shop.open_deal()
    url = URL(f"{shop.url}/api/v1{path}", encoded=True)
    async with shop.http.request(method, url, headers={"Authorization": f"Bearer {ADMIN}"}) as response:
        assert response.status in statuses, await response.text()


async def test_a_mixed_case_method_and_a_huge_header_are_turned_away(shop: Shop) -> None:
    async def raw(request: bytes) -> bytes:
        host, port = shop.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request)
        answer = await reader.readline()
        writer.close()
        return answer

    assert (await raw(b"GeT /api/v1/deals HTTP/1.1\r\nHost: x\r\n\r\n")).split()[1] in (b"400", b"405")
    huge = b"GET /api/v1/deals HTTP/1.1\r\nHost: x\r\nX-Big: " + b"a" * 65_536 + b"\r\n\r\n"
    assert (await raw(huge)).split()[1] in (b"400", b"431")
    assert (
        await raw(
            b"GET /api/v1/deals HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\nConnection: close\r\n\r\n"
        )
    ).split()[1] in (
        b"400",
        b"401",
    )


async def test_the_description_is_open_and_complete(shop: Shop) -> None:
    async with shop.http.get(f"{shop.url}/api/openapi.json") as response:
        described = await response.json()
    assert described["openapi"] == "3.1.0"
    assert {(m.upper(), p) for p, calls in described["paths"].items() for m in calls} == set(POLICY)
    limit = next(p for p in described["paths"]["/deals"]["get"]["parameters"] if p["name"] == "limit")
    assert (limit["schema"]["minimum"], limit["schema"]["maximum"]) == (1, 200)


@pytest.mark.parametrize("match", ["abc", '"1', "W/", "9" * 40, "1, 2"])
async def test_an_if_match_that_is_no_version_is_refused(shop: Shop, match: str) -> None:
    await shop.open_deal()
    status, body = await shop.call("PATCH", "/deals/1", json={"title": "а"}, headers={"If-Match": match})
    assert (status, body["error"]["field"]) == (422, "If-Match")


@pytest.mark.parametrize(
    ("line", "told"),
    [("/api/v1/templates?q=цена", "%D1%86"), ("/api/v1/deals?q=a b", "no HTTP"), ("http://[::1/", "address")],
)
async def test_an_address_that_cannot_be_read_is_refused_in_json_and_nobodys_failure(
    shop: Shop, line: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Anybody can send it: it must not fill the log with alarms."""
    host, port = shop.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {line} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert head.split()[1] == b"400"
    assert b"application/json" in head
    error = orjson.loads(body)["error"]
    assert (error["code"], told in error["message"]) == ("bad_request", True)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(
    "body",
    [
        '{"title": "а", "title": "б"}',
        '{"fields": {"vin": "1", "vin": "2"}}',
        '{"title": "а", "\\u0074itle": "б"}',
        '{"fields": {"list": [1], "list": 2}}',
    ],
)
async def test_a_key_that_stands_twice_is_refused(shop: Shop, body: str) -> None:
    deal = await shop.open_deal()
    status, refused = await shop.call(
        "PATCH", f"/deals/{deal['id']}", data=body.encode(), headers={"Content-Type": "application/json"}
    )
    assert (status, refused["error"]["code"], "twice" in refused["error"]["message"]) == (400, "bad_json", True)
    assert (await shop.get(f"/deals/{deal['id']}"))["version"] == deal["version"]
