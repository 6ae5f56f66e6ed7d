"""What the Bot API refuses, and in which words: pure checks over a call's parameters.

The words are the API's own, because clients tell refusals apart by them. Lengths are UTF-16 units.
"""

import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

TEXT = 4096
CAPTION = 1024
CALLBACK_DATA = 64
ANSWER = 200
FILES = {"sendPhoto": "photo", "sendDocument": "document", "sendVoice": "voice", "sendVideo": "video"}
UPLOAD = {"sendPhoto": 10_000_000}
UPLOAD_OTHER = 50_000_000
DOWNLOAD = 20_000_000
TAGS = frozenset(
    {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "a", "code", "pre"}
    | {"span", "tg-spoiler", "tg-emoji", "blockquote"}
)
BUTTON_WAYS = ("callback_data", "url", "web_app", "switch_inline_query", "pay", "copy_text")


class BadRequestError(Exception):
    """The description that goes out after 'Bad Request: '."""


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class _Markup(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.plain: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            raise BadRequestError(f'can\'t parse entities: Unsupported start tag "{tag}" at byte offset 0')
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise BadRequestError("can't parse entities: Unmatched end tag at byte offset 0")

    def handle_data(self, data: str) -> None:
        self.plain.append(data)


def plain_text(text: str, parse_mode: str) -> str:
    """The text without its markup, which is what the limits count."""
    if parse_mode.upper() != "HTML":
        return text
    if re.search(r"<(?![a-zA-Z/])", text):
        raise BadRequestError('can\'t parse entities: Unsupported start tag "" at byte offset 0')
    markup = _Markup()
    markup.feed(text)
    markup.close()
    if markup.open:
        raise BadRequestError(
            f"can't parse entities: Can't find end tag corresponding to start tag \"{markup.open[-1]}\""
        )
    return "".join(markup.plain)


def check_keyboard(params: Mapping[str, Any]) -> None:
    markup = params.get("reply_markup")
    if isinstance(markup, str):
        try:
            markup = json.loads(markup) if markup else None
        except ValueError:
            raise BadRequestError("can't parse reply keyboard markup JSON object") from None
    if markup is None:
        return
    if not isinstance(markup, dict):
        raise BadRequestError("object expected as reply markup")
    for row in markup.get("inline_keyboard", []):
        for button in row:
            if not button.get("text"):
                raise BadRequestError('can\'t parse inline keyboard button: Field "text" must be non-empty')
            ways = [way for way in BUTTON_WAYS if way in button]
            if not ways:
                raise BadRequestError(
                    "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
                )
            if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= CALLBACK_DATA:
                raise BadRequestError("BUTTON_DATA_INVALID")
    for row in markup.get("keyboard", []):
        for button in row:
            if not (button if isinstance(button, str) else button.get("text")):
                raise BadRequestError('can\'t parse keyboard button: Field "text" must be non-empty')


def check_chat(params: Mapping[str, Any]) -> str:
    chat = str(params.get("chat_id", "")).strip()
    if not chat:
        raise BadRequestError("chat_id is empty")
    if not re.fullmatch(r"-?[0-9]{1,18}|@[A-Za-z0-9_]{4,32}", chat):
        raise BadRequestError("chat not found")
    return chat


def check_message(params: Mapping[str, Any]) -> str:
    """The text of a sendMessage as the customer sees it."""
    text = plain_text(str(params.get("text", "")), str(params.get("parse_mode") or ""))
    if not text.strip():
        raise BadRequestError("message text is empty")
    if utf16(text) > TEXT:
        raise BadRequestError("message is too long")
    check_keyboard(params)
    return text


def check_file(method: str, params: Mapping[str, Any]) -> str:
    """The caption of a sent file; an upload is a dict with its size."""
    what = FILES[method]
    file = params.get(what)
    if not file:
        raise BadRequestError(f"there is no {what} in the request")
    if isinstance(file, dict) and not file["size"]:
        raise BadRequestError("file must be non-empty")
    if isinstance(file, dict) and file["size"] > UPLOAD.get(method, UPLOAD_OTHER):
        raise BadRequestError("file is too big")
    if isinstance(file, str) and file.startswith("http") and not re.match(r"https?://[^/]+", file):
        raise BadRequestError("wrong file identifier/HTTP URL specified")
    caption = plain_text(str(params.get("caption") or ""), str(params.get("parse_mode") or ""))
    if utf16(caption) > CAPTION:
        raise BadRequestError("message caption is too long")
    check_keyboard(params)
    return caption


def check_webhook(params: Mapping[str, Any]) -> str:
    """The address of a setWebhook; empty takes the webhook away. Plain http is let through to loopback only."""
    url = str(params.get("url") or "")
    if url and not re.match(r"https://|http://(127\.0\.0\.1|localhost)[:/]", url):
        raise BadRequestError("bad webhook: An HTTPS URL must be provided for webhook")
    secret = str(params.get("secret_token") or "")
    if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
        raise BadRequestError("secret token contains unallowed characters")
    return url
