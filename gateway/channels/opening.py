"""Makes channels out of settings. Imported only where a channel is on, so that nobody pays for what they do not use."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import aiohttp

from gateway.channels.base import Channel, Rate
from gateway.channels.telegram import TelegramChannel
from gateway.channels.twilio import MEDIA_HOSTS, TwilioChannel, TwilioHooks
from gateway.fetch import Fetcher
from gateway.settings import Settings


def open_telegram(settings: Settings, load_file: Callable[[str], Awaitable[bytes | None]]) -> TelegramChannel:
    """`load_file`: the bytes of a file that we keep, for Telegram's upload."""
    base = settings.telegram_api_base
    channel = TelegramChannel(
        settings.telegram_token.get_secret_value(), settings.telegram_secret.get_secret_value(),
        api_base=base, public_url=settings.public_url, mode="polling" if settings.telegram_polls else "webhook",
        fetcher=Fetcher([urlsplit(base).hostname or ""], trusted=_trusted(base)), load_file=load_file,
    )  # fmt: skip
    channel.rates = (Rate("account", settings.telegram_rate, 5), Rate("address", settings.telegram_chat_rate, 3))
    return channel


def open_twilio(
    settings: Settings, session: aiohttp.ClientSession, now: Callable[[], int], link_file: Callable[[str], str]
) -> tuple[list[Channel], TwilioHooks]:
    """WhatsApp and SMS, whichever has a sender, and the front they share. `link_file`: where Twilio fetches our files."""
    base = settings.twilio_api_base
    fetcher = Fetcher(MEDIA_HOSTS, trusted=_trusted(base))
    senders = (
        ("whatsapp", settings.twilio_whatsapp_from, settings.twilio_whatsapp_rate),
        ("sms", settings.twilio_sms_from, settings.twilio_sms_rate),
    )
    channels = [
        TwilioChannel(
            name, number, session, now, account_sid=settings.twilio_account_sid,
            auth_token=settings.twilio_auth_token.get_secret_value(), public_url=settings.public_url, api_base=base,
            fetcher=fetcher, link_file=link_file, per_second=rate,
        )
        for name, number, rate in senders
        if number
    ]  # fmt: skip
    return list(channels), TwilioHooks(channels)


def _trusted(base: str) -> list[str]:
    """A provider's stand-in that the operator named himself may be any address."""
    return [base] if base.startswith("http://") else []
