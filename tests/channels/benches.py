"""A channel on the bench: the channel, its provider's stand-in, and posts as that provider makes them."""

import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import aiohttp

from gateway.channels.base import Channel, Front, Post
from gateway.channels.mail import MailChannel
from gateway.channels.mail_letters import From
from gateway.channels.mail_line import MailLine, server_of
from gateway.channels.mail_threads import Threads
from gateway.channels.telegram import TelegramChannel
from gateway.channels.twilio import MEDIA_HOSTS, TwilioChannel, TwilioHooks
from gateway.fetch import Fetcher
from tests import payloads
from tests.standins.serving import Standin
from tests.standins.smtp import SmtpStandin
from tests.standins.telegram import TOKEN, TelegramStandin
from tests.standins.twilio import ACCOUNT, AUTH_TOKEN, TwilioStandin

HOOK = "hook-token_of_the_bench"
SHOP_MAIL, MAIL_CUSTOMER = "shop@example.com", "anna@example.org"
SECRET = "hook-secret_0123456789"
PUBLIC = "https://shop.example"
WHATSAPP, SMS = "+74950000001", "+74950000002"
CUSTOMER = "+79161234567"


@dataclass(frozen=True, slots=True)
class Bench:
    channel: Channel
    standin: Standin | SmtpStandin
    said: Post
    """A customer's message."""
    words: str
    garbage: Post
    """Authenticated, and of no use."""
    address: str
    secrets: tuple[str, ...]

    @property
    def forged(self) -> Post:
        headers = tuple(
            (key, "~" + value[1:] if "se" in key or "sig" in key or "auth" in key else value)
            for key, value in self.said.headers
        )
        return replace(self.said, headers=headers)


def telegram_post(body: bytes | Mapping[str, Any], *secrets: str) -> Post:
    """Signed with the right secret unless others are given."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    given = tuple(("x-telegram-bot-api-secret-token", secret) for secret in (secrets or (SECRET,)))
    return Post("/hooks/telegram", "", (("content-type", "application/json"), *given), raw)


def twilio_post(
    form: Mapping[str, str] | list[tuple[str, str]],
    path: str = "/hooks/twilio/messages",
    query: str = "",
    *,
    public: str = PUBLIC,
    signature: str | None = None,
) -> Post:
    pairs = list(form.items()) if isinstance(form, Mapping) else form
    url = public + path + (f"?{query}" if query else "")
    made = TwilioStandin().signature(url, pairs)
    headers = (
        ("content-type", "application/x-www-form-urlencoded; charset=UTF-8"),
        ("x-twilio-signature", made if signature is None else signature),
    )
    return Post(path, query, headers, urlencode(pairs).encode())


def front(*channels: TwilioChannel) -> Front:
    return TwilioHooks(channels)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def mail_post(body: bytes | Mapping[str, Any], kind: str = "application/json", token: str = HOOK) -> Post:
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return Post("/hooks/mail", "", (("content-type", kind), ("authorization", f"Bearer {token}")), raw)


def mail_channel(standin: SmtpStandin | None, now: Callable[[], int] = now_ms, **changes: Any) -> MailChannel:
    """Waits are short; `plus`: the shop's server knows `shop+seal@`."""
    who = From("Магазин «Деталь»", SHOP_MAIL, changes.pop("plus", False))
    patience: dict[str, Any] = {"before_s": 2, "text_s": 2, "room_s": 1} | changes.pop("patience", {})
    trust = changes.pop("trust", None)
    line = MailLine(server_of(standin.url), name="example.com", trust=trust, **patience) if standin else None
    channel = MailChannel(who, THREADS, now, token=HOOK, line=line, **changes)
    MADE.append(channel)
    return channel


THREADS = Threads(b"the installation's secret", SHOP_MAIL)


MADE: list[TelegramChannel | MailChannel] = []
"""Those that have connections of their own, to be closed behind the test."""


def telegram_channel(standin: TelegramStandin, **changes: Any) -> TelegramChannel:
    fetcher = Fetcher(("api.telegram.org",), trusted=(standin.base,))
    given: dict[str, Any] = {"api_base": standin.base, "public_url": PUBLIC, "fetcher": fetcher} | changes
    channel = TelegramChannel(TOKEN, SECRET, **given)
    MADE.append(channel)
    return channel


async def close_channels() -> None:
    while MADE:
        await MADE.pop().close()


def twilio_channel(
    name: Any, standin: TwilioStandin, http: aiohttp.ClientSession, now: Callable[[], int] = now_ms, **changes: Any
) -> TwilioChannel:
    given: dict[str, Any] = {
        "account_sid": ACCOUNT,
        "auth_token": AUTH_TOKEN,
        "public_url": PUBLIC,
        "api_base": standin.base,
        "fetcher": Fetcher(MEDIA_HOSTS, trusted=(standin.base,)),
    } | changes
    number = f"whatsapp:{WHATSAPP}" if name == "whatsapp" else SMS
    return TwilioChannel(name, number, http, now, **given)


@asynccontextmanager
async def bench(name: str) -> AsyncIterator[Bench]:
    async with aiohttp.ClientSession() as http:
        if name == "email":
            letter = payloads.mail("inquiry")
            async with SmtpStandin() as smtp:
                channel, garbage = mail_channel(smtp), mail_post(b"[]")
                yield Bench(
                    channel,
                    smtp,
                    mail_post(letter),
                    letter["text"],
                    garbage,
                    MAIL_CUSTOMER,
                    (HOOK, THREADS._secret.decode()),
                )
                await close_channels()
        elif name == "telegram":
            update = payloads.telegram("text_message")
            async with TelegramStandin() as standin:
                yield Bench(
                    telegram_channel(standin),
                    standin,
                    telegram_post(update),
                    update["message"]["text"],
                    telegram_post(b"[]"),
                    "5001",
                    (TOKEN, SECRET),
                )
                await close_channels()
        else:
            form = payloads.twilio("whatsapp_text" if name == "whatsapp" else "sms_text")
            async with TwilioStandin() as twilio:
                yield Bench(
                    twilio_channel(name, twilio, http),
                    twilio,
                    twilio_post(form),
                    form["Body"],
                    twilio_post([("AccountSid", ACCOUNT), ("Nothing", "here")]),
                    CUSTOMER,
                    (AUTH_TOKEN,),
                )
