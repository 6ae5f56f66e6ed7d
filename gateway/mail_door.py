"""E-mail's own door: who posts is asked before a byte of the mail is read, its files are on disk before it is kept.

A mail may be thirty times as large as other posts. So what a stranger sends is never taken in, and of large ones only a few
are at once.
"""

import asyncio
from dataclasses import replace
from typing import Final

import orjson
import structlog
from aiohttp import ClientError, web
from aiohttp.http_exceptions import HttpProcessingError

from gateway.channels import payload
from gateway.channels.base import Post
from gateway.channels.mail import HOOK, MailChannel
from gateway.channels.mail_files import MOST_MAIL, MOST_RAW
from gateway.channels.mail_posts import Opened
from gateway.events import MailReceived, Received, Unusable
from gateway.files import Shelf
from gateway.hooks import MOST_BYTES, Answer, Door
from gateway.intake import Intake
from state import failpoint
from state.database import Unavailable
from state.live import Live

log = structlog.get_logger()

_AT_ONCE: Final = 2
"""Large mails in memory: each may take five times its size for a moment."""
_ROOM_S: Final = 10.0
_READ_S: Final = 90.0
_ASIDE: Final = 65_536
"""Bytes; what is larger is read in a thread."""
_FILES: Final = ((0.1, 40), (2.0, 400))
"""A second, and at once: from one sender, whoever that really is, and from all."""
_LATER: Final = Answer(503, headers=(("Retry-After", "30"),))


class MailDoor(Door):
    """`shelf`: where files lie."""

    def __init__(
        self, channel: MailChannel, intake: Intake, live: Live, shelf: Shelf, *, room_s: float = _ROOM_S, read_s: float = _READ_S
    ) -> None:  # fmt: skip
        super().__init__(channel, intake)
        self._channel = channel
        self._live = live
        self._shelf = shelf
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._room_s, self._read_s = room_s, read_s

    # -- up to the whole mail ----------------------------------------------------------------------------------------

    async def handle(self, request: web.Request) -> web.Response:
        head = _head(request)
        no = self.turn_away(head) or _too_large(request)
        answer = no or await self._take_in(head, request)
        return web.Response(
            status=answer.status, body=answer.body, content_type=answer.content_type, headers=dict(answer.headers)
        )

    async def _expected(self, request: web.Request) -> web.StreamResponse | None:
        """`Expect: 100-continue`: whoever would only be turned away is not asked for the mail."""
        no = self.turn_away(_head(request)) or _too_large(request)
        if no is not None:
            return web.Response(status=no.status, body=no.body, content_type=no.content_type)
        if request.headers["Expect"].lower() != "100-continue":
            return web.Response(status=417)
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the answer's own head is still to come
        return None

    async def _take_in(self, head: Post, request: web.Request) -> Answer:
        if (request.content_length or MOST_MAIL) <= MOST_BYTES:
            return await self._take_whole(head, request)
        try:
            await asyncio.wait_for(self._room.acquire(), self._room_s)
        except TimeoutError:
            return _LATER
        try:
            return await self._take_whole(head, request)
        finally:
            self._room.release()

    async def _take_whole(self, head: Post, request: web.Request) -> Answer:
        body = bytearray()
        try:
            async with asyncio.timeout(self._read_s):
                async for piece in request.content.iter_any():
                    body += piece
                    if len(body) > MOST_MAIL:
                        return Answer(413)
        except TimeoutError:
            return Answer(408)
        except (ClientError, HttpProcessingError):
            return Answer(400, b"the body was cut")
        post = replace(head, body=bytes(body))
        del body
        return await self.keep(post)

    def routes(self) -> list[web.RouteDef]:
        return [web.post(HOOK, self.handle, expect_handler=self._expected)]

    # -- from there to its row ---------------------------------------------------------------------------------------

    async def keep(self, post: Post) -> Answer:
        opened = self._paced(await self._open(post))
        del post
        ids = [file.id for file in opened.found]
        try:
            if ids:
                await self._shelf.lay_down([(file.id, file.body) for file in opened.found])
        except OSError as error:
            log.warning("files_not_kept", error=repr(error))
            return _LATER
        failpoint.hit("mails.after_files")
        try:
            answers = await self.intake.accept(self._channel.name, self._channel.account, [opened.received])
        except Unavailable:
            return _LATER  # nobody knows whether its row is there: the sweep looks
        if ids:
            try:
                await self._shelf.settle(ids)
            except (OSError, Unavailable) as error:  # they wait, are found where they wait, and the sweep comes
                log.warning("files_not_settled", error=repr(error))
        if "differs" in answers:
            log.warning("duplicate_differs", path=HOOK)
        return _told(opened, answers[0])

    async def _open(self, post: Post) -> Opened:
        try:
            if len(post.body) <= _ASIDE:
                return self._channel.open(post)
            return await asyncio.to_thread(self._channel.open, post)
        except Exception:
            log.exception("parse_failed", path=post.path)
            return Opened(Received(payload.fingerprint(post.body), Unusable("parse_failed"), post.body[:MOST_RAW]))

    def _paced(self, opened: Opened) -> Opened:
        """Too many files lately, from this sender or from all: the mail is heard, and told to have had them."""
        mail = opened.received.meaning
        if not isinstance(mail, MailReceived) or not opened.found:
            return opened
        now = self.intake.clock.now()
        keys = (f"mail:files:{mail.sender.address}", "mail:files")
        kept = 0
        for _ in opened.found:
            if any(self._live.take(key, rate, burst, now) for key, (rate, burst) in zip(keys, _FILES, strict=True)):
                break
            kept += 1
        if kept == len(opened.found):
            return opened
        left = (*mail.left, *((file.name, "often") for file in mail.media[kept:]))
        fewer = replace(opened.received, meaning=replace(mail, media=mail.media[:kept], left=left))
        return Opened(fewer, opened.found[:kept])


def _told(opened: Opened, answer: str) -> Answer:
    """What became of it, as the plain hooks say it."""
    meaning = opened.received.meaning
    told = {"status": "accepted" if answer == "new" else "duplicate"}
    if answer == "new" and isinstance(meaning, Unusable):
        told = {"status": "quarantined", "reason": meaning.reason}
    return Answer(200, orjson.dumps(told), "application/json")


def _head(request: web.Request) -> Post:
    headers = [(key.lower(), value) for key, value in request.headers.items()]
    return Post(request.path, request.rel_url.raw_query_string, headers, b"")


def _too_large(request: web.Request) -> Answer | None:
    return Answer(413) if (request.content_length or 0) > MOST_MAIL else None
