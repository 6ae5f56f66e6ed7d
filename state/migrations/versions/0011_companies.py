"""Companies, and the deals that were made for them."""

import sqlalchemy as sa
from alembic import op

revision = "0011_companies"
down_revision = "0010_reports"

Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "companies",
        sa.Column("id", Int, nullable=False, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("tax_id", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("created_at", Int, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_companies"),
        sqlite_strict=True,
    )
    told = sa.text("tax_id <> ''")
    op.create_index(
        "uq_companies_tax_id", "companies", ["tax_id"], unique=True, sqlite_where=told, postgresql_where=told
    )
    op.create_index("ix_companies_key", "companies", ["key"], unique=False)
    op.create_table(
        "company_deals",
        sa.Column("deal_id", Int, nullable=False, autoincrement=False),
        sa.Column("company_id", Int, nullable=False),
        sa.Column("at", Int, nullable=False),
        sa.PrimaryKeyConstraint("deal_id", name="pk_company_deals"),
        sqlite_strict=True,
    )
    op.create_index("ix_company_deals_company_id", "company_deals", ["company_id", "deal_id"], unique=False)
