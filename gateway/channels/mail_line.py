"""The way to the mail server: a few connections at once, one of them kept for the next mail, and a limit to every wait.

Up to the text nothing has been taken, and another try is no repeat; once the text is under way, a lost answer is unknown.
"""

import asyncio
import re
import ssl
from contextlib import suppress
from typing import Final, cast
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTP

from bots.kit.values import value
from gateway.channels import mail_answers
from gateway.channels.base import ChannelDown, Outcome, Refused, Retry, Sent, Throttled, Unknown, underway_s

MOST_AT_ONCE: Final = 4
KEPT_S: Final = 30.0
"""Servers hang up on who is silent for a minute or more: we do before them."""

# Together they stay below the 30 s after which delivery gives a send up: it would not know that nothing has left.
_ROOM_S: Final = 3.0
_BEFORE_S: Final = 11.0
_TEXT_S: Final = 14.0
_BUSY_MS: Final = 1_000
_CHUNK: Final = 65_536
_UNDER_WAY: Final = 4 * _CHUNK
"""Bytes that the system may still have to send; more are handed to it when there are fewer."""
_PAUSE_S: Final = 0.01
_ENDS: Final = re.compile(rb"\r\n|\n|\r")


@value
class Server:
    host: str
    port: int
    tls: bool
    starttls: bool
    username: str
    password: str


def server_of(url: str) -> Server:
    """`smtp://` is plain, `smtps://` TLS from the first byte, `smtp+starttls://` TLS before anything is said. ValueError."""
    parts = urlsplit(url)
    tls, starttls = parts.scheme == "smtps", parts.scheme == "smtp+starttls"
    port = parts.port or (465 if tls else 587 if starttls else 25)
    if not parts.hostname:
        raise ValueError("no host")
    return Server(
        parts.hostname, port, tls, starttls, unquote(parts.username or ""), unquote(parts.password or "")
    )  # fmt: skip


