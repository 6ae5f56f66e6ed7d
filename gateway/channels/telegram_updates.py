"""Telegram's updates in our words: raw dictionaries in, events out. No typed models: they cost ten times the work.

Shapes: https://core.telegram.org/bots/api#update
"""

import re
from collections.abc import Callable
from typing import Any, Final

from bots.kit.events import Media, MediaKind
from gateway.channels import payload
from gateway.events import (
    AddressChanged,
    Event,
    Ignored,
    MessageEdited,
    MessageReceived,
    ReachChanged,
    Received,
    Sender,
    Unusable,
)

ALLOWED: Final = ("message", "edited_message", "callback_query", "my_chat_member")
"""What we ask Telegram for; the rest would only be ignored here."""

Meaning = Event | Ignored | Unusable

_CHANNEL_POSTS: Final = ("channel_post", "edited_channel_post")
_ID_KEY: Final = re.compile(rb'"update_id"\s*:')
_EARLIEST, _LATEST = 1_356_998_400, 4_102_444_800  # 2013 (before Telegram) and 2100, in seconds
_FILES: Final[tuple[tuple[str, MediaKind], ...]] = (
    # An animation comes with a copy of itself under `document`: whichever stands first here wins.
    ("animation", "video"),
    ("video", "video"),
    ("video_note", "video"),
    ("voice", "voice"),
    ("audio", "audio"),
    ("sticker", "sticker"),
    ("document", "document"),
)
_PLAIN: Final = frozenset({"message_id", "from", "chat", "date", "text", "entities", "reply_to_message"})
"""A message of no other keys is words and nothing else."""
_UNSUPPORTED: Final = ("poll", "dice", "game", "story", "invoice", "checklist", "paid_media", "giveaway")


def translate(body: bytes, account: str) -> Received:
    """One posted update."""
    update, problem = payload.read_json(body)
    if problem:
        return Received(payload.fingerprint(body), Unusable(problem), body)
    repeated = b'"update_id"' in body and len(_ID_KEY.findall(body)) > 1
    return translate_update(update, body, account, ("duplicate_key",) if repeated else ())


def translate_update(update: Any, raw: bytes, account: str, flags: tuple[str, ...] = ()) -> Received:
    """One update already read, from a post or from a long poll's list."""
    if not isinstance(update, dict):
        return Received(payload.fingerprint(raw), Unusable("not_an_update"), raw)
    number = payload.whole(update.get("update_id"))
    if number is None:
        return Received(payload.fingerprint(raw), Unusable("bad_update_id"), raw)
    return Received(f"u{number}", _meaning(update, account, flags), raw)


def _meaning(update: dict[str, Any], account: str, flags: tuple[str, ...]) -> Meaning:
    for key, read in _KINDS.items():
        found = update.get(key)
        if isinstance(found, dict):
            return read(found, account, flags)
        if found is not None:
            return Unusable(f"bad_{key}")
    if any(key in update for key in _CHANNEL_POSTS):
        return Ignored("channel")
    return Ignored("unknown_type")


def _sender(person: dict[str, Any], chat: dict[str, Any], account: str) -> Sender | Ignored | Unusable:
    """Who spoke, or why we do not listen. One's own voice and other bots' never reach a script."""
    author = payload.whole(person.get("id"))
    if author is not None and str(author) == account:
        return Ignored("self")
    if person.get("is_bot") is True:
        return Ignored("bot")
    kind = chat.get("type", "private" if chat else None)
    if kind == "channel":
        return Ignored("channel")
    if kind in ("group", "supergroup"):  # a tuple: what was posted may be no hashable thing
        return Ignored("group")
    # Where to answer is the chat; a press on a message that Telegram has forgotten comes without one.
    address = payload.whole(chat.get("id")) if chat else author
    if not address:
        return Unusable("no_sender")
    shown = payload.name(f"{payload.text(person.get('first_name'))} {payload.text(person.get('last_name'))}")
    if not shown and (nick := payload.name(person.get("username"))):
        shown = f"@{nick}"
    code = payload.text(person.get("language_code"))[:2].lower()
    language = code if len(code) == 2 and code.isascii() and code.isalpha() else ""
    return Sender("telegram", account, str(address), shown, language=language)


