"""Twilio's error codes as business: one table, one meaning a code. A code that is not here is fatal and is noted as new.

Codes: https://www.twilio.com/docs/api/errors
"""

import logging
from typing import Final, Literal

from gateway.channels.base import (
    ChannelDown,
    Outcome,
    Refused,
    Retry,
    Throttled,
    Unreachable,
    WindowClosed,
)

Class = Literal[
    "window_closed",
    "opted_out",
    "blocked",
    "not_found",
    "throttled_account",
    "throttled_address",
    "retry",
    "down",
    "fatal",
]
Meaning = Literal["", "window_closed", "opted_out", "blocked", "throttled", "fatal"]

LONGEST_PAUSE_S: Final = 3600
_DAILY: Final = "63038"

TABLE: Final[dict[str, Class]] = {
    "14107": "throttled_address",  # Twilio saw a loop: 20 replies less than 15 s apart
    "20003": "down",  # wrong account or token
    "20005": "down",  # account is not active
    "20404": "down",  # no such account
    "20429": "throttled_account",
    "20500": "retry",
    "20503": "retry",
    "21211": "not_found",  # not a phone number
    "21212": "down",  # our own number is not one
    "21214": "not_found",
    "21217": "not_found",
    "21408": "fatal",  # no permission for the region
    "21602": "fatal",  # no body
    "21606": "down",  # our own number cannot send
    "21608": "fatal",  # trial account, number not verified
    "21610": "opted_out",
    "21611": "throttled_account",  # our number's queue is full
    "21612": "not_found",  # no route
    "21614": "not_found",  # a landline
    "21617": "fatal",  # longer than 1600
    "21620": "fatal",  # bad media address
    "21656": "fatal",  # bad template variables
    "21659": "down",  # our number is not this account's
    "21660": "down",
    "21730": "retry",  # maintenance
    "21910": "fatal",  # from and to of different channels
    "30001": "throttled_account",
    "30002": "down",  # account suspended
    "30003": "fatal",  # handset unreachable
    "30004": "blocked",
    "30005": "not_found",
    "30006": "not_found",
    "30007": "fatal",  # filtered by the carrier
    "30008": "fatal",  # the carrier does not say
    "30022": "throttled_account",
    "30023": "throttled_account",
    "63001": "down",
    "63003": "not_found",
    "63005": "fatal",
    "63007": "down",  # our sender is not set up
    "63012": "retry",  # WhatsApp's own failure
    "63013": "fatal",  # against WhatsApp's policy
    "63015": "not_found",  # has not joined the sandbox
    "63016": "window_closed",
    "63018": "throttled_account",
    "63019": "fatal",  # media could not be fetched
    "63020": "down",
    "63021": "fatal",
    "63024": "not_found",
    "63027": "fatal",  # template does not exist in that language
    "63028": "fatal",  # wrong number of template variables
    "63032": "fatal",
    "63033": "blocked",
    _DAILY: "throttled_account",
    "63049": "fatal",  # WhatsApp chose not to deliver this marketing message
    "63051": "down",  # the business account is locked
}
_log = logging.getLogger(__name__)


def outcome(status: int, code: str, said: str, retry_after_s: int) -> Outcome:
    """What an answer other than 2xx means. `code` is empty where the body was not Twilio's."""
    reason = f"{code or status} {said}".strip()
    found = TABLE.get(code)
    if found is None:
        if status == 429:
            found = "throttled_account"
        elif status >= 500 or status < 400 or not code:
            found = "retry"
        elif status == 401:
            found = "down"
        else:
            # The number is logged so that the table can learn it; the words may quote a customer.
            _log.warning("twilio: a new error code %s (status %d): taken as fatal", code, status)
            found = "fatal"
    pause_ms = min(max(retry_after_s, 60 * 60 if code == _DAILY else 1), LONGEST_PAUSE_S) * 1000
    match found:
        case "window_closed":
            return WindowClosed(reason)
        case "opted_out" | "blocked" | "not_found":
            return Unreachable(found, reason)
        case "throttled_account":
            return Throttled(pause_ms, "account", reason)
        case "throttled_address":
            # A loop needs a rest longer than the 15 s that Twilio counts in.
            return Throttled(max(pause_ms, 60_000), "address", reason)
        case "retry":
            return Retry(reason)
        case "down":
            return ChannelDown(reason)
        case "fatal":
            return Refused(code or str(status), reason)


def meaning(code: str) -> Meaning:
    """What the error code of a failed status means for what we send next."""
    match TABLE.get(code, "fatal"):
        case "window_closed":
            return "window_closed"
        case "opted_out":
            return "opted_out"
        case "blocked" | "not_found":
            return "blocked"
        case "throttled_account" | "throttled_address" | "retry":
            # Nothing is wrong with the message or the customer: it may be sent again later.
            return "throttled"
        case "down" | "fatal":
            return "fatal"
