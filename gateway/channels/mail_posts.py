"""Posts to the mail hook into our events: a mail as JSON, or whole as it came over the wire (message/rfc822).

Whoever posts is trusted to be the shop's mail server; whoever wrote the mail is not trusted in anything.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from gateway.channels import mail_machines, payload
from gateway.channels.base import Post
from gateway.channels.mail_letters import LEAVE
from gateway.channels.mail_mime import Mail, read_mail, split_addresses
from gateway.channels.mail_text import new_words, text_of_html
from gateway.channels.mail_threads import Seal, Threads
from gateway.events import Event, Ignored, MailReceived, ReachChanged, Received, Sender, StatusReported, Unusable
from state.inbox import MAIL

LONGEST_TEXT: Final = 20_000
_LONGEST_HTML: Final = 400_000
_MOST_FILES: Final = 20
_MOST_IDS: Final = 50
_LONGEST_ID: Final = 200


def translate(post: Post, ours: str, threads: Threads) -> Received:
    """Never raises. `ours` is the address that we write from."""
    kind = (post.header("content-type") or "").partition(";")[0].strip().lower()
    given, key = None, ""
    if kind == "message/rfc822":
        mail = read_mail(post.body)
    else:
        given, problem = payload.read_json(post.body)
        if problem or not isinstance(given, dict):
            return Received(payload.fingerprint(post.body), Unusable("not_json"), post.body)
        mail = _from_json(given)
        key = _key(given.get("id"))
    if mail is None:
        return Received(payload.fingerprint(post.body), Unusable("not_a_mail"), post.body)
    meaning = _meaning(mail, ours, threads)
    if isinstance(meaning, Unusable):
        return Received(key or payload.fingerprint(post.body), meaning, post.body)
    return Received(key or _same(mail) or payload.fingerprint(post.body), meaning, post.body)


def _key(given: Any) -> str:
    """The poster's own id of the mail, as it came; a long one by its fingerprint."""
    spelled = payload.text(str(given)) if isinstance(given, str | int) and not isinstance(given, bool) else ""
    return spelled if len(spelled) <= _LONGEST_ID else payload.fingerprint(spelled.encode())


def _same(mail: Mail) -> str:
    """A mail handed over twice is one. Its Message-ID alone is the sender's to choose, and some choose the same for all."""
    if not mail.message_id:
        return ""
    told = repr((mail.message_id, mail.sender, mail.subject, mail.text, mail.html))
    return "m" + hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:40]


def _from_json(data: Mapping[str, Any]) -> Mail | None:
    headers = _headers(data.get("headers"))
    name, address = _who(data.get("from"))
    if not address and not mail_machines.is_nobody(str(data.get("from") or "")):
        return None
    files = data.get("attachments") if isinstance(data.get("attachments"), list) else []
    own_id = payload.text(data.get("id"))
    return Mail(
        sender=address or "mailer-daemon@", name=name,
        to=tuple(split_addresses(_joined(data.get("to")))), subject=payload.name(data.get("subject"), 500),
        text=payload.text(data.get("text"))[:LONGEST_TEXT], html=payload.text(data.get("html"))[:_LONGEST_HTML], headers=headers,
        message_id=next((i for i in (*headers.get("message-id", ()), own_id) if payload.is_message_id(i)), ""),
        answers=(
            _joined(data.get("references")), *headers.get("references", ()), _joined(data.get("in_reply_to")),
            *headers.get("in-reply-to", ()),
        ),
        files=tuple(
            payload.file_name(f.get("name") or f.get("filename")) or "?" for f in (files or [])[:_MOST_FILES] if isinstance(f, dict)
        ),
        raw=" ".join((payload.text(data.get("text")), payload.text(data.get("html"))))[:LONGEST_TEXT],
    )  # fmt: skip


def _headers(given: Any) -> dict[str, tuple[str, ...]]:
    """By lower-case name; as an object, or as a list of pairs where a name may come twice."""
    pairs = given.items() if isinstance(given, dict) else given if isinstance(given, list) else ()
    found: dict[str, tuple[str, ...]] = {}
    for pair in list(pairs)[:500]:
        if not (isinstance(pair, tuple | list) and len(pair) == 2 and isinstance(pair[0], str)):
            continue
        values = pair[1] if isinstance(pair[1], list) else [pair[1]]
        kept = tuple(payload.text(v)[:4_000].strip() for v in values[:50] if isinstance(v, str))
        found[pair[0].lower()] = (*found.get(pair[0].lower(), ()), *kept)
    return found


def _who(given: Any) -> tuple[str, str]:
    """Name and address of `from`: as a header spells it, or as an object."""
    if isinstance(given, dict):
        return payload.name(given.get("name")), payload.email(given.get("address") or given.get("email"))
    return next(iter(split_addresses(payload.text(given))), ("", ""))


def _joined(given: Any) -> str:
    if isinstance(given, list):
        return ", ".join(_joined(one) for one in given[:_MOST_IDS] if not isinstance(one, list))
    if isinstance(given, dict):
        return payload.text(given.get("address") or given.get("email"))[:1_000]
    return payload.text(given)[:20_000]


# -- what it means ---------------------------------------------------------------------------------------------------


def _meaning(mail: Mail, ours: str, threads: Threads) -> Event | Ignored | Unusable:
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
    if not (whole or mail.files or mail.subject):
        return Unusable("empty_message")
    said = new_words(whole)
    return MailReceived(
        who, mail.subject, said, whole if whole != said else "", mail.files, mail.message_id, _ids(mail.answers),
        known.part if known else 0, mail_machines.flags(mail),
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
