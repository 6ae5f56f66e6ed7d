"""Somebody has room again: what waits in the pool for them looks at once, who came first before the others.

Room is made by whatever takes an open deal from somebody: it is closed, joined, deleted, handed over, released. It is noticed
by what each turn's deals were before it and after it, and acted upon behind the commit, since the deals that wait are of
other lanes. What is missed (a crash in between) is found by those that wait, every ten minutes.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from bots.kit.business import Playbook
from gateway.clock import Instant
from gateway.roster import Roster
from state import staff
from state.database import Connection
from state.records import Deal, LaneRows

ANYBODY: Final = 0
"""Instead of a person, where it is not known whose deal has ended."""
_MORE: Final = 10
"""So many more look than there is room: two processes may have thought of the same ones."""


def held(deals: Iterable[Deal]) -> Counter[int]:
    """Open deals by responsible."""
    return Counter(one.responsible_id for one in deals if one.closed_at is None and one.responsible_id is not None)


def hands_out(lanes: Iterable[LaneRows], now: Instant) -> bool:
    """Whether a deal of the pool looks for somebody in these turns."""
    return any(
        timer.due_at <= now and timer.name.startswith(staff.WAIT) for rows in lanes for timer in rows.timers.values()
    )


def waits_since(rows: LaneRows, now: Instant) -> tuple[bool, Instant, int]:
    """By this lanes are sorted of which some hand out the pool: these first, and of them whose customer came first.

    When a shift begins they are due in one moment.
    """
    looking = {t.deal_id for t in rows.timers.values() if t.due_at <= now and t.name.startswith(staff.WAIT)}
    since = min(((one.opened_at, one.id) for one in rows.deals if one.id in looking), default=None)
    return (True, 0, 0) if since is None else (False, *since)


def fill(conn: Connection, shop: Playbook, rooms: int, now: Instant) -> int:
    """Have the pool look by those rules that find somebody at this moment. The answer: how many deals look."""
    roster = Roster(staff.colleagues(conn), staff.load(conn), staff.last_given(conn), shop.shifts)
    rules = [rule.name for rule in shop.assign.values() if roster.choose(rule, now) is not None]
    return staff.wake_waiting(conn, now, rules, rooms + _MORE) if rules else 0
