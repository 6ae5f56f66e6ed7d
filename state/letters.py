"""The mails before one that is about to leave: what it answers, and the subject that the talk goes by.

Asked only of messages that are threads, when they are claimed; those written later do not change the answer.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from state.records import Part
from state.tables import entries, parts

_LOOKED_AT: Final = 12


@dataclass(frozen=True, slots=True)
class Thread:
    ids: tuple[str, ...]
    """Providers' ids, oldest first; the one to answer last."""
    subject: str
    """Of the last mail that had one; empty: of none."""


def thread_of(conn: Connection, part: Part) -> Thread:
    e, p = entries.c, parts.c
    found = conn.execute(
        select(e.direction, e.data, p.provider_id)
        .outerjoin_from(entries, parts, p.entry_id == e.id)
        .where(e.identity_id == part.identity_id, e.deal_id == part.deal_id, e.id < part.entry_id)
        .order_by(e.id.desc())
        .limit(_LOOKED_AT)
    ).all()
    ids: list[str] = []
    theirs = [row for row in found if row.direction == "in"]
    for row in reversed(found):
        ids += (
            [*row.data.get("answers", ()), row.data.get("message_id")] if row.direction == "in" else [row.provider_id]
        )
    if theirs and (last := theirs[0].data.get("message_id")):
        ids.append(last)
    kept = tuple(reversed(dict.fromkeys(one for one in reversed(ids) if one)))
    return Thread(kept, next((row.data["subject"] for row in found if row.data.get("subject")), ""))
