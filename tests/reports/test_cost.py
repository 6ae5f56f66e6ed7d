"""Reports stay cheap however many facts there are: few rows come from the database, indexes are used, no list is sorted whole."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, text

from bench.reports import counted
from bots.kit.hours import Hours
from gateway.playbooks import read_house
from gateway.reports import REPORTS, Asked, behind, make, measures
from gateway.reports.measures import Worked, at
from state import lasting, report_tables, tables, workload
from state.database import Database
from state.facts import Narrow

NOW = 1_764_590_000_000
DAY = 86_400_000
SHOP = read_house("autoparts").playbook
MONTH = Narrow(NOW - 30 * DAY, NOW, NOW)
HOURS = Hours("Europe/Moscow", (((600, 780), (840, 1140)),) * 5 + ((), ()))
AWKWARD = ('a,"b"', "],[", "две\nстроки", "\\", "")


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    for engine in (made.engine, made._reader):
        engine.dispose()


def fill(db: Database, many: int, channel: str = "telegram", deal: int = 1) -> None:
    """A deal with so many stays and waits."""
    rng = Random(many)
    row = {
        "id": deal, "contact_id": deal, "funnel": "retail", "slot": "retail", "stage": "in_work", "title": "", "source": "web", "why": "", "tags": [],
        "fields": {}, "owner": "pool", "epoch": 1, "stage_at": NOW - DAY, "opened_at": NOW - 20 * DAY, "reason": "", "version": 1,
    }  # fmt: skip
    stays, waits = [], []
    for n in range(deal * 10_000, deal * 10_000 + many):
        began = NOW - rng.randrange(1, 20 * DAY)
        ended = began + rng.randrange(min(DAY, NOW - began))
        stays.append(
            {"deal_id": deal, "entry_id": n, "stage": rng.choice(["left_request", "in_work"]), "entered_at": began, "left_at": ended, "next": "ready"}
        )  # fmt: skip
        waits.append(
            {"deal_id": deal, "entry_id": n, "channel": channel, "began_at": began, "ended_at": ended, "person_id": rng.choice([None, 1, 2])}
        )  # fmt: skip
    with db.engine.begin() as conn:
        for table, rows in ((tables.deals, [row]), (report_tables.stays, stays), (report_tables.waits, waits)):
            if rows:
                conn.execute(insert(table), rows)


def asked(narrow: Narrow = MONTH) -> Asked:
    return Asked(SHOP, date.min, date.max, narrow)


@pytest.mark.parametrize(
    ("report", "way"), [("stages", ""), ("answers", "manager"), ("answers", "channel"), ("workload", "")]
)
def test_no_row_comes_from_the_database_for_each_stay_or_wait(db: Database, report: str, way: str):
    fill(db, 3_000)
    with counted(db) as (conn, told):
        lines = make(conn, REPORTS[report][way], asked()).lines
    assert max(line.values.get("stays") or line.values.get("answered") or 0 for line in lines) > 1_000
    assert told["rows"] < 60


def test_a_line_may_be_called_anything(db: Database):
    for n, channel in enumerate(AWKWARD):
        fill(db, n + 1, channel, deal=n + 1)
    with db.engine.begin() as conn:
        found = lasting.read(conn, workload.waited(MONTH, ("channel",)))
        told: dict[Any, int] = {}
        for lot in found.each:
            told[lot.key] = told.get(lot.key, 0) + len(lot.began)
            assert all(
                found.since <= began <= ended <= found.until for began, ended in zip(lot.began, lot.ended, strict=True)
            )
    assert told == {(channel,): n + 1 for n, channel in enumerate(AWKWARD)}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("report", "way", "indexes"),
    [
        ("stages", "", {"stays USING COVERING INDEX ix_stays_left_at"}),
        ("answers", "manager", {"waits USING COVERING INDEX ix_waits_began_at"}),
        ("workload", "", {"waits USING COVERING INDEX ix_waits_began_at", "tasks USING INDEX ix_tasks_open"}),
    ],
)
def test_a_month_is_looked_up_in_indexes_that_hold_all_that_is_asked(
    db: Database, report: str, way: str, indexes: set[str]
):
    fill(db, 10)
    with db._reader.connect() as conn:
        plans = "\n".join(planned(conn, lambda: make(conn, REPORTS[report][way], asked())))
    assert {one for one in indexes if one not in plans} == set(), plans


def planned(conn: Connection, work: Any) -> list[str]:
    """How SQLite goes about what the work asks."""
    said: list[tuple[str, Any]] = []
    event.listen(
        conn, "before_cursor_execute", lambda _c, _cursor, sql, values, _context, _many: said.append((sql, values))
    )
    work()
    driver: Any = conn.connection.dbapi_connection
    return [step for sql, values in said for *_, step in driver.execute(f"EXPLAIN QUERY PLAN {sql}", values)]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_the_deals_behind_a_bots_number_are_not_looked_for_in_every_pair_of_runs(db: Database):
    fill(db, 0)
    run = {
        "deal_id": 1,
        "contact_id": 1,
        "bot": "qualifier",
        "script": "a",
        "state": {},
        "status": "finished",
        "started_at": NOW - DAY,
        "reason": "",
    }
    with db.engine.begin() as conn:
        conn.execute(insert(tables.runs), [run | {"id": n} for n in range(1, 15_001)])
    with db.engine.begin() as conn:
        conn.execute(text("SET LOCAL statement_timeout = 3000"))
        (row,) = behind(conn, REPORTS["bots"][""], asked(), ("qualifier", "a"), "deals", 51)
    assert row.deal == 1


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


def test_the_ones_at_some_places_are_those_of_the_sorted_list():
    rng = Random(7)
    for n in range(300):
        several = [rng.randrange(rng.choice([3, 100, 10**9])) for _ in range(rng.randrange(1, 5_000))]
        if n % 3 == 0:
            several.sort(reverse=n % 2 == 0)
        places = [0, len(several) - 1, len(several) // 2, rng.randrange(len(several))]
        assert at(several, *places) == [sorted(several)[place] for place in places]


def test_a_long_list_is_not_sorted_whole(monkeypatch: pytest.MonkeyPatch):
    several = Random(1).choices(range(10**8), k=100_000)
    longest = 0

    def noted(some: list[int]) -> list[int]:
        nonlocal longest
        longest = max(longest, len(some))
        return sorted(some)

    monkeypatch.setattr(measures, "sorted", noted, raising=False)
    assert at(several, 50_000, 90_000) == [sorted(several)[place] for place in (50_000, 90_000)]
    assert longest < 20_000


def test_many_lengths_of_working_time_are_those_of_the_calendar():
    rng = Random(3)
    clock = Worked(HOURS, NOW - 60 * DAY, NOW)
    for days in (1, 5, 50):
        first = NOW - rng.randrange(days, 58) * DAY
        began = [first + rng.randrange(days * DAY) for _ in range(200)]
        ended = [min(NOW, one + rng.randrange(9 * DAY)) for one in began]
        wanted = [HOURS.worked_between(*span) for span in zip(began, ended, strict=True)]
        assert clock.lengths(began, ended) == wanted
        assert any(wanted)


def test_nothing_has_lasted_less_than_no_time(db: Database):
    fill(db, 1)
    with db.engine.begin() as conn:
        conn.execute(report_tables.stays.update().values(left_at=report_tables.stays.c.entered_at - 5_000))
        (line,) = [
            one
            for one in make(conn, REPORTS["stages"][""], replace(asked(), playbook=SHOP)).lines
            if one.values["stays"]
        ]
    assert {value for name, value in line.values.items() if name.endswith("_s")} == {0.0}


def test_those_who_share_a_name_and_a_number_come_in_the_order_in_which_they_came_to_the_shop(db: Database):
    people = [{"id": n, "name": "Анна", "role": "manager", "active": 1, "created_at": 0} for n in (7, 3, 5)]
    waits = [
        {"deal_id": 1, "entry_id": 20_000 + n, "channel": "telegram", "began_at": NOW - DAY + n, "ended_at": NOW - 1, "person_id": who}
        for n, who in enumerate((7, 3, 5, None))
    ]  # fmt: skip
    fill(db, 0)
    with db.engine.begin() as conn:
        conn.execute(insert(tables.people), people)
        conn.execute(insert(report_tables.waits), waits)
        told = {
            way: make(conn, REPORTS[way][by], asked()).lines for way, by in (("answers", "manager"), ("workload", ""))
        }
    assert [line.key for line in told["answers"]] == [(3,), (5,), (7,), (None,), ()]
    assert [line.key for line in told["workload"] if line.key != (None,)] == [(3,), (5,), (7,), ()]
