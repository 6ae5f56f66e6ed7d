"""The sections `hours:` and `calendars:` of a playbook → its calendars, by name."""

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise
from types import MappingProxyType
from zoneinfo import ZoneInfo, available_timezones

from bots.kit.days_off import Holidays, countries, subdivisions
from bots.kit.hours import DAY, Hours, Stint
from bots.kit.problems import did_you_mean, nearest, shown
from bots.kit.reader import Items, Node, Scalar, Table
from bots.kit.schema import Findings, items_of, name_of, section, table_of, text_of

HOURS_KEYS = ("zone", "week", "holidays", "except")
HOLIDAYS_KEYS = ("country", "subdiv")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOSED = "closed"
SHOP = "hours"
"""What the shop's own calendar is called where others have names."""
MOST_DAYS = 400
MOST_EXCEPTIONS = 2_000
MOST_CALENDARS = 50
_PROBED = range(2025, 2031)
"""Years of which one at least must have a day off, or the country's holidays say nothing."""

_CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")
_STINT = re.compile(r"\s*(\d{1,2}:\d\d)\s*[-–]\s*(\d{1,2}:\d\d)\s*")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")

Special = dict[int, tuple[Stint, ...]]


def hours_of(node: Node | None, zone: str, found: Findings, who: str = "the shop") -> Hours | None:
    """A calendar; in this zone, where it does not name its own."""
    hints = dict.fromkeys(
        (one.text for one in _keys(node) if one.text.partition("-")[0] in DAYS), "Put the days under 'week:'"
    )
    before = len(found)
    at = section(node, HOURS_KEYS, "hours", found, hints)
    if node is None or at is None:
        return None
    own = at.get("zone")
    week = _week(at.get("week"), found)
    holidays = _holidays(at.get("holidays"), found)
    special = _special(at.get("except"), found)
    calendar = Hours(zone_named(own, found) if own else zone, week, MappingProxyType(special), holidays)
    place = at.keys.get("week") or at.at
    if not any(week) and len(found) == before:
        found.error(place, f"{who} is never open", "Write 'week: {mon-fri: 10:00-19:00}'", "hours")
    elif len(found) == before and (day := _shut_since(calendar)) is not None:
        what = f"{who} does not open for {MOST_DAYS} days from {date.fromordinal(day)}"
        found.error(at.keys["except"], what, "Shorten what is closed under 'except:'", "hours")
    return calendar


def _keys(node: Node | None) -> Iterable[Scalar]:
    return (key for key, _ in node.pairs) if isinstance(node, Table) else ()


def calendars_of(node: Node | None, hours: Hours | None, zone: str, found: Findings) -> dict[str, Hours]:
    """The calendars that have names, the shop's own among them."""
    calendars: dict[str, Hours] = {} if hours is None else {SHOP: hours}
    table = table_of(node, "calendars", found)
    for key, value in table.pairs if table else ():
        name = name_of(key, "a calendar's name", found)
        if name == SHOP:
            found.error(
                key, f"'{SHOP}' is the shop's own calendar", f"Choose another name, or write '{SHOP}:'", "twice"
            )
        elif len(calendars) - (SHOP in calendars) == MOST_CALENDARS:
            found.error(key, f"more than {MOST_CALENDARS} calendars", "Let people share them", "too_many")
            break
        if name is None:
            table_of(value, f"calendar '{shown(key.text)}'", found)
            continue
        if isinstance(value, Table) and (calendar := hours_of(value, zone, found, f"calendar '{name}'")) is not None:
            calendars[name] = calendar
        elif not isinstance(value, Table):
            remedy = "Write 'week: {mon-fri: 10:00-19:00}' under it"
            found.error(key, f"calendar '{name}' does not say when it is open", remedy, "no_value")
    return calendars


def calendar_named(node: Node | None, calendars: Iterable[str], found: Findings) -> str:
    """The key `calendar:`: one of the playbook's; empty where it is not said."""
    name = text_of(node, "calendar", found)
    known = tuple(calendars)
    if node is not None and name is not None and name not in known:
        found.error(node, *no_calendar(name, known))
    return name if name in known and name is not None else ""


