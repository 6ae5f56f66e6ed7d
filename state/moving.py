"""A channel has moved an identity to another address: what is known of it and what waits for it goes along, once.

In the caller's transaction, behind the turn that heard of it. If the new address has spoken already, whoever is there is
the same person: the old identity goes into that one, and its contact is joined as by a proof (state/merging.py).
"""

from sqlalchemy import Connection, delete, select, update

from state import merges, merging
from state.ids import Ids
from state.inbox import identity_key
from state.merges import Cause
from state.records import Instant
from state.tables import deals, entries, identities, parts


def move(conn: Connection, ids: Ids, identity: int, address: str, now: Instant, words: merging.Words) -> None:
    i = identities.c
    old = conn.execute(select(i.contact_id, i.channel, i.account, i.heard_at, i.barred).where(i.id == identity)).first()
    if old is None:  # it went into another earlier in this batch
        return
    key = identity_key(old.channel, old.account, address)
    there = conn.execute(select(i.id, i.contact_id, i.heard_at, i.barred).where(i.key == key)).first()
    if there is None or there.id == identity:
        conn.execute(update(identities).where(i.id == identity).values(address=address, key=key))
        _readdress(conn, identity, identity, address)
        return
    _readdress(conn, identity, there.id, address)
    conn.execute(update(entries).where(entries.c.identity_id == identity).values(identity_id=there.id))
    mine = deals.c.contact_id == old.contact_id
    conn.execute(update(deals).where(mine, deals.c.route_id == identity).values(route_id=there.id))
    heard = max(filter(None, (old.heard_at, there.heard_at)), default=None)
    # A wish to be left alone goes along; that the old address was out of reach says nothing about the new one.
    barred = old.barred if old.barred == "opted_out" else there.barred
    conn.execute(update(identities).where(i.id == there.id).values(heard_at=heard, barred=barred))
    conn.execute(delete(identities).where(i.id == identity))
    merges.readdress(conn, (old.contact_id, there.contact_id), identity, there.id)
    merge = merging.join_both(conn, ids, old.contact_id, there.contact_id, now, words, Cause("address"))
    if (made := merges.find(conn, merge)) is not None:
        merges.change_data(conn, merge, made.data | {"address": there.id})


def _readdress(conn: Connection, gone: int, kept: int, address: str) -> None:
    """What has not ended, also what is on its way: if it must go once more, it goes to the new address."""
    waiting = update(parts).where(parts.c.identity_id == gone, parts.c.open == 1)
    conn.execute(waiting.values(identity_id=kept, address=address))
