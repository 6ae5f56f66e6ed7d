"""A mail as a receiving service posts it: JSON with its fields, and its files in base64. Nothing in here raises.

Addresses in it are never asked: a file that is only pointed at is named, and not kept.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from gateway.channels import mail_machines, payload
from gateway.channels.mail_files import MOST_RAW, Attached, from_base64, of_body
from gateway.channels.mail_mime import Mail, split_addresses

LONGEST_TEXT: Final = 20_000
_LONGEST_HTML: Final = 400_000
_MOST_IDS: Final = 50
_MOST_FILES: Final = 500
_MOST_SIGNS: Final = 100_000
_LONGEST_FRAME: Final = 2_000_000
"""Quotation marks around texts, and signs outside of them: of millions of values each would cost memory."""
_MOST_SPELLED: Final = 1_000_000
"""Letters written as `\\u0430`: those that are broken are mended one by one."""


def read_given(body: bytes) -> tuple[dict[str, Any] | None, str]:
    """The object that was posted, and, where there is none, the reason."""
    if body.count(b'"') - body.count(b'\\"') > _MOST_SIGNS or body.count(b"\\u") > _MOST_SPELLED:
        return None, "too_many_values"
    if sum(map(len, body.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])) > _LONGEST_FRAME:
        return None, "too_many_values"
    given, problem = payload.read_json(body)
    return (given, "") if not problem and isinstance(given, dict) else (None, "not_json")


def mail_of(data: Mapping[str, Any], *, large: bool = False) -> Mail | None:
    """`large`: it is kept without the bytes of its files."""
    headers = _headers(data.get("headers"))
    name, address = _who(data.get("from"))
    if not address and not mail_machines.is_nobody(str(data.get("from") or "")):
        return None
    listed = data.get("attachments") if isinstance(data.get("attachments"), list) else []
    files = [(one, _file(one)) for one in (listed or [])[:_MOST_FILES] if isinstance(one, dict)]
    own_id = payload.text(data.get("id"))
    return Mail(
        sender=address or "mailer-daemon@", name=name,
        to=tuple(split_addresses(_joined(data.get("to")))), subject=payload.name(data.get("subject"), 500),
        text=payload.text(data.get("text"))[:LONGEST_TEXT], html=payload.text(data.get("html"))[:_LONGEST_HTML], headers=headers,
        message_id=next((i for i in (*headers.get("message-id", ()), own_id) if payload.is_message_id(i)), ""),
        answers=(
            _joined(data.get("references")), *headers.get("references", ()), _joined(data.get("in_reply_to")),
            *headers.get("in-reply-to", ()),
        ),
        files=tuple(file for _, file in files), whole=len(listed or []) <= _MOST_FILES,
        raw=" ".join((payload.text(data.get("text")), payload.text(data.get("html"))))[:LONGEST_TEXT],
        thin=_thin(data, files) if large else b"",
    )  # fmt: skip


def _file(given: Mapping[str, Any]) -> Attached:
    name = next((n for key in ("name", "filename", "file_name") if (n := payload.shown_file_name(given.get(key)))), "")
    named = payload.text(given.get("disposition")).partition(";")[0].strip().lower()
    cid = any(isinstance(given.get(key), str) and given[key] for key in ("content_id", "contentId", "cid"))
    content = given.get("content")
    if not isinstance(content, str):
        return Attached(name, absent=True)
    body, whole = from_base64(content.encode("ascii", "replace"))
    return of_body(name, body, whole, shown=cid and named != "attachment")


def _thin(data: Mapping[str, Any], files: list[tuple[dict[str, Any], Attached]]) -> bytes:
    told = [one | {"content": f"[{len(file.body)} bytes, sha256 {file.digest}]"} for one, file in files if file.digest]
    kept = {**data, "attachments": told, "html": payload.text(data.get("html"))[:_LONGEST_HTML]}
    return orjson.dumps(kept)[:MOST_RAW]


def _headers(given: Any) -> dict[str, tuple[str, ...]]:
    """By lower-case name; as an object, or as a list of pairs where a name may come twice."""
    pairs = given.items() if isinstance(given, dict) else given if isinstance(given, list) else ()
    found: dict[str, tuple[str, ...]] = {}
    for pair in list(pairs)[:500]:
        if not (isinstance(pair, tuple | list) and len(pair) == 2 and isinstance(pair[0], str)):
            continue
        values = pair[1] if isinstance(pair[1], list) else [pair[1]]
        kept = tuple(payload.text(v)[:4_000].strip() for v in values[:50] if isinstance(v, str))
        found[pair[0].lower()] = (*found.get(pair[0].lower(), ()), *kept)
    return found


def _who(given: Any) -> tuple[str, str]:
    """Name and address of `from`: as a header spells it, or as an object."""
    if isinstance(given, dict):
        return payload.name(given.get("name")), payload.email(given.get("address") or given.get("email"))
    return next(iter(split_addresses(payload.text(given))), ("", ""))


def _joined(given: Any) -> str:
    if isinstance(given, list):
        return ", ".join(_joined(one) for one in given[:_MOST_IDS] if not isinstance(one, list))
    if isinstance(given, dict):
        return payload.text(given.get("address") or given.get("email"))[:1_000]
    return payload.text(given)[:20_000]
