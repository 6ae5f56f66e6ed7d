"""Posts to the mail hook into our events: a mail as JSON, or whole as it came over the wire (message/rfc822).

Whoever posts is trusted to be the shop's mail server; whoever wrote the mail is not trusted in anything.
"""

import hashlib
from typing import Any, Final

from bots.kit.values import value
from gateway.channels import mail_machines, payload
from gateway.channels.base import Post
from gateway.channels.mail_files import MOST_RAW, Found, Sorted, sort
from gateway.channels.mail_json import LONGEST_TEXT, mail_of, read_given
from gateway.channels.mail_letters import LEAVE
from gateway.channels.mail_mime import Mail, read_mail
from gateway.channels.mail_text import new_words, text_of_html
from gateway.channels.mail_threads import Seal, Threads
from gateway.events import Event, Ignored, MailReceived, ReachChanged, Received, Sender, StatusReported, Unusable
from state.inbox import MAIL

_MOST_IDS: Final = 50
_LONGEST_ID: Final = 200


@value
class Opened:
    """A mail, and the files of it that are to be on disk before it is kept."""

    received: Received
    found: tuple[Found, ...] = ()


def open_mail(post: Post, ours: str, threads: Threads) -> Opened:
    """Never raises. `ours` is the address that we write from."""
    kind = (post.header("content-type") or "").partition(";")[0].strip().lower()
    key, raw, why = "", post.body[:MOST_RAW], "not_a_mail"
    mail: Mail | None
    if kind == "message/rfc822":
        mail = read_mail(post.body)
    else:
        given, problem = read_given(post.body)
        mail, why = (None, problem) if given is None else (mail_of(given, large=len(post.body) > MOST_RAW), why)
        key = _key(given.get("id")) if given is not None else ""
    if mail is None:
        return Opened(Received(payload.fingerprint(post.body), Unusable(why), raw))
    same = key or _same(mail) or payload.fingerprint(post.body)
    files = sort(mail.files, same, whole=mail.whole)
    meaning = _meaning(mail, files, ours, threads)
    if isinstance(meaning, Unusable):
        return Opened(Received(key or payload.fingerprint(post.body), meaning, mail.thin or raw))
    found = files.found if isinstance(meaning, MailReceived) else ()
    return Opened(Received(same, meaning, mail.thin or raw), found)


def _key(given: Any) -> str:
    """The poster's own id of the mail, as it came; a long one by its fingerprint."""
    spelled = payload.text(str(given)) if isinstance(given, str | int) and not isinstance(given, bool) else ""
    return spelled if len(spelled) <= _LONGEST_ID else payload.fingerprint(spelled.encode())


def _same(mail: Mail) -> str:
    """A mail handed over twice is one. Its Message-ID alone is the sender's to choose, and some choose the same for all."""
    if not mail.message_id:
        return ""
    told = repr((mail.message_id, mail.sender, mail.subject, mail.text, mail.html, *(f.digest for f in mail.files)))
    return "m" + hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:40]


# -- what it means ---------------------------------------------------------------------------------------------------


def _meaning(mail: Mail, files: Sorted, ours: str, threads: Threads) -> Event | Ignored | Unusable:
    named = (*(address for _, address in mail.to), *mail.headers.get("x-original-to", ()))
    known = threads.find((*named, *reversed(_ids(mail.answers))))
    if mail_machines.is_bounce(mail):
        return _bounce(mail, known, threads)
    if mail.sender == ours.lower() or threads.find((mail.message_id,)):
        return Ignored("self")
    who = Sender(*MAIL, mail.sender, mail.name, email=mail.sender)
    if mail.subject.lower().startswith(LEAVE) and (leaver := threads.find((mail.subject,))) is not None:
        return ReachChanged(who, "opted_out", part=leaver.part)
    if why := mail_machines.no_person(mail):
        return Ignored(why)
    if not mail.sender:
        return Unusable("no_sender")
    whole = (mail.text or text_of_html(mail.html))[:LONGEST_TEXT].strip()
    if not (whole or files.media or files.left or mail.subject):
        return Unusable("empty_message")
    said = new_words(whole)
    return MailReceived(
        who, mail.subject, said, whole if whole != said else "", files.names, mail.message_id, _ids(mail.answers),
        known.part if known else 0, mail_machines.flags(mail), files.media, files.left,
    )  # fmt: skip


def _bounce(mail: Mail, known: Seal | None, threads: Threads) -> Event | Ignored:
    """What could not be delivered. Only a seal that nobody can guess makes it one of ours."""
    report = mail_machines.read_report(mail)
    seal = known or threads.find((mail.raw,))
    if seal is None or not report.final:
        return Ignored("bounce" if report.final else "delivery_report")
    sent_as = threads.message_id(seal.word)
    return StatusReported(sent_as, "failed", seal.part, report.code, "not_found" if report.gone else "fatal")


def _ids(answers: tuple[str, ...]) -> tuple[str, ...]:
    """The ids in the headers that name what is answered, oldest first, each once."""
    words = [word for one in answers for word in one.replace(",", " ").split()]
    return tuple(dict.fromkeys(word for word in words if payload.is_message_id(word)))[-_MOST_IDS:]
