"""Moving a shop from SQLite to PostgreSQL and on: nothing is lost, and work goes on behind it."""

import io
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from gateway.house import House
from gateway.library import open_library
from state.database import Database
from state.transfer import BadImport, export_lines, import_lines
from tests.api.conftest import Shop
from tests.databases import Shelf


@pytest.fixture
def elsewhere(shelf: Shelf) -> Iterator[Database]:
    with shelf.lent() as url:
        db = Database(url)
        yield db
        db.engine.dispose()


async def test_a_shop_moves_to_postgresql_whole(shop: Shop, elsewhere: Database) -> None:
    deal = await shop.deal()
    await shop.call("POST", f"/deals/{deal['id']}/notes", json={"text": "заметка «ё» \U0001f600"})
    out = io.BytesIO()
    await shop.ctx.db.read(lambda c: out.writelines(export_lines(c)))
    with elsewhere.engine.begin() as conn:
        assert import_lines(conn, io.BytesIO(out.getvalue())) == out.getvalue().count(b"\n") - 2
    back = io.BytesIO()
    with elsewhere.engine.begin() as conn:
        back.writelines(export_lines(conn))
    assert sorted(back.getvalue().splitlines()) == sorted(out.getvalue().splitlines())
    with elsewhere.engine.begin() as conn:
        newest = conn.execute(text("SELECT max(id) FROM changes")).scalar_one()
        added = conn.execute(
            text("INSERT INTO changes (at, kind, deal_id, ref_id) VALUES (1, 'note', 1, 1) RETURNING id")
        )
        assert added.scalar_one() == newest + 1


async def test_what_a_start_takes_from_the_playbook_does_not_stand_in_the_way(
    shop: Shop, elsewhere: Database, autoparts: House
) -> None:
    await shop.deal()
    first = (await shop.get("/scripts/qualifier"))["source"]
    body = {"source": first + "# a remark", "base": 1}
    assert (await shop.call("POST", "/scripts/qualifier/publish", json=body))[0] == 200
    out = io.BytesIO()
    await shop.ctx.db.read(lambda c: out.writelines(export_lines(c)))
    house = House(autoparts.playbook, dict(autoparts.scripts))
    await open_library(elsewhere, house, 1)
    with elsewhere.engine.begin() as conn:
        import_lines(conn, io.BytesIO(out.getvalue()))
    assert await open_library(elsewhere, house, 2) == ["qualifier"]
    await elsewhere.close()


async def test_a_database_that_nothing_happened_in_moves_too(shop: Shop, elsewhere: Database) -> None:
    out = io.BytesIO()
    await shop.ctx.db.read(lambda c: out.writelines(export_lines(c)))
    with elsewhere.engine.begin() as conn:
        import_lines(conn, io.BytesIO(out.getvalue()))
        conn.execute(text("INSERT INTO changes (at, kind, deal_id, ref_id) VALUES (1, 'note', 1, 1)"))


async def test_an_export_that_was_cut_off_or_added_to_is_refused_whole(shop: Shop, elsewhere: Database) -> None:
    await shop.deal()
    out = io.BytesIO()
    await shop.ctx.db.read(lambda c: out.writelines(export_lines(c)))
    lines = out.getvalue().splitlines(keepends=True)
    for spoilt in (lines[:-1], lines[:-3], [*lines[:-2], lines[-1]], [*lines, lines[-2]], lines[:1]):
        with pytest.raises(BadImport, match=r"not whole|behind the end"), elsewhere.engine.begin() as conn:
            import_lines(conn, spoilt)
    with elsewhere.engine.begin() as conn:
        assert import_lines(conn, lines) == len(lines) - 2
