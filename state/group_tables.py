"""The tables of what contacts belong to: companies, by the deals that were made for them, and the audiences that robots gather.

A row names the deal it came from; whose deal that is now, after merges and their undoing, the deal itself knows.
"""

from sqlalchemy import Column, Index, Text, text

from state.columns import Int, id_, int_, table_, text_

audience_members = table_(  # lists of contacts that robots gather for mailings
    "audience_members",
    Column("audience", Text, primary_key=True),
    Column("contact_id", Int, primary_key=True, autoincrement=False),
    int_("deal_id"),
    int_("at"),
)

companies = table_(  # legal entities
    "companies",
    id_(),
    text_("name"),
    text_("tax_id"),  # letters and digits; empty: not known
    text_("key"),  # the name without signs and cases
    int_("created_at"),
    Index(
        "uq_companies_tax_id",
        "tax_id",
        unique=True,
        sqlite_where=text("tax_id <> ''"),
        postgresql_where=text("tax_id <> ''"),
    ),
    Index("ix_companies_key", "key"),
)

company_deals = table_(
    "company_deals",
    Column("deal_id", Int, primary_key=True, autoincrement=False),
    int_("company_id"),
    int_("at"),
    Index("ix_company_deals_company_id", "company_id", "deal_id"),
)
