"""What is compiled for one database serves all of its kind, and nobody else."""

from typing import Any

from sqlalchemy import Connection, literal, select

from state.database import Database
from state.engines import Postgres, Sqlite


async def test_what_one_database_has_compiled_no_other_of_its_kind_compiles_anew(database_url: str):
    ask = select(literal(1).label("asked_nowhere_else"))

    def ask_whether_known(conn: Connection) -> Any:
        return conn.execute(ask).context.cache_hit.name  # type: ignore[attr-defined]  # its context is not typed

    first, second = Database(database_url), Database(database_url)
    known = [first.write_now(ask_whether_known), await first.read(ask_whether_known)]
    known += [second.write_now(ask_whether_known), await second.write(ask_whether_known)]
    assert known == ["CACHE_MISS", "CACHE_HIT", "CACHE_HIT", "CACHE_HIT"]
    for db in (first, second):
        await db.close()


def test_servers_of_two_versions_are_not_one_kind():
    one, same, newer = Postgres(), Postgres(), Postgres()
    one.server_version_info = same.server_version_info = (16, 2)
    newer.server_version_info = (17, 0)
    assert {one, same} == {one}
    assert one != newer
    assert Sqlite() != one
