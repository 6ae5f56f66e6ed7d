"""The schema. Every change here needs a migration; a test compares the two.

Types are the few that SQLite's STRICT tables and PostgreSQL agree on: integers of 63 bits, text, bytes; JSON is text.
There are no foreign keys: rows are only ever written by the lane that owns them, and the hot path pays for each check.
"""

from sqlalchemy import Column, Index, LargeBinary, Table, Text, text

from state import group_tables as group_tables  # noqa: PLC0414 - whoever has the tables has these, too
from state import report_tables as report_tables  # noqa: PLC0414 - and these
from state.columns import Int, Json
from state.columns import id_ as _id
from state.columns import int_ as _int
from state.columns import json_ as _json
from state.columns import metadata as metadata  # noqa: PLC0414 - for those who need every table
from state.columns import table_ as _table
from state.columns import text_ as _text

lanes = _table(
    "lanes",
    Column("contact_id", Int, primary_key=True, autoincrement=False),
    _int("due_at", null=True),
    _json("pace"),
    Index(
        "ix_lanes_due_at",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
)

contacts = _table(
    "contacts",
    _id(),
    _text("name"),
    _text("phone"),
    _text("email"),
    _int("created_at"),
    _int("merged_into", null=True),
)

identities = _table(
    "identities",
    _id(),
    _int("contact_id"),
    _text("channel"),
    _text("account"),
    _text("address"),
    _text("name"),
    _text("barred"),
    _int("heard_at", null=True),
    _int("created_at"),
    _text("key"),  # channel:account:address
    _int("person_id", null=True),  # whose chat it is, of those who work here
    Index("uq_identities_key", "key", unique=True),
    Index("ix_identities_contact_id", "contact_id"),
    Index(
        "uq_identities_person_id",
        "person_id",
        unique=True,
        sqlite_where=text("person_id IS NOT NULL"),
        postgresql_where=text("person_id IS NOT NULL"),
    ),
)

points = _table(  # phones and e-mails that lead to a contact
    "points",
    Column("key", Text, primary_key=True),  # phone:+7… or email:…
    _int("contact_id"),
    _int("verified_at", null=True),
    Index("ix_points_contact_id", "contact_id"),
)

inbox = _table(
    "inbox",
    _id(),
    _text("channel"),
    _text("account"),
    _text("external_id"),
    _int("contact_id", null=True),
    _int("received_at"),
    _text("kind"),
    _json("event"),
    _int("attempts"),
    _text("key"),  # channel:account:external_id
    Column("raw", LargeBinary, nullable=False),
    _text("state"),  # waiting | processed | ignored | quarantined
    _text("reason"),
    _int("done_at", null=True),
    Index("uq_inbox_key", "key", unique=True),
    Index(
        "ix_inbox_waiting",
        "contact_id",
        "id",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(
        "ix_inbox_quarantined",
        "id",
        sqlite_where=text("state = 'quarantined'"),
        postgresql_where=text("state = 'quarantined'"),
    ),
)

deals = _table(
    "deals",
    _id(),
    _int("contact_id"),
    _text("funnel"),
    _text("slot"),
    _text("stage"),
    _text("title"),
    _text("source"),
    _text("why"),
    _json("tags"),
    _json("fields"),
    _int("responsible_id", null=True),
    _text("owner"),
    _int("epoch"),
    _int("route_id", null=True),
    _int("waiting_since", null=True),
    _int("stage_at"),
    _int("opened_at"),
    _int("closed_at", null=True),
    _text("outcome", null=True),
    _text("reason"),
    _int("version"),
    Index(
        "uq_deals_open",
        "contact_id",
        "slot",
        unique=True,
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
    Index("ix_deals_contact_id", "contact_id"),
    Index("ix_deals_opened_at", "opened_at", "id"),
    Index(
        "ix_deals_responsible",
        "responsible_id",
        sqlite_where=text("closed_at IS NULL AND responsible_id IS NOT NULL"),
        postgresql_where=text("closed_at IS NULL AND responsible_id IS NOT NULL"),
    ),
    Index(
        "ix_deals_stage",
        "funnel",
        "stage",
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
)

runs = _table(
    "runs",
    _id(),
    _int("deal_id"),
    _int("contact_id"),
    _text("bot"),
    _text("script"),
    _json("state"),
    _text("status"),
    _int("waits_until", null=True),
    _int("started_at"),
    _int("ended_at", null=True),
    _text("reason"),
    Index(
        "uq_runs_running",
        "deal_id",
        unique=True,
        sqlite_where=text("status = 'running'"),
        postgresql_where=text("status = 'running'"),
    ),
    Index(
        "ix_runs_contact",
        "contact_id",
        sqlite_where=text("status = 'running'"),
        postgresql_where=text("status = 'running'"),
    ),
    Index("ix_runs_deal_id", "deal_id"),
    Index("ix_runs_bot", "bot", "started_at"),
)

steps = _table(  # what happened at the steps of scripts: a run's trail, moved here in handfuls
    "steps",
    Column("run_id", Int, primary_key=True, autoincrement=False),
    Column("n", Int, primary_key=True, autoincrement=False),
    _int("at"),
    _text("notes"),
    sqlite_with_rowid=False,
)

parcels = _table(  # that a carrier is asked about
    "parcels",
    Column("tracking", Text, primary_key=True),
    _text("carrier"),
    _text("status"),  # as it was told last
    _int("since"),
    _int("next_at", null=True),  # null: it has come to its end
    Index("ix_parcels_next_at", "next_at"),
)

_IN_POOL = text("substr(name, 1, 7) = 'assign:'")  # deals that wait for somebody (state/staff.py)
timers = _table(
    "timers",
    Column("contact_id", Int, primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    _int("deal_id"),
    _int("run_id"),
    _text("name"),
    _int("due_at"),
    Index("ix_timers_pool", "name", "deal_id", sqlite_where=_IN_POOL, postgresql_where=_IN_POOL),
)

firings = _table(  # every turn of a robot or a trigger, and why it did what it did
    "firings",
    _id(),
    _int("deal_id"),
    _text("rule"),
    _text("stage"),
    _int("at"),
    _text("outcome"),  # fired | nothing | held | postponed | stopped
    _text("seen"),  # the condition that decided it, with the value it met
    _text("cause"),  # what happened; empty: its time had come
    Column("deeds", Json, nullable=False, server_default="[]"),  # that did not do what they say
    Index("ix_firings_deal_id", "deal_id", "id"),
    Index("ix_firings_at", "at"),
)

tasks = _table(
    "tasks",
    _id(),
    _int("deal_id"),
    _int("contact_id"),
    _text("kind"),
    _text("text"),
    _json("details"),
    _int("responsible_id", null=True),
    _int("due_at", null=True),
    _text("state"),
    _text("result"),
    _text("created_by"),
    _int("created_at"),
    _int("done_at", null=True),
    _int("done_by", null=True),
    Column("ends", Text, nullable=False, server_default=""),
    Index("ix_tasks_deal_id", "deal_id"),
    Index(
        "ix_tasks_open",
        "responsible_id",
        "due_at",
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
)

entries = _table(
    "entries",
    _id(),
    _int("deal_id"),
    _int("contact_id"),
    _int("at"),
    _text("kind"),
    _text("direction"),
    _text("channel"),
    _int("identity_id", null=True),
    _text("author"),
    _int("person_id", null=True),
    _text("text"),
    _json("media"),
    _json("data"),
    _text("client_id", null=True),
    Index("ix_entries_deal_id", "deal_id", "id"),
    Index("ix_entries_identity_id", "identity_id", "id"),
    Index(
        "uq_entries_client_id",
        "deal_id",
        "client_id",
        unique=True,
        sqlite_where=text("client_id IS NOT NULL"),
        postgresql_where=text("client_id IS NOT NULL"),
    ),
)

parts = _table(
    "parts",
    _id(),
    _int("entry_id"),
    _int("deal_id"),
    _int("contact_id"),
    _int("identity_id"),
    _text("channel"),
    _text("account"),
    _text("address"),
    _json("payload"),
    _text("author"),
    _text("kind"),
    _int("epoch", null=True),
    _int("priority"),
    _int("due_at"),
    _text("state"),  # queued | sending | sent | delivered | read | failed | unknown | blocked
    _int("open"),
    _int("attempts"),
    _int("repeats"),
    _text("provider_id"),
    _text("error"),
    _int("claimed_at", null=True),
    _int("settled_at", null=True),
    Index(
        "ix_parts_queued",
        "priority",
        "id",
        sqlite_where=text("state = 'queued'"),
        postgresql_where=text("state = 'queued'"),
    ),
    Index("ix_parts_open", "identity_id", "id", sqlite_where=text("open = 1"), postgresql_where=text("open = 1")),
    Index(
        "ix_parts_sending",
        "claimed_at",
        sqlite_where=text("open = 1 AND state <> 'queued'"),
        postgresql_where=text("open = 1 AND state <> 'queued'"),
    ),
    Index("ix_parts_entry_id", "entry_id"),
)

scripts = _table(
    "scripts", Column("hash", Text, primary_key=True), _text("name"), _text("source"), _int("first_used_at")
)

script_versions = _table(  # what was published, in order; the texts are in `scripts`
    "script_versions",
    Column("name", Text, primary_key=True),
    Column("number", Int, primary_key=True, autoincrement=False),
    _text("hash"),
    _text("title"),
    _text("label"),
    _text("note"),
    _int("author_id", null=True),  # null: the playbook's files
    _int("at"),
    _text("parent"),
    _int("revision"),
)

script_live = _table(
    "script_live",
    Column("name", Text, primary_key=True),
    _text("stable"),
    _text("candidate"),
    _int("percent"),
    _int("revision"),  # rises with every change of what is live
    _int("author_id", null=True),  # null: nobody has published, the playbook's files count
    _int("at"),
)

script_moves = _table(  # runs on their way to another version, each in its own lane
    "script_moves",
    Column("name", Text, primary_key=True),
    Column("revision", Int, primary_key=True, autoincrement=False),
    _text("hash"),
    _json("steps"),  # old step → new step; empty: to a person
    _int("author_id"),
    _int("at"),
    _int("done_at", null=True),
)

changes = Table(  # what the console and other programs follow; ids rise with commits on one writer
    "changes",
    metadata,
    Column("id", Int, primary_key=True, autoincrement=True),
    _int("at"),
    _text("kind"),
    _int("deal_id"),
    _int("ref_id"),
    sqlite_strict=True,
    sqlite_autoincrement=True,
)

merges = _table(  # who or what was joined to what, and what it takes to part them again
    "merges",
    _id(),
    _text("kind"),  # contacts | deals | split
    _int("contact_id"),
    _int("from_contact_id", null=True),
    _int("deal_id", null=True),
    _int("from_deal_id", null=True),
    _int("parent_id", null=True),  # the merge of contacts that brought this one of deals about
    _text("batch"),
    _text("why"),
    _int("by_id", null=True),  # null: the system
    _int("at"),
    _json("data"),
    _int("undone_at", null=True),
    _int("undone_by", null=True),
    Index("ix_merges_contact_id", "contact_id"),
    Index("ix_merges_from_contact_id", "from_contact_id"),
    Index("ix_merges_deal_id", "deal_id"),
    Index("ix_merges_from_deal_id", "from_deal_id"),
    Index("ix_merges_parent_id", "parent_id"),
    Index("ix_merges_batch", "batch", sqlite_where=text("batch <> ''"), postgresql_where=text("batch <> ''")),
)

claims = _table(  # what contacts say of themselves and nobody has proved
    "claims",
    Column("key", Text, primary_key=True),  # phone:+7…, email:…, order:…, name:…
    Column("contact_id", Int, primary_key=True, autoincrement=False),
    _int("at"),
)

duplicates = _table(  # pairs of contacts that may be one person
    "duplicates",
    _id(),
    _int("contact_id"),  # the older
    _int("other_id"),
    _json("reasons"),
    _text("state"),  # open | merged | dismissed
    _int("found_at"),
    _int("merge_id", null=True),
    _int("settled_at", null=True),
    _int("settled_by", null=True),
    Index("uq_duplicates_contact_id", "contact_id", "other_id", unique=True),
    Index("ix_duplicates_other_id", "other_id"),
    Index("ix_duplicates_open", "id", sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'")),
)

people = _table(
    "people",
    _id(),
    _text("name"),
    _text("role"),
    _int("active"),
    _int("created_at"),
    Column("groups", Json, nullable=False, server_default="[]"),
    Column("calendar", Text, nullable=False, server_default=""),  # of their shift
    Column("capacity", Int, nullable=False, server_default="0"),
    _int("away_until", null=True),
    _int("seen_at", null=True),
    Column("program", Int, nullable=False, server_default="0"),  # 1: no person, but what stands behind a token
)

assignments = _table(  # who had the last deal of each rule that goes in order
    "assignments",
    Column("rule", Text, primary_key=True),
    _int("person_id"),
    _int("at"),
)

staff_notes = _table(  # what a message to one of the staff is about, so that their answer finds it
    "staff_notes",
    Column("part_id", Int, primary_key=True, autoincrement=False),
    _int("identity_id"),
    _int("task_id"),
    _int("deal_id"),
    _text("asks"),  # "" | result | reason | reply | overdue
    _text("kept"),  # what they have already answered: the result, while the reason is asked for
    _int("due_at", null=True),  # of the task, where it was overdue
    _int("at"),
    Index("ix_staff_notes_identity_id", "identity_id", "part_id"),
    Index("ix_staff_notes_task_id", "task_id"),
)

tokens = _table(
    "tokens",
    _id(),
    _int("person_id"),
    _text("kind"),  # api | session | signin | telegram
    _text("digest"),
    _int("created_at"),
    _int("expires_at", null=True),
    _int("ended_at", null=True),
    Index("uq_tokens_digest", "digest", unique=True),
)

files = _table(  # uploaded by visitors, kept in the data folder under a random name
    "files",
    Column("id", Text, primary_key=True),
    _text("identity_key"),
    _text("kind"),
    _text("name"),
    _text("mime"),
    _int("size"),
    _int("created_at"),
)

tallies = _table(  # received = processed + duplicate + ignored + quarantined + waiting, kept in the same commits
    "tallies",
    Column("key", Text, primary_key=True),  # shard:channel:outcome:reason
    _text("channel"),
    _text("outcome"),
    _text("reason"),
    _int("n"),
)

counters = _table("counters", Column("name", Text, primary_key=True), _int("next"))

cursors = _table("cursors", Column("key", Text, primary_key=True), _int("value"))
