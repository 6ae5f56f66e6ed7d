"""A mail server for tests: a real SMTP server with a log of what it took, which refuses, stalls and hangs up on demand.

Faults of `tests/standins/faults.py` in SMTP's words: `throttle` is a 421 to the recipient, `error` its reply `code` with `text`
to the recipient, `status` a reply `status` to the text, `html` an answer in no SMTP; `reset` hangs up before the text counts,
`drop` and `half` once it is taken; `slow` takes it and answers after `ms`. Method `MAIL` means the sender's turn.
"""

import asyncio
import contextlib
import ssl
import warnings
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.standins.faults import Fault, Faults
from tests.standins.ledger import Ledger


class SmtpStandin:
    """`login`: name and password that it asks for; `tls`: spoken from the first byte, or with `starttls` when asked for;
    `most`: bytes of a mail that it takes, as it says.
    """

    def __init__(
        self, *, login: tuple[str, str] | None = None, tls: ssl.SSLContext | None = None, starttls: bool = False, most: int = 33_554_432,
    ) -> None:  # fmt: skip
        self.ledger = Ledger({"DATA"})
        self.faults = Faults()
        self.letters: list[EmailMessage] = []
        """What was taken, in order."""
        self.connections = 0
        self.senders: list[str] = []
        self.gate = asyncio.Event()
        """While it is not set, the text is not answered."""
        self.gate.set()
        self._login = login
        self._tls = tls
        self._starttls = starttls
        self._most = most
        self._number = 0
        self._server: asyncio.Server | None = None
        self._open: set[SMTP] = set()

    @property
    def url(self) -> str:
        scheme = "smtp+starttls" if self._starttls else "smtps" if self._tls else "smtp"
        who = f"{self._login[0]}:{self._login[1]}@" if self._login else ""
        return f"{scheme}://{who}127.0.0.1:{self._number}"

    @property
    def texts(self) -> list[str]:
        return [words_of(letter) for letter in self.letters]

    # -- what aiosmtpd asks ------------------------------------------------------------------------------------------

    async def handle_MAIL(self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if (fault := self.faults.take("MAIL", address, sends=False)) is not None:  # only one that names it
            return await self._refusal(server, fault, "MAIL", address)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if (fault := self._take(address, refusing=True)) is not None:
            return await self._refusal(server, fault, "DATA", address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:
        to = envelope.rcpt_tos[0]
        fault = self._take(to, refusing=False)
        await self.gate.wait()
        if fault is not None and fault.do in ("reset", "status"):
            self.ledger.refuse("DATA", to, fault.do)
            if fault.do == "status":
                return f"{fault.status} {fault.text or '4.3.0 not now'}"
            return hang_up(server)
        letter = cast("EmailMessage", message_from_bytes(cast("bytes", envelope.content), policy=policy.default))
        self.letters.append(letter)
        self.senders.append(str(envelope.mail_from))
        self.ledger.accept("DATA", "/", to, words_of(letter), {}, letter["Message-ID"])
        if fault is None:
            return "250 2.0.0 taken"
        await asyncio.sleep(fault.ms / 1000)
        match fault.do:
            case "slow":
                return "250 2.0.0 taken"
            case "html":
                return "<html>"
            case "half":
                server.transport.write(b"25")
        return hang_up(server)

    def _take(self, to: str, *, refusing: bool) -> Fault | None:
        """The next fault that befalls the recipient, or else the text."""
        mine = Faults([f for f in self.faults.waiting if (f.do in ("throttle", "error")) is refusing])
        fault = mine.take("DATA", to, sends=True)
        if fault is not None and fault not in mine.waiting:
            self.faults.waiting.remove(fault)
        return fault

    async def _refusal(self, server: SMTP, fault: Fault, method: str, to: str) -> str:
        self.ledger.refuse(method, to, fault.do)
        await asyncio.sleep(fault.ms / 1000)
        match fault.do:
            case "throttle":
                return "421 4.7.0 too many, slow down"
            case "reset":
                return hang_up(server)
            case "html":
                return "<html>"
            case _:
                return f"{fault.code if 400 <= fault.code < 600 else 550} {fault.text or '5.7.1 refused'}"

    def authenticate(self, _: SMTP, __: Session, ___: Envelope, mechanism: str, given: Any) -> AuthResult:
        known = isinstance(given, LoginPassword) and (given.login.decode(), given.password.decode()) == self._login
        return AuthResult(success=known, handled=known)

    # -- up and down -------------------------------------------------------------------------------------------------

    def _protocol(self) -> SMTP:
        self.connections += 1
        with warnings.catch_warnings(action="ignore"):  # that a password may come without TLS is what is wanted here
            made = SMTP(
                self, hostname="mx.example", enable_SMTPUTF8=True, data_size_limit=self._most, loop=asyncio.get_running_loop(), require_starttls=self._starttls,
                authenticator=self.authenticate, auth_required=self._login is not None, auth_require_tls=False,
                tls_context=self._tls if self._starttls else None,
            )  # fmt: skip
        self._open.add(made)
        return made

    async def start(self) -> None:
        """Listen; a second start takes the same port again."""
        tls = None if self._starttls else self._tls
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", self._number, ssl=tls)
        self._number = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Gone from the network."""
        self.gate.set()
        if self._server is not None:
            self._server.close()
            self._server = None
        self.hang_up()
        await asyncio.sleep(0)

    def hang_up(self) -> None:
        """On everybody, as a server does that has waited long enough."""
        for one in self._open:
            if one.transport is not None:
                one.transport.abort()
        self._open.clear()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        for _ in range(5):
            await asyncio.sleep(0)
        self.ledger.close()


def words_of(letter: EmailMessage) -> str:
    """What it says; a mail's last line has an end that no customer wrote."""
    said = next(letter.iter_parts()) if letter.is_multipart() else letter
    return str(cast("EmailMessage", said).get_content()).replace("\r\n", "\n").removesuffix("\n")


def hang_up(server: SMTP) -> str:
    """Nobody hears the answer."""
    with contextlib.suppress(AttributeError):
        server.transport.abort()
    return "421 gone"
