"""All reports by name, each with the ways in which it can be asked for; and the rows behind a number."""

from typing import Final

from gateway.reports.funnels import COHORT, LEADS, SNAPSHOT, STAGES
from gateway.reports.outcomes import BOTS, LOSSES, SOURCES
from gateway.reports.people import BY_CHANNEL, BY_MANAGER, WORKLOAD
from gateway.reports.report import Asked, Kind, Report
from state import facts
from state.database import Connection
from state.facts import Key, Row

_ALL: Final = (COHORT, SNAPSHOT, LEADS, STAGES, LOSSES, SOURCES, BY_MANAGER, BY_CHANNEL, WORKLOAD, BOTS)
REPORTS: Final[dict[str, dict[str, Kind]]] = {}
"""By name and way; the first way is the one that is meant where none is named."""
for _kind in _ALL:
    REPORTS.setdefault(_kind.name, {})[_kind.way] = _kind


def make(conn: Connection, kind: Kind, asked: Asked) -> Report:
    facts.ready(conn)
    return Report(kind, asked, kind.lines(conn, asked))


def behind(
    conn: Connection, kind: Kind, asked: Asked, key: Key, what: str, limit: int, below: int | None = None
) -> list[Row]:
    """The deals behind a number, the latest first. `key` is empty for the line of all."""
    facts.ready(conn)
    column = kind.column(what)
    found, place, name = kind.find(conn, asked, key, column.rows or what if column else what)
    return facts.behind(conn, found, place, name, limit, below)
