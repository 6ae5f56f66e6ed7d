"""The web chat's rows of the catalogue of bad input: what hostile and unlucky pages send, and what comes of it."""

import asyncio
from contextlib import suppress

import aiohttp
import pytest

from gateway.api.errors import Refusal
from gateway.chat.sockets import MOST_OF_ONE, Sockets
from gateway.clock import SetClock
from state.database import Database
from tests.chat.conftest import PATIENCE_S, Customer, Open, Shop

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x3c\0\0\0\x28\x08\x02\0\0\0"


@pytest.fixture
async def shop(open_shop: Open, database_url: str) -> Shop:
    """On both databases."""
    return await open_shop(database_url=database_url)


@pytest.mark.parametrize("given", [{}, {"id": ""}, {"id": None}, {"id": 7}, {"id": "я" * 101}, {"id": "a\nb"}])
async def test_75_a_message_without_a_usable_id_of_its_own_is_refused(shop: Shop, customer: Customer, given: dict):
    status, body = await customer.post(None, "Здравствуйте", **given)
    assert (status, body["error"]["code"]) == (400, "no_id")
    assert await shop.rows("inbox") == []


async def test_76_the_same_id_again_is_the_same_message(shop: Shop, customer: Customer):
    first = await customer.post("c1", "Здравствуйте")
    assert first[0] == 200
    assert await customer.post("c1", "Здравствуйте") == first
    line = await customer.line()
    await line.send("c1", "Здравствуйте")
    assert (await line.frame("ack"))["item"] == first[1]["item"]
    at_once = await asyncio.gather(*(customer.post("c2", "1") for _ in range(8)))
    assert len({body["item"] for _, body in at_once}) == 1
    assert [i["client_id"] for i in await customer.items() if i["from"] == "customer"] == ["c1", "c2"]


async def test_76_the_same_id_of_another_visitor_is_another_message(shop: Shop, customer: Customer):
    other = Customer(customer.http, shop)
    await other.open()
    _, mine = await customer.post("c1", "Здравствуйте")
    _, theirs = await other.post("c1", "Добрый день")
    assert mine["item"] != theirs["item"]


async def test_77_another_visitors_session_id_gives_a_new_visitor_without_history(shop: Shop, customer: Customer):
    await customer.begin()
    forger = Customer(customer.http, shop)
    forger.cookie = customer.cookie.partition(".")[0] + ".guess"
    await forger.open()
    assert await forger.items() == []


async def test_78_a_megabyte_is_too_large_and_5000_characters_are_too_long(shop: Shop, customer: Customer):
    status, body = await customer.post("c1", "я" * 1_000_000)
    assert (status, body["error"]["code"]) == (413, "too_large")
    status, body = await customer.post("c2", "я" * 5_000)
    assert (status, body["error"]["code"], body["error"]["limit"]) == (422, "text_too_long", 4_000)
    assert (await customer.post("c3", "я" * 4_000))[0] == 200
    for empty in ("", "   \n", None, 7, ["x"]):
        status, body = await customer.post("c4", empty)
        assert (status, body["error"]["code"]) == (422, "empty")


async def test_78_a_megabyte_over_the_socket_ends_the_socket_and_keeps_nothing(shop: Shop, customer: Customer):
    line = await customer.line()
    with suppress(ConnectionError):  # it may be over before all of it has left
        await line.send("c1", "я" * 1_000_000)
    async with asyncio.timeout(PATIENCE_S):
        async for message in line.ws:
            pytest.fail(f"{message} was said")
    assert line.ws.closed
    assert await shop.rows("inbox") == []


@pytest.mark.parametrize(
    "text", ["<img src=x onerror=alert(1)>", "javascript:alert(1)", "</script><script>alert(1)</script>", "{{7*7}}"]
)
async def test_79_hostile_text_comes_back_as_the_same_text_and_never_as_a_page(
    shop: Shop, customer: Customer, text: str
):
    await customer.post("c1", text)
    answer = await customer.get("/chat/items?after=0")
    assert (answer.content_type, answer.headers["X-Content-Type-Options"]) == ("application/json", "nosniff")
    assert (await answer.json())["items"][0]["text"] == text
    assert text not in await (await customer.open()).text()


