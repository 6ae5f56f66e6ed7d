"""Audits: their runs, what they find, how much of it there was."""

import sqlalchemy as sa
from alembic import op

revision = "0008_audit"
down_revision = "0007_merges"

Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    under_way, there = sa.text("state IN ('waiting', 'running')"), sa.text("gone_at IS NULL")
    op.create_table(
        "audit_runs",
        sa.Column("id", Int, nullable=False, autoincrement=False),
        sa.Column("period", sa.Text, nullable=True),
        sa.Column("by_id", Int, nullable=True),
        sa.Column("checks", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("asked_at", Int, nullable=False),
        sa.Column("started_at", Int, nullable=True),
        sa.Column("touched_at", Int, nullable=True),
        sa.Column("ended_at", Int, nullable=True),
        sa.Column("looked_at", Int, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_runs"),
        sqlite_strict=True,
    )
    op.create_index("uq_audit_runs_period", "audit_runs", ["period"], unique=True)
    op.create_index(
        "uq_audit_runs_state", "audit_runs", ["state"], unique=True, sqlite_where=under_way, postgresql_where=under_way
    )
    op.create_table(
        "findings",
        sa.Column("id", Int, nullable=False, autoincrement=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("check_name", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("person_id", Int, nullable=True),
        sa.Column("contact_id", Int, nullable=True),
        sa.Column("deal_id", Int, nullable=True),
        sa.Column("task_id", Int, nullable=True),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("since", Int, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("settled_at", Int, nullable=True),
        sa.Column("settled_by", Int, nullable=True),
        sa.Column("confirmed_at", Int, nullable=True),
        sa.Column("confirmed_by", Int, nullable=True),
        sa.Column("first_at", Int, nullable=False),
        sa.Column("first_run", Int, nullable=False),
        sa.Column("run_id", Int, nullable=False),
        sa.Column("back_run", Int, nullable=False),
        sa.Column("repeats", Int, nullable=False),
        sa.Column("gone_run", Int, nullable=True),
        sa.Column("gone_at", Int, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_findings"),
        sqlite_strict=True,
    )
    op.create_index("uq_findings_key", "findings", ["key"], unique=True)
    for name, columns in (
        ("ix_findings_there", ["severity", "id"]),
        ("ix_findings_person", ["person_id", "severity", "id"]),
        ("ix_findings_check", ["check_name", "severity", "id"]),
    ):
        op.create_index(name, "findings", columns, unique=False, sqlite_where=there, postgresql_where=there)
    op.create_table(
        "audit_tallies",
        sa.Column("run_id", Int, nullable=False, autoincrement=False),
        sa.Column("check_name", sa.Text, nullable=False),
        sa.Column("person_id", Int, nullable=False, autoincrement=False),
        sa.Column("found", Int, nullable=False),
        sa.Column("fresh", Int, nullable=False),
        sa.Column("repeats", Int, nullable=False),
        sa.Column("fixed", Int, nullable=False),
        sa.Column("excused", Int, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "check_name", "person_id", name="pk_audit_tallies"),
        sqlite_strict=True,
    )
