"""An index of the deals that wait for somebody to have room."""

import sqlalchemy as sa
from alembic import op

revision = "0016_pool"
down_revision = "0015_wider_indexes"

_IN_POOL = sa.text("substr(name, 1, 7) = 'assign:'")


def upgrade() -> None:
    op.create_index(
        "ix_timers_pool", "timers", ["name", "deal_id"], unique=False, sqlite_where=_IN_POOL, postgresql_where=_IN_POOL
    )