class MailLine:
    """`trust` checks the server's certificate; None: as the machine does. `name` is what we call ourselves to it."""

    def __init__(
        self, server: Server, *, name: str, trust: ssl.SSLContext | None = None, before_s: float = _BEFORE_S,
        text_s: float = _TEXT_S, room_s: float = _ROOM_S,
    ) -> None:  # fmt: skip
        self._server = server
        self._name = name
        self._trust = trust
        self._before_s, self._text_s, self._room_s = before_s, text_s, room_s
        self._room = asyncio.Semaphore(MOST_AT_ONCE)
        self._kept: SMTP | None = None
        self._hanging_up: asyncio.TimerHandle | None = None

    async def send(self, sender: str, recipient: str, letter: bytes, sent_as: str) -> Outcome:
        """Hand one mail over. `sent_as` is the id of what was sent, if it was."""
        try:
            await asyncio.wait_for(self._room.acquire(), self._room_s)
        except TimeoutError:
            return Throttled(_BUSY_MS, "account", "all connections are busy")
        client: SMTP | None = None
        try:
            client, refused = await self._ready(sender, recipient, len(letter))
            if refused is not None or client is None:
                return refused or Retry("not connected", left=False)
            return await self._hand_over(client, letter, sent_as)
        finally:
            self._leave(client)
            self._room.release()

    async def close(self) -> None:
        client, self._kept = self._take(), None
        if client is not None:
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await asyncio.wait_for(client.quit(), 1)
            client.close()

    # -- up to the text ----------------------------------------------------------------------------------------------

    async def _ready(self, sender: str, recipient: str, size: int) -> tuple[SMTP | None, Outcome | None]:
        """A connection on which the server waits for the text; or why there is none. Nothing has been taken yet."""
        client = self._take()
        fresh = client is None
        try:
            async with asyncio.timeout(self._before_s):
                if client is not None:
                    try:
                        return client, await self._address(client, sender, recipient, size)
                    except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError):
                        client.close()  # it had hung up in the meantime
                        fresh = True
                client, refused = await self._connect()
                if client is None or refused is not None:
                    return client, refused
                return client, await self._address(client, sender, recipient, size)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            if client is not None:
                client.close()
            return None, Retry(f"{'not connected' if fresh else 'hung up'}: {type(error).__name__}", left=False)

    async def _connect(self) -> tuple[SMTP | None, Outcome | None]:
        at = self._server
        client = SMTP(
            hostname=at.host, port=at.port, use_tls=at.tls, start_tls=at.starttls, local_hostname=self._name,
            timeout=self._before_s, tls_context=self._trust if at.tls or at.starttls else None,
        )  # fmt: skip
        try:
            await client.connect()
            if at.username:
                await client.login(at.username, at.password)
        except aiosmtplib.SMTPAuthenticationError as error:
            client.close()
            return None, mail_answers.outcome("login", error.code, error.message)
        except aiosmtplib.SMTPResponseException as error:
            client.close()
            if error.code < 400:  # whoever answers there speaks no SMTP
                return None, Retry("not a mail server's answer", left=False)
            return None, mail_answers.outcome("greeting", error.code, error.message)
        except ssl.SSLCertVerificationError as error:
            client.close()
            return None, ChannelDown(f"the mail server's certificate: {error.verify_message}")
        except aiosmtplib.SMTPConnectError as error:
            client.close()
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                return None, ChannelDown(f"the mail server's certificate: {error.__cause__.verify_message}")
            raise
        except aiosmtplib.SMTPException as error:
            client.close()
            if isinstance(error, ConnectionError | TimeoutError):
                raise
            return None, ChannelDown(str(error.message)[:200])  # no STARTTLS there, or no way to log in that we know
        except BaseException:
            client.close()
            raise
        return client, None

    async def _address(self, client: SMTP, sender: str, recipient: str, size: int) -> Outcome | None:
        """Say who writes to whom; None: go on. A refusal leaves the connection good for the next mail."""
        wide = not recipient.isascii()
        if client.is_ehlo_or_helo_needed:
            with suppress(aiosmtplib.SMTPHeloError):  # a server of before 1995: what follows falls back to HELO
                await client.ehlo()
        if wide and not client.supports_extension("smtputf8"):
            return Refused("smtputf8", "the mail server takes no such address")
        options = ["SMTPUTF8"] if wide else []
        if client.supports_extension("size"):
            most = client.esmtp_extensions["size"].strip()
            if most.isascii() and most.isdigit() and 0 < int(most) < size:
                return Refused("552", f"the mail server takes {most} bytes, and this mail has {size}")
            options.append(f"SIZE={size}")
        encoding = "utf-8" if wide else "ascii"
        try:
            await client.mail(sender, options=options, encoding=encoding)
        except aiosmtplib.SMTPSenderRefused as error:
            return await self._refused(client, "sender", error)
        try:
            await client.rcpt(recipient, encoding=encoding)
        except aiosmtplib.SMTPRecipientRefused as error:
            return await self._refused(client, "recipient", error)
        return None

    async def _refused(
        self, client: SMTP, stage: mail_answers.Stage, error: aiosmtplib.SMTPResponseException
    ) -> Outcome:  # fmt: skip
        if error.code < 400:  # no answer of SMTP's
            client.close()
            return Retry("unreadable answer", left=False)
        try:
            await client.rset()
        except (aiosmtplib.SMTPException, OSError):
            client.close()
        return mail_answers.outcome(stage, error.code, error.message)

    # -- the text ----------------------------------------------------------------------------------------------------

    async def _hand_over(self, client: SMTP, letter: bytes, sent_as: str) -> Outcome:
        whole = False
        try:
            async with asyncio.timeout(self._text_s + underway_s(len(letter) * 57 // 78)):  # base64
                await _expect(client, b"DATA", 354)
                await _pour(client, _on_the_wire(letter))
                whole = True
                await _expect(client, b".", 250)
        except aiosmtplib.SMTPDataError as error:
            if not 400 <= error.code < 600:
                client.close()
                return Unknown("unreadable answer")
            return await self._refused(client, "text", error)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            client.close()
            if not whole:  # no server takes a mail whose end it has not seen
                return Retry(f"hung up: {type(error).__name__}", left=False)
            return Unknown(f"no answer to the text: {type(error).__name__}")
        except BaseException:  # delivery has lost patience: whatever is still to be said here is about that mail
            client.close()
            raise
        return Sent(sent_as)

    # -- the one that is kept ----------------------------------------------------------------------------------------

    def _take(self) -> SMTP | None:
        client, self._kept = self._kept, None
        if self._hanging_up is not None:
            self._hanging_up.cancel()
            self._hanging_up = None
        if client is not None and not client.is_connected:
            client.close()
            return None
        return client

    def _leave(self, client: SMTP | None) -> None:
        """Keep it for the next mail, unless one is kept already."""
        if client is None or not client.is_connected:
            return
        if self._kept is not None:
            client.close()
            return
        self._kept = client
        self._hanging_up = asyncio.get_running_loop().call_later(KEPT_S, self._hang_up)

    def _hang_up(self) -> None:
        client = self._take()
        if client is not None:
            client.close()


def _on_the_wire(letter: bytes) -> bytes:
    """With the line ends of SMTP, and a dot that begins a line doubled: nothing in a text is the end of the mail."""
    lines = (
        letter if letter.count(b"\n") == letter.count(b"\r\n") == letter.count(b"\r") else _ENDS.sub(b"\r\n", letter)
    )
    whole = lines if lines.endswith(b"\r\n") else lines + b"\r\n"
    return (b"." if whole.startswith(b".") else b"") + whole.replace(b"\r\n.", b"\r\n..")


async def _expect(client: SMTP, command: bytes, code: int) -> None:
    answer = await client.execute_command(command, timeout=None)  # whoever asks has a limit of its own
    if answer.code != code:
        raise aiosmtplib.SMTPDataError(answer.code, answer.message)


async def _pour(client: SMTP, text: bytes) -> None:
    """In pieces, as fast as they are taken: the library would go over all of a large mail in one go, and hold up the loop."""
    for at in range(0, len(text), _CHUNK):
        wire = cast("asyncio.WriteTransport | None", client.transport)  # uvloop's is one, and does not say so
        if wire is None or wire.is_closing():
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        wire.write(text[at : at + _CHUNK])
        while wire.get_write_buffer_size() > _UNDER_WAY and not wire.is_closing():
            await asyncio.sleep(_PAUSE_S)
