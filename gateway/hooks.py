"""The providers' doors: size, signature, translation, one commit, OK. In that order, and nothing else.

A forged call stores nothing; what is authentic but cannot be used is kept in quarantine and answered 200, so that the
provider neither loops nor drops; what was cut in transit is 400; what could not be stored is 503.
"""

from collections.abc import Sequence

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


class Door:
    """One front's handler. `counts` tells the metrics what was turned away."""

    def __init__(self, front: Front, intake: Intake, answer: tuple[str, bytes] = ("application/json", b"{}")) -> None:
        self.front = front
        self.intake = intake
        self.answer = answer
        self.denied = 0

    async def handle(self, request: web.Request) -> web.Response:
        if request.headers.get("Content-Encoding", "identity") != "identity":
            return web.Response(status=415, text="send it uncompressed")
        body = await request.read()  # the server's own cap answers 413
        headers = [(key.lower(), value) for key, value in request.headers.items()]
        post = Post(request.path, request.rel_url.raw_query_string, headers, body)
        denied = self.front.verify(post)
        if denied is not None:
            self.denied += 1
            log.warning("hook_denied", path=post.path, status=denied.status, hint=denied.hint)
            return web.Response(status=denied.status)
        owner = self.front.owner(post)
        received = _read(owner, post)
        if isinstance(received, Malformed):
            return web.Response(status=400, text=received.reason)
        try:
            answers = await self.intake.accept(owner.name, owner.account, received)
        except Unavailable:
            return web.Response(status=503, headers={"Retry-After": "5"})
        if "differs" in answers:
            log.warning("duplicate_differs", path=post.path)
        return web.Response(body=self.answer[1], content_type=self.answer[0])

    def routes(self) -> list[web.RouteDef]:
        return [web.post(path, self.handle) for path in self.front.hooks]
