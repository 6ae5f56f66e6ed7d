"""Ten hours are ten hours: across a change to summer or winter time, and while the machine's clock is put right (F28)."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.channels.base import Retry, Throttled, Unknown
from gateway.events import MessageReceived
from tests.faults.gateways import ECHO
from tests.shop import MONDAY_NOON, Shop, open_shop

HOUR = 3_600_000
BERLIN = ZoneInfo("Europe/Berlin")


def berlin(text: str) -> int:
    """The instant at which a clock on the wall in Berlin shows this."""
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp() * 1000)


@pytest.mark.parametrize(
    ("asked", "shown_at_the_end"),
    [
        pytest.param("2026-03-28T22:00", "09:00", id="the night that loses an hour"),
        pytest.param("2026-10-24T22:00", "07:00", id="the night that has one twice"),
        pytest.param("2026-06-10T22:00", "08:00", id="any other night"),
    ],
)
async def test_ten_hours_of_silence_are_ten_real_hours_whatever_the_wall_shows(
    database_url: str, asked: str, shown_at_the_end: str
) -> None:
    shop = open_shop(database_url, playbook=str(ECHO), at=berlin(asked))
    assert shop.house.playbook.zone == "Europe/Berlin"
    await shop.write("Здравствуйте")
    await shop.later(hours=10, seconds=-1)
    assert (await shop.deal())["closed_at"] is None
    await shop.later(seconds=2)
    closed = (await shop.deal())["closed_at"]
    assert closed == berlin(asked) + 10 * HOUR
    assert f"{datetime.fromtimestamp(closed / 1000, UTC).astimezone(BERLIN):%H:%M}" == shown_at_the_end
    await shop.db.close()


async def test_a_clock_put_back_an_hour_loses_no_word_and_fires_no_timer_twice(shop: Shop) -> None:
    await shop.write("Здравствуйте")
    before = len(shop.paper.sent)
    shop.clock.at -= HOUR
    await shop.write("1")
    assert len(shop.paper.sent) > before
    assert [e["text"] for e in await shop.all("entries") if e["author"] == "customer"] == ["Здравствуйте", "1"]
    await shop.later(hours=10.1)
    closed = [d for d in await shop.all("deals") if d["closed_at"]]
    assert len(closed) == 1
    assert closed[0]["closed_at"] - (MONDAY_NOON - HOUR) == 10 * HOUR


async def test_what_came_in_before_the_clock_was_put_back_does_not_wait_for_the_clock(shop: Shop) -> None:
    """Kept, not yet handled, and the clock goes back: the next word of anybody's takes it along, in order."""
    await shop.hear(MessageReceived(shop.sender(), "Здравствуйте"))
    shop.clock.at -= HOUR
    await shop.hear(MessageReceived(shop.sender(), "1"))
    await shop.settle()
    assert [e["text"] for e in await shop.all("entries") if e["author"] == "customer"] == ["Здравствуйте", "1"]


async def test_a_clock_put_forward_a_day_closes_what_was_silent_and_hears_what_comes(shop: Shop) -> None:
    await shop.write("Здравствуйте")
    shop.clock.at += 24 * HOUR
    await shop.settle()
    assert (await shop.deal())["outcome"] == "lost"
    shop.clock.at -= 24 * HOUR  # it was a mistake
    await shop.write("я тут")
    assert [d["closed_at"] is None for d in await shop.all("deals")] == [False, True]


async def test_a_part_that_a_dead_process_was_sending_is_found_whatever_the_clock_says(shop: Shop) -> None:
    """SQLite has one process: whatever it finds in the air at its start is its own past, even from the future."""
    shop.paper.answers = [Unknown("never seen")]
    await shop.write("Здравствуйте")
    await shop.db.write(
        lambda c: c.exec_driver_sql("UPDATE parts SET state='sending', open=1 WHERE id=(SELECT min(id) FROM parts)")
    )
    shop.clock.at -= HOUR
    assert await shop.delivery.recover(lease_ms=0) == 1


async def test_pauses_of_a_failing_provider_are_real_time_across_a_step_back(shop: Shop) -> None:
    """The part waits for the clock to come back to where it was, and is sent then: late, once, and never lost."""
    shop.paper.answers = [Retry("502")]
    await shop.write("Здравствуйте")
    shop.clock.at -= HOUR
    await shop.later(hours=1.1)
    assert {p["state"] for p in await shop.all("parts")} == {"sent"}


async def test_what_comes_due_while_a_cycle_still_runs_is_not_slept_over(shop: Shop) -> None:
    """A slow commit on a busy machine: the pause is over before the worker looks at the clock again."""
    shop.paper.answers = [Throttled(40, "address")]
    await shop.hear(MessageReceived(shop.sender(), "Здравствуйте"))
    await shop.turns.once()
    await shop.delivery.once()
    await shop.delivery.settled()
    cycle = await shop.delivery.once()
    assert cycle.next_due == shop.clock.now() + 40
    shop.clock.advance(60)
    assert shop.delivery._until(cycle.next_due) < 0.1
