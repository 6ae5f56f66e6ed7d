"""Customers send files and managers see them: through us alone, whoever keeps them, and never as a page that runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bots.kit.events import Media
from gateway.channels.base import Outgoing, Refused, Sent
from gateway.clock import SetClock
from gateway.files import LINK_MS
from gateway.ports import Port
from gateway.settings import Settings
from state import people
from tests import payloads
from tests.chat.conftest import Customer, Shop, lay_out
from tests.chat.test_catalogue import PNG
from tests.faults.gateways import ADMIN, SECRET, WHATSAPP
from tests.standins.telegram import TOKEN, TelegramStandin
from tests.standins.twilio import ACCOUNT, AUTH_TOKEN, TwilioStandin

PUBLIC = "https://chat.shop.example"
HTML = b"<html><script>alert(document.cookie)</script></html>"
HUGE = PNG[:16] + b"\0\0\x75\x30\0\0\x75\x30" + PNG[24:]


@dataclass
class Walk:
    shop: Shop
    http: aiohttp.ClientSession
    telegram: TelegramStandin
    twilio: TwilioStandin
    canary: str
    """A server inside the shop's network that nobody has any business with."""
    caught: list[str] = field(default_factory=list)
    sent: int = 0

    async def get(self, path: str, **headers: str) -> tuple[aiohttp.ClientResponse, bytes]:
        given = headers or {"Authorization": f"Bearer {ADMIN}"}
        async with self.http.get(self.shop.url + path, headers=given, allow_redirects=False) as answer:
            return answer, await answer.read()

    async def status(self, path: str, token: str = ADMIN) -> tuple[int, str]:
        answer, _ = await self.get(path, Authorization=f"Bearer {token}")
        return answer.status, (await answer.json())["error"]["code"] if answer.status >= 400 else ""

    async def files(self) -> list[dict[str, Any]]:
        """What the API says of every file of every conversation."""
        found = []
        answer, _ = await self.get("/api/v1/deals")
        for deal in (await answer.json())["items"]:
            answer, _ = await self.get(f"/api/v1/deals/{deal['id']}/timeline?limit=200")
            found += [m for e in (await answer.json())["items"] for m in e.get("media", ())]
        return found

    async def comes(self, n: int = 1) -> list[dict[str, Any]]:
        async def here() -> bool:
            return len(await self.files()) >= n

        await self.shop.comes(here)
        return await self.files()

    async def write(self, url: str, mime: str = "image/jpeg") -> None:
        """A WhatsApp message with a file that is said to be at this address."""
        self.sent += 1
        sid = f"MM{self.sent:032x}"
        form = payloads.twilio("whatsapp_media_two", MessageSid=sid, SmsMessageSid=sid, SmsSid=sid, NumMedia="1")
        form |= {"MediaUrl0": url, "MediaContentType0": mime, "To": f"whatsapp:{WHATSAPP}"}
        assert await self.twilio.push(form) == 200

    def token(self, role: Any) -> str:
        app = self.shop.app

        def make(conn: Any) -> str:
            person = people.add_person(conn, app.db.ids, role, role, app.clock.now())
            return people.issue_api(conn, app.db.ids, person.id, app.clock.now())

        return app.db.write_now(make)


@pytest.fixture
async def walk(
    tmp_path: Path, migrated_file: Path, http: aiohttp.ClientSession, request: pytest.FixtureRequest
) -> AsyncIterator[Walk]:
    """A whole gateway between its providers' stand-ins. Telegram is on where the test is marked with its name."""
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(TelegramStandin())
        twilio = await stack.enter_async_context(TwilioStandin())
        given: dict[str, Any] = {
            "twilio_account_sid": ACCOUNT, "twilio_auth_token": AUTH_TOKEN, "twilio_api_base": twilio.base,
            "twilio_whatsapp_from": WHATSAPP,
        }  # fmt: skip
        if "telegram" in request.node.name:
            request.getfixturevalue("aiogram_at_hand")
            given |= {"telegram_token": TOKEN, "telegram_secret": SECRET, "telegram_api_base": telegram.base}
        lay_out(tmp_path / "data", migrated_file)
        settings = Settings(data_dir=tmp_path / "data", public_url=PUBLIC, admin_token=ADMIN, **given)
        shop = Shop(settings, SetClock(1_767_262_000_000))
        await shop.start()
        stack.push_async_callback(shop.stop)
        twilio.gateway, twilio.public = shop.url, PUBLIC
        made = Walk(shop, http, telegram, twilio, "")
        made.canary = await _canary(stack, made.caught)
        yield made


async def _canary(stack: AsyncExitStack, caught: list[str]) -> str:
    async def note(request: web.Request) -> web.Response:
        caught.append(request.path)
        return web.Response(body=PNG)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", note)
    port = Port(app, grace_s=0.1)
    await port.open()
    stack.push_async_callback(port.shut)
    return f"http://127.0.0.1:{port.number}"


