"""E-mail: out by the shop's own mail server, in by the hook that the server (or whoever receives for the shop) posts to.

Without a server nothing goes out, and what comes in is heard all the same. A sender's address proves nothing.
"""

import hmac
from collections.abc import Callable, Sequence
from typing import Final

from bots.kit.events import Instant
from gateway.channels import mail_posts
from gateway.channels.base import ChannelDown, Denied, Malformed, Outcome, Outgoing, Post, Rate, Refused, Sent
from gateway.channels.limits import LIMITS
from gateway.channels.mail_letters import From, NoAddress, compose
from gateway.channels.mail_line import MailLine
from gateway.channels.mail_threads import Threads
from gateway.events import Received
from state.inbox import MAIL

NAME, ACCOUNT = MAIL
HOOK: Final = "/hooks/mail"
PER_SECOND: Final = 5.0


class MailChannel:
    """`token` opens the hook; without one it is shut. `line`: the way out; None: there is none."""

    name = NAME
    account = ACCOUNT
    limits = LIMITS[NAME]
    hooks: tuple[str, ...] = (HOOK,)

    def __init__(
        self, who: From, threads: Threads, now: Callable[[], Instant], *, token: str, line: MailLine | None,
        per_second: float = PER_SECOND,
    ) -> None:  # fmt: skip
        self.rates: tuple[Rate, ...] = (Rate("account", per_second, 5), Rate("address", 1, 5))
        self.trouble = ""
        """Why the channel cannot send until somebody acts; empty while all is well."""
        self._who = who
        self._threads = threads
        self._now = now
        self._token = token
        self._line = line

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
        return (mail_posts.translate(post, self._who.address, self._threads),)

    async def send(self, out: Outgoing) -> Outcome:
        if self._line is None:
            return ChannelDown("there is no mail server")
        if not out.text.strip():
            return Refused("empty", "nothing to say")
        try:
            letter = compose(out, self._who, self._threads, self._now())
        except NoAddress:
            return Refused("bad_address", "no mail can go to such an address")
        outcome = await self._line.send(letter.sender, letter.recipient, letter.body, letter.message_id)
        if isinstance(outcome, ChannelDown):
            self.trouble = outcome.reason
        elif isinstance(outcome, Sent):
            self.trouble = ""
        return outcome

    async def settle(self, out: Outgoing) -> Outcome | None:
        """No mail server can be asked what became of a mail."""
        return None

    async def start(self) -> None:
        return

    async def close(self) -> None:
        if self._line is not None:
            await self._line.close()
