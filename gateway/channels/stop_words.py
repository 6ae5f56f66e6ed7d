"""When a customer says 'stop', in three languages: the whole message must be the word, or it is only a hint.

Carriers and WhatsApp go by the same rule: the word alone, in any case, whatever the punctuation around it.
"""

import re
from typing import Final, Literal

Wish = Literal["", "stop", "start", "hint"]

_STOP: Final = frozenset(
    {
        *("stop", "stop all", "stopall", "unsubscribe", "opt out", "optout", "opt-out", "unsubscribe me"),
        *("стоп", "отписаться", "отписка", "отпишите", "отпишите меня", "отписать", "отписаться от рассылки"),
        *("відписатися", "відписатись", "відписка", "відпишіть", "відпишіть мене"),
    }
)
# Twilio itself stops an SMS number at these, so they bind us there; in a messenger they are ordinary answers.
_CARRIER_STOP: Final = frozenset({"cancel", "end", "quit", "revoke"})
_START: Final = frozenset(
    {
        *("start", "unstop", "subscribe"),
        *("старт", "подписаться", "подписка", "возобновить"),
        *("підписатися", "підписатись", "відновити"),
    }
)
# A stop lamp, a stop valve and a stop list are goods and business, not wishes.
_HINTS: Final = re.compile(
    r"(?<![-\w])(?:stop|unsubscribe|стоп)(?![-\w])(?!\s+(?:сигн|фонар|кран|лист|signal|light|lamp))"
    r"|\b(?:отпи(?:сать|сыв|ши)|відпи(?:сат|ш|сув))\w*"
    r"|\bне\s+(?:пишите|присылайте|шлите|надо\s+писать|пишіть|надсилайте|присилайте)\b"
    r"|\b(?:do\s+not|don.t)\s+(?:write|message|text)\b"
)
_AROUND: Final = re.compile(r"^[\W_]+|[\W_]+$")
_LONGEST_HINT: Final = 200


def wish(text: str, *, carrier: bool) -> Wish:
    """`carrier`: an SMS, where the carrier's own words bind as well."""
    said = " ".join(_AROUND.sub("", text.casefold()).replace("ё", "е").split())
    if said in _STOP or (carrier and said in _CARRIER_STOP):
        return "stop"
    if said in _START:
        return "start"
    if len(said) <= _LONGEST_HINT and _HINTS.search(said):
        return "hint"
    return ""
