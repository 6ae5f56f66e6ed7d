"""Files that customers send by WhatsApp: what stands at the address they name is no business of ours until it is proved so (B)."""

import json
from typing import Any

import pytest

from tests.chat.test_catalogue import PNG
from tests.inputs.halls import WHATSAPP, Hall

pytestmark = pytest.mark.asyncio(loop_scope="session")

HUGE = PNG[:16] + b"\0\0\x75\x30\0\0\x75\x30" + PNG[24:]


async def sent(hall: Hall, url: str, **fields: str) -> tuple[int, str]:
    """A customer sends a file that is said to be there; their contact, and where managers open it."""
    form = hall.form(
        From=f"whatsapp:+7918{hall.number():07d}", To=f"whatsapp:{WHATSAPP}", Body="", NumMedia="1", MediaUrl0=url,
        MediaContentType0="image/png", **fields,
    )  # fmt: skip
    assert await hall.send(form) == 200
    kept = await hall.last()
    assert kept["state"] == "processed"
    (entry,) = [e for e in await hall.entries(kept["contact_id"]) if e["author"] == "customer"]
    return kept["contact_id"], f"/api/v1/entries/{entry['id']}/media/0"


def error(body: bytes) -> Any:
    return json.loads(body)["error"]["code"]


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/", "file:///etc/passwd", "https://api.twilio.com@evil/", "https://0x7f.1/",
        "https://[::ffff:10.0.0.1]/",
    ],
)  # fmt: skip
async def test_an_address_elsewhere_is_a_card_and_nothing_is_fetched_also_when_it_is_opened(
    hall: Hall, url: str
) -> None:
    """B57: refused for good (404), where a fetch that came to nothing would be 502."""
    _, path = await sent(hall, url)
    status, _, body = await hall.ask(path)
    assert (status, error(body)) == (404, "media_unavailable")


@pytest.mark.parametrize("target", ["http://10.0.0.5/", "https://10.0.0.5/", "http://127.0.0.1:9/", "//10.0.0.5/x"])
async def test_a_redirect_into_a_private_network_is_stopped(hall: Hall, target: str) -> None:
    """B58"""
    _, path = await sent(hall, hall.twilio.add_media(PNG))
    hall.twilio.media_redirect = target
    try:
        status, headers, body = await hall.ask(path)
    finally:
        hall.twilio.media_redirect = ""
    assert (status, error(body)) == (404, "media_unavailable")
    assert "Location" not in headers


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"<html><script>alert(1)</script></html>", id="B59 a page"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", id="B59 an SVG"),
        pytest.param(HUGE, id="B60 30,000 x 30,000 pixels"),
    ],
)
async def test_what_only_says_that_it_is_a_picture_is_an_attachment(hall: Hall, content: bytes) -> None:
    contact, path = await sent(hall, hall.twilio.add_media(content, "image/png"))
    status, headers, body = await hall.ask(path)
    assert (status, body) == (200, content)
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment;")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert len(await hall.rows("deals", contact_id=contact)) == 1


async def test_a_file_that_is_gone_is_said_to_be_gone_and_the_conversation_goes_on(hall: Hall) -> None:
    """B61: at the question that a photo answers."""
    who = f"whatsapp:+7919{hall.number():07d}"
    for words in ("Здравствуйте", "1"):
        assert await hall.send(hall.form(From=who, To=f"whatsapp:{WHATSAPP}", Body=words)) == 200
        await hall.settled()
    contact = (await hall.last())["contact_id"]
    url = hall.twilio.add_media(PNG)
    photo = hall.form(
        From=who, To=f"whatsapp:{WHATSAPP}", Body="", NumMedia="1", MediaUrl0=url, MediaContentType0="image/png"
    )
    assert await hall.send(photo) == 200
    hall.twilio._media.clear()
    await hall.settled()
    await hall.gathered(contact)
    assert [r["state"]["step"] for r in await hall.rows("runs", contact_id=contact)] == ["parts"]
    (entry,) = [e for e in await hall.entries(contact) if e["media"]]
    status, _, body = await hall.ask(f"/api/v1/entries/{entry['id']}/media/0")
    assert (status, error(body)) == (404, "media_unavailable")
    deal = entry["deal_id"]
    assert f"/api/v1/entries/{entry['id']}/media/0" in await hall.console(f"/console/deals/{deal}")