def _is_safe(answer: aiohttp.ClientResponse) -> None:
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "Location" not in answer.headers
    assert "Set-Cookie" not in answer.headers


async def test_a_photo_sent_on_telegram_is_seen_by_a_manager(walk: Walk) -> None:
    async with asyncio.timeout(60):
        while not walk.telegram.webhook:
            await asyncio.sleep(0.05)
    walk.telegram.webhook = {"url": f"{walk.shop.url}/hooks/telegram", "secret_token": SECRET}
    walk.telegram.add_file("AgACAgIAAxkBAAI1x", PNG, "photos/file_7.jpg")
    assert await walk.telegram.push(payloads.telegram("photo")) == 200
    (file,) = await walk.comes()
    assert file["kind"] == "photo"
    answer, body = await walk.get(file["url"], Authorization=f"Bearer {walk.token('manager')}")
    assert (answer.status, answer.content_type, body) == (200, "image/png", PNG)
    assert answer.headers["Content-Disposition"].startswith("inline; filename=")
    assert "file_7" not in answer.headers["Content-Disposition"]
    _is_safe(answer)
    assert TOKEN not in repr(dict(answer.headers))
    walk.telegram._files.clear()
    assert await walk.status(file["url"]) == (404, "media_unavailable")

    # and ours, on their way out
    customer = Customer(walk.http, walk.shop)
    await customer.open()
    _, stored = await customer.upload(PNG)
    channel = walk.shop.app.channels["telegram:700001"]
    part = Outgoing(1, "5001", "media", media=Media("photo", f"stored:{stored['id']}", "табличка.png", "image/png"))
    assert isinstance(await channel.send(part), Sent)
    (call,) = [c for c in walk.telegram.ledger.calls if c.method == "sendPhoto"]
    assert call.params["photo"] == {"name": "табличка.png", "type": "image/png", "size": len(PNG)}
    gone = Outgoing(2, "5001", "media", media=Media("photo", "stored:../secret"))
    assert isinstance(await channel.send(gone), Refused)


async def test_a_photo_sent_on_whatsapp_is_seen_by_those_who_work_with_deals(walk: Walk) -> None:
    url = walk.twilio.add_media(PNG)
    await walk.write(url)
    (file,) = await walk.comes()
    assert set(file) == {"kind", "name", "mime", "size", "url"}
    assert "twilio" not in repr(file).lower()
    assert walk.twilio.base not in repr(file)
    for role in ("manager", "head", "admin"):
        answer, body = await walk.get(file["url"], Authorization=f"Bearer {walk.token(role)}")
        assert (answer.status, answer.content_type, body) == (200, "image/png", PNG)
        _is_safe(answer)
        assert AUTH_TOKEN not in repr(dict(answer.headers))
    assert await walk.status(file["url"], walk.token("marketer")) == (404, "not_found")
    assert await walk.status(file["url"], "guess") == (401, "unauthorized")
    last = file["url"].rpartition("/")
    for missing in ("1", "99", "-1", "x", "0x0", "9" * 30):
        assert await walk.status(f"{last[0]}/{missing}") == (404, "not_found")
    assert await walk.status("/api/v1/entries/999999/media/0") == (404, "not_found")


async def test_the_console_shows_the_photo_in_its_place(walk: Walk) -> None:
    await walk.write(walk.twilio.add_media(PNG))
    (file,) = await walk.comes()
    app = walk.shop.app

    def link(conn: Any) -> str:
        person = people.add_person(conn, app.db.ids, "Анна", "manager", app.clock.now())
        return people.issue_signin(conn, app.db.ids, person.id, app.clock.now())

    data = {"token": app.db.write_now(link)}
    async with walk.http.post(walk.shop.url + "/signin", data=data, allow_redirects=False) as answer:
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
    deal = (await walk.shop.rows("deals"))[0]["id"]
    answer, page = await walk.get(f"/console/deals/{deal}", Cookie=cookie)
    assert answer.status == 200
    assert f'<img src="{file["url"]}"'.encode() in page
    answer, body = await walk.get(file["url"], Cookie=cookie)
    assert (answer.status, body) == (200, PNG)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (HTML, "application/octet-stream"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "application/octet-stream"),
        (HUGE, "application/octet-stream"),
        (b"%PDF-1.7 <script>alert(1)</script>", "application/pdf"),
        (b"PK\x03\x04zip", "application/octet-stream"),
    ],
)
async def test_what_only_pretends_to_be_a_picture_is_an_attachment(walk: Walk, body: bytes, told: str) -> None:
    await walk.write(walk.twilio.add_media(body, "image/png"), "image/png")
    (file,) = await walk.comes()
    answer, got = await walk.get(file["url"])
    assert (answer.status, answer.content_type, got) == (200, told, body)
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert ".htm" not in answer.headers["Content-Disposition"]
    _is_safe(answer)


