"""Turns of robots and triggers, and the lists that they gather contacts in."""

import sqlalchemy as sa
from alembic import op

revision = "0004_robots"
down_revision = "0003_steps"

Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "firings",
        sa.Column("id", Int, nullable=False, autoincrement=False),
        sa.Column("deal_id", Int, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("at", Int, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("seen", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_firings"),
        sqlite_strict=True,
    )
    op.create_index("ix_firings_deal_id", "firings", ["deal_id", "id"], unique=False)
    op.create_index("ix_firings_at", "firings", ["at"], unique=False)
    op.create_table(
        "audience_members",
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("contact_id", Int, nullable=False, autoincrement=False),
        sa.Column("deal_id", Int, nullable=False),
        sa.Column("at", Int, nullable=False),
        sa.PrimaryKeyConstraint("audience", "contact_id", name="pk_audience_members"),
        sqlite_strict=True,
    )
