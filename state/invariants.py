"""What must never be, asked of the whole data: each question finds what breaks a rule, and there should be nothing.

For simulations and for whoever doubts a database; each looks at every row, so nobody asks on a hot path.
"""

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import Connection, func, literal_column, select

from state import inbox
from state.merges import JOINED
from state.records import Instant
from state.tables import deals, entries, firings, identities, merges, parts, runs, tasks, timers
from state.tables import inbox as inbox_table

_ENDS = ("processed", "duplicate", "ignored", "quarantined")
_ANY, _FOREVER = "", 2**62
_ROBOT, _STARTS = "robot:", "start:"


def unbalanced(conn: Connection) -> Iterator[str]:
    """Received = processed + duplicate + ignored + quarantined, and nothing waits."""
    total: Counter[str] = Counter()
    for _, outcome, _, n in inbox.load_tallies(conn):
        total[outcome] += n
    if total["received"] != sum(total[end] for end in _ENDS):
        yield f"the tallies do not add up: {dict(sorted(total.items()))}"
    waiting = conn.execute(select(func.count()).where(inbox_table.c.state == "waiting")).scalar()
    if waiting:
        yield f"{waiting} events wait"


def twice_open(conn: Connection) -> Iterator[str]:
    """At most one open deal for a contact and a slot."""
    found = select(deals.c.contact_id, deals.c.slot, func.count()).where(deals.c.closed_at.is_(None))
    for contact, slot, n in conn.execute(found.group_by(deals.c.contact_id, deals.c.slot).having(func.count() > 1)):
        yield f"contact {contact} has {n} open deals in {slot}"


def done_without_result(conn: Connection) -> Iterator[str]:
    for (task,) in conn.execute(select(tasks.c.id).where(tasks.c.state == "done", tasks.c.result == "")):
        yield f"task {task} is done without a result"


def stale_timers(conn: Connection) -> Iterator[str]:
    """No timer of a stage that was left, of a run that has ended, or of a deal that is not there."""
    found = select(timers, deals.c.stage_at, runs.c.status).outerjoin(deals, deals.c.id == timers.c.deal_id)
    for row in conn.execute(found.outerjoin(runs, runs.c.id == timers.c.run_id)):
        told = f"timer {row.key} of deal {row.deal_id}"
        if row.stage_at is None:
            yield f"{told} is of no deal"
        elif row.run_id and row.status != "running":
            yield f"{told} is of a run that is {row.status}"
        elif row.name.startswith((_ROBOT, _STARTS)) and row.name.split(":")[2] != str(row.stage_at):
            yield f"{told} is of a stage that was left"


def _joined(conn: Connection) -> frozenset[int]:
    """Deals that were joined: their timelines are one, and no longer say which line was whose."""
    found = conn.execute(select(entries.c.data).where(entries.c.kind == "merge")).scalars()
    return frozenset(int(data[name]) for data in found for name in ("from_deal", "into_deal") if data.get(name))


def spoken_over(conn: Connection) -> Iterator[str]:
    """No message of a bot left after a person had taken over: neither is it on its way, nor was it claimed later."""
    taken = (
        select(entries.c.deal_id, entries.c.id, entries.c.at)
        .where(
            (entries.c.kind == "bot") & literal_column("data").like('%"event":"stopped"%')
            | (entries.c.author == "manager") & (entries.c.kind == "message")
            | (entries.c.kind == "system") & literal_column("data").like('%"event":"taken"%')
        )
        .order_by(entries.c.id)
    )
    silenced: dict[int, list[tuple[int, Instant]]] = {}
    for deal, entry, at in conn.execute(taken):
        silenced.setdefault(deal, []).append((entry, at))
    said = select(parts.c.id, parts.c.deal_id, parts.c.entry_id, parts.c.claimed_at).where(
        parts.c.author == "bot", parts.c.attempts > 0, parts.c.claimed_at.is_not(None)
    )
    joined = _joined(conn)
    for part, deal, entry, claimed in conn.execute(said):
        if deal in joined:
            continue
        later = next((at for number, at in silenced.get(deal, ()) if number > entry), None)
        if later is not None and claimed > later:
            yield f"part {part} of a bot went out {claimed - later} ms after deal {deal} was taken over"


