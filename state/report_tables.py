"""The tables that reports read besides the business's own: narrow ones, written when a deal moves or a person answers.

What lasts still (the stage that a deal stands in, a customer who waits now) is in the deal's row and nowhere else.
"""

from sqlalchemy import Column, Index

from state.columns import Int, int_, table_, text_

stays = table_(  # of deals in stages, each written when it is over
    "stays",
    Column("deal_id", Int, primary_key=True, autoincrement=False),
    Column("entry_id", Int, primary_key=True, autoincrement=False),  # the line that tells of its end
    text_("stage"),
    int_("entered_at"),
    int_("left_at"),
    text_("next"),  # the stage that followed
    Index("ix_stays_left_at", "left_at", "entered_at", "stage"),  # all that is asked of a period
    sqlite_with_rowid=False,
)

waits = table_(  # of customers for a person, each written when it is over; those that a bot has ended are not kept
    "waits",
    Column(
        "entry_id", Int, primary_key=True, autoincrement=False
    ),  # the message that ended it, or the deal's last line
    int_("deal_id"),
    text_("channel"),
    int_("began_at"),
    int_("ended_at"),
    int_("person_id", null=True),  # who answered, 0: nobody says who; null: the deal was closed, and nobody had
    Index("ix_waits_began_at", "began_at", "deal_id", "person_id", "ended_at", "channel"),  # as above
)
