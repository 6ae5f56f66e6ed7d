"""The shifts of the school that ships: who is given what comes in, by day and in the evening. On both databases."""

from dataclasses import replace

import pytest

from bots.kit.business import Playbook
from gateway.hiring import hire
from tests.moments import instant
from tests.shop import PaperChannel, Shop, open_shop

MOSCOW, BERLIN = "Europe/Moscow", "Europe/Berlin"


def moved(shop: Playbook, zone: str) -> Playbook:
    """The same school in another city."""
    calendars = {name: replace(hours, zone=zone, holidays=None) for name, hours in shop.calendars.items()}
    hours = replace(shop.hours, zone=zone, holidays=None) if shop.hours else None
    return replace(shop, zone=zone, hours=hours, calendars=calendars)


async def school(database_url: str, zone: str, *when: int) -> Shop:
    at = instant(zone, *when)
    shop = open_shop(database_url, channels=[PaperChannel("chat")], playbook="school", at=at, always_open=False)
    if zone != MOSCOW:
        shop.house.playbook = moved(shop.house.playbook, zone)
    await shop.db.write(lambda c: hire(c, shop.db.ids, shop.house.playbook, at))
    return shop


async def whose(shop: Shop) -> str | None:
    """The name of who answers for the latest deal."""
    names = {one["id"]: one["name"] for one in await shop.all("people")}
    deal = (await shop.all("deals"))[-1]
    return names.get(deal["responsible_id"])


@pytest.mark.parametrize(
    ("zone", "when", "who"),
    [
        (MOSCOW, (2026, 3, 4, 9, 59), None),
        (MOSCOW, (2026, 3, 4, 10, 0), "Ольга"),
        (MOSCOW, (2026, 3, 4, 14, 29), "Ольга"),
        (MOSCOW, (2026, 3, 4, 15, 30), "Тимур"),
        (MOSCOW, (2026, 3, 4, 19, 0), "Тимур"),
        (MOSCOW, (2026, 3, 4, 20, 0), None),
        (MOSCOW, (2026, 3, 7, 12, 0), "Тимур"),  # Saturday
        (MOSCOW, (2026, 3, 9, 12, 0), None),  # a day off in exchange for another
        # The week-end the clock leaps in Berlin: shifts begin by what it shows.
        (BERLIN, (2026, 3, 27, 10, 0), "Ольга"),
        (BERLIN, (2026, 3, 30, 9, 59), None),
        (BERLIN, (2026, 3, 30, 10, 0), "Ольга"),
        (BERLIN, (2026, 3, 30, 15, 30), "Тимур"),
        (BERLIN, (2026, 3, 30, 19, 59), "Тимур"),
        (BERLIN, (2026, 3, 30, 20, 0), None),
    ],
)
async def test_a_new_lead_is_of_whoever_has_the_shift(
    database_url: str, zone: str, when: tuple[int, ...], who: str | None
):
    shop = await school(database_url, zone, *when)
    for customer in "12":  # the other one has less by then, and is not there
        await shop.write("Хочу учить английский", customer)
        assert await whose(shop) == who
    await shop.db.close()


async def test_a_lead_of_the_night_is_given_out_when_the_morning_shift_begins_also_after_the_clock_has_leapt(
    database_url: str,
):
    shop = await school(database_url, BERLIN, 2026, 3, 28, 20, 0)  # Saturday; in the night the clock leaps
    await shop.write("Хочу учить английский")
    await shop.later(hours=36.9)
    assert await whose(shop) is None
    await shop.later(hours=0.2)  # 38 hours by the clock on the wall, 37 by any other
    assert await whose(shop) == "Ольга"
    await shop.db.close()


async def test_what_both_are_there_for_goes_to_who_has_less(database_url: str):
    shop = await school(database_url, MOSCOW, 2026, 3, 4, 14, 40)
    found = []
    for who in "123":
        await shop.write("Хочу учить английский", who)
        found.append(await whose(shop))
    assert found == ["Ольга", "Тимур", "Ольга"]
    await shop.db.close()
