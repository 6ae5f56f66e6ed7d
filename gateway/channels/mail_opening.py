"""Makes the e-mail channel out of settings. The SMTP library is loaded only where there is a mail server to talk to."""

from collections.abc import Awaitable, Callable

from gateway.channels.mail import MailChannel
from gateway.channels.mail_letters import From
from gateway.channels.mail_threads import Threads
from gateway.settings import Settings


def open_mail(
    settings: Settings, shop: str, secret: bytes, now: Callable[[], int],
    load_file: Callable[[str], Awaitable[bytes | None]] | None = None,
) -> MailChannel:  # fmt: skip
    """Without a mail server it only hears. `shop`: what the shop is called; `secret` signs the seals of our mails.
    `load_file`: the bytes of a file that we keep.
    """
    who = From(shop, settings.email_from.lower(), settings.email_plus)
    line = None
    if url := settings.smtp_url.get_secret_value():
        from gateway.channels.mail_line import MailLine, server_of  # noqa: PLC0415 - only where mails go out

        line = MailLine(server_of(url), name=who.address.rpartition("@")[2])
    threads, token = Threads(secret, who.address), settings.hook_token.get_secret_value()
    return MailChannel(
        who, threads, now, token=token, line=line, per_second=settings.email_rate, load_file=load_file
    )  # fmt: skip
