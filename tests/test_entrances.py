"""Where an inquiry enters: the playbook says it by channel, form, call and deep link; what it does not list is kept as it came."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bots.kit.playbook import Source
from gateway.events import CallEnded, FormSubmitted, MessageReceived, Sender
from tests.shop import Shop, open_shop


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    shop = open_shop(database_url)
    listed = dict(shop.house.playbook.sources)
    listed["link_spring"] = Source("link_spring", "retail", "in_work", tag="весна")
    listed["refund"] = Source("refund", "returns", "received", tag="возврат")
    shop.house.playbook = replace(shop.house.playbook, sources=listed)
    yield shop
    await shop.db.close()


async def opened(shop: Shop, event: MessageReceived | FormSubmitted | CallEnded) -> tuple[str, str, str, str]:
    await shop.hear(event)
    await shop.settle()
    deal = (await shop.all("deals"))[-1]
    return deal["source"], deal["funnel"], deal["stage"], deal["tags"]


async def test_a_form_and_a_call_enter_with_their_tags(shop: Shop) -> None:
    visitor = Sender("form", "", "1", phone="+79160000001")
    assert await opened(shop, FormSubmitted(visitor, "parts", {})) == ("form:parts", "retail", "left_request", ["сайт"])
    caller = Sender("phone", "", "+79160000002", phone="+79160000002")
    called = CallEnded(caller, "missed", "in")
    assert await opened(shop, called) == ("call", "retail", "left_request", ["звонок", "перезвонить"])


async def test_a_form_of_its_own_enters_where_the_playbook_says(shop: Shop) -> None:
    visitor = Sender("form", "", "3", phone="+79160000003")
    assert await opened(shop, FormSubmitted(visitor, "refund", {})) == (
        "form:refund",
        "returns",
        "received",
        ["возврат"],
    )


async def test_a_deep_link_that_is_listed_says_where_to_enter(shop: Shop) -> None:
    said = MessageReceived(shop.sender("1"), "/start spring", start="spring")
    channel = shop.paper.name
    assert await opened(shop, said) == (f"{channel}:spring", "retail", "in_work", ["весна"])


@pytest.mark.parametrize("key", ["../../x'--", "order", "{name}", "<b>"])
async def test_a_deep_link_that_nobody_knows_is_kept_as_it_is(shop: Shop, key: str) -> None:
    """A30: a literal look-up; no key opens another door than its own."""
    said = MessageReceived(shop.sender("1"), f"/start {key}", start=key)
    assert await opened(shop, said) == (f"{shop.paper.name}:{key}", "retail", "left_request", [])