def _message(message: dict[str, Any], account: str, flags: tuple[str, ...]) -> Meaning:
    chat = payload.record(message, "chat")
    if "migrate_to_chat_id" in message:
        return _moved(message, chat, account)
    sender = _sender(payload.record(message, "from"), chat, account)
    if not isinstance(sender, Sender):
        return sender
    odd = list(flags)
    words = payload.text(message.get("text")) or payload.text(message.get("caption"))
    if words and message.keys() <= _PLAIN:  # nearly every message
        sent_at, reply_to = _date(message.get("date"), odd), _id(payload.record(message, "reply_to_message"))
        return MessageReceived(
            sender,
            text=words,
            message_id=_id(message),
            reply_to=reply_to,
            start=_start(words),
            sent_at=sent_at,
            flags=tuple(odd),
        )
    media = _media(message)
    location = None
    if spot := payload.record(message, "location"):
        location = payload.place(spot.get("latitude"), spot.get("longitude"))
        if location is None:
            odd.append("bad_location")
        if venue := payload.record(message, "venue"):
            words = words or _lines(venue.get("title"), venue.get("address"))
    phone = ""
    if contact := payload.record(message, "contact"):
        shared = payload.phone(contact.get("phone_number"))
        owner = payload.whole(contact.get("user_id"))
        if owner is not None and owner == payload.whole(payload.record(message, "from").get("id")):
            phone = shared
        else:
            odd.append("foreign_contact")
        if not phone:
            known_as = f"{payload.text(contact.get('first_name'))} {payload.text(contact.get('last_name'))}"
            words = words or _lines(payload.name(known_as), contact.get("phone_number"))
    odd += [f"unsupported_{kind}" for kind in _UNSUPPORTED if kind in message]
    if not (words or media or location or phone or odd[len(flags) :]):
        return Ignored("service_message")
    if "forward_origin" in message or "forward_date" in message:
        odd.append("forwarded")
    return MessageReceived(
        sender,
        text=words,
        media=media,
        phone=phone,
        location=location,
        message_id=_id(message),
        reply_to=_id(payload.record(message, "reply_to_message")),
        group=payload.text(message.get("media_group_id")),
        sent_at=_date(message.get("date"), odd),
        flags=tuple(odd),
    )


def _start(words: str) -> str:
    """The key of a deep link, as it stands there: https://core.telegram.org/bots/features#deep-linking"""
    return words[7:].strip()[:64] if words.startswith("/start ") else ""


def _edited(message: dict[str, Any], account: str, _flags: tuple[str, ...]) -> Meaning:
    sender = _sender(payload.record(message, "from"), payload.record(message, "chat"), account)
    if not isinstance(sender, Sender):
        return sender
    words = payload.text(message.get("text")) or payload.text(message.get("caption"))
    # A live location "edits" its message every few seconds.
    return MessageEdited(sender, _id(message), words) if words else Ignored("edit_without_text")


def _press(query: dict[str, Any], account: str, flags: tuple[str, ...]) -> Meaning:
    menu = payload.record(query, "message")
    sender = _sender(payload.record(query, "from"), payload.record(menu, "chat"), account)
    if not isinstance(sender, Sender):
        return sender
    press = payload.text(query.get("id"))
    if not press:
        return Unusable("no_callback_id")
    # `reply_to` is the message that carried the button; the press itself has neither number nor date.
    return MessageReceived(
        sender, button=payload.text(query.get("data")), callback=press, reply_to=_id(menu), flags=flags
    )


def _reach(change: dict[str, Any], account: str, _flags: tuple[str, ...]) -> Meaning:
    sender = _sender(payload.record(change, "from"), payload.record(change, "chat"), account)
    if not isinstance(sender, Sender):
        return sender
    match payload.record(change, "new_chat_member").get("status"):
        case "kicked":
            return ReachChanged(sender, "blocked")
        case "member":
            return ReachChanged(sender, "unblocked")
        case _:
            return Ignored("chat_member")


def _moved(message: dict[str, Any], chat: dict[str, Any], account: str) -> Meaning:
    old = payload.whole(chat.get("id"), low=-payload.MAX_INT)
    new = payload.whole(message.get("migrate_to_chat_id"), low=-payload.MAX_INT)
    if not old or not new:
        return Unusable("bad_migration")
    return AddressChanged(Sender("telegram", account, str(old), payload.name(chat.get("title"))), str(new))


_KINDS: Final[dict[str, Callable[[dict[str, Any], str, tuple[str, ...]], Meaning]]] = {
    "message": _message,
    "callback_query": _press,
    "edited_message": _edited,
    "my_chat_member": _reach,
}


def _media(message: dict[str, Any]) -> tuple[Media, ...]:
    sizes = message.get("photo")
    if isinstance(sizes, list):
        drawn = [size for size in sizes if isinstance(size, dict) and payload.text(size.get("file_id"))]
        if drawn:
            largest = max(drawn, key=_pixels)
            return (
                Media("photo", payload.text(largest["file_id"]), size=payload.whole(largest.get("file_size")) or 0),
            )
    for key, kind in _FILES:
        file = payload.record(message, key)
        if ref := payload.text(file.get("file_id")):
            return (
                Media(
                    kind,
                    ref,
                    payload.file_name(file.get("file_name")) or payload.name(file.get("emoji")),
                    payload.name(file.get("mime_type"), 127),
                    payload.whole(file.get("file_size")) or 0,
                ),
            )
    return ()


def _pixels(size: dict[str, Any]) -> tuple[int, int]:
    width, height = payload.whole(size.get("width")) or 0, payload.whole(size.get("height")) or 0
    return width * height, payload.whole(size.get("file_size")) or 0


def _id(message: dict[str, Any]) -> str:
    number = payload.whole(message.get("message_id"))
    return str(number) if number else ""


def _date(value: Any, odd: list[str]) -> int:
    seconds = payload.whole(value, _EARLIEST, _LATEST)
    if seconds is None:
        odd.append("bad_date")
        return 0
    return seconds * 1000


def _lines(*values: Any) -> str:
    return "\n".join(line for value in values if (line := payload.text(value).strip()))
