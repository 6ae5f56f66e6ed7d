"""Calendars as a playbook writes them: names, zones, holidays of a country, and what the checker finds wrong with them."""

import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path

import pytest

from bots.kit.days_off import Holidays
from bots.kit.hours import Hours
from bots.kit.playbook import Playbook, load_playbook
from bots.kit.reader import Scalar
from bots.kit.schema import Findings
from bots.kit.spans import AT_ONCE, Span, delay_of, later, span_in, span_of, written
from tests.bots.test_hours import HOUR, MINUTE, WEEKDAYS, at, hours

HEAD = "zone: Europe/Moscow\nfunnels: {f: {title: F, stages: {a: A}, won: W, lost: L}}\n"


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
        read = Holidays(country).of(year)
        assert {date.fromordinal(day) for day in read.off} == {day for day in told if day.year == year}
        assert {date.fromordinal(day) for day in read.worked} == {d for d in told.weekend_workdays if d.year == year}
        assert not read.off & read.worked


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
        ("hours: {week: {mon: 10:00-19:00}, holidays: {subdiv: BE}}", "'holidays' name no country"),
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


def test_a_night_may_end_where_the_next_day_opens():
    assert shop_of("hours: {week: {fri: 21:00-02:00, sat: 02:00-10:00}}")[1] == []


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


def test_the_calendars_of_the_operators_page_are_read_as_they_stand_there():
    page = (Path(__file__).parents[2] / "docs/operate.md").read_text(encoding="utf-8")
    [block] = re.findall(r"^```yaml playbook\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    shop, problems = shop_of(block)
    assert problems == []
    assert shop is not None
    warehouse = shop.calendar("warehouse")
    assert (warehouse.week[0], warehouse.week[5]) == (((480, 720), (780, 1200)), ((1320, 1560),))
    assert warehouse.zone == "Asia/Vladivostok"


def spelt(text: str, *, quoted: bool = False) -> tuple[Span | None, list[str]]:
    found = Findings()
    span = span_of(Scalar(text, 3, 7, quoted), "in", found)
    return span, [str(problem) for problem in found]


def test_a_length_may_be_of_working_time():
    assert spelt("30m") == (Span(30 * MINUTE), [])
    assert spelt("1h working") == spelt("1h  working ", quoted=True) == (Span(HOUR, working=True), [])
    assert spelt("1d 2h working") == spelt("2h 1d working") == (Span(2 * HOUR, working=True, days=1), [])
    assert spelt("48h working") == (Span(48 * HOUR, working=True), [])
    assert spelt("1d 2h") == (Span(26 * HOUR), [])
    assert spelt("30d 240h working")[1] == spelt("90d")[1] == []
    assert span_of(None, "in", Findings()) is None


def test_a_length_is_of_working_time_where_what_stands_beside_it_says_so():
    found = Findings()
    assert span_of(Scalar("2d 1h", 3, 7), "for", found, working=True) == Span(HOUR, working=True, days=2)
    assert span_of(Scalar("2d working", 3, 7), "for", found, working=True) == Span(0, working=True, days=2)
    assert span_of(Scalar("40d", 3, 7), "for", found) == Span(960 * HOUR)
    assert found == []
    span_of(Scalar("40d", 3, 7), "for", found, working=True)
    assert [str(one) for one in found] == [
        "3:7: error: more than 30 working days. At most 30d and 240h, or wait until a date."
    ]


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30m", Span(30 * MINUTE)), (" 3d  working ", Span(0, working=True, days=3)), ("0m", Span(0)), ("366d", Span(8784 * HOUR)),
        ("250d 2000h working", Span(2000 * HOUR, working=True, days=250)), ("367d", None), ("251d working", None), ("2001h working", None),
        ("3dworking", None), ("3d work", None), ("working", None), ("", None), ("soon", None), ("-1d working", None), ("d working", None),
    ],
)  # fmt: skip
def test_a_length_that_a_program_says_is_read_as_a_playbooks(text: str, span: Span | None):
    assert span_in(text) == span
    found = Findings()
    assert delay_of(Scalar(text or "?", 3, 7), "in", found) == (span or AT_ONCE)
    assert len(found) == (span is None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1h workin", "3:7: error: 'in' is '1h workin': no length of time. Did you mean '1h working'?"),
        ("working", "'in' is 'working': no length of time. Write it like 30m, 1d 12h, 2h working, 3d working (s, m, h, d; at most 90d)."),
        ("0h working", "'in' must be longer than nothing"),
        ("0d working", "'in' must be longer than nothing"),
        ("91d", "'in' is '91d': too long. At most 90d."),
        ("31d working", "3:7: error: more than 30 working days. At most 30d and 240h, or wait until a date."),
        ("241h working", "3:7: error: more than 240 hours of working time. At most 30d and 240h, or wait until a date."),
        ("999999d working", "3:7: error: more than 30 working days."),
    ],
)  # fmt: skip
def test_a_length_that_cannot_be_is_told_with_what_can(text: str, said: str):
    _, problems = spelt(text)
    assert len(problems) == 1
    assert said in problems[0]


def test_later_is_by_the_calendar_only_where_the_span_says_so():
    shop = hours(mon=WEEKDAYS)
    monday = at("Europe/Moscow", 2025, 1, 13, 12)
    assert later(monday, Span(2 * HOUR, working=True), shop, "UTC") == monday + 3 * HOUR
    assert later(monday, Span(2 * HOUR), shop, "UTC") == monday + 2 * HOUR
    assert later(monday, Span(2 * HOUR, working=True), None, "UTC") == monday + 2 * HOUR
    assert later(monday, Span(0, working=True, days=1), shop, "UTC") == monday + 7 * 24 * HOUR


@pytest.mark.parametrize(
    "text", ["30m", "2h", "1d 12h", "90d", "2h working", "26h 30m working", "3d working", "1d 4h working", "45s"]
)
def test_a_length_is_written_as_it_was_read(text: str):
    span = span_in(text)
    assert span is not None
    assert written(span) == text
    assert written(AT_ONCE) == ""
