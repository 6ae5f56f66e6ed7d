"""The providers' doors: size, signature, translation, one commit, OK. In that order, and nothing else.

A forged call stores nothing; what is authentic but cannot be used is kept in quarantine and answered 200, so that the
provider neither loops nor drops; what was cut in transit is 400; what could not be stored is 503.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog
from aiohttp import web

from gateway.channels import payload
from gateway.channels.base import Channel, Front, Malformed, Post
from gateway.events import Received, Unusable
from gateway.intake import Intake
from state.database import Unavailable

log = structlog.get_logger()

MOST_BYTES = 1_000_000


class Single:
    """The front of a channel that shares its hooks with nobody."""

    def __init__(self, channel: Channel) -> None:
        self.hooks = channel.hooks
        self.verify = channel.verify
        self._channel = channel

    def owner(self, post: Post) -> Channel:
        return self._channel


def _read(owner: Channel, post: Post) -> Sequence[Received] | Malformed:
    """What was posted. Even what trips the translation is kept: an error would only have it sent again for ever."""
    try:
        return owner.parse(post)
    except Exception:
        log.exception("parse_failed", path=post.path)
        return (Received(payload.fingerprint(post.body), Unusable("parse_failed"), post.body),)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider hears."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain"
    headers: tuple[tuple[str, str], ...] = ()


class Door:
    """One front's handler. `denied` tells the metrics what was turned away."""

    def __init__(
        self,
        front: Front,
        intake: Intake,
        answer: tuple[str, bytes] = ("application/json", b"{}"),
    ) -> None:
        self.front = front
        self.intake = intake
        self.denied = 0
        self._ok = Answer(200, answer[1], answer[0])

    async def take(self, post: Post) -> Answer:
        """Verify, translate, keep; the answer is written when this is on disk. Of `post` the size has been checked."""
        return self.turn_away(post) or await self.keep(post)

    def turn_away(self, post: Post) -> Answer | None:
        """None: it is really the provider, and may be read."""
        if post.coded:
            return Answer(415, b"send it uncompressed")
        denied = self.front.verify(post)
        if denied is None:
            return None
        self.denied += 1
        log.warning("hook_denied", path=post.path, status=denied.status, hint=denied.hint)
        return Answer(denied.status)

    async def keep(self, post: Post) -> Answer:
        """Translate and keep what has been verified."""
        owner = self.front.owner(post)
        received = _read(owner, post)
        if isinstance(received, Malformed):
            return Answer(400, received.reason.encode())
        try:
            answers = await self.intake.accept(owner.name, owner.account, received)
        except Unavailable:
            return Answer(503, headers=(("Retry-After", "5"),))
        if "differs" in answers:
            log.warning("duplicate_differs", path=post.path)
        return self._ok

    async def handle(self, request: web.Request) -> web.Response:
        """The same for a post that came by way of aiohttp."""
        headers = [(key.lower(), value) for key, value in request.headers.items()]
        head = Post(request.path, request.rel_url.raw_query_string, headers, b"")
        # The server's own cap answers 413; what is compressed is not unpacked.
        post = head if head.coded else replace(head, body=await request.read())
        answer = await self.take(post)
        return web.Response(
            status=answer.status, body=answer.body, content_type=answer.content_type, headers=dict(answer.headers)
        )

    def routes(self) -> list[web.RouteDef]:
        return [web.post(path, self.handle) for path in self.front.hooks]
