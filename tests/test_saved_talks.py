"""A real conversation kept as a talk: it holds, it goes as it went, and nothing of the customer is in it; on both databases."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bots.kit.events import Media
from bots.kit.talk import check, read_talk
from gateway.channels.base import Limits
from gateway.desk import Clarify, Edit, Move, Take
from gateway.events import MessageReceived
from gateway.recordings import Unplayable
from gateway.saved_talks import Saved, save
from state.talks import last_of
from tests.shop import PaperChannel, Shop, open_shop
from tests.test_starts import NIGHT, NOON

TEXT = Limits(text=4096, caption=1024, unit="chars", buttons=0, label=40)


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    made = open_shop(database_url, channels=[PaperChannel("telegram", limits=TEXT)], at=NOON, always_open=False)
    yield made
    await made.db.close()


async def kept(shop: Shop, bot: str = "") -> Saved:
    deal = (await shop.deal())["id"]
    held = await shop.db.read(lambda c: last_of(c, deal, bot))
    assert held is not None
    saved = save(held, shop.house, shop.clock.now())
    talk, problems = read_talk(saved.text)
    assert problems == []
    assert talk is not None
    assert check(talk, shop.house.scripts[saved.script], shop.house.playbook, shop.house.scripts) == []
    return saved


async def write(shop: Shop, text: str, **more: Any) -> None:
    await shop.hear(MessageReceived(shop.sender(name="анна петрова"), text, **more))
    await shop.settle()


async def hear(shop: Shop, *texts: str, gap: float = 40) -> None:
    for text in texts:
        await write(shop, text)
        await shop.later(seconds=gap)


async def test_a_conversation_to_its_end_with_nobody_in_it(shop: Shop):
    await hear(shop, "Здравствуйте, это Анна", "1")
    await write(shop, "", media=(Media("photo", "tg:secret", "СТС Петровой.jpg"),))
    await shop.later(seconds=40)
    await write(shop, "колодки, мой вин JTDBR32E720012345")
    await shop.later(seconds=1)
    await write(shop, "и пишите на anna.petrova@mail.ru")
    await shop.later(seconds=40)
    await hear(shop, "8 (912) 345-67-89")
    saved = await kept(shop)
    assert saved.script == "qualifier"
    for gone in ("анна", "Анна", "петров", "JTDBR", "345-67-89", "secret", "СТС"):
        assert gone not in saved.text, gone
    assert "name: Клиент\nchannel: telegram\n" in saved.text
    assert "customer: [photo]" in saved.text
    assert "customer: колодки, мой вин XTA21099000000001\ncustomer: и пишите на client1@example.com\n" in saved.text
    assert "handed off: finished" in saved.text


async def test_what_happened_at_night_is_told_with_its_hour_and_ends_in_silence_where_it_did(shop: Shop):
    shop.clock.at = NIGHT
    await hear(shop, "Добрый вечер", "2")
    await shop.later(hours=20)
    saved = await kept(shop)
    assert saved.script == "offline"
    assert (await shop.deal())["closed_at"] is None
    assert saved.text.rstrip().splitlines()[-1].startswith("  ")
    assert "handed off: silence" in saved.text


async def test_a_bot_that_began_by_itself_begins_so_again_with_what_the_deal_knew(shop: Shop):
    await hear(shop, "Здравствуйте")
    await shop.ask(Take())
    await shop.ask(Edit(fields={"order": "48213", "total": 1234500, "note": "Анна, злая"}))
    await shop.ask(Move("paying"))
    await shop.later(minutes=3)
    await hear(shop, "через сбп")
    saved = await kept(shop)
    assert saved.script == "collector"
    assert "fields: order=40001, total=1000002\n" in saved.text
    assert "злая" not in saved.text
    assert "/start\nbot: Клиент, ваш заказ 40001 оформлен." in saved.text


async def test_a_bot_of_the_deal_is_chosen_by_its_name(shop: Shop):
    await hear(shop, "Здравствуйте")
    await shop.ask(Clarify("vin"))
    await shop.later(minutes=1)
    await hear(shop, "JTDBR32E720012345")
    assert (await kept(shop)).script == "clarify_vin"
    assert (await kept(shop, "qualifier")).script == "qualifier"
    assert await shop.db.read(lambda c: last_of(c, 1, "nobody")) is None


async def test_what_a_mask_would_change_is_not_kept(shop: Shop):
    """A made-up talk that tests something else than what happened is worse than none."""
    source = "script: S\nclose: silence\nsteps:\n  a: {ask: Кто?, choices: {anna: {label: Анна, then: b}, else_: {label: Вера, then: b}}}\n  b: {end: done}\n"
    from bots.kit.compiler import read_script  # noqa: PLC0415

    script, _ = read_script(source, "qualifier", shop.house.playbook.asks)
    assert script is not None
    shop.house.scripts = {**shop.house.scripts, "qualifier": script}
    shop.house.by_hash[script.hash] = script
    await hear(shop, "Здравствуйте", "Анна")
    with pytest.raises(Unplayable) as why:
        await kept(shop)
    assert why.value.reason == "masked"
