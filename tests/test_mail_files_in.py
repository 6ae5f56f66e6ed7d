"""Files of mails through a running gateway, on both databases: who may send them, where they lie, who sees them."""

import asyncio
import base64
import io
import json
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientTimeout
from sqlalchemy import select

from bots.kit.events import Media
from gateway import safekeeping
from gateway.app import App
from gateway.channels.mail_files import MOST_MAIL
from gateway.desk import Clarify
from gateway.events import FormSubmitted, MailReceived, MessageReceived, Sender
from gateway.mail_door import MailDoor
from gateway.recordings import _heard
from gateway.settings import Settings
from state import people, tables
from state.records import Entry
from tests.channels.benches import MAIL_CUSTOMER
from tests.channels.test_mail_files_in import HUGE, letter
from tests.channels.test_mail_files_out import PDF
from tests.chat.test_catalogue import PNG
from tests.shop import PaperChannel, Shop, furnished, open_shop
from tests.test_mail import LIMITS, PHONE

TOKEN, ADMIN = "hook-token", "admin-token-of-this-test"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@dataclass
class House:
    """A running gateway and whoever posts mails to it."""

    app: App
    http: ClientSession
    posted: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.app.port}"

    @property
    def folder(self) -> Path:
        return self.app.settings.data_dir / "files"

    @property
    def door(self) -> MailDoor:
        return next(door for door in self.app.doors if isinstance(door, MailDoor))

    async def post(self, body: bytes | str, kind: str = "message/rfc822", **headers: str) -> tuple[int, str]:
        """The answer, and what it says became of the mail."""
        given = BEARER | {"Content-Type": kind} | headers
        whole = io.BytesIO(body if isinstance(body, bytes) else body.encode())
        async with self.http.post(self.url + "/hooks/mail", data=whole, headers=given) as answer:
            told = await answer.text()
        return answer.status, json.loads(told)["status"] if told.startswith("{") else ""

    async def send(self, *files: tuple[str, bytes], text: str = "Вот фото", **how: Any) -> tuple[int, str]:
        """Anna mails these."""
        self.posted += 1
        made = letter(*files, text=text, **how)
        made.replace_header("Message-ID", f"<m{self.posted}@mail.example.org>")
        return await self.post(made.as_bytes())

    async def rows(self, table: str) -> list[dict[str, Any]]:
        found = tables.metadata.tables[table]
        asked = select(found).order_by(next(iter(found.primary_key)))
        return await self.app.db.read(lambda c: [dict(row._mapping) for row in c.execute(asked)])

    async def entries(self, n: int) -> list[dict[str, Any]]:
        """What customers said, when there are so many messages."""
        async with asyncio.timeout(20):
            while len(found := [e for e in await self.rows("entries") if e["author"] == "customer"]) < n:
                await asyncio.sleep(0.02)
        return found

    async def get(self, path: str, token: str = ADMIN) -> tuple[int, Any, bytes]:
        async with self.http.get(self.url + path, headers={"Authorization": f"Bearer {token}"}) as answer:
            return answer.status, answer.headers, await answer.read()

    def on_disk(self) -> dict[str, bytes]:
        return {at.name: at.read_bytes() for at in self.folder.iterdir()}


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    settings = Settings(
        data_dir=tmp_path / "data", database_url=database_url, hook_token=TOKEN, admin_token=ADMIN, email_from="shop@example.com",
    )  # type: ignore[arg-type]  # fmt: skip
    app = App(settings, house=furnished(still=True))
    await app.start(port=0)
    async with ClientSession(timeout=ClientTimeout(total=60)) as http:
        yield House(app, http)
    await app.stop()


# -- seen ------------------------------------------------------------------------------------------------------------


async def test_a_photo_by_mail_stands_in_the_timeline_and_managers_open_it(house: House):
    assert await house.send(("табличка.png", PNG), ("договор.pdf", PDF), ("игра.exe", b"MZ\x90")) == (200, "accepted")
    (said,) = await house.entries(1)
    _, _, body = await house.get(f"/api/v1/deals/{said['deal_id']}/timeline")
    items = json.loads(body)["items"]
    told = next(e for e in items if e["id"] == said["id"])
    assert [(m["kind"], m["name"], m["mime"], m["size"]) for m in told["media"]] == [
        ("photo", "табличка.png", "image/png", len(PNG)), ("document", "договор.pdf", "application/pdf", len(PDF)),
    ]  # fmt: skip
    assert told["text"] == "Вот фото"
    assert "В письме были и другие файлы: «игра.exe» — не сохранён, такие файлы не принимаются" in [
        e["text"] for e in items
    ]

    status, headers, got = await house.get(told["media"][0]["url"])
    assert (status, headers["Content-Type"], got) == (200, "image/png", PNG)
    assert headers["Content-Disposition"].startswith("inline; ")
    status, headers, got = await house.get(told["media"][1]["url"])
    assert (status, headers["Content-Type"], got) == (200, "application/pdf", PDF)
    assert headers["Content-Disposition"].startswith("attachment; ")
    assert "sandbox" in headers["Content-Security-Policy"]
    assert (await house.get(f"/api/v1/entries/{said['id']}/media/2"))[0] == 404
    assert b"MZ" not in b"".join(house.on_disk().values())


