"""Merges that can be undone, what contacts say of themselves, and pairs that may be one person."""

import sqlalchemy as sa
from alembic import op

revision = "0007_merges"
down_revision = "0006_parcels"

Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    named, still = sa.text("batch <> ''"), sa.text("state = 'open'")
    op.create_table(
        "merges",
        sa.Column("id", Int, nullable=False, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("contact_id", Int, nullable=False),
        sa.Column("from_contact_id", Int, nullable=True),
        sa.Column("deal_id", Int, nullable=True),
        sa.Column("from_deal_id", Int, nullable=True),
        sa.Column("parent_id", Int, nullable=True),
        sa.Column("batch", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("by_id", Int, nullable=True),
        sa.Column("at", Int, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("undone_at", Int, nullable=True),
        sa.Column("undone_by", Int, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_merges"),
        sqlite_strict=True,
    )
    for column in ("contact_id", "from_contact_id", "deal_id", "from_deal_id", "parent_id"):
        op.create_index(f"ix_merges_{column}", "merges", [column], unique=False)
    op.create_index("ix_merges_batch", "merges", ["batch"], unique=False, sqlite_where=named, postgresql_where=named)
    op.create_table(
        "claims",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("contact_id", Int, nullable=False, autoincrement=False),
        sa.Column("at", Int, nullable=False),
        sa.PrimaryKeyConstraint("key", "contact_id", name="pk_claims"),
        sqlite_strict=True,
    )
    op.create_table(
        "duplicates",
        sa.Column("id", Int, nullable=False, autoincrement=False),
        sa.Column("contact_id", Int, nullable=False),
        sa.Column("other_id", Int, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("found_at", Int, nullable=False),
        sa.Column("merge_id", Int, nullable=True),
        sa.Column("settled_at", Int, nullable=True),
        sa.Column("settled_by", Int, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_duplicates"),
        sqlite_strict=True,
    )
    op.create_index("uq_duplicates_contact_id", "duplicates", ["contact_id", "other_id"], unique=True)
    op.create_index("ix_duplicates_other_id", "duplicates", ["other_id"], unique=False)
    op.create_index(
        "ix_duplicates_open", "duplicates", ["id"], unique=False, sqlite_where=still, postgresql_where=still
    )
