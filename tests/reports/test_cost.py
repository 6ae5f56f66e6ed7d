"""Reports stay cheap however many facts there are: what they have PostgreSQL do otherwise ends with them, and their plans are good."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import text

from gateway.playbooks import read_house
from gateway.reports import REPORTS, Asked, make
from state.database import Database
from state.facts import Narrow

NOW = 1_764_590_000_000
DAY = 86_400_000
SHOP = read_house("autoparts").playbook
MONTH = Narrow(NOW - 30 * DAY, NOW, NOW)


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    for engine in (made.engine, made._reader):
        engine.dispose()


def asked(narrow: Narrow = MONTH) -> Asked:
    return Asked(SHOP, date.min, date.max, narrow)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_what_reports_ask_of_postgresql_is_over_with_them(db: Database):
    with db._reader.connect() as conn:
        with conn.begin():
            before = conn.execute(text("SHOW plan_cache_mode")).scalar()
        with conn.begin():
            make(conn, REPORTS["sources"][""], asked())
            during = conn.execute(text("SHOW plan_cache_mode")).scalar()
        after = conn.execute(text("SHOW plan_cache_mode")).scalar()
    assert (before, during, after) == ("auto", "force_custom_plan", "auto")
