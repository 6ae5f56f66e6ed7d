"""Mails that no person wrote: notices that something could not be delivered, automatic answers, lists, loops.

Nothing automatic is answered, or two machines would talk (https://www.rfc-editor.org/rfc/rfc3834).
"""

import re
from typing import Final

from bots.kit.values import value
from gateway.channels import mail_answers
from gateway.channels.mail_mime import Mail

_NOBODY: Final = re.compile(r"\s*(?:.*<\s*>|<?(?:mailer-daemon|postmaster)(?:@.*)?)\s*", re.IGNORECASE | re.DOTALL)
_ANSWERS: Final = ("x-autoreply", "x-autorespond", "x-autoresponder")
_LISTS: Final = ("list-id", "list-unsubscribe", "x-mailer-list")
_BULK: Final = ("bulk", "junk", "list", "auto_reply")


@value
class Report:
    final: bool
    """It will not be tried again."""
    code: str
    gone: bool
    """The address is not there, and nothing else will reach it either."""


def is_nobody(spelled: str) -> bool:
    """Whether this sender is a mail server rather than somebody with a mailbox."""
    return _NOBODY.fullmatch(spelled[:500]) is not None


def is_bounce(mail: Mail) -> bool:
    if mail.report == "delivery-status" or "x-failed-recipients" in mail.headers:
        return True
    local = mail.sender.partition("@")[0]
    unsigned = "<>" in mail.headers.get("return-path", ()) or "auto-submitted" in mail.headers
    return local == "mailer-daemon" or (local in ("postmaster", "") and unsigned)


def no_person(mail: Mail) -> str:
    """Why nobody wrote this, as a machine word; empty: somebody may have."""
    said = {name: " ".join(values).strip().lower() for name, values in mail.headers.items()}
    if said.get("auto-submitted", "no").partition(";")[0].strip() not in ("no", ""):
        return "auto_reply"
    if any(name in said for name in _ANSWERS) or said.get("return-path") == "<>":
        return "auto_reply"
    if mail.report:
        return "receipt"
    if said.get("precedence") in _BULK or any(name in said for name in _LISTS):
        return "bulk"
    return ""


def flags(mail: Mail) -> tuple[str, ...]:
    """What was odd. A server's word that the sender is false is worth something; one that they are right could be forged."""
    checked = " ".join(mail.headers.get("authentication-results", ())).lower()
    return ("dmarc_fail",) if re.search(r"\bdmarc\s*=\s*fail\b", checked) else ()


def read_report(mail: Mail) -> Report:
    """What a bounce says became of the mail: its fields where it has them, else its words."""
    action, status = mail.fate.get("action", ""), mail_answers.enhanced(mail.fate.get("status", ""))
    if not action:
        status = mail_answers.enhanced(mail.raw) or ""
        action = "delayed" if status.startswith("4") else "failed"
    diagnostic = mail.fate.get("diagnostic-code", "")
    precise = mail_answers.enhanced(diagnostic) or status
    found = re.search(r"(?<!\d)(5[05]\d)(?!\d)", diagnostic or mail.raw)
    code = precise or (found[1] if found else "")
    gone = mail_answers.gone(int(found[1]) if found else 0, precise if not precise.endswith(".0.0") else "")
    return Report(action.strip().lower() == "failed", code, gone)
