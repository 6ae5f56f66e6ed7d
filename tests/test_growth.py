"""Old rows cost nothing: what the workers ask on every round is answered from the partial indexes of what is open."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from state import lanes, outbox, tables

ROUND = {
    "parts to send": (outbox._QUEUED, "ix_parts_queued"),
    "the next part": (outbox._NEXT_DUE, "ix_parts_queued"),
    "lanes due": (lanes._DUE, "ix_lanes_due_at"),
    "the next lane": (lanes._NEXT_DUE, "ix_lanes_due_at"),
}


@pytest.mark.parametrize(("statement", "index"), ROUND.values(), ids=ROUND)
def test_the_workers_questions_are_answered_from_what_is_open(tmp_path: Path, statement: Any, index: str):
    engine = create_engine(f"sqlite:///{tmp_path / 'growth.db'}")
    tables.metadata.create_all(engine)
    with engine.connect() as conn:
        asked = statement.params(now=1, n=1, paused=["none"])
        sql = str(asked.compile(dialect=conn.dialect, compile_kwargs={"render_postcompile": True}))
        plan = [row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (1,) * sql.count("?"))]
    assert any(index in step for step in plan), plan
    assert not any(step.startswith("SCAN") and "INDEX" not in step for step in plan), plan
    engine.dispose()
