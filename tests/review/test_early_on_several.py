"""A status ahead of its message, where two processes share PostgreSQL: ids rise by whole blocks there."""

import pytest

from gateway.events import StatusReported
from gateway.timekeeper import Timekeeper
from tests.shop import Shop, open_shop


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_an_early_status_finds_its_message_though_another_process_has_written_meanwhile(
    shop: Shop, database_url: str
) -> None:
    """Each change of hands between two processes reserves a block of 50,000: three of them are more than are looked
    through (state/early.py, 100,000), though not ten parts were written."""
    await shop.hear(StatusReported("p-early", "delivered", 0))  # names no part: known by the provider's id alone
    await shop.write("Здравствуйте")
    part = (await shop.all("parts"))[0]
    await shop.db.write(
        lambda c: c.exec_driver_sql("UPDATE parts SET provider_id = 'p-early' WHERE id = %s", (part["id"],))
    )
    other = open_shop(database_url)
    for turn in range(4):  # what two busy gateways do all the time
        gateway = other if turn % 2 == 0 else shop
        gateway._n = 100 * turn + 100  # update ids of its own
        await gateway.write("Здравствуйте", who=f"n{turn}")
    await other.db.close()
    found = [p["id"] for p in await shop.all("parts")]
    await Timekeeper(shop.db, shop.delivery, shop.house, shop.clock).once()
    await shop.settle()
    state = next(p["state"] for p in await shop.all("parts") if p["id"] == part["id"])
    assert state == "delivered", f"{len(found)} parts in all, ids {min(found)} to {max(found)}"
