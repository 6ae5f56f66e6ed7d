"""A part as a mail: headers that nobody can break out of, plain text in UTF-8, its files, and what machines must know of it.

Whatever came from a customer or marketer and goes into a header is one line without control characters before it gets there.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from bots.kit.events import Instant, Media
from bots.kit.values import value
from gateway import file_types, files
from gateway.channels import payload
from gateway.channels.base import Outgoing
from gateway.channels.mail_threads import Threads

LEAVE: Final = "unsubscribe"
"""The subject, before the seal, of a mail that asks for no more mails."""

_LONGEST_SUBJECT: Final = 200
_MOST_REFERENCES: Final = 12
# Lines are short and ASCII on the wire, whatever the server can do: nothing of it needs to be rewritten on the way.
_PLAIN = policy.SMTP.clone(cte_type="7bit")
_WIDE = policy.SMTPUTF8.clone(cte_type="7bit")


class NoAddress(Exception):
    """That is no address which a mail could go to."""


@value
class From:
    """Who writes: the shop's name and address; `plus`: its server delivers `shop+seal@` to `shop@`."""

    name: str
    address: str
    plus: bool = False


@value
class Letter:
    recipient: str
    """As the server is told it: the domain in ASCII."""
    sender: str
    """Where the server sends what it cannot deliver."""
    message_id: str
    body: bytes


def compose(
    out: Outgoing, who: From, threads: Threads, now: Instant, attached: Sequence[tuple[Media, bytes]] = ()
) -> Letter:
    """Raises `NoAddress`. The same part gives the same mail again, but for its date. `attached`: files with their bytes."""
    recipient = routable(out.address)
    said = "\n".join((out.subject, out.text, *(file.ref for file, _ in attached)))
    seal = threads.seal(out.part, out.address, said)
    mail = EmailMessage(_PLAIN if recipient.isascii() else _WIDE)
    mail["From"] = _named(who.name, who.address)
    mail["To"] = _named("", recipient)
    mail["Subject"] = one_line(out.subject, _LONGEST_SUBJECT)
    mail["Date"] = format_datetime(datetime.fromtimestamp(now / 1000, UTC))
    mail["Message-ID"] = threads.message_id(seal)
    sender = who.address
    if who.plus:
        sender = threads.plus(seal)
        mail["Reply-To"] = _named(who.name, sender)
    if known := [one for one in out.answers if payload.is_message_id(one)][-_MOST_REFERENCES:]:
        mail["In-Reply-To"] = known[-1]
        mail["References"] = " ".join(known)
    if out.automatic:  # https://www.rfc-editor.org/rfc/rfc3834: so that no other machine answers
        mail["Auto-Submitted"] = "auto-replied" if known else "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        mail["List-Unsubscribe"] = f"<mailto:{who.address}?subject={LEAVE}:{seal}>"
    mail.set_content(out.text)
    for n, (file, body) in enumerate(attached, start=1):
        _attach(mail, file, body, n)
    if attached:
        mail.set_boundary(f"=_{seal}")  # nobody who writes a text or a file knows it before
    return Letter(recipient, sender, threads.message_id(seal), mail.as_bytes())


def _attach(mail: EmailMessage, file: Media, body: bytes, n: int) -> None:
    """Its type is what its bytes told when it was kept; its name goes along in any letters (RFC 2231)."""
    mime = file.mime if file.mime in file_types.KNOWN else file_types.OCTETS
    family, _, kind = mime.partition("/")
    name = payload.shown_file_name(file.name).replace("=?", "= ?") or f"{file.kind}-{n}{files.ending(mime)}"
    mail.add_attachment(body, maintype=family, subtype=kind, filename=name)


def _named(name: str, address: str) -> Address:
    """The library's own reader knows no letters but ASCII in an address; these were looked at before."""
    local, _, domain = address.rpartition("@")
    return Address(one_line(name), local, domain)


def one_line(told: str, limit: int = 100) -> str:
    """Nothing of it is a header of its own, nor becomes one when the library reads encoded words in it."""
    return payload.name(told, limit).replace("=?", "= ?")


def routable(address: str) -> str:
    """An address with its domain as the name servers know it. Raises `NoAddress`."""
    local, _, domain = payload.email(address).rpartition("@")
    try:
        name = domain.encode("idna").decode() if not domain.isascii() else domain
    except UnicodeError:
        name = ""
    if not local or not name:
        raise NoAddress(address)
    return f"{local}@{name}"
