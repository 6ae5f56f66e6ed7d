"""Managers' templates: the playbook's alone, whole, by the provider's own name where it has one, else as text."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.channels.base import Limits
from gateway.desk import Invalid, Take, Write
from tests.shop import PaperChannel, Shop, open_shop

PLAYBOOK = """\
playbook: Магазин
zone: Europe/Moscow
funnels:
  retail: {title: Розница, stages: {new: Новая, work: В работе}, won: Выдан, lost: Не состоялся}
templates:
  nudge: {text: "Здравствуйте, {1}! Заказ {2} ждёт вас, {1}.", whatsapp: HX77}
"""
WHATSAPP = Limits(text=1600, caption=1024, unit="utf16", buttons=0, label=20, window_hours=24)
TELEGRAM = Limits(text=4096, caption=1024, unit="utf16", buttons=12, label=40, window_hours=24)
FILLED = {"1": "Иван", "2": "{1}"}


@pytest.fixture(params=["whatsapp", "telegram"])
async def shop(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    """Answered by a person, on a channel of that name whose window is 24 hours."""
    (tmp_path / "playbook.yaml").write_text(PLAYBOOK, encoding="utf-8")
    limits = WHATSAPP if request.param == "whatsapp" else TELEGRAM
    shop = open_shop(database_url, channels=[PaperChannel(request.param, limits=limits)], playbook=str(tmp_path))
    await shop.write("здравствуйте")
    await shop.ask(Take())
    yield shop
    await shop.db.close()


only = pytest.mark.parametrize


@only("shop", ["whatsapp"], indirect=True)
async def test_an_approved_template_goes_by_its_providers_name_and_is_kept_as_the_customer_reads_it(shop: Shop):
    await shop.later(hours=25)
    await shop.ask(Write(template="nudge", variables=FILLED))
    (sent,) = shop.paper.sent
    assert (sent.kind, sent.template, sent.variables) == ("template", "HX77", FILLED)
    assert "Здравствуйте, Иван! Заказ {1} ждёт вас, Иван." in [e["text"] for e in await shop.all("entries")]


@only("shop", ["telegram"], indirect=True)
async def test_where_nothing_is_approved_its_text_is_sent_while_text_is_allowed(shop: Shop):
    await shop.ask(Write(template="nudge", variables=FILLED))
    assert shop.paper.texts() == ["Здравствуйте, Иван! Заказ {1} ждёт вас, Иван."]
    await shop.later(hours=25)
    with pytest.raises(Invalid) as refused:
        await shop.ask(Write(template="nudge", variables=FILLED))
    assert refused.value.name == "template"
    assert len(shop.paper.sent) == 1


@only(
    ("message", "field"),
    [
        (Write(template="x"), "template"),
        (Write(template="HX77", variables=FILLED), "template"),
        (Write(template="nudge"), "variables.1"),
        (Write(template="nudge", variables={"1": "Иван", "2": "  "}), "variables.2"),
        (Write(template="nudge", variables={**FILLED, "3": "лишнее"}), "variables.3"),
    ],
)
@only("shop", ["whatsapp"], indirect=True)
async def test_nothing_leaves_that_is_no_template_or_not_whole(shop: Shop, message: Write, field: str):
    with pytest.raises(Invalid) as refused:
        await shop.ask(message)
    assert refused.value.name == field
    assert shop.paper.sent == []


@only("shop", ["whatsapp"], indirect=True)
async def test_the_same_template_sent_twice_by_a_composer_goes_out_once(shop: Shop):
    first = await shop.ask(Write(template="nudge", variables=FILLED, client_id="c1"))
    assert await shop.ask(Write(template="nudge", variables=FILLED, client_id="c1")) == first
    assert len(shop.paper.sent) == 1
