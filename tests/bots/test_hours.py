"""The shop's calendar: opening, closing and working time, right on every night on which the clock is changed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bots.kit.hours import DAY, Hours, at_clock, next_at_clock, zone_of
from tests.moments import instant as at

ZONES = ["Europe/Moscow", "Europe/Berlin", "Europe/Kyiv", "America/New_York", "Australia/Lord_Howe", "America/St_Johns"]
WEEKDAYS = ((540, 780), (840, 1140))
MINUTE, HOUR = 60_000, 3_600_000


def hours(zone: str = "Europe/Moscow", **days: tuple[tuple[int, int], ...]) -> Hours:
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return Hours(zone, tuple(days.get(name, WEEKDAYS if not days else ()) for name in names))


def test_a_split_shift_is_open_in_its_two_parts():
    shop = hours()
    for hour, minute, is_open in [
        (8, 59, False),
        (9, 0, True),
        (12, 59, True),
        (13, 0, False),
        (14, 0, True),
        (19, 0, False),
    ]:
        assert shop.is_open(at("Europe/Moscow", 2025, 1, 15, hour, minute)) is is_open
    assert shop.next_open(at("Europe/Moscow", 2025, 1, 15, 13, 30)) == at("Europe/Moscow", 2025, 1, 15, 14)
    assert shop.next_open(at("Europe/Moscow", 2025, 1, 15, 20)) == at("Europe/Moscow", 2025, 1, 16, 9)
    noon = at("Europe/Moscow", 2025, 1, 15, 12)
    assert shop.next_open(noon) == noon


def test_working_time_skips_the_lunch_the_night_and_the_week_end():
    shop = hours(mon=WEEKDAYS, fri=WEEKDAYS)
    friday = at("Europe/Moscow", 2025, 1, 17, 12)
    assert shop.add_working(friday, 2 * HOUR) == at("Europe/Moscow", 2025, 1, 17, 15)
    assert shop.add_working(friday, 7 * HOUR) == at("Europe/Moscow", 2025, 1, 20, 10)
    assert shop.add_working(at("Europe/Moscow", 2025, 1, 18, 3), HOUR) == at("Europe/Moscow", 2025, 1, 20, 10)


def test_a_shift_may_pass_midnight_and_meets_the_next_without_a_gap():
    shop = hours(fri=((1260, 1560),), sat=((120, 600),))  # 21:00-02:00, then 02:00-10:00
    assert shop.is_open(at("Europe/Moscow", 2025, 1, 18, 1, 30))
    assert shop.is_open(at("Europe/Moscow", 2025, 1, 18, 2, 0))
    assert next(iter(shop.spans(at("Europe/Moscow", 2025, 1, 17, 12)))) == (
        at("Europe/Moscow", 2025, 1, 17, 21), at("Europe/Moscow", 2025, 1, 18, 10),
    )  # fmt: skip


def test_a_holiday_takes_the_place_of_its_week_day():
    shop = Hours(
        "Europe/Moscow",
        (WEEKDAYS,) * 7,
        {date(2025, 1, 15).toordinal(): (), date(2025, 1, 16).toordinal(): ((600, 660),)},
    )
    assert not shop.is_open(at("Europe/Moscow", 2025, 1, 15, 12))
    assert shop.next_open(at("Europe/Moscow", 2025, 1, 15, 8)) == at("Europe/Moscow", 2025, 1, 16, 10)


def test_an_hour_that_is_leapt_over_begins_when_the_clock_leaps():
    zone = zone_of("Europe/Berlin")
    assert at_clock(date(2025, 3, 30).toordinal(), 150, zone) == at("Europe/Berlin", 2025, 3, 30, 3, 0)
    lord_howe = zone_of("Australia/Lord_Howe")  # half an hour only
    assert at_clock(date(2025, 10, 5).toordinal(), 135, lord_howe) == at("Australia/Lord_Howe", 2025, 10, 5, 2, 30)


def test_an_hour_that_comes_twice_begins_the_first_time():
    assert at_clock(date(2025, 10, 26).toordinal(), 150, zone_of("Europe/Berlin")) == at(
        "Europe/Berlin", 2025, 10, 26, 2, 30
    )


def test_a_night_shift_is_an_hour_shorter_in_spring_and_longer_in_autumn():
    shop = hours("Europe/Berlin", sat=((1320, 1800),))  # 22:00-06:00
    for day, length in [(29, 7), (22, 8)]:
        start = at("Europe/Berlin", 2025, 3, day, 22)
        assert shop.add_working(start, length * HOUR) == at("Europe/Berlin", 2025, 3, day + 1, 6)
    start = at("Europe/Berlin", 2025, 10, 25, 22)
    assert shop.add_working(start, 9 * HOUR) == at("Europe/Berlin", 2025, 10, 26, 6)


def test_ten_in_the_morning_is_the_next_one():
    zone = zone_of("Europe/Moscow")
    assert next_at_clock(at("Europe/Moscow", 2025, 1, 15, 9, 59), 600, zone) == at("Europe/Moscow", 2025, 1, 15, 10)
    assert next_at_clock(at("Europe/Moscow", 2025, 1, 15, 10), 600, zone) == at("Europe/Moscow", 2025, 1, 16, 10)


SPANS = st.lists(st.tuples(st.integers(0, DAY - 1), st.integers(1, 700)), max_size=3).map(
    lambda pairs: tuple(sorted((start, start + length) for start, length in pairs))
)


@settings(max_examples=60, deadline=None, database=None)
@given(
    st.sampled_from(ZONES), st.lists(SPANS, min_size=7, max_size=7).filter(any), st.integers(0, 365 * 24 * 60),
    st.integers(1, 40 * 60),
)  # fmt: skip
def test_working_time_is_what_counting_every_minute_gives(
    zone: str, week: list[tuple[tuple[int, int], ...]], since: int, length: int
):
    """The reference looks at the clock on the wall, minute by minute, and knows nothing of instants."""
    assume(
        sum(closes - opens for day in week for opens, closes in day) * 50 > 3 * length
    )  # else it is not done in a year
    shop = Hours(zone, tuple(week))
    now = at("UTC", 2025, 1, 1) + since * MINUTE
    until = shop.add_working(now, length * MINUTE)
    minutes = (until - now) // MINUTE
    if minutes > 4 * 24 * 60:
        return
    local = ZoneInfo(zone)
    counted = 0
    for minute in range(minutes):
        wall = datetime.fromtimestamp((now + minute * MINUTE) / 1000, UTC).astimezone(local)
        counted += _open_on_the_wall(week, wall)
    # A shift that ends or begins within an hour that comes twice may be read either way on the wall.
    assert abs(counted - length) <= (60 if _turns(local, now, until) else 0)


def _open_on_the_wall(week: list[tuple[tuple[int, int], ...]], wall: datetime) -> bool:
    minute = wall.hour * 60 + wall.minute
    yesterday = week[(wall.weekday() - 1) % 7]
    return any(a <= minute < b for a, b in week[wall.weekday()]) or any(a <= minute + DAY < b for a, b in yesterday)


def _turns(zone: ZoneInfo, since: int, until: int) -> bool:
    offsets = {datetime.fromtimestamp(t / 1000, zone).utcoffset() for t in (since - 2 * 86_400_000, since, until)}
    return offsets != {next(iter(offsets))}


@settings(max_examples=80, deadline=None, database=None)
@given(st.sampled_from(ZONES), st.integers(0, 365 * 24 * 60), st.integers(0, 300), st.integers(0, 300))
def test_working_time_adds_up(zone: str, since: int, one: int, other: int):
    shop = hours(zone, mon=WEEKDAYS, tue=((1260, 1560),), sun=((100, 200),))
    now = at("UTC", 2025, 1, 1) + since * MINUTE
    assert (
        shop.add_working(shop.add_working(now, one * MINUTE), other * MINUTE)
        == shop.add_working(now, (one + other) * MINUTE)
        or one * other == 0
    )
    assert shop.is_open(shop.next_open(now))
    assert shop.next_open(now) >= now
    later = shop.add_working(now, one * MINUTE)
    assert shop.worked_between(now, later) == one * MINUTE
    assert shop.worked_between(now, now + other * HOUR) == sum(
        shop.worked_between(now + hour * HOUR, now + (hour + 1) * HOUR) for hour in range(other)
    )


@settings(max_examples=40, deadline=None, database=None)
@given(
    st.sampled_from(["Europe/Kyiv", "Europe/Moscow", "America/St_Johns", "Australia/Lord_Howe"]),
    st.lists(SPANS, min_size=7, max_size=7).filter(any), st.integers(0, 365 * 24 * 60), st.integers(0, 3 * 24 * 60),
)  # fmt: skip
def test_the_time_worked_is_what_looking_every_minute_gives(
    zone: str, week: list[tuple[tuple[int, int], ...]], since: int, minutes: int
):
    """Also on the nights on which the clock is changed, by an hour or by half of one: the days of 2025 hold all of them."""
    shop = Hours(zone, tuple(week))
    now = at("UTC", 2025, 1, 1) + since * MINUTE
    looked = sum(shop.is_open(now + minute * MINUTE) for minute in range(minutes))
    assert shop.worked_between(now, now + minutes * MINUTE) == looked * MINUTE


@pytest.mark.parametrize(
    ("zone", "day", "worked"),
    [
        ("Europe/Kyiv", (2026, 3, 29), 23), ("Europe/Kyiv", (2026, 10, 25), 25), ("Europe/Moscow", (2026, 3, 29), 24),
        ("America/St_Johns", (2026, 3, 8), 23), ("America/St_Johns", (2026, 11, 1), 25),
        ("Australia/Lord_Howe", (2026, 10, 4), 23.5), ("Australia/Lord_Howe", (2026, 4, 5), 24.5),
    ],
)  # fmt: skip
def test_a_day_round_the_clock_is_as_long_as_its_clock_makes_it(zone: str, day: tuple[int, ...], worked: float):
    always = Hours(zone, (((0, DAY),),) * 7)
    next_day = date(*day) + timedelta(days=1)
    until = at(zone, next_day.year, next_day.month, next_day.day)
    assert always.worked_between(at(zone, *day), until) == worked * HOUR
    assert always.shift(at(zone, *day))[1] - until > 366 * 24 * HOUR


def test_no_time_is_worked_before_it_begins():
    shop = hours()
    noon = at("Europe/Moscow", 2025, 1, 15, 12)
    assert shop.worked_between(noon, noon) == 0
    assert shop.worked_between(noon + HOUR, noon) == 0


def test_years_of_working_time_are_counted_however_far_a_calendar_looks_ahead():
    shop = hours(mon=((600, 660),))  # an hour a week
    since = at("Europe/Moscow", 2020, 1, 1)
    assert shop.worked_between(since, since + 3_000 * 7 * 24 * HOUR) == 3_000 * HOUR


def test_what_was_asked_before_changes_no_answer():
    moments = [at("Europe/Moscow", 2025, 1, 13) + n * 37 * MINUTE for n in range(600)]
    for shop in (hours(), hours(fri=((1_200, 1_680),), sat=((60, 300),)), hours(mon=((0, DAY),), tue=((0, DAY),))):
        asked = replace(shop)
        for moment in [*moments, *reversed(moments), *moments[::7], *moments[::-11]]:
            fresh = replace(shop)
            assert (asked.is_open(moment), asked.next_open(moment)) == (
                fresh.is_open(moment),
                replace(shop).next_open(moment),
            )


def test_a_calendar_remembers_days_and_not_more_and_more_of_them():
    shop = hours()
    start = at("Europe/Moscow", 2025, 1, 1)
    once = [shop.next_open(start + day * 24 * HOUR) for day in range(3_000)]
    assert len(shop._kept) <= 1_000
    assert [shop.next_open(start + day * 24 * HOUR) for day in reversed(range(3_000))] == once[::-1]


@pytest.mark.parametrize("zone", ZONES)
def test_every_day_of_a_year_opens_and_closes_on_the_wall(zone: str):
    shop, local = (
        hours(zone, **dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), ((540, 1080),))),
        ZoneInfo(zone),
    )
    day = datetime(2025, 1, 1, 9, tzinfo=local)
    for _ in range(365):
        opens = round(day.timestamp() * 1000)
        assert shop.next_open(opens - HOUR) == opens
        assert not shop.is_open(round(day.replace(hour=18).timestamp() * 1000))
        day += timedelta(days=1)
