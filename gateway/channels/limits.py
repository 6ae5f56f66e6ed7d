"""What each channel can carry: one table, for the channels themselves and for who checks scripts against them."""

from collections.abc import Mapping
from typing import Final

from gateway.channels.base import Limits

LIMITS: Final[Mapping[str, Limits]] = {
    # https://core.telegram.org/bots/api#sendmessage: 4096 and 1024 after parsing; UTF-16 units are the safe count.
    "telegram": Limits(
        text=4096, caption=1024, unit="utf16", buttons=12, label=40, media_bytes=20_000_000, asks_phone=True
    ),
    # https://www.twilio.com/docs/api/errors/21617: 1600 characters; UTF-16 units are the safe count.
    # No buttons in free text: those exist only inside content templates, so a menu is numbered text.
    "whatsapp": Limits(
        text=1600,
        caption=1024,
        unit="utf16",
        buttons=0,
        label=20,
        window_hours=24,
        media_bytes=16_000_000,
        settles=True,
        receipts=True,
    ),
    # No files: outside the United States and Canada Twilio sends none by SMS,
    # https://www.twilio.com/docs/messaging/guides/accepted-mime-types
    "sms": Limits(
        text=1600,
        caption=1600,
        unit="utf16",
        buttons=0,
        label=0,
        media_bytes=5_000_000,
        settles=True,
        files=False,
        links=False,
        receipts=True,
    ),
    # Ours: mail servers count bytes, and take millions. No buttons: a menu is numbered text. 14 MB of files are 20 MB as
    # a mail carries them, in base64: https://support.google.com/mail/answer/6584 takes 25 MB, others 20.
    "email": Limits(
        text=50_000,
        caption=50_000,
        unit="chars",
        buttons=0,
        label=0,
        media_bytes=14_000_000,
        together=14_000_000,
        links=False,
        threads=True,
    ),
    # The page shows files of ours alone: it loads nothing from elsewhere.
    "web": Limits(
        text=4000,
        caption=1000,
        unit="chars",
        buttons=12,
        label=60,
        media_bytes=20_000_000,
        settles=True,
        links=False,
    ),
}
