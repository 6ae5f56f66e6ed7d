"""The workshop's leads become orders by robots: what the order's numbers and sums mean then; on both databases."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.desk import Edit, Move
from gateway.events import MessageReceived
from tests.shop import MONDAY_NOON, PaperChannel, Shop, open_shop

PHONE = "+79161234567"
ASKED = {"city": "Тверь", "payment_way": "по ссылке", "delivery_way": "почтой", "contact_way": "SMS"}


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    made = open_shop(database_url, channels=[PaperChannel("whatsapp")], playbook="accessories", at=MONDAY_NOON)
    yield made
    await made.db.close()


async def converted(shop: Shop, **fields: Any) -> dict[str, Any]:
    """A lead that has become an order's deal: the latter."""
    await shop.hear(MessageReceived(shop.sender(PHONE, phone=PHONE), "Нужен кошелёк"))
    await shop.settle()
    lead = await shop.deal()
    await shop.ask(Move("details", fields=ASKED | fields), lead["id"])
    await shop.ask(Edit(tags=("данные проверены",)), lead["id"])
    return await shop.deal(lead["id"] + 1)


async def test_a_lead_that_became_a_deal_says_so_in_words(shop: Shop):
    await converted(shop)
    lead = await shop.deal()
    assert (lead["outcome"], lead["reason"]) == ("won", "converted")
    told = [e["text"] for e in await shop.all("entries") if e["data"].get("event") == "closed"]
    assert told == ["Сделка закрыта: продолжается в другой сделке"]
