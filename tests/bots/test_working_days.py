"""Days of working time are working days: the same time of the clock on the next day on which a calendar opens."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bots.kit.days_off import Holidays
from bots.kit.hours import DAY, Hours, Stint, at_clock, zone_of
from bots.kit.spans import Span, later, span_in
from tests.bots.test_hours import HOUR, MINUTE, SPANS, ZONES, at, hours

MOSCOW, BERLIN, KYIV = "Europe/Moscow", "Europe/Berlin", "Europe/Kyiv"
TEN_TO_SEVEN = ((600, 1140),)
SPLIT = ((600, 780), (840, 1140))
OFFICE = hours(mon=TEN_TO_SEVEN, tue=TEN_TO_SEVEN, wed=TEN_TO_SEVEN, thu=TEN_TO_SEVEN, fri=TEN_TO_SEVEN)
SATURDAYS = hours(mon=TEN_TO_SEVEN, fri=TEN_TO_SEVEN, sat=((600, 960),))
LUNCH = hours(mon=TEN_TO_SEVEN, tue=SPLIT, wed=((720, 1140),), thu=SPLIT)
NIGHTS = hours(mon=((1320, 1800),), fri=((1320, 1800),))  # 22:00-06:00
ALWAYS = {zone: Hours(zone, (((0, DAY),),) * 7) for zone in ZONES}


def on(shop: Hours, *when: int, days: int = 1, length: int = 0, fold: int = 0) -> tuple[int, ...]:
    """What the clock shows so much later: month, day, hour, minute."""
    end = shop.add_working(at(shop.zone, *when, fold=fold), length, days)
    shows = datetime.fromtimestamp(end / 1000, ZoneInfo(shop.zone))
    return shows.month, shows.day, shows.hour, shows.minute


# -- January 2025: the 17th is a Friday -------------------------------------------------------------------------------


def test_a_working_day_from_friday_evening_is_monday_evening():
    assert on(OFFICE, 2025, 1, 17, 17) == (1, 20, 17, 0)
    assert on(OFFICE, 2025, 1, 17, 17, days=3) == (1, 22, 17, 0)
    assert on(OFFICE, 2025, 1, 17, 10) == (1, 20, 10, 0)
    moment = at(MOSCOW, 2025, 1, 17, 17, 30) + 12_345
    assert OFFICE.add_working(moment, 0, 1) == moment + 72 * HOUR


def test_what_begins_while_it_is_shut_is_counted_from_the_next_opening():
    assert on(OFFICE, 2025, 1, 18, 12) == (1, 21, 10, 0)
    assert on(OFFICE, 2025, 1, 17, 20) == on(OFFICE, 2025, 1, 17, 19) == (1, 21, 10, 0)
    assert on(OFFICE, 2025, 1, 17, 8) == (1, 20, 10, 0)
    assert on(LUNCH, 2025, 1, 14, 13, 30, days=2) == (1, 16, 14, 0)


def test_a_day_that_shuts_earlier_ends_with_its_closing_hour():
    assert on(SATURDAYS, 2025, 1, 17, 18) == (1, 18, 16, 0)
    assert on(SATURDAYS, 2025, 1, 17, 16) == (1, 18, 16, 0)
    assert on(SATURDAYS, 2025, 1, 17, 15, 59) == (1, 18, 15, 59)
    assert on(SATURDAYS, 2025, 1, 17, 18, days=2) == (1, 20, 18, 0)


def test_a_day_that_opens_later_or_has_a_break_then_goes_on_when_it_opens():
    assert on(LUNCH, 2025, 1, 14, 10, 30) == (1, 15, 12, 0)
    assert on(LUNCH, 2025, 1, 13, 13, 30) == on(LUNCH, 2025, 1, 13, 13) == (1, 14, 14, 0)
    assert on(LUNCH, 2025, 1, 13, 12, 59) == (1, 14, 12, 59)


def test_hours_are_counted_after_the_days_in_working_time():
    assert on(OFFICE, 2025, 1, 17, 17, length=4 * HOUR) == (1, 21, 12, 0)
    assert on(SATURDAYS, 2025, 1, 17, 18, length=HOUR) == (1, 20, 11, 0)
    assert on(OFFICE, 2025, 1, 17, 17, days=0, length=24 * HOUR) == (1, 22, 14, 0)


def test_a_night_belongs_to_the_day_on_which_it_opens():
    assert on(NIGHTS, 2025, 1, 18, 2) == (1, 21, 2, 0)  # Friday's night, and Monday's
    assert on(NIGHTS, 2025, 1, 17, 23) == (1, 20, 23, 0)
    assert on(NIGHTS, 2025, 1, 18, 7) == (1, 24, 22, 0)
    shorter = hours(fri=((1320, 1800),), sat=((1320, 1500),))
    assert on(shorter, 2025, 1, 18, 3) == (1, 19, 1, 0)


def test_holidays_and_days_that_differ_are_no_working_days_unless_they_open():
    russian = Hours(MOSCOW, OFFICE.week, holidays=Holidays("RU"))
    assert on(russian, 2025, 12, 30, 17) == (1, 12, 17, 0)  # 31 December to 11 January are off
    assert on(russian, 2025, 10, 31, 17) == (11, 1, 17, 0)  # a Saturday that is worked
    special = {date(2025, 1, 20).toordinal(): (), date(2025, 1, 19).toordinal(): ((660, 840),)}
    shop = Hours(MOSCOW, OFFICE.week, special)
    assert on(shop, 2025, 1, 17, 12) == (1, 19, 12, 0)
    assert on(shop, 2025, 1, 17, 17) == (1, 19, 14, 0)
    assert on(shop, 2025, 1, 17, 17, days=2) == (1, 21, 17, 0)


# -- when the clock is changed ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "friday", "monday", "between"),
    [
        (BERLIN, (2025, 3, 28), (2025, 3, 31), 71), (BERLIN, (2025, 10, 24), (2025, 10, 27), 73),
        (KYIV, (2026, 3, 27), (2026, 3, 30), 71), (KYIV, (2026, 10, 23), (2026, 10, 26), 73),
    ],
)  # fmt: skip
def test_a_week_end_on_which_the_clock_is_changed_keeps_the_time_of_the_clock(
    zone: str, friday: tuple[int, ...], monday: tuple[int, ...], between: int
):
    shop = Hours(zone, OFFICE.week)
    since, until = at(zone, *friday, 17), at(zone, *monday, 17)
    assert shop.add_working(since, 0, 1) == until == since + between * HOUR


def test_a_day_round_the_clock_is_to_the_same_time_of_the_next():
    assert on(ALWAYS[BERLIN], 2025, 3, 29, 12) == (3, 30, 12, 0)
    assert on(ALWAYS[BERLIN], 2025, 10, 25, 12) == (10, 26, 12, 0)
    assert on(ALWAYS[KYIV], 2026, 3, 28, 12, days=2) == (3, 30, 12, 0)
    assert on(ALWAYS["Australia/Lord_Howe"], 2025, 4, 5, 12) == (4, 6, 12, 0)
    assert on(ALWAYS[BERLIN], 2025, 1, 1, days=365) == (1, 1, 0, 0)


def test_a_time_that_the_clock_leaps_over_is_the_leap_and_one_that_comes_twice_the_first():
    assert on(ALWAYS[BERLIN], 2025, 3, 29, 2, 30) == (3, 30, 3, 0)
    assert on(ALWAYS[KYIV], 2026, 3, 28, 3, 30) == (3, 29, 4, 0)
    assert ALWAYS[BERLIN].add_working(at(BERLIN, 2025, 10, 25, 2, 30), 0, 1) == at(BERLIN, 2025, 10, 26, 2, 30)
    half_past = at(BERLIN, 2025, 3, 29, 2, 30) + 59_999
    assert ALWAYS[BERLIN].add_working(half_past, 0, 1) == at(BERLIN, 2025, 3, 30, 3)


def test_what_begins_in_the_hour_that_comes_twice_keeps_what_the_clock_shows():
    assert on(ALWAYS[BERLIN], 2025, 10, 26, 2, 30) == (10, 27, 2, 30)
    assert on(ALWAYS[BERLIN], 2025, 10, 26, 2, 30, fold=1) == (10, 27, 2, 30)


def test_without_a_calendar_days_are_those_of_the_shops_clock():
    day = Span(0, working=True, days=1)
    assert later(at(BERLIN, 2025, 3, 29, 12), day, None, BERLIN) == at(BERLIN, 2025, 3, 30, 12)
    assert later(at(BERLIN, 2025, 3, 29, 12), Span(24 * HOUR), None, BERLIN) == at(BERLIN, 2025, 3, 30, 13)
    more = Span(HOUR, working=True, days=1)
    assert later(at(BERLIN, 2025, 3, 29, 12), more, None, BERLIN) == at(BERLIN, 2025, 3, 30, 13)


def test_the_longest_span_ends_also_where_it_is_open_once_a_week():
    shop = hours(sun=((660, 720),))
    year = span_in("250d working")
    assert year is not None
    since = at(MOSCOW, 2025, 1, 19, 11, 30)
    assert later(since, year, shop, MOSCOW) == since + 250 * 7 * 24 * HOUR
    assert len(shop._kept) <= 1_000


# -- whatever the calendar ----------------------------------------------------------------------------------------------

WEEKS = st.lists(SPANS, min_size=7, max_size=7).filter(any)
STARTS = st.integers(0, 366 * 24 * 60 * 60).map(lambda seconds: at("UTC", 2025, 1, 1) + seconds * 1_000)
NEAR_THE_CHANGES = st.tuples(
    st.sampled_from([(2025, 3, 9), (2025, 3, 30), (2025, 4, 6), (2025, 10, 5), (2025, 10, 26), (2025, 11, 2)]),
    st.integers(-48 * 60, 48 * 60),
).map(lambda drawn: at("UTC", *drawn[0]) + drawn[1] * MINUTE)
NOWS = STARTS | NEAR_THE_CHANGES


@st.composite
def calendars(draw: st.DrawFn) -> Hours:
    """Split shifts, nights that run into the next day, days that differ, the clock changed by an hour or half of one."""
    special = draw(
        st.dictionaries(st.integers(date(2025, 1, 1).toordinal(), date(2026, 2, 1).toordinal()), SPANS, max_size=20)
    )
    return draw(st.sampled_from(list(ALWAYS.values()))) if draw(st.integers(0, 9)) == 0 else Hours(
        draw(st.sampled_from(ZONES)), tuple(draw(WEEKS)), special
    )  # fmt: skip


def open_days(shop: Hours, since: int) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Each working day that is not over, with when it is open: what a night has had is not the next day's."""
    zone, taken = zone_of(shop.zone), since
    first = datetime.fromtimestamp(since / 1000, ZoneInfo(shop.zone)).toordinal() - 2
    for day in range(first, first + 900):
        stints: list[Stint] = sorted(shop.on_day(day))
        here = []
        for opens, closes in stints:
            start, end = max(taken, at_clock(day, opens, zone)), at_clock(day, closes, zone)
            if start < end:
                here.append((start, end))
                taken = end
        if here:
            yield day, here


