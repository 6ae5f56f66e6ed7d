"""E-mail: out by the shop's own mail server, in by the hook that the server (or whoever receives for the shop) posts to.

Without a server nothing goes out, and what comes in is heard all the same. A sender's address proves nothing.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from bots.kit.events import Instant, Media
from gateway.channels import mail_posts
from gateway.channels.base import (
    STORED,
    ChannelDown,
    Denied,
    Malformed,
    Outcome,
    Outgoing,
    Post,
    Rate,
    Refused,
    Sent,
    Throttled,
)
from gateway.channels.limits import LIMITS
from gateway.channels.mail_letters import From, Letter, NoAddress, compose
from gateway.channels.mail_line import MailLine
from gateway.channels.mail_posts import Opened
from gateway.channels.mail_threads import Threads
from gateway.events import Received
from state.inbox import MAIL

NAME, ACCOUNT = MAIL
HOOK: Final = "/hooks/mail"
PER_SECOND: Final = 5.0
_LIGHT: Final = 1_000_000
"""Bytes of files; a mail with more is made and sent while no other such is: a few of them would fill the memory."""
_BUSY_MS: Final = 1_000


class MailChannel:
    """`token` opens the hook; without one it is shut. `line`: the way out; None: there is none. `load_file` hands over
    the bytes of a file that we keep (`stored:<id>`).
    """

    name = NAME
    account = ACCOUNT
    limits = LIMITS[NAME]
    hooks: tuple[str, ...] = (HOOK,)

    def __init__(
        self, who: From, threads: Threads, now: Callable[[], Instant], *, token: str, line: MailLine | None,
        per_second: float = PER_SECOND, load_file: Callable[[str], Awaitable[bytes | None]] | None = None,
    ) -> None:  # fmt: skip
        self.rates: tuple[Rate, ...] = (Rate("account", per_second, 5), Rate("address", 1, 5))
        self.trouble = ""
        """Why the channel cannot send until somebody acts; empty while all is well."""
        self._who = who
        self._threads = threads
        self._now = now
        self._token = token
        self._line = line
        self._load_file = load_file
        self._heavy = asyncio.Lock()

    @property
    def sends(self) -> bool:
        return self._line is not None

    def verify(self, post: Post) -> Denied | None:
        kind, _, given = (post.header("authorization") or "").partition(" ")
        known = given.strip().encode("utf-8", "surrogatepass")
        if kind.lower() == "bearer" and self._token and hmac.compare_digest(known, self._token.encode()):
            return None
        return Denied(401, "no bearer token, or a wrong one")

    def owner(self, post: Post) -> "MailChannel":
        """Its own front."""
        return self

    def parse(self, post: Post) -> Sequence[Received] | Malformed:
        return (self.open(post).received,)

    def open(self, post: Post) -> Opened:
        """The mail with its files. Takes seconds for one of the largest: not for the loop."""
        return mail_posts.open_mail(post, self._who.address, self._threads)

    async def send(self, out: Outgoing) -> Outcome:
        if self._line is None:
            return ChannelDown("there is no mail server")
        files = out.files or ((out.media,) if out.media else ())
        size = sum(file.size for file in files)
        if not (out.text.strip() or files):
            return Refused("empty", "nothing to say")
        if size > self.limits.together:
            return self._too_large
        if size <= _LIGHT:
            return await self._post(self._line, out, files)
        if self._heavy.locked():
            return Throttled(_BUSY_MS, "address", "another mail with large files is on its way")
        async with self._heavy:
            return await self._post(self._line, out, files)

    async def _post(self, line: MailLine, out: Outgoing, files: Sequence[Media]) -> Outcome:
        attached: list[tuple[Media, bytes]] = []
        for file in files:
            own = self._load_file is not None and file.ref.startswith(STORED)
            body = await self._load_file(file.ref.removeprefix(STORED)) if own and self._load_file else None
            if body is None:
                return Refused("no_file", "a file that should go along is not there any more")
            attached.append((file, body))
        if sum(len(body) for _, body in attached) > self.limits.together:
            return self._too_large
        try:
            letter = await self._compose(out, attached)
        except NoAddress:
            return Refused("bad_address", "no mail can go to such an address")
        outcome = await line.send(letter.sender, letter.recipient, letter.body, letter.message_id)
        if isinstance(outcome, ChannelDown):
            self.trouble = outcome.reason
        elif isinstance(outcome, Sent):
            self.trouble = ""
        return outcome

    @property
    def _too_large(self) -> Refused:
        return Refused("too_large", f"the files are more than the {self.limits.together} bytes that a mail carries")

    async def _compose(self, out: Outgoing, attached: Sequence[tuple[Media, bytes]]) -> Letter:
        """Files are put into text aside: the loop goes on answering meanwhile."""
        if not attached:
            return compose(out, self._who, self._threads, self._now())
        return await asyncio.to_thread(compose, out, self._who, self._threads, self._now(), attached)

    async def settle(self, out: Outgoing) -> Outcome | None:
        """No mail server can be asked what became of a mail."""
        return None

    async def start(self) -> None:
        return

    async def close(self) -> None:
        if self._line is not None:
            await self._line.close()
