"""The shop's calendar: opening, closing and working time, right on every night on which the clock is changed."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.kit.days_off import Holidays
from bots.kit.hours import DAY, Hours, at_clock, next_at_clock, zone_of
from bots.kit.playbook import Playbook, load_playbook

ZONES = ["Europe/Moscow", "Europe/Berlin", "Europe/Kyiv", "America/New_York", "Australia/Lord_Howe", "America/St_Johns"]
WEEKDAYS = ((540, 780), (840, 1140))
MINUTE, HOUR = 60_000, 3_600_000
HEAD = "zone: Europe/Moscow\nfunnels: {f: {title: F, stages: {a: A}, won: W, lost: L}}\n"


def at(zone: str, *when: int, fold: int = 0) -> int:
    return round(datetime(*when, tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1000)  # type: ignore[arg-type]


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


# -- holidays ------------------------------------------------------------------------------------------------------------


def russian(*week: tuple[tuple[int, int], ...]) -> Hours:
    return Hours("Europe/Moscow", week or ((WEEKDAYS,) * 5 + ((), ())), holidays=Holidays("RU"))


def test_a_holiday_and_a_day_off_that_the_government_has_moved_are_shut():
    shop = russian()
    friday = at("Europe/Moscow", 2025, 12, 30, 19)
    assert shop.next_open(friday) == at("Europe/Moscow", 2026, 1, 12, 9)  # 31 December and 9 January are moved there
    assert shop.next_open(at("Europe/Moscow", 2026, 3, 6, 19)) == at("Europe/Moscow", 2026, 3, 10, 9)


def test_a_saturday_that_is_worked_has_the_hours_of_a_friday():
    shop = russian((), (), (), (), ((600, 900),), (), ())
    assert shop.next_open(at("Europe/Moscow", 2025, 11, 1, 8)) == at("Europe/Moscow", 2025, 11, 1, 10)
    assert not shop.is_open(at("Europe/Moscow", 2025, 11, 1, 15))
    assert shop.next_open(at("Europe/Moscow", 2025, 11, 1, 15)) == at("Europe/Moscow", 2025, 11, 7, 10)


def test_a_saturday_that_is_worked_keeps_the_hours_that_the_week_gives_it():
    shop = russian(*(WEEKDAYS,) * 5, ((600, 660),), ())
    assert not shop.is_open(at("Europe/Moscow", 2025, 11, 1, 12))
    assert shop.is_open(at("Europe/Moscow", 2025, 11, 1, 10, 30))


def test_what_a_date_says_goes_before_the_holiday():
    shop = replace(russian(), days={date(2026, 1, 2).toordinal(): ((600, 660),), date(2025, 11, 1).toordinal(): ()})
    assert shop.next_open(at("Europe/Moscow", 2025, 12, 31, 0)) == at("Europe/Moscow", 2026, 1, 2, 10)
    assert not shop.is_open(at("Europe/Moscow", 2025, 11, 1, 12))


def test_a_night_that_began_before_the_holiday_is_worked_to_its_end():
    shop = russian(*(((1320, 1800),),) * 7)  # 22:00-06:00
    assert shop.is_open(at("Europe/Moscow", 2025, 11, 3, 3)) is True  # the night of the 2nd; the 3rd is off
    assert shop.next_open(at("Europe/Moscow", 2025, 11, 3, 6)) == at("Europe/Moscow", 2025, 11, 5, 22)


def test_the_parts_of_a_country_have_days_of_their_own():
    whole, berlin = (Holidays("DE", part).of(2026).off for part in ("", "BE"))
    assert berlin - whole == {date(2026, 3, 8).toordinal()}


@pytest.mark.parametrize("country", ["RU", "UA", "KZ", "US", "AX", "CN"])
def test_a_countrys_own_file_tells_what_the_library_tells(country: str):
    library = import_module("holidays")
    for year in (2024, 2026):
        told = library.country_holidays(country, years=year, expand=False)
        worked = {day for day in told.weekend_workdays if day.year == year}
        read = Holidays(country).of(year)
        assert {date.fromordinal(day) for day in read.worked} == worked
        assert {date.fromordinal(day) for day in read.off} == {day for day in told if day.year == year} - worked


LOADED = """
import sys
from bots.kit.playbook import load_playbook
for text in sys.argv[1:]:
    shop, problems = load_playbook("shop", {"playbook.yaml": text})
    assert shop and not problems, problems
    shop.calendar().next_open(1_700_000_000_000)
    print("holidays" in sys.modules, "holidays.countries" in sys.modules)
