"""What is live changes from one revision to the next, whole or not at all, on both databases."""

from collections.abc import Iterator

import pytest

from state import scripts
from state.database import Database
from state.scripts import Live, Move, Version


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.engine.dispose()


def version(digest: str, revision: int = 1, note: str = "") -> Version:
    return Version("q", 0, digest, "Q", "", note, 7, 100 + revision, "", revision)


def publish(db: Database, digest: str, revision: int, move: Move | None = None) -> bool:
    new = Live("q", digest, revision=revision, author_id=7, at=100 + revision)
    return db.write_now(lambda c: scripts.publish(c, new, version(digest, revision), f"text of {digest}", move))


def test_versions_are_numbered_in_the_order_of_their_publication(db: Database) -> None:
    assert publish(db, "a", 1)
    assert publish(db, "b", 2)
    assert publish(db, "a", 3)
    found = [v for v, _ in db.write_now(lambda c: scripts.versions(c, "q", 10))]
    assert [(v.number, v.hash) for v in found] == [(3, "a"), (2, "b"), (1, "a")]
    assert db.write_now(lambda c: scripts.find_version(c, "q", "a")) == found[0]
    assert db.write_now(lambda c: scripts.find_version(c, "q", 2)) == found[1]
    assert db.write_now(lambda c: scripts.hash_at(c, "q", 2)) == "b"
    assert db.write_now(lambda c: scripts.source(c, "b")) == ("q", "text of b")
    assert [v.number for v, _ in db.write_now(lambda c: scripts.versions(c, "q", 10, 3))] == [2, 1]


def test_a_second_publication_on_the_same_revision_changes_nothing(db: Database) -> None:
    assert publish(db, "a", 1)
    assert not publish(db, "x", 1)
    assert publish(db, "b", 2)
    assert not publish(db, "y", 2)
    now = db.write_now(scripts.live)
    assert now == {"q": Live("q", "b", revision=2, author_id=7, at=102)}
    assert len(db.write_now(lambda c: scripts.versions(c, "q", 10))) == 2
    assert db.write_now(lambda c: scripts.source(c, "y")) is None


def test_a_new_publication_ends_the_moves_of_the_one_before(db: Database) -> None:
    publish(db, "a", 1)
    publish(db, "b", 2, Move("q", 2, "b", {"old": "new"}, 7, 102))
    (move,) = db.write_now(scripts.open_moves)
    assert move.steps == {"old": "new"}
    publish(db, "c", 3, Move("q", 3, "c", {"old": ""}, 7, 103))
    assert [m.revision for m in db.write_now(scripts.open_moves)] == [3]
    db.write_now(lambda c: scripts.end_move(c, Move("q", 3, "c", {}, 7, 103), 104))
    assert db.write_now(scripts.open_moves) == []
