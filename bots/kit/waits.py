"""How long: the instants at which waits and tasks come due."""

from datetime import date

from bots.kit.events import Instant
from bots.kit.hours import at_clock, next_at_clock, zone_of
from bots.kit.run import Facts
from bots.kit.script import TaskAction, Wait

_MIDMORNING = 600
"""10:00, in minutes: when a day begins for a wait that names no hour and a shop that has no calendar."""


def wait_until(wait: Wait, field: object, facts: Facts) -> Instant | None:
    """When the wait is over. None: the field holds no day."""
    if wait.field:
        return _day(wait, field, facts)
    if wait.minute is not None:
        return _clock(wait, wait.minute, facts)
    if wait.working and facts.hours is not None:
        at = facts.hours.add_working(facts.now, wait.length)
    else:
        at = facts.now + wait.length
    return facts.hours.next_open(at) if wait.opens and facts.hours is not None else at


def task_due(task: TaskAction, facts: Facts) -> Instant | None:
    """When a task is to be done; None: at once."""
    if not task.due:
        return None
    if task.working and facts.hours is not None:
        return facts.hours.add_working(facts.now, task.due)
    return facts.now + task.due


def _clock(wait: Wait, minute: int, facts: Facts) -> Instant:
    """The next time the clock shows it; where it must be in working time, the first such time that is."""
    zone = zone_of(facts.zone)
    first = at = next_at_clock(facts.now, minute, zone)
    if not wait.working or facts.hours is None:
        return at
    for _ in range(60):
        if facts.hours.is_open(at):
            return at
        at = next_at_clock(at, minute, zone)
    return facts.hours.next_open(first)  # the shop is never open at that hour


def _day(wait: Wait, field: object, facts: Facts) -> Instant | None:
    try:
        day = date.fromisoformat(field[:10]) if isinstance(field, str) else None
    except ValueError:
        return None
    if day is None or not 1970 <= day.year <= 9000:
        return None
    at = (
        at_clock(day.toordinal(), _MIDMORNING if wait.minute is None else wait.minute, zone_of(facts.zone))
        - wait.before
    )
    return facts.hours.next_open(at) if wait.working and facts.hours is not None else at