def in_the_second_hour(shop: Hours, now: int) -> bool:
    return datetime.fromtimestamp(shop.next_open(now) / 1000, ZoneInfo(shop.zone)).fold == 1


@settings(max_examples=150, deadline=None, database=None)
@given(calendars(), NOWS, st.integers(1, 30))
def test_no_working_day_is_skipped_and_none_counted_twice(shop: Hours, now: int, days: int):
    """The reference lists the days one by one and looks at the clock on the wall."""
    until = shop.add_working(now, 0, days)
    assert shop.is_open(until) or shop.is_open(until - 1)
    listed = [one for one, _ in zip(open_days(shop, now), range(days + 1), strict=False)]
    (today, stretches), (day, open_then) = listed[0], listed[-1]
    wall = datetime.fromtimestamp(stretches[0][0] / 1000, ZoneInfo(shop.zone)).replace(tzinfo=None, fold=0)
    wanted = wall + timedelta(days=day - today)
    shows = datetime.fromtimestamp(until / 1000, ZoneInfo(shop.zone)).replace(tzinfo=None, fold=0)
    assert any(start <= until <= end for start, end in open_then)
    if until == open_then[-1][1]:
        assert shows <= wanted or _leaps(shop, wanted, until)
    elif until in [start for start, _ in open_then]:
        assert shows >= wanted
    else:
        assert shows == wanted or _leaps(shop, wanted, until)