def no_calendar(name: str, known: Iterable[str]) -> tuple[str, str, str]:
    """A finding: what, remedy, code."""
    remedy = did_you_mean(name, known, "Else add it to 'calendars:' in the playbook")
    return f"there is no calendar '{shown(name)}'", remedy, "unknown_calendar"


def zone_named(node: Node | None, found: Findings) -> str:
    zone = text_of(node, "zone", found)
    if node is None or zone is None:
        return "UTC"
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        remedy = did_you_mean(zone, sorted(available_timezones()))
        found.error(node, f"there is no time zone '{shown(zone)}'", remedy, "unknown_zone")
    return zone


def clock_of(text: str) -> int | None:
    """`10:30` → minutes past midnight; `24:00` is the day's end."""
    shows = _CLOCK.fullmatch(text.strip())
    if shows is None:
        return None
    minutes = int(shows[1]) * 60 + int(shows[2])
    return minutes if minutes <= DAY else None


def date_of(node: Scalar, text: str, found: Findings) -> date | None:
    """A day written as 2026-01-31."""
    parts = _DATE.fullmatch(text.strip())
    try:
        if parts is not None:
            return date(*map(int, parts.groups()))
    except ValueError:
        found.error(
            node, f"there is no day {shown(text)}", _no_such_day(*map(int, parts.groups() if parts else ())), "date"
        )
        return None
    found.error(node, f"'{shown(text)}' is not a day", "Write it like 2026-01-31, or 2026-01-01..2026-01-08", "date")
    return None


def _no_such_day(year: int, month: int, day: int) -> str:
    """The remedy: which of the three is wrong."""
    if not 1 <= month <= 12:
        turned = 1 <= day <= 12 and 1 <= month <= 31
        meant = f"Did you mean {year:04}-{day:02}-{month:02}?" if turned else "Write the month as 01 to 12"
        return f"There is no month {month:02}. {meant}"
    if year < 1:
        return "Write the year in four digits"
    return f"The month has {monthrange(year, month)[1]} days"


# -- the days of the week ----------------------------------------------------------------------------------------------


def _week(node: Node | None, found: Findings) -> tuple[tuple[Stint, ...], ...]:
    week: list[tuple[Stint, ...]] = [() for _ in DAYS]
    told: dict[int, Scalar] = {}
    table = table_of(node, "week", found)
    for key, value in table.pairs if table else ():
        days, stints = _days(key, found), _stints(value, found)
        for day in days:
            if day in told:
                what = f"'{DAYS[day]}' is told twice: in '{told[day].text}' and here"
                found.error(key, what, "Keep one of them", "twice")
            told[day] = key
            week[day] = stints
    for day, stints in enumerate(week):
        following = week[(day + 1) % 7]
        if stints and following and stints[-1][1] - DAY > following[0][0]:
            what = f"the night of '{DAYS[day]}' runs into '{DAYS[(day + 1) % 7]}', which opens before it is over"
            found.warn(told[day], what, "Let one end where the other begins", "hours")
    return tuple(week)


def _days(key: Scalar, found: Findings) -> tuple[int, ...]:
    first, dash, last = (part.strip() for part in key.text.partition("-"))
    ends = (first, last) if dash else (first, first)
    for name in ends:
        if name not in DAYS:
            found.error(key, f"there is no day '{shown(name)}'", did_you_mean(name, DAYS), "unknown_day")
            return ()
    low, high = DAYS.index(ends[0]), DAYS.index(ends[1])
    return tuple(day % 7 for day in range(low, high + 1 if high >= low else high + 8))


