"""What a text is worth as an answer of one kind: the value that is kept, or None where it is no such answer."""

from typing import assert_never

from bots.kit.answers import email, location, normalise, number, phone, phrase, vin
from bots.kit.dates import day
from bots.kit.hours import local_day, zone_of
from bots.kit.languages import Language
from bots.kit.run import Facts
from bots.kit.script import Answer, Script


def value_of(answer: Answer, text: str, script: Script, facts: Facts, spoken: Language) -> object:
    """Files are no text: `photo` and `document` never take one."""
    match answer.kind:
        case "text":
            return text or None
        case "number":
            return number(text, spoken, answer.low, answer.high)
        case "phone":
            return phone(text, script.country)
        case "email":
            return email(text)
        case "date":
            today = local_day(facts.now, zone_of(facts.zone))
            named = day(text, spoken, today, past=answer.past)
            return named.isoformat() if named else None
        case "vin":
            return vin(text)
        case "location":
            return location(text)
        case "words":
            return phrase(normalise(text), answer.phrases)
        case "pattern":
            return answer.pattern.find(text) if answer.pattern else None
        case "photo" | "document":
            return None
        case _:
            assert_never(answer.kind)
