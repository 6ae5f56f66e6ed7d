"""Between the page's JSON and our words: what a visitor said, and what they are shown. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from bots.kit.events import Media
from gateway.api.errors import Refusal
from gateway.channels import payload
from gateway.channels.base import STORED
from gateway.channels.web import ACCOUNT, NAME
from gateway.clock import Instant, iso
from gateway.events import MessageReceived, Received, Sender
from state.files import StoredFile
from state.inbox import identity_key
from state.visitors import Line

MOST_CHARS: Final = 4_000
MOST_FILES: Final = 10
_MOST_ID: Final = 100
_MOST_DATA: Final = 64
_FILE_ID: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Said:
    """A visitor's message as it came: checked, and not yet kept."""

    id: str
    text: str
    button: str
    files: tuple[str, ...]


def read_said(frame: Mapping[str, Any]) -> Said:
    """Raises `Refusal`: 400 for a frame that is none, 422 for a message that cannot be taken."""
    given = frame.get("id")
    if not isinstance(given, str) or not given or payload.name(given, _MOST_ID) != given:
        raise Refusal(400, "no_id", f"give the message an id of your own: text of at most {_MOST_ID} characters")
    text = payload.text(frame.get("text"))
    if len(text) > MOST_CHARS:
        raise Refusal(422, "text_too_long", f"at most {MOST_CHARS} characters", limit=MOST_CHARS)
    button = payload.text(frame.get("button"))
    files = frame.get("files") or []
    if not isinstance(files, list) or len(files) > MOST_FILES or len(button.encode()) > _MOST_DATA:
        raise Refusal(422, "invalid", f"a button's data of {_MOST_DATA} bytes, {MOST_FILES} files at most")
    if not all(isinstance(file, str) and _FILE_ID.fullmatch(file) for file in files):
        raise Refusal(422, "no_such_file", "a file of this message is not there")
    if not (text.strip() or button or files):
        raise Refusal(422, "empty", "say something, or send a file")
    return Said(given, text, button, tuple(dict.fromkeys(files)))


def key_of(visitor: str) -> str:
    return identity_key(NAME, ACCOUNT, visitor)


def received(visitor: str, said: Said, files: Mapping[str, StoredFile], now: Instant) -> Received:
    """The event as the inbox keeps it. The same visitor's same id is the same event, whatever else has changed."""
    media = tuple(
        Media(file.kind, STORED + file.id, file.name, file.mime, file.size)  # type: ignore[arg-type]
        for file in (files[name] for name in said.files)
    )
    event = MessageReceived(
        Sender(NAME, ACCOUNT, visitor), said.text, media, said.button, message_id=said.id, sent_at=now
    )
    raw = {"id": said.id, "text": said.text, "button": said.button, "files": said.files}
    return Received(f"{visitor}:{said.id}", event, orjson.dumps(raw))


# -- what is shown ---------------------------------------------------------------------------------------------------


def item(line: Line) -> dict[str, Any]:
    """One message as the page draws it: a message of ours is one item, however many parts it went out in."""
    theirs = line.direction == "in"
    read = not theirs and all(part.state == "read" for part in line.parts)
    return {
        "id": line.id,
        "at": iso(line.at),
        "from": "customer" if theirs else "manager" if line.author == "manager" else "bot",
        "name": line.person,
        "text": line.text if theirs else _text(line),
        "buttons": [
            {"data": data, "label": label} for part in line.parts for data, label in part.payload.get("buttons", ())
        ],
        "media": [shown for media in _media(line) if (shown := _attachment(media))],
        "client_id": line.client_id if theirs else None,
        "status": "read" if read else "sent",
    }


def _text(line: Line) -> str:
    """As it went out: a menu without buttons is a part of the text. A cut text is whole again."""
    texts = [part.payload.get("text", "") for part in line.parts]
    if len(texts) == 1:
        return str(texts[0])
    rest = "".join("".join(texts).split())
    return line.text if line.whole and rest == "".join(line.text.split()) else "\n".join(texts)


def _media(line: Line) -> list[dict[str, Any]]:
    return line.media or [part.payload["media"] for part in line.parts if part.payload.get("media")]


def _attachment(media: Mapping[str, Any]) -> dict[str, str] | None:
    ref = str(media.get("ref", ""))
    if not ref.startswith(STORED):
        return None
    return {"url": address_of(ref.removeprefix(STORED)), "kind": str(media["kind"]), "name": str(media.get("name", ""))}


def address_of(file_id: str) -> str:
    return f"/chat/files/{file_id}"
