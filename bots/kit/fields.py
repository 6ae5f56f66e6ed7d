"""What deals carry, and what each of it takes: the one place that says what a raw value is worth in a field of its kind.

Whatever comes from outside (a person, a form, an order, a bot's answer, a robot) is understood here before it is kept.
Understanding what is kept already changes nothing. Pure and total.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, Final, Literal, assert_never

import phonenumbers

from bots.kit.answers import normalise
from bots.kit.dates import alone
from bots.kit.filters import SIGNS
from bots.kit.hours import zone_of
from bots.kit.languages import Language, known_languages, language
from bots.kit.moments import on_the_wall
from bots.kit.reckoning import Terms, reckoned
from bots.kit.values import value
from bots.kit.words import as_text
from bots.kit.worth import RECEIVED, TOTAL

FieldKind = Literal["text", "number", "money", "date", "choice", "phone"]
Why = Literal["money", "currency", "date", "number", "phone", "choice", "reckoned", "below_zero"]

SOME_DAY: Final = date(2026, 1, 1)
"""A value that is written out is looked at long before it is used: on this day it would be understood."""
_LONGEST: Final = 200
"""A longer text is a story, no value of a kind."""
_MOST_MONEY: Final = 10**13
_MOST: Final = 10**15
_GAP: Final = "[ \u00a0\u202f]"
_WHOLE: Final = rf"(?:\d{{1,3}}(?:{_GAP}\d{{3}})+|\d{{1,15}})"
_SUM: Final = re.compile(
    rf"(?P<before>[^\W\d_]*\.?|[^\w\s.,-])\s*(?P<sum>[-\u2212]?{_WHOLE}(?:[.,]\d{{1,2}})?)\s*(?P<behind>[^\W\d_]*\.?|[^\w\s.,-])"
)
_NUMBER: Final = re.compile(rf"[-\u2212]?{_WHOLE}(?:[.,]\d{{1,9}})?")
_THREE: Final = re.compile(r"[-\u2212]?[1-9]\d{0,2}[.,]\d{3}")
"""`1,500` may be one and a half or fifteen hundred."""
_PLAIN: Final = str.maketrans({" ": "", "\u00a0": "", "\u202f": "", ",": ".", "\u2212": "-"})
_DIGITS: Final = re.compile(r"-?\d{1,15}", re.ASCII)
_EXACT: Final = re.compile(r"(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})\.(\d{1,2})\.(\d{4}))(?:\s*(\w{1,4})\.?)?")
_HOUR: Final = re.compile(
    r"(?P<day>.+?)(?:[\s,T]+(?:[^\W\d_]{1,2}\s+)?)(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::\d\d(?:\.\d+)?)?"
)
_ZONED: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s?(?:Z|[+-]\d\d:?\d\d)", re.ASCII)
_PHONE: Final = re.compile(r"(?:tel:)?[+\d][\d\s()./\u2010-\u2015-]{4,39}")
_YEARS: Final = range(1900, 3000)
_MILLISECONDS: Final = range(946_684_800_000, 4_102_444_800_000)
"""Of the years 2000 to 2099: a smaller whole number is hardly meant for a moment."""


@value
class Field:
    """Something that deals carry besides what scripts ask for."""

    name: str
    title: str
    kind: FieldKind = "text"
    choices: tuple[str, ...] = ()
    terms: Terms = ()
    """What it is reckoned from; nobody fills it in."""
    worth: bool = False
    """It is what the deal is worth."""
    by_forms: bool = True
    """A form of the site may fill it in: anybody may send one."""


@value
class Locale:
    """How dates, sums and phones are written where the value comes from."""

    language: str
    """In which days are named."""
    zone: str
    currency: str
    country: str
    """Whose phone numbers may lack its code."""


def locale_of(name: str, zone: str, currency: str) -> Locale:
    """The shop's, by its language: phones of its country."""
    spoken = language(name)
    return Locale(name, zone, currency, spoken.country if spoken is not None else "")


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a value cannot stand in a field."""

    field: Field
    why: Why
    currency: str = ""

    @property
    def wanted(self) -> str:
        """What would be right, for who writes programs and playbooks."""
        match self.why:
            case "money":
                sign = SIGNS.get(self.currency, self.currency)
                return f"must be a sum of money: '3 500.50 {sign}' as a text, hundredths (350050) as a whole number"
            case "currency":
                return f"must be a sum of money in {self.currency}"
            case "date":
                return "must be a date: 2026-03-20 or 20.03.2026, with an hour 2026-03-20 18:00"
            case "number":
                return "must be a number: 4 or 1500.5"
            case "phone":
                return "must be a whole phone number: +79161234567"
            case "choice":
                return f"must be one of: {', '.join(self.field.choices)}"
            case "reckoned":
                return "is reckoned by itself"
            case "below_zero":
                return "is what the deal is worth or has brought, and must not be below zero"
            case _:
                assert_never(self.why)

    def told(self, said: object, spoken: Language) -> str:
        """A line for managers that keeps what was said."""
        why = spoken.unfit[self.why].format(currency=self.currency, choices=", ".join(self.field.choices))
        return spoken.unfit["kept_out"].format(title=self.field.title, said=as_text(said), why=why)


def understand(field: Field, raw: Any, locale: Locale, today: date) -> Any | Misfit:
    """The form in which the field keeps what is said, or why it cannot.

    Nothing (None, a blank text, an empty list) empties any field. Money: a whole number is minor units; a text and a number
    with a fraction are a sum as people say it, `3500` as well as `3 500,50 ₽`.
    """
    if field.terms:
        return Misfit(field, "reckoned")
    if field.kind == "text":
        return raw
    if raw is None or (isinstance(raw, (str, list, tuple)) and not raw):
        return raw
    if isinstance(raw, str) and not raw.strip():
        return ""
    found: Any = None
    if isinstance(raw, (str, int, float)) and not isinstance(raw, bool):
        match field.kind:
            case "money":
                found = _money(field, raw, locale)
                if isinstance(found, int) and found < 0 and (field.worth or field.name in (TOTAL, RECEIVED)):
                    return Misfit(field, "below_zero")
            case "number":
                found = _number(raw)
            case "date":
                found = _date(raw, locale, today)
            case "phone":
                found = _phone(str(raw), locale)
            case "choice":
                found = _choice(field, as_text(raw))
            case _:
                assert_never(field.kind)
    return Misfit(field, field.kind, locale.currency) if found is None else found


def as_written(field: Field | None, text: str) -> int | str:
    """What the author of a playbook or a script puts into a field: whole sums are minor units there, as in conditions."""
    bare = text.strip()
    return int(bare) if field is not None and field.kind == "money" and _DIGITS.fullmatch(bare) else text


def as_said(field: Field | None, answer: object) -> object:
    """A number that a person has said: of money it is what they call a sum, not minor units."""
    whole = isinstance(answer, int) and not isinstance(answer, bool)
    return str(answer) if field is not None and field.kind == "money" and whole else answer


def with_sums(fields: Mapping[str, Field], known: Mapping[str, Any]) -> dict[str, Any]:
    """What a deal knows, with all that is reckoned reckoned anew."""
    sums = {one.name: reckoned(one.terms, known) for one in fields.values() if one.terms}
    return {**known, **{name: total for name, total in sums.items() if total != "" or name in known}}


# -- money and numbers -------------------------------------------------------------------------------------------------


def _money(field: Field, raw: str | float, locale: Locale) -> int | Misfit | None:
    if isinstance(raw, int):
        return raw if abs(raw) <= _MOST_MONEY else None
    if isinstance(raw, float):
        return _minor(Decimal(str(raw))) if isfinite(raw) else None  # as it is written: 0.1 is a tenth
    found = _SUM.fullmatch(raw.strip()) if len(raw) <= _LONGEST else None
    if found is None:
        return None
    for called in (found["before"], found["behind"]):
        named = _currencies(called)
        if called and not named:
            return None
        if named and locale.currency not in named:
            return Misfit(field, "currency", locale.currency)
    return _minor(Decimal(found["sum"].translate(_PLAIN)))


def _minor(exact: Decimal) -> int | None:
    minor = exact * 100
    return int(minor) if minor == minor.to_integral_value() and abs(minor) <= _MOST_MONEY else None


def _currencies(called: str) -> frozenset[str]:
    """Those that a word or a sign behind a sum may stand for."""
    bare = called.casefold().removesuffix(".")
    signs = (code for code, sign in SIGNS.items() if bare in (sign.casefold(), code.casefold()))
    words = (
        code
        for name in known_languages()
        if (spoken := language(name)) is not None
        for code, said in spoken.currencies.items()
        if bare in said
    )
    return frozenset((*signs, *words)) if bare else frozenset()


def _number(raw: str | float) -> int | float | None:
    if isinstance(raw, str):
        text = raw.strip()
        if len(text) > 40 or not _NUMBER.fullmatch(text) or _THREE.fullmatch(text):
            return None
        digits = text.translate(_PLAIN)
        raw = float(digits) if "." in digits else int(digits)
    if not abs(raw) < _MOST:  # nor what is no number at all
        return None
    return int(raw) if raw == int(raw) else raw


def _choice(field: Field, said: str) -> str | None:
    spoken = normalise(said) if len(said) <= _LONGEST else ""
    return next((one for one in field.choices if normalise(one) == spoken), None)


# -- dates and phones --------------------------------------------------------------------------------------------------


def _date(raw: str | float, locale: Locale, today: date) -> str | None:
    if not isinstance(raw, str):
        return on_the_wall(raw, locale.zone) if isinstance(raw, int) and raw in _MILLISECONDS else None
    text = raw.strip()
    if len(text) > _LONGEST:
        return None
    if _ZONED.fullmatch(text):
        return _zoned(text, locale.zone)
    timed = _HOUR.fullmatch(text)
    day = _day(timed["day"] if timed else text, locale, today)
    if day is None or timed is None:
        return day.isoformat() if day is not None else None
    hour, minute = int(timed["hour"]), int(timed["minute"])
    return f"{day.isoformat()}T{hour:02}:{minute:02}" if hour < 24 and minute < 60 else None


def _zoned(text: str, zone: str) -> str | None:
    """A moment that names its own offset, as the shop's clock shows it."""
    try:
        there = datetime.fromisoformat(text).astimezone(zone_of(zone))
    except (ValueError, OverflowError):
        return None
    return f"{there:%Y-%m-%dT%H:%M}" if there.year in _YEARS else None


def _day(text: str, locale: Locale, today: date) -> date | None:
    spoken = language(locale.language) or language(known_languages()[0])
    exact = _EXACT.fullmatch(text)
    if exact is not None and spoken is not None and (exact[7] is None or exact[7].casefold() in spoken.year_words):
        parts = (exact[1], exact[2], exact[3]) if exact[1] else (exact[6], exact[5], exact[4])
        year, month, number = map(int, parts)
        try:
            return date(year, month, number) if year in _YEARS else None
        except ValueError:
            return None
    return alone(text, spoken, today) if spoken is not None else None


def _phone(text: str, locale: Locale) -> str | None:
    """E.164. A number with its country's code may be of a range that is new; one without must be a number of the shop's country."""
    text = text.strip()
    if not _PHONE.fullmatch(text):
        return None
    try:
        number = phonenumbers.parse(text, locale.country)
    except phonenumbers.NumberParseException:
        return None
    known = (
        phonenumbers.is_possible_number if text.removeprefix("tel:").startswith("+") else phonenumbers.is_valid_number
    )
    e164: str = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return e164 if known(number) and number.extension is None else None
