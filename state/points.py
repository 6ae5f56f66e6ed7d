"""Points: phones and e-mails that lead to a contact, and what contacts only say of themselves."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, select

from state.dialects import Ready
from state.tables import claims, points

_OWNER = Ready(lambda _: select(points.c.contact_id).where(points.c.key == bindparam("key")))


def owner(conn: Connection, key: str) -> int | None:
    """Whose phone or e-mail this is (`phone:+7…`)."""
    found: int | None = _OWNER.value(conn, key=key)
    return found


def lose(conn: Connection, lost: Sequence[tuple[int, str]]) -> None:
    """These lead to these contacts no more, and are no reason to take them for somebody. What a channel has proved stays."""
    for contact, key in lost:
        unproved = points.c.key == key, points.c.contact_id == contact, points.c.verified_at.is_(None)
        conn.execute(delete(points).where(*unproved))
        conn.execute(delete(claims).where(claims.c.key == key, claims.c.contact_id == contact))