def strange_firings(conn: Connection) -> Iterator[str]:
    """Every turn of a robot or trigger belongs to a stay: the deal was in that stage at that moment."""
    moved: dict[int, list[tuple[Instant, str]]] = {}
    found = select(entries.c.deal_id, entries.c.at, entries.c.data).where(entries.c.kind == "stage")
    for deal, at, data in conn.execute(found.order_by(entries.c.id)):
        moved.setdefault(deal, []).append((at, str(data.get("to", ""))))
    stays: dict[int, list[tuple[Instant, Instant, str]]] = {}
    for deal in conn.execute(select(deals.c.id, deals.c.stage, deals.c.opened_at, deals.c.closed_at)):
        # What is older is of a request that the deal has taken in: its lines have come along.
        turns = [turn for turn in moved.get(deal.id, []) if turn[0] >= deal.opened_at]
        if deal.closed_at is not None:
            turns = [*turns, (deal.closed_at, deal.stage)]
        # Only what came behind the first stage is told by entries.
        begins = [(deal.opened_at, _ANY if turns else deal.stage), *turns]
        ends = [*(at for at, _ in begins[1:]), _FOREVER]
        stays[deal.id] = [(at, end, stage) for (at, stage), end in zip(begins, ends, strict=True)]
    joined = _joined(conn)
    for firing in conn.execute(select(firings)):
        if firing.deal_id in joined:
            continue
        there = stays.get(firing.deal_id, [])
        if not any(at <= firing.at <= end and stage in (_ANY, firing.stage) for at, end, stage in there):
            yield f"firing {firing.id} of {firing.rule} was in {firing.stage}, where deal {firing.deal_id} was not then"


def mislaid(conn: Connection) -> Iterator[str]:
    """What is a deal's is its contact's, and so are the addresses of what was said in it."""
    for table in (entries, tasks, runs, timers):
        key = table.c.key if table is timers else table.c.id
        theirs = select(key, table.c.deal_id).join(deals, deals.c.id == table.c.deal_id)
        for number, deal in conn.execute(theirs.where(deals.c.contact_id != table.c.contact_id)):
            yield f"{table.name} {number} of deal {deal} is another contact's than the deal"
    said = select(entries.c.id, entries.c.deal_id).join(identities, identities.c.id == entries.c.identity_id)
    for number, deal in conn.execute(said.where(identities.c.contact_id != entries.c.contact_id)):
        yield f"entry {number} of deal {deal} was said at another contact's address"
    ways = select(deals.c.id).join(identities, identities.c.id == deals.c.route_id)
    for (deal,) in conn.execute(ways.where(deals.c.closed_at.is_(None), identities.c.contact_id != deals.c.contact_id)):
        yield f"deal {deal} is answered at another contact's address"


def joined_to_nothing(conn: Connection) -> Iterator[str]:
    """A deal that was joined is part of another by a merge that stands, and holds nothing that is to be done but what its own
    order's news have called for since.
    """
    m = merges.c
    stands = select(m.id).where(m.from_deal_id == deals.c.id, m.kind == "deals", m.undone_at.is_(None)).exists()
    for (deal,) in conn.execute(select(deals.c.id).where(deals.c.reason == JOINED, ~stands)):
        yield f"deal {deal} is joined to none"
    news = entries.c.deal_id == tasks.c.deal_id, entries.c.kind == "order", entries.c.at == tasks.c.created_at
    since = select(entries.c.id).where(*news).exists()
    due = select(tasks.c.id, tasks.c.deal_id).join(deals, deals.c.id == tasks.c.deal_id)
    for task, deal in conn.execute(due.where(tasks.c.state == "open", deals.c.reason == JOINED, ~since)):
        yield f"task {task} is open in deal {deal}, which is part of another"


BREACHES = (
    unbalanced,
    twice_open,
    done_without_result,
    stale_timers,
    spoken_over,
    strange_firings,
    mislaid,
    joined_to_nothing,
)