def _stints(node: Node, found: Findings) -> tuple[Stint, ...]:
    """`10:00-19:00`, several with commas between, a list of such, or `closed`. An earlier closing hour is the next day's."""
    if isinstance(node, Scalar) and node.text.strip() == CLOSED:
        return ()
    stints: list[Stint] = []
    for one in items_of(node, "hours", found) if isinstance(node, Items) else (node,):
        text = text_of(one, "hours", found)
        for piece in text.split(",") if text is not None else ():
            parts = _STINT.fullmatch(piece)
            opens, closes = (clock_of(parts[1]), clock_of(parts[2])) if parts else (None, None)
            if opens is None or closes is None:
                remedy = "Write them like 10:00-19:00, [10:00-13:00, 14:00-19:00] or closed"
                found.error(one, f"'{shown(piece)}' are not hours", remedy, "hours")
                continue
            stints.append((opens, closes if closes > opens else closes + DAY))
    stints.sort()
    for before, after in pairwise(stints):
        if after[0] < before[1]:
            found.error(node, "two spans of a day overlap", "Join them, or part them", "hours")
    return tuple(stints)


# -- days that differ --------------------------------------------------------------------------------------------------


def _holidays(node: Node | None, found: Findings) -> Holidays | None:
    """`RU`, or `{country: DE, subdiv: BE}`."""
    if isinstance(node, Items) or (isinstance(node, Scalar) and node.text[:1].isdigit()):
        remedy = "Write 'holidays: RU'; single days go under 'except:', like '2026-03-09: closed'"
        found.error(node, "'holidays' takes a country's two letters", remedy, "unknown_country")
        return None
    if isinstance(node, Table):
        at = section(node, HOLIDAYS_KEYS, "holidays", found)
        country_at, subdiv_at = (at.get("country"), at.get("subdiv")) if at else (None, None)
        if at is not None and country_at is None:
            found.error(node, "'holidays' name no country", "Add its two letters: 'country: UA'", "no_value")
    else:
        country_at, subdiv_at = node, None
    country, subdiv = text_of(country_at, "country", found), text_of(subdiv_at, "subdiv", found)
    if country_at is None or country is None:
        return None
    known = countries()
    if country not in known:
        found.error(country_at, f"no country is called '{shown(country)}'", _which(country, known), "unknown_country")
        return None
    if subdiv_at is not None and subdiv is not None and subdiv not in (parts := subdivisions(country)):
        what = f"no part of {country} with holidays of its own is called '{shown(subdiv)}'"
        found.error(subdiv_at, what, did_you_mean(subdiv, parts), "unknown_country")
        return None
    holidays = Holidays(country, subdiv or "")
    if not any(holidays.of(year).off for year in _PROBED):
        what = f"no day off is known for {holidays} from {_PROBED[0]} to {_PROBED[-1]}"
        found.warn(country_at, what, "Write the shop's own under 'except:'", "no_holidays")
    return holidays


def _which(country: str, known: Mapping[str, str]) -> str:
    """The code that was probably meant, by its letters or by the country's name."""
    codes = {name: code for code, name in known.items()}
    meant = country.upper() if country.upper() in known else codes.get(nearest(country.lower(), codes) or "")
    return f"Did you mean '{meant}'?" if meant else "Write its two letters: RU, UA, KZ, DE"


def _special(node: Node | None, found: Findings) -> Special:
    days: Special = {}
    table = table_of(node, "except", found)
    for key, value in table.pairs if table else ():
        first, dots, last = key.text.partition("..")
        begin = date_of(key, first, found)
        end = date_of(key, last, found) if dots else begin
        stints = _stints(value, found)
        if begin is None or end is None:
            continue
        if not 0 <= (end - begin).days < MOST_DAYS:
            found.error(key, f"'{shown(key.text)}' ends before it begins", "Write the earlier day first", "date")
            continue
        days.update(dict.fromkeys(range(begin.toordinal(), end.toordinal() + 1), stints))
        if len(days) > MOST_EXCEPTIONS:
            found.error(key, f"more than {MOST_EXCEPTIONS} days differ", "Remove those that are over", "too_many")
            break
    return days


def _shut_since(calendar: Hours) -> int | None:
    """The first exception after which nothing opens for so long that it would be taken for ever."""
    for day in sorted(calendar.days):
        if day - 1 in calendar.days or calendar.days[day]:
            continue
        ahead = range(day, min(day + MOST_DAYS, date.max.toordinal()))
        if not any(calendar.on_day(one) for one in ahead):
            return day
    return None
