"""Calls: an answered one is an answer, whoever called whom; it ends the wait, counts as acting, and names who spoke. On both databases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bots.kit.spans import Span
from gateway.events import CallEnded
from state.records import Person
from tests.funnels.test_assigning import HOUR, hired, holders, ruled
from tests.funnels.test_robots import NOON, SCHOOL
from tests.shop import PaperChannel, Shop, open_shop

MISSED = {"status": "missed", "direction": "in"}
OURS = {"status": "answered", "direction": "out"}
THEIRS = {"status": "answered", "direction": "in"}


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    made = open_shop(database_url, channels=[PaperChannel("chat")], playbook=SCHOOL, at=NOON)
    yield made
    await made.db.close()


async def call(shop: Shop, **more: Any) -> None:
    await shop.hear(CallEnded(shop.sender(phone="+79161234567"), **more))
    await shop.settle()


async def missed(shop: Shop, **rule: Any) -> list[Person]:
    """A call that nobody took, and Anna has its deal."""
    ruled(shop, **rule)
    book = shop.house.playbook
    shop.house.playbook = replace(book, sources={**book.sources, "call": book.sources["message"]})
    people = await hired(shop, "Анна", "Борис")
    await call(shop, **MISSED)
    assert await holders(shop) == [people[0].id]
    return people


@pytest.mark.parametrize("answered", [OURS, THEIRS])
async def test_an_answered_call_ends_the_wait_with_whoever_spoke(shop: Shop, answered: dict[str, Any]):
    _, boris = await missed(shop)
    began = (await shop.deal())["waiting_since"]
    assert began is not None
    await shop.later(minutes=10)
    await call(shop, **answered, manager=" борис ")
    assert (await shop.deal())["waiting_since"] is None
    (wait,) = await shop.all("waits")
    assert (wait["began_at"], wait["ended_at"] - began, wait["person_id"]) == (began, 600_000, boris.id)
    told = (await shop.all("entries"))[-1]
    assert (told["kind"], told["data"]["by"]) == ("call", boris.id)
    assert (told["author"], told["person_id"]) == (("manager", boris.id) if answered is OURS else ("customer", None))


async def test_an_answered_call_that_names_nobody_is_an_answer_all_the_same(shop: Shop):
    await missed(shop)
    await call(shop, **OURS, manager="АТС")
    (wait,) = await shop.all("waits")
    assert wait["person_id"] == 0  # and not null, which means: nobody has answered


async def test_a_call_that_was_not_answered_ends_no_wait(shop: Shop):
    await missed(shop)
    await call(shop, status="missed", direction="out", manager="Анна")
    assert (await shop.deal())["waiting_since"] is not None
    assert await shop.all("waits") == []
    assert (await shop.all("entries"))[-1]["author"] == "manager"


@pytest.mark.parametrize(("answered", "keeps"), [(OURS, True), (THEIRS, True), (None, False)])
async def test_whoever_has_spoken_with_the_customer_has_acted(shop: Shop, answered: dict[str, Any] | None, keeps: bool):
    anna, _ = await missed(shop, act=Span(HOUR))
    if answered is not None:
        await shop.later(minutes=10)
        await call(shop, **answered, manager="Анна")
    await shop.later(hours=1.5)
    assert ((await shop.deal())["responsible_id"] == anna.id) is keeps