async def test_79_broken_characters_are_mended(shop: Shop, customer: Customer):
    body = b'{"id": "c1", "text": "a\\u0000b\\ud800c"}'
    async with customer.http.post(shop.url + "/chat/messages", data=body, headers=customer.headers({})) as answer:
        assert answer.status == 200
    assert (await customer.items())[0]["text"] == "ab\ufffdc"


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{", b"[" * 100_000, b'"\xff"'])
async def test_79_a_body_that_is_no_message_is_refused(shop: Shop, customer: Customer, body: bytes):
    async with customer.http.post(shop.url + "/chat/messages", data=body, headers=customer.headers({})) as answer:
        assert answer.status == 400


async def test_80_a_page_of_another_site_is_refused(shop: Shop, customer: Customer):
    evil = {"Origin": "https://evil.example"}
    assert (await customer.post("c1", "Здравствуйте", headers=evil))[0] == 403
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await customer.line(**evil)
    async with customer.http.post(shop.url + "/chat/files", data=PNG, headers=customer.headers(evil)) as answer:
        assert answer.status == 403
    assert await shop.rows("inbox") == []
    assert await shop.rows("files") == []


async def test_81_a_thousand_new_visitors_a_minute_from_one_address_are_too_many_and_others_are_served(
    open_shop: Open, http: aiohttp.ClientSession
):
    shop = await open_shop(clock=SetClock(1_763_978_400_000), public_url="https://chat.shop.example")
    crowd = Customer(http, shop)
    answers = [(await crowd.get("/chat", **{"X-Forwarded-For": "203.0.113.7"})).status for _ in range(300)]
    assert answers == [200] * 100 + [429] * 200
    refused = await crowd.get("/chat", **{"X-Forwarded-For": "forged, 203.0.113.7"})
    assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
    assert (await crowd.open(**{"X-Forwarded-For": "203.0.113.8"})).status == 200
    known = await crowd.get("/chat", **{"X-Forwarded-For": "203.0.113.7"})
    assert known.status == 200


async def test_81_an_address_that_no_proxy_vouches_for_is_not_believed(open_shop: Open, http: aiohttp.ClientSession):
    shop = await open_shop(clock=SetClock(1_763_978_400_000))
    forger = Customer(http, shop)
    answers = [(await forger.get("/chat", **{"X-Forwarded-For": f"203.0.113.{n}"})).status for n in range(120)]
    assert answers == [200] * 100 + [429] * 20


async def test_82_a_visitor_has_ten_open_pages_at_most(shop: Shop, customer: Customer):
    lines = [await customer.line() for _ in range(MOST_OF_ONE)]
    for _ in range(200 - MOST_OF_ONE):
        refused = await customer.get("/chat/socket", Connection="Upgrade", Upgrade="websocket")
        assert (refused.status, refused.headers["Retry-After"]) == (503, "10")
    await lines[0].ws.close()
    other = Customer(customer.http, shop)
    await other.open()
    await (await other.line()).hello()
    await (await customer.line()).hello()


async def test_82_a_process_has_so_many_open_pages_at_most():
    class Page:
        visitor = "a"

    sockets = Sockets(Database("sqlite://"), most=2)
    with sockets.holding(Page()), sockets.holding(Page()):  # type: ignore[arg-type]
        with pytest.raises(Refusal) as refused:
            sockets.demand_room("b")
        assert (refused.value.status, refused.value.headers["Retry-After"]) == (503, "10")
    sockets.demand_room("b")


@pytest.mark.parametrize("after", ["-1", "9999999999999999999", "9" * 400, "abc", "", "1e3", "%00", "1;drop"])
async def test_83_a_place_that_cannot_be_is_answered_with_everything(shop: Shop, customer: Customer, after: str):
    await customer.begin()
    assert len(await customer.items(after)) == 3


@pytest.mark.parametrize("after", [-1, 10**19, "abc", None, 1.5, True, [], {"a": 1}])
async def test_83_over_the_socket_too(shop: Shop, customer: Customer, after: object):
    await customer.begin()
    assert len(await (await customer.line()).hello(after)) == 3


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../x.py", "x.py"),
        ("..\\..\\x.py", "x.py"),
        ("a%0D%0ASet-Cookie: x=1.png", "aSet-Cookie: x=1.png"),
        ("ф" * 300 + ".png", "ф" * 116 + ".png"),
        ("\u202egnp.exe", "gnp.exe"),
    ],
)
async def test_84_hostile_file_names_name_nothing_of_ours(shop: Shop, customer: Customer, name: str, kept: str):
    status, stored = await customer.upload(PNG, name)
    assert (status, stored["name"]) == (201, kept)
    folder = shop.settings.data_dir / "files"
    assert [p.name for p in folder.iterdir()] == [stored["id"]]
    answer = await customer.get(stored["url"])
    assert await answer.read() == PNG
    assert "Set-Cookie" not in answer.headers


@pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionHeader")
async def test_84_a_line_end_in_a_name_that_breaks_the_form_is_refused(shop: Shop, customer: Customer):
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a\r\nx: y.png"\r\n\r\n'
    headers = customer.headers({"Content-Type": "multipart/form-data; boundary=b"})
    body = head + PNG + b"\r\n--b--\r\n"
    async with customer.http.post(shop.url + "/chat/files", data=body, headers=headers) as answer:
        assert answer.status == 400
    assert await shop.rows("files") == []


async def test_84_an_empty_file_is_refused(shop: Shop, customer: Customer):
    status, body = await customer.upload(b"")
    assert (status, body["error"]["code"]) == (422, "empty_file")
    assert await shop.rows("files") == []


async def test_85_a_referrer_and_utm_marks_of_ten_kilobytes_are_kept_nowhere(shop: Shop, customer: Customer):
    marks = "%3Cscript%3E" * 600
    answer = await customer.open(f"/chat?utm_source={marks}", Referer=f"https://evil.example/{'x' * 7_000}")
    assert answer.status == 200
    assert "%3Cscript" not in await answer.text()
    assert "<script>alert" not in await answer.text()
    for longer in (f"/chat?utm_source={'x' * 10_240}",):
        assert (await customer.get(longer)).status < 500
    await customer.post("c1", "Здравствуйте", referrer="x" * 10_240, utm={"source": "x" * 10_240})
    assert b"xxxx" not in b"".join(r["raw"] for r in await shop.rows("inbox"))
