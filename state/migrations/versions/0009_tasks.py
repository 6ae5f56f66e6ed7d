"""Chats of those who work here: whose they are, and what each message to them is about."""

import sqlalchemy as sa
from alembic import op

revision = "0009_tasks"
down_revision = "0008_audit"

Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("identities", sa.Column("person_id", Int, nullable=True))
    op.create_index(
        "uq_identities_person_id",
        "identities",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("person_id IS NOT NULL"),
        postgresql_where=sa.text("person_id IS NOT NULL"),
    )
    op.create_table(
        "staff_notes",
        sa.Column("part_id", Int, autoincrement=False, nullable=False),
        sa.Column("identity_id", Int, nullable=False),
        sa.Column("task_id", Int, nullable=False),
        sa.Column("deal_id", Int, nullable=False),
        sa.Column("asks", sa.Text, nullable=False),
        sa.Column("kept", sa.Text, nullable=False),
        sa.Column("due_at", Int, nullable=True),
        sa.Column("at", Int, nullable=False),
        sa.PrimaryKeyConstraint("part_id", name="pk_staff_notes"),
        sqlite_strict=True,
    )
    op.create_index("ix_staff_notes_identity_id", "staff_notes", ["identity_id", "part_id"])
    op.create_index("ix_staff_notes_task_id", "staff_notes", ["task_id"])
