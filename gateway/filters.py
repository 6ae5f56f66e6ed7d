"""What lists and reports are narrowed by: a word that neither the playbook nor any row has is a slip, not an empty answer."""

from collections.abc import Iterable

from gateway.house import House
from gateway.refusals import Invalid
from gateway.vocabulary import no_such
from state import deals, findings
from state.database import Connection


def must_occur(conn: Connection, house: House, *, funnel: str = "", stage: str = "", source: str = "") -> None:
    """Raises `Invalid` with the name of the filter and what was probably meant. Empty ones narrow nothing."""
    shop = house.playbook
    if funnel and shop.funnel(funnel) is None and not deals.occurs(conn, funnel=funnel):
        raise Invalid("funnel", no_such("funnel", funnel, (one.name for one in shop.funnels)))
    if stage:
        there = [one for one in shop.funnels if funnel in ("", one.name)]
        known = [name.name for one in there for name in one.stages]
        if stage not in known and not deals.occurs(conn, stage=stage, **({"funnel": funnel} if funnel else {})):
            where = f"stage in funnel {funnel!r}" if funnel else "stage"
            raise Invalid("stage", no_such(where, stage, known))
    if source and source not in (sources := _sources(house)) and not deals.occurs(conn, source=source):
        raise Invalid("source", no_such("source", source, sorted({*sources, *deals.sources(conn)})))


def _sources(house: House) -> set[str]:
    """Where inquiries may come from, as deals have it."""
    listed = house.playbook.sources
    channels = {key.partition(":")[0] for key in house.channels}
    return {*listed, *(f"form:{name}" for name in listed), *house.words.channels, *channels}


def must_be_check(conn: Connection, house: House, name: str) -> None:
    known: Iterable[str] = house.playbook.checks
    if name and name not in known and not findings.occurs(conn, name):
        raise Invalid("check", no_such("check", name, known))
