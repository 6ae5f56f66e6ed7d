"""Deals that are deleted: their rows go, in the transaction of the turn that has decided so.

What came in stays in the inbox for its days, and the contact stays: the same number is known when it comes again.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, delete, select

from state import group_tables as g
from state import tables as t

_OF_A_DEAL: Final = (t.parts, t.entries, t.tasks, t.timers, t.firings, t.runs, g.audience_members, g.company_deals)


def erase(conn: Connection, deals: Sequence[int]) -> None:
    """These deals, and all that is kept of each; the feed of changes tells the consoles."""
    runs = select(t.runs.c.id).where(t.runs.c.deal_id.in_(deals))
    conn.execute(delete(t.steps).where(t.steps.c.run_id.in_(runs)))
    for table in _OF_A_DEAL:
        conn.execute(delete(table).where(table.c.deal_id.in_(deals)))
    conn.execute(delete(t.deals).where(t.deals.c.id.in_(deals)))
