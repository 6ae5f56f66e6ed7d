"""Scripts are published: their versions, which of them is live, and the runs that follow."""

import sqlalchemy as sa
from alembic import op

revision = "0002_script_versions"
down_revision = "0001_spine"

Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "script_versions",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("number", Int, nullable=False, autoincrement=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("author_id", Int, nullable=True),
        sa.Column("at", Int, nullable=False),
        sa.Column("parent", sa.Text, nullable=False),
        sa.Column("revision", Int, nullable=False),
        sa.PrimaryKeyConstraint("name", "number", name="pk_script_versions"),
        sqlite_strict=True,
    )
    op.create_table(
        "script_live",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("stable", sa.Text, nullable=False),
        sa.Column("candidate", sa.Text, nullable=False),
        sa.Column("percent", Int, nullable=False),
        sa.Column("revision", Int, nullable=False),
        sa.Column("author_id", Int, nullable=True),
        sa.Column("at", Int, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_script_live"),
        sqlite_strict=True,
    )
    op.create_table(
        "script_moves",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("revision", Int, nullable=False, autoincrement=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("steps", sa.Text, nullable=False),
        sa.Column("author_id", Int, nullable=False),
        sa.Column("at", Int, nullable=False),
        sa.Column("done_at", Int, nullable=True),
        sa.PrimaryKeyConstraint("name", "revision", name="pk_script_moves"),
        sqlite_strict=True,
    )
