"""Provider payloads as they are captured, one file named for each event: `telegram/*.json`, `twilio/*.form`, `mail/*`.

A mail is JSON (`.json`) as a receiving service posts it, or as it came over the wire (`.eml`).

A `.form` file has a field a line, `Name=value`, in the order they come; the value is everything after the first `=`,
with `\\n` and `\\r` written out.
"""

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def telegram(name: str, **changes: Any) -> dict[str, Any]:
    """The update, with top-level fields of its message or press changed, or `update_id`, or `chat` as an id."""
    update: dict[str, Any] = json.loads((HERE / "telegram" / f"{name}.json").read_text())
    if "update_id" in changes:
        update["update_id"] = changes.pop("update_id")
    inside = next(value for key, value in update.items() if key != "update_id")
    if "chat" in changes:
        chat = changes.pop("chat")
        for place in (inside, inside.get("message", {})):
            if "chat" in place:
                place["chat"]["id"] = chat
        if "from" in inside:
            inside["from"]["id"] = chat
    inside.update(changes)
    return update


def twilio(name: str, **changes: str) -> dict[str, str]:
    """The form, with fields changed or added."""
    lines = (HERE / "twilio" / f"{name}.form").read_text().splitlines()
    form = dict(line.split("=", 1) for line in lines if line)
    return {k: v.replace("\\n", "\n").replace("\\r", "\r") for k, v in form.items()} | changes


def mail(name: str, **changes: Any) -> dict[str, Any]:
    """The JSON, with fields changed or added."""
    letter: dict[str, Any] = json.loads((HERE / "mail" / f"{name}.json").read_text())
    return letter | changes


def eml(name: str, **words: str) -> bytes:
    """The mail off the wire, each `{name}` in it replaced."""
    raw = (HERE / "mail" / f"{name}.eml").read_text()
    for word, value in words.items():
        raw = raw.replace("{" + word + "}", value)
    return raw.replace("\n", "\r\n").encode()


def names(provider: str) -> list[str]:
    """Every payload of a provider."""
    return sorted(path.stem for path in (HERE / provider).iterdir())
