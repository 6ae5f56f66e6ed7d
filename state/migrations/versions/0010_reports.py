"""Stays in stages and waits for a person, for reports; what is known of them so far is read out of the timelines."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010_reports"
down_revision = "0009_tasks"

Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_AT_ONCE = 5_000


def upgrade() -> None:
    stays = op.create_table(
        "stays",
        sa.Column("deal_id", Int, nullable=False, autoincrement=False),
        sa.Column("entry_id", Int, nullable=False, autoincrement=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("entered_at", Int, nullable=False),
        sa.Column("left_at", Int, nullable=False),
        sa.Column("next", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("deal_id", "entry_id", name="pk_stays"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    waits = op.create_table(
        "waits",
        sa.Column("entry_id", Int, nullable=False, autoincrement=False),
        sa.Column("deal_id", Int, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("began_at", Int, nullable=False),
        sa.Column("ended_at", Int, nullable=False),
        sa.Column("person_id", Int, nullable=True),
        sa.PrimaryKeyConstraint("entry_id", name="pk_waits"),
        sqlite_strict=True,
    )
    conn = op.get_bind()
    for table, rows in ((stays, _stays(conn)), (waits, _waits(conn))):
        for at in range(0, len(rows), _AT_ONCE):
            conn.execute(table.insert(), rows[at : at + _AT_ONCE])
    op.create_index("ix_stays_left_at", "stays", ["left_at"], unique=False)
    op.create_index("ix_waits_began_at", "waits", ["began_at"], unique=False)


# -- stays -------------------------------------------------------------------------------------------------------------


def _stays(conn: sa.Connection) -> list[dict[str, Any]]:
    deals = {
        row.id: (row.funnel, row.stage, row.opened_at)
        for row in conn.execute(sa.text("SELECT id, funnel, stage, opened_at FROM deals"))
    }
    moves = defaultdict(list)
    for entry, deal, at, to, title in _moves(conn, _joined(conn)):
        if deal in deals:
            moves[deal].append((entry, at, to, title))
    named = _names(deals, moves)
    rows = []
    for deal, told in moves.items():
        funnel, _, since = deals[deal]
        stage = ""
        for entry, at, to, title in told:
            stage = stage or named.get((funnel, title)) or named.get((funnel, "")) or title or to
            if stage == to:
                continue
            rows.append(
                {"entry_id": entry, "deal_id": deal, "stage": stage, "entered_at": since, "left_at": at, "next": to}
            )
            stage, since = to, at
    return rows


def _joined(conn: sa.Connection) -> dict[int, int]:
    """Lines that a merge has moved into another deal's timeline, and whose they are."""
    found = sa.text("SELECT from_deal_id, data FROM merges WHERE kind = 'deals' AND undone_at IS NULL ORDER BY id DESC")
    return {entry: deal for deal, data in conn.execute(found) for entry in json.loads(data).get("entries", ())}


def _moves(conn: sa.Connection, joined: dict[int, int]) -> Iterator[tuple[int, int, int, str, str]]:
    """(line, deal, when, to which stage, title of the one before), in order."""
    found = sa.text(
        "SELECT id, deal_id, at, kind, text, data FROM entries "
        "WHERE kind = 'stage' OR (kind = 'system' AND data LIKE :closed) ORDER BY id"
    )
    for row in conn.execute(found, {"closed": '%"closed"%'}):
        data = json.loads(row.data)
        if row.kind == "stage" and data.get("event") == "moved":
            title = row.text.partition(": ")[2].partition(" → ")[0]
            yield row.id, joined.get(row.id, row.deal_id), row.at, data["to"], title
        elif row.kind == "system" and data.get("event") == "closed" and data.get("outcome") in ("won", "lost"):
            yield row.id, joined.get(row.id, row.deal_id), row.at, data["outcome"], ""


def _names(deals: dict[int, Any], moves: dict[int, Any]) -> dict[tuple[str, str], str]:
    """Stages by funnel and title, as the lines that follow one another tell; by no title: where deals enter the funnel."""
    named: dict[tuple[str, str], str] = {}
    for deal, told in moves.items():
        for (_, _, to, _), (_, _, _, title) in pairwise(told):
            if title:
                named[deals[deal][0], title] = to
    entered = Counter((funnel, stage) for deal, (funnel, stage, _) in deals.items() if deal not in moves)
    for (funnel, stage), _ in sorted(entered.items(), key=lambda one: one[1]):
        named[funnel, ""] = stage
    return named


# -- waits -------------------------------------------------------------------------------------------------------------


def _waits(conn: sa.Connection) -> list[dict[str, Any]]:
    """A bot's answer ends a wait and is not counted; that of a robot does not."""
    found = sa.text(
        "SELECT id, deal_id, at, kind, direction, channel, author, person_id, data FROM entries "
        "WHERE kind IN ('message', 'call', 'bot', 'system') ORDER BY id"
    )
    since: dict[int, int] = {}
    heard: dict[int, str] = {}
    """On which channel the customer wrote last."""
    talked: dict[int, int | None] = {}
    """When a deal's bot has stopped; None: it has not."""
    rows = []
    for row in conn.execute(found):
        deal, data = row.deal_id, json.loads(row.data) if row.kind != "message" else {}
        event = data.get("event")
        if row.kind == "message" and row.direction == "in":
            since.setdefault(deal, row.at)
            heard[deal] = row.channel
        elif event == "handed_off" or (row.kind == "call" and data.get("status") == "missed" and row.direction == "in"):
            since.setdefault(deal, row.at)
        elif row.kind == "message" and row.author == "bot":
            since.pop(deal, None)
        elif (row.kind == "message" and row.author == "manager" and row.person_id is not None) or event == "closed":
            began = since.pop(deal, None)
            channel = heard.get(deal) or row.channel or "phone"
            if began is not None and not (
                event == "closed" and (row.author == "bot" or talked.get(deal, 0) in (None, row.at))
            ):
                person = None if event == "closed" else row.person_id
                rows.append(
                    {
                        "entry_id": row.id,
                        "deal_id": deal,
                        "channel": channel,
                        "began_at": began,
                        "ended_at": row.at,
                        "person_id": person,
                    }
                )
        if row.kind == "bot":
            talked[deal] = None if event in ("started", "moved", "resumed") else row.at
    return rows
