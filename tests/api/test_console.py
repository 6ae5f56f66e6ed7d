"""The console's door: one link, one sign-in; pages that escape; cookies that a foreign page cannot use."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from gateway.console.door import ConsoleDoor
from gateway.ports import Port
from gateway.settings import Settings
from state import people
from tests.api.conftest import Shop


@dataclass
class Console:
    shop: Shop
    url: str
    http: aiohttp.ClientSession

    def link(self, role: str = "manager", name: str = "Ольга") -> str:
        shop = self.shop

        def make(conn: Any) -> str:
            person = people.add_person(conn, shop.ctx.db.ids, name, role, shop.clock.now())  # type: ignore[arg-type]
            return people.issue_signin(conn, shop.ctx.db.ids, person.id, shop.clock.now())

        return shop.ctx.db.write_now(make)

    async def get(self, path: str, cookie: str = "") -> tuple[int, str]:
        headers = {"Cookie": cookie} if cookie else {}
        async with self.http.get(self.url + path, headers=headers, allow_redirects=False) as response:
            assert "object-src 'none'" in response.headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
            assert "unsafe" not in response.headers["Content-Security-Policy"]
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            return response.status, await response.text()

    async def post(self, path: str, cookie: str = "", data: Any = None, **headers: str) -> aiohttp.ClientResponse:
        given = {**({"Cookie": cookie} if cookie else {}), **headers}
        async with self.http.post(self.url + path, data=data, headers=given, allow_redirects=False) as response:
            await response.read()
            return response

    async def enter(self, role: str = "manager") -> str:
        """Sign in; the cookie."""
        response = await self.post("/signin", data={"token": self.link(role)})
        assert (response.status, response.headers["Location"]) == (303, "/console")
        return response.headers["Set-Cookie"].partition(";")[0]


async def _serve(shop: Shop, public_url: str) -> tuple[Port, str]:
    app = web.Application()
    settings = Settings(public_url=public_url, data_dir=Path("data"))
    ConsoleDoor(shop.ctx, settings).mount(app)
    port = Port(app, grace_s=1)
    await port.open()
    return port, f"http://127.0.0.1:{port.number}"


@pytest.fixture
async def console(shop: Shop) -> AsyncIterator[Console]:
    port, url = await _serve(shop, "")
    yield Console(shop, url, shop.http)
    await port.shut()


async def test_a_link_signs_in_once_and_only_by_the_button(console: Console) -> None:
    token = console.link()
    for _ in range(3):
        status, page = await console.get(f"/signin?token={token}")
        assert (status, "Ольга" in page, token in page) == (200, True, True)
    first = await console.post("/signin", data={"token": token})
    assert first.status == 303
    assert (await console.post("/signin", data={"token": token})).status == 410
    assert (await console.get(f"/signin?token={token}"))[0] == 410


async def test_a_link_is_dead_after_a_day(console: Console) -> None:
    token = console.link()
    console.shop.clock.advance(people.SIGNIN_MS)
    assert (await console.get(f"/signin?token={token}"))[0] == 410
    assert (await console.post("/signin", data={"token": token})).status == 410


@pytest.mark.parametrize("token", ["", "wrong", "x" * 100_000, "%00", "../../etc"])
async def test_a_link_that_was_never_ours_says_the_same_as_a_used_one(console: Console, token: str) -> None:
    assert (await console.post("/signin", data={"token": token})).status == 410


async def test_the_cookie_is_out_of_reach_of_scripts_and_foreign_pages(console: Console) -> None:
    response = await console.post("/signin", data={"token": console.link()})
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("parley=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))


async def test_behind_https_the_cookie_is_bound_to_its_host(shop: Shop) -> None:
    port, url = await _serve(shop, "https://chat.example.com")
    console = Console(shop, url, shop.http)
    response = await console.post("/signin", data={"token": console.link()}, Origin="https://chat.example.com")
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-parley=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert (await console.get("/console", cookie.partition(";")[0]))[0] == 200
    await port.shut()


async def test_a_foreign_page_cannot_sign_anybody_in_or_out(console: Console) -> None:
    token = console.link()
    assert (await console.post("/signin", data={"token": token}, Origin="https://evil.example")).status == 403
    assert (await console.post("/signin", data={"token": token}, **{"Sec-Fetch-Site": "cross-site"})).status == 403
    cookie = await console.enter()
    assert (await console.post("/signout", cookie, Origin="https://evil.example")).status == 403
    assert (await console.get("/console", cookie))[0] == 200


async def test_our_own_pages_send_no_referrer_and_still_their_buttons_work(console: Console) -> None:
    for hidden in ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, {"Origin": "null"}):
        response = await console.post("/signin", data={"token": console.link()}, **hidden)
        assert response.status == 303
        cookie = response.headers["Set-Cookie"].partition(";")[0]
        assert (await console.post("/signout", cookie, **hidden)).status == 303


async def test_whoever_signed_out_is_out_everywhere(console: Console) -> None:
    cookie = await console.enter()
    assert (await console.get("/console", cookie))[0] == 200
    status, page = await console.get("/signout", cookie)
    assert (status, "<form" in page) == (200, True)
    assert (await console.get("/console", cookie))[0] == 200
    assert (await console.post("/signout", cookie)).status == 303
    assert (await console.get("/console", cookie))[0] == 401
    assert (await console.shop.call("GET", "/me", None, headers={"Cookie": cookie}))[0] == 401


async def test_a_session_ends_when_it_idles_and_at_its_absolute_limit(console: Console) -> None:
    idle = await console.enter()
    console.shop.clock.advance(people.IDLE_MS)
    assert (await console.get("/console", idle))[0] == 401
    used = await console.enter()
    started = console.shop.clock.now()
    while console.shop.clock.now() < started + people.SESSION_MS - people.IDLE_MS:
        console.shop.clock.advance(people.IDLE_MS - 60_000)
        assert (await console.get("/console", used))[0] == 200
    console.shop.clock.advance(people.IDLE_MS)
    assert (await console.get("/console", used))[0] == 401


async def test_pages_are_for_those_who_work_with_deals(console: Console) -> None:
    assert (await console.get("/console"))[0] == 401
    assert (await console.get("/console/deals/1", "parley=forged"))[0] == 401
    assert (await console.get("/console", await console.enter("marketer")))[0] == 403
    assert (await console.get("/console/deals/999", await console.enter()))[0] == 404


HOSTILE = "<img src=x onerror=alert(1)>{{7*7}}</script>"


async def test_what_a_customer_said_is_shown_and_never_obeyed(console: Console) -> None:
    shop = console.shop
    await shop.say("здравствуйте", name=HOSTILE)
    await shop.say(HOSTILE, name=HOSTILE)
    await shop.say("позовите менеджера", name=HOSTILE)
    shop.clock.advance(45 * 60_000)
    deal = (await shop.get("/deals"))["items"][0]
    await shop.call(
        "PATCH", f"/deals/{deal['id']}", json={"title": HOSTILE, "fields": {HOSTILE[:20]: HOSTILE}, "tags": [HOSTILE]}
    )
    cookie = await console.enter()
    for path in ("/console", f"/console/deals/{deal['id']}"):
        status, page = await console.get(path, cookie)
        assert status == 200
        assert "<img src=x" not in page
        assert "</script>" not in page
        assert "&lt;img src=x onerror=alert(1)&gt;{{7*7}}" in page


async def test_a_hand_off_shows_who_waits_how_long_and_what_was_gathered(console: Console) -> None:
    shop = console.shop
    await shop.say("здравствуйте", name="Иван")
    shop.clock.advance(5_000)
    await shop.say("позовите менеджера", name="Иван")
    shop.clock.advance(3_000)
    shop.ctx.live.wake("turns")
    await shop.say("пожалуйста", name="Иван")
    shop.clock.advance(45 * 60_000)
    cookie = await console.enter()
    status, page = await console.get("/console", cookie)
    assert status == 200
    for shown in ("Иван", "Чат на сайте", "Оставлена заявка", "45 мин"):
        assert shown in page
    deal = (await shop.get("/deals"))["items"][0]
    status, page = await console.get(f"/console/deals/{deal['id']}", cookie)
    assert "позовите менеджера" in page
    assert "передал разговор менеджеру" in page


async def test_a_page_speaks_to_managers_and_not_in_codes(console: Console) -> None:
    shop = console.shop
    await shop.say("здравствуйте", "0123456789abcdef0123456789abcdef", name="")
    deal = (await shop.get("/deals"))["items"][0]
    at, olga = f"/deals/{deal['id']}", shop.token(name="Ольга")
    photo = "/api/v1/entries/1/media/0"
    cookie = await console.enter()
    _, page = await console.get("/console", cookie)
    assert "Никто не ждёт" in page
    assert "Ведут боты: 1" in page
    await shop.call("POST", f"{at}/take", olga)
    await shop.call("POST", f"{at}/tasks", olga, json={"text": "Позвонить"})
    await shop.call("POST", f"{at}/tasks", olga, json={"text": "Перезвонить"})
    await shop.call("PATCH", at, olga, json={"fields": {"comment": "Срочно", "papers": [photo]}})
    _, page = await console.get("/console", cookie)
    assert "Ждут ответа человека: 1." in page
    assert "Ведут боты" not in page
    assert 'href="/signout"' in page
    _, page = await console.get(f"/console{at}", cookie)
    for shown in ("Комментарий", "<b>Ольга</b>: Позвонить", "Ольга: взял(а)", "без имени", '<li dir="auto">Подобрать'):
        assert shown in page
    assert f'<a href="{photo}"' in page
    for hidden in (
        "0123456789abcdef0123456789abcdef",
        "manager:",
        ">comment",
        "(comment",
        "<b>Ольга</b>: Ольга",
        f">{photo}",
    ):
        assert hidden not in page


# -- the session at the API ------------------------------------------------------------------------------------------


async def test_a_session_may_read_and_its_own_page_may_write(console: Console) -> None:
    shop, cookie = console.shop, await console.enter()
    deal = await shop.open_deal()
    host = shop.url.removeprefix("http://")
    assert (await shop.call("GET", "/deals", None, headers={"Cookie": cookie}))[0] == 200
    for headers in ({"X-Parley-CSRF": "1"}, {"Origin": f"http://{host}"}):
        status, _ = await shop.call(
            "POST", f"/deals/{deal['id']}/notes", None, json={"text": "а"}, headers={"Cookie": cookie, **headers}
        )
        assert status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json"},
        {"Content-Type": "application/json", "Origin": "https://evil.example"},
        {"Content-Type": "application/json", "Origin": "null"},
        {"Content-Type": "text/plain", "X-Parley-CSRF": "1", "Origin": "https://evil.example"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json", "X-Parley-CSRF": "1", "Sec-Fetch-Site": "cross-site"},
        {"Content-Type": "application/json", "X-Parley-CSRF": "1", "Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_foreign_page_cannot_use_the_session(console: Console, headers: dict[str, str]) -> None:
    shop, cookie = console.shop, await console.enter()
    deal = await shop.open_deal()
    status, _ = await shop.call(
        "POST", f"/deals/{deal['id']}/notes", None, data=b'{"text": "a"}', headers={"Cookie": cookie, **headers}
    )
    assert status == 403
    own = {"Cookie": cookie, "Content-Type": "text/plain", "Origin": shop.url}
    assert (await shop.call("POST", f"/deals/{deal['id']}/notes", None, data=b'{"text": "a"}', headers=own))[0] == 403
    timeline = await shop.get(f"/deals/{deal['id']}/timeline")
    assert [e for e in timeline["items"] if e["kind"] == "note"] == []


async def test_a_sign_in_token_and_a_session_are_no_api_tokens(console: Console) -> None:
    token, cookie = console.link(), await console.enter()
    assert (await console.shop.call("GET", "/me", token))[0] == 401
    assert (await console.shop.call("GET", "/me", cookie.removeprefix("parley=")))[0] == 401
    api = console.shop.token()
    assert (await console.shop.call("GET", "/me", None, headers={"Cookie": f"parley={api}"}))[0] == 401
