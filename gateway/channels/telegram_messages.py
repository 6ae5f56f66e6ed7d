"""One part as one Bot API call. Text is always plain: no parse mode, so a customer's `<b>` is never markup.

Calls: https://core.telegram.org/bots/api#available-methods
"""

from typing import Any, Final

import aiohttp
import orjson

from bots.kit.events import MediaKind
from gateway.channels import payload
from gateway.channels.base import STORED, Outgoing, Refused

Call = tuple[str, dict[str, Any] | aiohttp.FormData]

_FILES: Final[dict[MediaKind, tuple[str, str]]] = {
    "photo": ("sendPhoto", "photo"),
    "document": ("sendDocument", "document"),
    "voice": ("sendVoice", "voice"),
    "audio": ("sendAudio", "audio"),
    "video": ("sendVideo", "video"),
    "sticker": ("sendSticker", "sticker"),
}
_LONGEST_TOAST: Final = 200


def call(out: Outgoing, kept: bytes | None) -> Call | Refused:
    """`kept`: the bytes, where the part carries a file of our own."""
    if out.kind == "ack":
        toast = {"text": out.text[:_LONGEST_TOAST]} if out.text else {}
        return "answerCallbackQuery", {"callback_query_id": out.callback, **toast}
    chat = payload.whole(out.address, low=-payload.MAX_INT)
    if not chat:
        return Refused("address", "not a Telegram chat id")
    fields: dict[str, Any] = {"chat_id": chat, **_keyboard(out)}
    if out.media is None:
        # Templates exist only where a provider approves them; here one is the text it stands for.
        return ("sendMessage", {**fields, "text": out.text}) if out.text.strip() else Refused("empty", "nothing to say")
    method, field = _FILES[out.media.kind]
    if out.text and out.media.kind != "sticker":
        fields["caption"] = out.text
    if not out.media.ref.startswith(STORED):
        return method, {**fields, field: out.media.ref}
    if kept is None:
        return Refused("no_file", "the stored file is gone")
    form = aiohttp.FormData(quote_fields=False)  # Telegram shows names as they are, not percent-encoded
    for key, value in fields.items():
        form.add_field(key, value if isinstance(value, str) else orjson.dumps(value).decode())
    form.add_field(
        field,
        kept,
        filename=payload.file_name(out.media.name) or out.media.kind,
        content_type=_mime(out.media.mime),
    )
    return method, form


def _mime(mime: str) -> str:
    plain = mime.isascii() and mime.isprintable() and mime.count("/") == 1 and " " not in mime
    return mime if plain else "application/octet-stream"


def _keyboard(out: Outgoing) -> dict[str, Any]:
    """A message has one keyboard: the phone button comes first, because nothing else can stand in for it."""
    if out.ask_phone:
        rows = [[{"text": out.ask_phone, "request_contact": True}]]
        return {"reply_markup": {"keyboard": rows, "resize_keyboard": True, "one_time_keyboard": True}}
    if out.buttons:
        inline = [
            [{"text": one.label, **({"url": one.url} if one.url else {"callback_data": one.data})}]
            for one in out.buttons
        ]
        return {"reply_markup": {"inline_keyboard": inline}}
    return {}
