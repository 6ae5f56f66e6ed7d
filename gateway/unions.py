"""What a turn's rows mean for more than one contact or deal: who turns out to be whom, in the turn's own commit."""

from collections.abc import Sequence
from typing import Final

from bots.kit.business import Likeness, Playbook
from bots.kit.fields import with_sums
from gateway.clock import Instant
from gateway.events import Event
from gateway.wording import words_in
from state import duplicates, merging, moving, points
from state.database import Connection
from state.ids import Ids
from state.inbox import identity_key
from state.lanes import Writes
from state.merges import Cause

_ASTRAY: Final = ("unknown_sender", "unknown_part", "late_answer", "no_open_deal")
"""Why an event came to nothing in a lane that it may have been sent to just before two were parted."""


def words_of(shop: Playbook) -> merging.Words:
    """What the timeline says of it, and how this shop's sums are reckoned anew."""
    line = words_in(shop.language).line
    return merging.Words(
        joined=lambda deal: line("merged", id=deal),
        stopped=line("why_moved"),
        took=lambda deal: line("merged_took", id=deal),
        parted=lambda deal: line("parted", id=deal),
        split=lambda deal: line("split", id=deal),
        split_from=lambda deal: line("split_from", id=deal),
        first_stage=lambda funnel: (shop.funnel(funnel) or shop.funnels[0]).stages[0].name,
        task=line("task_parted"),
        sums=lambda known: with_sums(shop.fields, known),
    )


def settle(conn: Connection, ids: Ids, shop: Playbook, batch: Writes, now: Instant) -> bool:
    """Join the deals that turns have joined, and the contacts of whom it was proved; suggest those who are alike.

    True where deals may have been joined.
    """
    words = words_of(shop)
    joined = bool(batch.joins or batch.proofs)
    for merge, leading, other, why, person in batch.joins:
        cause = Cause(why, person, author="manager" if person else "system")
        merging.join_deals(conn, ids, leading, other, now, words, cause, merge)
    for identity, address in batch.moved:
        moving.move(conn, ids, identity, address, now, words)
    for contact, point in batch.proofs:
        _prove(conn, ids, shop, contact, point, now)
    if batch.claims:
        for one, other, kind in duplicates.look(conn, ids, batch.claims, shop.likeness, now):
            merging.join_both(conn, ids, one, other, now, words, Cause(kind))
            joined = True
    return joined


def _prove(conn: Connection, ids: Ids, shop: Playbook, contact: int, point: str, now: Instant) -> None:
    """Where a proved phone is somebody's already, the two are one person, unless somebody has said that they are not."""
    owner, mine = points.owner(conn, point), merging.became(conn, contact)
    if owner is None or owner == mine:
        return
    kind, _, value = point.partition(":")
    rule: Likeness = shop.likeness(kind, proved=True)
    if rule == "automatic" and not duplicates.parted(conn, owner, mine):
        merging.join(conn, ids, owner, mine, now, words_of(shop), Cause(kind))
    elif rule == "suggest":
        duplicates.suggest(conn, ids, owner, mine, kind, value, now)


def elsewhere(conn: Connection, event: Event, ignored: str, contact: int) -> int | None:
    """Whose event it is, where it came to nothing here because its address or its part is another contact's by now."""
    if ignored not in _ASTRAY:
        return None
    sender = getattr(event, "sender", None)
    if sender is not None and ignored == "unknown_sender":
        found = merging.speaker(conn, identity_key(sender.channel, sender.account, sender.address))
    else:
        part = getattr(event, "part", 0)
        found = merging.told_of(conn, part) if part else None
    return found if found != contact else None


def pass_on(
    conn: Connection, joined: Sequence[tuple[int, int]], astray: Sequence[tuple[int, int, int]], now: Instant
) -> None:
    """What lay in a lane that is not its own (any more) goes to the right one, behind whatever that one's turn wrote."""
    for gone, kept in joined:
        merging.pass_on(conn, gone, kept, now)
    for event, contact, other in astray:
        merging.hand_over(conn, event, contact, other, now)
