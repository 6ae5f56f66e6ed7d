"""What a field says of who the customer is, spelled so that two who say the same are found by it. Pure."""

import re
from typing import Any, Final

import phonenumbers

_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{2,}")
_ORDERS: Final = ("order", "order_number")
_NAMES: Final = frozenset({"phone", "email", "city", *_ORDERS})
_LONGEST: Final = 200


def claimed(name: str, value: Any, person: str, region: str) -> str:
    """`phone:…`, `email:…`, `order:…`, or with a city `name:…|…`; empty where the field says nothing of that kind."""
    if name not in _NAMES or not isinstance(value, str | int) or isinstance(value, bool):
        return ""
    text = " ".join(str(value)[:_LONGEST].casefold().split())
    match name:
        case "phone":
            number = _phone(text, region)
            return f"phone:{number}" if number else ""
        case "email":
            return f"email:{text}" if _EMAIL.fullmatch(text) else ""
        case "city":
            full = " ".join(person[:_LONGEST].casefold().split())
            both = f"name:{full}|{text}".replace("ё", "е")
            return both if text and " " in full else ""  # a first name alone is half a town's
        case _:
            digits = re.sub(r"[^\w-]", "", text)
            return f"order:{digits}" if any(map(str.isdigit, digits)) else ""


def _phone(text: str, region: str) -> str:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
