"""Telegram: its webhook or long poll in, its Bot API out. The hot path speaks raw JSON over connections of its own.

The token is part of every address we call, so no text of the HTTP library's is ever logged or passed on.
"""

import asyncio
import hmac
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

import aiohttp
import orjson

from gateway.channels import payload, telegram_answers, telegram_messages, telegram_updates
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
    Throttled,
    Unknown,
)
from gateway.channels.limits import LIMITS
from gateway.channels.posting import JSON, AnswerLostError, NotSentError, Poster
from gateway.channels.telegram_answers import SetupFailed
from gateway.channels.telegram_aside import TelegramAside
from gateway.events import Received
from gateway.fetch import Fetched, Fetcher, NotFetched

API: Final = "https://api.telegram.org"
HOOK: Final = "/hooks/telegram"
POLL_S: Final = 25
"""How long Telegram holds an empty long poll open."""
LONGEST_REST_S: Final = 60.0

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
_TOKEN: Final = re.compile(r"(\d{1,20}):[A-Za-z0-9_-]{1,256}")
_rest = asyncio.sleep
_log = logging.getLogger(__name__)


class TelegramChannel:
    """One bot. `load_file` hands over the bytes of a file that we keep ourselves (`stored:<id>`)."""

    name: str = "telegram"
    limits = LIMITS["telegram"]

    def __init__(
        self,
        token: str,
        secret: str,
        *,
        api_base: str = API,
        public_url: str = "",
        mode: Literal["webhook", "polling"] = "webhook",
        fetcher: Fetcher | None = None,
        load_file: Callable[[str], Awaitable[bytes | None]] | None = None,
        per_second: float = 25,
        timeout_s: float = 15,
        poll_s: int = POLL_S,
    ) -> None:
        found = _TOKEN.fullmatch(token)
        if found is None:
            raise ValueError("the Telegram token is not of the form 123456:ABC…")
        if mode == "webhook" and not _SECRET.fullmatch(secret):
            raise ValueError("the Telegram secret must be 1 to 256 of A-Z, a-z, 0-9, _ and -")
        self.account = found.group(1)
        self.mode = mode
        self.polls = mode == "polling"
        self.trouble = ""
        """Why the channel cannot work until somebody acts; empty while all is well."""
        # 25 a second with bursts of 5 stays under Telegram's 30 in every second; one a second to one chat.
        self.rates: tuple[Rate, ...] = (Rate("account", per_second, 5), Rate("address", 1, 3))
        self.hooks: tuple[str, ...] = (HOOK,) if mode == "webhook" else ()
        self._token = token
        self._secret = secret
        self._base = api_base.rstrip("/")
        self._hook_url = public_url.rstrip("/") + HOOK if public_url else ""
        self._fetcher = fetcher
        self._load_file = load_file
        self._poster = Poster(self._base, timeout_s=timeout_s)
        self._typed = TelegramAside(token, self._base)
        self._webhook_gone = True  # until getUpdates says otherwise: most bots have none, and asking costs seconds
        self._poll_failures = 0
        self._poll_s = poll_s
        self._to_confirm = -1
        self._slowed = ("", 0.0)
        self._username = ""

    # -- in ----------------------------------------------------------------------------------------------------------

    def verify(self, post: Post) -> Denied | None:
        given = post.header("x-telegram-bot-api-secret-token")
        if given is None:
            return Denied(401, "no secret header, or more than one")
        # Bytes, because comparing text in constant time refuses all but ASCII.
        if not self._secret or not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), self._secret.encode()):
            return Denied(401, "wrong secret: was the webhook set by another installation?")
        return None

    def parse(self, post: Post) -> Sequence[Received] | Malformed:
        announced = payload.whole(post.header("content-length") or "")
        if not post.body or (announced is not None and announced > len(post.body)):
            return Malformed("the body was cut")
        return (telegram_updates.translate(post.body, self.account),)

    async def poll(self, offset: int) -> tuple[list[Received], int]:
        """Wait for updates from `offset` on; returns them and the offset to ask for next, ONLY after committing them.

        Raises nothing: in trouble it says so in the log and in `trouble`, waits, and returns the offset it was given.
        """
        if not self._webhook_gone and not await self._drop_webhook():
            return [], offset
        # Numbers begin anew, perhaps lower, after a silent week: so an offset is only used to confirm what we handed out
        # last, and else Telegram is asked for all that waits.
        confirming = offset if offset == self._to_confirm else 0
        asked = {"offset": confirming, "timeout": self._poll_s, "allowed_updates": telegram_updates.ALLOWED}
        try:
            status, body = await self._post("getUpdates", orjson.dumps(asked), timeout_s=self._poll_s + 15)
        except (NotSentError, AnswerLostError) as error:
            return await self._poll_again_later(offset, f"no answer: {error}")
        answer, _ = payload.read_json(body)
        found = answer.get("result") if isinstance(answer, dict) and answer.get("ok") is True else None
        if not isinstance(found, list):
            return await self._poll_refused(offset, status, answer)
        self._poll_failures = 0
        self.trouble = ""
        received = [telegram_updates.translate_update(update, orjson.dumps(update), self.account) for update in found]
        numbers = [int(one.external_id[1:]) for one in received if one.external_id.startswith("u")]
        onward = max(numbers, default=offset - 1) + 1
        self._to_confirm = onward if numbers else -1
        return received, onward

    async def _poll_refused(self, offset: int, status: int, answer: Any) -> tuple[list[Received], int]:
        said = payload.name(answer.get("description"), 200) if isinstance(answer, dict) else ""
        if status == 409:
            # A webhook is still set, or another process polls with this token: only the first is ours to mend.
            self._webhook_gone = "webhook" not in said.lower()
            self.trouble = f"another receiver has this bot's updates: {said}"
            return await self._poll_again_later(offset, self.trouble)
        if status in {401, 404}:
            self.trouble = "the token is refused"
            return await self._poll_again_later(offset, self.trouble)
        if status == 429:
            wait_ms = telegram_answers.pause_ms(payload.record(answer, "parameters").get("retry_after"))
            await _rest(wait_ms / 1000)
            return [], offset
        return await self._poll_again_later(offset, f"status {status} {said}")

    async def _poll_again_later(self, offset: int, reason: str) -> tuple[list[Received], int]:
        self._poll_failures += 1
        pause = min(2.0 ** min(self._poll_failures - 1, 6), LONGEST_REST_S)
        _log.warning("telegram: getUpdates failed, waiting %.0f s: %s", pause, self._hide(reason))
        await _rest(pause)
        return [], offset

    # -- out ---------------------------------------------------------------------------------------------------------

    async def send(self, out: Outgoing) -> Outcome:
        kept: bytes | None = None
        if out.media is not None and out.media.ref.startswith(STORED) and self._load_file is not None:
            kept = await self._load_file(out.media.ref.removeprefix(STORED))
        asked = telegram_messages.call(out, kept)
        return asked if isinstance(asked, Refused) else await self._ask(*asked, out.address)

    async def settle(self, out: Outgoing) -> Outcome | None:
        """Telegram cannot be asked: https://core.telegram.org/bots/api has no call that lists what a bot sent."""
        return None

    async def _ask(self, call: str, fields: "dict[str, Any] | aiohttp.FormData", address: str) -> Outcome:
        try:
            if isinstance(fields, dict):
                status, body = await self._post(call, orjson.dumps(fields))
            else:
                form: Any = fields()
                status, body = await self._post(call, await form.as_bytes(), form.content_type.encode())
        except NotSentError as error:
            return Retry(f"not connected: {error}", left=False)
        except AnswerLostError as error:
            return Unknown(f"no answer: {error}")
        outcome = telegram_answers.outcome(status, body)
        if isinstance(outcome, ChannelDown):
            self.trouble = "the token is refused"
        elif isinstance(outcome, Sent):
            self.trouble = ""
        elif isinstance(outcome, Throttled):
            return self._scoped(outcome, address)
        return outcome

    def _scoped(self, outcome: Throttled, address: str) -> Throttled:
        """Telegram does not say whose limit it was: one chat's until a second chat hears the same during its pause."""
        now = asyncio.get_running_loop().time()
        first, until = self._slowed
        self._slowed = (address, now + outcome.retry_after_ms / 1000)
        return replace(outcome, scope="account") if first not in {"", address} and now < until else outcome

    async def _post(
        self, call: str, body: bytes, content_type: bytes = JSON, *, timeout_s: float = 0
    ) -> tuple[int, bytes]:
        return await self._poster.post(
            f"/bot{self._token}/{call}", body, content_type=content_type, timeout_s=timeout_s
        )

    # -- rare calls --------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Set the webhook (or remove it, for polling) and check whose token this is; repeats until Telegram answers."""
        pause = 0.5
        while True:
            try:
                await self._set_up()
            except SetupFailed as failed:
                self.trouble = self._hide(str(failed))
                if failed.kind == "token":
                    _log.error("telegram: not set up: %s", self.trouble)
                    return
                # A refused address may be a name that the world does not know yet: worth asking again, but not soon.
                pause = LONGEST_REST_S if failed.kind == "request" else min(pause * 2, LONGEST_REST_S)
                _log.warning("telegram: not set up yet, waiting %.0f s: %s", pause, self.trouble)
                await _rest(max(pause, failed.pause_s))
            else:
                self.trouble = ""
                await self._typed.close()
                _log.info("telegram: ready, bot %s, %s", self.account, self.mode)
                return

    async def username(self) -> str:
        """What the bot is called in links; empty where Telegram does not say at the moment."""
        if not self._username:
            try:
                self._username = await self._typed.username()
            except SetupFailed as failed:
                _log.warning("telegram: its name is not known: %s", self._hide(str(failed)))
        return self._username

    async def _set_up(self) -> None:
        if self.mode == "webhook" and not self._hook_url:
            _log.warning("telegram: no public address is set, so the webhook is left as it is")
            return
        typed = self._typed
        if (found := await typed.identity()) != self.account:
            raise SetupFailed(f"the token answers as bot {found}", "token")
        if self.mode == "webhook":
            await typed.set_webhook(self._hook_url, self._secret)
        else:
            await typed.delete_webhook()
            self._webhook_gone = True

    async def _drop_webhook(self) -> bool:
        try:
            await self._typed.delete_webhook()
        except SetupFailed as failed:
            self.trouble = self._hide(str(failed))
            await self._poll_again_later(0, self.trouble)
            return False
        self._webhook_gone = True
        return True

    async def download(self, ref: str) -> Fetched | NotFetched:
        """The bytes of a file that a customer sent, by its file id."""
        if self._fetcher is None:
            return NotFetched("refused", "downloads are off")
        try:
            path = await self._typed.file_path(ref)
        except SetupFailed as failed:
            return NotFetched("gone" if failed.kind == "request" else "failed", self._hide(str(failed)))
        if not path or path.startswith("/") or ".." in path:
            return NotFetched("failed", "no usable path")
        got = await self._fetcher.get(f"{self._base}/file/bot{self._token}/{path}")
        return got if isinstance(got, Fetched) else NotFetched(got.cause, self._hide(got.reason))

    async def close(self) -> None:
        """Ends the process aside, the connections and the downloads."""
        await self._typed.close()
        await self._poster.close()
        if self._fetcher is not None:
            await self._fetcher.close()

    def _hide(self, words: str) -> str:
        return words.replace(self._token, "***").replace(self._secret or "\0", "***")
