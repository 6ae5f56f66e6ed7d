"""What happened at the steps of scripts, and a bot's runs in the order of time."""

import sqlalchemy as sa
from alembic import op

revision = "0003_steps"
down_revision = "0002_script_versions"

Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "steps",
        sa.Column("run_id", Int, nullable=False, autoincrement=False),
        sa.Column("n", Int, nullable=False, autoincrement=False),
        sa.Column("at", Int, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "n", name="pk_steps"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_runs_bot", "runs", ["bot", "started_at"], unique=False)
