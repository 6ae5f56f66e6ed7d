"""Parcels that a carrier is asked about."""

import sqlalchemy as sa
from alembic import op

revision = "0006_parcels"
down_revision = "0005_staff"

Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "parcels",
        sa.Column("tracking", sa.Text, nullable=False),
        sa.Column("carrier", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("since", Int, nullable=False),
        sa.Column("next_at", Int, nullable=True),
        sa.PrimaryKeyConstraint("tracking", name="pk_parcels"),
        sqlite_strict=True,
    )
    op.create_index("ix_parcels_next_at", "parcels", ["next_at"], unique=False)