"""


def test_who_names_no_country_does_not_pay_for_the_library_and_who_does_not_for_all_countries():
    texts = [f"{HEAD}hours: {{week: {{mon-fri: 10:00-19:00}}{more}}}\n" for more in ("", ", holidays: RU")]
    asked = subprocess.run([sys.executable, "-c", LOADED, *texts], capture_output=True, check=True, text=True)
    assert asked.stdout.split() == ["False", "False", "True", "False"]


# -- as it is written ----------------------------------------------------------------------------------------------------


def read(section: str) -> tuple[Hours | None, list[str]]:
    playbook, problems = load_playbook("shop", {"playbook.yaml": HEAD + section})
    return (playbook.hours if playbook else None), [str(problem) for problem in problems]


def test_a_calendar_is_read():
    shop, problems = read(
        "hours:\n  week: {mon-fri: [10:00-13:00, 14:00-19:00], sat: 21:00-02:00, sun: closed}\n"
        "  except: {2025-12-31: 10:00-14:00, 2026-01-01..2026-01-08: closed}\n"
    )
    assert problems == []
    assert shop is not None
    assert shop.zone == "Europe/Moscow"
    assert shop.week[0] == ((600, 780), (840, 1140))
    assert shop.week[5] == ((1260, 1560),)
    assert shop.week[6] == ()
    assert len(shop.days) == 9
    assert shop.is_open(at("Europe/Moscow", 2025, 1, 19, 1))
    assert not shop.is_open(at("Europe/Moscow", 2026, 1, 5, 12))


def test_spans_stand_in_a_row_or_in_a_list():
    row, problems = read('hours:\n  week:\n    mon: 10:00-13:00, 14:00-19:00\n    tue: "9:00-12:00,13:00-14:00"\n')
    assert problems == []
    assert row is not None
    assert row.week[:2] == (((600, 780), (840, 1140)), ((540, 720), (780, 840)))


CALENDARS = """\
hours: {week: {mon-fri: 10:00-19:00}, holidays: RU}
calendars:
  warehouse:
    zone: Asia/Vladivostok
    week: {mon-sat: 8:00-20:00}
    holidays: {country: DE, subdiv: BE}
    except: {2026-03-09: closed}
  anna: {week: {tue-thu: 12:00-20:00}}
