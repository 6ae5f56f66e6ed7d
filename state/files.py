"""The rows of files that we keep: what each is, and whose. Their bytes lie in the data folder, under their ids."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from state.records import Instant
from state.tables import files

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class StoredFile:
    id: str
    identity_key: str
    kind: str
    name: str
    mime: str
    size: int


_FILE = (files.c.id, files.c.identity_key, files.c.kind, files.c.name, files.c.mime, files.c.size)


def add_files(conn: Connection, new: Iterable[StoredFile], now: Instant) -> None:
    """The same id again changes nothing."""
    insert_ = sqlite_insert if conn.dialect.name == "sqlite" else pg_insert
    # In one order for all, so that two processes with the same files wait for each other once, not in a ring.
    for file in sorted(new, key=lambda one: one.id):
        row = insert_(files).values(**asdict(file), created_at=now)
        conn.execute(row.on_conflict_do_nothing(index_elements=["id"]))


def find_files(conn: Connection, ids: Sequence[str]) -> dict[str, StoredFile]:
    found: dict[str, StoredFile] = {}
    for n in range(0, len(ids), _AT_ONCE):
        rows = conn.execute(select(*_FILE).where(files.c.id.in_(list(ids[n : n + _AT_ONCE]))))
        found |= {row[0]: StoredFile(*row) for row in rows}
    return found
