"""After an outage much waits at once: everybody is heard, in order, and nobody waits behind one who said a lot (F29)."""

import pytest

from gateway.events import MessageReceived
from tests.faults.gateways import ECHO
from tests.shop import Shop, open_shop


@pytest.fixture
async def shop(database_url: str) -> Shop:
    return open_shop(database_url, playbook=str(ECHO))


async def test_two_thousand_words_that_waited_are_all_heard_in_order(shop: Shop) -> None:
    """More than one batch may load: what is left over stays due."""
    await shop.hear(*[MessageReceived(shop.sender(str(who)), f"{who}: {n}") for n in range(8) for who in range(1, 276)])
    for _ in range(60):
        report = await shop.turns.once()
        if not report.lanes:
            break
    assert not [r for r in await shop.all("inbox") if r["state"] != "processed"]
    said: dict[int, list[str]] = {}
    for entry in await shop.all("entries"):
        if entry["author"] == "customer":
            said.setdefault(entry["contact_id"], []).append(entry["text"].partition(": ")[2])
    assert set(map(tuple, said.values())) == {tuple(str(n) for n in range(8))}
    assert len(said) == 275
    assert await shop.balanced()
    await shop.db.close()


async def test_nobody_waits_behind_one_who_said_very_much(shop: Shop) -> None:
    flood = [MessageReceived(shop.sender("1"), f"слово {n}") for n in range(2_010)]
    await shop.hear(*flood, MessageReceived(shop.sender("2"), "а я тут один раз"))
    await shop.turns.once()
    assert "а я тут один раз" in [e["text"] for e in await shop.all("entries")]
    for _ in range(100):
        if not (await shop.turns.once()).lanes:
            break
    assert {r["state"] for r in await shop.all("inbox")} == {"processed"}
    await shop.db.close()
