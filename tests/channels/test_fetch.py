"""The one downloader goes where it may and nowhere else, and takes no more than it should."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from gateway import file_types
from gateway.fetch import CheckedResolver, Fetched, Fetcher, NotFetched, is_public
from gateway.ports import Port

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x10\x00\x00\x00\x10"
HOSTS = ("api.twilio.com", "*.twiliocdn.com")


def resolving(*addresses: str) -> Callable[[str, int], Awaitable[list[str]]]:
    async def resolve(_host: str, _port: int) -> list[str]:
        return list(addresses)

    return resolve


@pytest.fixture
async def origin() -> AsyncIterator[tuple[str, list[web.Request]]]:
    """A server of files: the path says what to answer."""
    seen: list[web.Request] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append(request)
        match request.path.split("/")[1]:
            case "png":
                return web.Response(body=PNG, content_type="text/html")
            case "html":
                return web.Response(body=b"<script>alert(1)</script>", content_type="image/png")
            case "to":
                raise web.HTTPFound(request.query["url"])
            case "loop":
                raise web.HTTPFound("/loop")
            case "big":
                return web.Response(body=b"x" * 5_000)
            case "stream":
                stream = web.StreamResponse()
                await stream.prepare(request)
                for _ in range(50):
                    await stream.write(b"x" * 100)
                return stream
            case "gzip":
                return web.Response(body=b"\x1f\x8b" + b"0" * 50, headers={"Content-Encoding": "gzip"})
            case "slow":
                await asyncio.sleep(5)
                return web.Response()
            case _:
                raise web.HTTPNotFound

    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    port = Port(app, grace_s=0.1)
    await port.open()
    yield f"http://127.0.0.1:{port.number}", seen
    await port.shut()


async def get(url: str, authorization: str = "", **settings: Any) -> Fetched | NotFetched:
    given: dict[str, Any] = {"hosts": HOSTS, "resolve": resolving("93.184.216.34")}
    fetcher = Fetcher(**given | settings)
    try:
        return await fetcher.get(url, authorization)
    finally:
        await fetcher.close()


def cause(got: Fetched | NotFetched) -> str:
    assert isinstance(got, NotFetched), got
    return got.cause


# -- where it goes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "10.0.0.5", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "100.127.255.255", "0.0.0.0", "0.1.2.3", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "192.0.2.1", "198.18.0.1", "203.0.113.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1",
        "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::10.0.0.1", "64:ff9b::a00:1", "64:ff9b::5db8:d822", "2002:a00:1::",
        "2001:db8::1", "2001::1", "fec0::1", "not an address", "", "0x7f.1", "2130706433",
    ],
)  # fmt: skip
def test_an_address_that_is_not_on_the_open_internet_is_not_public(address: str) -> None:
    assert is_public(address) is False


@pytest.mark.parametrize(
    "address",
    [
        "93.184.216.34",
        "149.154.167.220",
        "1.1.1.1",
        "172.32.0.1",
        "100.128.0.1",
        "2606:4700:4700::1111",
        "::ffff:1.1.1.1",
    ],
)
def test_an_address_on_the_open_internet_is_public(address: str) -> None:
    assert is_public(address) is True


async def test_public_hosts_are_still_allowed() -> None:
    """The other side of every block-list: what is right must go through."""
    resolver = CheckedResolver(resolving("93.184.216.34", "2606:4700:4700::1111"), ())
    found = await resolver.resolve("media.twiliocdn.com", 443)
    assert [(one["host"], one["port"]) for one in found] == [("93.184.216.34", 443), ("2606:4700:4700::1111", 443)]
    only = await resolver.resolve("media.twiliocdn.com", 443, socket.AF_INET)
    assert [one["host"] for one in only] == ["93.184.216.34"]
    fetcher = Fetcher((*HOSTS, "api.telegram.org"))
    for url in (
        "https://api.twilio.com/a?b=c",
        "https://mms.TWILIOCDN.com/x",
        "https://api.telegram.org:443/file/bot1:A/p",
    ):
        assert not isinstance(fetcher._checked(url), NotFetched)


async def test_the_connection_goes_to_the_very_address_that_was_checked() -> None:
    """A name that changes its mind between check and connection (rebinding): it is asked once only."""
    asked: list[str] = []
    tried: list[str] = []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["93.184.216.34"] if len(asked) == 1 else ["127.0.0.1"]

    fetcher = Fetcher(HOSTS, resolve=resolve)
    connector = fetcher._own_session().connector
    assert connector is not None

    async def connect(*_args: Any, **kwargs: Any) -> Any:
        tried.extend(str(info[4][0]) for info in kwargs["addr_infos"])
        raise OSError("nobody there")

    connector._wrap_create_connection = connect  # type: ignore[attr-defined]
    assert cause(await fetcher.get("https://api.twilio.com/x")) == "failed"
    await fetcher.close()
    assert (asked, tried) == (["api.twilio.com"], ["93.184.216.34"])


@pytest.mark.parametrize(
    "addresses", [("10.0.0.5",), ("93.184.216.34", "10.0.0.5"), ("::ffff:10.0.0.1",), ("169.254.169.254",)]
)
async def test_a_good_name_with_a_bad_address_is_refused(addresses: tuple[str, ...]) -> None:
    """F31 rebinding: an allowed host that resolves into our own network."""
    assert cause(await get("https://api.twilio.com/x", resolve=resolving(*addresses))) == "refused"


async def test_a_name_that_does_not_resolve_may_be_tried_again() -> None:
    async def nowhere(_host: str, _port: int) -> list[str]:
        raise socket.gaierror("no such name")

    assert cause(await get("https://api.twilio.com/x", resolve=nowhere)) == "failed"
    assert cause(await get("https://api.twilio.com/x", resolve=resolving())) == "failed"


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://169.254.169.254/", id="B57 metadata address"),
        pytest.param("file:///etc/passwd", id="B57 a file"),
        pytest.param("https://api.twilio.com@evil.example/", id="B57 a user in front"),
        pytest.param("https://user:pw@api.twilio.com/", id="B57 a user of the right host"),
        pytest.param("https://0x7f.1/", id="B57 a hexadecimal address"),
        pytest.param("https://2130706433/", id="B57 a decimal address"),
        pytest.param("https://127.0.0.1/", id="B57 loopback"),
        pytest.param("https://[::1]/", id="B57 loopback in v6"),
        pytest.param("https://[::ffff:10.0.0.1]/", id="B57 mapped"),
        pytest.param("http://api.twilio.com/", id="plain http"),
        pytest.param("https://api.twilio.com:8443/", id="another port"),
        pytest.param("https://api.twilio.com.evil.example/", id="the name as a prefix"),
        pytest.param("https://evil-twiliocdn.com/", id="the name as a suffix"),
        pytest.param("https://twiliocdn.com/", id="the parent of a wildcard"),
        pytest.param("https://api.twilio.com\\@evil.example/", id="a backslash"),
        pytest.param("https://api.twilio.com/\r\nHost: x", id="line ends"),
        pytest.param("//api.twilio.com/", id="no scheme"),
        pytest.param("https://api.twilio.com:99999/", id="a port that cannot be"),
        pytest.param("https://[::1", id="half an address"),
        pytest.param("", id="nothing"),
        pytest.param("x" * 9_999, id="9,999 characters"),
        pytest.param("gopher://api.twilio.com/", id="gopher"),
        pytest.param("data:text/html,x", id="data"),
    ],
)
async def test_what_may_not_be_fetched_is_never_asked_for(url: str) -> None:
    async def resolve(host: str, _port: int) -> list[str]:
        raise AssertionError(f"asked for {host}")

    assert cause(await get(url, hosts=(*HOSTS, "0x7f.1", "2130706433", "127.0.0.1"), resolve=resolve)) == "refused"


# -- redirects ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "https://10.0.0.5/x",
        "http://127.0.0.1:1/x",
        "https://evil.example/",
        "file:///etc/passwd",
        "https://a@api.twilio.com/",
    ],
)
async def test_every_hop_is_checked(origin: Any, target: str) -> None:
    """B58 media redirect to 10.0.0.5."""
    base, _ = origin
    assert cause(await get(f"{base}/to?url={target}", trusted=(base,))) == "refused"


async def test_a_redirect_at_home_is_followed_with_the_key(origin: Any) -> None:
    base, seen = origin
    got = await get(f"{base}/to?url=/png", "Basic key", trusted=(base,))
    assert got == Fetched(PNG, "image/png", inline=True)
    assert [request.headers.get("Authorization") for request in seen] == ["Basic key", "Basic key"]


async def test_the_key_stays_behind_when_the_host_changes(origin: Any) -> None:
    base, seen = origin
    other = base.replace("127.0.0.1", "localhost")
    got = await get(f"{base}/to?url={other}/png", "Basic key", trusted=(base, other), resolve=resolving("127.0.0.1"))
    assert isinstance(got, Fetched)
    assert [request.headers.get("Authorization") for request in seen] == ["Basic key", None]


async def test_a_loop_of_redirects_ends(origin: Any) -> None:
    base, seen = origin
    assert cause(await get(f"{base}/loop", trusted=(base,))) == "refused"
    assert len(seen) == 4


async def test_loopback_is_reached_only_where_it_was_named(origin: Any) -> None:
    base, seen = origin
    assert cause(await get(f"{base}/png")) == "refused"
    assert cause(await get(f"{base}/png", trusted=("http://127.0.0.1:1",))) == "refused"
    assert seen == []


# -- how much, how long, what ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["big", "stream"])
async def test_too_much_is_cut_short(origin: Any, path: str) -> None:
    base, _ = origin
    assert cause(await get(f"{base}/{path}", trusted=(base,), max_bytes=4_000)) == "too_big"


async def test_too_slow_is_given_up(origin: Any) -> None:
    base, _ = origin
    assert cause(await get(f"{base}/slow", trusted=(base,), total_s=0.1)) == "timeout"


async def test_what_is_not_there_is_gone(origin: Any) -> None:
    base, _ = origin
    assert cause(await get(f"{base}/nothing", trusted=(base,))) == "gone"


async def test_a_server_that_is_not_there_may_be_tried_again() -> None:
    assert cause(await get("http://127.0.0.1:9/x", trusted=("http://127.0.0.1:9",))) == "failed"


async def test_the_bytes_say_what_it_is_and_not_the_header(origin: Any) -> None:
    """B59 says image/png, is HTML with a script."""
    base, _ = origin
    assert await get(f"{base}/png", trusted=(base,)) == Fetched(PNG, "image/png", inline=True)
    html = await get(f"{base}/html", trusted=(base,))
    assert isinstance(html, Fetched)
    assert (html.mime, html.inline) == ("application/octet-stream", False)
    assert cause(await get(f"{base}/html", trusted=(base,), types=("image/png",))) == "type"


async def test_a_packed_answer_is_not_unpacked(origin: Any) -> None:
    base, _ = origin
    got = await get(f"{base}/gzip", trusted=(base,))
    assert isinstance(got, Fetched)
    assert got.body.startswith(b"\x1f\x8b")


OFFICE = "application/vnd.openxmlformats-officedocument"


@pytest.mark.parametrize(
    ("body", "mime", "inline"),
    [
        (PNG, "image/png", True),
        (PNG[:16] + (30_000).to_bytes(4, "big") * 2, "image/png", False),
        (PNG[:16], "image/png", False),
        (b"GIF89a\x10\x00\x10\x00", "image/gif", True),
        (b"GIF89a\xff\xff\xff\xff", "image/gif", False),
        (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x10\x00\x10", "image/jpeg", True),
        (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc2\x00\x11\x08\xff\xff\xff\xff", "image/jpeg", False),
        (b"\xff\xd8\xff\xe0\x00\x00" * 99, "image/jpeg", False),
        (
            b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00" + b"\x00" * 4 + b"\x0f\x00\x00\x0f\x00\x00",
            "image/webp",
            True,
        ),
        (b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00" + b"\x00" * 4 + b"\xff" * 6, "image/webp", False),
        (b"XXXX\x00\x00\x00\x00WEBPVP8X", "application/octet-stream", False),
        (b"OggS....", "audio/ogg", True),
        (b"\x00\x00\x00\x20ftypisom", "video/mp4", True),
        (b"%PDF-1.7", "application/pdf", False),
        (b"PK\x03\x04", "application/zip", False),
        (b"PK\x03\x04....word/document.xml", f"{OFFICE}.wordprocessingml.document", False),
        (b"PK\x03\x04....[Content_Types].xml....xl/workbook.xml", f"{OFFICE}.spreadsheetml.sheet", False),
        (
            b"PK\x03\x04....mimetypeapplication/vnd.oasis.opendocument.text",
            "application/vnd.oasis.opendocument.text",
            False,
        ),
        (b"word/document.xml", "application/octet-stream", False),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage", False),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le"), "application/vnd.ms-excel", False),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/>", "application/octet-stream", False),
        (b"MZ\x90\x00", "application/octet-stream", False),
        (b"", "application/octet-stream", False),
    ],
)
def test_files_are_known_by_their_first_bytes(body: bytes, mime: str, inline: bool) -> None:
    """B60 30,000 x 30,000 PNG: known, and never drawn."""
    assert file_types.of(body) == file_types.FileType(mime, inline)
