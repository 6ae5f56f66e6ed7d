"""Indexes of stays and waits that hold all that reports ask of them."""

from alembic import op

revision = "0015_wider_indexes"
down_revision = "0014_programs"


def upgrade() -> None:
    op.drop_index("ix_stays_left_at", "stays")
    op.create_index("ix_stays_left_at", "stays", ["left_at", "entered_at", "stage"], unique=False)
    op.drop_index("ix_waits_began_at", "waits")
    op.create_index(
        "ix_waits_began_at", "waits", ["began_at", "deal_id", "person_id", "ended_at", "channel"], unique=False
    )
