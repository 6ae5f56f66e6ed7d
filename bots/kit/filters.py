"""What is done to a value that is put into a text: `{name|first}`, `{total|price}`. Each filter takes a text and never raises."""

from collections.abc import Callable, Mapping


def _first(text: str) -> str:
    return text.split(maxsplit=1)[0] if text.strip() else ""


def _proper(text: str) -> str:
    """иван ПЕТРОВ → Иван Петров, анна-мария → Анна-Мария."""
    return " ".join("-".join(part[:1].upper() + part[1:].lower() for part in word.split("-")) for word in text.split())


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _money(text: str) -> str:
    """Minor units → 1 234,50 (thousands apart, no pennies where there are none)."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 15:
        return text
    whole, cents = divmod(int(digits), 100)
    grouped = f"{whole:,}".replace(",", "\u00a0")
    return ("-" if text.startswith("-") else "") + grouped + (f",{cents:02d}" if cents else "")


def _date(text: str) -> str:
    """2025-12-15 → 15.12.2025; of a day with an hour, 2025-12-15T18:00, the day."""
    day = text[:10] if text[10:11] in ("T", " ") and _time(text) else text
    parts = day.split("-")
    return ".".join(reversed(parts)) if len(parts) == 3 and len(day) == 10 and day.replace("-", "").isdigit() else text


def _time(text: str) -> str:
    """2025-12-15T18:00 → 18:00; nothing where no hour is named."""
    hour, _, rest = text[11:].partition(":")
    minute = rest[:2]
    whole = text[10:11] in ("T", " ") and len(hour) == len(minute) == 2 and (hour + minute).isdecimal()
    return f"{hour}:{minute}" if whole and hour < "24" and minute < "60" else ""


def _price(text: str) -> str:
    """Money; the sign of the shop's currency is put to it where it is filled in."""
    return _money(text)


def _english_money(text: str) -> str:
    """Minor units → 1,234.50."""
    return written.translate(_TO_ENGLISH) if (written := _money(text)) != text else text


def _english_price(text: str) -> str:
    return _english_money(text)


def _english_date(text: str) -> str:
    """2025-12-15 → 15 December 2025."""
    written = _date(text)
    day, _, rest = written.partition(".")
    month, _, year = rest.partition(".")
    plain = written != text and len(day) == len(month) == 2 and (day + month).isascii()
    known = plain and 1 <= int(month) <= len(_MONTHS)
    return f"{int(day)} {_MONTHS[int(month) - 1]} {year}" if known else written


_TO_ENGLISH = str.maketrans({"\u00a0": ",", ",": "."})
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


SIGNS: Mapping[str, str] = {"RUB": "₽", "UAH": "₴", "EUR": "€", "USD": "$", "KZT": "₸", "BYN": "Br", "GBP": "£"}

FILTERS: Mapping[str, Callable[[str], str]] = {
    "first": _first,
    "proper": _proper,
    "capital": _capital,
    "lower": str.lower,
    "upper": str.upper,
    "money": _money,
    "price": _price,
    "date": _date,
    "time": _time,
}

_OF: Mapping[str, Mapping[str, Callable[[str], str]]] = {
    "en": {**FILTERS, "money": _english_money, "price": _english_price, "date": _english_date},
}
"""By the language that a text is in, where sums and days are written otherwise."""


def filters_in(language: str) -> Mapping[str, Callable[[str], str]]:
    """Those of a text in this language; all have the same names."""
    return _OF.get(language, FILTERS)


PRICES = (_price, _english_price)
"""Of their values nobody knows the currency but whoever fills them in."""


def signed(sum_: str, currency: str, *, before: bool) -> str:
    """With the sign of its currency: 1 234,50 ₽; before it, £1,234.50 and -£5."""
    sign = SIGNS.get(currency, currency)
    if not before:
        return f"{sum_}\u00a0{sign}".strip()
    minus, gap = "-" if sum_.startswith("-") else "", "\u00a0" if sign.isalpha() else ""
    return f"{minus}{sign}{gap}{sum_.removeprefix('-')}".strip()
