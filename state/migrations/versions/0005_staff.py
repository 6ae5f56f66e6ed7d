"""People's groups, shifts, room and presence; who had the last deal of a rule."""

import sqlalchemy as sa
from alembic import op

revision = "0005_staff"
down_revision = "0004_robots"

Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = "closed_at IS NULL AND responsible_id IS NOT NULL"


def upgrade() -> None:
    op.add_column("people", sa.Column("groups", sa.Text, nullable=False, server_default="[]"))
    op.add_column("people", sa.Column("calendar", sa.Text, nullable=False, server_default=""))
    op.add_column("people", sa.Column("capacity", Int, nullable=False, server_default="0"))
    op.add_column("people", sa.Column("away_until", Int, nullable=True))
    op.add_column("people", sa.Column("seen_at", Int, nullable=True))
    op.create_table(
        "assignments",
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("person_id", Int, nullable=False),
        sa.Column("at", Int, nullable=False),
        sa.PrimaryKeyConstraint("rule", name="pk_assignments"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_deals_responsible",
        "deals",
        ["responsible_id"],
        unique=False,
        sqlite_where=sa.text(_OPEN),
        postgresql_where=sa.text(_OPEN),
    )