"""


def shop_of(section: str, head: str = HEAD) -> tuple[Playbook | None, list[str]]:
    playbook, problems = load_playbook("shop", {"playbook.yaml": head + section})
    return playbook, [str(problem) for problem in problems]


def test_calendars_have_names_and_zones_of_their_own():
    shop, problems = shop_of(CALENDARS, HEAD.replace("lost: L", "lost: L, calendar: warehouse"))
    assert (problems, shop is not None) == ([], True)
    assert shop is not None
    assert list(shop.calendars) == ["hours", "warehouse", "anna"]
    assert (shop.calendar("warehouse").zone, shop.calendar("anna").zone) == ("Asia/Vladivostok", "Europe/Moscow")
    assert shop.calendar("warehouse").holidays == Holidays("DE", "BE")
    assert shop.calendar() is shop.calendar("gone") is shop.calendar("hours") is shop.hours
    assert shop.working("f") is shop.calendar("warehouse")


def test_a_shop_that_does_not_say_when_it_works_is_always_there():
    shop, problems = shop_of("")
    assert problems == []
    assert shop is not None
    assert shop.working("f") is None
    assert shop.calendar().add_working(at("UTC", 2025, 1, 1), 50 * HOUR) == at("UTC", 2025, 1, 3, 2)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("calendars: {a: {zone: Europe/Moskow, week: {mon: 10:00-19:00}}}", "3:23: error: there is no time zone 'Europe/Moskow'. Did you mean 'Europe/Moscow'?"),
        ("calendars: {a: {week: {mon: closed}}}", "3:17: error: calendar 'a' is never open. Write 'week: {mon-fri: 10:00-19:00}'."),
        ("calendars: {a: closed}", "3:13: error: calendar 'a' does not say when it is open"),
        ("calendars: {hours: {week: {mon: 10:00-19:00}}}", "3:13: error: 'hours' is the shop's own calendar"),
        ("calendars: {a: {week: {mon: 10:00-19:00}, holiday: RU}}", "'holiday' is not known in hours. Did you mean 'holidays'?"),
        ("calendars: {a: {week: {mon: '10:00-14:00, 13:00-19:00'}}}", "3:29: error: two spans of a day overlap"),
        ("hours: {week: {mon: 10:00-19:00}, holidays: XX}", "3:45: error: no country is called 'XX'. Write its two letters: RU, UA, KZ, DE."),
        ("hours: {week: {mon: 10:00-19:00}, holidays: ru}", "no country is called 'ru'. Did you mean 'RU'?"),
        ("hours: {week: {mon: 10:00-19:00}, holidays: Ukrain}", "no country is called 'Ukrain'. Did you mean 'UA'?"),
        ("hours: {week: {mon: 10:00-19:00}, holidays: {subdiv: BE}}", "holidays name no country"),
        ("hours: {week: {mon: 10:00-19:00}, holidays: {country: DE, subdiv: Berlim}}", "3:67: error: no part of DE with holidays of its own is called 'Berlim'. Did you mean 'Berlin'?"),
        ("hours: {week: {mon: 10:00-19:00}, except: {2026-01-01..2026-12-31: closed, 2027-01-01..2027-12-31: closed}}", "3:35: error: the shop does not open for 400 days from 2026-01-01"),
        ("calendars:\n" + "".join(f"  c{n}: {{week: {{mon: 10:00-19:00}}}}\n" for n in range(52)), "54:3: error: more than 50 calendars"),
        ("hours: {week: {mon: 10:00-19:00}, except: {" + ", ".join(f"{2000 + n}-01-01..{2000 + n}-12-31: 10:00-11:00" for n in range(6)) + "}}", "error: more than 2000 days differ"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_named_calendar_is_found_with_its_remedy(section: str, said: str):
    shop, problems = shop_of(section)
    assert shop is None
    assert any(said in problem for problem in problems), problems


def test_a_calendar_that_is_not_there_is_found_where_a_funnel_names_it():
    shop, problems = shop_of(CALENDARS, HEAD.replace("lost: L", "lost: L, calendar: warehaus"))
    assert shop is None
    assert problems == [
        "2:68: error: there is no calendar 'warehaus'. Did you mean 'warehouse'? Else add it to 'calendars:' in the playbook."
    ]


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("hours: {week: {mon-fri: 10:00-19:00}, holidays: UA}", "3:49: warning: no day off is known for UA from 2025 to 2030. Write the shop's own under 'except:'."),
        ("hours: {week: {fri: 21:00-02:00, sat: 01:00-10:00}}", "3:16: warning: the night of 'fri' runs into 'sat', which opens before it is over. Let one end where the other begins."),
    ],
)  # fmt: skip
def test_a_calendar_that_may_not_be_meant_so_is_used_with_a_warning(section: str, said: str):
    shop, problems = shop_of(section)
    assert shop is not None
    assert problems == [said]


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("hours: {week: {mon-fri: 10-19}}\n", "3:25: error: '10-19' are not hours. Write them like 10:00-19:00"),
        ("hours: {week: {mon-fri: 25:00-26:00}}\n", "'25:00-26:00' are not hours"),
        ("hours: {week: {mno: 10:00-19:00}}\n", "there is no day 'mno'. Did you mean 'mon'?"),
        ("hours: {week: {mon-fri: 10:00-19:00, tue: 9:00-10:00}}\n", "'tue' is told twice"),
        ("hours: {week: {mon: [10:00-14:00, 13:00-19:00]}}\n", "two spans of a day overlap"),
        ("hours: {week: {mon: closed}}\n", "the shop is never open"),
        ("hours: {}\n", "the shop is never open"),
        ("hours: {week: {mon: 10:00-19:00}, except: {2024-02-30: closed}}\n", "there is no day 2024-02-30"),
        ("hours: {week: {mon: 10:00-19:00}, except: {30.02.2024: closed}}\n", "'30.02.2024' is not a day"),
        ("hours: {week: {mon: 10:00-19:00}, except: {2024-02-10..2024-02-01: closed}}\n", "ends before it begins"),
        ("hours: {zone: Europe/Moskow, week: {mon: 10:00-19:00}}\n", "3:15: error: there is no time zone 'Europe/Moskow'. Did you mean 'Europe/Moscow'?"),
        ("hours: {zone: ../../etc/passwd, week: {mon: 10:00-19:00}}\n", "there is no time zone '../../etc/passwd'"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_calendar_is_found(section: str, said: str):
    shop, problems = read(section)
    assert shop is None
    assert any(said in problem for problem in problems), problems
