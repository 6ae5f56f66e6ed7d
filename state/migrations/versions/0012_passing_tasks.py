"""Tasks that end when the deal leaves its stage."""

import sqlalchemy as sa
from alembic import op

revision = "0012_passing_tasks"
down_revision = "0011_companies"


def upgrade() -> None:
    op.add_column("tasks", sa.Column("ends", sa.Text, nullable=False, server_default=""))
