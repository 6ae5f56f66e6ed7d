"""The tables that the first version stands on."""

import sqlalchemy as sa
from alembic import op

revision = "0001_spine"
down_revision = None

Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "lanes",
        sa.Column("contact_id", Int, nullable=False, autoincrement=False),
        sa.Column("due_at", Int, nullable=True),
        sa.Column("pace", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name="pk_lanes"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_lanes_due_at",
        "lanes",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "contacts",
        sa.Column("id", Int, nullable=False, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("phone", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("created_at", Int, nullable=False),
        sa.Column("merged_into", Int, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_contacts"),
        sqlite_strict=True,
    )
    op.create_table(
        "identities",
        sa.Column("id", Int, nullable=False, autoincrement=False),
        sa.Column("contact_id", Int, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("barred", sa.Text, nullable=False),
        sa.Column("heard_at", Int, nullable=True),
        sa.Column("created_at", Int, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_identities"),
        sqlite_strict=True,
    )
    op.create_index("ix_identities_contact_id", "identities", ["contact_id"], unique=False)
    op.create_index("uq_identities_key", "identities", ["key"], unique=True)
    op.create_table(
        "points",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("contact_id", Int, nullable=False),
        sa.Column("verified_at", Int, nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_points"),
        sqlite_strict=True,
    )
    op.create_index("ix_points_contact_id", "points", ["contact_id"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("id", Int, nullable=False, autoincrement=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("external_id", sa.Text, nullable=False),
        sa.Column("contact_id", Int, nullable=True),
        sa.Column("received_at", Int, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("attempts", Int, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("done_at", Int, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_inbox_quarantined",
        "inbox",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'quarantined'"),
        postgresql_where=sa.text("state = 'quarantined'"),
    )
    op.create_index(
        "ix_inbox_waiting",
        "inbox",
        ["contact_id", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("uq_inbox_key", "inbox", ["key"], unique=True)
    op.create_table(
        "deals",
        sa.Column("id", Int, nullable=False, autoincrement=False),
        sa.Column("contact_id", Int, nullable=False),
        sa.Column("funnel", sa.Text, nullable=False),
        sa.Column("slot", sa.Text, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("responsible_id", Int, nullable=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("epoch", Int, nullable=False),
        sa.Column("route_id", Int, nullable=True),
        sa.Column("waiting_since", Int, nullable=True),
        sa.Column("stage_at", Int, nullable=False),
        sa.Column("opened_at", Int, nullable=False),
        sa.Column("closed_at", Int, nullable=True),
        sa.Column("outcome", sa.Text, nullable=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("version", Int, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deals"),
        sqlite_strict=True,
    )
    op.create_index("ix_deals_contact_id", "deals", ["contact_id"], unique=False)
    op.create_index("ix_deals_opened_at", "deals", ["opened_at", "id"], unique=False)
    op.create_index(
        "ix_deals_stage",
        "deals",
        ["funnel", "stage"],
        unique=False,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "uq_deals_open",
        "deals",
        ["contact_id", "slot"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "runs",
        sa.Column("id", Int, nullable=False, autoincrement=False),
        sa.Column("deal_id", Int, nullable=False),
        sa.Column("contact_id", Int, nullable=False),
        sa.Column("bot", sa.Text, nullable=False),
        sa.Column("script", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("waits_until", Int, nullable=True),
        sa.Column("started_at", Int, nullable=False),
        sa.Column("ended_at", Int, nullable=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_runs_contact",
        "runs",
        ["contact_id"],
        unique=False,
        sqlite_where=sa.text("status = 'running'"),
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_index("ix_runs_deal_id", "runs", ["deal_id"], unique=False)
    op.create_index(
        "uq_runs_running",
        "runs",
        ["deal_id"],
        unique=True,
        sqlite_where=sa.text("status = 'running'"),
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_table(
        "timers",
        sa.Column("contact_id", Int, nullable=False, autoincrement=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("deal_id", Int, nullable=False),
        sa.Column("run_id", Int, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("due_at", Int, nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "key", name="pk_timers"),
        sqlite_strict=True,
    )
    op.create_table(
        "tasks",
        sa.Column("id", Int, nullable=False, autoincrement=False),
        sa.Column("deal_id", Int, nullable=False),
        sa.Column("contact_id", Int, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("responsible_id", Int, nullable=True),
        sa.Column("due_at", Int, nullable=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", Int, nullable=False),
        sa.Column("done_at", Int, nullable=True),
        sa.Column("done_by", Int, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        sqlite_strict=True,
    )
    op.create_index("ix_tasks_deal_id", "tasks", ["deal_id"], unique=False)
    op.create_index(
        "ix_tasks_open",
        "tasks",
        ["responsible_id", "due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "entries",
        sa.Column("id", Int, nullable=False, autoincrement=False),
        sa.Column("deal_id", Int, nullable=False),
        sa.Column("contact_id", Int, nullable=False),
        sa.Column("at", Int, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("identity_id", Int, nullable=True),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("person_id", Int, nullable=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("media", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_entries"),
        sqlite_strict=True,
    )
    op.create_index("ix_entries_deal_id", "entries", ["deal_id", "id"], unique=False)
    op.create_index("ix_entries_identity_id", "entries", ["identity_id", "id"], unique=False)
    op.create_index(
        "uq_entries_client_id",
        "entries",
        ["deal_id", "client_id"],
        unique=True,
        sqlite_where=sa.text("client_id IS NOT NULL"),
        postgresql_where=sa.text("client_id IS NOT NULL"),
    )
    op.create_table(
        "parts",
        sa.Column("id", Int, nullable=False, autoincrement=False),
        sa.Column("entry_id", Int, nullable=False),
        sa.Column("deal_id", Int, nullable=False),
        sa.Column("contact_id", Int, nullable=False),
        sa.Column("identity_id", Int, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("epoch", Int, nullable=True),
        sa.Column("priority", Int, nullable=False),
        sa.Column("due_at", Int, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("open", Int, nullable=False),
        sa.Column("attempts", Int, nullable=False),
        sa.Column("repeats", Int, nullable=False),
        sa.Column("provider_id", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("claimed_at", Int, nullable=True),
        sa.Column("settled_at", Int, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_parts"),
        sqlite_strict=True,
    )
    op.create_index("ix_parts_entry_id", "parts", ["entry_id"], unique=False)
    op.create_index(
        "ix_parts_open",
        "parts",
        ["identity_id", "id"],
        unique=False,
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open = 1"),
    )
    op.create_index(
        "ix_parts_queued",
        "parts",
        ["priority", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_parts_sending",
        "parts",
        ["claimed_at"],
        unique=False,
        sqlite_where=sa.text("open = 1 AND state <> 'queued'"),
        postgresql_where=sa.text("open = 1 AND state <> 'queued'"),
    )
    op.create_table(
        "scripts",
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("first_used_at", Int, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_scripts"),
        sqlite_strict=True,
    )
    op.create_table(
        "changes",
        sa.Column("id", Int, nullable=False, autoincrement=True),
        sa.Column("at", Int, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("deal_id", Int, nullable=False),
        sa.Column("ref_id", Int, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_changes"),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    op.create_table(
        "people",
        sa.Column("id", Int, nullable=False, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("active", Int, nullable=False),
        sa.Column("created_at", Int, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sqlite_strict=True,
    )
    op.create_table(
        "tokens",
        sa.Column("id", Int, nullable=False, autoincrement=False),
        sa.Column("person_id", Int, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("created_at", Int, nullable=False),
        sa.Column("expires_at", Int, nullable=True),
        sa.Column("ended_at", Int, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sqlite_strict=True,
    )
    op.create_index("uq_tokens_digest", "tokens", ["digest"], unique=True)
    op.create_table(
        "files",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("identity_key", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("mime", sa.Text, nullable=False),
        sa.Column("size", Int, nullable=False),
        sa.Column("created_at", Int, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_files"),
        sqlite_strict=True,
    )
    op.create_table(
        "tallies",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("n", Int, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_tallies"),
        sqlite_strict=True,
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("next", Int, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
        sqlite_strict=True,
    )
    op.create_table(
        "cursors",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", Int, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_cursors"),
        sqlite_strict=True,
    )
