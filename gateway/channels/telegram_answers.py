"""What Telegram's answers mean for a part: one table from (status, description) to our closed family of outcomes.

Answers: https://core.telegram.org/bots/api#making-requests
"""

from typing import Any, Final, Literal

from gateway.channels import payload
from gateway.channels.base import ChannelDown, Outcome, Refused, Retry, Sent, Throttled, Unknown, Unreachable

LONGEST_PAUSE_S: Final = 3600
_GONE: Final[tuple[tuple[str, Literal["blocked", "not_found"]], ...]] = (
    ("bot was blocked", "blocked"),
    ("bot was kicked", "blocked"),
    ("user is deactivated", "not_found"),
    ("can't initiate conversation", "not_found"),
    ("chat not found", "not_found"),
    ("user not found", "not_found"),
    ("peer_id_invalid", "not_found"),
)


class SetupFailed(Exception):
    """A rare call failed. `token`: it is refused, only a person can help. `request`: refused as asked. `passing`: later.

    `pause_s` is what Telegram asked for.
    """

    def __init__(self, reason: str, kind: Literal["token", "request", "passing"], pause_s: int = 0) -> None:
        super().__init__(reason)
        self.kind = kind
        self.pause_s = pause_s


def outcome(status: int, body: bytes) -> Outcome:
    """`status` is HTTP's; the body is believed only where it is Telegram's own JSON."""
    answer, _ = payload.read_json(body)
    if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
        return _foreign(status)
    if answer["ok"]:
        return _sent(answer.get("result")) if 200 <= status < 300 else Unknown(f"ok with status {status}")
    code = payload.whole(answer.get("error_code"), 100, 599) or status
    return _refused(code, payload.name(answer.get("description"), 200), payload.record(answer, "parameters"))


def pause_ms(retry_after: Any) -> int:
    """Missing or unreadable: 1 s; never under 1 s or over an hour, whatever it says."""
    if isinstance(retry_after, float):
        seconds = LONGEST_PAUSE_S if retry_after > LONGEST_PAUSE_S else int(retry_after)
    else:
        seconds = payload.whole(retry_after, -payload.MAX_INT) or 1
    return min(max(seconds, 1), LONGEST_PAUSE_S) * 1000


def _foreign(status: int) -> Outcome:
    """Not Telegram speaking: a proxy, a cut answer, a maintenance page."""
    if 200 <= status < 300:
        return Unknown("unreadable answer")
    if status == 429:
        return Throttled(pause_ms(None), "account", "429 without a body")
    return Retry(f"status {status} without Telegram's answer")


def _sent(result: Any) -> Outcome:
    if result is True:
        return Sent("")
    number = payload.whole(payload.record({"result": result}, "result").get("message_id"))
    return Sent(str(number)) if number else Unknown("no message in the answer")


def _refused(code: int, description: str, parameters: dict[str, Any]) -> Outcome:
    reason = f"{code} {description}".strip()
    low = description.lower()
    if code == 429:
        pause = pause_ms(parameters.get("retry_after"))
        capped = " (capped)" if pause == LONGEST_PAUSE_S * 1000 else ""
        return Throttled(pause, "address", reason + capped)
    if code >= 500 or code < 400 or code == 409:
        return Retry(reason)
    if code in {401, 404}:
        return ChannelDown(reason)
    for words, cause in _GONE:
        if words in low:
            return Unreachable(cause, reason)
    if "migrate_to_chat_id" in parameters:
        return Refused("migrated", reason)
    if "query is too old" in low or "query id is invalid" in low:
        return Refused("stale_callback", reason)
    return Refused(str(code), reason)