async def test_a_file_of_a_mail_is_for_those_who_work_with_deals_alone(house: House):
    await house.send(("a.png", PNG))
    (said,) = await house.entries(1)
    url = f"/api/v1/entries/{said['id']}/media/0"

    def token(role: Any) -> str:
        app = house.app
        return app.db.write_now(
            lambda c: people.issue_api(
                c, app.db.ids, people.add_person(c, app.db.ids, role, role, app.clock.now()).id, app.clock.now()
            )
        )

    assert (await house.get(url, token("manager")))[0] == 200
    assert (await house.get(url, token("marketer")))[0] == 404
    assert (await house.get(url, "guess"))[0] == 401
    (file_id,) = house.on_disk()
    assert (await house.get(f"/files/{file_id}"))[0] == 404
    assert (await house.get(f"/chat/files/{file_id}", "guess"))[0] == 404


async def test_what_nobody_should_draw_is_handed_over_and_not_shown(house: House):
    await house.send(("a.png", HUGE))
    (said,) = await house.entries(1)
    assert said["media"][0]["kind"] == "document"
    status, headers, body = await house.get(f"/api/v1/entries/{said['id']}/media/0")
    assert (status, body, headers["Content-Type"]) == (200, HUGE, "application/octet-stream")
    assert headers["Content-Disposition"].startswith("attachment; ")


async def test_a_mail_of_photos_alone_says_what_it_is_about(house: House):
    await house.send(("a.png", PNG), text="")
    (said,) = await house.entries(1)
    assert (said["text"], len(said["media"])) == ("Фото", 1)


async def test_a_file_that_is_not_there_any_more_is_told_so(house: House):
    await house.send(("a.png", PNG))
    (said,) = await house.entries(1)
    for at in house.folder.iterdir():
        at.unlink()
    status, _, body = await house.get(f"/api/v1/entries/{said['id']}/media/0")
    assert (status, json.loads(body)["error"]["code"]) == (404, "media_unavailable")


# -- heard -----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    channels = [PaperChannel(), PaperChannel("email", "mail", limits=LIMITS["email"])]
    made = open_shop(database_url, channels=channels, still=True)
    yield made
    await made.db.close()


PHOTO = Media("photo", f"stored:{'a' * 32}", "табличка.png", "image/png", 50)


async def mailed(shop: Shop, text: str, **more: Any) -> None:
    await shop.hear(MailReceived(Sender("email", "mail", MAIL_CUSTOMER, email=MAIL_CUSTOMER), text=text, **more))
    await shop.settle()


@pytest.mark.parametrize(
    ("text", "whole"), [("", "> Пришлите фото"), ("Вот табличка", "")], ids=["alone", "with words"]
)
async def test_a_bot_that_asks_for_a_photo_by_mail_takes_one_that_comes_by_mail(shop: Shop, text: str, whole: str):
    await mailed(shop, "Нужны колодки")
    await shop.ask(Clarify("photo"))
    part = shop.channels["email:mail"].sent[-1].part
    await mailed(shop, text, whole=whole, part=part, media=(PHOTO,), subject="Re: Ваше обращение")
    await shop.later(seconds=60)
    entry = next(e for e in await shop.all("entries") if e["media"])
    photos = (await shop.deal())["fields"]["photos"]
    assert f"/api/v1/entries/{entry['id']}/media/0" in repr(photos)
    assert entry["media"][0]["ref"] == PHOTO.ref
    assert "clarified" in [t["kind"] for t in await shop.all("tasks")]
    heard = _heard(Entry(**entry))  # as a replay plays it: without the subject that stands there for a text
    assert heard is not None
    assert (heard.message.text, len(heard.message.media)) == (text, 1)


