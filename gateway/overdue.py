"""Goes round the tasks that nobody does: their responsible is reminded once in their chat, the head hears once a day.

Who has a shift of their own is told in it, others while the task's funnel is open, and so the time is counted that they have had.
All of a round is one commit, and of several processes one makes it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bots.kit.hours import Hours, local_day, zone_of
from bots.kit.spans import Span, later
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


@dataclass(frozen=True, slots=True)
class _Round:
    """What is late at this moment, and who works when."""

    house: House
    now: Instant
    late: Sequence[Task]
    funnels: Mapping[int, str]
    """By deal."""
    roster: Roster

    def hours(self, task: Task, person: int | None) -> Hours | None:
        """When this person can be told of this task; of nobody, when the people of its funnel are there."""
        one = self.roster.find(person) if person is not None else None
        return self.house.playbook.hours_of(one.calendar if one else "", self.funnels.get(task.deal_id, ""))

    def is_open(self, task: Task, person: int | None) -> bool:
        hours = self.hours(task, person)
        return hours is None or self.house.shift(hours, self.now)[1]

    def is_late(self, task: Task, by: Span) -> bool:
        """Whether it has been overdue for so long, by the clock of whose task it is."""
        hours = self.hours(task, task.responsible_id)
        return task.due_at is not None and later(task.due_at, by, hours, self.house.playbook.zone) <= self.now


def go_round(conn: Connection, ids: Ids, house: House, now: Instant, shard: int = 0) -> bool:
    """True where somebody was told something."""
    if not overdue.claim(conn, "rounds:overdue", now, now - EVERY_MS):
        return False
    overdue.forget_notes(conn, now - NOTES_KEPT)
    late = overdue.late(conn, now, _MOST)
    if not late:
        return False
    roster = Roster(staff.colleagues(conn), staff.load(conn), staff.last_given(conn), house.playbook.shifts)
    this = _Round(house, now, late, overdue.funnels(conn, late), roster)
    told = pager.Staff(staff_chats.chats(conn), lambda: roster)
    ids.keep_rising(conn, "part")
    writes = lanes.Writes()
    _remind(conn, ids, this, told, writes)
    _report(conn, ids, this, writes)
    if not (writes.tasks or writes.parts or writes.edited_tasks):
        return False
    lanes.save(conn, writes, now, shard, ids=ids)
    pager.call(conn, lanes.Writes(tasks=writes.tasks), told, house, ids, now)
    return True


def _remind(conn: Connection, ids: Ids, this: _Round, staff: pager.Staff, writes: lanes.Writes) -> None:
    if not staff.chats:
        return
    house, now = this.house, this.now
    told = overdue.reminded(conn, [task.id for task in this.late])
    for task in this.late:
        if (task.id, task.due_at) in told or not this.is_late(task, house.playbook.overdue.remind):
            continue
        if not _works(this, task):
            continue
        if (about := staff_chats.brief(conn, task.id)) is not None:
            usual = this.hours(task, None)
            for chat in pager.recipients(task, staff, house, now, usual=usual):
                pager.announce(writes, ids, chat, "overdue", about, house, now)


def _works(this: _Round, task: Task) -> bool:
    """Nobody is called at night."""
    if task.responsible_id is None:
        return True  # those who are there are asked for
    one = this.roster.find(task.responsible_id)
    return one is not None and this.roster.is_there(one, this.now, this.hours(task, None))


def _report(conn: Connection, ids: Ids, this: _Round, writes: lanes.Writes) -> None:
    """One notice a day for each person who has such tasks, and one for the pool; an open one is renewed instead."""
    house, now, roster = this.house, this.now, this.roster
    shop = house.playbook
    of: defaultdict[int, list[Task]] = defaultdict(list)
    for task in this.late:
        if this.is_late(task, shop.overdue.after):
            of[task.responsible_id or _POOL].append(task)
    if not of:
        return
    to = roster.lightest(_name(house, shop.overdue.to), now)
    today = local_day(now, zone_of(shop.zone)).toordinal()
    still_open = overdue.open_notices(conn)
    for person, found in sorted(of.items()):
        if person == to or not any(this.is_open(task, to) for task in found):
            continue
        if not overdue.claim(conn, f"overdue:{person}", today, today - 1):
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
