"""WhatsApp and SMS through Twilio: one class, used once for each; the two share their hooks behind TwilioHooks.

Sends go through Twilio's own client over the application's session and are never repeated from in here.
"""

import asyncio
import importlib
import json
from collections.abc import Callable, Sequence
from typing import Any, Final

import aiohttp

from bots.kit.events import Instant
from gateway.channels import twilio_errors, twilio_posts, twilio_signature
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
    Retry,
    Sent,
    Unknown,
)
from gateway.channels.limits import LIMITS
from gateway.channels.twilio_answers import AnsweredError, NotConnectedError, UnseenError
from gateway.events import Received
from gateway.fetch import Fetched, Fetcher, NotFetched

API: Final = "https://api.twilio.com"
MEDIA_HOSTS: Final = ("*.twilio.com", "*.twiliocdn.com")
"""Where Twilio keeps what customers send: the API redirects to its content network."""

# WhatsApp: 80 a second for a sender (https://www.twilio.com/docs/whatsapp/api); a burst of 5 keeps any second under it.
# SMS: one a second, which every kind of number can do.
_PER_SECOND: Final[dict[str, float]] = {"whatsapp": 75, "sms": 1}
_SETTLED_WITHIN_MS: Final = 120_000
_LISTED: Final = 20


class TwilioChannel:
    """One sender of ours: `name` is whatsapp or sms. `link_file` gives a public https address for a file that we keep (`stored:<id>`)."""

    def __init__(
        self,
        name: str,
        number: str,
        session: aiohttp.ClientSession,
        now: Callable[[], Instant],
        *,
        account_sid: str,
        auth_token: str,
        public_url: str,
        api_base: str = "",
        fetcher: Fetcher | None = None,
        link_file: Callable[[str], str] | None = None,
        per_second: float | None = None,
        timeout_s: float = 15,
    ) -> None:
        if name not in _PER_SECOND:
            raise ValueError(f"Twilio has no channel {name!r} here: whatsapp or sms")
        if not (account_sid and auth_token):
            raise ValueError("Twilio needs both the account SID and the auth token")
        self.name = name
        _, self.account = twilio_posts.address(number)
        if not self.account.strip("+"):
            raise ValueError(f"the {name} sender is not a number: {number!r}")
        self.limits = LIMITS[name]
        self.rates: tuple[Rate, ...] = (
            Rate("account", _PER_SECOND[name] if per_second is None else per_second, 5 if name == "whatsapp" else 1),
            Rate("address", 1, 10 if name == "whatsapp" else 3),
        )
        self.hooks: tuple[str, ...] = (twilio_posts.MESSAGES, twilio_posts.STATUS)
        self.trouble = ""
        """Why the channel cannot send until somebody acts; empty while all is well."""
        self._session = session
        self._now = now
        self._account_sid = account_sid
        self._auth_token = auth_token
        self._public_url = public_url.rstrip("/")
        self._api_base = api_base
        self._fetcher = fetcher
        self._link_file = link_file
        self._timeout_s = timeout_s
        self._made: Any = None
        self._making = asyncio.Lock()

    def verify(self, post: Post) -> Denied | None:
        return twilio_signature.verify(post, self._auth_token, self._account_sid, self._public_url)

    def parse(self, post: Post) -> Sequence[Received] | Malformed:
        if not post.body:
            return Malformed("the body was cut")
        return (twilio_posts.translate(post, self.name, self.account),)

    async def send(self, out: Outgoing) -> Outcome:
        if out.kind == "ack":
            return Sent("")  # Twilio's presses want no answer
        asked = self._call(out)
        if isinstance(asked, Refused):
            return asked
        try:
            message = await (await self._client()).messages.create_async(**asked)
        except NotConnectedError as error:
            return Retry(f"not connected: {error}", left=False)
        except UnseenError as error:
            return Unknown(f"no answer: {error}")
        except AnsweredError as error:
            return self._noted(twilio_errors.outcome(error.status, error.code, error.said, error.retry_after_s))
        except (ValueError, TypeError, AttributeError) as error:
            # A 2xx whose body Twilio's own client cannot read.
            return Unknown(f"unreadable answer: {type(error).__name__}")
        if not isinstance(message.sid, str) or not twilio_posts.is_sid(message.sid):
            return Unknown("no message in the answer")
        if message.to is not None and message.to != asked["to"]:
            return Unknown("the answer is about another message")
        return self._noted(Sent(message.sid))

    def _call(self, out: Outgoing) -> dict[str, Any] | Refused:
        prefix = "whatsapp:" if self.name == "whatsapp" else ""
        call: dict[str, Any] = {
            "to": prefix + out.address,
            "from_": prefix + self.account,
            "status_callback": f"{self._public_url}{twilio_posts.STATUS}?part={out.part}",
        }
        if out.kind == "template" and out.template:
            call["content_sid"] = out.template
            if out.variables:
                call["content_variables"] = json.dumps(dict(out.variables), ensure_ascii=False)
            return call
        if out.media is not None:
            ref = out.media.ref
            if ref.startswith(STORED) and self._link_file is not None:
                ref = self._link_file(ref.removeprefix(STORED))
            if not ref.startswith(("https://", "http://")):
                return Refused("no_link", "Twilio fetches media itself: it needs a public address")
            call["media_url"] = [ref]
        if out.text.strip():
            call["body"] = out.text
        elif out.media is None:
            return Refused("empty", "nothing to say")
        return call

    async def settle(self, out: Outgoing) -> Outcome | None:
        """Look among the address's last messages for the one we asked for.

        Twilio keeps no mark of ours on a message, so the proof is: from us, to this address, the same words, created
        within the last two minutes. Two such messages prove nothing (None), nor do templates, whose words are not
        ours. A part that said the very same words to the same address within those minutes and was confirmed would
        be taken for this one: the status callback, which carries the part, is the better witness and comes first.
        """
        asked = self._call(out)
        if out.kind != "text" or isinstance(asked, Refused):
            return None
        try:
            found = await (await self._client()).messages.list_async(
                to=asked["to"], from_=asked["from_"], limit=_LISTED, page_size=_LISTED
            )
        except (NotConnectedError, UnseenError, AnsweredError, ValueError, TypeError, AttributeError):
            return None
        since = self._now() - _SETTLED_WITHIN_MS
        same = [
            message
            for message in found
            if message.body == out.text
            and str(message.direction or "").startswith("outbound")
            and message.date_created is not None
            and message.date_created.timestamp() * 1000 >= since
        ]
        if len(same) != 1:
            return None
        if str(same[0].status) in {"failed", "undelivered", "canceled"}:
            code = same[0].error_code
            return twilio_errors.outcome(400, str(code or "30008"), "found failed", 1)
        return Sent(same[0].sid)

    async def download(self, ref: str) -> Fetched | NotFetched:
        """Media that a customer sent. The key goes to the API's own host only, never along a redirect."""
        if self._fetcher is None:
            return NotFetched("refused", "downloads are off")
        at_home = ref.startswith((f"{API}/", f"{self._api_base.rstrip('/') or API}/"))
        key = aiohttp.encode_basic_auth(self._account_sid, self._auth_token) if at_home else ""
        return await self._fetcher.get(ref, key)

    async def start(self) -> None:
        await self._client()

    async def close(self) -> None:
        """Ends the downloads, also those of the channel that shares them; the session is the application's."""
        if self._fetcher is not None:
            await self._fetcher.close()

    async def _client(self) -> Any:
        if self._made is None:
            async with self._making:
                # Imported in a thread: the loop goes on answering meanwhile.
                wire = await asyncio.to_thread(importlib.import_module, "gateway.channels.twilio_wire")
                self._made = wire.client(
                    self._account_sid, self._auth_token, self._session, self._api_base, self._timeout_s
                )
        return self._made

    def _noted(self, outcome: Outcome) -> Outcome:
        if isinstance(outcome, ChannelDown):
            self.trouble = outcome.reason
        elif isinstance(outcome, Sent):
            self.trouble = ""
        return outcome


class TwilioHooks:
    """The front of both channels: they share account, key and paths, so a post is checked once and then has an owner."""

    hooks: tuple[str, ...] = (twilio_posts.MESSAGES, twilio_posts.STATUS)

    def __init__(self, channels: Sequence[TwilioChannel]) -> None:
        if not channels:
            raise ValueError("no Twilio channel to stand in front of")
        self._channels = tuple(channels)

    def verify(self, post: Post) -> Denied | None:
        return self._channels[0].verify(post)

    def owner(self, post: Post) -> TwilioChannel:
        """Whose number it is about; a number of nobody's goes to the nearest channel, which will not find it usable."""
        fields = twilio_posts.fields_of(post)
        name, number = twilio_posts.ours(post, fields) if fields is not None else ("", "")
        return next(
            (one for one in self._channels if (one.name, one.account) == (name, number)),
            next((one for one in self._channels if one.name == name), self._channels[0]),
        )
