"""How long: the instants at which waits and tasks come due."""

from datetime import date
from zoneinfo import ZoneInfo

from bots.kit.events import Instant
from bots.kit.hours import Hours, at_clock, local_day, next_at_clock, zone_of
from bots.kit.run import Facts
from bots.kit.script import TaskAction, Wait
from bots.kit.spans import later

_MIDMORNING = 600
"""10:00, in minutes: when a day begins for a wait that names no hour and a shop that has no calendar."""
_FARTHEST = 3_660
"""Days: a field that holds a later one holds a slip, and nobody would ever hear of the customer again."""


def wait_until(wait: Wait, field: object, facts: Facts) -> Instant | None:
    """When the wait is over. None: the field holds no day."""
    if wait.field:
        return _day(wait, field, facts)
    if wait.minute is not None:
        return _clock(wait, wait.minute, facts)
    hours = _hours(wait, facts)
    at = later(facts.now, wait.span, hours, facts.zone)
    return hours.next_open(at) if wait.opens and hours is not None else at


def task_due(task: TaskAction, facts: Facts) -> Instant | None:
    """When a task is to be done; None: at once."""
    if not task.due:
        return None
    return later(facts.now, task.due, _hours(task, facts), facts.zone)


def _hours(of: Wait | TaskAction, facts: Facts) -> Hours | None:
    """The calendar that is named, if the playbook still has it, else that of the deal's funnel."""
    return facts.calendars.get(of.calendar, facts.hours) if of.calendar else facts.hours


def _zone(wait: Wait, facts: Facts) -> ZoneInfo:
    named = facts.calendars.get(wait.calendar) if wait.calendar else None
    return zone_of(named.zone if named else facts.zone)


def _clock(wait: Wait, minute: int, facts: Facts) -> Instant:
    """The next time the clock shows it; where it must be in working time, the first such time that is."""
    zone, hours = _zone(wait, facts), _hours(wait, facts)
    first = at = next_at_clock(facts.now, minute, zone)
    if not wait.working or hours is None:
        return at
    for _ in range(60):
        if hours.is_open(at):
            return at
        at = next_at_clock(at, minute, zone)
    return hours.next_open(first)  # the shop is never open at that hour


def _day(wait: Wait, field: object, facts: Facts) -> Instant | None:
    try:
        day = date.fromisoformat(field[:10]) if isinstance(field, str) else None
    except ValueError:
        return None
    if day is None or not 1970 <= day.year <= 9000:
        return None
    if day.toordinal() > local_day(facts.now, _zone(wait, facts)).toordinal() + _FARTHEST:
        return None
    minute, hours = _MIDMORNING if wait.minute is None else wait.minute, _hours(wait, facts)
    at = at_clock(day.toordinal(), minute, _zone(wait, facts)) - wait.before
    return hours.next_open(at) if wait.working and hours is not None else at
