"""People who work here and the tokens that speak for them. Only digests are kept: a token is shown once, to its owner.

Kinds: `api` (programs), `session` (the console's cookie), `signin` (one use, by a person who was sent a link),
`telegram` (one use: ties a chat to a person).
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from state import outbox
from state.dialects import Ready
from state.ids import Ids
from state.records import Instant, Person
from state.tables import identities, people, tokens

Role = Literal["manager", "head", "marketer", "admin"]
ROLES: Final[tuple[Role, ...]] = ("manager", "head", "marketer", "admin")

SIGNIN_MS: Final = 24 * 3_600_000
TELEGRAM_MS: Final = 3_600_000
IDLE_MS: Final = 12 * 3_600_000
SESSION_MS: Final = 7 * 24 * 3_600_000
_RENEW_MS: Final = 600_000
"""A session's end is moved at most this often, so that reading pages costs no writes."""
_SETTINGS: Final = "settings"
"""Marks the person behind PARLEY_ADMIN_TOKEN, whose digest is never stored. No digest looks like a mark."""
_DEMO: Final = "demo"


def digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def add_person(conn: Connection, ids: Ids, name: str, role: Role, now: Instant, *, program: bool = False) -> Person:
    """`program`: it acts by a token of its own, and nobody gives it anything to do."""
    person = Person(ids.take("person"), name, role, active=True, program=program)
    row = {"id": person.id, "name": name, "role": role, "active": 1, "created_at": now, "program": int(program)}
    conn.execute(insert(people).values(**row))
    return person


def find_people(conn: Connection, wanted: Iterable[int]) -> dict[int, Person]:
    numbers = sorted(set(wanted))
    return {row[0]: _person(row) for row in _FIND.rows(conn, ids=numbers)} if numbers else {}


def find_named(conn: Connection, name: str) -> list[Person]:
    """Those who work here now and are called this, programs aside; people are told apart by their numbers where two are."""
    called = (people.c.name == name, people.c.active == 1, people.c.program == 0)
    rows = conn.execute(select(*_PERSON).where(*called).order_by(people.c.id))
    return [_person(row) for row in rows]


def deactivate(conn: Connection, person_id: int, now: Instant) -> None:
    """They have left: every token of theirs ends in the same commit, and their chat is nobody's of the shop any more."""
    untie(conn, person_id, now)
    conn.execute(update(people).where(people.c.id == person_id).values(active=0))
    conn.execute(
        update(tokens).where(tokens.c.person_id == person_id, tokens.c.ended_at.is_(None)).values(ended_at=now)
    )


def untie(conn: Connection, person_id: int, now: Instant) -> bool:
    """Their chat is a customer's again, and what still waits for it does not go out. False where there was none."""
    found = conn.execute(select(identities.c.id).where(identities.c.person_id == person_id)).scalar()
    if found is None:
        return False
    outbox.drop_queued(conn, found, "untied", now)
    conn.execute(update(identities).where(identities.c.id == found).values(person_id=None))
    return True


# -- tokens ----------------------------------------------------------------------------------------------------------


def issue_api(conn: Connection, ids: Ids, person_id: int, now: Instant) -> str:
    """A token for programs, without an end; shown once."""
    return _issue(conn, ids, person_id, "api", now, None)


def issue_signin(conn: Connection, ids: Ids, person_id: int, now: Instant) -> str:
    """A link's token, good once, within a day."""
    return _issue(conn, ids, person_id, "signin", now, now + SIGNIN_MS)


def another_signin(conn: Connection, ids: Ids, person_id: int, now: Instant) -> str:
    """The same for somebody who is known: a link that was given out before and not opened is worth nothing any more."""
    before = (tokens.c.person_id == person_id, tokens.c.kind == "signin", tokens.c.ended_at.is_(None))
    conn.execute(update(tokens).where(*before).values(ended_at=now))
    return issue_signin(conn, ids, person_id, now)


@dataclass(frozen=True, slots=True)
class Key:
    """A program's token that is alive, and whom it acts as."""

    number: int
    person: Person
    created_at: Instant