async def test_an_address_that_is_not_the_providers_is_never_asked(walk: Walk) -> None:
    customer = Customer(walk.http, walk.shop)
    await customer.open()
    _, stored = await customer.upload(PNG)
    hostile = [
        "http://169.254.169.254/latest/meta-data/", "https://169.254.169.254/latest/meta-data/", f"{walk.canary}/a",
        "https://[::ffff:169.254.169.254]/", "http://127.0.0.1:1/", "file:///etc/passwd", "https://localhost/",
        f"{walk.twilio.base}@{walk.canary.removeprefix('http://')}/b", "https://api.twilio.com.evil.example/x",
        f"stored:{stored['id']}", "stored:../secret", "gopher://127.0.0.1:6379/_FLUSHALL",
    ]  # fmt: skip
    for url in hostile:
        await walk.write(url)
    files = await walk.comes(len(hostile))
    assert len(files) == len(hostile)
    for file in files:
        assert await walk.status(file["url"]) == (404, "media_unavailable")
    assert walk.caught == []


async def test_a_provider_cannot_send_us_on_to_somewhere_else(walk: Walk) -> None:
    await walk.write(walk.twilio.add_media(PNG))
    (file,) = await walk.comes()
    for target in (f"{walk.canary}/secret", "http://169.254.169.254/", "/../../x", "//127.0.0.1:1/"):
        walk.twilio.media_redirect = target
        status, code = await walk.status(file["url"])
        assert (status in (404, 502), code) == (True, "media_unavailable")
    assert walk.caught == []


async def test_a_provider_that_is_down_is_a_passing_failure(walk: Walk) -> None:
    await walk.write(walk.twilio.add_media(PNG))
    (file,) = await walk.comes()
    await walk.twilio.stop()
    assert await walk.status(file["url"]) == (502, "media_unavailable")


async def test_a_file_from_the_web_chat_is_handed_over_by_the_same_address(walk: Walk) -> None:
    customer = Customer(walk.http, walk.shop)
    await customer.open()
    for n, body in enumerate((PNG, b"%PDF-1.7 ")):
        _, stored = await customer.upload(body, "счёт; filename=x.html")
        assert (await customer.post(f"c{n}", "", files=[stored["id"]]))[0] == 200
    photo, document = await walk.comes(2)
    answer, body = await walk.get(photo["url"])
    assert (answer.status, answer.content_type, body) == (200, "image/png", PNG)
    assert answer.headers["Content-Disposition"].startswith("inline; ")
    _is_safe(answer)
    answer, _ = await walk.get(document["url"])
    assert answer.content_type == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert ".html" not in answer.headers["Content-Disposition"]
    assert (await walk.http.get(walk.shop.url + photo["url"], headers={"Cookie": customer.cookie})).status == 401
    for kept in (walk.shop.settings.data_dir / "files").iterdir():
        kept.unlink()
    assert await walk.status(photo["url"]) == (404, "media_unavailable")


async def test_twilio_fetches_our_file_by_a_link_that_expires_and_cannot_be_changed(walk: Walk) -> None:
    customer = Customer(walk.http, walk.shop)
    await customer.open()
    ids = [(await customer.upload(PNG))[1]["id"] for _ in range(2)]
    channel = walk.shop.app.channels[f"whatsapp:{WHATSAPP}"]
    part = Outgoing(1, "+79161234567", "media", media=Media("photo", f"stored:{ids[0]}"))
    assert isinstance(await channel.send(part), Sent)
    link = walk.twilio.ledger.calls[-1].params["MediaUrl"]
    assert link.startswith(f"{PUBLIC}/files/{ids[0]}?expires=")
    path = link.removeprefix(PUBLIC)
    answer, body = await walk.get(path, Accept="*/*")
    assert (answer.status, answer.content_type, body) == (200, "image/png", PNG)
    _is_safe(answer)
    at, _, sig = path.partition("&sig=")
    forged = [
        path.replace(ids[0], ids[1]), at, f"{at}&sig=", f"{at}&sig={sig[:-1]}", f"{at}&sig=%ff{sig}", at + "0&sig=" + sig,
        f"/files/{ids[0]}", f"/files/{ids[0]}?expires=99999999999999999999&sig={sig}", f"/files/..%2fsecret?sig={sig}",
    ]  # fmt: skip
    for wrong in forged:
        assert (await walk.get(wrong, Accept="*/*"))[0].status == 404, wrong
    assert isinstance(walk.shop.app.clock, SetClock)
    walk.shop.app.clock.advance(LINK_MS)
    assert (await walk.get(path, Accept="*/*"))[0].status == 404
