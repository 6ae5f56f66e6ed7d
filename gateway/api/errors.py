"""Refusals as the API says them: `{"error": {"code", "message", …}}`. Every answer of 400 and above has this shape."""

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web


class Refusal(Exception):
    """An answer other than the one asked for. `more` goes beside code and message: `field`, `current`."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})
        self.more = more

    def answer(self) -> web.Response:
        return json_response(
            {"error": {"code": self.code, "message": str(self), **self.more}}, self.status, self.headers
        )


def not_found() -> Refusal:
    """The same words for what is not there and for what the asker may not see."""
    return Refusal(404, "not_found", "there is nothing here")


def invalid(field: str, message: str) -> Refusal:
    return Refusal(422, "invalid", message, field=field)


def busy(message: str) -> Refusal:
    return Refusal(503, "busy", message, headers={"Retry-After": "2"})


SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


def json_response(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    raw = orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS)
    return web.Response(body=raw, status=status, content_type="application/json", headers={**SAFE, **(headers or {})})
