"""What becomes of a part after an attempt to send it. Pure: the outcome, the part and the time decide.

A confirmed part is never sent again. One whose answer was never seen is asked after where the provider can tell, and
else goes by its kind: a reply or service message is sent once more and marked, marketing is held for a person.
"""

from typing import assert_never

from gateway.channels.base import (
    ChannelDown,
    Limits,
    Outcome,
    Refused,
    Retry,
    Sent,
    Throttled,
    Unknown,
    Unreachable,
    WindowClosed,
)
from gateway.clock import Instant
from gateway.routes import WINDOW_MARGIN_MS
from state.outbox import Claimed, Verdict
from state.records import Part

RETRIES = 8
_FIRST_PAUSE_MS = 1_000
_LONGEST_PAUSE_MS = 300_000
CHANNEL_PAUSE_MS = 60_000
SETTLE_FOR_MS = 60_000
"""How long a provider that can tell is asked what became of an unknown part."""


def judge(claimed: Claimed, limits: Limits | None, now: Instant) -> Verdict | None:
    """Before sending: None lets the part go. The owner's epoch is checked here, inside the claim."""
    part = claimed.part
    if limits is None:
        return _end(part, "failed", "channel_off", now, tell="failed")
    if part.author == "bot" and part.epoch != claimed.deal_epoch:
        return _end(part, "blocked", "taken_over", now)
    if claimed.barred:
        return _end(part, "blocked", claimed.barred, now)
    if part.payload.get("kind") in ("text", "media") and limits.window_hours:
        closes = (claimed.heard_at or 0) + limits.window_hours * 3_600_000 - WINDOW_MARGIN_MS
        if now > closes:
            return _end(part, "blocked", "window_closed", now, tell="window_closed")
    return None


def verdict(part: Part, outcome: Outcome, limits: Limits, now: Instant, jitter: float) -> Verdict:
    """After an attempt. `jitter` is in 0..1; `part.attempts` counts this one."""
    match outcome:
        case Sent(provider_id):
            return Verdict(part, "sent", open=False, due_at=now, provider_id=provider_id)
        case Throttled(wait, _, reason):
            return Verdict(part, "queued", open=True, due_at=now + wait, error=reason or "throttled", uncounted=1)
        case Retry(reason, left, after):
            if part.attempts >= RETRIES:
                return _end(part, "failed", reason, now, tell="failed")
            pause = max(after, min(_LONGEST_PAUSE_MS, _FIRST_PAUSE_MS * 2 ** (part.attempts - 1)))
            due = now + int(pause * (0.75 + jitter / 2))
            return Verdict(part, "queued", open=True, due_at=due, error=reason, repeats=int(left))
        case Unknown(reason):
            if limits.settles and part.state != "unknown":
                return Verdict(part, "unknown", open=True, due_at=now + SETTLE_FOR_MS, error=reason)
            return by_kind(part, reason, now)
        case Refused(code, reason):
            return _end(part, "failed", f"{code}: {reason}" if code else reason, now, tell="failed")
        case Unreachable(cause, reason):
            return _end(part, "blocked", reason, now, tell=cause, bar=cause)
        case WindowClosed(reason):
            return _end(part, "failed", reason, now, tell="window_closed", shut=True)
        case ChannelDown(reason):
            return Verdict(part, "queued", open=True, due_at=now + CHANNEL_PAUSE_MS, error=reason, uncounted=1)
        case _:
            assert_never(outcome)


def by_kind(part: Part, reason: str, now: Instant) -> Verdict:
    """Nobody can say whether it went out: its kind decides."""
    if part.kind in ("reply", "service") and part.repeats == 0:
        return Verdict(part, "queued", open=True, due_at=now + _FIRST_PAUSE_MS, error=reason, repeats=1)
    return _end(part, "unknown", reason, now, tell="unknown")


def pause_of(outcome: Outcome, now: Instant) -> Instant | None:
    """Until when the whole account must rest after this outcome; None: it need not."""
    match outcome:
        case Throttled(wait, "account", _):
            return now + wait
        case ChannelDown():
            return now + CHANNEL_PAUSE_MS
        case _:
            return None


def _end(
    part: Part, state: str, error: str, now: Instant, *, tell: str = "", bar: str = "", shut: bool = False
) -> Verdict:
    told = "" if part.kind == "ack" else tell
    return Verdict(part, state, open=False, due_at=now, error=error, tell=told, bar=bar, shut=shut)
