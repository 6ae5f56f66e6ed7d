"""Visitors' files: what is taken, who gets it back, and what a browser is told to do with it."""

import struct

import aiohttp
import pytest

from gateway.chat.files import MOST_BYTES
from state import people
from tests.chat.conftest import Customer, Open, Shop
from tests.chat.test_catalogue import PNG
from tests.chat.test_talking import to_the_menu

HUGE = PNG[:16] + struct.pack(">II", 30_000, 30_000) + PNG[24:]
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


async def test_a_photo_answers_the_bots_question_and_is_shown_to_its_sender(shop: Shop, customer: Customer):
    line, _ = await to_the_menu(customer)
    await line.send("c2", "1")
    await line.item("Пришлите VIN")
    status, stored = await customer.upload(PNG, "тех паспорт.png")
    assert (status, stored["kind"]) == (201, "photo")
    await line.send("c3", "", files=[stored["id"]])
    shown = (await line.item(""))["media"]
    assert shown == [{"url": stored["url"], "kind": "photo", "name": "тех паспорт.png"}]
    await line.item("Какие детали")
    entry = next(e for e in await shop.rows("entries") if e["client_id"] and e["client_id"].endswith(":c3"))
    assert entry["media"][0]["ref"] == f"stored:{stored['id']}"


async def test_a_photo_is_shown_in_place_and_nothing_in_it_can_run(shop: Shop, customer: Customer):
    _, stored = await customer.upload(PNG)
    answer = await customer.get(stored["url"])
    assert (answer.status, answer.content_type, await answer.read()) == (200, "image/png", PNG)
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("body", "kind", "mime"),
    [
        (b"%PDF-1.7 <script>alert(1)</script>", "document", "application/pdf"),
        (HUGE, "document", "application/octet-stream"),
        (HEIC, "photo", "image/heic"),
    ],
)
async def test_what_a_page_should_not_draw_is_an_attachment(
    shop: Shop, customer: Customer, body: bytes, kind: str, mime: str
):
    _, stored = await customer.upload(body, "счёт; filename=x.html")
    assert stored["kind"] == kind
    answer = await customer.get(stored["url"])
    assert answer.content_type == mime
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    assert ".html" in answer.headers["Content-Disposition"].rpartition("''")[2]
    assert ";" not in answer.headers["Content-Disposition"].rpartition("''")[2]


@pytest.mark.parametrize(
    "body",
    [
        b"<html><script>alert(1)</script>", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"MZ\x90\0",
        b"PK\x03\x04zip", b"#!/bin/sh", b"\x7fELF", b"text",
    ],
)  # fmt: skip
async def test_pages_programs_and_archives_are_not_taken_whatever_they_are_called(
    shop: Shop, customer: Customer, body: bytes
):
    status, answer = await customer.upload(body, "photo.jpg")
    assert (status, answer["error"]["code"]) == (415, "bad_type")
    assert list((shop.settings.data_dir / "files").iterdir()) == []


async def test_a_file_of_more_than_20_megabytes_is_refused_and_leaves_nothing(shop: Shop, customer: Customer):
    status, answer = await customer.upload(PNG + b"\0" * (MOST_BYTES - len(PNG)))
    assert status == 201
    status, answer = await customer.upload(PNG + b"\0" * (MOST_BYTES - len(PNG) + 1))
    assert (status, answer["error"]["code"]) == (413, "too_large")
    assert len(list((shop.settings.data_dir / "files").iterdir())) == 1


async def test_an_upload_that_is_tried_again_is_one_file(shop: Shop, customer: Customer):
    first = await customer.upload(PNG, client_id="f1")
    assert await customer.upload(PNG, client_id="f1") == first
    assert await customer.upload(PNG, client_id="f2") != first
    assert len(await shop.rows("files")) == 2


async def test_nobody_else_gets_a_file_or_sends_it_as_their_own(shop: Shop, customer: Customer):
    _, stored = await customer.upload(PNG, client_id="f1")
    other = Customer(customer.http, shop)
    await other.open()
    _, theirs = await other.upload(PNG, client_id="f1")
    assert theirs["id"] != stored["id"]
    assert (await other.get(stored["url"])).status == 404
    assert (await Customer(customer.http, shop).get(stored["url"])).status == 404
    for files in ([stored["id"]], ["0" * 32], ["../secret"], [7], "abc"):
        status, _ = await other.post("c1", "Здравствуйте", files=files)
        assert status == 422
    assert await shop.rows("inbox") == []


async def test_staff_who_are_signed_in_see_customers_files(open_shop: Open, http: aiohttp.ClientSession):
    shop = await open_shop(admin_token="the-settings-token")
    customer = Customer(http, shop)
    await customer.open()
    _, stored = await customer.upload(PNG)

    def token(role: str) -> str:
        app = shop.app
        return app.db.write_now(
            lambda c: people.issue_api(
                c, app.db.ids, people.add_person(c, app.db.ids, role, role, app.clock.now()).id, app.clock.now()
            )
        )

    nobody = Customer(http, shop)
    for bearer, status in (
        (token("manager"), 200), (token("marketer"), 404), ("the-settings-token", 200), ("guess", 404),
    ):  # fmt: skip
        answer = await nobody.get(stored["url"], Authorization=f"Bearer {bearer}")
        assert answer.status == status


async def test_a_form_without_a_file_is_told_so(shop: Shop, customer: Customer):
    for data in (b"", b"x", aiohttp.FormData({"other": "1"})):
        async with customer.http.post(shop.url + "/chat/files", data=data, headers=customer.headers({})) as answer:
            assert answer.status == 400


async def test_a_file_survives_a_restart(shop: Shop, customer: Customer):
    _, stored = await customer.upload(PNG)
    await shop.restart()
    assert await (await customer.get(stored["url"])).read() == PNG
