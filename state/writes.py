"""What a batch of turns comes to: the rows that `lanes.save` writes, in memory until then."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from state.claims import Claim
from state.inbox import Arrival
from state.records import Contact, Deal, Entry, Firing, Identity, Instant, Part, Run, Stay, Task, Timer, Wait


class Handed(NamedTuple):
    """Open tasks of a deal that were one's (None: nobody's) are another's now."""

    deal: int
    giver: int | None
    taker: int | None
    knows: bool = False
    """Whoever has them now need not be told."""
    named_stay: bool = False
    """What a colleague has asked the one to do stays theirs."""


@dataclass(slots=True)
class Writes:
    """What a batch of turns came to: rows to insert, rows to overwrite, lanes to set."""

    entries: list[Entry] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    new_deals: dict[int, Deal] = field(default_factory=dict)
    deals: dict[int, Deal] = field(default_factory=dict)
    new_runs: dict[int, Run] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    tasks: list[Task] = field(default_factory=list)
    contacts: dict[int, Contact] = field(default_factory=dict)
    identities: dict[int, Identity] = field(default_factory=dict)
    new_identities: list[Identity] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    """Deals that go, with all that is kept of them (state/erasing.py)."""
    set_timers: dict[tuple[int, str], Timer] = field(default_factory=dict)
    cut_timers: dict[tuple[int, str], None] = field(default_factory=dict)
    silenced: list[tuple[int, str]] = field(default_factory=list)
    """(deal, why): bots' parts of these deals that are still queued are blocked."""
    statuses: list[tuple[int, str, str, str]] = field(default_factory=list)
    """(part, status, error, provider's id): a provider's word; a part only ever climbs."""
    again: list[tuple[int, Instant, str, str]] = field(default_factory=list)
    """(part, when, error, provider's id): the provider took it and then had no room for it: it is sent again."""
    moved: list[tuple[int, str]] = field(default_factory=list)
    """(identity, address): the channel has moved it there (state/moving.py)."""
    dropped: list[tuple[int, str]] = field(default_factory=list)
    """(identity, why): everything queued for these addresses is blocked."""
    given: list[tuple[str, int]] = field(default_factory=list)
    """(rule, person): who had the last deal of a rule."""
    handed_tasks: list[Handed] = field(default_factory=list)
    ended_tasks: list[tuple[int, str]] = field(default_factory=list)
    """(deal, why): its open tasks are needless and end with this result."""
    tracked: list[tuple[int, str, str]] = field(default_factory=list)
    """(contact, number, carrier): news of this parcel are for this contact; the carrier, if any is named, is asked."""
    numbered: list[tuple[int, str]] = field(default_factory=list)
    """(contact, number): news of this order are for this contact, as a person has said."""
    done_tasks: list[tuple[int, str, int | None]] = field(default_factory=list)
    """(task, result, person; None: it has ended by itself)."""
    edited_tasks: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    """(task, what of it is otherwise now)."""
    news: list[tuple[str, int, int]] = field(default_factory=list)
    """(what, task, person who did it): of which somebody else is to hear."""
    ties: list[tuple[int, int | None]] = field(default_factory=list)
    """(identity, person): whose chat it is from here on; None: a customer's."""
    notes: list[dict[str, Any]] = field(default_factory=list)
    """What messages to staff are about (state/staff_chats.py)."""
    passed: list[Arrival] = field(default_factory=list)
    """What other lanes are to hear of."""
    firings: list[Firing] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    """In stages, that are over."""
    waits: list[Wait] = field(default_factory=list)
    """Of customers for a person, that are over."""
    audience: list[dict[str, Any]] = field(default_factory=list)
    """audience, contact_id, deal_id, at: contacts who belong to a list from here on."""
    companies: list[tuple[int, str, str]] = field(default_factory=list)
    """(deal, name, tax number): the legal entity that this deal is for (state/companies.py)."""
    done: list[tuple[int, str, str]] = field(default_factory=list)
    """(inbox id, state, reason)."""
    retries: list[int] = field(default_factory=list)
    """Inbox ids whose handling failed: one more attempt is counted."""
    lanes: list[dict[str, Any]] = field(default_factory=list)
    """contact_id, due_at, pace."""
    changes: list[dict[str, Any]] = field(default_factory=list)
    points: list[dict[str, Any]] = field(default_factory=list)
    lost_points: list[tuple[int, str]] = field(default_factory=list)
    """(contact, point): a person says that this phone or e-mail is not theirs; what a channel has proved stays."""
    pinned: list[tuple[int, str]] = field(default_factory=list)
    """(run, hash): the other version of its script that it goes on by."""
    steps: list[dict[str, Any]] = field(default_factory=list)
    """Notes of trails that were full or are over (state/steps.py)."""
    scripts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By hash."""
    proofs: list[tuple[int, str]] = field(default_factory=list)
    """(contact, point): the channel vouches that this phone is theirs, whoever had it before."""
    joins: list[tuple[int, int, int, str, int | None]] = field(default_factory=list)
    """(merge, leading deal, other, why, person): they become one behind this turn (state/merging.py)."""
    claims: list[Claim] = field(default_factory=list)
    """What contacts have said of themselves: others who say the same may be the same (state/duplicates.py)."""
    tallies: "Counter[tuple[str, str, str]]" = field(default_factory=Counter)