async def test_a_photo_by_mail_does_not_answer_a_bot_on_another_channel(shop: Shop):
    """A false sender must not steer a bot, with a picture neither."""
    await shop.write("Здравствуйте")
    await shop.hear(MessageReceived(shop.sender(), phone=PHONE))
    form = Sender("form", "vin", PHONE, "Анна", PHONE, MAIL_CUSTOMER)
    await shop.hear(FormSubmitted(form, "vin", {"phone": PHONE, "email": MAIL_CUSTOMER}))
    await shop.later(seconds=5)
    (deal,) = [d["id"] for d in await shop.all("deals") if d["closed_at"] is None]
    await shop.ask(Clarify("photo"), deal)
    await shop.later(seconds=5)
    before = (await shop.all("runs"))[-1]["state"]
    await mailed(shop, "", media=(PHOTO,))
    await shop.later(seconds=60)
    assert (await shop.all("runs"))[-1]["state"] == before
    assert next(e for e in await shop.all("entries") if e["media"])["channel"] == "email"


# -- who may send, and how much --------------------------------------------------------------------------------------


async def raw(house: House, *lines: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.app.port)
    writer.write("\r\n".join(["POST /hooks/mail HTTP/1.1", "Host: x", *lines, "", ""]).encode())
    return reader, writer


async def status_of(reader: asyncio.StreamReader) -> int:
    async with asyncio.timeout(5):
        return int((await reader.readline()).split()[1])


@pytest.mark.parametrize(
    "bearer", ["", "Authorization: Bearer guess", "Authorization: Bearer hook-token\r\nAuthorization: Bearer x"]
)
@pytest.mark.parametrize("more", ["", "Expect: 100-continue"])
async def test_a_stranger_is_turned_away_before_a_byte_of_the_mail_is_read(house: House, bearer: str, more: str):
    lines = [line for line in (bearer, more, "Content-Length: 29000000", "Content-Type: message/rfc822") if line]
    reader, writer = await raw(house, *lines)
    assert await status_of(reader) == 401
    writer.close()
    assert await house.rows("inbox") == []
    assert house.on_disk() == {}


async def test_whoever_asks_first_is_told_to_go_on(house: House):
    body = letter(("a.png", PNG)).as_bytes()
    lines = [f"Authorization: Bearer {TOKEN}", "Expect: 100-continue", f"Content-Length: {len(body)}"]
    reader, writer = await raw(house, *lines, "Content-Type: message/rfc822")
    assert await status_of(reader) == 100
    await reader.readline()
    writer.write(body)
    assert await status_of(reader) == 200
    writer.close()
    assert len((await house.entries(1))[0]["media"]) == 1


