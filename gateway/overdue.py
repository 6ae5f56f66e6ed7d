"""Goes round the tasks that nobody does: their responsible is reminded once in their chat, the head hears once a day.

All of a round is one commit, and of several processes one makes it.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from bots.kit.hours import local_day, zone_of
from bots.kit.spans import later
from gateway import pager
from gateway.clock import Instant
from gateway.house import House
from gateway.roster import Roster
from state import lanes, overdue, staff, staff_chats
from state.database import Connection
from state.ids import Ids
from state.records import Task

EVERY_MS: Final = 300_000
_MOST: Final = 1_000
"""Of the longest overdue; the rest when these are done."""
NOTES_KEPT: Final = 90 * 86_400_000
"""How long an answer to a message to staff finds what it is about."""
_POOL: Final = 0
_SHOWN: Final = 20


def go_round(conn: Connection, ids: Ids, house: House, now: Instant, shard: int = 0) -> bool:
    """True where somebody was told something."""
    if not overdue.claim(conn, "rounds:overdue", now, now - EVERY_MS):
        return False
    overdue.forget_notes(conn, now - NOTES_KEPT)
    late = overdue.late(conn, now, _MOST)
    if not late:
        return False
    shop = house.playbook
    roster = Roster(staff.colleagues(conn), staff.load(conn), staff.last_given(conn), shop.shifts)
    told = pager.Staff(staff_chats.chats(conn), lambda: roster)
    ids.keep_rising(conn, "part")
    writes = lanes.Writes()
    _remind(conn, ids, house, late, told, writes, now)
    if shop.hours is None or shop.hours.is_open(now):
        _report(conn, ids, house, late, roster, writes, now)
    if not (writes.tasks or writes.parts or writes.edited_tasks):
        return False
    lanes.save(conn, writes, now, shard, ids=ids)
    pager.call(conn, lanes.Writes(tasks=writes.tasks), told, house, ids, now)
    return True


def _remind(
    conn: Connection, ids: Ids, house: House, late: Sequence[Task], staff: pager.Staff, writes: lanes.Writes, now: Instant
) -> None:  # fmt: skip
    if not staff.chats:
        return
    shop = house.playbook
    told = overdue.reminded(conn, [task.id for task in late])
    for task in late:
        if task.due_at is None or (task.id, task.due_at) in told:
            continue
        if later(task.due_at, shop.overdue.remind, shop.hours, shop.zone) > now or not _works(
            staff.roster(), task, now
        ):
            continue
        if (about := staff_chats.brief(conn, task.id)) is not None:
            for chat in pager.recipients(task, staff, house, now):
                pager.announce(writes, ids, chat, "overdue", about, house, now)


def _works(roster: Roster, task: Task, now: Instant) -> bool:
    """Nobody is called at night."""
    one = roster.find(task.responsible_id) if task.responsible_id is not None else None
    return task.responsible_id is None or (one is not None and roster.is_there(one, now))


def _report(
    conn: Connection, ids: Ids, house: House, late: Sequence[Task], roster: Roster, writes: lanes.Writes, now: Instant
) -> None:  # fmt: skip
    """One notice a day for each person who has such tasks, and one for the pool; an open one is renewed instead."""
    shop = house.playbook
    of: defaultdict[int, list[Task]] = defaultdict(list)
    for task in late:
        if task.due_at is not None and later(task.due_at, shop.overdue.after, shop.hours, shop.zone) <= now:
            of[task.responsible_id or _POOL].append(task)
    if not of:
        return
    to = roster.lightest(_name(house, shop.overdue.to), now)
    today = local_day(now, zone_of(shop.zone)).toordinal()
    still_open = overdue.open_notices(conn)
    for person, found in sorted(of.items()):
        if person == to or not overdue.claim(conn, f"overdue:{person}", today, today - 1):
            continue
        name = roster.name(person) if person else house.words.line("overdue_pool")
        text = house.words.line("task_overdue", who=name, n=len(found), since=house.clock_text(found[0].due_at or 0))
        details = {"person": person, "tasks": [task.id for task in found[:_SHOWN]], "count": len(found)}
        if person in still_open:
            overdue.renew(conn, still_open[person].id, text, details, now)
            continue
        writes.tasks.append(
            Task(
                ids.take("task"), 0, 0, overdue.KIND, text, details, to, now, "open", "", "robot", now,
            )
        )  # fmt: skip


def _name(house: House, word: str) -> str:
    member = house.playbook.team.get(word)
    return member.name if member is not None else word
