"""Reports on those who answer: how long customers wait for a person, and who has how much to do."""

from collections.abc import Callable, Mapping
from typing import Final

from gateway.reports import measures
from gateway.reports.measures import columns, lasted
from gateway.reports.report import OWN, Asked, Column, Kind, Line, Value, count, counting, fill, together
from gateway.wording import words_in
from state import people, staff, workload
from state.database import Connection
from state.facts import Facts, Key

FORMULA: Final = (
    "answer time = working time of the funnel's calendar from when a wait began to the first message or answered call of a person. A wait begins with the customer's message, form or missed call when "
    "no answer was owed yet, or when a bot hands over; a call that was answered ends it, too. What a bot has answered is no wait; a robot's message ends none. A message counts when it is written, not when it is delivered. "
    "waits: those that began in the period = answered + unanswered; waiting: the unanswered that wait now (the others' deals were closed). median: the middle one, p90: nine of "
    "ten were no longer; seconds; calendar_: all time. An answered wait is of whoever answered (of a call that names nobody: of the responsible), another of the responsible."
)

_ANSWERS: Final = (Column("waits"), Column("answered"), Column("unanswered"), Column("waiting"), *columns("answered"))


def _waits(dim: str) -> Callable[[Connection, Asked], list[Facts]]:
    return lambda _conn, asked: [workload.waited(asked.narrow, (dim,))]


def _answers(dim: str) -> Callable[[Connection, Asked], list[Line]]:
    def lines(conn: Connection, asked: Asked) -> list[Line]:
        found = workload.waited(asked.narrow, (dim,))
        several: dict[Key, Line] = {}
        all_values = _answered(conn, asked, found, several)
        fill(several, _ANSWERS)
        _name(conn, asked, several, dim)
        every = together(several.values(), _ANSWERS)
        every.values |= all_values
        return [*_most_first(several, "waits"), every]

    return lines


def _answered(conn: Connection, asked: Asked, found: Facts, lines: dict[Key, Line]) -> dict[str, Value]:
    """Put the waits into the lines; the answer is the measures of all lines as one."""
    waits = lasted(conn, asked.playbook, found, "answered")
    for key, one in waits.items():
        lines.setdefault(key, Line(key)).values |= one.numbers | one.values()
    return measures.together(waits.values())


def _most_first(lines: Mapping[Key, Line], what: str) -> list[Line]:
    """Those who share a name and a number as well: in the order in which they came to the shop."""
    return sorted(
        lines.values(),
        key=lambda line: (-int(line.values[what] or 0), line.title, line.key[0] is not None, line.key),
    )


def _name(conn: Connection, asked: Asked, lines: dict[Key, Line], dim: str) -> None:
    found = people.find_people(conn, [key[0] for key in lines if key[0] is not None]) if dim == "person" else {}
    for (who,), line in lines.items():
        line.title = (
            words_in(asked.playbook.language).source_title(str(who))
            if dim == "channel"
            else found[who].name
            if who in found
            else "—"
        )


BY_MANAGER: Final = Kind(
    "answers", "manager", "Answer time by manager", FORMULA, ("person",), _ANSWERS, _answers("person"), counting(_waits("person")),
    total=True,
)  # fmt: skip
BY_CHANNEL: Final = Kind(
    "answers", "channel", "Answer time by channel", FORMULA, ("channel",), _ANSWERS, _answers("channel"), counting(_waits("channel")),
    total=True,
)  # fmt: skip

# -- workload ----------------------------------------------------------------------------------------------------------

_WORKLOAD: Final = (
    Column("open"), Column("due"), Column("overdue"), Column("done"), Column("done_late"), Column("waiting"), Column("answered"),
    Column("median_s", "seconds", "answered"), Column("p90_s", "seconds", "answered"),
)  # fmt: skip


def _load(_conn: Connection, asked: Asked) -> list[Facts]:
    n = asked.narrow
    return [workload.held(n), workload.owed(n), workload.done(n), workload.waited(n, ("person",))]


def _workload(conn: Connection, asked: Asked) -> list[Line]:
    several = _load(conn, asked)
    lines = count(conn, *several[:-1])
    here = [one for one in staff.colleagues(conn) if one.active and not one.program and one.role in ("manager", "head")]
    for one in here:
        if asked.narrow.manager in (None, one.id):
            lines.setdefault((one.id,), Line((one.id,)))
    all_values = _answered(conn, asked, several[-1], lines)
    fill(lines, _WORKLOAD)
    _name(conn, asked, lines, "person")
    every = together(lines.values(), _WORKLOAD)
    every.values |= all_values
    return [_only(line) for line in [*_most_first(lines, "open"), every]]


def _only(line: Line) -> Line:
    line.values = {one.name: line.values[one.name] for one in _WORKLOAD}
    return line


WORKLOAD: Final = Kind(
    "workload",
    "",
    "Who has how much to do",
    "open: deals that somebody is responsible for, now. due: open tasks due before the period ends; overdue: those of them that are late now. done: tasks done in the period, by who did "
    "them, but for deals that were no customer's; done_late: after they were due. " + FORMULA,
    ("person",),
    _WORKLOAD,
    _workload,
    counting(_load),
    OWN,
    total=True,
)
