"""Who works here and what stands behind a token are told apart; whoever a token was made with, and the settings' admin, is a program."""

import sqlalchemy as sa
from alembic import op

revision = "0014_programs"
down_revision = "0013_deeds"

Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PROGRAMS = """
    UPDATE people SET program = 1
    WHERE EXISTS (SELECT 1 FROM tokens t WHERE t.person_id = people.id
                  AND ((t.kind = 'api' AND t.created_at = people.created_at) OR (t.kind = 'mark' AND t.digest = 'settings')))
    AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.person_id = people.id AND t.kind IN ('signin', 'session', 'telegram'))
"""


def upgrade() -> None:
    op.add_column("people", sa.Column("program", Int, nullable=False, server_default="0"))
    op.execute(_PROGRAMS)
