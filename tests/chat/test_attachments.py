"""Files of the playbook's folder that templates send along: on the customer's page, by link, and in the timeline."""

from pathlib import Path

import aiohttp

from gateway.desk import Write
from tests.chat.conftest import Customer, Open
from tests.chat.test_catalogue import PNG

PLAYBOOK = """\
playbook: Магазин
zone: Europe/Moscow
funnels: {retail: {title: Розница, stages: {new: Новая}, won: Выдан, lost: Не состоялся}}
templates:
  price: {text: "Наш прайс", attach: [lists/price.pdf, front.png, "https://example.com/map.png"]}
"""
PDF = b"%PDF-1.7 price"


async def test_a_visitor_gets_the_files_that_a_template_sends_along(
    open_shop: Open, http: aiohttp.ClientSession, tmp_path: Path
):
    home = tmp_path / "shop"
    (home / "lists").mkdir(parents=True)
    (home / "playbook.yaml").write_text(PLAYBOOK, encoding="utf-8")
    (home / "lists" / "price.pdf").write_bytes(PDF)
    (home / "front.png").write_bytes(PNG)
    shop = await open_shop(playbook=str(home), admin_token="the-settings-token")
    customer = Customer(http, shop)
    await customer.open()
    assert (await customer.post("c1", "Пришлите прайс"))[0] == 200
    await shop.comes(lambda: _opened(shop))
    await shop.command(Write(template="price"), await shop.manager())

    async def came() -> bool:
        return len(await customer.items()) == 2

    await shop.comes(came)
    said = (await customer.items())[-1]
    assert said["text"] == "Наш прайс\nhttps://example.com/map.png"
    assert [(one["kind"], one["name"]) for one in said["media"]] == [("document", "price.pdf"), ("photo", "front.png")]
    for one, body in zip(said["media"], (PDF, PNG), strict=True):
        assert await (await customer.get(one["url"])).read() == body
        assert (await Customer(http, shop).get(one["url"])).status == 404

    entry = (await shop.rows("entries"))[-1]
    assert [one["name"] for one in entry["media"]] == ["price.pdf", "front.png"]
    staff = Customer(http, shop)
    answer = await staff.get(f"/api/v1/entries/{entry['id']}/media/0", Authorization="Bearer the-settings-token")
    assert (answer.status, await answer.read()) == (200, PDF)
    await shop.restart()  # the same files, taken in once
    assert len(await shop.rows("files")) == 2
    assert await (await customer.get(said["media"][0]["url"])).read() == PDF


async def _opened(shop: object) -> bool:
    return len(await shop.rows("deals")) == 1  # type: ignore[attr-defined]