async def test_more_than_a_mail_may_have_is_413_before_it_is_sent_and_while_it_is(house: House):
    reader, writer = await raw(house, f"Authorization: Bearer {TOKEN}", f"Content-Length: {MOST_MAIL + 1}")
    assert await status_of(reader) == 413
    writer.close()

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(MOST_MAIL // 1_000_000 + 5):
            yield b"x" * 1_000_000

    reader, writer = await raw(house, f"Authorization: Bearer {TOKEN}", "Transfer-Encoding: chunked")
    async for piece in endless():
        writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
    assert await status_of(reader) == 413
    writer.close()
    assert await house.rows("inbox") == []


async def test_other_hooks_take_no_more_than_before(house: House):
    async with house.http.post(house.url + "/hooks/calls", data=io.BytesIO(b"x" * 1_000_001), headers=BEARER) as answer:
        assert answer.status == 413


async def test_a_mail_with_a_file_of_20_megabytes_is_taken(house: House):
    body = PNG.ljust(20_000_000, b"\1")
    assert await house.send(("a.png", body)) == (200, "accepted")
    (said,) = await house.entries(1)
    assert said["media"][0]["size"] == 20_000_000
    _, _, got = await house.get(f"/api/v1/entries/{said['id']}/media/0")
    assert got == body
    assert len((await house.rows("inbox"))[0]["raw"]) < 5_000


async def test_large_mails_wait_for_each_other_and_those_behind_are_asked_to_come_later(house: House):
    """Of the first two no more than the beginning comes; small ones pass them."""
    house.door._room_s = 0.3
    slow = [await raw(house, f"Authorization: Bearer {TOKEN}", "Content-Length: 5000000") for _ in range(2)]
    for _, writer in slow:
        writer.write(b"From: a@b.example\r\n")
    await asyncio.sleep(0.1)
    assert (await house.send(("a.png", PNG + os.urandom(1_500_000))))[0] == 503
    assert (await house.send(("b.png", PNG)))[0] == 200
    for _, writer in slow:
        writer.close()
    await asyncio.sleep(0.1)
    assert (await house.send(("a.png", PNG + os.urandom(1_500_000))))[0] == 200


async def test_a_mail_that_never_ends_is_given_up(house: House):
    house.door._read_s = 0.2
    reader, writer = await raw(house, f"Authorization: Bearer {TOKEN}", "Content-Length: 5000000")
    writer.write(b"From: a@b.example\r\n")
    assert await status_of(reader) == 408
    writer.close()


async def test_a_mail_that_was_cut_on_its_way_is_not_kept(house: House):
    _, writer = await raw(
        house, f"Authorization: Bearer {TOKEN}", "Content-Length: 5000000", "Content-Type: message/rfc822"
    )
    writer.write(letter(("a.png", PNG)).as_bytes())
    await writer.drain()
    writer.close()
    await asyncio.sleep(0.2)
    assert await house.rows("inbox") == []
    assert house.on_disk() == {}


async def test_from_one_sender_only_so_many_files_are_kept_in_a_short_time(house: House):
    for _ in range(2):
        await house.send(*[("a.png", PNG)] * 20)
    assert await house.send(("b.png", PNG), text="И ещё одно") == (200, "accepted")
    said = await house.entries(3)
    assert ([len(e["media"]) for e in said], said[2]["text"]) == ([20, 20, 0], "И ещё одно")
    assert len(house.on_disk()) == 40
    told = [e["text"] for e in await house.rows("entries") if e["kind"] == "system"]
    assert any("«b.png» — не сохранён, от этого отправителя слишком много файлов" in text for text in told)


# -- on disk before it is kept, and once -----------------------------------------------------------------------------


async def test_copies_of_a_mail_at_the_same_instant_are_one_mail_with_one_file(house: House):
    body = letter(("a.png", PNG)).as_bytes()
    answers = await asyncio.gather(*[house.post(body) for _ in range(8)])
    assert sorted(answers) == [(200, "accepted"), *[(200, "duplicate")] * 7]
    (said,) = await house.entries(1)
    assert list(house.on_disk()) == [row["id"] for row in await house.rows("files")]
    assert len(house.on_disk()) == 1
    assert (await house.get(f"/api/v1/entries/{said['id']}/media/0"))[2] == PNG


async def test_another_mail_under_a_known_id_leaves_nothing_on_disk(house: House):
    def posted(body: bytes) -> str:
        file = {"name": "a.png", "content": base64.b64encode(body).decode()}
        return json.dumps({"id": "in-1", "from": MAIL_CUSTOMER, "text": "фото", "attachments": [file]})

    assert await house.post(posted(PNG), "application/json") == (200, "accepted")
    assert await house.post(posted(PNG + b"other"), "application/json") == (200, "duplicate")
    assert list(house.on_disk().values()) == [PNG]
    assert len(await house.rows("files")) == 1


async def test_a_mail_whose_file_cannot_be_written_is_not_acknowledged_and_not_kept(house: House):
    """The disk is as good as full: what is left of it is the database's."""
    door = house.door
    door._shelf = type(door._shelf)(
        door._shelf.db, door._shelf.folder, door._shelf.secret, "", door._shelf.now, reserve=10**18
    )  # fmt: skip
    assert (await house.send(("a.png", PNG)))[0] == 503
    assert (await house.send(text="Без файла"))[0] == 200
    assert [e["text"] for e in await house.entries(1)] == ["Без файла"]
    assert house.on_disk() == {}
    assert await house.rows("files") == []


async def test_a_mail_that_cannot_be_kept_leaves_its_file_to_the_sweep_and_comes_again(house: House):
    body = letter(("a.png", PNG)).as_bytes()
    house.app.intake.closed = True
    assert (await house.post(body))[0] == 503
    ((waiting, kept),) = house.on_disk().items()
    assert (waiting.endswith(".new"), kept) == (True, PNG)
    house.app.intake.closed = False
    assert await house.post(body) == (200, "accepted")
    await house.entries(1)
    assert list(house.on_disk()) == [waiting.removesuffix(".new")]


async def test_what_nobody_has_acknowledged_is_swept_away_and_what_was_is_put_in_its_place(
    house: House, tmp_path: Path
):
    await house.send(("a.png", PNG))
    (said,) = await house.entries(1)
    (name,) = house.on_disk()
    (house.folder / name).rename(house.folder / (name + ".new"))  # a crash between the commit and the last step
    old = time.time() - safekeeping.STALE_S - 1
    for left, age in (("e" * 32 + ".new", old), ("f" * 32 + ".new", None), ("d" * 32, old), ("c" * 32 + ".part", old)):
        (house.folder / left).write_bytes(b"left")
        if age:
            os.utime(house.folder / left, (age, age))
    assert (await house.get(f"/api/v1/entries/{said['id']}/media/0"))[2] == PNG  # found where it waits
    shelf = house.door._shelf
    await shelf.sweep()
    # A file that has its own name is never touched: a database that was brought back from yesterday may not know it.
    assert sorted(house.on_disk()) == sorted([name, "f" * 32 + ".new", "d" * 32])
    assert (await house.get(f"/api/v1/entries/{said['id']}/media/0"))[2] == PNG
    await shelf.sweep()
    assert name in house.on_disk()
