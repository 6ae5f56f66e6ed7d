"""What came of a robot's deeds that did not do what they say."""

import sqlalchemy as sa
from alembic import op

revision = "0013_deeds"
down_revision = "0012_passing_tasks"


def upgrade() -> None:
    op.add_column("firings", sa.Column("deeds", sa.Text, nullable=False, server_default="[]"))