def keys(conn: Connection) -> list[Key]:
    """Tokens of programs that are alive, oldest first."""
    alive = (tokens.c.kind == "api", tokens.c.ended_at.is_(None), people.c.active == 1)
    found = select(tokens.c.id, tokens.c.created_at, *_PERSON).join(people, people.c.id == tokens.c.person_id)
    rows = conn.execute(found.where(*alive).order_by(tokens.c.id))
    return [Key(row[0], _person(row[2:]), row[1]) for row in rows]


def revoke_key(conn: Connection, number: int, now: Instant) -> bool:
    """End a program's token by its number; False where there is no such one alive."""
    mine = (tokens.c.id == number, tokens.c.kind == "api", tokens.c.ended_at.is_(None))
    return conn.execute(update(tokens).where(*mine).values(ended_at=now)).rowcount > 0


def issue_telegram(conn: Connection, ids: Ids, person_id: int, now: Instant) -> str:
    """A code that ties one chat to this person, within an hour; those before it are worth nothing any more."""
    before = (tokens.c.person_id == person_id, tokens.c.kind == "telegram", tokens.c.ended_at.is_(None))
    conn.execute(update(tokens).where(*before).values(ended_at=now))
    return _issue(conn, ids, person_id, "telegram", now, now + TELEGRAM_MS)


def forget_telegram(conn: Connection, person_id: int, now: Instant) -> None:
    """Their chat is untied, and a link that was not opened yet ties nothing."""
    mine = (tokens.c.person_id == person_id, tokens.c.kind == "telegram", tokens.c.ended_at.is_(None))
    conn.execute(update(tokens).where(*mine).values(ended_at=now))
    untie(conn, person_id, now)


def use_telegram(conn: Connection, code: str, now: Instant) -> Person | None:
    """Use a code up; None where it was used, is old, was never ours, or its person has left."""
    mine = (tokens.c.digest == digest(code), tokens.c.kind == "telegram", tokens.c.ended_at.is_(None))
    used = update(tokens).where(*mine, tokens.c.expires_at > now).values(ended_at=now)
    person_id = conn.execute(used.returning(tokens.c.person_id)).scalar()
    found = find_people(conn, [person_id]).get(person_id) if person_id is not None else None
    return found if found is not None and found.active else None


def signin_for(conn: Connection, token: str, now: Instant) -> Person | None:
    """Whom a link would sign in, while it may still be used. Looking does not use it."""
    return whoami(conn, digest(token), now, "signin")


def sign_in(conn: Connection, ids: Ids, token: str, now: Instant) -> str | None:
    """Use a sign-in token up; the answer is a new session's token, None where it was used, old or never ours."""
    mine = (tokens.c.digest == digest(token), tokens.c.kind == "signin", tokens.c.ended_at.is_(None))
    used = update(tokens).where(*mine, tokens.c.expires_at > now).values(ended_at=now)
    person_id = conn.execute(used.returning(tokens.c.person_id)).scalar()
    if person_id is None or not find_people(conn, [person_id])[person_id].active:
        return None
    return _issue(conn, ids, person_id, "session", now, now + IDLE_MS)


def revoke(conn: Connection, token_digest: str, now: Instant) -> bool:
    """End a token; False where it was not alive."""
    ended = update(tokens).where(tokens.c.digest == token_digest, tokens.c.ended_at.is_(None)).values(ended_at=now)
    return conn.execute(ended).rowcount > 0


def whoami(conn: Connection, token_digest: str, now: Instant, kind: str = "api") -> Person | None:
    """Whom a living token of this kind speaks for; None: nobody."""
    row = conn.execute(
        select(*_PERSON, tokens.c.expires_at)
        .join(tokens, tokens.c.person_id == people.c.id)
        .where(
            tokens.c.digest == token_digest, tokens.c.kind == kind, tokens.c.ended_at.is_(None), people.c.active == 1
        )
    ).first()
    return None if row is None or (row.expires_at is not None and row.expires_at <= now) else _person(row)


