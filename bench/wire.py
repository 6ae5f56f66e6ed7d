"""HTTP/1.1 as far as the load generator needs it: cut messages out of a byte stream, read the three kinds of body.

It trusts its peers (programs under test on loopback); it is no parser for the open network.
"""

from typing import Any
from urllib.parse import parse_qsl

import orjson

Message = tuple[bytes, bytes, bytes, int]
"""First line, the other headers in lower case (values too), body, bytes used."""


def cut(data: bytes | bytearray) -> Message | None:
    """The first whole message in `data`; None: more is to come."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    first = data.find(b"\r\n")
    headers = bytes(data[first : end + 2]).lower()
    body = end + 4
    at = headers.find(b"\r\ncontent-length:")
    if at >= 0:
        stop = body + int(headers[at + 17 : headers.index(b"\r\n", at + 2)])
        if len(data) < stop:
            return None
        return bytes(data[:first]), headers, bytes(data[body:stop]), stop
    if b"\r\ntransfer-encoding: chunked" in headers:
        return _chunked(data, bytes(data[:first]), headers, body)
    return bytes(data[:first]), headers, b"", body


def _chunked(data: bytes | bytearray, first: bytes, headers: bytes, at: int) -> Message | None:
    whole = b""
    while True:
        line = data.find(b"\r\n", at)
        if line < 0:
            return None
        size = int(bytes(data[at:line]).split(b";")[0], 16)
        at = line + 2 + size + 2
        if len(data) < at:
            return None
        if size == 0:
            return first, headers, whole, at
        whole += bytes(data[line + 2 : line + 2 + size])


def fields(headers: bytes, body: bytes, first: bytes = b"") -> dict[str, Any]:
    """The parameters of a call: JSON, urlencoded or multipart, or none but the address's query."""
    if not body:
        query = first.split(b" ")[1].partition(b"?")[2] if b"?" in first else b""
        return dict(parse_qsl(query.decode(), keep_blank_values=True))
    if b"application/json" in headers:
        loaded: dict[str, Any] = orjson.loads(body)
        return loaded
    if b"multipart/form-data" in headers:
        return _multipart(body)
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def _multipart(body: bytes) -> dict[str, Any]:
    boundary = body[: body.index(b"\r\n")]
    found: dict[str, Any] = {}
    for part in body.split(boundary)[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        name = head.partition(b'name="')[2].partition(b'"')[0].decode()
        found[name] = value[:-2].decode(errors="replace")
    return found