def _leaps(shop: Hours, wanted: datetime, until: int) -> bool:
    """The clock leaps over what was wanted, and this is the leap."""
    there = wanted.replace(tzinfo=ZoneInfo(shop.zone))
    back = datetime.fromtimestamp(there.timestamp(), ZoneInfo(shop.zone)).replace(tzinfo=None)
    return back != wanted and until == at_clock(
        wanted.toordinal(), wanted.hour * 60 + wanted.minute, zone_of(shop.zone)
    )


@settings(max_examples=150, deadline=None, database=None)
@given(calendars(), NOWS, st.integers(0, 3 * 24 * 60), st.integers(0, 8), st.integers(0, 900))
def test_what_begins_later_never_ends_earlier(shop: Hours, now: int, more: int, days: int, length: int):
    """But for what begins in an hour that comes twice: there the clock on the wall is believed."""
    after = now + more * MINUTE
    assume(not in_the_second_hour(shop, now) and not in_the_second_hour(shop, after))
    assert shop.add_working(now, length * MINUTE, days) <= shop.add_working(after, length * MINUTE, days)


@settings(max_examples=150, deadline=None, database=None)
@given(calendars(), NOWS, st.integers(0, 900), st.integers(0, 900))
def test_what_is_longer_never_ends_earlier(shop: Hours, now: int, length: int, more: int):
    ends = [shop.add_working(now, 0, days) for days in range(1, 9)]
    assert all(sooner < later_ for sooner, later_ in pairwise([now, *ends]))
    for days in (1, 3):
        one, other = (shop.add_working(now, minutes * MINUTE, days) for minutes in (length, length + more))
        assert ends[days - 1] <= one <= other
        assert one <= shop.add_working(now, length * MINUTE, days + 1)


@settings(max_examples=60, deadline=None, database=None)
@given(st.sampled_from(ZONES), NOWS, st.integers(1, 20))
def test_a_week_of_equal_days_keeps_the_time_of_the_clock(zone: str, now: int, days: int):
    """Nothing has to be cut to fit, so one day after another is all of them at once."""
    shop = Hours(zone, (TEN_TO_SEVEN,) * 5 + ((), ()))
    start, until = shop.next_open(now), shop.add_working(now, 0, days)
    shows = [datetime.fromtimestamp(moment / 1000, ZoneInfo(zone)) for moment in (start, until)]
    assert shows[0].time() == shows[1].time()
    assert sum((shows[0] + timedelta(days=n)).weekday() < 5 for n in range(1, (shows[1] - shows[0]).days + 1)) == days
    step = now
    for _ in range(days):
        step = shop.add_working(step, 0, 1)
    assert step == until
