"""The audit's part of the schema: its runs, what they have found, and how much of it there was. `metadata` is the whole schema's."""

from sqlalchemy import Column, Index, Text, text

from state.columns import Int
from state.columns import id_ as _id
from state.columns import int_ as _int
from state.columns import json_ as _json
from state.columns import table_ as _table
from state.columns import text_ as _text
from state.tables import metadata

__all__ = ["audit_runs", "audit_tallies", "findings", "metadata"]

_under_way = text("state IN ('waiting', 'running')")
_there = text("gone_at IS NULL")

audit_runs = _table(
    "audit_runs",
    _id(),
    _text("period", null=True),  # of the schedule, each once; null: somebody asked for it
    _int("by_id", null=True),
    _json("checks"),  # their names; none: all
    _text("state"),  # waiting | running | done | stopped
    _int("asked_at"),
    _int("started_at", null=True),
    _int("touched_at", null=True),  # when whoever runs it was last seen to live
    _int("ended_at", null=True),
    _int("looked_at"),  # deals and tasks
    Index("uq_audit_runs_period", "period", unique=True),
    Index("uq_audit_runs_state", "state", unique=True, sqlite_where=_under_way, postgresql_where=_under_way),
)

findings = _table(
    "findings",
    _id(),
    _text("key"),  # check:deal:17, check:task:3, check:pair:5, check:contact:8
    _text("check_name"),
    _text("severity"),
    _int("person_id", null=True),
    _int("contact_id", null=True),
    _int("deal_id", null=True),
    _int("task_id", null=True),
    _text("what"),
    _int("since"),
    _text("status"),  # not_handled | fixed | cannot_fix
    _text("reason"),
    _int("settled_at", null=True),
    _int("settled_by", null=True),
    _int("confirmed_at", null=True),
    _int("confirmed_by", null=True),
    _int("first_at"),
    _int("first_run"),
    _int("run_id"),  # the last one that found it
    _int("back_run"),  # the last one that found it again
    _int("repeats"),
    _int("gone_run", null=True),
    _int("gone_at", null=True),
    Index("uq_findings_key", "key", unique=True),
    Index("ix_findings_there", "severity", "id", sqlite_where=_there, postgresql_where=_there),
    Index("ix_findings_person", "person_id", "severity", "id", sqlite_where=_there, postgresql_where=_there),
    Index("ix_findings_check", "check_name", "severity", "id", sqlite_where=_there, postgresql_where=_there),
)

audit_tallies = _table(  # what a run came to, by check and responsible
    "audit_tallies",
    Column("run_id", Int, primary_key=True, autoincrement=False),
    Column("check_name", Text, primary_key=True),
    Column("person_id", Int, primary_key=True, autoincrement=False),  # 0: nobody's
    _int("found"),
    _int("fresh"),
    _int("repeats"),
    _int("fixed"),
    _int("excused"),
)