def renew(conn: Connection, token_digest: str, now: Instant) -> bool:
    """A session in use lives on, up to its absolute limit. False where its end was moved a moment ago."""
    row = conn.execute(
        select(tokens.c.created_at, tokens.c.expires_at).where(
            tokens.c.digest == token_digest, tokens.c.kind == "session", tokens.c.ended_at.is_(None)
        )
    ).first()
    if row is None or row.expires_at <= now:
        return False
    end = min(row.created_at + SESSION_MS, now + IDLE_MS)
    if end - row.expires_at < _RENEW_MS:
        return False
    conn.execute(update(tokens).where(tokens.c.digest == token_digest).values(expires_at=end))
    return True


def session_needs_renewal(conn: Connection, token_digest: str, now: Instant) -> bool:
    """Whether `renew` would write: asked first, so that most requests only read."""
    row = conn.execute(select(tokens.c.created_at, tokens.c.expires_at).where(tokens.c.digest == token_digest)).first()
    return row is not None and min(row.created_at + SESSION_MS, now + IDLE_MS) - (row.expires_at or 0) >= _RENEW_MS


def admin_of_settings(conn: Connection, ids: Ids, now: Instant) -> Person:
    """The person that PARLEY_ADMIN_TOKEN acts as, made when first needed, one for all processes."""
    return _standing(conn, ids, _SETTINGS, "admin", "admin", now)


def find_admin_of_settings(conn: Connection) -> Person | None:
    return _find_standing(conn, _SETTINGS)


def demo_signin(conn: Connection, ids: Ids, now: Instant) -> str:
    """A sign-in token for the demo's one manager, the same person at every start."""
    return issue_signin(conn, ids, _standing(conn, ids, _DEMO, "Анна", "head", now).id, now)


def _standing(conn: Connection, ids: Ids, name_of_mark: str, name: str, role: Role, now: Instant) -> Person:
    """The person behind a mark."""
    if found := _find_standing(conn, name_of_mark):
        return found
    fresh, program = ids.take("person"), name_of_mark == _SETTINGS
    if mark(conn, ids, name_of_mark, now, fresh):
        row = {"id": fresh, "name": name, "role": role, "active": 1, "created_at": now, "program": int(program)}
        conn.execute(insert(people).values(**row))
    return _find_standing(conn, name_of_mark) or Person(fresh, name, role, active=True)


def mark(conn: Connection, ids: Ids, name: str, now: Instant, person_id: int = 0) -> bool:
    """Put a mark into this database: a token's row whose digest no token has. False: it is there already."""
    dialect = sqlite_insert if conn.dialect.name == "sqlite" else pg_insert
    anchor = dialect(tokens).values(
        id=ids.take("token"), person_id=person_id, kind="mark", digest=name, created_at=now, expires_at=None, ended_at=None
    )  # fmt: skip
    made = conn.execute(anchor.on_conflict_do_nothing(index_elements=["digest"]).returning(tokens.c.id)).scalar()
    return made is not None


def _find_standing(conn: Connection, mark: str) -> Person | None:
    found = select(*_PERSON).join(tokens, tokens.c.person_id == people.c.id).where(tokens.c.digest == mark)
    row = conn.execute(found).first()
    return _person(row) if row else None


_PERSON = (people.c.id, people.c.name, people.c.role, people.c.active, people.c.program)
_FIND: Final = Ready(lambda among: select(*_PERSON).where(among(people.c.id, "ids")))


def _person(row: Any) -> Person:
    return Person(row[0], row[1], row[2], active=bool(row[3]), program=bool(row[4]))


def _issue(conn: Connection, ids: Ids, person_id: int, kind: str, now: Instant, expires_at: Instant | None) -> str:
    token = secrets.token_urlsafe(32)
    conn.execute(
        insert(tokens).values(
            id=ids.take("token"), person_id=person_id, kind=kind, digest=digest(token), created_at=now,
            expires_at=expires_at, ended_at=None,
        )
    )  # fmt: skip
    return token
