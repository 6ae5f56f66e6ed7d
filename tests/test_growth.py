"""Old rows cost nothing: what the workers ask on every round is answered from the partial indexes of what is open."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, event

from gateway.numbers import report
from state import chores, lanes, outbox, steps, tables
from state.dialects import Ready
from state.numbers import Cohort

ROUND = {
    "parts to send": (outbox._NEXT_IN_LINE, "ix_parts_queued"),
    "the next part": (outbox._NEXT_DUE, "ix_parts_queued"),
    "lanes due": (lanes._TAKE_DUE, "ix_lanes_due_at"),
    "the next lane": (lanes._NEXT_DUE, "ix_lanes_due_at"),
}


@pytest.mark.parametrize(("statement", "index"), ROUND.values(), ids=ROUND)
def test_the_workers_questions_are_answered_from_what_is_open(tmp_path: Path, statement: Ready, index: str):
    engine = create_engine(f"sqlite:///{tmp_path / 'growth.db'}")
    tables.metadata.create_all(engine)
    with engine.connect() as conn:
        sql = statement.sql(conn.dialect)
        plan = [row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (1,) * sql.count("?"))]
    assert any(index in step for step in plan), plan
    assert not any(step.startswith("SCAN") and "INDEX" not in step for step in plan), plan
    engine.dispose()


def test_forgetting_asks_for_the_oldest_note_and_reports_for_the_runs_of_a_period(tmp_path: Path):
    """Neither sorts or reads through what it is not about."""
    engine = create_engine(f"sqlite:///{tmp_path / 'growth.db'}")
    tables.metadata.create_all(engine)
    asked: list[tuple[str, tuple[object, ...]]] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _k, sql, values, *_: asked.append((sql, values)))
    with engine.connect() as conn:
        report(conn, Cohort("bot", 1, 2), (), "sum")
        reports = list(asked)
        plans = [
            [row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)] for sql, values in reports
        ]
        oldest = [
            row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {steps.OLDEST.sql(conn.dialect)}", (1, 0))
        ]
        chores.forget(conn, 0)
    assert len(plans) == 4, "won, people, versions, and one look at all notes"
    for plan in plans:
        assert any("runs USING INDEX ix_runs_bot (bot=? AND started_at>? AND started_at<?)" in step for step in plan), (
            plan
        )
        assert not any(step.startswith(("SCAN runs", "SCAN steps", "SCAN deals")) for step in plan), plan
    (won,) = [plan for plan in plans if any("later" in step for step in plan)]
    assert any("later USING INDEX ix_runs_deal_id (deal_id=?)" in step for step in won), won
    assert oldest == ["SCAN steps"], "in the order of its key, until the first row"
    engine.dispose()
