"""Dates that lie so long after others: days on the calendar, hours in passing time, whatever the clock was put to."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.kit.fields import Field, locale_of, understand
from bots.kit.moments import DAY_MS, moment, on_the_wall, shifted

KYIV = "Europe/Kyiv"
HOUR = 3_600_000


def at(text: str, zone: str = KYIV) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("since", "length", "then"),
    [
        ("2026-03-10", 7 * DAY_MS, "2026-03-17"),
        ("2026-03-10", -10 * DAY_MS, "2026-02-28"),
        ("2026-03-10", 2 * HOUR, "2026-03-10T12:00"),  # a day without an hour begins at 10:00
        ("2026-03-10T18:30", DAY_MS, "2026-03-11T18:30"),
        ("2026-03-28T18:00", DAY_MS, "2026-03-29T18:00"),  # the clock is put forward: 23 hours
        ("2026-10-24T18:00", DAY_MS, "2026-10-25T18:00"),  # and back: 25
        ("2026-03-29T02:30", HOUR, "2026-03-29T04:30"),  # an hour that passes is an hour
        ("2026-03-28T03:30", DAY_MS, "2026-03-29T04:00"),  # 3:30 is leapt over
        ("2026-03-29T18:00", -DAY_MS, "2026-03-28T18:00"),
        ("2026-03-27T22:00", DAY_MS + 6 * HOUR, "2026-03-29T05:00"),
        (at("2026-03-28T18:00"), DAY_MS, "2026-03-29T18:00"),
    ],
)
def test_days_keep_the_hour_on_the_wall_and_hours_are_counted(since: object, length: int, then: str):
    assert shifted(since, length, KYIV) == then


@pytest.mark.parametrize("since", [None, "", "много", "завтра", "1970-01-01", True, ["2026-03-10"], -5, "9999-12-31"])
def test_from_what_is_no_date_nothing_is_reckoned(since: object):
    assert shifted(since, -7 * DAY_MS, KYIV) is None or since == "9999-12-31"
    assert shifted(since, 366 * DAY_MS, KYIV) is None or since == "1970-01-01"


@given(
    st.builds(datetime.combine, st.dates(date(1972, 1, 1), date(2100, 1, 1)), st.times()), st.integers(-366 * DAY_MS, 366 * DAY_MS),
    st.sampled_from([KYIV, "Europe/Moscow", "America/New_York", "Asia/Kolkata"]),
)  # fmt: skip
def test_what_is_reckoned_is_a_date_that_fields_take_and_robots_keep_to(since: datetime, length: int, zone: str):
    found = shifted(since.strftime("%Y-%m-%dT%H:%M"), length, zone)
    assert found is not None
    reached = moment(found, zone)
    assert reached is not None
    assert on_the_wall(reached, zone) == found
    kind = Field("f", "F", "date")
    assert understand(kind, found, locale_of("ru", zone, "RUB"), since.date()) == found
