"""Endpoints that a shop declares for its scripts: a call is a part like any other, and what is answered is an event.

The outbox sees to it that a call is made after the commit that wants it, once, and again only where nobody saw it
answered; the endpoint can tell a repeat by its `Idempotency-Key`. The answer is kept before the call counts as made.
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import orjson

from bots.kit.business import Endpoint
from gateway.channels import payload
from gateway.channels.base import (
    Denied,
    Limits,
    Malformed,
    Outcome,
    Outgoing,
    Post,
    Rate,
    Refused,
    Retry,
    Sent,
    Unknown,
)
from gateway.events import EndpointAnswered, Received
from gateway.fetch import Fetcher, NotFetched

NAME: Final = "endpoint"
SIGNATURE: Final = "X-Parley-Signature"
"""HMAC-SHA256 of a webhook's body, under the key that `parley webhook-key` prints."""
_AGAIN_MS: Final = 60_000
MOST_BYTES: Final = 64_000
"""Of an answer. What a script can keep of it is a few words."""


def webhook_key(secret: bytes) -> bytes:
    """What webhooks are signed with: made of the installation's secret, which itself stays here."""
    return hmac.new(secret, b"parley.webhooks", "sha256").hexdigest().encode()


class EndpointChannel:
    """`hear` keeps an answer for the lane that asked; the part's id is its key, so that a repeat is heard once."""

    name = NAME
    limits = Limits(text=1, caption=0, unit="chars", buttons=0, label=0)
    rates: tuple[Rate, ...] = (Rate("account", 20, 20),)
    hooks: tuple[str, ...] = ()

    def __init__(
        self, endpoint: Endpoint, fetcher: Fetcher, hear: Callable[[Received], Awaitable[object]], key: bytes = b""
    ) -> None:
        """`key` signs what nobody waits for an answer to."""
        self.account = endpoint.name
        self._key = key
        self._endpoint = endpoint
        self._fetcher = fetcher
        self._hear = hear

    def verify(self, post: Post) -> Denied | None:
        return Denied(403, "endpoints are asked, they do not post")

    def parse(self, post: Post) -> Sequence[Received] | Malformed:
        return Malformed("endpoints are asked, they do not post")

    async def send(self, out: Outgoing) -> Outcome:
        asked = {name: value for name, value in out.variables.items() if name in self._endpoint.send}
        if not out.callback:
            return await self._tell(orjson.dumps(asked), str(out.part))
        answer = await self._fetcher.ask(
            self._endpoint.url, orjson.dumps(asked), str(out.part), self._endpoint.timeout / 1000
        )
        heard = None if isinstance(answer, NotFetched) else _said(answer, self._endpoint.keep)
        event = EndpointAnswered(out.part, out.callback, heard is not None, dict(heard or {}))
        raw = answer.reason.encode() if isinstance(answer, NotFetched) else answer
        try:
            await self._hear(Received(f"call:{out.part}", event, raw))
        except Exception as error:  # noqa: BLE001 - whatever kept it from being kept, it is asked for once more
            return Unknown(f"the answer could not be kept: {type(error).__name__}")
        return Sent("")

    async def _tell(self, body: bytes, part: str) -> Outcome:
        """A webhook: it has arrived when its status is 200, and is tried again until then."""
        headers = {SIGNATURE: "sha256=" + hmac.new(self._key, body, "sha256").hexdigest()} if self._key else {}
        answer = await self._fetcher.ask(self._endpoint.url, body, part, self._endpoint.timeout / 1000, headers=headers)
        if not isinstance(answer, NotFetched) or answer.cause == "too_big":
            return Sent("")
        if answer.cause == "refused":
            return Refused("refused", answer.reason)
        return Retry(answer.reason, after_ms=_AGAIN_MS)

    async def settle(self, out: Outgoing) -> Outcome | None:
        return None

    async def start(self) -> None:
        return

    async def close(self) -> None:
        await self._fetcher.close()


def _said(body: bytes, wanted: Sequence[str]) -> Mapping[str, object] | None:
    """The declared names of a JSON object, where they are texts, numbers, or yes or no. None: it is no such object."""
    answer, problem = payload.read_json(body)
    if problem or not isinstance(answer, dict):
        return None
    return {name: kept for name in wanted if (kept := _simple(answer.get(name))) is not None}


def _simple(value: Any) -> object | None:
    if isinstance(value, str):
        return payload.text(value)[:4_000]
    if isinstance(value, float):
        return value if abs(value) < 2**53 else None  # NaN is not
    return value if isinstance(value, bool) else payload.whole(value, -payload.MAX_INT)
