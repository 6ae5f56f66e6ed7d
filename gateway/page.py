"""One contact's page of the ledger: what is known of them in this turn, and the rows that the turn comes to.

Rows loaded are changed in place; what changed is remembered in `writes`. Timers of the lane are set and cut here.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from gateway.clock import Instant
from gateway.house import House
from gateway.likeness import claimed
from gateway.roster import Look
from gateway.wording import Wording
from state.claims import Claim
from state.ids import Ids
from state.inbox import identity_key, point_keys
from state.lanes import Writes
from state.records import Deal, Identity, LaneRows, Run, Timer

_LONGEST_NUMBER: Final = 64
"""Of an order, as the hooks take it."""


class Page:
    """The draft of one lane's turn, as rows."""

    def __init__(
        self,
        rows: LaneRows,
        ids: Ids,
        house: House,
        writes: Writes,
        now: Instant,
        look: Look | None = None,
    ) -> None:
        self.rows = rows
        self.ids = ids
        self.house = house
        self.writes = writes
        self.now = now
        self.contact = rows.contact
        self.look = look or Look()
        self.loose: dict[int, Deal] = {}
        """Deals from which this turn has taken something that held on to them (gateway/guard.py)."""
        self.chain = 0
        """How many robots have led to one another before what is done now."""
        self.happened: list[tuple[Deal, str, str]] = []
        """(deal, what, which): what triggers have yet to hear of."""
        self.given: set[int] = set()
        """Deals for which the funnel's own rules have given a task in this turn."""
        self.otherwise: list[tuple[Deal, str, str, Mapping[str, Any]]] = []
        """(deal, kind, text, details): tasks for those for which they will have given none."""
        self._keys = {identity_key(i.channel, i.account, i.address): i for i in rows.identities.values()}

    @property
    def words(self) -> Wording:
        """What those who work here read."""
        return self.house.words

    # -- who ---------------------------------------------------------------------------------------------------------

    def identity(self, channel: str, account: str, address: str) -> Identity | None:
        return self._keys.get(identity_key(channel, account, address))

    def addressed(self, part: int) -> Identity | None:
        """Whom a part of ours went to, that an event of this turn is about."""
        known = self.rows.parts.get(part)
        return self.rows.identities.get(known[3]) if known else None

    def touch_identity(self, identity: Identity) -> None:
        self.writes.identities[identity.id] = identity

    def move_identity(self, identity: Identity, address: str) -> None:
        """To another address of the same channel; what this turn still hears from the old one is theirs, too."""
        identity.address = address
        self._keys[identity_key(identity.channel, identity.account, address)] = identity
        self.writes.moved.append((identity.id, address))

    def touch_contact(self) -> None:
        self.writes.contacts[self.contact.id] = self.contact

    def prove_point(self, kind: str, value: str) -> None:
        """The channel vouches for it: whoever has it already is the same person."""
        for key in point_keys({kind: value}):
            self.writes.points.append({"key": key, "contact_id": self.contact.id, "verified_at": self.now})
            self.writes.proofs.append((self.contact.id, key))
            self.writes.claims.append(Claim(self.contact.id, key, proved=True))

    def state_point(self, kind: str, value: str, *, known: bool) -> None:
        """A system of the shop's says so of somebody whom it named otherwise before: it leads here from now on. Whose it is
        already is the same person where nothing else was known of this one, as if it had been said at first; else perhaps.
        """
        for key in point_keys({kind: value}):
            self.writes.points.append({"key": key, "contact_id": self.contact.id, "verified_at": None})
            if not known:
                self.writes.proofs.append((self.contact.id, key))
        self.claim(kind, value)

    def claim(self, name: str, value: Any) -> None:
        """The contact says this of themselves: whoever else says so may be the same person."""
        key = claimed(name, value, self.contact.name, self.house.region)
        if key:
            self.writes.claims.append(Claim(self.contact.id, key))

    def expect_order(self, number: str) -> None:
        """A person says that this order is the contact's: what is told of it later finds them."""
        if 0 < len(number) <= _LONGEST_NUMBER:
            self.writes.numbered.append((self.contact.id, number))

    # -- deals -------------------------------------------------------------------------------------------------------

    def deal_in(self, slot: str) -> Deal | None:
        return next((d for d in self.rows.deals if d.slot == slot and d.closed_at is None), None)

    def route_of(self, deal: Deal) -> Identity | None:
        return self.rows.identities.get(deal.route_id) if deal.route_id is not None else None

    def touch(self, deal: Deal, *, bump: bool = True) -> None:
        """The deal's row changed. `bump`: in a way that a form opened before should notice."""
        if bump:
            deal.version += 1
        if deal.id not in self.writes.new_deals:
            self.writes.deals[deal.id] = deal

    def change(self, deal: Deal, kind: str, ref: int = 0) -> None:
        self.writes.changes.append({"at": self.now, "kind": kind, "deal_id": deal.id, "ref_id": ref})

    # -- timers ------------------------------------------------------------------------------------------------------

    def set_timer(self, run: Run, name: str, at: Instant) -> None:
        key = f"run:{run.id}:{name}"
        self._set_timer(Timer(self.contact.id, key, run.deal_id, run.id, name, at))

    def set_deal_timer(self, deal: Deal, kind: str, name: str, at: Instant) -> None:
        """One of its kind a deal; it outlives stages."""
        self._set_timer(Timer(self.contact.id, f"deal:{deal.id}:{kind}", deal.id, 0, name, at))

    def put_off(self, timer: Timer, at: Instant) -> None:
        self._set_timer(replace(timer, due_at=at))

    def _set_timer(self, timer: Timer) -> None:
        self.rows.timers[timer.key] = timer
        self.writes.set_timers[self.contact.id, timer.key] = timer
        self.writes.cut_timers.pop((self.contact.id, timer.key), None)

    def cut_timer(self, key: str) -> None:
        if self.rows.timers.pop(key, None) is not None:
            self.writes.set_timers.pop((self.contact.id, key), None)
            self.writes.cut_timers[self.contact.id, key] = None

    def next_due(self) -> Instant | None:
        """When this lane must be looked at again, if nothing new comes in."""
        return min((t.due_at for t in self.rows.timers.values()), default=None)
