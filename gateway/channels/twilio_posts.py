"""Twilio's form posts in our words: WhatsApp and SMS alike, messages and statuses.

Shapes: https://www.twilio.com/docs/messaging/guides/webhook-request
"""

import re
from functools import lru_cache
from typing import Final, Literal
from urllib.parse import parse_qsl

from multidict import MultiDict, MultiDictProxy

from bots.kit.events import Media, MediaKind
from gateway.channels import payload, stop_words, twilio_errors
from gateway.channels.base import Post
from gateway.events import (
    Event,
    Ignored,
    MessageReceived,
    ReachChanged,
    Received,
    Sender,
    StatusReported,
    Unusable,
)

MESSAGES: Final = "/hooks/twilio/messages"
STATUS: Final = "/hooks/twilio/status"

Fields = MultiDictProxy[str]
Meaning = Event | Ignored | Unusable

_SID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_MAX_FIELDS: Final = 400
_MAX_MEDIA: Final = 10
_STATUSES: Final[dict[str, Literal["sent", "delivered", "read", "failed"]]] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "failed": "failed",
    "undelivered": "failed",
    "canceled": "failed",
}
_ON_ITS_WAY: Final = frozenset({"accepted", "scheduled", "queued", "sending"})


def is_json(post: Post) -> bool:
    return (post.header("content-type") or "").partition(";")[0].strip().lower() == "application/json"


def fields_of(post: Post) -> Fields | None:
    """Every field in its order, repeats and blanks too; the very list that the signature is checked over."""
    return _read_json(post.body) if is_json(post) else _read_form(post.body)


@lru_cache(maxsize=64)  # one post is read by the check, the front and the translation
def _read_form(body: bytes) -> Fields | None:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        return None
    return MultiDictProxy(MultiDict(pairs))


@lru_cache(maxsize=8)
def _read_json(body: bytes) -> Fields | None:
    value, _ = payload.read_json(body)
    if not isinstance(value, dict):
        return None
    return MultiDictProxy(MultiDict({key: str(one) for key, one in value.items() if isinstance(one, str | int)}))


def is_sid(value: str) -> bool:
    return _SID.fullmatch(value) is not None


def address(value: str) -> tuple[str, str]:
    """Channel and address: `whatsapp:+7 916…` gives `whatsapp` and `+7916…`; what is not a number stays as it is."""
    prefix, colon, rest = value.partition(":")
    if not colon:
        prefix, rest = "sms", value
    bare = re.sub(r"[\s().\-]", "", rest)
    if re.fullmatch(r"\+[0-9]{1,15}", bare):
        return prefix, bare
    # A plus that was not escaped arrives as a space; short codes have too few digits to be mistaken for numbers.
    if rest.startswith(" ") and re.fullmatch(r"[0-9]{8,15}", bare):
        return prefix, f"+{bare}"
    return prefix, payload.name(rest, 128)


def ours(post: Post, fields: Fields) -> tuple[str, str]:
    """Channel and number of ours that a post is about."""
    return address(fields.get("From" if post.path.endswith(STATUS) else "To", ""))


def translate(post: Post, channel: str, account: str) -> Received:
    fields = fields_of(post)
    if fields is None:
        return Received(payload.fingerprint(post.body), Unusable("not_a_form"), post.body)
    sid = next((one for key in ("MessageSid", "SmsMessageSid", "SmsSid") if (one := fields.get(key, ""))), "")
    if not is_sid(sid):
        return Received(payload.fingerprint(post.body), Unusable("no_message_sid"), post.body)
    if post.path.endswith(STATUS):
        word = payload.name(fields.get("MessageStatus") or fields.get("SmsStatus"), 32).lower()
        return Received(f"{sid}:{word}", _status(fields, sid, word, post.query), post.body)
    return Received(sid, _message(fields, sid, channel, account), post.body)


def _status(fields: Fields, sid: str, word: str, query: str) -> Meaning:
    if word in _ON_ITS_WAY:
        return Ignored("on_its_way")
    status = _STATUSES.get(word)
    if status is None:
        return Ignored("unknown_status") if word else Unusable("no_status")
    code = payload.name(fields.get("ErrorCode"), 32)
    if code == "0":
        code = ""
    parts = [value for key, value in parse_qsl(query, max_num_fields=50) if key == "part"] if query else []
    part = payload.whole(parts[0]) if len(parts) == 1 else None
    meaning = twilio_errors.meaning(code) if status == "failed" else ""
    return StatusReported(sid, status, part or 0, code or ("canceled" if word == "canceled" else ""), meaning)


def _message(fields: Fields, sid: str, channel: str, account: str) -> Meaning:
    via, who = address(fields.get("From", ""))
    if address(fields.get("To", "")) != (channel, account):
        return Unusable("not_our_number")
    if not who or via != channel:
        return Unusable("no_sender")
    if who == account:
        return Ignored("self")
    sender = Sender(
        channel, account, who, payload.name(fields.get("ProfileName")), payload.phone(who) if who[0] == "+" else ""
    )
    words = payload.text(fields.get("Body"))
    button = payload.text(fields.get("ButtonPayload") or fields.get("ListId"))
    if not button and (changed := _reach(fields, sender, words)):
        return changed
    flags: list[str] = []
    if not button and stop_words.wish(words, carrier=channel == "sms") == "hint":
        flags.append("stop_hint")
    media = _media(fields, flags)
    location = None
    if fields.get("Latitude") or fields.get("Longitude"):
        location = payload.place(fields.get("Latitude"), fields.get("Longitude"))
        if location is None:
            flags.append("bad_location")
    shown = words or payload.text(fields.get("ButtonText") or fields.get("ListTitle"))
    if not shown and (fields.get("Latitude") or fields.get("Address")):
        lines = (payload.text(fields.get(key)).strip() for key in ("Label", "Address"))
        shown = "\n".join(line for line in lines if line)
    return MessageReceived(
        sender,
        text=shown,
        media=media,
        button=button,
        location=location,
        message_id=sid,
        reply_to=payload.name(fields.get("OriginalRepliedMessageSid"), 64),
        flags=tuple(flags),
    )


def _reach(fields: Fields, sender: Sender, words: str) -> ReachChanged | None:
    """Twilio's own word (it has stopped the number already) comes before what the text looks like."""
    wish = {"STOP": "stop", "START": "start"}.get(fields.get("OptOutType", "").strip().upper())
    if wish is None:
        wish = stop_words.wish(words, carrier=sender.channel == "sms")
    match wish:
        case "stop":
            return ReachChanged(sender, "opted_out", words)
        case "start":
            return ReachChanged(sender, "opted_in", words)
        case _:
            return None


def _media(fields: Fields, flags: list[str]) -> tuple[Media, ...]:
    announced = payload.whole(fields.get("NumMedia", "0") or "0")
    if announced is None:
        flags.append("bad_media_count")
        return ()
    found = [
        Media(_kind(mime), url, mime=mime)
        for n in range(min(announced, _MAX_MEDIA))
        if (url := payload.name(fields.get(f"MediaUrl{n}"), 2048))
        for mime in [payload.name(fields.get(f"MediaContentType{n}"), 127).lower()]
    ]
    if len(found) != announced:
        flags.append("bad_media_count")
    return tuple(found)


def _kind(mime: str) -> MediaKind:
    match mime.partition("/")[0], mime:
        case _, "audio/ogg" | "audio/amr":
            return "voice"
        case "image", _:
            return "photo"
        case "audio", _:
            return "audio"
        case "video", _:
            return "video"
        case _:
            return "document"
