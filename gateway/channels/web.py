"""The shop's own web chat: we are the provider. What is stored has been sent; the visitor's page fetches it."""

from collections.abc import Callable, Sequence
from typing import Final

from gateway.channels.base import Denied, Malformed, Outcome, Outgoing, Post, Rate, Sent
from gateway.channels.limits import LIMITS
from gateway.events import Received

NAME: Final = "web"
ACCOUNT: Final = "site"


class WebChannel:
    """`ring` tells whoever has this visitor's page open to look again."""

    name = NAME
    account = ACCOUNT
    limits = LIMITS["web"]
    rates: tuple[Rate, ...] = ()
    hooks: tuple[str, ...] = ()

    def __init__(self, ring: Callable[[str], None]) -> None:
        self._ring = ring

    def verify(self, post: Post) -> Denied | None:
        return Denied(403, "the web chat has no webhook")

    def parse(self, post: Post) -> Sequence[Received] | Malformed:
        return Malformed("the web chat has no webhook")

    async def send(self, out: Outgoing) -> Outcome:
        self._ring(f"visitor:{out.address}")
        return Sent(f"web:{out.part}")

    async def settle(self, out: Outgoing) -> Outcome | None:
        """What a dead process had claimed is on disk, and the visitor's page sees it."""
        self._ring(f"visitor:{out.address}")
        return Sent(f"web:{out.part}")

    async def start(self) -> None:
        return

    async def close(self) -> None:
        return
