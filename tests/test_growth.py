"""Old rows cost nothing: what the workers ask on every round is answered from the partial indexes of what is open."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine

from state import lanes, outbox, tables
from state.dialects import Ready

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
