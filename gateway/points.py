"""Phones and e-mails as other systems write them: in their one form, or nothing."""

import re
from typing import Any, Final

import phonenumbers

from gateway.channels import payload

_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s]{2,}")


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


def email_of(value: Any) -> str:
    text = payload.text(value).strip().lower()
    return text if _EMAIL.fullmatch(text) else ""
