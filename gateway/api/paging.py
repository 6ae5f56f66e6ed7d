"""Pages: a cursor says where one ended. It is good only for the list and the filters it came from, and only untouched."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Sequence
from typing import TypeVar

import orjson

from gateway.api.errors import invalid

T = TypeVar("T")


def open_cursor(cursor: str | None, *scope: object) -> tuple[int, int] | None:
    """The position in it; None without one. Raises 422 for anything that this list did not hand out."""
    if cursor is None:
        return None
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii"))
        first, second = int.from_bytes(raw[:8], "big"), int.from_bytes(raw[8:16], "big")
    except (Error, ValueError):
        raise invalid("cursor", "is not a cursor of this list") from None
    if cursor != _sealed((first, second), scope):
        raise invalid("cursor", "is not a cursor of this list")
    return first, second


def cut(
    found: Sequence[T], limit: int, position: Callable[[T], tuple[int, int]], *scope: object
) -> tuple[Sequence[T], str | None]:
    """A page of `limit` out of `limit + 1` found, and the cursor of the next one, if there is one."""
    if len(found) <= limit:
        return found, None
    return found[:limit], _sealed(position(found[limit - 1]), scope)


def _sealed(position: tuple[int, int], scope: tuple[object, ...]) -> str:
    raw = position[0].to_bytes(8, "big") + position[1].to_bytes(8, "big")
    seal = hashlib.blake2b(orjson.dumps([str(part) for part in scope]), key=raw, digest_size=8).digest()
    return urlsafe_b64encode(raw + seal).decode()
