"""Phones as other systems write them: in their one form, or nothing."""

from typing import Any

import phonenumbers


def phone_of(value: Any, region: str) -> str:
    """E.164, or empty where it is no number. `region`: whose numbers may lack the country's code."""
    try:
        number = phonenumbers.parse(str(value) if isinstance(value, str | int) else "", region)
    except phonenumbers.NumberParseException:
        return ""
    return (
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if phonenumbers.is_possible_number(number)
        else ""
    )
