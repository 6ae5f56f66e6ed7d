"""Who is who in the web chat: cookies, origins, headers, and the page that may or may not be framed."""

import stat
from http.cookies import SimpleCookie

import aiohttp
import pytest
from aiohttp import WSMsgType

from gateway.chat.visitor import read_secret
from gateway.settings import SettingsError, load_settings
from tests.chat.conftest import PATIENCE_S, Customer, Open, Shop

JAVASCRIPT = ("text/javascript", "application/javascript")
SITE = "https://shop.example"


def cookie_of(answer: aiohttp.ClientResponse) -> str:
    return answer.headers["Set-Cookie"]


async def test_whoever_comes_back_is_the_same_visitor(shop: Shop, customer: Customer):
    await customer.begin()
    again = await customer.open()
    assert cookie_of(again).startswith(customer.cookie)
    assert len(await customer.items()) == 3


@pytest.mark.parametrize("forged", ["", "x", "0" * 32, "0" * 32 + ".forged", "..", "%00", "a" * 3000])
async def test_a_forged_cookie_makes_a_new_visitor_and_opens_nothing(shop: Shop, customer: Customer, forged: str):
    await customer.begin()
    forger = Customer(customer.http, shop)
    forger.cookie = f"parley-visitor={forged}"
    assert (await forger.get("/chat/items?after=0")).status == 401
    assert (await forger.post("c2", "это я"))[0] == 401
    assert (await forger.upload(b"\x89PNG"))[0] == 401
    line = await forger.line()
    message = await line.ws.receive(timeout=PATIENCE_S)
    assert (message.type, message.data) == (WSMsgType.CLOSE, 4401)
    await line.ws.close()
    await forger.open()
    assert forger.cookie != customer.cookie
    assert await forger.items() == []


async def test_a_known_visitors_id_with_another_signature_is_a_strangers(shop: Shop, customer: Customer):
    await customer.begin()
    name, _, value = customer.cookie.partition("=")
    visitor, _, signature = value.partition(".")
    other = Customer(customer.http, shop)
    await other.open()
    other.cookie = f"{name}={visitor}.{other.cookie.rpartition('.')[2]}"
    assert (await other.get("/chat/items?after=0")).status == 401
    assert (await customer.get("/chat/items?after=0")).status == 200
    assert signature != other.cookie.rpartition(".")[2]


async def test_cookies_of_one_shop_mean_nothing_in_another(shop: Shop, customer: Customer, open_shop: Open, tmp_path):
    customer.shop = await open_shop(data_dir=tmp_path / "another")
    assert (await customer.get("/chat/items?after=0")).status == 401


async def test_the_secret_is_made_once_and_is_nobody_elses_to_read(tmp_path):
    made = read_secret(tmp_path)
    assert len(made) == 64
    assert read_secret(tmp_path) == made
    assert [p.name for p in tmp_path.iterdir()] == ["secret"]
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


async def test_over_plain_http_the_cookie_is_lax_and_out_of_scripts_reach(shop: Shop, customer: Customer):
    morsel = SimpleCookie(cookie_of(await customer.open()))["parley-visitor"]
    assert (morsel["httponly"], morsel["samesite"], morsel["path"], morsel["secure"]) == (True, "Lax", "/", "")


@pytest.mark.parametrize(
    ("path", "site", "wanted"),
    [
        ("/chat", "none", "SameSite=Lax"),
        ("/chat?embed=1", "same-site", "SameSite=Lax"),
        ("/chat?embed=1", "cross-site", "SameSite=None"),
    ],
)
async def test_over_https_only_a_frame_on_another_site_gets_a_cookie_of_its_own_partition(
    open_shop: Open, http: aiohttp.ClientSession, path: str, site: str, wanted: str
):
    shop = await open_shop(public_url="https://chat.shop.example")
    given = cookie_of(await Customer(http, shop).open(path, **{"Sec-Fetch-Site": site}))
    assert given.startswith("__Host-parley-visitor=")
    assert wanted in given
    assert "Secure" in given
    assert ("Partitioned" in given) == (site == "cross-site")


async def test_the_page_runs_under_a_strict_policy_and_only_the_shops_pages_may_frame_it(
    open_shop: Open, http: aiohttp.ClientSession
):
    shop = await open_shop(chat_origins=f"{SITE}/, https://M.shop.example:8443")
    answer = await Customer(http, shop).open("/chat?lang=en%22%3E%3Cscript%3E")
    policy = {d.split()[0]: d.split()[1:] for d in answer.headers["Content-Security-Policy"].split(";")}
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == ["'self'"]
    assert policy["frame-ancestors"] == ["'self'", SITE, "https://m.shop.example:8443"]
    assert policy["require-trusted-types-for"] == ["'script'"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert '<html lang="ru">' in await answer.text()


@pytest.mark.parametrize(
    "wrong", ["shop.example", "https://shop.example; script-src *", "javascript:alert(1)", "https://*", "https://a/b"]
)
def test_an_origin_that_is_none_stops_the_start(wrong: str):
    with pytest.raises(SettingsError, match="PARLEY_CHAT_ORIGINS: must be origins like"):
        load_settings(chat_origins=f"{SITE},{wrong}")


async def test_the_widget_and_the_pages_files_are_served_as_what_they_are(shop: Shop, customer: Customer):
    widget = await customer.get("/chat/widget.js")
    assert widget.content_type in JAVASCRIPT
    assert widget.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    module = await customer.get("/chat/static/chat.js")
    assert module.content_type in JAVASCRIPT
    assert module.headers["X-Content-Type-Options"] == "nosniff"
    unchanged = await customer.get("/chat/static/chat.js", **{"If-None-Match": module.headers["ETag"]})
    assert unchanged.status == 304
    for path in ("/chat/static/", "/chat/static/../door.py", "/chat/static/..%2fdoor.py", "/chat/templates/chat.html"):
        assert (await customer.get(path)).status in (403, 404)


@pytest.mark.parametrize(
    ("origin", "admitted"),
    [
        (None, True),
        ("own", True),
        (SITE, True),
        (SITE + ".evil.example", False),
        ("http://shop.example", False),
        ("null", False),
        ("https://evil.example", False),
        ("", False),
    ],
)
async def test_only_our_own_and_the_shops_pages_may_write(
    open_shop: Open, http: aiohttp.ClientSession, origin: str | None, admitted: bool
):
    shop = await open_shop(chat_origins=SITE)
    customer = Customer(http, shop)
    await customer.open()
    headers = {} if origin is None else {"Origin": shop.url if origin == "own" else origin}
    status, _ = await customer.post("c1", "Здравствуйте", headers=headers)
    assert status == (200 if admitted else 403)
    async with http.post(shop.url + "/chat/files", headers=customer.headers(headers)) as answer:
        assert answer.status == (400 if admitted else 403)
    if admitted:
        await (await customer.line(**headers)).ws.close()
    else:
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await customer.line(**headers)
        assert await shop.rows("inbox") == []


async def test_a_plain_request_to_the_sockets_address_is_told_so(shop: Shop, customer: Customer):
    assert (await customer.get("/chat/socket")).status == 426
